//! The directives of a request.

use std::time::Duration;

use http::HeaderMap;
use http::header::{CACHE_CONTROL, PRAGMA};

use super::StaleWindow;
use super::directive::{self, Argument, Directive};

/// The directives of a request (RFC 9111 §5.2.1).
///
/// By default none of them counts: a reload button is no reason to render a page that is fresh, and
/// any visitor could otherwise have every page rendered again and again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestDirectives {
    /// `no-store`, §5.2.1.5.
    pub no_store: bool,
    /// `no-cache`, §5.2.1.4.
    pub no_cache: bool,
    /// `only-if-cached`, §5.2.1.7.
    pub only_if_cached: bool,
    /// `max-age`, §5.2.1.1: no response older than this.
    pub max_age: Option<Duration>,
    /// `min-fresh`, §5.2.1.3: only a response that stays fresh this long.
    pub min_fresh: Option<Duration>,
    /// `max-stale`, §5.2.1.2: a response that went stale no longer ago than this will do.
    pub max_stale: Option<StaleWindow>,
}

impl RequestDirectives {
    /// Reads the directives of the request whose fields these are. Malformed ones are ignored.
    ///
    /// RFC 9111 §5.4: `Pragma: no-cache` counts as `no-cache`, but only where there is no
    /// `Cache-Control`.
    pub fn parse(headers: &HeaderMap) -> Self {
        let mut found = Self::default();
        if headers.contains_key(CACHE_CONTROL) {
            directive::all(headers, &CACHE_CONTROL).for_each(|directive| found.add(&directive));
        } else {
            found.no_cache = directive::all(headers, &PRAGMA).any(|pragma| pragma.is("no-cache"));
        }
        found
    }

    /// Whether they say nothing that a cache acts on.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn add(&mut self, directive: &Directive<'_>) {
        let number = || directive.argument.delta_seconds();
        match directive.lower_name(&mut [0; directive::LONGEST]) {
            b"no-store" => self.no_store = true,
            b"no-cache" => self.no_cache = true,
            b"only-if-cached" => self.only_if_cached = true,
            b"max-age" => self.max_age = self.max_age.or_else(number),
            b"min-fresh" => self.min_fresh = self.min_fresh.or_else(number),
            b"max-stale" => {
                // §5.2.1.2: without a value, a response of any age will do.
                self.max_stale = self.max_stale.or(match directive.argument {
                    Argument::Absent => Some(StaleWindow::Unbounded),
                    _ => number().map(StaleWindow::For),
                });
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::lines;
    use super::*;

    #[test]
    fn a_request_is_understood() {
        let s = |seconds| Some(Duration::from_secs(seconds));
        let none = RequestDirectives::default;
        for (line, expected) in [
            ("no-cache", RequestDirectives { no_cache: true, ..none() }),
            ("max-age=0", RequestDirectives { max_age: s(0), ..none() }),
            ("max-age=abc", none()),
            ("Min-Fresh=5", RequestDirectives { min_fresh: s(5), ..none() }),
            ("max-stale", RequestDirectives { max_stale: Some(StaleWindow::Unbounded), ..none() }),
            ("max-stale=5", RequestDirectives { max_stale: s(5).map(StaleWindow::For), ..none() }),
            ("max-stale=abc", none()),
            (
                "no-store, only-if-cached",
                RequestDirectives { no_store: true, only_if_cached: true, ..none() },
            ),
        ] {
            assert_eq!(
                RequestDirectives::parse(&lines(CACHE_CONTROL, &[line])),
                expected,
                "{line}"
            );
        }
    }

    #[test]
    fn pragma_counts_only_without_cache_control() {
        let mut headers = lines(PRAGMA, &["x, No-Cache"]);
        assert!(RequestDirectives::parse(&headers).no_cache);
        headers.extend(lines(CACHE_CONTROL, &["max-age=9"]));
        assert!(!RequestDirectives::parse(&headers).no_cache);
    }
}
