//! Fetches a key: one request leads, the others wait for what it finds.
//!
//! The fetch runs in a task of its own, so that a leader whose client leaves does not take it along.
//! Once the answer's head is there, it is known who it is for:
//! - storable: leader and followers read the body as it grows, and the store gets it whole;
//! - not storable: it is the leader's alone, all followers are let go at once, and the key is
//!   remembered, so that the next burst does not queue;
//! - 304: what is stored is fresh again, for all of them;
//! - no answer: whoever has something stored that may stand in gets that, the others the failure;
//! - an answer that the origin failed (5xx): the leader's; one of the followers tries again, and if he
//!   fares no better, the others are told.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{Instrument, debug};

use super::collapse::{Lease, Outcome, Role};
use super::fill::{Fill, pour};
use super::flight;
use super::growing::{Writer, Written};
use super::judge::{Found, STANDS_IN};
use super::lookup::{self, Fetch, Pass, Target};
use super::prepare;
use super::reason::Unstored;
use super::respond::{self, Asked};
use super::{Awaited, Inner, Shared};
use crate::body::Body;
use crate::error::ProxyError;
use crate::policy::key::KeyBuf;
use crate::policy::reuse::{self, Decision};
use crate::policy::status::Status;
use crate::policy::validate;
use crate::store::{Head, StoredResponse, Validity};

type Answered = Result<Response<Body>, ProxyError>;

/// A request follows no more fetches than this before it goes to the origin by itself: its own key's,
/// its variant's, and each once more after a failure.
const MOST_ROUNDS: usize = 4;

/// What a follower makes of a fetch's outcome.
enum Followed {
    Answer(Box<Answered>),
    /// Joins, or leads, another fetch.
    Again,
    Alone,
}

impl<S: Inner> Shared<S> {
    /// Answers a request whose key is not stored, or is too old.
    pub(super) fn fetch(self: Arc<Self>, request: Request<Body>, fetch: Box<Fetch>) -> Awaited {
        let may_share = flight::may_share(&request, &self.settings)
            && !self.unstorable.contains(&fetch.target.key, self.clock.now());
        match may_share {
            true => Box::pin(self.together(request, fetch)),
            false => Box::pin(self.alone(request, fetch)),
        }
    }

    /// Fetches with others: leads them, or follows one.
    async fn together(self: Arc<Self>, request: Request<Body>, fetch: Box<Fetch>) -> Answered {
        let mut flight = flight::key(&request, &fetch.target, &self.settings);
        let mut refused = None;
        let deadline = Instant::now() + self.settings.cache.collapse_timeout;
        for _ in 0..MOST_ROUNDS {
            let following = match self.flights.join(&flight) {
                Role::Leader(lease) => return self.begin(request, fetch, lease).await,
                Role::Follower(following) => following,
            };
            let is_late = following.is_settled();
            let Ok(outcome) = timeout_at(deadline, following.outcome()).await else { break };
            let followed = match outcome {
                Outcome::Shared(fill) => self.follow(&request, &fetch, &fill, is_late, &mut flight),
                Outcome::Stored(stored, detail) => {
                    self.follow_stored(&request, &fetch, &stored, detail)
                }
                Outcome::Failed(error) => self.follow_failed(&request, &fetch, error),
                Outcome::Refused(status) => match refused.replace(status) {
                    None => Followed::Again,
                    Some(_) => {
                        self.follow_failed(&request, &fetch, ProxyError::OriginFailed { status })
                    }
                },
                Outcome::Alone => Followed::Alone,
            };
            match followed {
                Followed::Answer(answer) => return *answer,
                Followed::Again => {}
                Followed::Alone => break,
            }
        }
        Box::pin(self.alone(request, fetch)).await
    }

    async fn begin(
        self: Arc<Self>,
        request: Request<Body>,
        fetch: Box<Fetch>,
        lease: Lease,
    ) -> Answered {
        // Between our look-up and our turn another's fetch may have ended.
        if let Some(stored) = self.look_again(&request, &fetch.target.key) {
            lease.end(Outcome::Stored(stored.clone(), None));
            return Ok(lookup::answer(&stored, Asked::of(&request), None, self.clock.now()));
        }
        let (reply, answer) = oneshot::channel();
        tokio::spawn(self.lead(request, fetch, lease, reply).in_current_span());
        answer.await.unwrap_or(Err(ProxyError::Abandoned))
    }

    fn look_again(&self, request: &Request<Body>, key: &[u8]) -> Option<Arc<StoredResponse>> {
        let now = self.clock.now();
        let entry = self.store.get(key)?;
        let stored = entry.select(request.headers()).filter(|stored| {
            stored.head.rare.part().is_none() && stored.mark.validity(now) == Validity::Valid
        })?;
        match reuse::decide(&stored.head.freshness, now) {
            Decision::Serve | Decision::ServeStale => Some(stored.clone()),
            Decision::Validate(_) | Decision::Forward(_) => None,
        }
    }

    /// The leader's task. A client that has left is not at once a reason to stop: others may follow.
    async fn lead(
        self: Arc<Self>,
        request: Request<Body>,
        fetch: Box<Fetch>,
        lease: Lease,
        mut reply: oneshot::Sender<Answered>,
    ) {
        let (asked, outgoing) = outgoing(request, fetch.stale.as_deref());
        let request_time = self.clock.now();
        let answer = tokio::select! {
            answer = self.ask_for_identity(outgoing) => answer,
            // Ends the origin's work; the lease goes too.
            () = nobody_waits(&mut reply, &lease) => {
                return debug!(path = asked.uri.path(), "nobody waits any more; given up");
            }
        };
        let response = match self.judge(&asked, request_time, answer, &fetch) {
            Found::Storable(head, extensions, body) => {
                let (fill, writer) = self.start(*head);
                let response = self.filling(&fill, &asked, stored(&fetch), extensions);
                lease.share(fill.clone());
                if let Some(response) = response {
                    let _ = reply.send(Ok(response));
                }
                return self.fill(&fetch.target, asked, fill, writer, body, Some(lease)).await;
            }
            Found::Stored(stored, fwd_status, detail) => {
                lease.end(Outcome::Stored(stored.clone(), detail));
                let story = Status { fwd_status, detail, ..forwarded(&fetch) };
                Ok(respond::stored(&stored, Asked::by(&asked), story, self.clock.now()))
            }
            Found::Passing(response, why) => {
                let status = response.status();
                lease.end(match status.is_server_error() {
                    true => Outcome::Refused(status),
                    false => Outcome::Alone,
                });
                Ok(passing(*response, why, &fetch))
            }
            Found::Failed(error) => {
                lease.end(Outcome::Failed(error.clone()));
                Err(error)
            }
        };
        let _ = reply.send(response);
    }

    /// Opens a body that is read while it is stored.
    pub(super) fn start(&self, head: Head) -> (Arc<Fill>, Writer) {
        let body = self.growing();
        let writer = body.writer();
        (Fill::new(head, body), writer)
    }

    /// Takes the body from the origin to its readers, and into the store at its end.
    pub(super) async fn fill(
        self: Arc<Self>,
        target: &Target,
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
                if prepare::check_body(&asked, fill.head.status, &whole, &self.settings).is_ok() {
                    self.put_whole(target, &fill, whole, &asked);
                }
            }
            Written::TooLarge => self.unstorable.remember(&target.key, self.clock.now()),
            Written::NoRoom => debug!(path = asked.uri.path(), "no room (cache.max_filling)"),
        }
        // Only now: whoever comes between must find the stored response or still be a follower.
        drop(lease);
        writer.complete(trailers);
    }

    fn put_whole(&self, target: &Target, fill: &Fill, body: Bytes, asked: &Parts) {
        let mut head = fill.head.clone();
        if head.status == StatusCode::PARTIAL_CONTENT {
            return self.put_part(target, head, body, asked);
        }
        respond::state_length(&mut head.headers, &body);
        let stored = StoredResponse::new(head, body);
        if let Some(key) = self.put(target, stored.clone(), asked) {
            fill.coming.note(key, &stored);
        }
    }

    fn follow(
        &self,
        request: &Request<Body>,
        fetch: &Fetch,
        fill: &Arc<Fill>,
        is_late: bool,
        flight: &mut KeyBuf,
    ) -> Followed {
        // RFC 9111 section 5.2.2.4: not without a validation of his own.
        if fill.head.freshness.validates_always {
            return Followed::Alone;
        }
        if !self.is_for(request, &fetch.target, &fill.head) {
            // The leader's query is not this one after all.
            flight.push(b'\n');
            flight.extend_from_slice(request.uri().query().unwrap_or_default().as_bytes());
            return Followed::Again;
        }
        let selecting = &fill.head.selecting;
        if !selecting.matches(request.headers()) {
            // Those who want another variant than the leader have a leader of their own.
            flight::narrow(flight, request, selecting.names());
            return Followed::Again;
        }
        // Whoever asked before the answer came may have it in any case; later it must be fresh still.
        let is_usable = !is_late
            || matches!(
                reuse::decide(&fill.head.freshness, self.clock.now()),
                Decision::Serve | Decision::ServeStale
            );
        let story = Status { collapsed: true, ..forwarded(fetch) };
        match self.reader(fill, request.headers()) {
            Some(coming) if is_usable => {
                let asked = Asked::of(request);
                let now = self.clock.now();
                answered(Ok(respond::filling(&fill.head, coming, asked, story, now)))
            }
            Some(_) | None => Followed::Alone,
        }
    }

    /// Whether a response is for this request too, which has the leader's key: the key may leave out
    /// parameters of the query because another response has said so, and this one does not.
    fn is_for<H, U>(
        &self,
        request: &Request<Body>,
        target: &Target,
        response: &Head<H, U>,
    ) -> bool {
        if !self.searches.is_any() {
            return true;
        }
        let Ok(class) = self.settings.class(request.headers()) else { return false };
        let (parts, variance) = (lookup::parts(request, &class), response.variance.as_ref());
        self.searches.is_for(parts, variance, &target.key, |key| class.write(key))
    }

    fn follow_stored(
        &self,
        request: &Request<Body>,
        fetch: &Fetch,
        stored: &StoredResponse,
        detail: Option<&'static str>,
    ) -> Followed {
        let head = &stored.head;
        if head.freshness.validates_always
            || !head.selecting.matches(request.headers())
            || !self.is_for(request, &fetch.target, head)
        {
            return Followed::Alone;
        }
        let story = Status { collapsed: true, detail, ..forwarded(fetch) };
        let asked = Asked::of(request);
        answered(Ok(respond::stored(stored, asked, story, self.clock.now())))
    }

    fn follow_failed(&self, request: &Request<Body>, fetch: &Fetch, error: ProxyError) -> Followed {
        let Some(stale) = self.stand_in(fetch.stale.as_ref()) else {
            return answered(Err(error));
        };
        let story = Status { collapsed: true, detail: Some(STANDS_IN), ..forwarded(fetch) };
        let asked = Asked::of(request);
        answered(Ok(respond::stored(stale, asked, story, self.clock.now())))
    }

    /// Fetches without followers, with the client's own conditions: nothing else than the client
    /// would have done. What may be stored is stored all the same.
    async fn alone(self: Arc<Self>, request: Request<Body>, fetch: Box<Fetch>) -> Answered {
        if validate::has_conditions(request.headers()) {
            let Fetch { reason, stale, .. } = *fetch;
            let pass = Pass { reason, detail: None, stale, target: None };
            return Box::pin(self.pass(request, pass)).await;
        }
        let (asked, outgoing) = outgoing(request, fetch.stale.as_deref());
        let request_time = self.clock.now();
        let answer = self.ask_for_identity(outgoing).await;
        match self.judge(&asked, request_time, answer, &fetch) {
            Found::Storable(head, extensions, body) => {
                let (fill, writer) = self.start(*head);
                let response = self.filling(&fill, &asked, stored(&fetch), extensions);
                let filling =
                    async move { self.fill(&fetch.target, asked, fill, writer, body, None).await };
                tokio::spawn(filling.in_current_span());
                response.ok_or(ProxyError::Abandoned)
            }
            Found::Stored(stored, fwd_status, detail) => {
                let story = Status { fwd_status, detail, ..forwarded(&fetch) };
                Ok(respond::stored(&stored, Asked::by(&asked), story, self.clock.now()))
            }
            Found::Passing(response, why) => Ok(passing(*response, why, &fetch)),
            Found::Failed(error) => Err(error),
        }
    }

    /// The answer to the one who asked, of a response that is being stored.
    fn filling(
        &self,
        fill: &Arc<Fill>,
        asked: &Parts,
        story: Status,
        extensions: http::Extensions,
    ) -> Option<Response<Body>> {
        let coming = self.reader(fill, &asked.headers)?;
        let now = self.clock.now();
        let story = respond::of_whom(story, &extensions);
        let mut response = respond::filling(&fill.head, coming, Asked::by(asked), story, now);
        response.extensions_mut().extend(extensions);
        Some(response)
    }
}

/// Ready when the leader's client has left, and nobody has followed for a while. To go on for longer
/// would let clients that come and go occupy the origin with work for nobody.
async fn nobody_waits(reply: &mut oneshot::Sender<Answered>, lease: &Lease) {
    reply.closed().await;
    loop {
        sleep(GRACE).await;
        if !lease.is_followed() {
            return;
        }
    }
}

/// A visitor who reloads comes back within this time, and finds his page begun.
const GRACE: Duration = Duration::from_secs(2);

/// A request as it was, and for the origin: without the client's conditions, since the answer is for
/// others too, and with our own where something is stored. The copy is the former, which grows no more.
fn outgoing(mut request: Request<Body>, stale: Option<&StoredResponse>) -> (Parts, Request<Body>) {
    let asked = prepare::head_of(&request);
    validate::strip_conditions(request.headers_mut());
    if let Some(stale) = stale {
        validate::add_validators(request.headers_mut(), &stale.head.headers.to_headers());
    }
    (asked, request)
}

fn answered(answer: Answered) -> Followed {
    Followed::Answer(Box::new(answer))
}

fn forwarded(fetch: &Fetch) -> Status {
    Status { fwd: Some(fetch.reason), ..Status::default() }
}

fn stored(fetch: &Fetch) -> Status {
    Status { stored: true, ..forwarded(fetch) }
}

fn passing(mut response: Response<Body>, why: Unstored, fetch: &Fetch) -> Response<Body> {
    respond::mark(&mut response, Status { detail: Some(why.as_str()), ..forwarded(fetch) });
    response
}
