//! Several parts of a representation in one body (RFC 9110 §14.6, §15.3.7.2).
//!
//! The parts are copied into a body of their own. Together they are no longer than the whole
//! ([`range`](super::range) sees to that), and a request for several is rare.

use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};
use http::HeaderValue;

use super::range::content_range;

/// The bytes that we have of a representation.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// The position of the first of them in the representation: 0 if it is whole.
    pub first: u64,
    /// How long the representation is, if that is known.
    pub complete: Option<u64>,
    /// What it is, as its `Content-Type` says.
    pub content_type: Option<&'a HeaderValue>,
}

/// The content of a 206 with several parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Multipart {
    /// The 206's `Content-Type`, in place of the representation's, which stands in each part.
    pub content_type: HeaderValue,
    /// The content; its length is the 206's `Content-Length`.
    pub body: Bytes,
}

/// Puts these parts of what is held into one body, in their order.
///
/// The boundary is `base`, or begins with it: see [`boundary`]. Whoever knows it beforehand, and
/// has a say in the data, can only make it longer; so it need not be a secret.
///
/// `None` if some part is not held, or `base` is no boundary (RFC 2046 §5.1.1) that may stand
/// without quotes: some clients do not understand a quoted one (RFC 9110 §14.6).
pub fn multipart(held: &Held<'_>, parts: &[Range<u64>], base: &str) -> Option<Multipart> {
    let parts: Vec<_> =
        parts.iter().map(|part| Some((part, slice(held, part)?))).collect::<Option<_>>()?;
    if !is_base(base) {
        return None;
    }
    let boundary = boundary(base, parts.iter().map(|(_, data)| *data));
    let heads: Vec<_> = parts.iter().map(|(part, _)| head(held, part, &boundary)).collect();
    let end = format!("\r\n--{boundary}--\r\n");
    let length = heads.iter().zip(&parts).map(|(head, (_, data))| head.len() + data.len());
    let mut body = BytesMut::with_capacity(length.sum::<usize>() + end.len());
    for (head, (_, data)) in heads.iter().zip(&parts) {
        body.put_slice(head);
        body.put_slice(data);
    }
    body.put_slice(end.as_bytes());
    let content_type = format!("multipart/byteranges; boundary={boundary}");
    Some(Multipart { content_type: HeaderValue::try_from(content_type).ok()?, body: body.freeze() })
}

/// The bytes of one part.
fn slice<'a>(held: &Held<'a>, part: &Range<u64>) -> Option<&'a [u8]> {
    let start = usize::try_from(part.start.checked_sub(held.first)?).ok()?;
    let end = usize::try_from(part.end.checked_sub(held.first)?).ok()?;
    held.bytes.get(start..end)
}

/// What stands before the data of a part. RFC 2046 §5.1.1: the line break before a boundary belongs
/// to it, and an empty line before the first one says nothing.
///
/// RFC 9110 §15.3.7.2: each part has its own `Content-Range`, and the `Content-Type` that a 200
/// would have.
fn head(held: &Held<'_>, part: &Range<u64>, boundary: &str) -> Vec<u8> {
    let mut head = format!("\r\n--{boundary}\r\n").into_bytes();
    if let Some(content_type) = held.content_type {
        write_field(&mut head, b"Content-Type: ", content_type);
    }
    write_field(&mut head, b"Content-Range: ", &content_range(part, held.complete));
    head.extend_from_slice(b"\r\n");
    head
}

fn write_field(head: &mut Vec<u8>, name: &[u8], value: &HeaderValue) {
    head.extend_from_slice(name);
    head.extend_from_slice(value.as_bytes());
    head.extend_from_slice(b"\r\n");
}

/// RFC 2046 §5.1.1: a boundary has at most 70 characters.
const LONGEST_BASE: usize = 70 - DIGITS;

/// Enough for every number that there is.
const DIGITS: usize = 20;

fn is_base(base: &str) -> bool {
    // Fewer characters than a token may have, but each of them is one of RFC 2046 too.
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=LONGEST_BASE).contains(&base.len()) && base.bytes().all(is_allowed)
}

/// A boundary that occurs nowhere in the data: `base`, and if that does occur, the first number
/// behind it that does not, in twenty digits.
///
/// One pass: with all numbers of one length, each occurrence of `base` rules out no more than one
/// of them, the one that follows it. So as many numbers as there are occurrences, and one more,
/// cannot all be taken.
pub fn boundary<'a>(base: &str, data: impl Iterator<Item = &'a [u8]>) -> String {
    let mut occurs = false;
    let mut taken = Vec::new();
    for data in data {
        for rest in after_each(base.as_bytes(), data) {
            occurs = true;
            taken.extend(leading_number(rest));
        }
    }
    if !occurs {
        return base.to_owned();
    }
    taken.sort_unstable();
    taken.dedup();
    let free = (0_u64..).zip(&taken).find(|(number, taken)| number != *taken);
    let free = free.map_or(taken.len() as u64, |(number, _)| number);
    format!("{base}{free:0DIGITS$}")
}

/// The number that these data begin with, if it has as many digits as ours.
fn leading_number(data: &[u8]) -> Option<u64> {
    let digits = data.get(..DIGITS).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// What follows each occurrence of `base` in `data`.
///
/// Horspool's search: it looks at the byte under the end of `base`, and skips as far as that byte
/// allows; mostly the length of `base`.
fn after_each<'a>(base: &[u8], data: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let skips = skips(base);
    let mut start = 0_usize;
    std::iter::from_fn(move || {
        loop {
            let (window, rest) = data.get(start..)?.split_at_checked(base.len())?;
            let skip = window.last().and_then(|last| skips.get(usize::from(*last)))?;
            start += skip;
            if window == base {
                return Some(rest);
            }
        }
    })
}

/// How far the window may move on if this byte is the last in it: at least by one.
fn skips(base: &[u8]) -> [usize; 256] {
    let mut skips = [base.len().max(1); 256];
    for (byte, remaining) in base.iter().zip((1..base.len()).rev()) {
        if let Some(skip) = skips.get_mut(usize::from(*byte)) {
            *skip = remaining;
        }
    }
    skips
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    static TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

    fn whole(bytes: &[u8]) -> Held<'_> {
        let complete = Some(bytes.len() as u64);
        Held { bytes, first: 0, complete, content_type: Some(&TEXT) }
    }

    #[test]
    fn each_part_says_what_and_where_it_is() {
        let found = multipart(&whole(b"0123456789"), &[8..10, 0..1], "XXX").unwrap();
        assert_eq!(found.content_type, "multipart/byteranges; boundary=XXX");
        let expected = "\r\n--XXX\r\n\
            Content-Type: text/plain; charset=utf-8\r\n\
            Content-Range: bytes 8-9/10\r\n\r\n\
            89\r\n--XXX\r\n\
            Content-Type: text/plain; charset=utf-8\r\n\
            Content-Range: bytes 0-0/10\r\n\r\n\
            0\r\n--XXX--\r\n";
        assert_eq!(found.body, expected);
    }

    #[test]
    fn a_part_of_a_part_keeps_its_place() {
        let held = Held { bytes: b"56789", first: 5, complete: None, content_type: None };
        let found = multipart(&held, &[6..8, 9..10], "XXX").unwrap();
        let expected = "\r\n--XXX\r\nContent-Range: bytes 6-7/*\r\n\r\n67\
            \r\n--XXX\r\nContent-Range: bytes 9-9/*\r\n\r\n9\r\n--XXX--\r\n";
        assert_eq!(found.body, expected);
        for absent in [4..6, 9..11, 0..1, 20..30] {
            assert_eq!(multipart(&held, &[5..6, absent.clone()], "XXX"), None, "{absent:?}");
        }
    }

    #[test]
    fn a_boundary_needs_no_quotes_and_has_room_to_grow() {
        let held = whole(b"0123456789");
        let made = |base: &str| multipart(&held, &[0..1, 5..6], base).is_some();
        assert!(made("selvedge-0_9aZ") && made(&"x".repeat(50)));
        for base in ["", "a b", "a:b", "a\"b", "ä", "a\r\nb", &"x".repeat(51)] {
            assert!(!made(base), "{base}");
        }
    }

    #[test]
    fn a_boundary_occurs_in_none_of_the_data() {
        for (name, data, expected) in [
            ("free", &["a", "b"][..], "XX"),
            ("part of it", &["X X", "X"], "XX"),
            ("taken", &["aXXb"], "XX00000000000000000000"),
            ("the first number too", &["XX00000000000000000000"], "XX00000000000000000001"),
            ("another number", &["XX00000000000000000007"], "XX00000000000000000000"),
            (
                "in several parts, several times",
                &["XX00000000000000000001", "XX00000000000000000000 XX00000000000000000000"],
                "XX00000000000000000002",
            ),
            ("overlapping itself", &["XXX00000000000000000000"], "XX00000000000000000001"),
            ("a number beyond all", &["XX99999999999999999999"], "XX00000000000000000000"),
        ] {
            assert_eq!(boundary("XX", data.iter().map(|data| data.as_bytes())), expected, "{name}");
        }
    }

    /// The content of each part, read as RFC 2046 says.
    fn read(found: &Multipart) -> Vec<(String, Vec<u8>)> {
        let content_type = found.content_type.to_str().unwrap();
        let boundary = content_type.strip_prefix("multipart/byteranges; boundary=").unwrap();
        // Latin-1, so that every byte is a character.
        let body: String = found.body.iter().map(|byte| char::from(*byte)).collect();
        let (preamble, body) = body.split_once(&format!("\r\n--{boundary}")).unwrap();
        let (parts, epilogue) = body.split_once(&format!("\r\n--{boundary}--")).unwrap();
        assert_eq!((preamble, epilogue), ("", "\r\n"));
        let delimiter = format!("\r\n--{boundary}");
        parts
            .split(&delimiter)
            .map(|part| {
                let (head, data) = part.split_once("\r\n\r\n").unwrap();
                let (_, range) = head.split_once("Content-Range: ").unwrap();
                (range.to_owned(), data.chars().map(|byte| byte as u8).collect())
            })
            .collect()
    }

    proptest! {
        #[test]
        fn what_is_put_in_is_read_back(
            bytes in "(X|XX|0|-|\r\n--XX|XX0{19}[0-2]|\\PC){1,40}",
            ranges in proptest::collection::vec((any::<u16>(), any::<u16>()), 1..5),
        ) {
            let bytes = bytes.as_bytes();
            let length = bytes.len() as u64;
            let part = |(one, other): &(u16, u16)| {
                let (one, other) = (u64::from(*one) % length, u64::from(*other) % length);
                one.min(other)..one.max(other) + 1
            };
            let parts: Vec<_> = ranges.iter().map(part).collect();
            let found = read(&multipart(&whole(bytes), &parts, "XX").unwrap());
            let expected: Vec<_> = parts.iter().map(|part| {
                let range = format!("bytes {}-{}/{length}", part.start, part.end - 1);
                (range, bytes[part.start as usize..part.end as usize].to_vec())
            }).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn each_occurrence_is_found(base in "[ab]{1,4}", data in "[abc]{0,40}") {
            let (base, data) = (base.as_bytes(), data.as_bytes());
            let expected: Vec<_> = (0..data.len())
                .filter_map(|start| data[start..].strip_prefix(base))
                .collect();
            prop_assert_eq!(after_each(base, data).collect::<Vec<_>>(), expected);
        }
    }
}
