//! What a 304 from the origin changes in the store, and what one to the client carries.

use http::header::{
    AGE, CONNECTION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_TYPE, DATE, ETAG, LAST_MODIFIED, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, SET_COOKIE,
    TE, TRAILER, TRANSFER_ENCODING, UPGRADE, VARY,
};
use http::{HeaderMap, HeaderName};

use crate::policy::list;

/// What a 304 does not change, each for its reason.
static KEPT: [HeaderName; 15] = [
    // RFC 9111 §3.2: they describe the stored content, and a 304 brings no other.
    CONTENT_LENGTH,
    CONTENT_ENCODING,
    CONTENT_RANGE,
    CONTENT_TYPE,
    // Next.js leaves `Accept-Encoding` out of it on a 304; and what selected the response selects
    // it still.
    VARY,
    // RFC 9111 §3.1: these concern the connection, not the response.
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    PROXY_AUTHENTICATE,
    HeaderName::from_static("proxy-authentication-info"),
    PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Updates a stored response's fields by those of the 304 that validated it (RFC 9111 §3.2,
/// §4.3.4).
///
/// Each field of the 304 replaces all lines of its name, save those that it does not change. An
/// entity tag is replaced by nothing: another one would name other content. `Age` and `Date` of the
/// stored response go in any case, since they would make the freshened response as old as it was
/// before.
pub fn freshen(stored: &mut HeaderMap, not_modified: &HeaderMap) {
    stored.remove(AGE);
    stored.remove(DATE);
    for name in not_modified.keys() {
        if is_kept(name, stored, not_modified) {
            continue;
        }
        stored.remove(name);
        for line in not_modified.get_all(name) {
            stored.append(name, line.clone());
        }
    }
}

fn is_kept(name: &HeaderName, stored: &HeaderMap, not_modified: &HeaderMap) -> bool {
    KEPT.contains(name)
        || (*name == ETAG && stored.contains_key(ETAG))
        // One visitor's, unless such are stored.
        || (*name == SET_COOKIE && !stored.contains_key(SET_COOKIE))
        || is_of_connection(name, not_modified)
}

/// RFC 9110 §7.6.1: what `Connection` names concerns the connection too.
fn is_of_connection(name: &HeaderName, headers: &HeaderMap) -> bool {
    let lines = headers.get_all(CONNECTION).into_iter();
    lines
        .flat_map(|line| list::members(line.as_bytes()))
        .any(|option| option.eq_ignore_ascii_case(name.as_str().as_bytes()))
}

/// What describes the content of a 200, and has no place where there is none (RFC 9110 §8).
static OF_CONTENT: [HeaderName; 7] = [
    CONTENT_LENGTH,
    CONTENT_TYPE,
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CONTENT_RANGE,
    TRAILER,
    TRANSFER_ENCODING,
];

/// Leaves of a stored response's fields those of the 304 that stands for it.
///
/// RFC 9110 §15.4.5: it must have the 200's `Content-Location`, `Date`, `ETag`, `Vary`,
/// `Cache-Control` and `Expires`, and should have no other metadata of the representation, save a
/// `Last-Modified` where there is no entity tag. All other fields (`x-*`, security policies,
/// cross-origin permissions) are not such metadata: Next.js sends them with its own 304, browsers
/// update their copies from them, and so we send them too.
pub fn keep_for_not_modified(headers: &mut HeaderMap) {
    for name in &OF_CONTENT {
        headers.remove(name);
    }
    if headers.contains_key(ETAG) {
        headers.remove(LAST_MODIFIED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::headers;
    use http::HeaderValue;
    use proptest::prelude::*;

    #[test]
    fn a_304_replaces_what_it_brings_and_no_more() {
        for (name, stored, not_modified, expected) in [
            ("another value", &[("x", "1")][..], &[("x", "2")][..], &[("x", "2")][..]),
            ("a new field", &[("x", "1")], &[("y", "2")], &[("x", "1"), ("y", "2")]),
            (
                "repeated lines",
                &[("x", "1"), ("x", "2")],
                &[("x", "3"), ("x", "4")],
                &[("x", "3"), ("x", "4")],
            ),
            ("untouched lines", &[("x", "1"), ("x", "2")], &[], &[("x", "1"), ("x", "2")]),
            (
                "directives",
                &[("cache-control", "s-maxage=1")],
                &[("cache-control", "s-maxage=2")],
                &[("cache-control", "s-maxage=2")],
            ),
            (
                "length",
                &[("content-length", "5")],
                &[("content-length", "0")],
                &[("content-length", "5")],
            ),
            ("no length", &[], &[("content-length", "0"), ("content-type", "x")], &[]),
            (
                "coding",
                &[("content-encoding", "br")],
                &[("content-encoding", "gzip")],
                &[("content-encoding", "br")],
            ),
            (
                "vary",
                &[("vary", "rsc, accept-encoding")],
                &[("vary", "rsc")],
                &[("vary", "rsc, accept-encoding")],
            ),
            ("no vary", &[], &[("vary", "rsc")], &[]),
            ("another tag", &[("etag", "\"a\"")], &[("etag", "\"b\"")], &[("etag", "\"a\"")]),
            ("a first tag", &[], &[("etag", "\"b\"")], &[("etag", "\"b\"")]),
            ("a cookie", &[], &[("set-cookie", "a=b")], &[]),
            (
                "the connection's",
                &[("y", "1")],
                &[("connection", "Y, close"), ("y", "2"), ("keep-alive", "x")],
                &[("y", "1")],
            ),
            ("age", &[("age", "9")], &[], &[]),
            ("a new age", &[("age", "9")], &[("age", "1")], &[("age", "1")]),
            ("no date", &[("date", "then")], &[], &[]),
            ("a new date", &[("date", "then")], &[("date", "now")], &[("date", "now")]),
        ] {
            let mut freshened = headers(stored);
            freshen(&mut freshened, &headers(not_modified));
            assert_eq!(freshened, headers(expected), "{name}");
        }
    }

    #[test]
    fn a_304_carries_no_metadata_of_the_content() {
        let kept = [
            ("cache-control", "max-age=0"),
            ("content-location", "/x"),
            ("date", "now"),
            ("etag", "\"a\""),
            ("expires", "0"),
            ("vary", "rsc"),
            ("vary", "accept-encoding"),
            ("content-security-policy", "default-src 'self'"),
            ("access-control-allow-origin", "*"),
            ("link", "</a>; rel=preload"),
            ("link", "</b>; rel=preload"),
            ("x-nextjs-cache", "HIT"),
        ];
        let dropped = [
            ("content-type", "text/html"),
            ("content-length", "5"),
            ("content-encoding", "br"),
            ("content-language", "de"),
            ("transfer-encoding", "chunked"),
            ("last-modified", "then"),
        ];
        let mut fields = headers(&[&kept[..], &dropped[..]].concat());
        keep_for_not_modified(&mut fields);
        assert_eq!(fields, headers(&kept));
        let mut untagged = headers(&[("last-modified", "then"), ("content-type", "text/html")]);
        keep_for_not_modified(&mut untagged);
        assert_eq!(untagged, headers(&[("last-modified", "then")]));
    }

    fn any_fields() -> impl Strategy<Value = HeaderMap> {
        let name = prop_oneof![
            "[a-d]",
            Just("etag".to_owned()),
            Just("vary".to_owned()),
            Just("content-type".to_owned()),
            Just("connection".to_owned()),
        ];
        proptest::collection::vec((name, "[a-d]{1,2}"), 0..8).prop_map(|fields| {
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
                headers.append(name, HeaderValue::from_str(&value).unwrap());
            }
            headers
        })
    }

    proptest! {
        #[test]
        fn each_name_has_its_lines_from_one_side(stored in any_fields(), not_modified in any_fields()) {
            let mut freshened = stored.clone();
            freshen(&mut freshened, &not_modified);
            let lines = |headers: &HeaderMap, name: &HeaderName| {
                headers.get_all(name).iter().cloned().collect::<Vec<_>>()
            };
            for name in stored.keys().chain(not_modified.keys()) {
                let found = lines(&freshened, name);
                let (old, new) = (lines(&stored, name), lines(&not_modified, name));
                prop_assert!(found == old || found == new, "{name}: {found:?}");
                prop_assert!(!new.is_empty() || found == old, "{name} was not brought");
            }
        }

        #[test]
        fn a_second_304_like_the_first_changes_nothing(stored in any_fields(), not_modified in any_fields()) {
            let mut once = stored;
            freshen(&mut once, &not_modified);
            let mut twice = once.clone();
            freshen(&mut twice, &not_modified);
            prop_assert_eq!(once, twice);
        }
    }
}
