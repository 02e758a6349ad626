//! Which of a route's answers a request asks for: the document, the RSC payload, or a segment of it.
//!
//! Taken from header values as Next.js reads them, never from `_rsc` (a hash with collisions,
//! CVE-2026-44582) and never from `Vary` alone (answers of middleware lack it, CVE-2025-49005).
//!
//! - Only a literal `rsc: 1` asks for RSC; the `guard` layer has removed every other value.
//! - Next.js 16 answers a segment prefetch without `rsc: 1`, so the segment counts by itself.
//! - The value of `next-router-prefetch` stays in the class: with cacheComponents a prefetch of 1 is
//!   a cacheable 404 where a plain RSC request is dynamic.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::policy::key::KeyBuf;

/// `rsc`
pub const RSC: HeaderName = HeaderName::from_static("rsc");
/// `next-router-prefetch`
pub const PREFETCH: HeaderName = HeaderName::from_static("next-router-prefetch");
/// `next-router-segment-prefetch`
pub const SEGMENT: HeaderName = HeaderName::from_static("next-router-segment-prefetch");
/// `next-router-state-tree`
pub const STATE_TREE: HeaderName = HeaderName::from_static("next-router-state-tree");
/// `next-url`
pub const NEXT_URL: HeaderName = HeaderName::from_static("next-url");
const DATA: HeaderName = HeaderName::from_static("x-nextjs-data");
/// `next-action`: a server action.
pub const ACTION: HeaderName = HeaderName::from_static("next-action");

/// What a request asks for, by the values that decide it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class<'a> {
    rsc: bool,
    prefetch: &'a [u8],
    segment: Option<&'a [u8]>,
    /// Asked for with `x-nextjs-data`; the answer has other fields then, and no `Vary` says so.
    data: bool,
}

/// A router header that Next.js's own client would not send; such requests are not worth a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unclassifiable;

/// Longer segment paths than this are passed through: a key is memory that a stranger fills.
const MAX_SEGMENT: usize = 1024;

impl<'a> Class<'a> {
    /// A document, as any browser asks for it.
    pub const DOCUMENT: Class<'static> =
        Class { rsc: false, prefetch: b"", segment: None, data: false };

    /// Reads the class of a request.
    pub fn of(headers: &'a HeaderMap) -> Result<Self, Unclassifiable> {
        let rsc = single(headers, &RSC)?.is_some_and(|value| value == "1");
        let segment = single(headers, &SEGMENT)?.map(HeaderValue::as_bytes);
        if !rsc && segment.is_none() {
            // A prefetch header alone still gets the document.
            let data = headers.contains_key(DATA);
            return Ok(Self { rsc, prefetch: b"", segment, data });
        }
        let prefetch = single(headers, &PREFETCH)?.map_or(&b""[..], HeaderValue::as_bytes);
        let known = matches!(prefetch, b"" | b"1" | b"2" | b"3");
        if !known || segment.is_some_and(|segment| segment.len() > MAX_SEGMENT) {
            return Err(Unclassifiable);
        }
        Ok(Self { rsc, prefetch, segment, data: false })
    }

    /// Whether HTML (or whatever else a browser shows) is asked for.
    pub fn is_document(&self) -> bool {
        !self.rsc && self.segment.is_none()
    }

    /// Whether a segment of a payload is asked for.
    pub fn is_segment(&self) -> bool {
        self.segment.is_some()
    }

    /// Whether data of the Pages Router is asked for.
    pub fn is_data(&self) -> bool {
        self.data
    }

    /// Writes the class as the last part of a key.
    pub fn write(&self, key: &mut KeyBuf) {
        if self.is_document() {
            key.push(if self.data { b'J' } else { b'D' });
            return;
        }
        key.push(if self.rsc { b'R' } else { b'-' });
        key.extend_from_slice(self.prefetch);
        if let Some(segment) = self.segment {
            key.push(b' ');
            key.extend_from_slice(segment);
        }
    }

    /// The fields that ask for what the last part of a key says; `None` if it says nothing.
    pub fn fields(part: &[u8]) -> Option<HeaderMap> {
        let mut fields = HeaderMap::new();
        match part.split_first()? {
            (b'D', []) => return Some(fields),
            (b'J', []) => {
                fields.insert(DATA, HeaderValue::from_static("1"));
                return Some(fields);
            }
            (b'R', _) => {
                fields.insert(RSC, HeaderValue::from_static("1"));
            }
            (b'-', _) => {}
            _ => return None,
        }
        let mut values = part.get(1..)?.splitn(2, |byte| *byte == b' ');
        let prefetch = values.next().filter(|prefetch| !prefetch.is_empty());
        for (name, value) in [(PREFETCH, prefetch), (SEGMENT, values.next())] {
            if let Some(value) = value {
                fields.insert(name, HeaderValue::from_bytes(value).ok()?);
            }
        }
        Some(fields)
    }

    /// What the last part of a key says, in a word.
    pub fn named(part: &[u8]) -> &'static str {
        match part {
            b"D" => "document",
            b"J" => "data",
            _ if part.contains(&b' ') => "segment",
            _ => "rsc",
        }
    }

    /// The classes that one URI has without knowing its segments: what an unsafe request to it
    /// invalidates.
    pub fn all_but_segments() -> impl Iterator<Item = Class<'static>> {
        let class = |rsc, prefetch, data| Class { rsc, prefetch, segment: None, data };
        let rsc = [&b""[..], b"1", b"2", b"3"];
        [class(false, b"", false), class(false, b"", true)]
            .into_iter()
            .chain(rsc.into_iter().map(move |prefetch| class(true, prefetch, false)))
    }
}

/// Node joins repeated lines into one value; we would look at the first alone and disagree.
fn single<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a HeaderValue>, Unclassifiable> {
    let mut lines = headers.get_all(name).iter();
    let first = lines.next();
    if lines.next().is_some() { Err(Unclassifiable) } else { Ok(first) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(fields: &[(&'static str, &str)]) -> Result<String, Unclassifiable> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().unwrap());
        }
        let class = Class::of(&headers)?;
        let mut key = KeyBuf::new();
        class.write(&mut key);
        Ok(String::from_utf8(key.to_vec()).unwrap())
    }

    #[test]
    fn class_is_what_next_answers_with() {
        let tree = ("next-router-segment-prefetch", "/_tree");
        for (name, fields, expected) in [
            ("a browser's navigation", vec![], "D"),
            ("rsc", vec![("rsc", "1")], "R"),
            ("rsc with another value is a document", vec![("rsc", "true")], "D"),
            ("prefetch of 14 and 15", vec![("rsc", "1"), ("next-router-prefetch", "1")], "R1"),
            ("prefetch alone is a document", vec![("next-router-prefetch", "1")], "D"),
            ("segment", vec![("rsc", "1"), ("next-router-prefetch", "1"), tree], "R1 /_tree"),
            (
                "segment without rsc, poisonous on 16",
                vec![("next-router-prefetch", "1"), tree],
                "-1 /_tree",
            ),
            ("data of the Pages Router", vec![("x-nextjs-data", "1")], "J"),
            ("state tree and next-url do not count", vec![("rsc", "1"), ("next-url", "/a")], "R"),
        ] {
            assert_eq!(class(&fields).as_deref(), Ok(expected), "{name}");
            let asked = Class::fields(expected.as_bytes()).unwrap();
            let mut again = KeyBuf::new();
            Class::of(&asked).unwrap().write(&mut again);
            assert_eq!(&*again, expected.as_bytes(), "what asks for it again: {asked:?}");
        }
        assert_eq!((Class::fields(b""), Class::fields(b"X")), (None, None));
    }

    #[test]
    fn what_no_client_of_next_sends_has_no_class() {
        for (name, fields) in [
            ("two rsc lines", vec![("rsc", "1"), ("rsc", "1")]),
            ("odd prefetch", vec![("rsc", "1"), ("next-router-prefetch", "yes")]),
            (
                "two segments",
                vec![
                    ("next-router-segment-prefetch", "/a"),
                    ("next-router-segment-prefetch", "/b"),
                ],
            ),
        ] {
            assert_eq!(class(&fields), Err(Unclassifiable), "{name}");
        }
        let long = "x".repeat(MAX_SEGMENT + 1);
        assert_eq!(class(&[("next-router-segment-prefetch", &long)]), Err(Unclassifiable));
    }
}
