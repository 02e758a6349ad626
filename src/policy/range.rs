//! Which bytes does a request ask for? (RFC 9110 §14, §13.1.5)
//!
//! [`asked`] reads `Range` against a representation whose length is known. What it cannot read, or
//! does not want to, is ignored: the answer is the whole then, which every client must understand.
//!
//! [`if_range_holds`] says whether `Range` counts at all; ask it before [`asked`]. The conditions
//! of [`validate`](super::validate) come before both (RFC 9110 §14.2).
//!
//! # Invariants
//! - Each range is of byte offsets, its end exclusive, lies within the representation and is not
//!   empty.
//! - Ranges of one request neither overlap nor touch.

mod content_range;
mod if_range;
mod spec;

use std::ops::Range;

use http::{HeaderMap, Method};
use smallvec::{SmallVec, smallvec};

pub use content_range::{ContentRange, content_range, unsatisfied};
pub use if_range::if_range_holds;

pub(super) use spec::{Spec, specs};

/// Ranges of bytes, in the order in which they are to be sent.
pub type Ranges = SmallVec<[Range<u64>; 1]>;

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// All of the representation: no `Range`, or one to ignore.
    Whole,
    /// These bytes of it: at least one range.
    Parts(Ranges),
    /// Nothing that is there (RFC 9110 §15.5.17): the answer is a 416.
    Unsatisfiable,
}

/// What a request asks for of a representation that is `length` bytes long.
///
/// RFC 9110 §14.2: `Range` is defined for GET only. It may be ignored where there is no content to
/// take a part of; we do, since some clients send `bytes=0-` with whatever they ask for, and no 206
/// can say "the last five of no bytes".
pub fn asked(method: &Method, request: &HeaderMap, length: u64) -> Asked {
    if method != Method::GET || length == 0 {
        return Asked::Whole;
    }
    match specs(request) {
        Some(specs) => resolve(&specs, length),
        None => Asked::Whole,
    }
}

/// Several parts are copied into one body, for each request anew, while one part or the whole is
/// shared by all: so no more than this, which is what a reader of PDF files may ask for.
const MOST_TOGETHER: u64 = 256 << 10;

/// The ranges that these specifiers mean in a representation of this length.
///
/// RFC 9110 §14.1.2: what lies beyond its end is left out.
/// RFC 9110 §14.2, §17.15: whoever asks for more bytes than there are asks for some of them more
/// than once; the whole costs less, and takes no effort of ours.
fn resolve(specs: &[Spec], length: u64) -> Asked {
    if let [spec] = specs {
        return spec
            .within(length)
            .map_or(Asked::Unsatisfiable, |range| Asked::Parts(smallvec![range]));
    }
    let mut total = 0_u64;
    let mut parts = Ranges::new();
    for range in specs.iter().filter_map(|spec| spec.within(length)) {
        total = total.saturating_add(range.end - range.start);
        coalesce(&mut parts, range);
    }
    match parts.is_empty() {
        true => Asked::Unsatisfiable,
        false if total > length || parts.len() > 1 && total > MOST_TOGETHER => Asked::Whole,
        false => Asked::Parts(parts),
    }
}

/// Adds a range; those that it overlaps or touches become one with it, in the place of the first.
///
/// RFC 9110 §15.3.7.2: a server may coalesce ranges that overlap or are close to each other. We
/// leave gaps as they are: the client does not want what is in them.
fn coalesce(parts: &mut Ranges, mut added: Range<u64>) {
    let (mut kept, mut place) = (0, None);
    parts.retain(|part| {
        let is_apart = part.end < added.start || added.end < part.start;
        if is_apart {
            kept += 1;
        } else {
            place.get_or_insert(kept);
            added = part.start.min(added.start)..part.end.max(added.end);
        }
        is_apart
    });
    parts.insert(place.unwrap_or(kept), added);
}

#[cfg(test)]
mod tests;
