//! The pages that every peer is measured with, made from their path alone, so that the origin
//! and the bare hyper server send the same bytes and the check can tell one key from another.

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, VARY};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, body::Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// What Next.js 16 puts into `Vary` on every page.
const NEXT_VARY: &str = "rsc, next-router-state-tree, next-router-prefetch, \
                         next-router-segment-prefetch, Accept-Encoding";

/// A whole answer, in memory.
pub struct Page {
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Page {
    /// The page at `/<size>/<key>` (prerendered) or `/pass/<size>/<key>` (rendered per request).
    pub fn at(path: &str) -> Option<Page> {
        let (cacheable, rest) = match path.strip_prefix("/pass/") {
            Some(rest) => (false, rest),
            None => (true, path.strip_prefix('/')?),
        };
        let (size, key) = rest.split_once('/')?;
        let (size, key) = (size.parse().ok()?, key.parse().ok()?);
        Some(Page { headers: headers(cacheable, size, key), body: body(size, key) })
    }

    /// The answer as it goes to the client; `Date` and `Content-Length` are hyper's work.
    pub fn to_response(&self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body.clone()));
        *response.headers_mut() = self.headers.clone();
        response
    }
}

pub fn not_found() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

fn headers(cacheable: bool, size: usize, key: u64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let etag = format!("\"{:x}{size:x}\"", key.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    headers.insert(VARY, HeaderValue::from_static(NEXT_VARY));
    if cacheable {
        headers.insert(HeaderName::from_static("x-nextjs-cache"), HeaderValue::from_static("HIT"));
        headers
            .insert(HeaderName::from_static("x-nextjs-prerender"), HeaderValue::from_static("1"));
    }
    headers.insert(HeaderName::from_static("x-powered-by"), HeaderValue::from_static("Next.js"));
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static(if cacheable {
            "s-maxage=3600"
        } else {
            "private, no-cache, no-store, max-age=0, must-revalidate"
        }),
    );
    headers.insert(ETAG, HeaderValue::try_from(etag).expect("hex digits in quotes"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers
}

/// `size` bytes of text that no other key shares.
fn body(size: usize, key: u64) -> Bytes {
    let mut text = format!("<!DOCTYPE html><title>{key}</title>").into_bytes();
    let mut state = key.wrapping_mul(2).wrapping_add(1);
    while text.len() < size {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let letter = (state >> 59) as u8;
        text.push(if letter < 26 { b'a' + letter } else { b' ' });
    }
    text.truncate(size);
    Bytes::from(text)
}

/// Serves HTTP/1.1 on one thread for ever. `on_connection` is called once per connection.
pub fn serve<A>(listen: SocketAddr, on_connection: impl Fn(), answer: A)
where
    A: Fn(&str) -> Response<Full<Bytes>> + Clone + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a current_thread runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await.expect("a free listen address");
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            stream.set_nodelay(true).ok();
            on_connection();
            let answer = answer.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let response = answer(request.uri().path());
                async move { Ok::<_, Infallible>(response) }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    })
}
