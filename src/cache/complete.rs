//! Stores parts of responses, and completes them (RFC 9111 sections 3.3 and 3.4), where
//! `rules.store_partial` says so.
//!
//! Requests for parts do not share their fetches: two of them seldom ask for the same.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{IF_RANGE, RANGE};
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode};

use super::fill::pour;
use super::growing::Written;
use super::lookup::{Fetch, Pass, Target};
use super::parts;
use super::prepare::{self, Answer};
use super::respond::{self, Asked};
use super::{Inner, Shared};
use crate::body::Body;
use crate::error::ProxyError;
use crate::policy::date::Timestamp;
use crate::policy::partial::{self, Missing, Part, Wanted};
use crate::policy::range;
use crate::policy::reuse::ForwardReason;
use crate::policy::status::Status;
use crate::policy::storable::withheld;
use crate::policy::{Switches, validate};
use crate::store::{Head, StoredResponse};

/// A stored part, and the range that it lacks of what is asked for.
pub(super) struct Completion {
    pub(super) target: Target,
    stored: Arc<StoredResponse>,
    missing: HeaderValue,
}

impl Completion {
    /// What to ask for so that a stored part becomes what a request wants; `None` if that is not one
    /// range.
    pub(super) fn of(
        target: Target,
        stored: &Arc<StoredResponse>,
        asked: Asked<'_>,
    ) -> Option<Self> {
        let part = stored.head.rare.part()?;
        match partial::missing(part, &wanted(part, stored, asked)?) {
            Missing::One(missing) => Some(Self { target, stored: stored.clone(), missing }),
            Missing::Nothing | Missing::Apart => None,
        }
    }
}

fn wanted(part: &Part, stored: &StoredResponse, asked: Asked<'_>) -> Option<Wanted> {
    let whole = !asked.headers.contains_key(RANGE)
        || !range::if_range_holds(asked.headers, &stored.head.headers.to_headers());
    if whole {
        return Some(Wanted::Whole);
    }
    match range::asked(asked.method, asked.headers, part.complete()?) {
        range::Asked::Whole => Some(Wanted::Whole),
        range::Asked::Parts(parts) => match parts.as_slice() {
            [part] => Some(Wanted::Bytes(part.clone())),
            _ => None,
        },
        range::Asked::Unsatisfiable => None,
    }
}

impl<S: Inner> Shared<S> {
    /// Asks for what a stored part lacks, and answers with both. Where the origin's answer is no such
    /// part, its answer to the request itself.
    pub(super) async fn complete(
        self: Arc<Self>,
        request: Request<Body>,
        completion: Completion,
    ) -> Result<Response<Body>, ProxyError> {
        let asked = prepare::head_of(&request);
        let request_time = self.clock.now();
        let response = self.ask_for_identity(for_the_rest(&asked, &completion)).await?;
        let pass = Pass {
            reason: ForwardReason::Partial,
            detail: None,
            stale: None,
            target: Some(completion.target.clone()),
        };
        match response.status() {
            // What was stored is of no use: it has changed, or the origin gives no parts.
            StatusCode::OK => {
                let (response, stored) =
                    self.keep(&asked, completion.target, request_time, response);
                Ok(self.handed_on(response, &pass, None, stored))
            }
            StatusCode::PARTIAL_CONTENT => {
                let combined = self.combined(&asked, &completion, request_time, response).await;
                let wanted = Asked::by(&asked);
                // The origin may have sent less than it was asked for.
                match combined.filter(|stored| parts::has_all(stored, wanted)) {
                    Some(stored) => {
                        let status = Status {
                            fwd: Some(ForwardReason::Partial),
                            fwd_status: Some(StatusCode::PARTIAL_CONTENT),
                            stored: true,
                            ..Status::default()
                        };
                        Ok(respond::stored(&stored, wanted, status, self.clock.now()))
                    }
                    None => self.anew(request, pass).await,
                }
            }
            _ => self.anew(request, pass).await,
        }
    }

    /// Asks for what the client wants, as if no part were stored. The whole takes the place of the part
    /// then, which would cost each request two of ours.
    async fn anew(
        self: Arc<Self>,
        request: Request<Body>,
        pass: Pass,
    ) -> Result<Response<Body>, ProxyError> {
        match pass.target {
            Some(target) if !request.headers().contains_key(RANGE) => {
                self.fetch(request, Box::new(Fetch { target, reason: pass.reason, stale: None }))
                    .await
            }
            _ => self.pass(request, pass).await,
        }
    }

    /// The stored part together with a new one, stored in its place; `None` if they do not go
    /// together.
    async fn combined(
        &self,
        asked: &Parts,
        completion: &Completion,
        request_time: Timestamp,
        response: Response<Body>,
    ) -> Option<Arc<StoredResponse>> {
        let Completion { target, stored, .. } = completion;
        if !partial::may_combine(&stored.head.headers.to_headers(), response.headers()) {
            return None;
        }
        let (parts, body) = response.into_parts();
        let response_time = self.clock.now();
        let answer = Answer { request: asked, request_time, response: &parts, response_time };
        let head = prepare::head(&answer, &self.settings).ok()?;
        let Ok((Written::Whole(bytes), _)) = pour(body, &self.growing().writer()).await else {
            return None;
        };
        let part = partial::part_of(&parts.headers, bytes.len() as u64).ok()?;
        let switches = &self.settings.rules.switches;
        let combined = combine(stored, head, (part, bytes), switches)?;
        self.put(target, combined.clone(), asked);
        Some(combined)
    }

    /// Stores a part that is complete in itself: with the one that is stored, if they go together,
    /// else in its place. What is stored whole stays.
    pub(super) fn put_part(&self, target: &Target, mut head: Head, bytes: Bytes, asked: &Parts) {
        let Ok(part) = partial::part_of(&head.headers, bytes.len() as u64) else { return };
        let entry = self.store.get(&target.key);
        let stored = entry.as_ref().and_then(|entry| entry.select(&asked.headers));
        if stored.is_some_and(|stored| stored.head.rare.part().is_none()) {
            return;
        }
        let combined = stored
            .filter(|stored| partial::may_combine(&stored.head.headers.to_headers(), &head.headers))
            .and_then(|stored| {
                let switches = &self.settings.rules.switches;
                combine(stored, head.clone(), (part.clone(), bytes.clone()), switches)
            });
        let new = combined.unwrap_or_else(|| {
            head.rare.set_part(part);
            StoredResponse::new(head, bytes)
        });
        self.put(target, new, asked);
    }
}

/// RFC 9111 section 3.4: the newer fields and freshness, and the bytes of both.
fn combine(
    stored: &StoredResponse,
    mut head: Head,
    (part, bytes): (Part, Bytes),
    switches: &Switches,
) -> Option<Arc<StoredResponse>> {
    let old = stored.head.rare.part()?;
    // RFC 9110 section 15.3.7: a 206 has the `Vary` of the 200. From one that has not, the whole would
    // be for everybody, and its older part was not.
    if !stored.head.selecting.names().eq(head.selecting.names()) {
        return None;
    }
    let (combined, body) = partial::combine((old, &stored.body), (&part, &bytes))?;
    head.headers =
        partial::combined_headers(&stored.head.headers.to_headers(), &head.headers, &combined);
    // Of the older fields too: what they are now, the newer response says.
    for name in withheld(&head.origin_headers(), switches) {
        head.headers.remove(name);
    }
    if combined.is_whole() {
        head.status = StatusCode::OK;
    } else {
        head.rare.set_part(combined);
    }
    Some(StoredResponse::new(head, body))
}

/// The same request for the range that is missing; without the client's conditions, which the whole
/// answer is judged by afterwards.
fn for_the_rest(asked: &Parts, completion: &Completion) -> Request<Body> {
    let mut request = Request::from_parts(asked.clone(), Body::Empty);
    let headers = request.headers_mut();
    validate::strip_conditions(headers);
    headers.insert(RANGE, completion.missing.clone());
    headers.remove(IF_RANGE);
    // Without a strong validator the answer cannot be combined; but an origin that does not know
    // `Range` answers with the whole all the same.
    if let Some(tag) = validate::strong_tag(&completion.stored.head.headers.to_headers()) {
        headers.insert(IF_RANGE, tag.clone());
    }
    request
}
