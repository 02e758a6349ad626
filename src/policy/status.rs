//! `Cache-Status`: what became of a request, for whoever reads the response (RFC 9211).

mod member;

use http::header::CACHE_STATUS;
use http::{HeaderMap, HeaderValue, StatusCode};
use smallvec::SmallVec;

pub use member::Member;

use super::reuse::ForwardReason;

/// Our name in the field.
pub const CACHE: &str = "selvedge";

/// What one member of the field says; a default one says nothing but our name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The response came from the store, §2.1. Then [`Status::fwd`] is not given.
    pub hit: bool,
    /// Why the request went to the origin, §2.2.
    pub fwd: Option<ForwardReason>,
    /// What the origin answered, §2.3; worth saying where the client got another status.
    pub fwd_status: Option<StatusCode>,
    /// Seconds for which the response stays fresh, §2.4; negative once it is stale.
    pub ttl: Option<i64>,
    /// The response was stored, §2.5.
    pub stored: bool,
    /// The request waited for another's answer, §2.6.
    pub collapsed: bool,
    /// More, in our own words, §2.8.
    pub detail: Option<&'static str>,
}

/// Room for what is usually said, so that the value itself is the only allocation.
type Buffer = SmallVec<[u8; 128]>;

impl Status {
    /// The field's value: one member, the parameters in the order of RFC 9211 §2.
    pub fn value(&self) -> HeaderValue {
        if let Some(ttl) = self.ttl
            && *self == (Self { hit: true, ttl: self.ttl, ..Self::default() })
        {
            return hit(ttl);
        }
        let mut value = Buffer::new();
        value.extend_from_slice(CACHE.as_bytes());
        flag(&mut value, "hit", self.hit);
        if let Some(reason) = self.fwd {
            parameter(&mut value, "fwd", reason.as_str());
        }
        if let Some(status) = self.fwd_status {
            parameter(&mut value, "fwd-status", status.as_str());
        }
        if let Some(ttl) = self.ttl {
            parameter(&mut value, "ttl", itoa::Buffer::new().format(ttl));
        }
        flag(&mut value, "stored", self.stored);
        flag(&mut value, "collapsed", self.collapsed);
        match self.detail {
            Some(detail) if is_token(detail) => parameter(&mut value, "detail", detail),
            Some(detail) => string(&mut value, "detail", detail),
            None => {}
        }
        // Unreachable: all that was written is printable ASCII.
        HeaderValue::from_bytes(&value).unwrap_or(HeaderValue::from_static(CACHE))
    }
}

/// Adds the key to the member that we have written last (RFC 9211 §2.7); what cannot stand in a
/// string becomes `?`.
pub fn add_key(headers: &mut HeaderMap, key: &str) {
    let Some(line) = headers.get_all(CACHE_STATUS).iter().next_back() else { return };
    let mut value = Buffer::from_slice(line.as_bytes());
    string(&mut value, "key", key);
    // Unreachable: what was a value, and printable ASCII.
    let Ok(value) = HeaderValue::from_bytes(&value) else { return };
    if let http::header::Entry::Occupied(mut lines) = headers.entry(CACHE_STATUS)
        && let Some(last) = lines.iter_mut().next_back()
    {
        *last = value;
    }
}

/// What the caches before us have said, and behind it what we say (RFC 9211 §2).
pub fn behind(before_us: &HeaderValue, ours: &HeaderValue) -> HeaderValue {
    let joined = [before_us.as_bytes(), b", ", ours.as_bytes()].concat();
    HeaderValue::from_bytes(&joined).unwrap_or_else(|_| ours.clone())
}

/// The lines of the caches before us in one; `None` if there are none.
pub fn before_us(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut lines = headers.get_all(CACHE_STATUS).iter().cloned();
    let first = lines.next()?;
    Some(lines.fold(first, |all, line| behind(&all, &line)))
}

/// What most answers say, in one piece.
fn hit(ttl: i64) -> HeaderValue {
    let mut number = itoa::Buffer::new();
    let value = [CACHE, "; hit; ttl=", number.format(ttl)].concat();
    // Unreachable: all that was written is printable ASCII.
    HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static(CACHE))
}

fn flag(value: &mut Buffer, name: &str, is_set: bool) {
    if is_set {
        value.extend_from_slice(b"; ");
        value.extend_from_slice(name.as_bytes());
    }
}

fn parameter(value: &mut Buffer, name: &str, argument: &str) {
    flag(value, name, true);
    value.push(b'=');
    value.extend_from_slice(argument.as_bytes());
}

/// A parameter whose argument is an sf-string; what cannot stand in one becomes `?` (RFC 9651
/// §3.3.3).
fn string(value: &mut Buffer, name: &str, argument: &str) {
    parameter(value, name, "\"");
    for character in argument.chars() {
        match character {
            '"' | '\\' => value.extend_from_slice(&[b'\\', character as u8]),
            ' '..='~' => value.push(character as u8),
            _ => value.push(b'?'),
        }
    }
    value.push(b'"');
}

/// Whether `text` is an sf-token (RFC 9651 §3.3.4).
fn is_token(text: &str) -> bool {
    let starts = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '*');
    starts
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_outcome_has_its_words() {
        let none = Status::default;
        let miss = || Status { fwd: Some(ForwardReason::UriMiss), ..none() };
        for (status, expected) in [
            (none(), "selvedge"),
            (Status { hit: true, ttl: Some(8), ..none() }, "selvedge; hit; ttl=8"),
            (Status { hit: true, ttl: Some(-3), ..none() }, "selvedge; hit; ttl=-3"),
            (Status { stored: true, ..miss() }, "selvedge; fwd=uri-miss; stored"),
            (
                Status { stored: true, collapsed: true, detail: Some("no-store"), ..miss() },
                "selvedge; fwd=uri-miss; stored; collapsed; detail=no-store",
            ),
            (
                Status {
                    fwd: Some(ForwardReason::Stale),
                    fwd_status: Some(StatusCode::NOT_MODIFIED),
                    ttl: Some(i64::MIN),
                    ..none()
                },
                "selvedge; fwd=stale; fwd-status=304; ttl=-9223372036854775808",
            ),
            (Status { detail: Some("two words"), ..none() }, "selvedge; detail=\"two words\""),
            (Status { detail: Some("a\"b\\ü\n"), ..none() }, r#"selvedge; detail="a\"b\\??""#),
            (Status { detail: Some(""), ..none() }, "selvedge; detail=\"\""),
            (Status { detail: Some("5xx"), ..none() }, "selvedge; detail=\"5xx\""),
        ] {
            assert_eq!(status.value(), expected);
        }
    }

    #[test]
    fn the_key_goes_to_our_own_member_and_those_before_us_stay() {
        let mut headers = HeaderMap::new();
        add_key(&mut headers, "k");
        assert!(headers.is_empty());
        headers.append(CACHE_STATUS, HeaderValue::from_static("cdn; hit"));
        headers.append(CACHE_STATUS, HeaderValue::from_static("selvedge; fwd=method"));
        add_key(&mut headers, "http://a/\"b\" D");
        let all = before_us(&headers).unwrap();
        assert_eq!(all, r#"cdn; hit, selvedge; fwd=method; key="http://a/\"b\" D""#);
        assert_eq!(before_us(&HeaderMap::new()), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_a_structured_field(
            hit: bool, stored: bool, collapsed: bool, ttl in proptest::option::of(-99_999_999_i64..99_999_999),
            detail in proptest::option::of(prop_oneof!["\\PC{0,20}", "[ -~]{0,20}"]),
        ) {
            let detail = detail.map(|text| &*text.leak());
            let status = Status { hit, stored, collapsed, ttl, detail, ..Status::default() };
            let value = status.value();
            let list = sfv::Parser::new(value.as_bytes()).parse::<sfv::List>().unwrap();
            let [sfv::ListEntry::Item(member)] = list.as_slice() else { panic!("{value:?}") };
            prop_assert_eq!(member.params.contains_key("hit"), hit);
            prop_assert_eq!(member.params.contains_key("stored"), stored);
            prop_assert_eq!(member.params.contains_key("collapsed"), collapsed);
            prop_assert_eq!(member.params.contains_key("ttl"), ttl.is_some());
            prop_assert_eq!(member.params.contains_key("detail"), detail.is_some());
        }
    }
}
