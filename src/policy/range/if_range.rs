//! Does a request's `Range` count? (RFC 9110 §13.1.5)

use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, IF_RANGE, LAST_MODIFIED};

use crate::policy::date::parse_http_date;
use crate::policy::entity_tag;
use crate::policy::freshness::single_date;

/// Whether the stored response is the one that the client has a part of, as its `If-Range` says; if
/// not, `Range` is to be ignored. True without the field.
///
/// RFC 9110 §13.1.5: both forms are told apart by a quote among the first three characters. What is
/// neither holds for nothing: the whole is always right.
pub fn if_range_holds(request: &HeaderMap, stored: &HeaderMap) -> bool {
    let mut lines = request.get_all(IF_RANGE).iter();
    match (lines.next(), lines.next()) {
        (None, _) => true,
        (Some(line), None) if line.as_bytes().iter().take(3).any(|byte| *byte == b'"') => {
            is_current(line.as_bytes(), stored)
        }
        (Some(line), None) => is_unmodified(line.as_bytes(), stored),
        (Some(_), Some(_)) => false,
    }
}

/// §13.1.5: the strong comparison, so that a weak tag on either side never matches.
fn is_current(tag: &[u8], stored: &HeaderMap) -> bool {
    entity_tag::strong(stored) == Some(tag)
}

/// §13.1.5: the very date of the last modification, no later one.
///
/// RFC 9110 §8.8.2.2: a date is a strong validator in a cache if the response was generated at
/// least a second after it: within that second it may have changed again. That both dates are by
/// one clock we take for granted, since one server wrote them.
fn is_unmodified(date: &[u8], stored: &HeaderMap) -> bool {
    let modified = single_date(stored, &LAST_MODIFIED);
    let is_strong =
        modified.zip(single_date(stored, &DATE)).is_some_and(|(modified, generated)| {
            generated >= modified.saturating_add(Duration::from_secs(1))
        });
    is_strong && parse_http_date(date) == modified
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::headers;

    const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const THEN: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

    #[test]
    fn an_entity_tag_holds_by_the_strong_comparison() {
        for (name, stored, asked, expected) in [
            ("the same", "\"a\"", "\"a\"", true),
            ("another", "\"a\"", "\"b\"", false),
            ("another case", "\"a\"", "\"A\"", false),
            ("weak there", "W/\"a\"", "\"a\"", false),
            ("weak here", "\"a\"", "W/\"a\"", false),
            ("weak twice", "W/\"a\"", "W/\"a\"", false),
            ("without quotes", "a", "a", false),
            ("never closed", "\"a", "\"a", false),
            ("a list", "\"a\"", "\"a\", \"b\"", false),
            ("any", "\"a\"", "*", false),
            ("nothing", "\"a\"", "", false),
        ] {
            let (request, stored) = (headers(&[("if-range", asked)]), headers(&[("etag", stored)]));
            assert_eq!(if_range_holds(&request, &stored), expected, "{name}");
        }
    }

    #[test]
    fn a_date_holds_if_it_is_the_same_and_strong() {
        for (name, modified, generated, asked, expected) in [
            ("the same", THEN, Some(LATER), THEN, true),
            ("in another form", THEN, Some(LATER), "Sun Nov  6 08:49:37 1994", true),
            ("a later copy", THEN, Some(LATER), LATER, false),
            ("an earlier copy", THEN, Some(LATER), EARLIER, false),
            ("generated in that second", THEN, Some(THEN), THEN, false),
            ("generated before", THEN, Some(EARLIER), THEN, false),
            ("generated nobody knows when", THEN, None, THEN, false),
            ("malformed here", THEN, Some(LATER), "yesterday", false),
            ("malformed there", "0", Some(LATER), THEN, false),
            ("malformed twice", "0", Some(LATER), "0", false),
        ] {
            let mut stored = headers(&[("last-modified", modified)]);
            if let Some(date) = generated {
                stored.extend(headers(&[("date", date)]));
            }
            let request = headers(&[("if-range", asked)]);
            assert_eq!(if_range_holds(&request, &stored), expected, "{name}");
        }
    }

    #[test]
    fn no_condition_holds_and_two_do_not() {
        let stored = headers(&[("etag", "\"a\"")]);
        assert!(if_range_holds(&HeaderMap::new(), &stored));
        let twice = headers(&[("if-range", "\"a\""), ("if-range", "\"a\"")]);
        assert!(!if_range_holds(&twice, &stored));
        assert!(!if_range_holds(&headers(&[("if-range", "\"a\"")]), &HeaderMap::new()));
    }
}
