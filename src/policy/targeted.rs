//! Fields like `CDN-Cache-Control`: directives targeted at caches like us (RFC 9213).
//!
//! A Structured Field (RFC 9651), so there is no reading between the lines: it is valid or it is
//! not there.

use std::time::Duration;

use http::{HeaderMap, HeaderName};
use sfv::{BareItem, Dictionary, ListEntry, Parser};

use super::cache_control::{ResponseDirectives, StaleWindow};
use super::{delta_seconds, list};

/// RFC 9213 §3.
pub(super) const CDN_CACHE_CONTROL: HeaderName = HeaderName::from_static("cdn-cache-control");

/// What the targeted field says; `None` if there is none that counts.
///
/// RFC 9213 §2.2: a field that is empty or does not parse is ignored, as if it were not there. A
/// number of seconds that is no integer counts as not parsed: half a field is nobody's intention.
pub(super) fn parse(headers: &HeaderMap, name: &HeaderName) -> Option<ResponseDirectives> {
    if !headers.contains_key(name) {
        return None;
    }
    // RFC 9651 §4.2: the lines of a field are joined before they are parsed.
    let lines: Vec<_> = headers.get_all(name).iter().map(|line| line.as_bytes()).collect();
    let members: Dictionary = Parser::new(&lines.join(&b", "[..])).parse().ok()?;
    if members.is_empty() {
        return None;
    }
    let mut found = ResponseDirectives { targeted: true, ..Default::default() };
    for (name, member) in &members {
        add(&mut found, name.as_str(), value(member))?;
    }
    Some(found)
}

/// A member's value, parameters apart; an inner list has none that we know.
fn value(member: &ListEntry) -> Option<&BareItem> {
    match member {
        ListEntry::Item(item) => Some(&item.bare_item),
        ListEntry::InnerList(_) => None,
    }
}

/// Adds one directive; `None` if its value is not of its type.
fn add(found: &mut ResponseDirectives, name: &str, value: Option<&BareItem>) -> Option<()> {
    match name {
        "no-store" => found.no_store = is_set(value),
        "no-cache" => fields(value, &mut found.no_cache, &mut found.no_cache_fields),
        "private" => fields(value, &mut found.private, &mut found.private_fields),
        "public" => found.public = is_true(value),
        "must-revalidate" => found.must_revalidate = is_set(value),
        "proxy-revalidate" => found.proxy_revalidate = is_set(value),
        "must-understand" => found.must_understand = is_set(value),
        "immutable" => found.immutable = is_true(value),
        "max-age" => found.max_age = Some(seconds(value)?),
        "s-maxage" => found.s_maxage = Some(seconds(value)?),
        "stale-while-revalidate" => {
            found.stale_while_revalidate = Some(match is_true(value) {
                true => StaleWindow::Unbounded,
                false => StaleWindow::For(seconds(value)?),
            });
        }
        "stale-if-error" => found.stale_if_error = Some(seconds(value)?),
        _ => {}
    }
    Some(())
}

/// A prohibition that may be limited to some fields, as in `Cache-Control`.
fn fields(value: Option<&BareItem>, whole: &mut bool, fields: &mut Vec<HeaderName>) {
    let names = match value {
        Some(BareItem::String(names)) => list::field_names(names.as_str().as_bytes()),
        _ => None,
    };
    match names {
        Some(names) => fields.extend(names),
        None => *whole = is_set(value),
    }
}

/// Whether a permission is given.
fn is_true(value: Option<&BareItem>) -> bool {
    matches!(value, Some(BareItem::Boolean(true)))
}

/// Whether a prohibition stands: unless it is plainly denied, whatever value it has.
fn is_set(value: Option<&BareItem>) -> bool {
    !matches!(value, Some(BareItem::Boolean(false)))
}

/// A whole number of seconds, at least none (RFC 9111 §4.2.1) and at most 2³¹ (§1.2.2).
fn seconds(value: Option<&BareItem>) -> Option<Duration> {
    let Some(BareItem::Integer(number)) = value else {
        return None;
    };
    let number = u64::try_from(i64::from(*number)).unwrap_or_default();
    Some(Duration::from_secs(number).min(delta_seconds::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn parse_lines(lines: &[&'static str]) -> Option<ResponseDirectives> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CDN_CACHE_CONTROL, HeaderValue::from_static(line));
        }
        parse(&headers, &CDN_CACHE_CONTROL)
    }

    #[test]
    fn what_is_valid_is_read() {
        let none = || ResponseDirectives { targeted: true, ..Default::default() };
        let s = |seconds| Some(Duration::from_secs(seconds));
        for (lines, expected) in [
            (&["max-age=60"][..], ResponseDirectives { max_age: s(60), ..none() }),
            (
                &["max-age=60", "no-store"],
                ResponseDirectives { max_age: s(60), no_store: true, ..none() },
            ),
            (&["max-age=60;x=1"], ResponseDirectives { max_age: s(60), ..none() }),
            (&["max-age=60, max-age=5"], ResponseDirectives { max_age: s(5), ..none() }),
            (&["max-age=99999999999"], ResponseDirectives { max_age: s(1 << 31), ..none() }),
            (&["max-age=-1"], ResponseDirectives { max_age: s(0), ..none() }),
            (&["foobar, max-age=60"], ResponseDirectives { max_age: s(60), ..none() }),
            (&["foobar"], none()),
            (&["no-store=?0"], none()),
            (
                &["private=\"x\""],
                ResponseDirectives { private_fields: vec![HeaderName::from_static("x")], ..none() },
            ),
            (&["no-store=(1 2)"], ResponseDirectives { no_store: true, ..none() }),
            (&["no-cache"], ResponseDirectives { no_cache: true, ..none() }),
            (
                &["no-cache=\"x\""],
                ResponseDirectives {
                    no_cache_fields: vec![HeaderName::from_static("x")],
                    ..none()
                },
            ),
            (&["public=1"], none()),
            (
                &["s-maxage=5, stale-while-revalidate, stale-if-error=7"],
                ResponseDirectives {
                    s_maxage: s(5),
                    stale_while_revalidate: Some(StaleWindow::Unbounded),
                    stale_if_error: s(7),
                    ..none()
                },
            ),
            (
                &["stale-while-revalidate=9"],
                ResponseDirectives { stale_while_revalidate: s(9).map(StaleWindow::For), ..none() },
            ),
        ] {
            assert_eq!(parse_lines(lines), Some(expected), "{lines:?}");
        }
    }

    #[test]
    fn what_is_not_valid_is_ignored_whole() {
        for lines in [
            &[][..],
            &[""],
            &["max-age=60, &&&&&"],
            &["no-store", "&&&&&"],
            &["max-age=\"60\""],
            &["max-age=60.0"],
            &["max-age"],
            &["max-age=(60)"],
            &["max-age =60"],
            &["max-age= 60"],
            &["MaX-aGe=60"],
            &["max-age=60,"],
            &["stale-while-revalidate=abc, max-age=60"],
        ] {
            assert_eq!(parse_lines(lines), None, "{lines:?}");
        }
    }
}
