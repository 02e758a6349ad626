//! One client's connection: HTTP/1.1, its limits, and its end.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, UPGRADE};
use http::{HeaderValue, Request, Response, StatusCode, Version};
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tracing::debug;

use super::current::Own;
use super::heads::{Heads, Verdict};
use super::limits::Limits;
use super::receiving::Receiving;
use super::watch::{Part, Watch, Watched, Wish};
use super::wire::Wire;
use super::{Answering, Current, Place};
use crate::alarm::Alarm;
use crate::body::Body;
use crate::client::Client;
use crate::config::ServerConfig;
use crate::error::BodyError;
use crate::fields::Fields;
use crate::interim::Interims;
use crate::metrics::Metrics;

/// A connection that was accepted.
pub(super) struct Connection {
    pub(super) peer: IpAddr,
    pub(super) config: Arc<ServerConfig>,
    pub(super) place: Place,
    pub(super) watch: Watched,
    pub(super) metrics: Metrics,
}

impl Connection {
    /// Serves requests with the stack that is `current` until either side ends it.
    pub(super) async fn serve<IO, S>(self, io: IO, current: Arc<Current<S>>)
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        S: Answering,
    {
        let watch = self.watch.0.clone();
        let config = self.config.clone();
        let interims = Arc::new(Interims::default());
        let verdict = Arc::<Verdict>::default();
        let heads = Heads::new(config.max_header_bytes, verdict.clone());
        let shard = self.metrics.shard();
        let requests = Requests {
            own: Mutex::new(current.own()),
            current,
            peer: self.peer,
            config: self.config,
            place: self.place,
            watch: watch.clone(),
            interims: interims.clone(),
            count: Cell::new(0),
            verdict,
        };
        let mut http = std::pin::pin!(
            builder(&config)
                .serve_connection(
                    TokioIo::new(Wire::new(io, &watch, &interims, heads, shard)),
                    requests
                )
                .with_upgrades()
        );
        let mut limits = Limits::new(&config, &watch);
        let mut is_closing = false;
        let mut newcomer = Alarm::default();
        let mut is_known = false;
        poll_fn(|cx| {
            // Before the first look at the wish, so that none is missed between.
            if !std::mem::replace(&mut is_known, true) {
                watch.wake_by(cx.waker());
                interims.wake_by(cx.waker());
            }
            if let Poll::Ready(ended) = http.as_mut().poll(cx) {
                return note_end(self.peer, ended);
            }
            let is_to_close = watch.wish() == Wish::Close && !is_closing;
            if is_to_close && !may_bring_a_request(&watch, &mut newcomer, cx) {
                is_closing = true;
                http.as_mut().graceful_shutdown();
                // It may be idle, and then it has ended.
                if let Poll::Ready(ended) = http.as_mut().poll(cx) {
                    return note_end(self.peer, ended);
                }
            }
            limits.poll(cx).map(|limit| debug!(peer = %self.peer, "connection closed: {limit}"))
        })
        .await;
    }
}

/// Whether nothing has come over a connection yet, and its first request may be on its way: whoever
/// was accepted at the last moment has often sent it already, and we have not looked.
fn may_bring_a_request(watch: &Watch, patience: &mut Alarm, cx: &mut Context<'_>) -> bool {
    if !watch.is_new() {
        return false;
    }
    if !patience.is_set() {
        patience.set(Instant::now() + FIRST_REQUEST);
    }
    patience.poll(cx).is_pending()
}

/// How long a new connection is left open when all are closed.
const FIRST_REQUEST: Duration = Duration::from_millis(300);

/// What a client may send before anybody looks at it.
fn builder(config: &ServerConfig) -> http1::Builder {
    let mut builder = http1::Builder::new();
    if config.max_headers != LIBRARY_MAX_HEADERS {
        builder.max_headers(config.max_headers);
    }
    builder
        // The buffer that the head must fit into; the body streams through it.
        .max_buf_size(config.max_header_bytes)
        // Trailers have a bound of their own.
        .max_header_size(config.max_header_bytes)
        // `Limits` has timers for more than the head, and cheaper ones.
        .header_read_timeout(None);
    builder
}

/// What the library allows unasked. Asked for, the same number costs it an initialised table for each
/// request.
const LIBRARY_MAX_HEADERS: usize = 100;

fn note_end(peer: IpAddr, ended: hyper::Result<()>) -> Poll<()> {
    if let Err(error) = ended {
        debug!(%peer, %error, "connection ended");
    }
    Poll::Ready(())
}

/// Takes the requests of one connection to the stack.
struct Requests<S> {
    // Requests of a connection come one after the other, so nobody ever waits for this; a clone of
    // the stack for each request would have all cores count the same references.
    own: Mutex<Own<S>>,
    current: Arc<Current<S>>,
    peer: IpAddr,
    config: Arc<ServerConfig>,
    place: Place,
    watch: Arc<Watch>,
    interims: Arc<Interims>,
    count: Cell<u64>,
    verdict: Arc<Verdict>,
}

impl<S: Answering> Service<Request<Incoming>> for Requests<S> {
    type Response = Response<Sending<S::Body>>;
    type Error = std::convert::Infallible;
    type Future = AnswerFuture<S::Future, S::Body>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let answer = Part::of(&self.watch);
        let mut request = request.map(|body| self.body(body));
        let mut client = Client::new(self.peer, request.headers());
        let sink = self.interims.begin();
        // RFC 9110 section 15.2: not to a client of HTTP/1.0.
        client.interims = (request.version() == Version::HTTP_11).then_some(sink);
        self.count.set(self.count.get() + 1);
        client.is_ambiguous = self.verdict.is_ambiguous(self.count.get());
        let may_upgrade = client.fields.may_have(Fields::OF_CONNECTION);
        if may_upgrade && request.headers().contains_key(UPGRADE) {
            request.extensions_mut().insert(self.place.clone());
        }
        request.extensions_mut().insert(client);
        let inner = self.answer(request);
        let interims = self.interims.clone();
        AnswerFuture { inner, interims, response: None, answer: Some(answer) }
    }
}

impl<S: Answering> Requests<S> {
    fn answer(&self, request: Request<Body>) -> S::Future {
        let mut own = self.own.lock();
        if self.current.is_outdated(&own) {
            *own = self.current.own();
        }
        own.stack.call(request)
    }

    fn body(&self, body: Incoming) -> Body {
        if body.is_end_stream() {
            return Body::Empty;
        }
        Body::stream(Receiving::new(body, self.config.body_timeout, Part::of(&self.watch)))
    }
}

pin_project! {
    /// An answer on its way.
    struct AnswerFuture<F, B> {
        #[pin]
        inner: F,
        interims: Arc<Interims>,
        // Held back until the interim responses before it are sent.
        response: Option<Response<B>>,
        // Goes on into the response's body.
        answer: Option<Part>,
    }
}

impl<F, B, E> Future for AnswerFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<Sending<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = match this.response.take() {
            None => ready!(this.inner.poll(cx))?,
            Some(held_back) => held_back,
        };
        if this.interims.end() {
            // The flush that sends them wakes us. (Only now is it put away: it is large.)
            *this.response = Some(response);
            return Poll::Pending;
        }
        let answer = this.answer.take();
        let is_last = answer.as_ref().is_some_and(|answer| answer.watch().wish() > Wish::Serve);
        if is_last && response.status() != StatusCode::SWITCHING_PROTOCOLS {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Poll::Ready(Ok(response.map(|body| Sending { body, _answer: answer })))
    }
}

pin_project! {
    /// A response body; its part of the exchange ends when it is dropped.
    struct Sending<B> {
        #[pin]
        body: B,
        _answer: Option<Part>,
    }
}

impl<B> http_body::Body for Sending<B>
where
    B: http_body::Body<Data = Bytes, Error = BodyError>,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.project().body.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
