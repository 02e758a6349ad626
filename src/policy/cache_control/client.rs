//! What the client is told of a response's `Cache-Control`.

use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue};

use super::directive::{self, Directive};
use crate::policy::list;

/// What a client gets if nothing of the field is left for it.
const REVALIDATE: HeaderValue = HeaderValue::from_static("max-age=0, must-revalidate");

/// The `Cache-Control` field for the client, as one line; `None` if the origin's can stay as it is.
///
/// `s-maxage`, `stale-while-revalidate` and `stale-if-error` are meant for us and consumed: a
/// browser would apply `stale-while-revalidate` to its own copies, and show a page from before the
/// visitor's last change. The other directives stay as they were written, in their order. Where
/// these do not bound what the client may do, it is to ask each time: without any lifetime it would
/// guess one (RFC 9111 §4.2.2).
pub fn for_client(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut lines = headers.get_all(CACHE_CONTROL).into_iter();
    let is_in =
        |line: &HeaderValue| CONSUMED.iter().any(|name| list::mentions(line.as_bytes(), name));
    let directives = || directive::all(headers, &CACHE_CONTROL);
    // Most answers that nobody may store lack these words altogether.
    if !lines.any(is_in) || !directives().any(|directive| is_consumed(&directive)) {
        return None;
    }
    let mut field = Vec::new();
    let (mut is_bounded, mut must_revalidate) = (false, false);
    for directive in directives().filter(|directive| !is_consumed(directive)) {
        let text = match list::is_closed(directive.raw) {
            true => Some(directive.raw),
            false => alone(&directive),
        };
        if let Some(text) = text {
            is_bounded |= bounds(&directive);
            must_revalidate |= directive.is("must-revalidate");
            push(&mut field, text);
        }
    }
    if !is_bounded {
        push(&mut field, b"max-age=0");
        if !must_revalidate {
            push(&mut field, b"must-revalidate");
        }
    }
    // Unreachable: what was a field's content can be one again. The safe answer all the same.
    Some(HeaderValue::from_bytes(&field).unwrap_or(REVALIDATE))
}

const CONSUMED: [&str; 3] = ["s-maxage", "stale-while-revalidate", "stale-if-error"];

fn is_consumed(directive: &Directive<'_>) -> bool {
    CONSUMED.iter().any(|name| directive.is(name))
}

/// What a directive forbids whose quote is never closed. The quote must go: it would swallow what
/// comes after it, now that all is to be one line. What forbids nothing goes along with it.
fn alone(directive: &Directive<'_>) -> Option<&'static [u8]> {
    ["no-store", "no-cache", "private", "must-revalidate", "max-age=0"]
        .into_iter()
        .find(|text| directive.is(text.strip_suffix("=0").unwrap_or(text)))
        .map(str::as_bytes)
}

/// Whether the directive says how long the client may use the response without asking.
fn bounds(directive: &Directive<'_>) -> bool {
    // `no-cache` with a list of fields leaves the response's own lifetime open (RFC 9111 §5.2.2.4).
    let whole = !directive.argument.is_value();
    directive.is("max-age") || directive.is("no-store") || (directive.is("no-cache") && whole)
}

fn push(field: &mut Vec<u8>, directive: &[u8]) {
    if !field.is_empty() {
        field.extend_from_slice(b", ");
    }
    field.extend_from_slice(directive);
}

#[cfg(test)]
mod tests {
    use super::super::ResponseDirectives;
    use super::super::tests::{field_value, lines};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_meant_for_shared_caches_is_removed() {
        for (name, origin, client) in [
            (
                "ISR",
                &["s-maxage=10, stale-while-revalidate=31535990"][..],
                "max-age=0, must-revalidate",
            ),
            ("bare window", &["s-maxage=10, stale-while-revalidate"], "max-age=0, must-revalidate"),
            ("trailing comma", &["s-maxage=10, "], "max-age=0, must-revalidate"),
            (
                "public is kept",
                &["public, s-maxage=10, stale-while-revalidate=59"],
                "public, max-age=0, must-revalidate",
            ),
            ("max-age is kept", &["public, max-age=123, s-maxage=456"], "public, max-age=123"),
            ("no-store is kept", &["no-store, s-maxage=5"], "no-store"),
            ("no-cache is kept", &["stale-if-error=5, no-cache"], "no-cache"),
            (
                "no-cache for some fields bounds nothing",
                &["s-maxage=5, no-cache=\"x, y\""],
                "no-cache=\"x, y\", max-age=0, must-revalidate",
            ),
            (
                "must-revalidate once",
                &["must-revalidate, s-maxage=5"],
                "must-revalidate, max-age=0",
            ),
            (
                "several lines",
                &["Public", "S-MaxAge=5, X=\"a, b\"", "max-age=1"],
                "Public, X=\"a, b\", max-age=1",
            ),
            ("malformed", &["s-maxage=abc"], "max-age=0, must-revalidate"),
            (
                "open quote",
                &["x=\"a", "s-maxage=5", "y=\"b\""],
                "y=\"b\", max-age=0, must-revalidate",
            ),
            ("open quote behind a prohibition", &["No-Store=\"a", "s-maxage=5"], "no-store"),
            (
                "open quote behind a lifetime, and another",
                &["max-age=\"", "s-maxage=5, max-age=60"],
                "max-age=0, max-age=60",
            ),
        ] {
            let field = for_client(&lines(CACHE_CONTROL, origin));
            assert_eq!(
                field.as_ref().map(HeaderValue::as_bytes),
                Some(client.as_bytes()),
                "{name}"
            );
        }
    }

    #[test]
    fn what_needs_no_change_is_left_alone() {
        for origin in [
            &[][..],
            &["public"],
            &["private, no-cache, no-store, max-age=0, must-revalidate"],
            &["public, max-age=31536000, immutable"],
            &["x=\"s-maxage=5\""],
            &["s-maxages=5"],
        ] {
            assert_eq!(for_client(&lines(CACHE_CONTROL, origin)), None, "{origin:?}");
        }
    }

    proptest! {
        #[test]
        fn the_client_never_sees_what_is_consumed(
            origin in proptest::collection::vec(field_value(), 1..4),
        ) {
            let mut headers = HeaderMap::new();
            for line in origin {
                headers.append(CACHE_CONTROL, line);
            }
            if let Some(field) = for_client(&headers) {
                headers.insert(CACHE_CONTROL, field);
            }
            let seen = ResponseDirectives::parse(&headers, &[]);
            prop_assert_eq!(seen.s_maxage, None);
            prop_assert_eq!(seen.stale_while_revalidate, None);
            prop_assert_eq!(seen.stale_if_error, None);
            prop_assert_eq!(for_client(&headers), None, "a second time there is nothing to do");
        }
    }
}
