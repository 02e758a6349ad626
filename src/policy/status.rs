//! `Cache-Status`: what became of a request, for whoever reads the response (RFC 9211).

mod member;

use http::header::CACHE_STATUS;
use http::{HeaderMap, HeaderValue, StatusCode};
use smallvec::{SmallVec, smallvec};

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

impl Status {
    /// The field's value: one member, the parameters in the order of RFC 9211 §2.
    pub fn value(&self) -> HeaderValue {
        if let Self {
            hit: true,
            ttl: Some(ttl),
            fwd: None,
            fwd_status: None,
            stored: false,
            collapsed: false,
            detail: None,
        } = *self
        {
            return hit(ttl);
        }
        let mut number = itoa::Buffer::new();
        let ttl = self.ttl.map(|ttl| number.format(ttl));
        let odd = self.detail.filter(|detail| !is_token(detail)).map(string);
        let fwd_status = self.fwd_status.as_ref().map(StatusCode::as_str);
        let detail = odd.as_deref().or(self.detail);
        let mut said: SmallVec<[&str; 16]> = smallvec![CACHE];
        for (name, argument) in [
            ("; hit", self.hit.then_some("")),
            ("; fwd=", self.fwd.map(ForwardReason::as_str)),
            ("; fwd-status=", fwd_status),
            ("; ttl=", ttl),
            ("; stored", self.stored.then_some("")),
            ("; collapsed", self.collapsed.then_some("")),
            ("; detail=", detail),
        ] {
            if let Some(argument) = argument {
                said.extend([name, argument]);
            }
        }
        // Unreachable alternative: all that was written is printable ASCII.
        HeaderValue::try_from(said.concat()).unwrap_or(HeaderValue::from_static(CACHE))
    }
}

/// Adds the key to the member that we have written last (RFC 9211 §2.7); what cannot stand in a
/// string becomes `?`.
pub fn add_key(headers: &mut HeaderMap, key: &str) {
    let Some(line) = headers.get_all(CACHE_STATUS).iter().next_back() else { return };
    let value = [line.as_bytes(), b"; key=", string(key).as_bytes()].concat();
    // Unreachable: what was a value, and printable ASCII.
    let Ok(value) = HeaderValue::try_from(value) else { return };
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
    const STARTS: &[u8] = b"selvedge; hit; ttl=";
    let mut number = itoa::Buffer::new();
    let mut value: SmallVec<[u8; 48]> = SmallVec::from_slice(STARTS);
    value.extend_from_slice(number.format(ttl).as_bytes());
    // Unreachable alternative: all that was written is printable ASCII.
    HeaderValue::from_bytes(&value).unwrap_or(HeaderValue::from_static(CACHE))
}

/// An sf-string; what cannot stand in one becomes `?` (RFC 9651 §3.3.3).
fn string(text: &str) -> String {
    let mut string = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => string.extend(['\\', character]),
            ' '..='~' => string.push(character),
            _ => string.push('?'),
        }
    }
    string.push('"');
    string
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
