//! Content codings: which does a client take, what may be coded, and what the answer says then
//! (RFC 9110 §8.4, §12.5.3).

mod eligible;

use http::header::{ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, VARY};
use http::{HeaderMap, HeaderValue};

pub use eligible::may_be_coded;

use super::entity_tag;

/// A content coding that we make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// RFC 8878
    Zstd,
    /// RFC 7932
    Br,
    /// RFC 1952
    Gzip,
}

impl Coding {
    /// Its name in `Content-Encoding`.
    pub fn token(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Br => "br",
            Self::Gzip => "gzip",
        }
    }
}

/// The codings that a client takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted(u8);

impl Accepted {
    /// Those of a request whose `Accept-Encoding` is normalised
    /// ([`normalise_accept_encoding`](super::vary::normalise_accept_encoding)). Another field says
    /// nothing.
    ///
    /// That a client refuses `identity` is of no account: it is what there always is, and RFC 9110
    /// §15.5.7 lets a server send what it has in place of a 406.
    pub fn of(request: &HeaderMap) -> Self {
        // Asked on every hit: one comparison or a few.
        Self(match request.get(ACCEPT_ENCODING).map(HeaderValue::as_bytes) {
            Some(b"zstd, br, gzip") => ZSTD | BR | GZIP,
            Some(b"br, gzip") => BR | GZIP,
            Some(b"gzip") => GZIP,
            Some(b"zstd, br") => ZSTD | BR,
            Some(b"zstd, gzip") => ZSTD | GZIP,
            Some(b"zstd") => ZSTD,
            Some(b"br") => BR,
            Some(_) | None => 0,
        })
    }

    /// Whether a coding is one of them.
    pub fn takes(self, coding: Coding) -> bool {
        self.0 & bit(coding) != 0
    }

    /// The coding for a body that is coded while it is sent: the one that costs the least for what it
    /// saves.
    pub fn for_a_stream(self) -> Option<Coding> {
        [Coding::Zstd, Coding::Gzip, Coding::Br].into_iter().find(|coding| self.takes(*coding))
    }
}

const ZSTD: u8 = 1;
const BR: u8 = 2;
const GZIP: u8 = 4;

fn bit(coding: Coding) -> u8 {
    match coding {
        Coding::Zstd => ZSTD,
        Coding::Br => BR,
        Coding::Gzip => GZIP,
    }
}

/// The fields of a response in a coding, made of those in identity. `length` is that of the coded
/// body, if it is known already.
///
/// - RFC 9110 §8.8.3.3: a strong entity tag means the very bytes, so that it becomes a weak one, which
///   still serves `If-None-Match`.
/// - §14.3: parts are given of identity alone, so no more is said of them here.
pub fn coded(identity: &HeaderMap, coding: Coding, length: Option<usize>) -> HeaderMap {
    let mut headers = identity.clone();
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.token()));
    headers.remove(ACCEPT_RANGES);
    headers.remove(CONTENT_LENGTH);
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    if let Some(weak) = entity_tag::strong(identity).and_then(weakened) {
        headers.insert(ETAG, weak);
    }
    headers
}

fn weakened(tag: &[u8]) -> Option<HeaderValue> {
    HeaderValue::from_bytes(&[b"W/", tag].concat()).ok()
}

/// Says that a response is another for who takes other codings (RFC 9110 §12.5.5).
pub fn vary_by_coding(headers: &mut HeaderMap) {
    let mut lines = headers.get_all(VARY).into_iter();
    let is_said = lines.any(|line| {
        // From its end, where whoever compresses adds it. Names are never quoted.
        let mut names = line.as_bytes().rsplit(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        names.any(|name| name == b"*" || name.eq_ignore_ascii_case(b"accept-encoding"))
    });
    if !is_said {
        headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::headers;
    use crate::policy::vary::normalise_accept_encoding;
    use proptest::prelude::*;

    const CODINGS: [Coding; 3] = [Coding::Zstd, Coding::Br, Coding::Gzip];

    fn accepted(field: &str) -> Accepted {
        let normal = normalise_accept_encoding(&headers(&[("accept-encoding", field)]));
        Accepted::of(&normal.into_iter().map(|value| (ACCEPT_ENCODING, value)).collect())
    }

    #[test]
    fn a_client_takes_what_it_says() {
        for (field, expected) in [
            ("gzip, deflate, br, zstd", &[Coding::Zstd, Coding::Br, Coding::Gzip][..]),
            ("gzip, deflate, br", &[Coding::Br, Coding::Gzip]),
            ("gzip", &[Coding::Gzip]),
            ("", &[]),
            ("identity", &[]),
            ("deflate", &[]),
            ("*", &CODINGS),
            ("*;q=0", &[]),
            ("*;q=0, br", &[Coding::Br]),
            ("gzip, *;q=0", &[Coding::Gzip]),
            ("identity;q=0, gzip", &[Coding::Gzip]),
            ("identity;q=0", &[]),
            ("br;q=0, zstd;q=0.001, gzip;q=0.0", &[Coding::Zstd]),
        ] {
            let found: Vec<_> =
                CODINGS.into_iter().filter(|coding| accepted(field).takes(*coding)).collect();
            assert_eq!(found, expected, "{field:?}");
        }
        assert_eq!(Accepted::of(&HeaderMap::new()), Accepted(0), "no field");
    }

    #[test]
    fn a_coded_response_says_so_and_is_another() {
        let identity = headers(&[
            ("etag", "\"a\""),
            ("content-length", "4000"),
            ("content-type", "text/html"),
            ("accept-ranges", "bytes"),
        ]);
        let gzip = coded(&identity, Coding::Gzip, Some(900));
        let expected = headers(&[
            ("etag", "W/\"a\""),
            ("content-length", "900"),
            ("content-type", "text/html"),
            ("content-encoding", "gzip"),
        ]);
        assert_eq!(gzip, expected);
        assert_eq!(coded(&identity, Coding::Br, None).get(CONTENT_LENGTH), None);
    }

    #[test]
    fn a_tag_that_is_not_strong_stays_as_it_is() {
        for tag in ["W/\"a\"", "a", "\"a"] {
            let coded = coded(&headers(&[("etag", tag)]), Coding::Zstd, None);
            assert_eq!(coded.get(ETAG).unwrap(), tag);
        }
        assert_eq!(coded(&HeaderMap::new(), Coding::Zstd, None).get(ETAG), None);
    }

    #[test]
    fn vary_is_said_once() {
        for (said, expected) in [
            (&[][..], &["Accept-Encoding"][..]),
            (&["rsc"], &["rsc", "Accept-Encoding"]),
            (&["rsc, accept-encoding"], &["rsc, accept-encoding"]),
            (&["rsc", "Accept-Encoding"], &["rsc", "Accept-Encoding"]),
            (&["*"], &["*"]),
        ] {
            let said: Vec<_> = said.iter().map(|line| ("vary", *line)).collect();
            let mut fields = headers(&said);
            vary_by_coding(&mut fields);
            let lines: Vec<_> = fields.get_all(VARY).into_iter().collect();
            assert_eq!(lines, expected);
        }
    }

    proptest! {
        /// RFC 9110 §12.5.3, read a second time and without haste.
        #[test]
        fn nothing_is_taken_that_is_not_accepted(
            members in proptest::collection::vec(
                ("(gzip|br|zstd|\\*|identity|deflate|GZIP)", 0_u16..=3), 0..6,
            ),
        ) {
            let text = |(name, weight): &(String, u16)| match weight {
                0 => format!("{name};q=0"),
                1 => format!("{name};q=0.5"),
                2 => format!("{name} ; q=1"),
                _ => name.clone(),
            };
            let field: Vec<_> = members.iter().map(text).collect();
            let accepted = accepted(&field.join(", "));
            for coding in CODINGS {
                let named = |name: &str| members.iter().find(|(it, _)| it.eq_ignore_ascii_case(name));
                let said = named(coding.token()).or_else(|| named("*"));
                let expected = said.is_some_and(|(_, weight)| *weight > 0);
                prop_assert_eq!(accepted.takes(coding), expected);
            }
            if let Some(coding) = accepted.for_a_stream() {
                prop_assert!(accepted.takes(coding));
            }
        }
    }
}
