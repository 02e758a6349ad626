//! Fields that concern one connection and go no further (RFC 9110 section 7.6.1).

use http::header::{CONNECTION, EXPECT, TE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use smallvec::SmallVec;

use super::remove_fields;
use crate::body::Body;

/// Takes the connection's fields off a request, before anything is decided by it: a client that
/// nominates `rsc` in `Connection` would otherwise be judged by a field that the origin never sees.
///
/// An upgrade is asked for anew, since the origin's connection is to be upgraded too (section 7.8).
pub fn strip_request(mut request: Request<Body>) -> Request<Body> {
    let headers = request.headers_mut();
    if !headers.keys().any(|name| is_of_connection(name) || *name == EXPECT) {
        return request;
    }
    let upgrade = wants_upgrade(headers).then(|| headers.remove(UPGRADE)).flatten();
    strip(headers);
    // Section 10.1.1: the listener has answered `100-continue` itself.
    headers.remove(EXPECT);
    if let Some(protocol) = upgrade {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, protocol);
    }
    request
}

/// Takes the connection's fields off an answer of the origin; 101 is about the connection and keeps
/// them.
pub fn strip_answer(mut response: Response<Body>) -> Response<Body> {
    if response.status() != http::StatusCode::SWITCHING_PROTOCOLS {
        strip(response.headers_mut());
    }
    response
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
        let request = strip_request(request);
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
    fn repeated_lines_of_other_fields_stay_repeated() {
        let fields = [("cookie", "a=1"), ("connection", "close"), ("cookie", "b=2")];
        assert_eq!(stripped(&fields).len(), 2);
    }
}
