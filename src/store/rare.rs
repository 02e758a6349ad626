//! What few responses have; the others should not have room for it.

use http::HeaderValue;

use super::section::apart;
use crate::policy::partial::Part;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Rare(Option<Box<Traits>>);

#[derive(Clone, Debug, Default)]
struct Traits {
    before_us: Option<HeaderValue>,
    part: Option<Part>,
}

impl Rare {
    /// What the caches before us said in `Cache-Status`, if there are any.
    pub fn before_us(&self) -> Option<&HeaderValue> {
        self.0.as_ref()?.before_us.as_ref()
    }

    /// The caches before us said this.
    pub fn set_before_us(&mut self, line: HeaderValue) {
        self.0.get_or_insert_default().before_us = Some(line);
    }

    /// Which part of the representation the body is; `None` if it is all of it.
    pub fn part(&self) -> Option<&Part> {
        self.0.as_ref()?.part.as_ref()
    }

    /// The body is this part of the representation.
    pub fn set_part(&mut self, part: Part) {
        self.0.get_or_insert_default().part = Some(part);
    }

    /// The same, and none of what it was read from.
    pub(super) fn in_little(mut self) -> Self {
        if let Some(own) = self.before_us().and_then(|line| apart([line]).pop()) {
            self.set_before_us(own);
        }
        self
    }

    /// Bytes of memory that it takes.
    pub(super) fn weight(&self) -> usize {
        let Some(traits) = &self.0 else { return 0 };
        size_of::<Traits>() + traits.before_us.as_ref().map_or(0, HeaderValue::len)
    }
}
