//! Which content codings a client takes, in one spelling (RFC 9110 §12.5.3).

use http::header::ACCEPT_ENCODING;
use http::{HeaderMap, HeaderValue};

use super::weight::weighted;
use crate::policy::list;

/// The codings that count, in the order of preference and of the normalised field.
const CODINGS: [&[u8]; 3] = [b"zstd", b"br", b"gzip"];

/// `Accept-Encoding` reduced to those of zstd, br and gzip that the client accepts, in this order;
/// `None` if it accepts none of them.
///
/// Browsers spell it in a hundred ways. What is left has eight values, so that a stored response is
/// selected by what matters.
///
/// RFC 9110 §12.5.3: a coding is accepted if it is listed with a weight above zero, or, not listed,
/// if `*` is. A request without the field accepts any coding by the letter; such clients mostly
/// cannot decode one, and get none.
pub fn normalise_accept_encoding(request: &HeaderMap) -> Option<HeaderValue> {
    let mut lines = request.get_all(ACCEPT_ENCODING).iter();
    let (first, second) = (lines.next()?, lines.next());
    match usual(first) {
        Some(normal) if second.is_none() => Some(normal.clone()),
        Some(_) | None => read(request),
    }
}

/// Puts [`normalise_accept_encoding`] in the place of the field.
pub fn reduce_accept_encoding(request: &mut HeaderMap) {
    // Where no name has a second line, what is usual is changed in its place: one search.
    if request.len() == request.keys_len() {
        let Some(line) = request.get_mut(&ACCEPT_ENCODING) else { return };
        if let Some(normal) = usual(line) {
            line.clone_from(normal);
            return;
        }
    }
    match normalise_accept_encoding(request) {
        Some(normal) => {
            request.insert(ACCEPT_ENCODING, normal);
        }
        None => {
            request.remove(ACCEPT_ENCODING);
        }
    }
}

fn usual(line: &HeaderValue) -> Option<&'static HeaderValue> {
    USUAL.iter().find(|(spelling, _)| line == spelling).map(|(_, normal)| normal)
}

/// What browsers and their like send, most of them first. It need not be read to be known.
static USUAL: [(&str, HeaderValue); 5] = [
    ("gzip, deflate, br, zstd", HeaderValue::from_static("zstd, br, gzip")),
    ("gzip, deflate, br", HeaderValue::from_static("br, gzip")),
    ("gzip, deflate", HeaderValue::from_static("gzip")),
    ("gzip", HeaderValue::from_static("gzip")),
    ("br, gzip, deflate", HeaderValue::from_static("br, gzip")),
];

fn read(request: &HeaderMap) -> Option<HeaderValue> {
    let mut listed = [None; CODINGS.len()];
    let mut others = None;
    let lines = request.get_all(ACCEPT_ENCODING).into_iter();
    for member in lines.flat_map(|line| list::members(line.as_bytes())) {
        // What is malformed is not accepted: without a coding, everyone can read the response.
        let Some((coding, weight)) = weighted(member) else {
            continue;
        };
        if coding == b"*" {
            others.get_or_insert(weight > 0);
        } else if let Some(slot) = index(coding).and_then(|index| listed.get_mut(index)) {
            slot.get_or_insert(weight > 0);
        }
    }
    value(listed.map(|accepted| accepted.or(others).unwrap_or(false)))
}

/// Its place in [`CODINGS`]; RFC 9110 §8.4.1: codings are case-insensitive, and `x-gzip` is `gzip`.
fn index(coding: &[u8]) -> Option<usize> {
    let coding = if coding.eq_ignore_ascii_case(b"x-gzip") { b"gzip" } else { coding };
    CODINGS.iter().position(|known| coding.eq_ignore_ascii_case(known))
}

fn value(accepted: [bool; CODINGS.len()]) -> Option<HeaderValue> {
    let value = match accepted {
        [false, false, false] => return None,
        [true, true, true] => "zstd, br, gzip",
        [true, true, false] => "zstd, br",
        [true, false, true] => "zstd, gzip",
        [true, false, false] => "zstd",
        [false, true, true] => "br, gzip",
        [false, true, false] => "br",
        [false, false, true] => "gzip",
    };
    Some(HeaderValue::from_static(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn normalise(lines: &[&str]) -> Option<HeaderValue> {
        let mut request = HeaderMap::new();
        for line in lines {
            request.append(ACCEPT_ENCODING, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        let found = normalise_accept_encoding(&request);
        reduce_accept_encoding(&mut request);
        assert_eq!(request.remove(ACCEPT_ENCODING), found);
        found
    }

    #[test]
    fn what_clients_send_has_eight_values() {
        for (name, lines, expected) in [
            ("no field", &[][..], None),
            ("empty", &[""], None),
            ("identity", &["identity"], None),
            ("unknown", &["deflate, compress"], None),
            ("Chrome", &["gzip, deflate, br, zstd"], Some("zstd, br, gzip")),
            ("Safari", &["gzip, deflate, br"], Some("br, gzip")),
            ("curl", &["deflate, gzip"], Some("gzip")),
            ("weights do not order", &["gzip;q=1.0, br;q=0.1"], Some("br, gzip")),
            ("weight zero", &["gzip;q=0, br;q=0.000, zstd;q=0.001"], Some("zstd")),
            ("any", &["*"], Some("zstd, br, gzip")),
            ("any but one", &["*, br;q=0"], Some("zstd, gzip")),
            ("none but one", &["*;q=0, br"], Some("br")),
            ("case", &["GZIP, Br"], Some("br, gzip")),
            ("the old name", &["x-gzip"], Some("gzip")),
            ("two lines", &["gzip", "zstd"], Some("zstd, gzip")),
            ("malformed weight", &["gzip;q=x, br"], Some("br")),
            ("the first counts", &["br;q=0, br, zstd, gzip;q=0"], Some("zstd")),
            ("two of three", &["br, zstd"], Some("zstd, br")),
        ] {
            let found = normalise(lines);
            assert_eq!(found.as_ref().and_then(|value| value.to_str().ok()), expected, "{name}");
        }
    }

    #[test]
    fn what_is_known_is_what_would_be_read() {
        for (spelling, normal) in &USUAL {
            let mut request = HeaderMap::new();
            request.insert(ACCEPT_ENCODING, HeaderValue::from_static(spelling));
            assert_eq!(read(&request).as_ref(), Some(normal));
        }
    }

    proptest! {
        #[test]
        fn what_is_normal_stays_as_it_is(
            line in "((gzip|br|zstd|\\*|x|GZIP)(;q=(0|1|0\\.5|x))?(, ?)?){0,6}",
        ) {
            if let Some(normal) = normalise(&[&line]) {
                prop_assert_eq!(normalise(&[normal.to_str().unwrap()]), Some(normal));
            }
        }

        #[test]
        fn no_field_is_too_strange_to_read(line in "\\PC{0,30}") {
            normalise(&[&line]);
        }
    }
}
