//! An origin that is deployed anew, and visitors with old pages.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use parking_lot::Mutex;
use tower::{Service, ServiceExt, service_fn};

use super::super::keeper::Message;
use super::super::{Environment, MAX_READERS, StandIn, Vault, census};
use super::*;
use crate::body::Body;
use crate::cache::{Cache, Inner, Lasting, Settings};
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{BodyError, ProxyError, Unreachable};
use crate::metrics::{Form, Metrics};
use crate::store::MemoryStore;

pub(super) type Answer = Result<Response<Body>, ProxyError>;

const CHUNK: &str = "/_next/static/chunks/a-1.js";
pub(super) const NO_STORE: &str = "private, no-cache, no-store, max-age=0, must-revalidate";

/// An edge with a folder that outlives it.
pub(super) struct Edge {
    vault: Vault,
    clock: Clock,
    config: Config,
    script: Arc<Mutex<VecDeque<Answer>>>,
}

impl Edge {
    pub(super) fn new(scratch: &Scratch) -> Self {
        let mut config = Config::default();
        config.vault.dir = Some(scratch.0.join("vault"));
        config.cache.max_entry = 1000;
        Self::of(config)
    }

    pub(super) fn of(config: Config) -> Self {
        let clock = Clock::manual(START);
        let vault = Vault::open(
            &config,
            &Environment::default(),
            None,
            clock.clone(),
            Metrics::new(&clock),
        )
        .unwrap();
        Self { vault, clock, config, script: Arc::default() }
    }

    fn layer(&self) -> impl Inner {
        let script = self.script.clone();
        let origin = service_fn(move |_: Request<Body>| {
            let answer = script.lock().pop_front().expect("the origin was not to be asked");
            std::future::ready(answer)
        });
        StandIn::new(origin, Some(self.vault.clone()), &self.config)
    }

    /// What a client gets when the origin answers so, once the vault has done what it has to.
    pub(super) async fn ask(
        &self,
        request: Request<Body>,
        answer: Answer,
    ) -> Result<Got, ProxyError> {
        self.script.lock().push_back(answer);
        let got = read(self.layer().oneshot(request).await?).await;
        self.settle();
        Ok(got)
    }

    fn settle(&self) {
        let (done, told) = std::sync::mpsc::channel();
        if self.vault.0.queue.send(Message::Tell(done)).is_ok() {
            let _ = told.recv();
        }
    }
}

#[derive(Debug)]
pub(super) struct Got {
    pub(super) status: u16,
    headers: http::HeaderMap,
    /// `None` when it broke off.
    body: Option<String>,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn text(&self) -> (u16, &str) {
        (self.status, self.body.as_deref().unwrap_or("(broken off)"))
    }
}

async fn read<B>(response: Response<B>) -> Got
where
    B: http_body::Body<Data = Bytes, Error = BodyError>,
{
    let (parts, body) = response.into_parts();
    let body = body.collect().await.ok();
    let body = body.map(|body| String::from_utf8(body.to_bytes().to_vec()).unwrap());
    Got { status: parts.status.as_u16(), headers: parts.headers, body }
}

pub(super) fn get(path: &str) -> Request<Body> {
    with("GET", path, &[])
}

pub(super) fn with(method: &str, path: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header("host", "example.org");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(Body::Empty).unwrap()
}

pub(super) fn answer(status: u16, fields: &[(&str, &str)], body: &'static str) -> Answer {
    let mut response = Response::builder().status(status);
    for (name, value) in fields {
        response = response.header(*name, *value);
    }
    Ok(response.body(Body::full(body)).unwrap())
}

pub(super) fn chunk(body: &'static str) -> Answer {
    let fields = [
        ("cache-control", "public, max-age=31536000, immutable"),
        ("content-type", "application/javascript; charset=UTF-8"),
        ("etag", "W/\"1-2\""),
        ("vary", "Accept-Encoding"),
        ("x-powered-by", "Next.js"),
    ];
    answer(200, &fields, body)
}

/// As Next.js 16 says it.
pub(super) fn gone() -> Answer {
    answer(404, &[("cache-control", NO_STORE), ("content-type", "text/plain")], "Not Found")
}

pub(super) fn refused() -> Answer {
    Err(ProxyError::ConnectFailed {
        origin: "http://origin".into(),
        why: Unreachable::Refused,
        reason: "refused".into(),
    })
}

#[tokio::test]
async fn an_old_page_gets_its_chunk_after_the_deploy_and_after_a_restart() {
    let scratch = Scratch::new();
    let edge = Edge::new(&scratch);
    assert_eq!(edge.ask(get(CHUNK), chunk("old")).await.unwrap().text(), (200, "old"));
    drop(edge);
    let edge = Edge::new(&scratch);
    let got = edge.ask(get(CHUNK), gone()).await.unwrap();
    assert_eq!(got.text(), (200, "old"));
    for (name, value) in [
        ("cache-control", "public, max-age=31536000, immutable"),
        ("content-type", "application/javascript; charset=UTF-8"),
        ("content-length", "3"),
        ("etag", "W/\"1-2\""),
        ("vary", "accept-encoding"),
        ("x-powered-by", ""),
    ] {
        assert_eq!(got.header(name), value, "{name}");
    }
    let head = edge.ask(with("HEAD", CHUNK, &[]), gone()).await.unwrap();
    assert_eq!((head.text(), head.header("content-length")), ((200, ""), "3"));
    let other = edge.ask(get("/_next/static/chunks/never.js"), gone()).await.unwrap();
    assert_eq!(other.text(), (404, "Not Found"));
}

#[tokio::test]
async fn it_stands_in_for_each_way_of_having_no_answer_and_for_nothing_else() {
    let scratch = Scratch::new();
    let edge = Edge::new(&scratch);
    edge.ask(get(CHUNK), chunk("old")).await.unwrap();
    for status in [400, 404, 500, 502, 503, 504] {
        let got = edge.ask(get(CHUNK), answer(status, &[], "failed")).await.unwrap();
        assert_eq!(got.text(), (200, "old"), "{status}");
    }
    for error in [
        refused(),
        Err(ProxyError::Overloaded { max: 1 }),
        Err(ProxyError::FirstByteTimeout { limit: Duration::from_secs(1) }),
        Err(ProxyError::ConnectionLost { reason: "reset".into() }),
    ] {
        assert_eq!(edge.ask(get(CHUNK), error).await.unwrap().text(), (200, "old"));
    }
    for status in [200, 204, 304, 307, 401, 403, 410, 429] {
        let got = edge.ask(get(CHUNK), answer(status, &[("vary", "*")], "said")).await.unwrap();
        assert_eq!(got.text(), (status, "said"), "{status}");
    }
    let fault = Err(ProxyError::BadRequest { reason: "the client's".into() });
    assert!(edge.ask(get(CHUNK), fault).await.is_err());
    for request in [with("POST", CHUNK, &[]), get("/page"), get(&format!("{CHUNK}?x=1"))] {
        assert_eq!(edge.ask(request, gone()).await.unwrap().status, 404);
    }
}

#[tokio::test]
async fn a_deployment_in_the_query_is_of_no_account_as_with_next() {
    let scratch = Scratch::new();
    let edge = Edge::new(&scratch);
    let of = |deployment: &str| get(&format!("{CHUNK}?dpl={deployment}"));
    edge.ask(of("one"), chunk("old")).await.unwrap();
    for request in [of("one"), of("two"), get(CHUNK)] {
        assert_eq!(edge.ask(request, gone()).await.unwrap().text(), (200, "old"));
    }
}

#[tokio::test]
async fn what_the_origin_has_now_takes_the_place_of_what_was_kept() {
    let scratch = Scratch::new();
    let edge = Edge::new(&scratch);
    edge.ask(get(CHUNK), chunk("one")).await.unwrap();
    edge.ask(get(CHUNK), chunk("two")).await.unwrap();
    assert_eq!(edge.ask(get(CHUNK), gone()).await.unwrap().text(), (200, "two"));
}

#[tokio::test]
async fn a_coding_is_for_those_who_take_it() {
    let scratch = Scratch::new();
    let edge = Edge::new(&scratch);
    let browser = || with("GET", CHUNK, &[("accept-encoding", "zstd, br, gzip")]);
    let mut zipped = chunk("zipped").unwrap();
    zipped.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
    edge.ask(browser(), Ok(zipped)).await.unwrap();
    let got = edge.ask(browser(), gone()).await.unwrap();
    assert_eq!((got.text(), got.header("content-encoding")), ((200, "zipped"), "gzip"));
    assert_eq!(edge.ask(get(CHUNK), gone()).await.unwrap().status, 404);
    edge.ask(get(CHUNK), chunk("plain")).await.unwrap();
    assert_eq!(edge.ask(get(CHUNK), gone()).await.unwrap().text(), (200, "plain"));
    assert_eq!(edge.ask(browser(), gone()).await.unwrap().text(), (200, "zipped"));
}

#[tokio::test]
async fn only_a_whole_immutable_file_for_everybody_is_kept() {
    let ok = "public, max-age=31536000, immutable";
    let signed_in = [("authorization", "x")];
    for (name, request, fields, body) in [
        ("next dev 14", &[][..], vec![("cache-control", "no-store, must-revalidate")], "x"),
        ("next dev 16", &[], vec![("cache-control", "no-cache, must-revalidate")], "x"),
        ("private", &[], vec![("cache-control", "private, max-age=60")], "x"),
        ("a cookie", &[], vec![("cache-control", ok), ("set-cookie", "a=b")], "x"),
        ("a service worker", &[], vec![("service-worker-allowed", "/")], "x"),
        ("an apology", &[], vec![("cache-control", ok), ("content-type", "text/html")], "x"),
        ("for one origin", &[], vec![("cache-control", ok), ("vary", "origin")], "x"),
        ("for whoever signed in", &signed_in, vec![("cache-control", "max-age=60")], "x"),
        ("not what it says", &[], vec![("cache-control", ok), ("content-length", "9")], "x"),
        ("empty", &[], vec![("cache-control", ok)], ""),
    ] {
        let scratch = Scratch::new();
        let edge = Edge::new(&scratch);
        edge.ask(with("GET", CHUNK, request), answer(200, &fields, body)).await.unwrap();
        assert_eq!(count(&scratch.folder_of(&edge).names), 0, "{name}");
    }
    let scratch = Scratch::new();
    let edge = Edge::new(&scratch);
    edge.ask(with("HEAD", CHUNK, &[]), chunk("")).await.unwrap();
    edge.ask(get(CHUNK), chunk(Box::leak("x".repeat(1001).into()))).await.unwrap();
    edge.ask(get("/other.js"), chunk("x")).await.unwrap();
    assert_eq!(count(&scratch.folder_of(&edge).names), 0);
}

impl Scratch {
    fn folder_of(&self, edge: &Edge) -> Folder {
        Folder::new(edge.config.vault.dir.as_ref().unwrap())
    }
}

/// Pieces of a file, and perhaps an end before its end.
fn pieces(pieces: Vec<Result<&'static str, &'static str>>) -> Answer {
    let frames = pieces.into_iter().map(|piece| match piece {
        Ok(piece) => Ok(Frame::data(Bytes::from(piece))),
        Err(reason) => Err(BodyError::Broken(reason.into())),
    });
    let body = Body::stream(StreamBody::new(tokio_stream::iter(frames.collect::<Vec<_>>())));
    chunk("").map(|response| response.map(|_| body))
}

#[tokio::test]
async fn a_file_that_comes_in_pieces_is_kept_and_one_that_breaks_off_is_not() {
    let scratch = Scratch::new();
    let edge = Edge::new(&scratch);
    let broken = edge.ask(get(CHUNK), pieces(vec![Ok("half"), Err("reset")])).await.unwrap();
    assert_eq!(broken.body, None);
    assert_eq!(edge.ask(get(CHUNK), gone()).await.unwrap().status, 404);
    // A client that leaves takes the rest along.
    edge.script.lock().push_back(pieces(vec![Ok("half"), Ok("whole")]));
    let mut left = edge.layer().oneshot(get(CHUNK)).await.unwrap().into_body();
    left.frame().await;
    drop(left);
    edge.settle();
    assert_eq!(edge.ask(get(CHUNK), gone()).await.unwrap().status, 404);
    edge.ask(get(CHUNK), pieces(vec![Ok("half"), Ok("whole")])).await.unwrap();
    assert_eq!(edge.ask(get(CHUNK), gone()).await.unwrap().text(), (200, "halfwhole"));
    assert_eq!(edge.vault.0.room.available_permits(), super::super::MAX_ROOM);
}

#[tokio::test]
async fn next_dev_gets_nothing_from_the_vault_until_a_build_is_served_again() {
    let scratch = Scratch::new();
    let edge = Edge::new(&scratch);
    edge.ask(get(CHUNK), chunk("old")).await.unwrap();
    let dev = || answer(200, &[("cache-control", "no-cache, must-revalidate")], "dev");
    let elsewhere = || get("/_next/static/chunks/main.js");
    edge.ask(elsewhere(), dev()).await.unwrap();
    assert_eq!(edge.ask(get(CHUNK), gone()).await.unwrap().status, 404);
    edge.ask(elsewhere(), chunk("built")).await.unwrap();
    assert_eq!(edge.ask(get(CHUNK), gone()).await.unwrap().text(), (200, "old"));
}

/// To root nothing is read-only: a file in the place of the folder fails alike.
#[tokio::test]
async fn without_a_folder_visitors_get_what_the_origin_says() {
    let scratch = Scratch::new();
    let mut config = Config::default();
    config.vault.dir = Some(scratch.write("file", "").join("vault"));
    let edge = Edge::of(config);
    edge.settle();
    assert_eq!(edge.ask(get(CHUNK), chunk("old")).await.unwrap().text(), (200, "old"));
    assert_eq!(edge.ask(get(CHUNK), gone()).await.unwrap().text(), (404, "Not Found"));
    assert!(edge.ask(get(CHUNK), refused()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_hangs_is_not_waited_for() {
    let scratch = Scratch::new();
    let edge = Edge::new(&scratch);
    edge.ask(get(CHUNK), chunk("old")).await.unwrap();
    let _hang = edge.vault.0.readers.acquire_many(MAX_READERS as u32).await.unwrap();
    let began = tokio::time::Instant::now();
    assert_eq!(edge.ask(get(CHUNK), gone()).await.unwrap().status, 404);
    assert_eq!(began.elapsed().as_secs(), 1);
}

#[tokio::test]
async fn the_cache_keeps_what_comes_from_the_vault_and_says_whose_it_is() {
    let scratch = Scratch::new();
    let edge = Edge::new(&scratch);
    edge.ask(get(CHUNK), chunk("old")).await.unwrap();
    let clock = Clock::manual(START);
    let store = MemoryStore::new(1 << 20, 32);
    let metrics = Metrics::new(&clock);
    let lasting = Lasting::new(store.clone(), &edge.config.cache, &metrics);
    let settings = Settings::from(&edge.config);
    let mut cache = Cache::new(edge.layer(), lasting, clock, settings, metrics.clone());
    for (request, answer, expected) in [
        (
            with("GET", CHUNK, &[("range", "bytes=0-0")]),
            Some(refused()),
            "selvedge; fwd=uri-miss; detail=vault",
        ),
        (get(CHUNK), Some(gone()), "selvedge; fwd=uri-miss; fwd-status=404; stored; detail=vault"),
        (get(CHUNK), None, "selvedge; hit; ttl=31536000"),
    ] {
        edge.script.lock().extend(answer);
        let got = read(cache.call(request).await.unwrap()).await;
        assert_eq!(got.text(), (200, "old"));
        assert_eq!(got.header("cache-status"), expected);
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }
    // Whoever stands in does not hide that the origin gave no answer, nor is its silence an answer's time.
    let page = metrics.page(Form::of(None), &store);
    assert!(
        page.contains("selvedge_origin_errors_total{kind=\"connection_refused\"} 1\n"),
        "{page}"
    );
    assert!(page.contains("selvedge_origin_duration_seconds_count 1\n"), "{page}");
}

/// An edge that runs for weeks, and whose visitors get all from memory.
#[tokio::test(start_paused = true)]
async fn what_the_origin_still_has_does_not_grow_old() {
    let scratch = Scratch::new();
    let edge = Edge::new(&scratch);
    let old = "/_next/static/chunks/app/%5Bslug%5D/page-1.js";
    edge.ask(get(CHUNK), chunk("current")).await.unwrap();
    edge.ask(get(old), chunk("old")).await.unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let note = asked.clone();
    let origin = service_fn(move |request: Request<Body>| {
        note.lock().push(format!("{} {}", request.method(), request.uri()));
        let answer = if request.uri().path() == CHUNK { chunk("") } else { gone() };
        std::future::ready(answer)
    });
    for day in 1..=20 {
        edge.clock.advance(Duration::from_secs(24 * 3600));
        census::once(&edge.vault, &origin, &[]).await;
        let mut expected = vec![format!("HEAD {CHUNK}")];
        expected.extend((day < 7).then(|| format!("HEAD {old}")));
        assert_eq!(std::mem::take(&mut *asked.lock()), expected, "day {day}");
    }
    // Whoever asked just now has said enough.
    census::once(&edge.vault, &origin, &[]).await;
    assert_eq!(asked.lock().len(), 0);
    assert_eq!(edge.ask(get(CHUNK), gone()).await.unwrap().text(), (200, "current"));
    assert_eq!(edge.ask(get(old), gone()).await.unwrap().status, 404);
}

#[tokio::test(start_paused = true)]
async fn an_origin_that_is_down_is_asked_once() {
    let scratch = Scratch::new();
    let edge = Edge::new(&scratch);
    edge.ask(get(CHUNK), chunk("one")).await.unwrap();
    edge.ask(get("/_next/static/b.js"), chunk("two")).await.unwrap();
    edge.clock.advance(Duration::from_secs(24 * 3600));
    edge.script.lock().push_back(refused());
    // The script has no second answer.
    let script = edge.script.clone();
    let origin = service_fn(move |_: Request<Body>| {
        std::future::ready(script.lock().pop_front().expect("it was to be asked once"))
    });
    census::once(&edge.vault, &origin, &[]).await;
    assert!(edge.script.lock().is_empty());
}
