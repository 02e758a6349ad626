//! What to do with a stored response that matches a request (RFC 9111 §4).

use std::time::Duration;

use super::cache_control::{RequestDirectives, StaleWindow};
use super::date::Timestamp;
use super::freshness::{Freshness, Use};

/// How a request is to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// From the store, and that is all.
    Serve,
    /// From the store, while one request in the background renews it (RFC 5861 §3).
    ServeStale,
    /// By the origin, which is asked whether the stored response is still good (RFC 9111 §4.3).
    Validate(ForwardReason),
    /// By the origin.
    Forward(ForwardReason),
}

/// Why a request went to the origin (RFC 9211 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardReason {
    /// The cache was configured not to handle this request.
    Bypass,
    /// The semantics of the request's method require it.
    Method,
    /// Nothing is stored for its URI.
    UriMiss,
    /// What is stored for its URI was selected by other request fields.
    VaryMiss,
    /// What is stored is fresh, but the request's own directives forbid to use it.
    Request,
    /// What is stored is stale.
    Stale,
    /// What is stored is a part, and not the one that was asked for.
    Partial,
}

impl ForwardReason {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Bypass,
        Self::Method,
        Self::UriMiss,
        Self::VaryMiss,
        Self::Request,
        Self::Stale,
        Self::Partial,
    ];

    /// The token that stands for it in `Cache-Status`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bypass => "bypass",
            Self::Method => "method",
            Self::UriMiss => "uri-miss",
            Self::VaryMiss => "vary-miss",
            Self::Request => "request",
            Self::Stale => "stale",
            Self::Partial => "partial",
        }
    }
}

/// Decides what to do at `now` with the stored response whose freshness this is.
///
/// RFC 9111 §4: a stored response may be used if it is fresh, if it may be served stale, or once it
/// was validated.
pub fn decide(freshness: &Freshness, now: Timestamp) -> Decision {
    match freshness.at(now) {
        Use::Fresh => Decision::Serve,
        Use::Revalidatable => Decision::ServeStale,
        Use::Expired => Decision::Validate(ForwardReason::Stale),
    }
}

/// The same for a request whose own directives count (RFC 9111 §5.2.1).
pub fn decide_for(request: &RequestDirectives, freshness: &Freshness, now: Timestamp) -> Decision {
    let decision = decide(freshness, now);
    if is_refused(request, freshness, now) {
        return match decision {
            Decision::Serve | Decision::ServeStale => Decision::Validate(ForwardReason::Request),
            other => other,
        };
    }
    match decision {
        Decision::Validate(_) if is_stale_enough(request, freshness, now) => Decision::Serve,
        decision => decision,
    }
}

/// §5.2.1.4, §5.2.1.1 and §5.2.1.3.
fn is_refused(request: &RequestDirectives, freshness: &Freshness, now: Timestamp) -> bool {
    let age = freshness.age(now);
    // §5.2.1.1: `max-stale` beside `max-age` widens it.
    let widened = |max: Duration| match request.max_stale {
        None => max,
        Some(StaleWindow::For(window)) => max.saturating_add(window),
        Some(StaleWindow::Unbounded) => Duration::MAX,
    };
    let too_old = request.max_age.is_some_and(|max| age > widened(max));
    let soon_stale = request
        .min_fresh
        .is_some_and(|fresh| freshness.lifetime.duration() < age.saturating_add(fresh));
    request.no_cache || soon_stale || too_old
}

/// §5.2.1.2: stale, but no longer than the client puts up with, and not against the origin's word.
fn is_stale_enough(request: &RequestDirectives, freshness: &Freshness, now: Timestamp) -> bool {
    let staleness = freshness.age(now).saturating_sub(freshness.lifetime.duration());
    let accepted = match request.max_stale {
        None => false,
        Some(StaleWindow::Unbounded) => true,
        Some(StaleWindow::For(window)) => staleness <= window,
    };
    accepted && !freshness.forbids_stale
}

#[cfg(test)]
mod tests {
    use super::super::date::Span;
    use super::super::freshness::LifetimeBy;
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_page_is_served_then_renewed_then_validated() {
        let s = Duration::from_secs;
        let born = Timestamp::from_secs(1000);
        let page = Freshness {
            born,
            lifetime: Span::of(s(60)),
            lifetime_by: LifetimeBy::SMaxAge,
            stale_while_revalidate: Span::of(s(30)),
            stale_if_error: Span::of(s(900)),
            forbids_stale: false,
            validates_always: false,
        };
        for (age, expected) in [
            (0, Decision::Serve),
            (59, Decision::Serve),
            (60, Decision::ServeStale),
            (89, Decision::ServeStale),
            (90, Decision::Validate(ForwardReason::Stale)),
        ] {
            assert_eq!(decide(&page, born.saturating_add(s(age))), expected, "{age} s");
        }
    }
}
