//! What `Cache-Control` says (RFC 9111 §5.2): the directives of a response, those of a request, and
//! which of a response's the client is told.
//!
//! # Invariants
//! - Any bytes can be read. What is malformed makes a response less usable, never more.
//! - A prohibition counts in whatever form it comes; a permission only in its own.

mod client;
mod directive;
mod request;

use std::time::Duration;

use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderName};

pub use client::for_client;
use directive::{Argument, Directive};
pub use request::RequestDirectives;

use super::targeted;

/// How long a stale response may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleWindow {
    /// As long as there is one: the directive came without a value. RFC 5861 §3 wants one, but
    /// Next.js up to version 14 writes a bare `stale-while-revalidate` and means this.
    Unbounded,
    /// For this long after it went stale.
    For(Duration),
}

/// The directives of a response that a shared cache acts on (RFC 9111 §5.2.2, RFC 5861, RFC 8246).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseDirectives {
    /// `no-store`, §5.2.2.5.
    pub no_store: bool,
    /// `no-cache` for the whole response, §5.2.2.4.
    pub no_cache: bool,
    /// `no-cache="field, …"`: only these fields must not be used without validation, §5.2.2.4.
    pub no_cache_fields: Vec<HeaderName>,
    /// `private` for the whole response, §5.2.2.7.
    pub private: bool,
    /// `private="field, …"`: only these fields are for one user, §5.2.2.7.
    pub private_fields: Vec<HeaderName>,
    /// `public`, §5.2.2.9.
    pub public: bool,
    /// `must-revalidate`, §5.2.2.2.
    pub must_revalidate: bool,
    /// `proxy-revalidate` itself, not the one that `s-maxage` implies, §5.2.2.8.
    pub proxy_revalidate: bool,
    /// `must-understand`, §5.2.2.3.
    pub must_understand: bool,
    /// `max-age`, §5.2.2.1; zero if it is malformed.
    pub max_age: Option<Duration>,
    /// `s-maxage`, §5.2.2.10; zero if it is malformed.
    pub s_maxage: Option<Duration>,
    /// `stale-while-revalidate`, RFC 5861 §3.
    pub stale_while_revalidate: Option<StaleWindow>,
    /// `stale-if-error`, RFC 5861 §4.
    pub stale_if_error: Option<Duration>,
    /// `immutable`, RFC 8246.
    pub immutable: bool,
    /// These come from a targeted field: then `Expires` counts for nothing either (RFC 9213 §2.2).
    pub targeted: bool,
}

impl ResponseDirectives {
    /// Reads the directives of the response whose fields these are.
    ///
    /// RFC 9213 §2.2: the first of the `targeted` fields that is present and valid decides alone.
    pub fn parse(headers: &HeaderMap, targeted: &[HeaderName]) -> Self {
        let targeted = targeted.iter().find_map(|name| targeted::parse(headers, name));
        targeted.unwrap_or_else(|| Self::untargeted(headers))
    }

    /// Whether any part of the response is for one user.
    pub fn is_private(&self) -> bool {
        self.private || !self.private_fields.is_empty()
    }

    /// Whether the origin, in so many words, forbids to use the response once it is stale.
    ///
    /// RFC 9111 §4.2.4: `no-cache`, `must-revalidate`, `proxy-revalidate` and, by §5.2.2.10,
    /// `s-maxage` do. The last is left to a switch: in Next's dialect it says no more than "keep this
    /// at the edge", and comes together with the stale window that it would forbid. In any case what
    /// allows it in so many words (RFC 5861) beats what is merely implied.
    pub fn forbids_stale(&self, s_maxage_forbids: bool) -> bool {
        let implied = s_maxage_forbids
            && self.s_maxage.is_some()
            && self.stale_while_revalidate.is_none()
            && self.stale_if_error.is_none();
        self.must_revalidate || self.proxy_revalidate || self.no_cache || implied
    }

    fn untargeted(headers: &HeaderMap) -> Self {
        let mut found = Self::default();
        for directive in directive::all(headers, &CACHE_CONTROL) {
            found.add(&directive);
        }
        found
    }

    /// RFC 9111 §5.2: names are case-insensitive, unknown directives are ignored.
    ///
    /// RFC 9111 §4.2.1: of a number that is given twice the first counts (or the response is stale:
    /// we choose the first, since an application and its framework often both say the same).
    fn add(&mut self, directive: &Directive<'_>) {
        let argument = directive.argument;
        let number = || argument.delta_seconds();
        // RFC 9111 §4.2.1: a response whose freshness information is invalid is best taken for
        // stale.
        let lifetime = || number().unwrap_or(Duration::ZERO);
        match directive.lower_name(&mut [0; directive::LONGEST]) {
            b"no-store" => self.no_store = true,
            b"no-cache" => fields(argument, &mut self.no_cache, &mut self.no_cache_fields),
            b"private" => fields(argument, &mut self.private, &mut self.private_fields),
            b"public" => self.public = true,
            b"must-revalidate" => self.must_revalidate = true,
            b"proxy-revalidate" => self.proxy_revalidate = true,
            b"must-understand" => self.must_understand = true,
            b"immutable" => self.immutable = true,
            b"max-age" => {
                self.max_age.get_or_insert_with(lifetime);
            }
            b"s-maxage" => {
                self.s_maxage.get_or_insert_with(lifetime);
            }
            b"stale-while-revalidate" => {
                self.stale_while_revalidate = self.stale_while_revalidate.or(match argument {
                    Argument::Absent => Some(StaleWindow::Unbounded),
                    _ => number().map(StaleWindow::For),
                });
            }
            b"stale-if-error" => self.stale_if_error = self.stale_if_error.or_else(number),
            _ => {}
        }
    }
}

/// A directive that may be limited to some fields. What is no list of names is no limit.
fn fields(argument: Argument<'_>, whole: &mut bool, fields: &mut Vec<HeaderName>) {
    match argument.field_names() {
        Some(names) => fields.extend(names),
        None => *whole = true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Switches;
    use http::HeaderValue;
    use proptest::prelude::*;

    pub(super) fn lines(name: HeaderName, lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(&name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        headers
    }

    fn parse(line: &str) -> ResponseDirectives {
        ResponseDirectives::parse(&lines(CACHE_CONTROL, &[line]), &[])
    }

    fn s(seconds: u64) -> Option<Duration> {
        Some(Duration::from_secs(seconds))
    }

    #[test]
    fn what_next_sends_is_understood() {
        let page = |s_maxage, stale_while_revalidate| ResponseDirectives {
            s_maxage: s(s_maxage),
            stale_while_revalidate,
            ..Default::default()
        };
        let window = |seconds| Some(StaleWindow::For(Duration::from_secs(seconds)));
        for (name, line, expected) in [
            ("ISR since 15", "s-maxage=60, stale-while-revalidate=3540", page(60, window(3540))),
            (
                "ISR up to 14",
                "s-maxage=60, stale-while-revalidate",
                page(60, Some(StaleWindow::Unbounded)),
            ),
            ("no revalidation", "s-maxage=31536000", page(31_536_000, None)),
            ("15.0 with a lifetime past the expiry", "s-maxage=60, ", page(60, None)),
            (
                "dynamic",
                "private, no-cache, no-store, max-age=0, must-revalidate",
                ResponseDirectives {
                    private: true,
                    no_cache: true,
                    no_store: true,
                    max_age: s(0),
                    must_revalidate: true,
                    ..Default::default()
                },
            ),
            (
                "a static asset",
                "public, max-age=31536000, immutable",
                ResponseDirectives {
                    public: true,
                    max_age: s(31_536_000),
                    immutable: true,
                    ..Default::default()
                },
            ),
        ] {
            assert_eq!(parse(line), expected, "{name}");
        }
    }

    #[test]
    fn only_a_whole_number_of_seconds_is_a_lifetime() {
        for (line, expected) in [
            ("max-age=60", s(60)),
            ("MaX-aGe=60", s(60)),
            ("max-age=\"60\"", s(60)),
            ("max-age=003600", s(3600)),
            ("max-age=99999999999", s(1 << 31)),
            ("max-age=60, max-age=1", s(60)),
            ("max-age=abc, max-age=60", s(0)),
            ("max-age", s(0)),
            ("max-age=", s(0)),
            ("max-age='60'", s(0)),
            ("max-age=\"60", s(0)),
            ("max-age=60\"", s(0)),
            ("max-age=-60", s(0)),
            ("max-age=60.0", s(0)),
            ("max-age=60a", s(0)),
            ("max-age =60", s(0)),
            ("max-age= 60", s(0)),
            ("max-age=60 public", s(0)),
            ("x=\"max-age=60\"", None),
            ("x=\"a, max-age=60\", max-age=1", s(1)),
            ("max-ages=60", None),
            (",,", None),
        ] {
            assert_eq!(parse(line).max_age, expected, "{line}");
        }
    }

    #[test]
    fn a_stale_window_needs_a_number_or_nothing_at_all() {
        for (line, expected) in [
            ("stale-while-revalidate", Some(StaleWindow::Unbounded)),
            ("stale-while-revalidate=9", Some(StaleWindow::For(Duration::from_secs(9)))),
            ("stale-while-revalidate=abc", None),
            ("stale-while-revalidate=", None),
            ("stale-while-revalidate =9", None),
        ] {
            assert_eq!(parse(line).stale_while_revalidate, expected, "{line}");
        }
        assert_eq!(parse("stale-if-error=9").stale_if_error, s(9));
        assert_eq!(parse("stale-if-error").stale_if_error, None);
    }

    #[test]
    fn a_prohibition_counts_however_it_is_written() {
        for line in ["no-store", "No-Store", "no-store=x", "no-store no-cache", "x=\"y, no-store"] {
            assert!(parse(line).no_store, "{line}");
        }
        for line in ["private", "private=\"\"", "private=\"a b\"", "private max-age=60"] {
            assert!(parse(line).private, "{line}");
        }
        let listed = parse("private=\"set-cookie\"");
        assert!(listed.is_private() && !listed.private);
        for line in ["no-cache", "no-cache=", "no-cache=\"\"", "no-cache no-transform"] {
            assert!(parse(line).no_cache, "{line}");
        }
        let qualified = parse("no-cache=\"set-cookie, x\", max-age=1");
        assert_eq!(qualified.no_cache_fields, ["set-cookie", "x"]);
        assert!(!qualified.no_cache);
        assert_eq!(qualified.max_age, s(1));
    }

    #[test]
    fn a_valid_targeted_field_alone_decides() {
        let ours = ["acme-cache-control", "cdn-cache-control"].map(HeaderName::from_static);
        let mut headers = lines(CACHE_CONTROL, &["no-store, max-age=1"]);
        headers.insert("cdn-cache-control", HeaderValue::from_static("max-age=60"));
        let read = |headers: &HeaderMap| {
            let directives = ResponseDirectives::parse(headers, &ours);
            (directives.no_store, directives.max_age)
        };
        assert_eq!(read(&headers), (false, s(60)));
        headers.insert("acme-cache-control", HeaderValue::from_static("max-age=70"));
        assert_eq!(read(&headers), (false, s(70)), "the more specific one");
        headers.insert("acme-cache-control", HeaderValue::from_static("max-age=7.5"));
        assert_eq!(read(&headers), (false, s(60)), "the next that can be read");
        headers.insert("cdn-cache-control", HeaderValue::from_static("max-age=60, &&&"));
        assert_eq!(read(&headers), (true, s(1)));
    }

    /// Bytes that a field value may have, most of them those that matter here.
    pub(super) fn field_value() -> impl Strategy<Value = HeaderValue> {
        let byte = prop_oneof![
            "[\\\\\", =]".prop_map(|text| text.as_bytes().to_vec()),
            "(s-maxage|max-age|no-store|no-cache|stale-if-error|stale-while-revalidate|public|x)(=[0-9])?,?"
                .prop_map(String::into_bytes),
            (0x80..=0xff_u8).prop_map(|byte| vec![byte]),
        ];
        proptest::collection::vec(byte, 0..12)
            .prop_map(|parts| HeaderValue::from_bytes(&parts.concat()).unwrap())
    }

    proptest! {
        #[test]
        fn no_value_is_too_strange_to_read(value in field_value()) {
            let mut headers = HeaderMap::new();
            headers.insert(CACHE_CONTROL, value.clone());
            headers.insert("cdn-cache-control", value);
            ResponseDirectives::parse(&headers, &Switches::default().targets);
            RequestDirectives::parse(&headers);
        }

        #[test]
        fn a_list_over_several_lines_is_one_list(
            members in proptest::collection::vec(
                "(Max-Age|s-maxage|no-store|no-cache|x|stale-while-revalidate)(=[0-9]{1,3}|=\"a, [0-9]\"|)", 0..6,
            ),
            cut in 0..6_usize,
        ) {
            let (first, second) = members.split_at(cut.min(members.len()));
            let over_two = lines(CACHE_CONTROL, &[&first.join(", "), &second.join(",")]);
            let on_one = lines(CACHE_CONTROL, &[&members.join(", ")]);
            prop_assert_eq!(ResponseDirectives::parse(&over_two, &[]), ResponseDirectives::parse(&on_one, &[]));
        }

        #[test]
        fn nothing_beside_it_hides_a_no_store(before in field_value(), after in field_value()) {
            let mut headers = HeaderMap::new();
            headers.append(CACHE_CONTROL, before);
            headers.append(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.append(CACHE_CONTROL, after);
            prop_assert!(ResponseDirectives::parse(&headers, &[]).no_store);
        }
    }
}
