//! A scripted origin and a client, in process: every exchange is held in the test's hand, and time
//! stands still until the test moves it.

use std::collections::VecDeque;
use std::io::Read;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, StreamBody};
use selvedge::body::Body;
use selvedge::build::Application;
use selvedge::cache::{Cache, Lasting, Settings};
use selvedge::clock::Clock;
use selvedge::config::{self, CacheConfig, Config, Sources};
use selvedge::error::{BodyError, ProxyError, Unreachable};
use selvedge::metrics::{Metrics, Storied};
use selvedge::next::manifest::{Found, Manifest};
use selvedge::policy::date::Timestamp;
use selvedge::store::MemoryStore;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tower::{Service, ServiceExt};

/// 2026-01-01T00:00:00Z, where every test begins.
pub const START: Timestamp = Timestamp::from_secs(1_767_225_600);

type Answer = Result<Response<Body>, ProxyError>;

/// What the edge answers.
type Answered = Result<Response<Storied>, ProxyError>;

/// The origin's service: hands each request to the test.
#[derive(Clone)]
pub struct Origin(mpsc::UnboundedSender<Exchange>);

/// A request that waits for its answer.
pub struct Exchange {
    pub request: Request<Body>,
    reply: oneshot::Sender<Answer>,
}

impl Service<Request<Body>> for Origin {
    type Response = Response<Body>;
    type Error = ProxyError;
    type Future = BoxFuture<'static, Answer>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ProxyError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (reply, answer) = oneshot::channel();
        let _ = self.0.send(Exchange { request, reply });
        Box::pin(async move { answer.await.unwrap_or(Err(ProxyError::Abandoned)) })
    }
}

impl Exchange {
    pub fn answer(self, response: Response<Body>) {
        let _ = self.reply.send(Ok(response));
    }

    pub fn fail(self) {
        self.fail_with(refused());
    }

    pub fn fail_with(self, error: ProxyError) {
        let _ = self.reply.send(Err(error));
    }

    /// Answers with a head; the body comes piece by piece.
    pub fn answer_slowly(self, response: http::response::Builder) -> Pieces {
        let (sender, receiver) = mpsc::unbounded_channel();
        let stream = tokio_stream::wrappers::UnboundedReceiverStream::new(receiver);
        self.answer(response.body(Body::stream(StreamBody::new(stream))).unwrap());
        Pieces(sender)
    }

    /// Whether the one who asked has gone.
    pub fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name).map(|value| value.to_str().unwrap())
    }
}

pub fn refused() -> ProxyError {
    ProxyError::ConnectFailed {
        origin: "http://origin".into(),
        why: Unreachable::Refused,
        reason: "refused".into(),
    }
}

/// The origin's end of a body.
pub struct Pieces(mpsc::UnboundedSender<Result<http_body::Frame<Bytes>, BodyError>>);

impl Pieces {
    pub fn send(&self, piece: &'static str) {
        let _ = self.0.send(Ok(http_body::Frame::data(piece.into())));
    }

    pub fn break_off(self) {
        let _ = self.0.send(Err(BodyError::Broken("connection reset".into())));
    }
}

/// An edge with a clock of its own, and the script of its origin.
pub struct Edge {
    pub cache: Cache<Origin>,
    pub store: MemoryStore,
    pub clock: Clock,
    pub application: Application,
    pub metrics: Metrics,
    origin: Origin,
    exchanges: mpsc::UnboundedReceiver<Exchange>,
    early: VecDeque<Exchange>,
}

impl Edge {
    pub fn new() -> Self {
        Self::with(CacheConfig::default())
    }

    pub fn with(config: CacheConfig) -> Self {
        Self::of(&Config { cache: config, ..Config::default() })
    }

    /// To the letter of RFC 9111.
    pub fn strict() -> Self {
        let file = Some("config/rfc9111.toml".into());
        let loaded = config::load(&Sources { file, ..Sources::default() });
        Self::of(&loaded.map_err(|mistakes| mistakes.to_string()).unwrap().config)
    }

    pub fn of(config: &Config) -> Self {
        Self::by(Settings::from(config))
    }

    /// That has read an application's build of these files.
    pub fn knowing(files: &[(&str, &str)], config: &Config) -> Self {
        let (manifest, damages) = Manifest::read(|name| {
            let file = files.iter().find(|(file, _)| *file == name);
            file.map_or(Found::Nothing, |(_, text)| Found::Text((*text).into()))
        });
        assert_eq!(damages, []);
        let application = Application::knowing(manifest);
        Self::by(Settings { application, ..Settings::from(config) })
    }

    fn by(settings: Settings) -> Self {
        let (sender, exchanges) = mpsc::unbounded_channel();
        let clock = Clock::manual(START);
        let store = MemoryStore::new(64 << 20, settings.cache.max_variants);
        let (application, origin) = (settings.application.clone(), Origin(sender));
        let (metrics, way) = (Metrics::new(&clock), origin.clone());
        let lasting = Lasting::new(store.clone(), &settings.cache, &metrics);
        let cache = Cache::new(way, lasting, clock.clone(), settings, metrics.clone());
        let early = VecDeque::new();
        Self { cache, store, clock, application, metrics, origin, exchanges, early }
    }

    /// The way to the origin, for whoever asks it directly.
    pub fn way(&self) -> Origin {
        self.origin.clone()
    }

    pub fn advance_millis(&self, millis: u64) {
        self.clock.advance(Duration::from_millis(millis));
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Sends a request; its answer comes when the script lets it.
    pub fn send(&self, request: Request<Body>) -> JoinHandle<Answered> {
        tokio::spawn(self.cache.clone().oneshot(request))
    }

    /// Sends a request that must be answered without the origin.
    pub async fn hit(&mut self, request: Request<Body>) -> Got {
        let pending = self.send(request);
        self.settle().await;
        assert!(pending.is_finished(), "the request went to the origin");
        got(pending).await
    }

    /// Sends a request that must reach the origin, which answers so.
    pub async fn miss(&mut self, request: Request<Body>, response: Response<Body>) -> Got {
        let pending = self.send(request);
        self.origin().await.answer(response);
        let got = got(pending).await;
        self.settle().await;
        got
    }

    /// The next request that the origin gets.
    pub async fn origin(&mut self) -> Exchange {
        if let Some(exchange) = self.early.pop_front() {
            return exchange;
        }
        let next = tokio::time::timeout(Duration::from_secs(3600), self.exchanges.recv());
        next.await.expect("the origin was asked").expect("the edge lives")
    }

    /// Lets every task run until it waits; then the origin must not have been asked.
    pub async fn origin_is_left_alone(&mut self) {
        self.settle().await;
        let count = self.early.len();
        assert_eq!(count, 0, "the origin was asked {count} times more");
    }

    /// How many requests wait for the origin.
    pub async fn waiting_at_the_origin(&mut self) -> usize {
        self.settle().await;
        self.early.len()
    }

    /// Lets every task run until it waits.
    pub async fn settle(&mut self) {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        while let Ok(exchange) = self.exchanges.try_recv() {
            self.early.push_back(exchange);
        }
    }
}

/// What a client got.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub headers: HeaderMap,
    /// Bytes of the body as it came.
    pub length: usize,
    /// Decoded; `None` when the body broke off.
    pub body: Option<String>,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Our member of `Cache-Status`, without our name.
    pub fn story(&self) -> &str {
        self.header("cache-status").strip_prefix("selvedge; ").unwrap_or_default()
    }

    pub fn body(&self) -> &str {
        self.body.as_deref().expect("the body came whole")
    }
}

pub async fn got(pending: JoinHandle<Answered>) -> Got {
    read(pending.await.unwrap().expect("an answer")).await
}

pub async fn read(response: Response<Storied>) -> Got {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.ok();
    let body = body.map(http_body_util::Collected::to_bytes);
    let length = body.as_ref().map_or(0, Bytes::len);
    let coding = parts.headers.get("content-encoding").map(|coding| coding.to_str().unwrap());
    let body = body.map(|body| String::from_utf8(decoded(&body, coding)).unwrap());
    Got { status: parts.status.as_u16(), headers: parts.headers, length, body }
}

/// What a browser makes of a body; what only says that it is coded stays as it is.
fn decoded(body: &[u8], coding: Option<&str>) -> Vec<u8> {
    let (decoded, is_whole) = decode(body, coding);
    if is_whole { decoded } else { body.to_vec() }
}

/// What can be decoded of a body, and whether that is all of it.
fn decode(body: &[u8], coding: Option<&str>) -> (Vec<u8>, bool) {
    let (mut decoded, mut plain) = (Vec::new(), body);
    let read = match coding {
        Some("zstd") => zstd::Decoder::new(body).unwrap().read_to_end(&mut decoded),
        Some("br") => brotli::Decompressor::new(body, 4096).read_to_end(&mut decoded),
        Some("gzip") => flate2::read::GzDecoder::new(body).read_to_end(&mut decoded),
        Some(_) | None => plain.read_to_end(&mut decoded),
    };
    (decoded, read.is_ok())
}

/// A coded body that is read as it comes.
pub struct Reading {
    body: Storied,
    coding: String,
    came: Vec<u8>,
}

impl Reading {
    pub fn of(response: Response<Storied>) -> Self {
        let coding = response.headers()["content-encoding"].to_str().unwrap().to_owned();
        Self { body: response.into_body(), coding, came: Vec::new() }
    }

    /// What can be decoded after the next frame.
    pub async fn more(&mut self) -> String {
        let frame = self.body.frame().await.expect("a frame").expect("no failure");
        self.came.extend_from_slice(frame.data_ref().expect("data"));
        String::from_utf8(decode(&self.came, Some(&self.coding)).0).unwrap()
    }

    /// All of it; `None` if it broke off.
    pub async fn rest(mut self) -> Option<String> {
        self.came.extend_from_slice(&self.body.collect().await.ok()?.to_bytes());
        let (decoded, is_whole) = decode(&self.came, Some(&self.coding));
        assert!(is_whole, "it ends before its end");
        Some(String::from_utf8(decoded).unwrap())
    }
}

/// A browser's request.
pub fn get(path: &str) -> Request<Body> {
    request("GET", path, &[])
}

pub fn get_with(path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    request("GET", path, headers)
}

pub fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header("host", "example.org");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::Empty).unwrap()
}

/// An answer of the origin.
pub fn answer(status: u16, headers: &[(&str, &str)], body: &'static str) -> Response<Body> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Body::full(body)).unwrap()
}

/// An ISR page of Next.js 16.
pub fn page(cache_control: &str, body: &'static str) -> Response<Body> {
    answer(
        200,
        &[
            ("cache-control", cache_control),
            ("content-type", "text/html; charset=utf-8"),
            ("etag", "\"v1\""),
            ("vary", VARY_16),
            ("x-nextjs-cache", "HIT"),
            ("x-nextjs-prerender", "1"),
        ],
        body,
    )
}

pub const VARY_16: &str = "rsc, next-router-state-tree, next-router-prefetch, \
                           next-router-segment-prefetch, Accept-Encoding";
