//! Whether an answer has one end and no other, and whether its connection may carry a next one.

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::error::ProxyError;
use crate::layer::hop_by_hop;

/// What becomes of a connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Afterwards {
    /// It carries the next exchange.
    Reuse,
    /// It ends. What comes over it may belong to an exchange that we think is over.
    Close,
}

/// Refuses an answer that could be framed in two ways; the library settles some of them by itself
/// (RFC 9112 section 6.3), and whoever reads them the other way takes the rest for another answer.
///
/// The library takes the chunks off a body and knows no other coding: passed on without the field,
/// what is compressed for the connection would be taken for the content (section 6.1).
pub(super) fn check(status: StatusCode, headers: &HeaderMap) -> Result<Afterwards, ProxyError> {
    if !has_one_length_at_most(headers) {
        return Err(invalid("its Content-Length is not one number"));
    }
    let has_coding = headers.contains_key(TRANSFER_ENCODING);
    if has_coding && headers.contains_key(CONTENT_LENGTH) {
        return Err(invalid("it has both a Content-Length and a Transfer-Encoding"));
    }
    let is_chunked = hop_by_hop::is_only_chunked(headers);
    if !is_chunked && codings(headers).any(is_registered) {
        return Err(invalid("its Transfer-Encoding is something else than chunked"));
    }
    // Section 6.3: a coding that is none ends with the connection. Node sends such a field when a
    // handler sets it, and does nothing to the bytes.
    let is_odd = !is_chunked || has_body_against_the_rules(status, headers);
    Ok(if is_odd { Afterwards::Close } else { Afterwards::Reuse })
}

fn has_one_length_at_most(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(CONTENT_LENGTH).iter();
    let is_number = |line: &HeaderValue| line.as_bytes().iter().all(u8::is_ascii_digit);
    lines.next().is_none_or(|line| !line.is_empty() && is_number(line)) && lines.next().is_none()
}

/// RFC 9112 section 6.3: these statuses have no body, whatever their fields say. An origin that
/// announces one may send it.
fn has_body_against_the_rules(status: StatusCode, headers: &HeaderMap) -> bool {
    match status {
        StatusCode::NO_CONTENT => {
            let length = headers.get(CONTENT_LENGTH);
            headers.contains_key(TRANSFER_ENCODING) || length.is_some_and(|length| length != "0")
        }
        // Its length is that of what was not modified (RFC 9110 section 8.6).
        StatusCode::NOT_MODIFIED => headers.contains_key(TRANSFER_ENCODING),
        _ => false,
    }
}

/// The names of the transfer codings.
fn codings(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let lines = headers.get_all(TRANSFER_ENCODING).into_iter().map(HeaderValue::as_bytes);
    let members = lines.flat_map(|line| line.split(|byte| *byte == b','));
    members.map(|member| member.split(|byte| *byte == b';').next().unwrap_or(member).trim_ascii())
}

/// Whether a coding changes the bytes: those of IANA's registry, save `identity`.
fn is_registered(coding: &[u8]) -> bool {
    [&b"chunked"[..], b"gzip", b"x-gzip", b"deflate", b"compress", b"x-compress"]
        .iter()
        .any(|name| coding.eq_ignore_ascii_case(name))
}

fn invalid(reason: &str) -> ProxyError {
    ProxyError::InvalidResponse { reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(status: u16, fields: &[(&'static str, &str)]) -> Option<Afterwards> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().unwrap());
        }
        check(StatusCode::from_u16(status).unwrap(), &headers).ok()
    }

    #[test]
    fn an_answer_has_one_end_or_is_refused() {
        use Afterwards::{Close, Reuse};
        const LENGTH: &str = "content-length";
        const CODING: &str = "transfer-encoding";
        for (name, status, fields, expected) in [
            ("by its connection", 200, &[][..], Some(Reuse)),
            ("a length", 200, &[(LENGTH, "5")], Some(Reuse)),
            ("chunks", 200, &[(CODING, "chunked")], Some(Reuse)),
            ("both", 200, &[(LENGTH, "5"), (CODING, "chunked")], None),
            ("both, the coding unknown", 200, &[(LENGTH, "5"), (CODING, "garbage")], None),
            ("a length twice", 200, &[(LENGTH, "5"), (LENGTH, "5")], None),
            ("a length twice on a line", 200, &[(LENGTH, "5, 5")], None),
            ("no length", 200, &[(LENGTH, "")], None),
            ("compressed", 200, &[(CODING, "gzip")], None),
            ("compressed, in capitals", 200, &[(CODING, "X-GZip")], None),
            ("compressed chunks", 200, &[(CODING, "deflate, chunked")], None),
            ("chunks twice", 200, &[(CODING, "chunked"), (CODING, "chunked")], None),
            ("chunks with a parameter", 200, &[(CODING, "chunked;a=b")], None),
            ("chunks of who knows what", 200, &[(CODING, "garbage, chunked")], None),
            ("a coding that is none", 200, &[(CODING, "garbage")], Some(Close)),
            ("identity", 200, &[(CODING, "identity")], Some(Close)),
            ("204", 204, &[], Some(Reuse)),
            ("204 without a byte", 204, &[(LENGTH, "0")], Some(Reuse)),
            ("204 with a length", 204, &[(LENGTH, "5")], Some(Close)),
            ("204 with chunks", 204, &[(CODING, "chunked")], Some(Close)),
            ("304 with a length", 304, &[(LENGTH, "5")], Some(Reuse)),
            ("304 with chunks", 304, &[(CODING, "chunked")], Some(Close)),
        ] {
            assert_eq!(checked(status, fields), expected, "{name}");
        }
    }
}
