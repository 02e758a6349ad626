//! The length that a message states of its body (RFC 9110 §8.6).

use http::HeaderMap;
use http::header::CONTENT_LENGTH;

/// The stated length in bytes; `None` where it states none, or something else than one number.
pub fn content_length(headers: &HeaderMap) -> Option<u64> {
    let mut lines = headers.get_all(CONTENT_LENGTH).iter();
    let (only, None) = (lines.next()?, lines.next()) else { return None };
    // The standard library would read a sign as well.
    let is_number = only.as_bytes().iter().all(u8::is_ascii_digit);
    only.to_str().ok().filter(|_| is_number)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_one_number_and_nothing_else() {
        for (lines, expected) in [
            (&["0"][..], Some(0)),
            (&["1024"], Some(1024)),
            (&[], None),
            (&[""], None),
            (&["+5"], None),
            (&["-5"], None),
            (&["5, 5"], None),
            (&["5", "5"], None),
            (&["99999999999999999999999"], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(CONTENT_LENGTH, line.parse().unwrap());
            }
            assert_eq!(content_length(&headers), expected, "{lines:?}");
        }
    }
}
