//! Fetches a key: one request leads, the others wait for what it finds.
//!
//! The fetch runs in a task of its own, so that a leader whose client leaves does not take it along.
//! Once the answer's head is there, it is known who it is for:
//! - storable: leader and followers read the body as it grows, and the store gets it whole;
//! - not storable: it is the leader's alone, all followers are let go at once, and the key is
//!   remembered, so that the next burst does not queue;
//! - 304: what is stored is fresh again, for all of them;
//! - a failure, with something stored that may stand in: that, for all of them.

use std::sync::Arc;

use http::request::Parts;
use http::{Request, Response, StatusCode};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tracing::{Instrument, debug};

use super::collapse::{Lease, Outcome, Turn};
use super::fill::{Fill, pour};
use super::growing::{Writer, Written};
use super::lookup::{self, Fetch, Pass};
use super::prepare::{self, Answer, Unstored};
use super::respond::{self, Asked};
use super::{Edge, Inner};
use crate::body::Body;
use crate::error::ProxyError;
use crate::next::assets;
use crate::policy::date::Timestamp;
use crate::policy::key::{KeyBuf, rsc_parameter};
use crate::policy::reuse::{self, Decision};
use crate::policy::status::Status;
use crate::policy::validate;
use crate::store::StoredResponse;

impl<S: Inner> Edge<S> {
    /// Answers a request whose key is not stored, or is too old.
    pub(super) async fn fetch(
        self: Arc<Self>,
        request: Request<Body>,
        fetch: Box<Fetch>,
    ) -> Result<Response<Body>, ProxyError> {
        if self.unstorable.contains(&fetch.key, self.clock.now()) {
            return self.alone(request, *fetch).await;
        }
        match self.flights.join(&flight_key(&request, &fetch.key)) {
            Turn::Leader(lease) => self.begin(request, *fetch, lease).await,
            Turn::Follower(following) => {
                match timeout(self.cache.collapse_timeout, following.outcome()).await {
                    Ok(outcome) => self.follow(request, *fetch, outcome).await,
                    Err(_) => self.alone(request, *fetch).await,
                }
            }
        }
    }

    async fn begin(
        self: Arc<Self>,
        request: Request<Body>,
        fetch: Fetch,
        lease: Lease,
    ) -> Result<Response<Body>, ProxyError> {
        // Between our look-up and our turn another's fetch may have ended.
        if let Some(response) = self.look_again(&request, &fetch.key) {
            lease.settle(Outcome::Alone);
            return Ok(response);
        }
        let (reply, answer) = oneshot::channel();
        tokio::spawn(self.lead(request, fetch, lease, reply).in_current_span());
        answer.await.unwrap_or(Err(ProxyError::Abandoned))
    }

    fn look_again(&self, request: &Request<Body>, key: &[u8]) -> Option<Response<Body>> {
        let now = self.clock.now();
        let entry = self.store.get(key)?;
        let stored = entry.select(request.headers())?;
        match reuse::decide(&stored.head.freshness, now) {
            Decision::Serve | Decision::ServeStale => Some(lookup::answer(stored, request, now)),
            Decision::Validate | Decision::Forward(_) => None,
        }
    }

    /// The leader's task. A client that has left is not a reason to stop: others may follow, and the
    /// answer may be stored. If it turns out not to be, dropping it ends the origin's work.
    async fn lead(
        self: Arc<Self>,
        request: Request<Body>,
        fetch: Fetch,
        lease: Lease,
        reply: oneshot::Sender<Result<Response<Body>, ProxyError>>,
    ) {
        let (asked, body) = request.into_parts();
        let outgoing = outgoing(&asked, body, fetch.stale.as_deref());
        let request_time = self.clock.now();
        let answer = self.ask(outgoing).await;
        let found = self.judge(&asked, request_time, answer, &fetch);
        let status = |status| Status { fwd: Some(fetch.reason), ..status };
        let response = match found {
            Found::Storable(head, extensions, body) => {
                let (fill, writer) = self.start(*head);
                let stored = Status { stored: true, ..Status::default() };
                let mut response = filling(&fill, &asked, status(stored));
                if let Some(response) = &mut response {
                    *response.extensions_mut() = extensions;
                }
                lease.settle(Outcome::Shared(fill.clone()));
                if let Some(response) = response {
                    let _ = reply.send(Ok(response));
                }
                return self.fill(fetch.key, asked, fill, writer, body, Some(lease)).await;
            }
            Found::Stored(stored, fwd_status, detail) => {
                lease.settle(Outcome::Stored(stored.clone()));
                let story = Status { fwd_status, detail, ..Status::default() };
                Ok(respond::stored(&stored, asked_of(&asked), status(story), self.clock.now()))
            }
            Found::Passing(mut response, why) => {
                lease.settle(Outcome::Alone);
                respond::mark(&mut response, status(because(why)));
                Ok(*response)
            }
            Found::Failed(error) => {
                lease.settle(Outcome::Failed(error.clone()));
                Err(error)
            }
        };
        drop(lease);
        let _ = reply.send(response);
    }

    /// What an origin's answer, or its failure, means for a key.
    fn judge(
        &self,
        asked: &Parts,
        request_time: Timestamp,
        answer: Result<Response<Body>, ProxyError>,
        fetch: &Fetch,
    ) -> Found {
        let now = self.clock.now();
        let stand_in =
            fetch.stale.as_ref().filter(|stale| stale.head.freshness.usable_on_error(now));
        let response = match (answer, stand_in) {
            (Err(error), Some(stale)) => {
                debug!(%error, "the stored response stands in");
                return Found::Stored(stale.clone(), None, Some("stale-if-error"));
            }
            (Err(error), None) => return Found::Failed(error),
            (Ok(response), Some(stale)) if response.status().is_server_error() => {
                let status = Some(response.status());
                return Found::Stored(stale.clone(), status, Some("stale-if-error"));
            }
            (Ok(response), _) => response,
        };
        let (parts, body) = response.into_parts();
        let answer = Answer { request: asked, request_time, response: &parts, response_time: now };
        if let Some(stale) = &fetch.stale
            && parts.status == StatusCode::NOT_MODIFIED
        {
            return match self.freshen(&fetch.key, stale, &answer) {
                Ok(stored) => Found::Stored(stored, Some(StatusCode::NOT_MODIFIED), None),
                Err(why) => {
                    let response = respond::validated(stale, &parts.headers);
                    self.passing(asked, response, why)
                }
            };
        }
        match prepare::head(&answer, &self.cache, &self.next) {
            Ok(head) => {
                self.unstorable.forget(&fetch.key);
                Found::Storable(Box::new(head), parts.extensions, body)
            }
            Err(why) => {
                if why.concerns_the_key() {
                    self.unstorable.remember(&fetch.key, now);
                }
                self.passing(asked, Response::from_parts(parts, body), why)
            }
        }
    }

    /// An answer for the one who asked, and nobody else.
    fn passing(&self, asked: &Parts, response: Response<Body>, why: Unstored) -> Found {
        let is_static = assets::is_static(asked.uri.path(), &self.next.base_path);
        let mut response = respond::by_conditions(response, asked_of(asked));
        self.hand_on(&mut response, is_static);
        Found::Passing(Box::new(response), why)
    }

    /// Opens a body that is read while it is stored.
    fn start(&self, head: crate::store::Head) -> (Arc<Fill>, Writer) {
        let body = self.growing();
        let writer = body.writer();
        (Fill::new(head, body), writer)
    }

    /// Takes the body from the origin to its readers, and into the store at its end.
    async fn fill(
        self: Arc<Self>,
        key: KeyBuf,
        asked: Parts,
        fill: Arc<Fill>,
        writer: Writer,
        body: Body,
        lease: Option<Lease>,
    ) {
        let (written, trailers) = match pour(body, &writer).await {
            Ok(poured) => poured,
            Err(error) => {
                debug!(%error, path = asked.uri.path(), "the origin broke off; nothing is stored");
                return writer.broken(error);
            }
        };
        match written {
            Written::Whole(whole) => {
                if prepare::keeps_body(&asked, fill.head.status, &whole) {
                    let mut head = fill.head.clone();
                    respond::state_length(&mut head.headers, &whole);
                    self.store.put(&key, StoredResponse::new(head, whole), &asked.headers);
                }
            }
            Written::TooLarge => self.unstorable.remember(&key, self.clock.now()),
        }
        // Only now: whoever comes between must find the stored response or still be a follower.
        drop(lease);
        writer.complete(trailers);
    }

    async fn follow(
        self: Arc<Self>,
        request: Request<Body>,
        fetch: Fetch,
        outcome: Outcome,
    ) -> Result<Response<Body>, ProxyError> {
        let (asked, body) = request.into_parts();
        let status = Status { fwd: Some(fetch.reason), collapsed: true, ..Status::default() };
        match outcome {
            Outcome::Shared(fill) if fill.head.selecting.matches(&asked.headers) => {
                if let Some(response) = filling(&fill, &asked, status) {
                    return Ok(response);
                }
            }
            Outcome::Stored(stored) if stored.head.selecting.matches(&asked.headers) => {
                return Ok(respond::stored(&stored, asked_of(&asked), status, self.clock.now()));
            }
            Outcome::Failed(error) => return Err(error),
            Outcome::Shared(_) | Outcome::Stored(_) | Outcome::Alone => {}
        }
        self.alone(Request::from_parts(asked, body), fetch).await
    }

    /// Fetches without followers, with the client's own conditions: nothing else than the client
    /// would have done. What may be stored is stored all the same.
    async fn alone(
        self: Arc<Self>,
        request: Request<Body>,
        fetch: Fetch,
    ) -> Result<Response<Body>, ProxyError> {
        if validate::has_conditions(request.headers()) {
            let pass = Pass { reason: fetch.reason, detail: None };
            return self.pass(request, pass).await;
        }
        let (asked, body) = request.into_parts();
        let request_time = self.clock.now();
        let outgoing = Request::from_parts(asked.clone(), body);
        let answer = self.ask(outgoing).await;
        let status = |status| Status { fwd: Some(fetch.reason), ..status };
        match self.judge(&asked, request_time, answer, &fetch) {
            Found::Storable(head, extensions, body) => {
                let (fill, writer) = self.start(*head);
                let story = status(Status { stored: true, ..Status::default() });
                let mut response = filling(&fill, &asked, story).ok_or(ProxyError::Abandoned)?;
                *response.extensions_mut() = extensions;
                tokio::spawn(
                    self.fill(fetch.key, asked, fill, writer, body, None).in_current_span(),
                );
                Ok(response)
            }
            Found::Stored(stored, fwd_status, detail) => {
                let story = status(Status { fwd_status, detail, ..Status::default() });
                Ok(respond::stored(&stored, asked_of(&asked), story, self.clock.now()))
            }
            Found::Passing(mut response, why) => {
                respond::mark(&mut response, status(because(why)));
                Ok(*response)
            }
            Found::Failed(error) => Err(error),
        }
    }

    /// RFC 9111 section 4.3.4: a 304 makes a stored response fresh again, with the fields that it
    /// brings. Where these forbid to keep it, it is kept no longer.
    pub(super) fn freshen(
        &self,
        key: &[u8],
        stale: &Arc<StoredResponse>,
        answer: &Answer<'_>,
    ) -> Result<Arc<StoredResponse>, Unstored> {
        match prepare::freshened(stale, answer, &self.cache, &self.next) {
            Ok(head) => {
                let stored = StoredResponse::new(head, stale.body.clone());
                self.store.put(key, stored.clone(), &answer.request.headers);
                Ok(stored)
            }
            Err(why) => {
                self.store.remove_variant(key, stale);
                Err(why)
            }
        }
    }
}

/// What a fetch found.
enum Found {
    Storable(Box<crate::store::Head>, http::Extensions, Body),
    Stored(Arc<StoredResponse>, Option<StatusCode>, Option<&'static str>),
    Passing(Box<Response<Body>>, Unstored),
    Failed(ProxyError),
}

/// The request for the origin: without the client's conditions, since the answer is for others too,
/// and with our own where something is stored.
fn outgoing(asked: &Parts, body: Body, stale: Option<&StoredResponse>) -> Request<Body> {
    let mut request = Request::from_parts(asked.clone(), body);
    validate::strip_conditions(request.headers_mut());
    if let Some(stale) = stale {
        validate::add_validators(request.headers_mut(), &stale.head.headers);
    }
    request
}

/// Requests that share a fetch: those of one key that ask for the same codings, and whose `_rsc`
/// Next.js would judge alike.
fn flight_key(request: &Request<Body>, key: &KeyBuf) -> KeyBuf {
    let mut flight = key.clone();
    let codings = request.headers().get(http::header::ACCEPT_ENCODING);
    flight.push(b'\n');
    flight.extend_from_slice(codings.map_or(b"", |codings| codings.as_bytes()));
    flight.push(b'\n');
    flight.extend_from_slice(rsc_parameter(request.uri().query()).unwrap_or_default().as_bytes());
    flight
}

fn filling(fill: &Fill, asked: &Parts, status: Status) -> Option<Response<Body>> {
    let body = Body::stream(fill.reader()?);
    Some(respond::filling(&fill.head, body, asked_of(asked), status))
}

fn asked_of(parts: &Parts) -> Asked<'_> {
    Asked { method: &parts.method, headers: &parts.headers }
}

fn because(why: Unstored) -> Status {
    Status { detail: Some(why.as_str()), ..Status::default() }
}
