//! The cache service: looks up, asks the policy, obeys.
//!
//! ```text
//!               ┌─ Serve ───────────────────────▶ answer, at once
//! request ─▶ lookup ─ ServeStale ───────────────▶ answer, at once; `renew` in the background
//!               ├─ Validate ─▶ fetch, conditional ─┐
//!               ├─ UriMiss ──▶ fetch ──────────────┼▶ `collapse`: one leads, the others follow
//!               │                                  ├▶ `judge`: what the origin's answer means
//!               └─ Bypass, Method ─▶ `pass`        └▶ `growing`: all read the body as it comes
//! ```
//!
//! Invariants:
//! - No rule of HTTP or of Next.js stands here; `policy` and `next` are asked, in `lookup` and `prepare`.
//! - A hit neither allocates a future nor waits.
//! - A failure of ours never fails an answer that the origin gave: whoever cannot be served from the
//!   store or from another's fetch is passed through.

mod budget;
mod coded;
mod collapse;
mod complete;
mod epochs;
mod fetch;
mod fill;
mod flight;
mod growing;
mod head;
mod invalidate;
mod judge;
mod keep;
mod lasting;
mod lookup;
mod parts;
mod pass;
mod prepare;
mod purge;
mod reason;
mod renew;
mod respond;
mod room;
mod search;
mod settings;
mod siblings;
mod tell;
mod unstorable;
mod window;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use tower::{Service, ServiceExt};

use crate::body::Body;
use crate::client;
use crate::clock::Clock;
use crate::error::ProxyError;
use crate::log::Seldom;
use crate::metrics::{Class, Metrics, Outcome, Storied, Story};
use crate::next::deployment;
use crate::policy::key::{self, KeyBuf};
use crate::policy::status::{self, Status};
use crate::store::{MemoryStore, StoredResponse};
use crate::traces::Doing;
use budget::Budget;
use coded::Coder;
use collapse::Flights;
use epochs::Epochs;
use growing::{Growing, Limits};
pub use lasting::Lasting;
use lookup::{Plan, Target};
pub use reason::{Bypass, Unstored};
use search::Searches;
pub use search::query_of;
pub use settings::Settings;
use unstorable::Unstorable;
pub use window::{Appraisal, Held, Seen, Standing, Window, appraise, told};

/// How long the origin took from the request to its response head; in the extensions of responses
/// that came from it.
#[derive(Clone, Copy, Debug)]
pub struct OriginTime(pub Duration);

/// Says, in the extensions of a response, that it is not the origin's own; for `Cache-Status`.
#[derive(Clone, Debug)]
pub struct Instead {
    /// Who gave it.
    pub detail: &'static str,
    /// What the origin answered, or why it did not.
    pub origin: Result<StatusCode, ProxyError>,
}

impl Instead {
    /// Why the origin gave no answer, in whose place this is.
    fn failure<B>(response: &Response<B>) -> Option<&ProxyError> {
        response.extensions().get::<Self>()?.origin.as_ref().err()
    }
}

/// What the cache needs of the service below it.
pub trait Inner:
    Service<Request<Body>, Response = Response<Body>, Error = ProxyError, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Inner for S where
    S: Service<Request<Body>, Response = Response<Body>, Error = ProxyError, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// The cache as a tower service; clones share everything.
#[derive(Debug)]
pub struct Cache<S> {
    shared: Arc<Shared<S>>,
}

/// What all requests share.
#[derive(Debug)]
struct Shared<S> {
    origin: S,
    store: MemoryStore,
    coder: Arc<Coder>,
    flights: Arc<Flights>,
    epochs: Arc<Epochs>,
    searches: Arc<Searches>,
    filling: Limits,
    unstorable: Unstorable,
    renewals: Arc<Budget>,
    failing: Arc<Seldom>,
    clock: Clock,
    settings: Settings,
    metrics: Metrics,
}

impl<S: Inner> Cache<S> {
    /// A cache in front of `origin` that knows what `lasting` knows, goes by `settings`, and counts in
    /// `metrics` what it asks for.
    pub fn new(
        origin: S,
        lasting: Lasting,
        clock: Clock,
        settings: Settings,
        metrics: Metrics,
    ) -> Self {
        let cache = &settings.cache;
        let Lasting { store, coder, flights, epochs, searches, room, .. } = lasting;
        let Lasting { unstorable, renewals, failing, .. } = lasting;
        let shared = Shared {
            origin,
            store,
            coder,
            flights,
            epochs,
            searches,
            filling: Limits { max: bytes(cache.max_entry), patience: cache.collapse_timeout, room },
            unstorable: unstorable.lasting(cache.uncacheable_memory),
            renewals,
            failing,
            clock,
            settings,
            metrics,
        };
        let shared = Arc::new(shared);
        shared.settings.window.open(&shared);
        Self { shared }
    }
}

fn bytes(size: u64) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}

impl<S> Clone for Cache<S> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<S: Inner> Service<Request<Body>> for Cache<S> {
    type Response = Response<Storied>;
    type Error = ProxyError;
    type Future = CacheFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ProxyError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> CacheFuture {
        self.shared.settings.application.note_visit();
        let key = self.shared.key_to_tell(&request);
        let traces = &self.shared.settings.traces;
        let looking = traces.doing(&request, "cache lookup");
        let (plan, class) = self.shared.lookup(&mut request);
        looking.found(plan.name());
        let fetching = |request: &mut Request<Body>| {
            let doing = traces.doing(request, "cache fetch");
            doing.leads(request.extensions_mut());
            doing
        };
        let (doing, answer): (_, Awaited) = match plan {
            Plan::Answer(response, outcome) => {
                let story = Story { class, outcome };
                return CacheFuture::ready(response.map(|body| Storied { body, story }), key);
            }
            Plan::Pass(pass) => {
                (Doing::default(), Box::pin(self.shared.clone().pass(request, pass)))
            }
            Plan::Complete(completion) => {
                let doing = fetching(&mut request);
                (doing, Box::pin(self.shared.clone().complete(request, *completion)))
            }
            Plan::Fetch(fetch) => {
                let doing = fetching(&mut request);
                (doing, self.shared.clone().fetch(request, fetch))
            }
        };
        CacheFuture::Awaited { answer, class, doing, key }
    }
}

impl<S: Inner> Shared<S> {
    /// Asks the origin, and notes how long it took.
    async fn ask(&self, mut request: Request<Body>) -> Result<Response<Body>, ProxyError> {
        let began = self.clock.monotonic();
        let asking = self.settings.traces.asking(&mut request);
        let (method, target) = (request.method().clone(), request.uri().clone());
        let answer = self.origin.clone().oneshot(request).await;
        asking.answered(answer.as_ref());
        let failed =
            |why: &str| self.metrics.note_error(&format!("{method} {}", target.path()), why);
        let failure = match &answer {
            Ok(response) => Instead::failure(response),
            Err(error) => Some(error),
        };
        if let Some(error) = failure {
            self.metrics.origin_failed(error);
            failed(&error.to_string());
            return answer;
        }
        let mut response = answer?;
        if response.status().is_server_error() {
            failed(&format!("the origin answered {}", response.status().as_u16()));
        }
        let took = self.clock.monotonic().saturating_sub(began);
        self.metrics.origin_took(took);
        response.extensions_mut().insert(OriginTime(took));
        self.note_build(response.headers());
        Ok(response)
    }

    /// Forgets the pages of the builds before, when a new one answers.
    fn note_build(&self, answer: &HeaderMap) {
        if let Some(id) = deployment::of(answer).filter(|_| self.settings.next.enabled) {
            self.settings.application.told(id, &self.store, &self.metrics);
        }
    }

    /// Stores the response to a request, unless its target has been invalidated since it was asked
    /// for; gives its key.
    fn put(&self, target: &Target, stored: Arc<StoredResponse>, asked: &Parts) -> Option<KeyBuf> {
        let is_obsolete = || self.epochs.of(&target.key) != target.epoch;
        if is_obsolete() {
            return None;
        }
        self.settings.application.note_page(&stored.head, asked);
        let key = self.key_to_store(target, &stored, asked);
        let old = self.store.get(&key);
        let old = old.as_ref().and_then(|entry| entry.select(&asked.headers));
        if let Some(old) = old {
            stored.succeed(old, self.clock.now());
        }
        self.prepare_codings(old, &stored);
        if !self.store.put(&key, stored.clone(), &asked.headers, target.since) {
            return None;
        }
        self.outdate_siblings(old, &stored);
        // An invalidation between the look and the put has found nothing to remove.
        if is_obsolete() {
            self.store.remove_variant(&key, &stored);
            return None;
        }
        self.see_to_codings(&key, &stored);
        Some(key)
    }

    /// The target's own key, unless the response says that parameters of the query do not count, or
    /// that they do again.
    fn key_to_store(&self, target: &Target, stored: &StoredResponse, asked: &Parts) -> KeyBuf {
        let variance = stored.head.variance.as_ref();
        if variance.is_none() && !self.searches.is_any() {
            return target.key.clone();
        }
        let request = Request::from_parts(asked.clone(), ());
        let Ok(class) = self.settings.class(&asked.headers) else { return target.key.clone() };
        let parts = lookup::parts(&request, &class);
        if variance.is_none() && stored.head.status != StatusCode::OK {
            // A page that is missing, or has moved, says nothing of the others of its path.
            return key::write(parts, |key| class.write(key));
        }
        self.searches.learn(parts, variance, |key| class.write(key))
    }

    /// Forgets a key, and does not take back what was asked for before.
    fn invalidate(&self, key: &[u8]) {
        self.epochs.begin(key);
        self.store.remove(key);
    }

    /// The key of a request that may be looked up, where `Cache-Status` is to tell it.
    fn key_to_tell(&self, request: &Request<Body>) -> Option<String> {
        let is_told = self.settings.rules.switches.status_key
            && matches!(*request.method(), Method::GET | Method::HEAD);
        is_told
            .then(|| self.key_of(request, client::fields(request)))
            .flatten()
            .map(|key| key::shown(&key))
    }

    /// An empty body that may grow to what the store takes.
    fn growing(&self) -> Arc<Growing> {
        Growing::new(self.filling.clone())
    }
}

/// An answer that takes a way. Boxed as soon as it begins: it is large, and would be moved by each
/// layer above.
type Awaited = Pin<Box<dyn Future<Output = Result<Response<Body>, ProxyError>> + Send>>;

/// An answer at hand, or one that takes a way.
pub enum CacheFuture {
    /// A hit.
    Ready(Option<Response<Storied>>),
    /// Anything else.
    Awaited {
        /// Its `Cache-Status` is in its extensions.
        answer: Awaited,
        /// What the request is counted as.
        class: Class,
        /// What is told of it.
        doing: Doing,
        /// The request's key, where `Cache-Status` is to have it.
        key: Option<String>,
    },
}

impl CacheFuture {
    fn ready(mut response: Response<Storied>, key: Option<String>) -> Self {
        tell_key(&mut response, key);
        Self::Ready(Some(response))
    }
}

impl Future for CacheFuture {
    type Output = Result<Response<Storied>, ProxyError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Ready(response) => match response.take() {
                Some(response) => Poll::Ready(Ok(response)),
                // Polled after its end, which the contract of `Future` forbids.
                None => Poll::Pending,
            },
            Self::Awaited { answer, class, doing, key } => {
                let answer = ready!(answer.as_mut().poll(cx));
                let told = storied(answer, *class, std::mem::take(doing));
                Poll::Ready(told.map(|mut response| {
                    tell_key(&mut response, key.take());
                    response
                }))
            }
        }
    }
}

fn storied(
    answer: Result<Response<Body>, ProxyError>,
    class: Class,
    doing: Doing,
) -> Result<Response<Storied>, ProxyError> {
    let response = match answer {
        Ok(response) => response,
        Err(error) => {
            doing.failed(error.proxy_status());
            return Err(error);
        }
    };
    // What was found when it was looked for once more has none.
    let status = response.extensions().get::<Status>();
    let story = Story { class, outcome: status.map_or(Outcome::Hit, Outcome::of) };
    doing.ended(status);
    Ok(response.map(|body| Storied { body, story }))
}

fn tell_key(response: &mut Response<Storied>, key: Option<String>) {
    if let Some(key) = key {
        status::add_key(response.headers_mut(), &key);
    }
}

impl std::fmt::Debug for CacheFuture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ready(_) => "CacheFuture::Ready",
            Self::Awaited { .. } => "CacheFuture::Awaited",
        })
    }
}
