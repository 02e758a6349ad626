//! Names and values that the answers of an application have again and again, as constants.
//!
//! What is copied from a shared buffer counts its users in one place, twice for each field of each hit,
//! and all cores wait for that place. A constant is copied by its address. It is never given back, so
//! there are only so many bytes of them; what finds no room is shared as before.

use std::collections::HashSet;
use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use parking_lot::Mutex;

/// A constant of this value, where there is room for it.
pub(super) fn value(value: &HeaderValue) -> Option<HeaderValue> {
    let constant = CONSTANTS.lock().get(value.as_bytes())?;
    HeaderValue::from_maybe_shared(Bytes::from_static(constant)).ok()
}

/// A constant of this name, where there is room for it and the `http` crate has none itself.
pub(super) fn name(name: &HeaderName) -> Option<HeaderName> {
    let constant = CONSTANTS.lock().get(name.as_str().as_bytes())?;
    str::from_utf8(constant).ok().map(HeaderName::from_static)
}

static CONSTANTS: LazyLock<Mutex<Constants>> = LazyLock::new(Mutex::default);

#[derive(Debug, Default)]
struct Constants {
    known: HashSet<&'static [u8]>,
    /// Bytes that they take.
    taken: usize,
}

/// An application has some dozens of fields, of some dozens of bytes.
const MOST: usize = 64 * 1024;

/// What each takes besides its text.
const PLACE: usize = 32;

/// A longer one would leave too little room for others.
const LONGEST: usize = 1024;

impl Constants {
    fn get(&mut self, text: &[u8]) -> Option<&'static [u8]> {
        if let Some(known) = self.known.get(text) {
            return Some(known);
        }
        let takes = text.len() + PLACE;
        if text.len() > LONGEST || self.taken + takes > MOST {
            return None;
        }
        self.taken += takes;
        let new: &'static [u8] = Box::leak(text.into());
        self.known.insert(new);
        Some(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_is_the_same_constant() {
        let mut constants = Constants::default();
        let (one, again) = (constants.get(b"a").unwrap(), constants.get(b"a").unwrap());
        assert!(std::ptr::eq(one, again));
        assert_eq!(constants.known.len(), 1);
    }

    #[test]
    fn there_are_only_so_many_and_none_is_long() {
        let mut constants = Constants::default();
        assert_eq!(constants.get(&[b'x'; LONGEST + 1]), None);
        let made = (0_u32..).take_while(|number| constants.get(&number.to_be_bytes()).is_some());
        assert_eq!(made.count(), MOST / (PLACE + 4));
        assert_eq!(constants.get(&0_u32.to_be_bytes()), Some(&[0; 4][..]), "still known");
    }

    #[test]
    fn a_constant_is_equal_to_what_it_was_made_of() {
        let odd = HeaderValue::from_bytes(b"na\xefve").unwrap();
        assert_eq!(value(&odd).unwrap(), odd);
        for text in ["etag", "x-nextjs-cache"] {
            let made: HeaderName = text.parse().unwrap();
            assert_eq!(name(&made).unwrap(), made);
        }
    }
}
