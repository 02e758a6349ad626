//! What few responses have; the others should not have room for it.

use std::sync::Arc;

use http::HeaderValue;

use super::section::apart;
use crate::policy::no_vary_search::Variance;
use crate::policy::partial::Part;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Rare(Option<Box<Traits>>);

#[derive(Clone, Debug, Default)]
struct Traits {
    before_us: Option<HeaderValue>,
    variance: Option<Arc<Variance>>,
    part: Option<Part>,
}

impl Rare {
    /// What the caches before us said in `Cache-Status`, and how the response depends on the query.
    pub fn new(before_us: Option<HeaderValue>, variance: Option<Arc<Variance>>) -> Self {
        let has_any = before_us.is_some() || variance.is_some();
        Self(has_any.then(|| Box::new(Traits { before_us, variance, part: None })))
    }

    /// What the caches before us said in `Cache-Status`, if there are any.
    pub fn before_us(&self) -> Option<&HeaderValue> {
        self.0.as_ref()?.before_us.as_ref()
    }

    /// How the response depends on the query; `None` if every difference counts.
    pub fn variance(&self) -> Option<&Arc<Variance>> {
        self.0.as_ref()?.variance.as_ref()
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
        let before_us = self.0.as_mut().and_then(|traits| traits.before_us.as_mut());
        if let Some(line) = before_us
            && let Some(own) = apart([&*line]).pop()
        {
            *line = own;
        }
        self
    }

    /// Bytes of memory that it takes.
    pub(super) fn weight(&self) -> usize {
        let Some(traits) = &self.0 else { return 0 };
        size_of::<Traits>()
            + traits.before_us.as_ref().map_or(0, HeaderValue::len)
            + traits.variance.as_ref().map_or(0, Variance::share)
    }
}
