//! How old a stored response is, and for how long it may be used (RFC 9111 §4.2, RFC 5861).
//!
//! # Invariants
//! - Growing older never makes a response more usable: `Fresh`, `Revalidatable`, `Expired`, never
//!   back.
//! - At `age == lifetime` a response is already stale (§4.2 compares with `>`).
//! - A heuristic lifetime (§4.2.2) is the operator's choice, and not the default: many answers of a
//!   Next.js server carry no `Cache-Control` because nobody thought of it.
//!
//! Not here: whether it may be stored ([`storable`](super::storable)), or answers a request
//! ([`vary`](super::vary)).

use std::time::Duration;

use http::header::{AGE, DATE, EXPIRES, LAST_MODIFIED};
use http::{HeaderMap, StatusCode};

use super::cache_control::{ResponseDirectives, StaleWindow};
use super::date::{Span, Timestamp, parse_http_date};
use super::{Rules, delta_seconds, list};

/// A stale window that nothing outlives: 2³¹ seconds.
pub const FOREVER: Duration = delta_seconds::MAX;

/// An HTTP date names a whole second; the moment that was meant may be up to this much later.
const WITHIN_THE_SECOND: Duration = Duration::from_millis(999);

/// How long a stored response may be used, and for what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Freshness {
    /// When the origin generated it, so far as we can tell.
    pub born: Timestamp,
    /// For how long from then it is fresh.
    pub lifetime: Span,
    /// What says so.
    pub lifetime_by: LifetimeBy,
    /// For how long after that it may be served while it is renewed; zero if not at all.
    pub stale_while_revalidate: Span,
    /// For how long after its lifetime it may be served if the origin fails; zero if not at all.
    pub stale_if_error: Span,
    /// Whether the origin forbids to serve it stale, whatever else is said.
    pub forbids_stale: bool,
    /// Whether each use is to be validated (`no-cache`), however fresh it is.
    pub validates_always: bool,
}

/// What says for how long a response is fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LifetimeBy {
    /// `s-maxage`, of `Cache-Control` or of a targeted field.
    SMaxAge,
    /// `max-age`, likewise.
    MaxAge,
    /// `Expires`
    Expires,
    /// Nothing: it is guessed (RFC 9111 §4.2.2).
    Heuristic,
    /// Nothing; and it is validated each time (`no-cache`).
    NoCache,
    /// Its name, which is another for another content.
    Immutable,
}

impl LifetimeBy {
    /// As a log tells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SMaxAge => "s-maxage",
            Self::MaxAge => "max-age",
            Self::Expires => "expires",
            Self::Heuristic => "heuristic",
            Self::NoCache => "no-cache",
            Self::Immutable => "immutable",
        }
    }
}

/// What a stored response may be used for at some moment; the later, the less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// For any request.
    Fresh,
    /// For any request, but it must be renewed meanwhile.
    Revalidatable,
    /// Only once the origin has validated it.
    Expired,
}

impl Freshness {
    /// Its current age (RFC 9111 §4.2.3).
    pub fn age(&self, now: Timestamp) -> Duration {
        now.saturating_since(self.born)
    }

    /// The seconds for which it stays fresh; negative once it is stale (RFC 9211 §2.4).
    pub fn ttl(&self, now: Timestamp) -> i64 {
        let left = millis(self.lifetime.duration()).saturating_sub(millis(self.age(now)));
        left.div_euclid(1000)
    }

    /// What it may be used for.
    pub fn at(&self, now: Timestamp) -> Use {
        // RFC 9111 §5.2.2.4.
        if self.validates_always {
            return Use::Expired;
        }
        let (age, lifetime) = (self.age(now), self.lifetime.duration());
        // RFC 9111 §4.2: fresh is what has a lifetime greater than its age.
        if age < lifetime {
            return Use::Fresh;
        }
        // RFC 5861 §3: the window begins where freshness ends. A lifetime of zero may have one too.
        if age < lifetime.saturating_add(self.stale_while_revalidate.duration()) {
            return Use::Revalidatable;
        }
        Use::Expired
    }

    /// Whether it may answer a request that the origin failed to answer (RFC 5861 §4).
    pub fn usable_on_error(&self, now: Timestamp) -> bool {
        // A failed validation is not a successful one.
        if self.validates_always {
            return false;
        }
        let window = self.lifetime.duration().saturating_add(self.stale_if_error.duration());
        self.age(now) < window || self.at(now) != Use::Expired
    }
}

/// Milliseconds, signed, so that they can be subtracted.
fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The freshness of a response that was asked for at `request_time` and came at `response_time`;
/// `None` if it does not say for how long it is fresh, and that is not to be guessed.
pub fn freshness(
    directives: &ResponseDirectives,
    status: StatusCode,
    headers: &HeaderMap,
    request_time: Timestamp,
    response_time: Timestamp,
    rules: &Rules,
) -> Option<Freshness> {
    let guessed = || {
        let guess = heuristic_lifetime(directives, status, headers, response_time);
        let guess = guess.filter(|_| rules.switches.heuristic_freshness);
        guess.map(|guess| (guess, LifetimeBy::Heuristic))
    };
    // Without any lifetime, each use of what is validated each time is as good as the first.
    let none = directives.no_cache.then_some((Duration::ZERO, LifetimeBy::NoCache));
    let said = explicit_lifetime(directives, headers, response_time);
    let (lifetime, lifetime_by) = said.or_else(guessed).or(none)?;
    let forbids_stale = directives.forbids_stale(rules.switches.s_maxage_forbids_stale);
    let age = corrected_initial_age(headers, request_time, response_time);
    // An age from before 1970, where time begins, comes off the lifetime instead.
    let unnamed = age.saturating_sub(response_time.saturating_since(Timestamp::default()));
    Some(Freshness {
        born: response_time.saturating_sub(age),
        lifetime: Span::of(lifetime.saturating_sub(unnamed)),
        lifetime_by,
        stale_while_revalidate: Span::of(stale_while_revalidate(directives, forbids_stale)),
        stale_if_error: Span::of(stale_if_error(directives, forbids_stale, rules)),
        forbids_stale,
        validates_always: directives.no_cache,
    })
}

/// RFC 9111 §4.2.1: for a shared cache `s-maxage` comes first, then `max-age`, then `Expires`.
pub fn explicit_lifetime(
    directives: &ResponseDirectives,
    headers: &HeaderMap,
    response_time: Timestamp,
) -> Option<(Duration, LifetimeBy)> {
    let s_maxage = directives.s_maxage.map(|lifetime| (lifetime, LifetimeBy::SMaxAge));
    let max_age = || directives.max_age.map(|lifetime| (lifetime, LifetimeBy::MaxAge));
    // RFC 9213 §2.2: beside a targeted field, `Expires` is ignored.
    let expires = || expires(headers, response_time).filter(|_| !directives.targeted);
    s_maxage.or_else(max_age).or_else(|| Some((expires()?, LifetimeBy::Expires)))
}

/// RFC 9111 §4.2.2: a tenth of the time since the response was last modified, if its status is one
/// that RFC 9110 §15.1 lets be guessed at, or it is marked `public`.
fn heuristic_lifetime(
    directives: &ResponseDirectives,
    status: StatusCode,
    headers: &HeaderMap,
    response_time: Timestamp,
) -> Option<Duration> {
    if !directives.public && !HEURISTICALLY_CACHEABLE.contains(&status.as_u16()) {
        return None;
    }
    let date = single_date(headers, &DATE).unwrap_or(response_time);
    let modified = single_date(headers, &LAST_MODIFIED)?;
    Some((date.saturating_since(modified) / 10).min(LONGEST_GUESS))
}

/// RFC 9110 §15.1, without 206: a part is stored only where it says for how long.
const HEURISTICALLY_CACHEABLE: [u16; 11] = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];

/// What has not changed for years may change tomorrow.
const LONGEST_GUESS: Duration = Duration::from_secs(24 * 60 * 60);

/// RFC 9111 §4.2.1: `Expires` minus `Date`. §5.3: an invalid one, `0` above all, is a time in the
/// past; so are two, since no list of dates is a date.
fn expires(headers: &HeaderMap, response_time: Timestamp) -> Option<Duration> {
    if !headers.contains_key(EXPIRES) {
        return None;
    }
    // RFC 9110 §6.6.1: a response without a valid date is dated by its receipt.
    let date = single_date(headers, &DATE).unwrap_or(response_time);
    let lifetime = single_date(headers, &EXPIRES).map(|expires| expires.saturating_since(date));
    Some(lifetime.unwrap_or_default().min(delta_seconds::MAX))
}

/// The date in the field `name`, if it has one line and this is a date.
pub(super) fn single_date(headers: &HeaderMap, name: &http::HeaderName) -> Option<Timestamp> {
    let mut lines = headers.get_all(name).iter();
    let (line, None) = (lines.next()?, lines.next()) else {
        return None;
    };
    parse_http_date(line.as_bytes())
}

/// How old a response is when it arrives (RFC 9111 §4.2.3).
///
/// The greater of two estimates: what its `Date` proves, and what the caches on its way counted
/// together with the time that it took to get here.
pub fn corrected_initial_age(
    headers: &HeaderMap,
    request_time: Timestamp,
    response_time: Timestamp,
) -> Duration {
    // §4.2.3 reckons in whole seconds. We do not, and must not take the fraction that `Date` lacks
    // for age.
    let apparent_age = single_date(headers, &DATE)
        .map(|date| response_time.saturating_since(date.saturating_add(WITHIN_THE_SECOND)));
    let response_delay = response_time.saturating_since(request_time);
    let corrected_age = age_value(headers).saturating_add(response_delay);
    corrected_age.max(apparent_age.unwrap_or_default())
}

/// RFC 9111 §5.1: of several values the first counts, and one that is no number of seconds is
/// ignored.
fn age_value(headers: &HeaderMap) -> Duration {
    let first = headers.get(AGE).and_then(|line| list::members(line.as_bytes()).next());
    first.and_then(delta_seconds::parse).unwrap_or_default()
}

/// RFC 5861 §3, under RFC 9111 §4.2.4: not where the origin forbids stale responses.
///
/// By the letter `s-maxage` forbids them too (§5.2.2.10). An explicit window beside it beats that:
/// "for shared caches so long, and then so long stale" is what Next.js means, and every CDN does.
fn stale_while_revalidate(directives: &ResponseDirectives, forbids_stale: bool) -> Duration {
    match directives.stale_while_revalidate {
        _ if forbids_stale => Duration::ZERO,
        None => Duration::ZERO,
        Some(StaleWindow::For(window)) => window,
        Some(StaleWindow::Unbounded) => FOREVER,
    }
}

/// RFC 5861 §4, under RFC 9111 §4.2.4: not where the origin forbids stale responses. What it says
/// itself comes first, `stale-if-error=0` included; then the operator's default.
///
/// Whether `s-maxage` alone forbids it is a switch, see [`ResponseDirectives::forbids_stale`].
fn stale_if_error(directives: &ResponseDirectives, forbids_stale: bool, rules: &Rules) -> Duration {
    if forbids_stale {
        return Duration::ZERO;
    }
    directives.stale_if_error.unwrap_or(rules.stale_if_error)
}

#[cfg(test)]
mod tests;
