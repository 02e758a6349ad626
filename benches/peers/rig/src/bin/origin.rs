//! `origin ADDR`: stands for `next start`. Counts what it is asked for, and tells at `GET /__count`:
//! without that count a benchmark of a cache proves nothing.
//!
//! Besides what `page` and `application` have: `/stream/PIECES/MILLISECONDS/KEY`, each piece with the
//! time at which it was sent, and `/big/SIZE/KEY`.

use std::collections::HashSet;
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONTENT_ENCODING, HeaderMap, HeaderValue, USER_AGENT};
use hyper::{Request, Response};
use peers_rig::application::{self, Part};
use peers_rig::page::{Page, RENDERED};
use peers_rig::serve::{not_found, serve};
use peers_rig::timed::{Sent, Timed};

static CONNECTIONS: AtomicU64 = AtomicU64::new(0);
static PAGES: AtomicU64 = AtomicU64::new(0);
/// Not for a visitor: Selvedge's looks which build answers, say.
static OTHERS: AtomicU64 = AtomicU64::new(0);
/// Which of the pages that are slow to renew have been asked for.
static SEEN: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

/// Longer than such a page is fresh, so that most of its hits are stale.
const RENEWAL: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);

fn main() {
    let listen = std::env::args().nth(1).and_then(|arg| arg.parse().ok()).expect("origin ADDR");
    let on_connection = || {
        CONNECTIONS.fetch_add(1, Relaxed);
    };
    serve(listen, on_connection, answer);
}

async fn answer(request: Request<Incoming>) -> Response<Sent> {
    let path = request.uri().path();
    if path == "/__count" {
        return counts();
    }
    let Some(made) = make(path, request.uri().query().unwrap_or(""), request.headers()) else {
        OTHERS.fetch_add(1, Relaxed);
        return not_found().map(Sent::Whole);
    };
    let is_look = request.headers().get(USER_AGENT).is_some_and(|agent| agent == "selvedge");
    (if is_look { &OTHERS } else { &PAGES }).fetch_add(1, Relaxed);
    tokio::time::sleep(made.wait).await;
    let mut response = Response::new(made.body);
    *response.headers_mut() = made.headers;
    response
}

/// An answer, and how long it takes to be made.
struct Made {
    headers: HeaderMap,
    body: Sent,
    wait: Duration,
}

fn make(path: &str, query: &str, request: &HeaderMap) -> Option<Made> {
    if let Some(Part { page, chunked }) = application::part(path, query, request) {
        let Page { headers, body } = compressed(page, request);
        let body = if chunked { Sent::Chunked(Some(body)) } else { Sent::Whole(Full::new(body)) };
        return Some(Made { headers, body, wait: Duration::ZERO });
    }
    let segments: Vec<&str> = path.split('/').collect();
    match segments[..] {
        ["", "stream", pieces, pause, _] => {
            let each = Duration::from_millis(pause.parse().ok()?);
            Some(rendered(Sent::Timed(Timed::stamps(pieces.parse().ok()?, each))))
        }
        ["", "big", size, _] => Some(rendered(Sent::Long(size.parse().ok()?))),
        ["", "slow", pause, ..] => {
            let page = Page::at(path)?;
            let body = Sent::Timed(Timed::parts(page.body, PAUSE));
            Some(Made {
                headers: page.headers,
                body,
                wait: Duration::from_millis(pause.parse().ok()?),
            })
        }
        ["", "stale", ..] => Some(at_once(Page::at(path)?, renewal(path))),
        ["", "html", ..] => Some(at_once(compressed(Page::at(path)?, request), Duration::ZERO)),
        _ => Some(at_once(Page::at(path)?, Duration::ZERO)),
    }
}

fn at_once(page: Page, wait: Duration) -> Made {
    Made { headers: page.headers, body: Sent::Whole(Full::new(page.body)), wait }
}

fn rendered(body: Sent) -> Made {
    let mut headers = HeaderMap::new();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(RENDERED));
    Made { headers, body, wait: Duration::ZERO }
}

/// How long a page that may be stored already takes.
fn renewal(path: &str) -> Duration {
    let is_new = SEEN.lock().is_ok_and(|mut seen| seen.insert(path.to_owned()));
    if is_new { Duration::ZERO } else { RENEWAL }
}

/// As Next.js does: gzip, at its usual level, and the same entity tag.
fn compressed(mut page: Page, request: &HeaderMap) -> Page {
    let accepts = request.get("accept-encoding").and_then(|value| value.to_str().ok());
    let is_picture = page.headers.get("content-disposition").is_some();
    if is_picture || !accepts.is_some_and(|accepts| accepts.contains("gzip")) {
        return page;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    let coded = encoder.write_all(&page.body).and_then(|()| encoder.finish());
    if let Ok(coded) = coded {
        page.body = Bytes::from(coded);
        page.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    page
}

fn counts() -> Response<Sent> {
    let [connections, pages, others] =
        [&CONNECTIONS, &PAGES, &OTHERS].map(|counter| counter.load(Relaxed));
    let json = format!(r#"{{"connections":{connections},"pages":{pages},"others":{others}}}"#);
    Response::new(Sent::Whole(Full::from(json)))
}
