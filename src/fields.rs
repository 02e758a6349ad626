//! Which of the fields that the layers ask for a request may have, found by one look at its names.
//!
//! A hit passes a dozen questions such as "is there a `Range`?", and nearly all have the answer no.
//! Each would be a search of its own through the header map; together they cost more than the look-up
//! in the store. So the names are looked at once, when the request comes, and what they are is kept
//! as bits.

use http::header::{
    CACHE_CONTROL, CONNECTION, COOKIE, EXPECT, FORWARDED, LOCATION, PRAGMA, RANGE, TE,
    TRANSFER_ENCODING, UPGRADE, VIA,
};
use http::{HeaderMap, HeaderName};

/// A set of groups of fields. A group that is not in it has no field in the request; one that is in it
/// may have lost its fields since, as the layers take some away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fields(u16);

impl Fields {
    /// Of one connection: `Connection`, `Transfer-Encoding`, `Upgrade`, `Expect` and the like.
    pub const OF_CONNECTION: Self = Self(1);
    /// What a proxy tells of its client: `Forwarded`, `X-Forwarded-*`, `X-Real-IP`.
    pub const FORWARDING: Self = Self(1 << 1);
    /// `Via`
    pub const VIA: Self = Self(1 << 2);
    /// What may be a word of Next.js to itself: `x-…`, `next-…`, `location`.
    pub const INTERNAL: Self = Self(1 << 3);
    /// What chooses among the answers of a route: `rsc`, `next-…`, `x-nextjs-data`.
    pub const ROUTER: Self = Self(1 << 4);
    /// `Cookie`
    pub const COOKIE: Self = Self(1 << 5);
    /// `Cache-Control`, `Pragma`
    pub const DIRECTIVES: Self = Self(1 << 6);
    /// `If-…`
    pub const CONDITIONS: Self = Self(1 << 7);
    /// `Range`
    pub const RANGE: Self = Self(1 << 8);
    /// `x-request-id`
    pub const REQUEST_ID: Self = Self(1 << 9);

    /// Those of a request.
    pub fn of(headers: &HeaderMap) -> Self {
        headers.keys().fold(Self::default(), |found, name| found | groups(name))
    }

    /// Whether one of these groups may be there.
    pub fn may_have(self, groups: Self) -> bool {
        self.0 & groups.0 != 0
    }

    /// Whether all of these groups are in it.
    pub fn covers(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }
}

impl std::ops::BitOr for Fields {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The groups of one field. The first letter sends nearly all of a browser's away at once.
fn groups(name: &HeaderName) -> Fields {
    let text = name.as_str();
    match text.as_bytes() {
        [b'x', b'-', ..] => of_x(text),
        [b'n', b'e', b'x', b't', b'-', ..] => Fields::INTERNAL | Fields::ROUTER,
        [b'i', b'f', b'-', ..] => Fields::CONDITIONS,
        [b'p', b'r', b'o', b'x', b'y', b'-', ..] | [b'k', b'e', b'e', b'p', b'-', ..] => {
            Fields::OF_CONNECTION
        }
        [b'c' | b'e' | b'f' | b'l' | b'p' | b'r' | b't' | b'u' | b'v', ..] => of_others(name),
        _ => Fields::default(),
    }
}

fn of_x(name: &str) -> Fields {
    match name {
        "x-request-id" => Fields::REQUEST_ID,
        "x-real-ip" => Fields::FORWARDING,
        "x-nextjs-data" => Fields::INTERNAL | Fields::ROUTER,
        _ if name.starts_with("x-forwarded-") => Fields::FORWARDING,
        _ => Fields::INTERNAL,
    }
}

fn of_others(name: &HeaderName) -> Fields {
    match *name {
        COOKIE => Fields::COOKIE,
        CACHE_CONTROL | PRAGMA => Fields::DIRECTIVES,
        RANGE => Fields::RANGE,
        CONNECTION | EXPECT | TE | TRANSFER_ENCODING | UPGRADE => Fields::OF_CONNECTION,
        FORWARDED => Fields::FORWARDING,
        LOCATION => Fields::INTERNAL,
        VIA => Fields::VIA,
        _ if name.as_str() == "rsc" => Fields::ROUTER,
        _ => Fields::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_that_is_asked_for_has_its_group() {
        for (group, names) in [
            (
                Fields::OF_CONNECTION,
                &[
                    "connection",
                    "expect",
                    "te",
                    "transfer-encoding",
                    "upgrade",
                    "keep-alive",
                    "proxy-connection",
                    "proxy-authenticate",
                    "proxy-authorization",
                ][..],
            ),
            (Fields::FORWARDING, &["forwarded", "x-real-ip", "x-forwarded-for", "x-forwarded-x"]),
            (Fields::VIA, &["via"]),
            (Fields::INTERNAL, &["x-middleware-prefetch", "next-resume", "location", "x-y"]),
            (
                Fields::ROUTER,
                &["rsc", "next-router-prefetch", "next-url", "next-action", "x-nextjs-data"],
            ),
            (Fields::COOKIE, &["cookie"]),
            (Fields::DIRECTIVES, &["cache-control", "pragma"]),
            (
                Fields::CONDITIONS,
                &[
                    "if-match",
                    "if-none-match",
                    "if-modified-since",
                    "if-unmodified-since",
                    "if-range",
                ],
            ),
            (Fields::RANGE, &["range"]),
            (Fields::REQUEST_ID, &["x-request-id"]),
        ] {
            for name in names {
                assert!(groups(&HeaderName::from_static(name)).may_have(group), "{name}");
            }
        }
    }

    #[test]
    fn what_a_browser_sends_with_each_navigation_has_none() {
        for name in [
            "host",
            "accept",
            "accept-encoding",
            "accept-language",
            "user-agent",
            "referer",
            "upgrade-insecure-requests",
            "sec-fetch-mode",
            "sec-ch-ua",
            "priority",
            "dnt",
        ] {
            assert_eq!(groups(&HeaderName::from_static(name)), Fields::default(), "{name}");
        }
    }
}
