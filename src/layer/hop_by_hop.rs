//! Fields that concern one connection and go no further (RFC 9110 section 7.6.1).

use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, TE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use smallvec::SmallVec;

use super::remove_fields;
use crate::body::Body;
use crate::client;
use crate::fields::Fields;

/// Takes the connection's fields off a request, before anything is decided by it: a client that
/// nominates `rsc` in `Connection` would otherwise be judged by a field that the origin never sees.
///
/// An upgrade is asked for anew, since the origin's connection is to be upgraded too (section 7.8).
/// One to `h2c` is not: clients offer it beside any request, RFC 9113 has abolished it, and Next.js
/// ends the connection at it.
pub fn strip_request(request: &mut Request<Body>) {
    if !client::fields(request).may_have(Fields::OF_CONNECTION) {
        return;
    }
    let headers = request.headers_mut();
    let upgrade = wants_upgrade(headers).then(|| headers.remove(UPGRADE)).flatten();
    let upgrade = upgrade.filter(|protocol| !protocol.as_bytes().eq_ignore_ascii_case(b"h2c"));
    strip(headers);
    // Section 10.1.1: the listener has answered `100-continue` itself.
    headers.remove(EXPECT);
    if let Some(protocol) = upgrade {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, protocol);
    }
}

/// Takes the connection's fields off an answer of the origin; 101 is about the connection and keeps
/// them.
pub fn strip_answer(response: &mut Response<Body>) {
    if response.status() == http::StatusCode::SWITCHING_PROTOCOLS {
        return;
    }
    let headers = response.headers_mut();
    if headers.contains_key(TRANSFER_ENCODING) {
        // RFC 9112 section 6.3: it overrides a Content-Length, which must not be passed on.
        headers.remove(CONTENT_LENGTH);
    }
    strip(headers);
}

/// Whether a message has no transfer coding but `chunked`, once and last.
pub fn is_only_chunked(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(TRANSFER_ENCODING).iter();
    match (lines.next(), lines.next()) {
        (None, _) => true,
        (Some(only), None) => only.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    }
}

/// Takes the connection's fields away, those that `Connection` nominates among them.
pub fn strip(headers: &mut HeaderMap) {
    let nominated: SmallVec<[HeaderName; 4]> = options(headers)
        .filter_map(|option| HeaderName::from_bytes(option).ok())
        .filter(|name| !PROTECTED.contains(&name.as_str()))
        .collect();
    for name in nominated {
        headers.remove(name);
    }
    remove_fields(headers, is_of_connection);
}

/// Nominating these would make us forward another request than the one that came: ignored, as other
/// gateways do.
const PROTECTED: [&str; 4] = ["host", "content-length", "content-type", "cache-control"];

fn is_of_connection(name: &HeaderName) -> bool {
    *name == CONNECTION
        || *name == TRANSFER_ENCODING
        || *name == TE
        || *name == UPGRADE
        || matches!(
            name.as_str(),
            "keep-alive" | "proxy-connection" | "proxy-authenticate" | "proxy-authorization"
        )
}

/// Section 7.8: `Upgrade` counts only where `Connection` nominates it.
fn wants_upgrade(headers: &HeaderMap) -> bool {
    headers.contains_key(UPGRADE)
        && options(headers).any(|option| option.eq_ignore_ascii_case(b"upgrade"))
}

fn options(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let lines = headers.get_all(CONNECTION).into_iter().map(HeaderValue::as_bytes);
    lines.flat_map(|line| line.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(fields: &[(&'static str, &str)]) -> Vec<(String, String)> {
        let mut request = Request::new(Body::Empty);
        for (name, value) in fields {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        strip_request(&mut request);
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        request.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect()
    }

    #[test]
    fn what_concerns_the_connection_goes_no_further() {
        for (name, fields, expected) in [
            ("a browser's", &[("connection", "keep-alive"), ("accept", "*/*")][..], vec!["accept"]),
            ("nominated", &[("connection", "X-A, close"), ("x-a", "1"), ("x-b", "1")], vec!["x-b"]),
            ("on a second line", &[("connection", "a"), ("connection", "b"), ("b", "1")], vec![]),
            ("rsc, to be judged by", &[("connection", "rsc"), ("rsc", "1")], vec![]),
            ("te", &[("te", "trailers"), ("keep-alive", "x"), ("proxy-connection", "x")], vec![]),
            ("expect", &[("expect", "100-continue")], vec![]),
            ("host stays", &[("connection", "host"), ("host", "a")], vec!["host"]),
            (
                "length stays",
                &[("connection", "content-length"), ("content-length", "3")],
                vec!["content-length"],
            ),
            ("an upgrade not asked for", &[("upgrade", "websocket")], vec![]),
            (
                "an upgrade that nobody needs",
                &[
                    ("connection", "Upgrade, HTTP2-Settings"),
                    ("upgrade", "h2c"),
                    ("http2-settings", "AAMAAABk"),
                ],
                vec![],
            ),
            (
                "an upgrade",
                &[("connection", "Upgrade, x"), ("upgrade", "websocket"), ("x", "1")],
                vec!["connection", "upgrade"],
            ),
        ] {
            let left: Vec<_> = stripped(fields).into_iter().map(|(name, _)| name).collect();
            assert_eq!(left, expected, "{name}");
        }
    }

    #[test]
    fn a_length_beside_a_transfer_coding_is_not_passed_on() {
        let mut response = Response::new(Body::Empty);
        response.headers_mut().insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("5"));
        strip_answer(&mut response);
        assert!(response.headers().is_empty());
    }

    #[test]
    fn chunked_is_the_one_transfer_coding() {
        for (lines, expected) in [
            (&[][..], true),
            (&["chunked"], true),
            (&[" Chunked"], true),
            (&["gzip, chunked"], false),
            (&["gzip"], false),
            (&["chunked", "chunked"], false),
            (&["chunked, identity"], false),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(TRANSFER_ENCODING, line.parse().unwrap());
            }
            assert_eq!(is_only_chunked(&headers), expected, "{lines:?}");
        }
    }

    #[test]
    fn repeated_lines_of_other_fields_stay_repeated() {
        let fields = [("cookie", "a=1"), ("connection", "close"), ("cookie", "b=2")];
        assert_eq!(stripped(&fields).len(), 2);
    }
}
