//! Our member of `Cache-Status`, read again.

use http::HeaderMap;
use http::header::CACHE_STATUS;
use sfv::{BareItem, ListEntry, Parser};

use super::CACHE;
use crate::policy::reuse::ForwardReason;

/// Our member of the field's list (RFC 9211 section 2): what an edge said of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// It came from the store.
    pub hit: bool,
    /// Why the origin was asked.
    pub fwd: Option<ForwardReason>,
    /// What the origin answered, where that is not the answer's own status.
    pub fwd_status: Option<u16>,
    /// Seconds for which it is fresh.
    pub ttl: Option<i64>,
    /// It is stored now.
    pub stored: bool,
    /// It was another's answer.
    pub collapsed: bool,
    /// More.
    pub detail: Option<String>,
    /// The member, as it was sent.
    pub text: String,
}

impl Member {
    /// Reads it from an answer; `None` if no edge has said anything.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let lines = headers.get_all(CACHE_STATUS).iter();
        let lines: Vec<&[u8]> = lines.map(|line| line.as_bytes()).collect();
        let joined = lines.join(&b", "[..]);
        let members = Parser::new(&joined).parse::<sfv::List>().ok()?;
        let joined = String::from_utf8_lossy(&joined);
        let ours = joined.rfind(&format!("{CACHE};")).or_else(|| joined.rfind(CACHE));
        let text = joined.get(ours.unwrap_or_default()..).unwrap_or_default();
        // Each cache adds itself behind those before it; the last of us is the one that was asked.
        members.iter().rev().find_map(|member| {
            let ListEntry::Item(item) = member else { return None };
            let is_ours =
                matches!(&item.bare_item, BareItem::Token(name) if name.as_str() == CACHE);
            is_ours.then(|| Self { text: text.to_owned(), ..Self::read(item) })
        })
    }

    /// Whether the edge keeps what it answered with. Only of what it keeps does it say how long it is
    /// fresh; and another's answer is handed out while it is being stored.
    pub fn is_kept(&self) -> bool {
        self.hit || self.stored || self.ttl.is_some() || self.collapsed && self.detail.is_none()
    }

    /// Whether the origin was asked if what is stored is still good, and said so.
    pub fn is_validated(&self) -> bool {
        self.fwd_status == Some(304)
    }

    fn read(item: &sfv::Item) -> Self {
        let parameter = |name: &str| item.params.get(name);
        let is_set = |name| matches!(parameter(name), Some(BareItem::Boolean(true)));
        let word = |name| match parameter(name) {
            Some(BareItem::Token(word)) => Some(word.as_str().to_owned()),
            Some(BareItem::String(text)) => Some(text.as_str().to_owned()),
            _ => None,
        };
        let number = |name| match parameter(name) {
            Some(BareItem::Integer(number)) => Some(i64::from(*number)),
            _ => None,
        };
        let fwd = word("fwd");
        Self {
            hit: is_set("hit"),
            fwd: fwd.and_then(|fwd| ForwardReason::ALL.into_iter().find(|why| why.as_str() == fwd)),
            fwd_status: number("fwd-status").and_then(|status| u16::try_from(status).ok()),
            ttl: number("ttl"),
            stored: is_set("stored"),
            collapsed: is_set("collapsed"),
            detail: word("detail"),
            text: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::status::Status;

    #[test]
    fn what_is_kept_is_told_in_one_of_four_ways() {
        for (text, expected) in [
            ("selvedge; hit; ttl=-8", true),
            ("selvedge; fwd=uri-miss; stored", true),
            ("selvedge; fwd=stale; fwd-status=304; ttl=0", true),
            ("selvedge; fwd=uri-miss; collapsed", true),
            ("selvedge; fwd=stale; collapsed; ttl=-30; detail=stale-if-error", true),
            ("selvedge; fwd=uri-miss; collapsed; detail=no-store", false),
            ("selvedge; fwd=uri-miss; detail=no-store", false),
            ("selvedge; fwd=bypass", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CACHE_STATUS, text.parse().unwrap());
            assert_eq!(Member::of(&headers).unwrap().is_kept(), expected, "{text}");
        }
    }

    #[test]
    fn what_an_edge_writes_is_read_again() {
        for status in [
            Status { hit: true, ttl: Some(-3), ..Status::default() },
            Status {
                fwd: Some(ForwardReason::Stale),
                stored: true,
                collapsed: true,
                detail: Some("two words"),
                ..Status::default()
            },
            Status { detail: Some("no-store"), ..Status::default() },
        ] {
            let mut headers = HeaderMap::new();
            headers.append(CACHE_STATUS, "cdn; hit".parse().unwrap());
            headers.append(CACHE_STATUS, status.value());
            let member = Member::of(&headers).unwrap();
            assert_eq!(member.text, status.value());
            assert_eq!((member.hit, member.fwd, member.ttl), (status.hit, status.fwd, status.ttl));
            assert_eq!((member.stored, member.collapsed), (status.stored, status.collapsed));
            assert_eq!(member.detail.as_deref(), status.detail);
        }
        let mut headers = HeaderMap::new();
        assert_eq!(Member::of(&headers), None);
        headers.append(CACHE_STATUS, "cdn; hit".parse().unwrap());
        assert_eq!(Member::of(&headers), None);
    }
}
