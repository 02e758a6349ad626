//! Entity tags where only a strong one will do (RFC 9110 §8.8.3).

use http::HeaderMap;
use http::header::ETAG;

/// The entity tag of a response, if it is a strong one; `None` too if there are several.
///
/// RFC 9110 §8.8.3.2: two that this returns are equal by the strong comparison if their bytes are.
pub(super) fn strong(headers: &HeaderMap) -> Option<&[u8]> {
    let mut lines = headers.get_all(ETAG).iter();
    let (line, None) = (lines.next()?, lines.next()) else {
        return None;
    };
    Some(line.as_bytes()).filter(|tag| is_strong(tag))
}

/// RFC 9110 §8.8.3: quoted, without the mark of a weak one, and no quote or white space inside.
pub(super) fn is_strong(tag: &[u8]) -> bool {
    match tag {
        [b'"', opaque @ .., b'"'] => {
            opaque.iter().all(|byte| matches!(byte, 0x21 | 0x23..=0x7e | 0x80..))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::headers;

    #[test]
    fn only_one_well_formed_tag_is_strong() {
        for (name, lines, expected) in [
            ("strong", &["\"a\""][..], Some("\"a\"")),
            ("empty", &["\"\""], Some("\"\"")),
            ("with a comma", &["\"a,b\""], Some("\"a,b\"")),
            ("beyond ASCII", &["\"ä\""], Some("\"ä\"")),
            ("weak", &["W/\"a\""], None),
            ("weak in small letters", &["w/\"a\""], None),
            ("without quotes", &["a"], None),
            ("never closed", &["\"a"], None),
            ("one quote", &["\""], None),
            ("two tags", &["\"a\", \"b\""], None),
            ("two lines", &["\"a\"", "\"a\""], None),
            ("white space inside", &["\"a b\""], None),
            ("none", &[], None),
        ] {
            let fields: Vec<_> = lines.iter().map(|line| ("etag", *line)).collect();
            assert_eq!(strong(&headers(&fields)), expected.map(str::as_bytes), "{name}");
        }
    }
}
