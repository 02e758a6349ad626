//! Is a copy still good? Preconditions that clients send, those that we send, and what a 304
//! changes (RFC 9110 §13, RFC 9111 §4.3).
//!
//! # Invariants
//! - Entity tags are opaque bytes, compared weakly: `/_next/image` sends them without quotes.
//! - Repeated field lines stay repeated.

mod freshen;

use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, DATE, ETAG, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    IF_UNMODIFIED_SINCE, LAST_MODIFIED,
};
use http::{HeaderMap, HeaderName, Method, StatusCode};

pub use freshen::{freshen, keep_for_not_modified};

use super::freshness::single_date;
use super::{entity_tag, list};

/// What a request's conditions say about a stored response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// There are none that apply, or they ask for the response: send it.
    None,
    /// The client has this response already: send a 304.
    NotModified,
}

/// The fields that make a request conditional (RFC 9110 §13.1).
///
/// `If-Range` is left out: it belongs to `Range`, and must neither outlive nor predecease it.
static CONDITIONS: [HeaderName; 4] =
    [IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_MATCH, IF_UNMODIFIED_SINCE];

/// Evaluates a request's conditions against a stored response with this status and these fields.
///
/// RFC 9110 §13.2.1: conditions are ignored unless the answer without them were a success; §13.1.2
/// and §13.1.3 define them for GET and HEAD. RFC 9111 §4.3.2: a cache leaves `If-Match` and
/// `If-Unmodified-Since` to the origin.
pub fn evaluate(
    method: &Method,
    request: &HeaderMap,
    status: StatusCode,
    stored: &HeaderMap,
) -> Precondition {
    let is_served = matches!(status, StatusCode::OK | StatusCode::PARTIAL_CONTENT);
    if !matches!(*method, Method::GET | Method::HEAD) || !is_served {
        return Precondition::None;
    }
    // RFC 9110 §13.1.3: where there is an If-None-Match, If-Modified-Since is ignored.
    let has_current = if request.contains_key(IF_NONE_MATCH) {
        is_listed(request, stored)
    } else {
        is_unmodified(request, stored)
    };
    if has_current { Precondition::NotModified } else { Precondition::None }
}

/// RFC 9110 §13.1.2: `*`, or a list with the stored entity tag in it, compared weakly (§8.8.3.2).
fn is_listed(request: &HeaderMap, stored: &HeaderMap) -> bool {
    let current = stored.get(ETAG).map(|tag| opaque(tag.as_bytes()));
    let lines = request.get_all(IF_NONE_MATCH).into_iter();
    lines
        .flat_map(|line| list::entity_tags(line.as_bytes()))
        .any(|tag| tag == b"*" || Some(opaque(tag)) == current)
}

/// An entity tag without the mark that says it is a weak one.
fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

/// RFC 9110 §13.1.3: whether the response was last modified no later than the client's copy. A date
/// that is none, or one among several, is ignored.
///
/// RFC 9111 §4.3.2: without a `Last-Modified`, a stored response counts as modified when it was
/// generated.
fn is_unmodified(request: &HeaderMap, stored: &HeaderMap) -> bool {
    let field = if stored.contains_key(LAST_MODIFIED) { LAST_MODIFIED } else { DATE };
    let modified = single_date(stored, &field);
    let since = single_date(request, &IF_MODIFIED_SINCE);
    modified.zip(since).is_some_and(|(modified, since)| modified <= since)
}

/// Whether a request has conditions; `If-Range` does not count as one.
pub fn has_conditions(request: &HeaderMap) -> bool {
    // One look at each name is less than four searches, and every request is asked.
    request.keys().any(|name| CONDITIONS.contains(name))
}

/// Removes a request's conditions, so that the origin answers with the whole response; `If-Range`
/// stays.
pub fn strip_conditions(request: &mut HeaderMap) {
    if !has_conditions(request) {
        return;
    }
    for name in &CONDITIONS {
        request.remove(name);
    }
}

/// Asks, with `request`, whether the stored response is still good; false if it has nothing to be
/// asked by, and then `request` is left as it was.
///
/// RFC 9111 §4.3.1: its entity tag, if any, goes into If-None-Match, its modification date into
/// If-Modified-Since, both in place of what the client may have asked by.
pub fn add_validators(request: &mut HeaderMap, stored: &HeaderMap) -> bool {
    if !has_validator(stored) {
        return false;
    }
    strip_conditions(request);
    if let Some(tag) = stored.get(ETAG) {
        request.insert(IF_NONE_MATCH, tag.clone());
    }
    if let Some(date) = last_modified(stored) {
        request.insert(IF_MODIFIED_SINCE, date.clone());
    }
    true
}

/// The entity tag of a response, if it is a strong one.
pub fn strong_tag(response: &HeaderMap) -> Option<&http::HeaderValue> {
    entity_tag::strong(response).and_then(|_| response.get(ETAG))
}

/// What a response to HEAD says of a stored one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It is still good.
    Same,
    /// It is another by now.
    Other,
    /// Nothing that it could be known by.
    Nothing,
}

/// Compares a response to HEAD with a stored one (RFC 9111 §4.3.5): of entity tag, modification date
/// and length, those that it tells.
///
/// By the letter one that tells none of them agrees. With us it does not: whoever sends HEAD each
/// time that a page has gone stale would keep it as it is for good. And lengths are those of the
/// content as it is coded: many servers compress the answer to GET alone.
pub fn told_by_head(stored: &HeaderMap, head: &HeaderMap) -> Told {
    let tag = head.get(ETAG).map(|told| {
        stored.get(ETAG).is_some_and(|tag| opaque(tag.as_bytes()) == opaque(told.as_bytes()))
    });
    let date = head.get(LAST_MODIFIED).map(|told| stored.get(LAST_MODIFIED) == Some(told));
    let is_coded_alike =
        head.get_all(CONTENT_ENCODING).iter().eq(stored.get_all(CONTENT_ENCODING).iter());
    let length = head.get(CONTENT_LENGTH).filter(|_| is_coded_alike);
    let length = length.map(|told| stored.get(CONTENT_LENGTH) == Some(told));
    if [tag, date, length].contains(&Some(false)) {
        return Told::Other;
    }
    if tag.or(date).is_some() { Told::Same } else { Told::Nothing }
}

/// Whether a response can be validated at all (RFC 9110 §8.8).
pub(super) fn has_validator(stored: &HeaderMap) -> bool {
    stored.contains_key(ETAG) || last_modified(stored).is_some()
}

/// The modification date, if it is a date.
fn last_modified(stored: &HeaderMap) -> Option<&http::HeaderValue> {
    single_date(stored, &LAST_MODIFIED).and_then(|_| stored.get(LAST_MODIFIED))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::headers;
    use http::HeaderValue;
    use http::header::{IF_RANGE, RANGE};
    use proptest::prelude::*;

    const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const THEN: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

    #[test]
    fn an_entity_tag_that_the_client_has_is_not_sent_again() {
        for (name, stored, asked, expected) in [
            ("the same", "\"a\"", &["\"a\""][..], true),
            ("another", "\"a\"", &["\"b\""], false),
            ("another case", "\"a\"", &["\"A\""], false),
            ("weak there", "W/\"a\"", &["\"a\""], true),
            ("weak here", "\"a\"", &["W/\"a\""], true),
            ("weak twice", "W/\"a\"", &["W/\"a\""], true),
            ("in a list", "\"a\"", &["\"b\", W/\"a\""], true),
            ("on a second line", "\"a\"", &["\"b\"", "\"a\""], true),
            ("with a comma", "\"a,b\"", &["\"c\",\"a,b\""], true),
            ("with a backslash", "\"a\\\"", &["\"a\\\", \"b\""], true),
            ("part of one", "\"a\"", &["\"x\"a\"\""], false),
            ("any", "\"a\"", &["*"], true),
            ("any, quoted", "\"a\"", &["\"*\""], false),
            ("nothing", "\"a\"", &[""], false),
            ("without quotes", "a-_9", &["a-_9"], true),
            ("without quotes, another", "a-_9", &["\"a-_9\""], false),
        ] {
            let asked: Vec<_> = asked.iter().map(|line| ("if-none-match", *line)).collect();
            let stored = headers(&[("etag", stored)]);
            let found = evaluate(&Method::GET, &headers(&asked), StatusCode::OK, &stored);
            assert_eq!(found == Precondition::NotModified, expected, "{name}");
        }
    }

    #[test]
    fn what_was_not_modified_since_is_not_sent_again() {
        for (name, stored, asked, expected) in [
            ("the same", &[("last-modified", THEN)][..], &[THEN][..], true),
            ("a later copy", &[("last-modified", THEN)], &[LATER], true),
            ("an earlier copy", &[("last-modified", THEN)], &[EARLIER], false),
            ("generated before", &[("date", THEN)], &[LATER], true),
            ("generated after", &[("date", THEN)], &[EARLIER], false),
            (
                "modified counts, not generated",
                &[("last-modified", LATER), ("date", EARLIER)],
                &[THEN],
                false,
            ),
            ("malformed there", &[("last-modified", "0"), ("date", EARLIER)], &[THEN], false),
            ("malformed here", &[("last-modified", THEN)], &["tomorrow"], false),
            ("two dates", &[("last-modified", THEN)], &[LATER, LATER], false),
            ("nothing known", &[], &[LATER], false),
        ] {
            let asked: Vec<_> = asked.iter().map(|line| ("if-modified-since", *line)).collect();
            let found = evaluate(&Method::GET, &headers(&asked), StatusCode::OK, &headers(stored));
            assert_eq!(found == Precondition::NotModified, expected, "{name}");
        }
    }

    #[test]
    fn the_entity_tag_decides_where_both_are_asked() {
        let stored = headers(&[("etag", "\"a\""), ("last-modified", THEN)]);
        for (tag, since, expected) in
            [("\"b\"", LATER, Precondition::None), ("\"a\"", EARLIER, Precondition::NotModified)]
        {
            let request = headers(&[("if-none-match", tag), ("if-modified-since", since)]);
            assert_eq!(evaluate(&Method::GET, &request, StatusCode::OK, &stored), expected);
        }
        let stored = headers(&[("last-modified", THEN)]);
        let request = headers(&[("if-none-match", "\"a\""), ("if-modified-since", LATER)]);
        let found = evaluate(&Method::GET, &request, StatusCode::OK, &stored);
        assert_eq!(found, Precondition::None, "no tag is stored");
    }

    #[test]
    fn conditions_apply_to_successful_reads_only() {
        let (request, stored) = (headers(&[("if-none-match", "*")]), headers(&[("etag", "\"a\"")]));
        for (method, status, expected) in [
            (Method::GET, 200, Precondition::NotModified),
            (Method::HEAD, 200, Precondition::NotModified),
            (Method::POST, 200, Precondition::None),
            (Method::GET, 404, Precondition::None),
            (Method::GET, 308, Precondition::None),
            (Method::GET, 500, Precondition::None),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(evaluate(&method, &request, status, &stored), expected, "{method} {status}");
        }
        for name in ["if-match", "if-unmodified-since"] {
            let request = headers(&[(name, "\"b\"")]);
            let found = evaluate(&Method::GET, &request, StatusCode::OK, &stored);
            assert_eq!(found, Precondition::None, "{name}");
        }
    }

    #[test]
    fn conditions_are_stripped_and_nothing_else() {
        for name in &CONDITIONS {
            let mut request = headers(&[(name.as_str(), "x"), ("accept", "*/*")]);
            assert!(has_conditions(&request), "{name}");
            strip_conditions(&mut request);
            assert!(!has_conditions(&request), "{name}");
            assert_eq!(request, headers(&[("accept", "*/*")]), "{name}");
        }
        let mut ranged = headers(&[(RANGE.as_str(), "bytes=0-1"), (IF_RANGE.as_str(), "\"a\"")]);
        let before = ranged.clone();
        assert!(!has_conditions(&ranged));
        strip_conditions(&mut ranged);
        assert_eq!(ranged, before);
    }

    #[test]
    fn the_origin_is_asked_by_what_is_stored() {
        for (name, stored, expected, asked) in [
            ("a tag", &[("etag", "W/\"a\"")][..], true, &[("if-none-match", "W/\"a\"")][..]),
            ("a bare tag", &[("etag", "a")], true, &[("if-none-match", "a")]),
            ("a date", &[("last-modified", THEN)], true, &[("if-modified-since", THEN)]),
            (
                "both",
                &[("etag", "\"a\""), ("last-modified", THEN)],
                true,
                &[("if-none-match", "\"a\""), ("if-modified-since", THEN)],
            ),
            (
                "neither",
                &[("date", THEN)],
                false,
                &[("if-match", "\"c\""), ("if-none-match", "\"c\"")],
            ),
            (
                "no date",
                &[("last-modified", "0")],
                false,
                &[("if-match", "\"c\""), ("if-none-match", "\"c\"")],
            ),
        ] {
            let mut request = headers(&[("if-match", "\"c\""), ("if-none-match", "\"c\"")]);
            assert_eq!(add_validators(&mut request, &headers(stored)), expected, "{name}");
            assert_eq!(request, headers(asked), "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_client_that_asks_by_what_it_got_gets_a_304(tag in "(W/)?(\"[!#-~]{0,9}\"|[!#-+.-~][!#-+\\--~]{0,9})") {
            let stored = headers(&[("etag", &tag), ("last-modified", THEN)]);
            let mut request = HeaderMap::new();
            prop_assert!(add_validators(&mut request, &stored));
            let found = evaluate(&Method::GET, &request, StatusCode::OK, &stored);
            prop_assert_eq!(found, Precondition::NotModified);
        }

        #[test]
        fn no_condition_is_too_strange_to_read(value in "\\PC{0,30}", tag in "\\PC{0,9}") {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            let mut request = HeaderMap::new();
            request.insert(IF_NONE_MATCH, value.clone());
            let mut stored = HeaderMap::new();
            stored.insert(ETAG, HeaderValue::from_bytes(tag.as_bytes()).unwrap());
            evaluate(&Method::GET, &request, StatusCode::OK, &stored);
            request.remove(IF_NONE_MATCH);
            request.insert(IF_MODIFIED_SINCE, value);
            evaluate(&Method::GET, &request, StatusCode::OK, &stored);
        }
    }
}
