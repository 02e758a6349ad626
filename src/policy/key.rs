//! The cache key: which stored responses may answer a request at all (RFC 9111 section 2).
//!
//! The key is the target URI as bytes, with the request class of Next.js behind it. It is written
//! into a buffer on the stack, so that a look-up does not allocate, and compared in full, so that no
//! collision of hashes can serve one resource for another.
//!
//! - The path is never percent-decoded: `/%69sr` and `/isr` are two resources to Next.js.
//! - `_rsc` is left out where it is what Next.js means by it: a hash of header values that stand in
//!   the class themselves. On a document it is a parameter like any other, and may show in the page.
//! - Scheme and host are part of it (RFC 9110 section 4.2), the host as `layer::admit` spells it.

use std::borrow::Cow;

use smallvec::SmallVec;

/// A key's bytes; longer ones than usual move to the heap.
pub type KeyBuf = SmallVec<[u8; 256]>;

/// Parts of a key, as the request has them.
#[derive(Clone, Copy, Debug)]
pub struct KeyParts<'a> {
    /// Whether the client came by https.
    pub https: bool,
    /// The host, with its port if one was given.
    pub host: &'a [u8],
    /// The path, undecoded.
    pub path: &'a str,
    /// The query without its `?`.
    pub query: Option<&'a str>,
    /// Whether `_rsc` is a hash of fields in the class.
    pub is_rsc: bool,
}

/// Separates parts; none of these bytes can occur in a host, a path or a field value.
const END_OF_PART: u8 = b'\n';

/// Writes the key; `class` writes the last part.
pub fn write(parts: KeyParts<'_>, class: impl FnOnce(&mut KeyBuf)) -> KeyBuf {
    let mut key = KeyBuf::new();
    key.push(if parts.https { b's' } else { b'h' });
    key.extend_from_slice(parts.host);
    key.push(END_OF_PART);
    key.extend_from_slice(parts.path.as_bytes());
    if let Some(query) = parts.query.and_then(|query| counted(query, parts.is_rsc)) {
        key.push(b'?');
        key.extend_from_slice(query.as_bytes());
    }
    key.push(END_OF_PART);
    class(&mut key);
    key
}

/// The part of a key that is before the class.
pub fn uri(key: &[u8]) -> &[u8] {
    let end = key.iter().rposition(|byte| *byte == END_OF_PART);
    key.get(..end.unwrap_or(key.len())).unwrap_or(key)
}

/// The part of a key that is before the query.
pub fn path(key: &[u8]) -> &[u8] {
    let uri = uri(key);
    let end = uri.iter().position(|byte| *byte == b'?');
    uri.get(..end.unwrap_or(uri.len())).unwrap_or(uri)
}

/// What a key was written from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written<'a> {
    /// Whether the client came by https.
    pub https: bool,
    /// The host, with its port if one was given.
    pub host: &'a [u8],
    /// Path and query; a query that leaves parameters out is written otherwise (`cache::query_of`).
    pub target: &'a [u8],
    /// The last part.
    pub class: &'a [u8],
}

/// Reads a key; `None` if it is none.
pub fn read(key: &[u8]) -> Option<Written<'_>> {
    let (scheme, rest) = key.split_first()?;
    let mut parts = rest.splitn(3, |byte| *byte == END_OF_PART);
    let (host, target, class) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Written { https: *scheme == b's', host, target, class })
}

/// A key as people read it: the URI, and the class behind a space.
pub fn shown(key: &[u8]) -> String {
    let text = String::from_utf8_lossy(key);
    let (scheme, rest) = match text.strip_prefix('s') {
        Some(rest) => ("https", rest),
        None => ("http", text.strip_prefix('h').unwrap_or(&text)),
    };
    let rest = rest.replacen(char::from(END_OF_PART), "", 1);
    format!("{scheme}://{}", rest.replace(char::from(END_OF_PART), " "))
}

/// The parameters of a query that count, bytes and order untouched: of an RSC request all but `_rsc`.
/// `None` if there is no other.
pub fn counted(query: &str, is_rsc_request: bool) -> Option<Cow<'_, str>> {
    if !is_rsc_request || !query.contains(RSC_PARAMETER) {
        return Some(Cow::Borrowed(query));
    }
    let counted: Vec<&str> = query.split('&').filter(|parameter| !is_rsc(parameter)).collect();
    (!counted.is_empty()).then(|| Cow::Owned(counted.join("&")))
}

const RSC_PARAMETER: &str = "_rsc";

fn is_rsc(parameter: &str) -> bool {
    parameter
        .strip_prefix(RSC_PARAMETER)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
}

/// The value of `_rsc` in a query, if it is there: requests that differ in it alone share a stored
/// response but must not share a fetch, because Next.js redirects those with a wrong value.
pub fn rsc_parameter(query: Option<&str>) -> Option<&str> {
    query?.split('&').find(|parameter| is_rsc(parameter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(https: bool, host: &str, path: &str, query: Option<&str>) -> String {
        let parts = KeyParts { https, host: host.as_bytes(), path, query, is_rsc: true };
        String::from_utf8_lossy(&write(parts, |key| key.push(b'R'))).into_owned()
    }

    #[test]
    fn same_resource_same_key() {
        let key = |query| key(false, "a", "/x", query);
        for (name, a, b) in [
            ("only _rsc", key(Some("_rsc=1a")), key(None)),
            ("bare _rsc", key(Some("_rsc")), key(None)),
            ("_rsc last", key(Some("q=1&_rsc=9")), key(Some("q=1"))),
            ("_rsc first", key(Some("_rsc=9&q=1")), key(Some("q=1"))),
        ] {
            assert_eq!(a, b, "{name}");
        }
    }

    #[test]
    fn other_resource_other_key() {
        let base = key(false, "a", "/x", Some("q=1"));
        for (name, other) in [
            ("scheme", key(true, "a", "/x", Some("q=1"))),
            ("host", key(false, "b", "/x", Some("q=1"))),
            ("port", key(false, "a:8080", "/x", Some("q=1"))),
            ("path case", key(false, "a", "/X", Some("q=1"))),
            ("percent-encoding", key(false, "a", "/%78", Some("q=1"))),
            ("query order", key(false, "a", "/x", Some("1=q"))),
            ("a parameter that only begins with _rsc", key(false, "a", "/x", Some("q=1&_rsc2=1"))),
            ("an empty query", key(false, "a", "/x", Some(""))),
        ] {
            assert_ne!(base, other, "{name}");
        }
    }

    #[test]
    fn a_key_says_which_request_it_is_of() {
        for https in [false, true] {
            let written = key(https, "a:80", "/x", Some("q=1"));
            let (host, target) = (&b"a:80"[..], &b"/x?q=1"[..]);
            let expected = Written { https, host, target, class: b"R" };
            assert_eq!(read(written.as_bytes()), Some(expected));
        }
        assert_eq!((read(b""), read(b"hx")), (None, None));
    }

    /// A page may show its query, `_rsc` included (Next.js 14, 15 and 16 do, in the flight data).
    #[test]
    fn a_document_with_a_hash_is_another_than_the_one_without() {
        let key = |query| {
            let parts = KeyParts { https: false, host: b"a", path: "/x", query, is_rsc: false };
            write(parts, |key| key.push(b'D'))
        };
        assert_ne!(key(Some("_rsc=evil")), key(None));
    }

    proptest! {
        #[test]
        fn parts_cannot_run_into_each_other(
            a in "[a-z.]{0,8}", b in "/[a-z%?]{0,8}", c in "[a-z.]{0,8}", d in "/[a-z%?]{0,8}",
        ) {
            prop_assume!((&a, &b) != (&c, &d));
            prop_assert_ne!(key(false, &a, &b, None), key(false, &c, &d, None));
        }
    }
}
