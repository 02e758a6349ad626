//! May this response be stored, and if not, why? (RFC 9111 §3)
//!
//! # Invariants
//! - What may be stored says for how long it is fresh.
//! - A directive or field that forbids storing is never outweighed by one that allows it, with the
//!   one exception that RFC 9213 makes: a valid `CDN-Cache-Control` speaks instead of
//!   `Cache-Control`.
//!
//! Not here: what only Next.js means by its answers (`next`), and limits of size (`cache`).

use http::header::{AUTHORIZATION, SET_COOKIE};
use http::{HeaderMap, Method, StatusCode};

use super::cache_control::ResponseDirectives;
use super::date::Timestamp;
use super::freshness::{Freshness, Use, freshness};
use super::{Rules, validate, vary};

/// A request and its answer.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// The request's method.
    pub method: &'a Method,
    /// The request's fields.
    pub request: &'a HeaderMap,
    /// The answer's status.
    pub status: StatusCode,
    /// The answer's fields.
    pub response: &'a HeaderMap,
    /// When the request was sent to the origin.
    pub request_time: Timestamp,
    /// When the answer's fields had arrived.
    pub response_time: Timestamp,
}

/// Why a response may not be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotStorable {
    /// The request was not a GET.
    Method,
    /// The status is not final, has a meaning only for the request that it answers, or must be
    /// understood and is not.
    Status,
    /// A part of a representation (206): we store whole ones.
    PartialContent,
    /// `no-store`.
    NoStore,
    /// `private`.
    Private,
    /// `no-cache`, for the whole response or for some fields.
    NoCache,
    /// It sets a cookie, which is one visitor's.
    SetCookie,
    /// The request carried credentials, and the response does not say that it may be shared all the
    /// same.
    Authorization,
    /// `Vary: *`: no other request will match.
    VaryAny,
    /// It does not say for how long it is fresh.
    NoExplicitFreshness,
    /// It is stale at once, has no stale window, and cannot be validated.
    NeverFresh,
}

impl NotStorable {
    /// The token that stands for it in the detail of `Cache-Status`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Status => "status",
            Self::PartialContent => "partial-content",
            Self::NoStore => "no-store",
            Self::Private => "private",
            Self::NoCache => "no-cache",
            Self::SetCookie => "set-cookie",
            Self::Authorization => "authorization",
            Self::VaryAny => "vary-any",
            Self::NoExplicitFreshness => "no-explicit-freshness",
            Self::NeverFresh => "never-fresh",
        }
    }
}

/// Whether the answer may be stored, and with which freshness.
///
/// The request's own `no-store` (RFC 9111 §5.2.1.5) is not heeded: what a visitor sends must not
/// empty or starve a cache that all share. Nothing of the request is stored but the fields that
/// select the response.
pub fn storable(exchange: &Exchange<'_>, rules: &Rules) -> Result<Freshness, NotStorable> {
    // §3: the method is understood. Only GET here; HEAD has nothing to store, POST needs more than
    // it gives.
    if exchange.method != Method::GET {
        return Err(NotStorable::Method);
    }
    check_status(exchange.status)?;
    let directives = ResponseDirectives::parse(exchange.response);
    check_directives(&directives, exchange.status)?;
    // Before what lies in this very request: whoever asks why should hear what is true for all.
    let freshness = check_freshness(exchange, &directives, rules)?;
    // §7.3: Set-Cookie does not keep a response from being stored. With us it does: Next.js puts
    // cookies on `s-maxage` pages (middleware, bogus draft cookies), and no visitor may get
    // another's session.
    if exchange.response.contains_key(SET_COOKIE) {
        return Err(NotStorable::SetCookie);
    }
    if !may_be_shared(exchange.request, &directives) {
        return Err(NotStorable::Authorization);
    }
    // §4.1: a stored response with `Vary: *` never matches.
    if vary::is_any(exchange.response) {
        return Err(NotStorable::VaryAny);
    }
    Ok(freshness)
}

/// §3: the status is final. Each final one may be stored if it says for how long, save 206 and 304,
/// which must be understood as what they are: part of a representation, and news about a stored
/// one.
fn check_status(status: StatusCode) -> Result<(), NotStorable> {
    if status.is_informational() || status == StatusCode::NOT_MODIFIED {
        return Err(NotStorable::Status);
    }
    if status == StatusCode::PARTIAL_CONTENT {
        return Err(NotStorable::PartialContent);
    }
    Ok(())
}

fn check_directives(
    directives: &ResponseDirectives,
    status: StatusCode,
) -> Result<(), NotStorable> {
    // §5.2.2.5. With `must-understand` we might ignore it for a status that we know (§5.2.2.3);
    // "never store on no-store" is the simpler promise, and §5.2.2.3 says only that a cache SHOULD.
    if directives.no_store {
        return Err(NotStorable::NoStore);
    }
    // §5.2.2.7. With a list of fields, a cache may store the others; many treat it as if it had
    // none, and so do we.
    if directives.private {
        return Err(NotStorable::Private);
    }
    // §5.2.2.4: to be validated each time it is used; with a list of fields, see `private`. It
    // could be stored for that, at the price of one origin request for each use either way.
    if directives.no_cache || directives.no_cache_fields {
        return Err(NotStorable::NoCache);
    }
    // §3: with `must-understand`, only where the status is understood.
    if directives.must_understand && !is_understood(status) {
        return Err(NotStorable::Status);
    }
    Ok(())
}

/// Whether the status is one that RFC 9110 §15 defines, and has no rules for caches that we lack.
fn is_understood(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        200..=205 | 300..=305 | 307 | 308 | 400..=417 | 421 | 422 | 426 | 500..=505
    )
}

/// RFC 9111 §3.5: credentials bar sharing, unless the response allows it in one of three ways.
pub fn may_be_shared(request: &HeaderMap, directives: &ResponseDirectives) -> bool {
    !request.contains_key(AUTHORIZATION)
        || directives.public
        || directives.must_revalidate
        || directives.s_maxage.is_some()
}

/// §3 asks for explicit freshness or a status that allows to guess; we do not guess. What could
/// never be used, fresh, stale or validated, is not worth its room.
fn check_freshness(
    exchange: &Exchange<'_>,
    directives: &ResponseDirectives,
    rules: &Rules,
) -> Result<Freshness, NotStorable> {
    let Exchange { response, request_time, response_time, .. } = *exchange;
    let freshness = freshness(directives, response, request_time, response_time, rules)
        .ok_or(NotStorable::NoExplicitFreshness)?;
    // The operator's default window for errors is no reason to store: the origin did not ask for
    // it.
    let for_errors =
        directives.stale_if_error.is_some() && freshness.usable_on_error(response_time);
    let usable = freshness.at(response_time) != Use::Expired || for_errors;
    if usable || validate::has_validator(response) {
        Ok(freshness)
    } else {
        Err(NotStorable::NeverFresh)
    }
}

#[cfg(test)]
mod tests;
