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
use http::{HeaderMap, HeaderName, Method, StatusCode};

use super::cache_control::{RequestDirectives, ResponseDirectives};
use super::date::Timestamp;
use super::freshness::{Freshness, Use, explicit_lifetime, freshness};
use super::{Rules, Switches, partial, validate, vary};

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
    /// The request was not a GET, nor a POST whose answer is the resource itself.
    Method,
    /// The status is not final, has a meaning only for the request that it answers, or must be
    /// understood and is not.
    Status,
    /// A part of a representation (206), and we store whole ones, or one that is not said which.
    PartialContent,
    /// `no-store`.
    NoStore,
    /// `private`.
    Private,
    /// `no-cache`, for the whole response or for some fields, and it is not to be validated each
    /// time or cannot be.
    NoCache,
    /// It sets a cookie, which is one visitor's.
    SetCookie,
    /// The request carried credentials, and the response does not say that it may be shared all the
    /// same.
    Authorization,
    /// The request's own `no-store`.
    RequestNoStore,
    /// `Vary: *`: no other request will match.
    VaryAny,
    /// It does not say for how long it is fresh.
    NoExplicitFreshness,
    /// It is stale at once, has no stale window, and cannot be validated.
    NeverFresh,
}

impl NotStorable {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Method,
        Self::Status,
        Self::PartialContent,
        Self::NoStore,
        Self::Private,
        Self::NoCache,
        Self::SetCookie,
        Self::Authorization,
        Self::RequestNoStore,
        Self::VaryAny,
        Self::NoExplicitFreshness,
        Self::NeverFresh,
    ];

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
            Self::RequestNoStore => "request-no-store",
            Self::VaryAny => "vary-any",
            Self::NoExplicitFreshness => "no-explicit-freshness",
            Self::NeverFresh => "never-fresh",
        }
    }
}

/// Whether the answer may be stored, and with which freshness.
///
/// Whether the request's own `no-store` (RFC 9111 §5.2.1.5) is heeded is a switch: what a visitor
/// sends must not empty or starve a cache that all share. Nothing of the request is stored but the
/// fields that select the response.
///
/// Whether the answer to a POST may be stored depends on its `Content-Location` too, which is for
/// the caller to compare.
pub fn storable(exchange: &Exchange<'_>, rules: &Rules) -> Result<Freshness, NotStorable> {
    let switches = &rules.switches;
    check_method(exchange.method, switches)?;
    check_status(exchange.status, exchange.response, switches)?;
    let directives = ResponseDirectives::parse(exchange.response, &switches.targets);
    check_directives(&directives, exchange, switches)?;
    // Before what lies in this very request: whoever asks why should hear what is true for all.
    let freshness = check_freshness(exchange, &directives, rules)?;
    // §7.3: Set-Cookie does not keep a response from being stored. With us it does, unless the
    // operator says otherwise: Next.js puts cookies on `s-maxage` pages (middleware, bogus draft
    // cookies), and no visitor may get another's session.
    if exchange.response.contains_key(SET_COOKIE) && !switches.store_set_cookie {
        return Err(NotStorable::SetCookie);
    }
    if !may_be_shared(exchange.request, &directives) {
        return Err(NotStorable::Authorization);
    }
    if switches.request_directives && RequestDirectives::parse(exchange.request).no_store {
        return Err(NotStorable::RequestNoStore);
    }
    // §4.1: a stored response with `Vary: *` never matches.
    if vary::is_any(exchange.response) {
        return Err(NotStorable::VaryAny);
    }
    Ok(freshness)
}

/// §3: the method is understood. HEAD has nothing to store; a POST's answer is for a GET where it
/// says so itself (RFC 9110 §9.3.3).
fn check_method(method: &Method, switches: &Switches) -> Result<(), NotStorable> {
    match *method {
        Method::GET => Ok(()),
        Method::POST if switches.store_post => Ok(()),
        _ => Err(NotStorable::Method),
    }
}

/// §3: the status is final. Each final one may be stored if it says for how long, save 206 and 304,
/// which must be understood as what they are: part of a representation, and news about a stored
/// one.
fn check_status(
    status: StatusCode,
    response: &HeaderMap,
    switches: &Switches,
) -> Result<(), NotStorable> {
    if status.is_informational() || status == StatusCode::NOT_MODIFIED {
        return Err(NotStorable::Status);
    }
    let may_be_stored = || switches.store_partial && partial::says_which(response);
    if status == StatusCode::PARTIAL_CONTENT && !may_be_stored() {
        return Err(NotStorable::PartialContent);
    }
    Ok(())
}

fn check_directives(
    directives: &ResponseDirectives,
    exchange: &Exchange<'_>,
    switches: &Switches,
) -> Result<(), NotStorable> {
    // §3 and §5.2.2.3: with `must-understand` the status decides: `no-store` beside it is for caches
    // that do not know it.
    let is_understood = is_understood(exchange.status);
    if directives.must_understand && !is_understood {
        return Err(NotStorable::Status);
    }
    // §5.2.2.5.
    if directives.no_store && !directives.must_understand {
        return Err(NotStorable::NoStore);
    }
    // §5.2.2.7. With a list of fields, a cache may store the others; many treat it as if it had
    // none, and by default so do we.
    if directives.private || directives.is_private() && !switches.store_no_cache {
        return Err(NotStorable::Private);
    }
    // §5.2.2.4: to be validated each time it is used; with a list of fields, see `private`. Next.js
    // gives the same entity tag to what two users see differently often enough.
    let validated = switches.store_no_cache && validate::has_validator(exchange.response);
    if directives.no_cache && !validated {
        return Err(NotStorable::NoCache);
    }
    if !directives.no_cache_fields.is_empty() && !switches.store_no_cache {
        return Err(NotStorable::NoCache);
    }
    Ok(())
}

/// The fields that a stored response must not give to others: those that `private` or `no-cache`
/// lists (RFC 9111 §5.2.2.4, §5.2.2.7).
pub fn withheld(response: &HeaderMap, switches: &Switches) -> Vec<HeaderName> {
    let directives = ResponseDirectives::parse(response, &switches.targets);
    let mut names = directives.no_cache_fields;
    names.extend(directives.private_fields);
    names
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
    let Exchange { status, response, request_time, response_time, .. } = *exchange;
    // RFC 9110 §9.3.3: the answer to a POST only where it says so itself.
    let is_said = || explicit_lifetime(directives, response, response_time).is_some();
    if exchange.method == Method::POST && !is_said() {
        return Err(NotStorable::NoExplicitFreshness);
    }
    let freshness = freshness(directives, status, response, request_time, response_time, rules)
        .ok_or(NotStorable::NoExplicitFreshness)?;
    // The operator's default window for errors is no reason to store: the origin did not ask for
    // it.
    let for_errors =
        directives.stale_if_error.is_some() && freshness.usable_on_error(response_time);
    // §5.2.1.2: a client that puts up with stale responses may come.
    let for_max_stale = rules.switches.request_directives && !freshness.forbids_stale;
    let usable = freshness.at(response_time) != Use::Expired || for_errors || for_max_stale;
    if usable || validate::has_validator(response) {
        Ok(freshness)
    } else {
        Err(NotStorable::NeverFresh)
    }
}

#[cfg(test)]
mod tests;
