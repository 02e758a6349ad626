//! Where `Location` and `Content-Location` lead (RFC 9110 §10.2.2, §8.7).

use fluent_uri::{Uri, UriRef};
use http::HeaderValue;

/// The path and query that a reference leads to, if it leads to the host that was asked; `host` and
/// `target` (path and query) are those of the request.
///
/// RFC 3986 §5: a reference is relative to the request's URI. The scheme is not compared: behind a
/// TLS terminator the origin may name either.
pub fn on_same_host(reference: &HeaderValue, host: &[u8], target: &str) -> Option<String> {
    let host = std::str::from_utf8(host).ok()?;
    let base = format!("http://{host}{target}");
    let base = Uri::parse(base.as_str()).ok()?;
    let reference = UriRef::parse(reference.to_str().ok()?).ok()?;
    let led_to = reference.resolve_against(&base).ok()?;
    if !led_to.authority()?.as_str().eq_ignore_ascii_case(host) {
        return None;
    }
    let path = match led_to.path().as_str() {
        "" => "/",
        path => path,
    };
    Some(match led_to.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn references_lead_where_rfc_3986_says() {
        for (reference, expected) in [
            ("", Some("/a/b?q=1")),
            ("/x", Some("/x")),
            ("x?y", Some("/a/x?y")),
            ("../x", Some("/x")),
            ("?z", Some("/a/b?z")),
            ("#part", Some("/a/b?q=1")),
            ("http://example.org/x", Some("/x")),
            ("https://EXAMPLE.org/x", Some("/x")),
            ("//example.org", Some("/")),
            ("http://example.com/x", None),
            ("//example.com/x", None),
            ("http://example.org:81/x", None),
            ("http://example.org@example.com/x", None),
            ("mailto:a@example.org", None),
            ("http://[x", None),
            ("/a b", None),
        ] {
            let led_to =
                on_same_host(&HeaderValue::from_static(reference), b"example.org", "/a/b?q=1");
            assert_eq!(led_to.as_deref(), expected, "{reference}");
        }
    }

    proptest! {
        #[test]
        fn any_reference_can_be_read(reference in "\\PC{0,20}", host in "\\PC{0,9}") {
            let reference = HeaderValue::from_bytes(reference.as_bytes()).unwrap();
            if let Some(target) = on_same_host(&reference, host.as_bytes(), "/a") {
                prop_assert!(target.starts_with('/'));
            }
        }
    }
}
