//! From an origin's answer to what is kept and what clients see of it.
//!
//! The rules stand in `policy` and `next`; here they are asked in order.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, AGE, CACHE_CONTROL, CACHE_STATUS, DATE, TRAILER};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};

use super::reason::Unstored;
use super::respond;
use super::settings::Settings;
use crate::config::ClientCacheControl;
use crate::layer::introduce;
use crate::next::assets::Kind;
use crate::next::verdict::{self, NEXT_CACHE, Unfit};
use crate::next::{assets, bridge};
use crate::policy::cache_control::{self, ResponseDirectives};
use crate::policy::date::{Span, Timestamp, format_http_date, parse_http_date};
use crate::policy::freshness::{FOREVER, Freshness, LifetimeBy, corrected_initial_age};
use crate::policy::storable::{Exchange, NotStorable, may_be_shared, storable, withheld};
use crate::policy::vary::Selecting;
use crate::policy::{Rules, Switches, coding, content_length, status, validate};
use crate::store::{Head, Rare, StoredResponse, UntilStored};

/// A request's head, for what is to be done once it has gone to the origin.
pub(super) fn head_of<B>(request: &Request<B>) -> Parts {
    let mut copy = Request::new(());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    copy.into_parts().0
}

/// A request and its answer, with the times of both.
pub(super) struct Answer<'a> {
    pub(super) request: &'a Parts,
    pub(super) request_time: Timestamp,
    pub(super) response: &'a http::response::Parts,
    pub(super) response_time: Timestamp,
}

/// Decides whether an answer is stored, and prepares its head if so.
pub(super) fn head(answer: &Answer<'_>, settings: &Settings) -> Result<Head, Unstored> {
    let Some((unpinned, pins)) = settings.unpinned(answer.response) else {
        return head_for_all(answer, settings);
    };
    let mut head = head_for_all(&Answer { response: &unpinned, ..*answer }, settings)?;
    respond::append_all(head.until_stored.withheld.get_or_insert_default(), &pins);
    Ok(head)
}

fn head_for_all(answer: &Answer<'_>, settings: &Settings) -> Result<Head, Unstored> {
    let Answer { request, response, .. } = answer;
    // A request without a class was never looked up either.
    let class = settings.class(&request.headers);
    let class = class.map_err(|_| Unstored::Next(Unfit::ClassMismatch))?;
    let asset = settings.asset(request.uri.path());
    if !settings.rules.switches.store_failures && verdict::is_failure(response.status) {
        return Err(Unstored::Next(Unfit::Failure));
    }
    if settings.next.enabled {
        verdict::fits(&class, asset.is_some(), response.status, &response.headers)
            .map_err(Unstored::Next)?;
    }
    if settings.is_of_an_old_build(&response.headers) && asset.is_none() {
        return Err(Unstored::Next(Unfit::OtherBuild));
    }
    let freshness = freshness(answer, asset, &settings.rules)?;
    let prerendered = settings.next.enabled && verdict::is_prerendered(&response.headers);
    let is_for_all_codings = settings.is_for_all_codings(&response.headers);
    let settled = |name: &_| {
        settings.next.enabled && verdict::is_settled(name, prerendered)
            || is_for_all_codings && *name == ACCEPT_ENCODING
    };
    let selecting =
        Selecting::new(&response.headers, &request.headers, &settings.rules.switches, settled)
            .map_err(|_| Unstored::Policy(NotStorable::VaryAny))?;
    if selecting.names().any(introduce::tells_of_client) {
        return Err(Unstored::SelectedByClient);
    }
    if content_length(&response.headers).is_some_and(|length| length > settings.cache.max_entry) {
        return Err(Unstored::TooLarge);
    }
    let mut head = Head {
        status: response.status,
        headers: stored_headers(answer),
        freshness,
        generated: generated(answer),
        selecting,
        tags: settings.tags(request.uri.path(), &response.headers).into(),
        variance: settings.variance(&response.headers),
        rare: Rare::default(),
        until_stored: UntilStored {
            codable: settings.codable(response.status, &response.headers),
            ..UntilStored::default()
        },
    };
    if let Some(line) = status::before_us(&response.headers) {
        head.rare.set_before_us(line);
    }
    if settings.is_image(request.uri.path()) {
        outlive_the_optimizer(&mut head.freshness, &settings.rules);
    }
    if let Some(generated) = settings.generated(&response.headers, answer.response_time) {
        head.freshness.born = head.freshness.born.min(generated);
    }
    withhold(&mut head, &settings.rules.switches);
    if settings.next.enabled && verdict::is_stale_at_origin(&response.headers) {
        ask_again_soon(&mut head, answer.response_time);
    }
    for_client(&mut head, asset, settings);
    if head.until_stored.codable.is_some() {
        coding::vary_by_coding(&mut head.headers);
    }
    Ok(head)
}

/// The same where the whole was asked for: a part that comes all the same is for nobody else.
pub(super) fn whole_head(answer: &Answer<'_>, settings: &Settings) -> Result<Head, Unstored> {
    match answer.response.status {
        StatusCode::PARTIAL_CONTENT => Err(Unstored::Policy(NotStorable::PartialContent)),
        _ => head(answer, settings),
    }
}

/// Next.js says `must-revalidate` of every picture, and means browsers: when the optimizer fails (it is
/// out of memory, or the picture's own host is away), the last picture is better than none.
fn outlive_the_optimizer(freshness: &mut Freshness, rules: &Rules) {
    freshness.forbids_stale = false;
    freshness.stale_if_error = freshness.stale_if_error.max(Span::of(rules.stale_if_error));
}

/// RFC 9111 section 5.2.2.4 and 5.2.2.7: fields that others must not get.
fn withhold(head: &mut Head, switches: &Switches) {
    for name in withheld(&head.headers, switches) {
        for value in head.headers.get_all(&name) {
            head.until_stored.withheld.get_or_insert_default().append(&name, value.clone());
        }
        head.headers.remove(name);
    }
}

/// When the origin made the answer: what it says, or when it came.
fn generated(answer: &Answer<'_>) -> Timestamp {
    let date = answer.response.headers.get(DATE);
    date.and_then(|date| parse_http_date(date.as_bytes())).unwrap_or(answer.response_time)
}

/// Next.js served what is older than its lifetime, and renders anew meanwhile. Where nothing may be
/// served stale (images of Next.js 14 stay `STALE` for good), it is fresh for just as long as it
/// takes to ask again; else a crowd would be asked for one by one.
fn ask_again_soon(head: &mut Head, now: Timestamp) {
    let freshness = &mut head.freshness;
    if freshness.stale_while_revalidate == Span::ZERO {
        freshness.born = now;
        freshness.lifetime = freshness.lifetime.min(Span::of(ORIGIN_RENDERS));
        return;
    }
    // Where the bridge says when it was made, it may be older still.
    freshness.born = freshness.born.min(now.saturating_sub(freshness.lifetime.duration()));
    head.until_stored.renew_from = now.saturating_add(ORIGIN_RENDERS);
}

/// How long Next.js is given to render before a `STALE` answer is asked for again.
const ORIGIN_RENDERS: Duration = Duration::from_secs(1);

fn freshness(
    answer: &Answer<'_>,
    asset: Option<Kind>,
    rules: &Rules,
) -> Result<Freshness, Unstored> {
    let Answer { request, request_time, response, response_time } = *answer;
    let directives = || ResponseDirectives::parse(&response.headers, &rules.switches.targets);
    if let Some(kind) = asset
        && let directives = directives()
        && assets::is_immutable(kind, response.status, &response.headers, &directives)
        && may_be_shared(&request.headers, &directives)
    {
        let age = corrected_initial_age(&response.headers, request_time, response_time);
        return Ok(Freshness {
            born: response_time.saturating_sub(age),
            lifetime: Span::of(assets::IMMUTABLE_LIFETIME),
            lifetime_by: LifetimeBy::Immutable,
            stale_while_revalidate: Span::of(FOREVER),
            stale_if_error: Span::of(FOREVER),
            forbids_stale: false,
            validates_always: false,
        });
    }
    let exchange = Exchange {
        method: &request.method,
        request: &request.headers,
        status: response.status,
        response: &response.headers,
        request_time,
        response_time,
    };
    storable(&exchange, rules).map_err(Unstored::Policy)
}

/// The fields that are kept. Those of the connection (RFC 9111 section 3.1) never come this far: see
/// `stack`. Trailers are not kept (section 3.1 allows it), nor what announces them.
fn stored_headers(answer: &Answer<'_>) -> HeaderMap {
    let mut headers = answer.response.headers.clone();
    headers.remove(TRAILER);
    bridge::strip(&mut headers);
    if !headers.contains_key(DATE) {
        // RFC 9110 section 6.6.1: a recipient that keeps a message without Date adds the time of receipt.
        headers.insert(DATE, format_http_date(answer.response_time));
    }
    headers.insert(AGE, HeaderValue::from_static("0"));
    headers.insert(CACHE_STATUS, HeaderValue::from_static(""));
    headers
}

fn for_client(head: &mut Head, asset: Option<Kind>, settings: &Settings) {
    let Some(value) = client_cache_control(head.status, &head.headers, asset, settings) else {
        return;
    };
    let lines = head.headers.get_all(CACHE_CONTROL).iter().cloned();
    head.until_stored.origin_cache_control = lines.collect();
    head.headers.insert(CACHE_CONTROL, value);
}

/// The `Cache-Control` that clients get, where it is not the origin's.
pub(super) fn client_cache_control(
    status: StatusCode,
    headers: &HeaderMap,
    asset: Option<Kind>,
    settings: &Settings,
) -> Option<HeaderValue> {
    let targeted = &settings.rules.switches.targets;
    let directives = || ResponseDirectives::parse(headers, targeted);
    if asset.is_some_and(|kind| assets::is_immutable(kind, status, headers, &directives())) {
        return Some(assets::IMMUTABLE);
    }
    match settings.cache.client_cache_control {
        ClientCacheControl::Edge => cache_control::for_client(headers),
        ClientCacheControl::Origin => None,
    }
}

/// The value of `x-nextjs-cache` that tells what the edge did.
pub(super) fn next_cache(headers: &mut HeaderMap, value: &'static str) {
    if let Some(slot) = headers.get_mut(NEXT_CACHE) {
        *slot = HeaderValue::from_static(value);
    }
}

/// Whether a complete body may be kept. That a document is empty shows only at the end of a body
/// without `Content-Length` (CVE-2025-49826).
pub(super) fn check_body(
    asked: &Parts,
    status: StatusCode,
    body: &Bytes,
    settings: &Settings,
) -> Result<(), Unstored> {
    if !settings.next.enabled {
        return Ok(());
    }
    let is_document = settings.class(&asked.headers).is_ok_and(|class| class.is_document());
    match body.is_empty() && is_document && status == StatusCode::OK {
        true => Err(Unstored::Next(Unfit::EmptyDocument)),
        false => Ok(()),
    }
}

/// The head of a stored response that a 304 made fresh again.
pub(super) fn freshened(
    stale: &StoredResponse,
    answer: &Answer<'_>,
    settings: &Settings,
) -> Result<Head, Unstored> {
    let mut headers = stale.head.to_prepared().origin_headers();
    validate::freshen(&mut headers, &answer.response.headers);
    let mut response = Response::new(()).into_parts().0;
    response.status = stale.head.status;
    response.headers = headers;
    let mut head = head(&Answer { response: &response, ..*answer }, settings)?;
    head.succeed(&stale.head);
    respond::state_length(&mut head.headers, &stale.body);
    if let Some(part) = stale.head.rare.part() {
        head.rare.set_part(part.clone());
    }
    // A 304 may tell none.
    if !settings.has_tags(&answer.response.headers) {
        head.tags = stale.head.tags.clone();
    }
    Ok(head)
}
