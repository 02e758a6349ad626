//! Builds what a client gets from what is stored, and marks what is passed through.

use std::time::Duration;

use bytes::Bytes;
use http::header::{
    AGE, CACHE_CONTROL, CACHE_STATUS, CONTENT_LENGTH, CONTENT_TYPE, IF_NONE_MATCH, LAST_MODIFIED,
    SET_COOKIE,
};
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderValue, Method, Request, Response, StatusCode};

use super::Instead;
use super::parts;
use super::prepare::next_cache;
use crate::body::Body;
use crate::client;
use crate::fields::Fields;
use crate::next::{bridge, images};
use crate::policy::coding::Accepted;
use crate::policy::date::Timestamp;
use crate::policy::reuse::ForwardReason;
use crate::policy::status::{self, Status};
use crate::policy::validate::{self, Precondition};
use crate::store::{Coded, Head, StoredResponse};

/// What of a request shapes the answer from the store.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) method: &'a Method,
    pub(super) headers: &'a HeaderMap,
    /// Which of them there may be.
    pub(super) fields: Fields,
}

impl<'a> Asked<'a> {
    pub(super) fn of<B>(request: &'a Request<B>) -> Self {
        let fields = client::fields(request);
        Self { method: request.method(), headers: request.headers(), fields }
    }

    pub(super) fn by(parts: &'a Parts) -> Self {
        let fields = Fields::of(&parts.headers);
        Self { method: &parts.method, headers: &parts.headers, fields }
    }
}

/// Answers with a stored response that `status` says the story of.
pub(super) fn stored(
    stored: &StoredResponse,
    asked: Asked<'_>,
    status: Status,
    now: Timestamp,
) -> Response<Body> {
    let mut response = from_store(stored, asked, status, now);
    // What is found at once is known by that; it takes no allocation.
    if !status.hit {
        response.extensions_mut().insert(status);
    }
    response
}

fn from_store(
    stored: &StoredResponse,
    asked: Asked<'_>,
    mut status: Status,
    now: Timestamp,
) -> Response<Body> {
    let head = &stored.head;
    let ttl = head.freshness.ttl(now);
    status.ttl = Some(ttl);
    let asks_for_parts = asked.fields.may_have(Fields::RANGE);
    let coded = if asks_for_parts { None } else { coded(stored, asked.headers) };
    let (fields, body) =
        coded.map_or((&head.headers, &stored.body), |coded| (&coded.headers, &coded.body));
    let age = seconds(head.freshness.age(now));
    let mut headers = fields.to_answer(age, told(head, status));
    let is_current = is_current(head, &headers, asked);
    if is_current {
        validate::keep_for_not_modified(&mut headers);
    }
    if ttl <= 0 {
        next_cache(&mut headers, "STALE");
    }
    if is_current {
        return response(StatusCode::NOT_MODIFIED, headers, Body::Empty);
    }
    if asks_for_parts && let Some(part) = parts::answer(stored, &headers, asked) {
        return part;
    }
    whole(head, headers, asked, || Body::full(body.clone()))
}

/// The smallest that is ready of what the client takes. Parts are given of identity alone.
fn coded<'a>(stored: &'a StoredResponse, request: &HeaderMap) -> Option<&'a Coded> {
    stored.codings.as_ref()?.choose(Accepted::of(request))
}

/// RFC 9111 section 5.2.1.7: the client wants nothing but what is stored.
pub(super) fn not_cached(reason: ForwardReason) -> Response<Body> {
    let mut refused = response(StatusCode::GATEWAY_TIMEOUT, HeaderMap::new(), Body::Empty);
    let detail = Some("only-if-cached");
    mark(&mut refused, Status { fwd: Some(reason), detail, ..Status::default() });
    refused
}

/// The optimizer of images would answer the same, and would have to be asked.
pub(super) fn refused(refusal: images::Refusal, method: &Method) -> Response<Body> {
    let text = format!("{refusal}\n");
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
    let body = if method == Method::HEAD { Body::Empty } else { Body::full(text) };
    let mut refused = response(StatusCode::BAD_REQUEST, headers, body);
    mark(&mut refused, Status { detail: Some("image-parameters"), ..Status::default() });
    refused
}

/// Answers with a response that came just now and is being stored: its fields and its body, coded or
/// not.
pub(super) fn filling(
    head: &Head,
    (mut headers, body): (HeaderMap, Body),
    asked: Asked<'_>,
    status: Status,
    now: Timestamp,
) -> Response<Body> {
    if !status.collapsed {
        head.until_stored.withheld.iter().for_each(|withheld| append_all(&mut headers, withheld));
    }
    put(&mut headers, CACHE_STATUS, told(head, status));
    match seconds(head.freshness.age(now)) {
        // Straight from the origin, which said nothing about its age either.
        age if age == "0" => {
            headers.remove(AGE);
        }
        age => put(&mut headers, AGE, age),
    }
    next_cache(&mut headers, "MISS");
    let mut response = match is_current(head, &headers, asked) {
        true => {
            validate::keep_for_not_modified(&mut headers);
            response(StatusCode::NOT_MODIFIED, headers, Body::Empty)
        }
        false => whole(head, headers, asked, || body),
    };
    response.extensions_mut().insert(status);
    response
}

/// RFC 9111 section 4.3.2: a client's own conditions are judged by what is stored. Whether the client
/// has this response already.
fn is_current<H, U>(head: &Head<H, U>, headers: &HeaderMap, asked: Asked<'_>) -> bool {
    asked.fields.may_have(Fields::CONDITIONS)
        && validate::evaluate(asked.method, asked.headers, head.status, headers)
            == Precondition::NotModified
}

fn whole<H, U>(
    head: &Head<H, U>,
    headers: HeaderMap,
    asked: Asked<'_>,
    body: impl FnOnce() -> Body,
) -> Response<Body> {
    let body = if asked.method == Method::HEAD { Body::Empty } else { body() };
    response(head.status, headers, body)
}

/// Answers a client's conditions where the origin was not told of them, because its answer might
/// have been for others too.
pub(super) fn by_conditions(passing: Response<Body>, asked: Asked<'_>) -> Response<Body> {
    let headers = passing.headers();
    if !headers.contains_key(LAST_MODIFIED) && !asked.headers.contains_key(IF_NONE_MATCH) {
        // That `Date` may stand in for the missing date is a rule for stored responses.
        return passing;
    }
    match validate::evaluate(asked.method, asked.headers, passing.status(), headers) {
        Precondition::None => passing,
        Precondition::NotModified => {
            let mut headers = headers.clone();
            validate::keep_for_not_modified(&mut headers);
            let mut not_modified = response(StatusCode::NOT_MODIFIED, headers, Body::Empty);
            *not_modified.extensions_mut() = passing.extensions().clone();
            not_modified
        }
    }
}

/// What a stored response and the 304 that validated it say together, where it may not be kept any
/// longer. The 304's cookies are for the one who asked.
pub(super) fn validated(stale: &StoredResponse, not_modified: &HeaderMap) -> Response<Body> {
    let mut headers = stale.head.to_prepared().origin_headers();
    validate::freshen(&mut headers, not_modified);
    for cookie in not_modified.get_all(SET_COOKIE) {
        headers.append(SET_COOKIE, cookie.clone());
    }
    response(stale.head.status, headers, Body::full(stale.body.clone()))
}

pub(super) fn response(status: StatusCode, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Adds our member to `Cache-Status` of an answer that is passed through (RFC 9211 section 2: behind
/// those of the caches before us).
pub(super) fn mark(response: &mut Response<Body>, status: Status) {
    let status = of_whom(status, response.extensions());
    response.extensions_mut().insert(status);
    let headers = response.headers_mut();
    bridge::strip(headers);
    headers.append(CACHE_STATUS, status.value());
}

/// The same story, with who gave the response if it was not the origin.
pub(super) fn of_whom(status: Status, extensions: &Extensions) -> Status {
    match extensions.get::<Instead>() {
        None => status,
        Some(Instead { detail, origin }) => {
            Status { detail: Some(detail), fwd_status: origin.as_ref().ok().copied(), ..status }
        }
    }
}

/// States the length of a body that is complete.
pub(super) fn state_length(headers: &mut HeaderMap, body: &Bytes) {
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
}

fn told<H, U>(head: &Head<H, U>, status: Status) -> HeaderValue {
    match head.rare.before_us() {
        None => status.value(),
        Some(before_us) => status::behind(before_us, &status.value()),
    }
}

/// Adds lines to those that are there. `extend` would take away what has the same name.
pub(super) fn append_all(headers: &mut HeaderMap, more: &HeaderMap) {
    more.iter().for_each(|(name, line)| {
        headers.append(name, line.clone());
    });
}

/// Sets a field that mostly has its place already.
fn put(headers: &mut HeaderMap, name: http::HeaderName, value: HeaderValue) {
    match headers.get_mut(&name) {
        Some(slot) => *slot = value,
        None => {
            headers.insert(name, value);
        }
    }
}

fn seconds(age: Duration) -> HeaderValue {
    let mut number = itoa::Buffer::new();
    // In one allocation, where `HeaderValue::from` takes two. Unreachable alternative: digits.
    HeaderValue::from_str(number.format(age.as_secs())).unwrap_or(HeaderValue::from_static("0"))
}
