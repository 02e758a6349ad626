//! What may be made of a part of a representation (RFC 9111 §3.3, §3.4; RFC 9110 §15.3.7).
//!
//! A part is what a 206 brought, or what had arrived of a 200 that broke off. It may answer a
//! request for bytes that are all in it ([`covers`]), and it may become greater with another part
//! ([`missing`], [`may_combine`], [`combine`], [`combined_headers`]).
//!
//! # Invariants
//! - A part is not empty, and not longer than the representation.
//! - What its sender contradicted itself about is no part.

use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};

use super::range::{Asked, ContentRange, Ranges, Spec, asked, content_range, specs};
use super::{entity_tag, validate};

/// Which part of a representation is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    range: Range<u64>,
    complete: Option<u64>,
}

/// Why a 206 may not be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// It has several parts, which we do not take to pieces.
    Multipart,
    /// It has no `Content-Range`, several, or one that is invalid or of another unit than bytes.
    ContentRange,
    /// Its body is not as long as its `Content-Range` says.
    Length,
}

/// The part that a 206 with these fields and a body of this length brought.
///
/// # Errors
/// Why it must not be stored. RFC 9110 §14.4: what has an invalid `Content-Range` must not be
/// combined with anything; we do not keep it for itself either, since nobody knows what its bytes
/// are. RFC 9111 §3.3: nor a unit that we do not understand.
pub fn part_of(response: &HeaderMap, body_length: u64) -> Result<Part, Malformed> {
    if is_multipart(response) {
        return Err(Malformed::Multipart);
    }
    let found = ContentRange::parse(response).ok_or(Malformed::ContentRange)?;
    let part = Part::new(found.range(), found.complete).ok_or(Malformed::ContentRange)?;
    if part.length() == body_length { Ok(part) } else { Err(Malformed::Length) }
}

/// Whether a 206 says which part it brings, so that it may be stored if its body is as long.
pub fn says_which(response: &HeaderMap) -> bool {
    !is_multipart(response) && ContentRange::parse(response).is_some()
}

/// RFC 9110 §15.3.7.2: the media type tells a 206 with several parts. Its name is case-insensitive
/// (§8.3.1); parameters may follow it.
fn is_multipart(response: &HeaderMap) -> bool {
    response.get_all(CONTENT_TYPE).iter().any(|line| {
        let name = line.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
        name.trim_ascii().eq_ignore_ascii_case(b"multipart/byteranges")
    })
}

impl Part {
    /// These bytes of a representation whose length is `complete`, if it is known; `None` if they
    /// are no bytes, or more than it has.
    pub fn new(range: Range<u64>, complete: Option<u64>) -> Option<Self> {
        let is_valid = !range.is_empty() && complete.is_none_or(|complete| range.end <= complete);
        is_valid.then_some(Self { range, complete })
    }

    /// The positions of its bytes, the end exclusive.
    pub fn range(&self) -> &Range<u64> {
        &self.range
    }

    /// The length of the whole representation, if it is known.
    pub fn complete(&self) -> Option<u64> {
        self.complete
    }

    /// How many bytes it has.
    pub fn length(&self) -> u64 {
        // The range is not empty, so that it does not end before it begins.
        self.range.end.saturating_sub(self.range.start)
    }

    /// Whether it is known to be all of the representation. Then it is a 200 like any other (RFC
    /// 9110 §15.3.7.3).
    pub fn is_whole(&self) -> bool {
        self.range.start == 0 && self.complete == Some(self.range.end)
    }

    fn contains(&self, wanted: &Range<u64>) -> bool {
        self.range.start <= wanted.start && wanted.end <= self.range.end
    }

    /// Whether no byte is between both.
    fn touches(&self, other: &Range<u64>) -> bool {
        self.range.start <= other.end && other.start <= self.range.end
    }
}

/// The ranges that a request asks for, if this part has all of them, by their positions in the
/// representation; `None` if it may not answer the request.
///
/// RFC 9111 §3.3: only a request for bytes that are all within. So neither the whole nor a 416 is
/// answered from a part. Whether `Range` counts at all says
/// [`if_range_holds`](super::range::if_range_holds).
pub fn covers(part: &Part, method: &Method, request: &HeaderMap) -> Option<Ranges> {
    let length = match part.complete {
        Some(complete) => complete,
        // What ends within the part means the same whatever the length is.
        None if specs(request)?.iter().all(|spec| ends_within(part, *spec)) => part.range.end,
        None => return None,
    };
    match asked(method, request, length) {
        Asked::Parts(ranges) => ranges.iter().all(|range| part.contains(range)).then_some(ranges),
        Asked::Whole | Asked::Unsatisfiable => None,
    }
}

/// Whether a range has an end of its own, not that of the representation, and it is in this part.
fn ends_within(part: &Part, spec: Spec) -> bool {
    matches!(spec, Spec::Int { last: Some(last), .. } if last < part.range.end)
}

/// What is wanted of a representation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of it.
    Whole,
    /// These bytes.
    Bytes(Range<u64>),
}

/// What a part lacks of what is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Nothing.
    Nothing,
    /// One range, to be asked for by this value of `Range`.
    One(HeaderValue),
    /// More than one range, or all of what is wanted: the part is of no use here.
    Apart,
}

/// What to ask the origin for so that this part becomes, or contains, what is wanted (RFC 9111
/// §3.3).
///
/// The request should carry the part's strong entity tag in `If-Range`, so that the origin sends
/// the whole if that has changed (RFC 9110 §13.1.5).
pub fn missing(part: &Part, wanted: &Wanted) -> Missing {
    match wanted {
        Wanted::Whole => missing_of_all(part),
        Wanted::Bytes(wanted) => missing_of(part, wanted),
    }
}

/// To ask for what follows, one need not know where it ends.
fn missing_of_all(part: &Part) -> Missing {
    let Range { start, end } = part.range;
    let has_end = part.complete == Some(end);
    match (start == 0, has_end) {
        (true, true) => Missing::Nothing,
        (true, false) => one(format!("bytes={end}-")),
        (false, true) => one(format!("bytes=0-{}", start - 1)),
        (false, false) => Missing::Apart,
    }
}

fn missing_of(part: &Part, wanted: &Range<u64>) -> Missing {
    if wanted.is_empty() || part.contains(wanted) {
        return Missing::Nothing;
    }
    let (before, after) = (wanted.start < part.range.start, wanted.end > part.range.end);
    if !part.touches(wanted) || (before && after) {
        return Missing::Apart;
    }
    let (start, end) = match before {
        true => (wanted.start, part.range.start),
        false => (part.range.end, wanted.end),
    };
    one(format!("bytes={start}-{}", end.saturating_sub(1)))
}

fn one(range: String) -> Missing {
    // The fallback is unreachable: numbers and signs are plain ASCII.
    HeaderValue::try_from(range).map_or(Missing::Apart, Missing::One)
}

/// Whether parts that came with these fields are of the same representation, to the byte.
///
/// RFC 9110 §15.3.7.3: if they share a strong validator. Of the two kinds we take only the entity
/// tag: that a date is strong is a guess, and here a wrong one mixes two versions. And some servers,
/// Next.js among them, give the same tag to a page compressed and not (against §8.8.3.3).
pub fn may_combine(stored: &HeaderMap, new: &HeaderMap) -> bool {
    let lines = |headers: &HeaderMap| -> Vec<HeaderValue> {
        headers.get_all(CONTENT_ENCODING).iter().cloned().collect()
    };
    entity_tag::strong(stored).is_some_and(|tag| entity_tag::strong(new) == Some(tag))
        && lines(stored) == lines(new)
}

/// Makes one part of two that overlap or touch; bytes that both have are taken from the newer.
///
/// `None` if there is a gap between them, if they do not agree how long the representation is, or
/// if the bytes are not as many as the part says.
pub fn combine(
    (part, bytes): (&Part, &Bytes),
    (newer, newer_bytes): (&Part, &Bytes),
) -> Option<(Part, Bytes)> {
    if !part.touches(&newer.range) || !is_as_long(part, bytes) || !is_as_long(newer, newer_bytes) {
        return None;
    }
    let complete = match (part.complete, newer.complete) {
        (Some(one), Some(other)) if one != other => return None,
        (one, other) => one.or(other),
    };
    let start = part.range.start.min(newer.range.start);
    let end = part.range.end.max(newer.range.end);
    let combined = Part::new(start..end, complete)?;
    Some((combined, joined((part, bytes), (newer, newer_bytes))?))
}

fn is_as_long(part: &Part, bytes: &Bytes) -> bool {
    u64::try_from(bytes.len()) == Ok(part.length())
}

/// What the older part has before the newer one, the newer one, and what the older has after it.
fn joined((part, bytes): (&Part, &Bytes), (newer, newer_bytes): (&Part, &Bytes)) -> Option<Bytes> {
    let offset = |at: u64| usize::try_from(at.saturating_sub(part.range.start)).ok();
    let before = bytes.get(..offset(newer.range.start)?)?;
    let after = bytes.get(offset(newer.range.end)?..).unwrap_or_default();
    if before.is_empty() && after.is_empty() {
        return Some(newer_bytes.clone());
    }
    let mut joined = BytesMut::with_capacity(before.len() + newer_bytes.len() + after.len());
    joined.put_slice(before);
    joined.put_slice(newer_bytes);
    joined.put_slice(after);
    Some(joined.freeze())
}

/// The fields of the response that a stored one and a new 206 have become, `combined` being what
/// is there of it now.
///
/// RFC 9111 §3.4: the new response updates the stored fields as a 304 does
/// ([`freshen`](validate::freshen)). RFC 9110 §15.3.7.3: save `Content-Range`, which only a part
/// has; the whole is a 200, and its `Content-Length` is the complete length.
pub fn combined_headers(stored: &HeaderMap, new: &HeaderMap, combined: &Part) -> HeaderMap {
    let mut headers = stored.clone();
    validate::freshen(&mut headers, new);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(combined.length()));
    if combined.is_whole() {
        headers.remove(CONTENT_RANGE);
    } else {
        headers.insert(CONTENT_RANGE, content_range(&combined.range, combined.complete));
    }
    headers
}

#[cfg(test)]
mod tests;
