//! The headers of `next start` 16.4.6, kind by kind; compared with the real ones, field by field, on
//! the demo application.
//!
//! Not copied: `Accept-Ranges`, since ranges are not served, and the fields of the connection.

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, LAST_MODIFIED, LINK, LOCATION, SET_COOKIE, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};

use super::assets::fnv;
use super::stops::Stop;
use super::stream::Chunks;
use crate::body::Body;
use crate::next::class::{PREFETCH, RSC, SEGMENT, STATE_TREE};
use crate::next::verdict::NEXT_CACHE;
use crate::policy::date::{Timestamp, format_http_date};
use crate::policy::validate::{self, Precondition};

const ROUTER: &str =
    "rsc, next-router-state-tree, next-router-prefetch, next-router-segment-prefetch";
const ROUTER_AND_ENCODING: &str = "rsc, next-router-state-tree, next-router-prefetch, \
                                   next-router-segment-prefetch, Accept-Encoding";
const ENCODING: &str = "Accept-Encoding";
const NO_STORE: &str = "private, no-cache, no-store, max-age=0, must-revalidate";
const HTML: &str = "text/html; charset=utf-8";
const FLIGHT: &str = "text/x-component";

const PRERENDER: HeaderName = HeaderName::from_static("x-nextjs-prerender");
const STALE_TIME: HeaderName = HeaderName::from_static("x-nextjs-stale-time");
const POWERED_BY: HeaderName = HeaderName::from_static("x-powered-by");

/// Where a prerendered page comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prerender {
    /// The build.
    Built,
    /// A revalidation.
    Renewed,
    /// Either of them, and it is past its time.
    Stale,
}

/// A page that was made at build time or by revalidation.
pub(super) fn prerendered(stop: &Stop, from: Prerender, html: String) -> Response<Body> {
    prerender_marks(Head::new(StatusCode::OK).with(VARY, ROUTER_AND_ENCODING), from)
        .with(POWERED_BY, "Next.js")
        .with(CACHE_CONTROL, &stop.says)
        .with_etag(&html)
        .with(CONTENT_TYPE, HTML)
        .whole(html)
}

/// Its RSC payload, which has neither an entity tag nor a length.
pub(super) fn prerendered_flight(stop: &Stop, from: Prerender) -> Response<Body> {
    prerender_marks(Head::new(StatusCode::OK).with(VARY, ROUTER_AND_ENCODING), from)
        .with(CACHE_CONTROL, &stop.says)
        .with(CONTENT_TYPE, FLIGHT)
        .chunked(Chunks::one(flight(stop)))
}

/// On what the build made, the second field stands twice (seen on 15 and 16).
fn prerender_marks(head: Head, from: Prerender) -> Head {
    let cache = if from == Prerender::Stale { "STALE" } else { "HIT" };
    let head = head.with(NEXT_CACHE, cache).with(PRERENDER, "1");
    let head = if from == Prerender::Built { head.with(PRERENDER, "1") } else { head };
    head.with(STALE_TIME, "300")
}

/// A page that the App Router makes for each request.
pub(super) fn dynamic(stop: &Stop, stylesheet: Option<&str>, html: Chunks) -> Response<Body> {
    let mut head = Head::new(StatusCode::OK).with(VARY, ROUTER_AND_ENCODING);
    if let Some(path) = stylesheet {
        head = head.with(LINK, &format!("<{path}>; rel=preload; as=\"style\""));
    }
    head.with(POWERED_BY, "Next.js")
        .with(CACHE_CONTROL, &stop.says)
        .with(CONTENT_TYPE, HTML)
        .chunked(html)
}

/// Its RSC payload.
pub(super) fn dynamic_flight(stop: &Stop) -> Response<Body> {
    Head::new(StatusCode::OK)
        .with(VARY, ROUTER_AND_ENCODING)
        .with(CACHE_CONTROL, &stop.says)
        .with(CONTENT_TYPE, FLIGHT)
        .chunked(Chunks::one(flight(stop)))
}

/// A page of the Pages Router with `getServerSideProps`. It has no RSC payload: whoever asks for one
/// gets the page.
pub(super) fn pages_router(stop: &Stop, is_rsc: bool, html: String) -> Response<Body> {
    let vary = if is_rsc { ROUTER_AND_ENCODING } else { ENCODING };
    Head::new(StatusCode::OK)
        .with(CACHE_CONTROL, &stop.says)
        .with(POWERED_BY, "Next.js")
        .with_etag(&html)
        .with(CONTENT_TYPE, HTML)
        .with(VARY, vary)
        .whole(html)
}

/// A route handler that answers JSON.
pub(super) fn handler(cache_control: &str, json: String) -> Response<Body> {
    Head::new(StatusCode::OK)
        .with(VARY, ROUTER_AND_ENCODING)
        .with(CACHE_CONTROL, cache_control)
        .with(CONTENT_TYPE, "application/json")
        .chunked(Chunks::one(json))
}

/// A file under `/_next/static`.
pub(super) fn static_file(
    content: &'static [u8],
    media_type: &str,
    built: Timestamp,
) -> Response<Body> {
    file("public, max-age=31536000, immutable", content, media_type, built)
}

/// A file of `public/`.
pub(super) fn public_file(
    content: &'static [u8],
    media_type: &str,
    built: Timestamp,
) -> Response<Body> {
    file("public, max-age=0", content, media_type, built)
}

fn file(
    cache_control: &str,
    content: &'static [u8],
    media_type: &str,
    built: Timestamp,
) -> Response<Body> {
    let head = Head::new(StatusCode::OK)
        .with(CACHE_CONTROL, cache_control)
        .with_value(LAST_MODIFIED, format_http_date(built))
        .with(ETAG, &format!("W/\"{:x}-{:x}\"", content.len(), built.as_millis()))
        .with(CONTENT_TYPE, media_type);
    // Next.js compresses text, and says so whether it did or not.
    let head = if media_type == "image/png" { head } else { head.with(VARY, ENCODING) };
    head.whole(content)
}

/// `/_next/image`, whose entity tag really has no quotes.
pub(super) fn image(png: &'static [u8], is_first: bool) -> Response<Body> {
    Head::new(StatusCode::OK)
        .with(VARY, "Accept")
        .with(CACHE_CONTROL, "public, max-age=14400, must-revalidate")
        .with(ETAG, &format!("{:x}", fnv(png)))
        .with(CONTENT_TYPE, "image/png")
        .with(CONTENT_DISPOSITION, "attachment; filename=\"cloth.png\"")
        .with(CONTENT_SECURITY_POLICY, "script-src 'none'; frame-src 'none'; sandbox;")
        .with(NEXT_CACHE, if is_first { "MISS" } else { "HIT" })
        .whole(png)
}

/// Any other path.
pub(super) fn not_found(html: String) -> Response<Body> {
    let head = Head::new(StatusCode::NOT_FOUND)
        .with(CACHE_CONTROL, NO_STORE)
        .with(VARY, ROUTER_AND_ENCODING);
    prerender_marks(head, Prerender::Built)
        .with(POWERED_BY, "Next.js")
        .with_etag(&html)
        .with(CONTENT_TYPE, HTML)
        .whole(html)
}

/// Any other path under `/_next/static`.
pub(super) fn missing_asset() -> Response<Body> {
    Head::new(StatusCode::NOT_FOUND)
        .with(CACHE_CONTROL, NO_STORE)
        .with(CONTENT_TYPE, "text/plain; charset=utf-8")
        .with(VARY, ENCODING)
        .chunked(Chunks::one("Not Found"))
}

/// What a route handler answers to a form.
pub(super) fn redirect_with_cookie(to: &str, cookie: &str) -> Response<Body> {
    let attributes = "Path=/; Max-Age=3600; HttpOnly; SameSite=Lax";
    Head::new(StatusCode::SEE_OTHER)
        .with(VARY, ROUTER)
        .with(LOCATION, to)
        .with(SET_COOKIE, &format!("{cookie}; {attributes}"))
        .chunked(Chunks::one(""))
}

/// Any method that is not for reading.
pub(super) fn method_not_allowed() -> Response<Body> {
    Head::new(StatusCode::METHOD_NOT_ALLOWED)
        .with(VARY, ROUTER)
        .with(ALLOW, "GET")
        .with(ALLOW, "HEAD")
        .chunked(Chunks::one(""))
}

/// Next.js 16 answers an RSC request whose `_rsc` does not fit its headers with a redirect to the one
/// that does. Here any `_rsc` fits, and its absence is judged for requests without further headers.
pub(super) fn rsc_redirect<B>(request: &Request<B>) -> Option<Response<Body>> {
    let headers = request.headers();
    let query = request.uri().query().unwrap_or_default();
    let is_named = query.split('&').any(|parameter| parameter.split('=').next() == Some("_rsc"));
    let is_plain = ![PREFETCH, SEGMENT, STATE_TREE].iter().any(|name| headers.contains_key(name));
    if !is_rsc(headers) || is_named || !is_plain {
        return None;
    }
    let separator = if query.is_empty() { "?" } else { "&" };
    let uri = request.uri().path_and_query().map_or("/", |uri| uri.as_str());
    let location = format!("{}{separator}_rsc", uri.trim_end_matches('?'));
    let head = Head::new(StatusCode::TEMPORARY_REDIRECT).with(LOCATION, &location);
    Some(head.chunked(Chunks::one("")))
}

/// Whether an RSC payload is asked for.
pub(super) fn is_rsc(request: &HeaderMap) -> bool {
    request.get(RSC).is_some_and(|value| value == "1")
}

/// Answers 304 to a client that has the response already, without the fields that Next.js then leaves
/// out.
pub(super) fn conditional(
    mut response: Response<Body>,
    method: &Method,
    request: &HeaderMap,
) -> Response<Body> {
    let status = response.status();
    match validate::evaluate(method, request, status, response.headers()) {
        Precondition::None => response,
        Precondition::NotModified => {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.body_mut() = Body::Empty;
            let headers = response.headers_mut();
            headers.remove(CONTENT_TYPE);
            headers.remove(CONTENT_LENGTH);
            if headers.remove(CONTENT_DISPOSITION).is_some() {
                // A picture.
                headers.remove(CONTENT_SECURITY_POLICY);
                headers.remove(NEXT_CACHE);
            }
            let vary = headers.get(VARY).map(HeaderValue::as_bytes);
            if vary == Some(ROUTER_AND_ENCODING.as_bytes()) {
                headers.insert(VARY, HeaderValue::from_static(ROUTER));
            } else if vary == Some(ENCODING.as_bytes()) {
                headers.remove(VARY);
            }
            response
        }
    }
}

/// One row of an RSC payload; it has the right form, and nobody reads it.
fn flight(stop: &Stop) -> String {
    format!(
        "0:\"The RSC payload of {} would be here; the built-in origin has no React.\"\n",
        stop.path
    )
}

/// A response's head while it is written, field by field.
struct Head(Response<()>);

impl Head {
    fn new(status: StatusCode) -> Self {
        let mut response = Response::new(());
        *response.status_mut() = status;
        Self(response)
    }

    fn with_value(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers_mut().append(name, value);
        self
    }

    /// A value that cannot stand in a header is left out; ours all can.
    fn with(self, name: HeaderName, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => self.with_value(name, value),
            Err(_) => self,
        }
    }

    /// A strong entity tag.
    fn with_etag(self, content: &str) -> Self {
        self.with(ETAG, &format!("\"{:x}\"", fnv(content.as_bytes())))
    }

    fn whole(self, content: impl Into<Bytes>) -> Response<Body> {
        let content = content.into();
        let head = self.with_value(CONTENT_LENGTH, HeaderValue::from(content.len()));
        head.0.map(|()| Body::full(content))
    }

    fn chunked(self, chunks: Chunks) -> Response<Body> {
        self.0.map(|()| Body::stream(chunks))
    }
}
