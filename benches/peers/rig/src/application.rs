//! What a Next.js 16 application has besides pages, as it was measured on the wire: documents and
//! their RSC payloads under one URL, segments for prefetches, chunks of scripts, pictures.

use hyper::HeaderMap;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, VARY};

use crate::page::{NEXT_VARY, Page};
use crate::text;

/// What is sent, and whether its length is said at the beginning.
pub struct Part {
    pub page: Page,
    pub chunked: bool,
}

/// The answer to a request for a part of the application, `None` if that is not asked for.
pub fn part(path: &str, query: &str, request: &HeaderMap) -> Option<Part> {
    if let Some(key) = path.strip_prefix("/p/") {
        return Some(page(key.parse().ok()?, request));
    }
    if let Some(name) = path.strip_prefix("/_next/static/chunks/") {
        return Some(chunk(name.strip_suffix(".js")?.parse().ok()?));
    }
    let picture = query.strip_prefix("url=%2Fpic")?.strip_suffix(".png&w=640&q=75")?;
    (path == "/_next/image").then_some(())?;
    Some(image(picture.parse().ok()?, request))
}

fn page(key: u64, request: &HeaderMap) -> Part {
    let is_rsc = request.get("rsc").is_some_and(|value| value == "1");
    let segment = request.get("next-router-segment-prefetch");
    // The same in any language: what it is, how large it is, and which bytes.
    let (kind, size, key) = match (is_rsc, segment) {
        (false, _) => ("text/html; charset=utf-8", 8_000 + text::scatter(key) % 12_000, key),
        (true, None) => ("text/x-component", 2_000 + text::scatter(key) % 6_000, key + (1 << 32)),
        (true, Some(_)) => ("text/x-component", 300 + text::scatter(key) % 1_700, key + (2 << 32)),
    };
    let mut page = bare(size, key, kind, "s-maxage=31536000", NEXT_VARY);
    page.set("x-nextjs-cache", "HIT");
    page.set("x-nextjs-prerender", "1");
    page.set("x-nextjs-stale-time", "300");
    page.set("x-powered-by", "Next.js");
    if is_rsc {
        page.headers.remove(ETAG);
    }
    if segment.is_some() {
        page.set("x-nextjs-postponed", "2");
    }
    Part { page, chunked: is_rsc }
}

fn chunk(key: u64) -> Part {
    // Most are small, a few are most of the bytes.
    let share = text::scatter(key) as f64 / u64::MAX as f64;
    let size = (4_000.0 * 57.0_f64.powf(share)) as u64;
    let policy = "public, max-age=31536000, immutable";
    let mut page = bare(
        size,
        key + (3 << 32),
        "application/javascript; charset=UTF-8",
        policy,
        "Accept-Encoding",
    );
    page.set("last-modified", "Mon, 23 Nov 2026 10:00:00 GMT");
    page.set("accept-ranges", "bytes");
    page.set("etag", &format!("W/\"{size:x}-19ab{key:x}\""));
    Part { page, chunked: false }
}

fn image(key: u64, request: &HeaderMap) -> Part {
    let accept = request.get("accept").and_then(|value| value.to_str().ok()).unwrap_or("");
    let is_webp = accept.contains("image/webp");
    let (kind, key) =
        if is_webp { ("image/webp", key + (4 << 32)) } else { ("image/png", key + (5 << 32)) };
    let size = 6_000 + text::scatter(key) % 54_000;
    let mut page = bare(size, key, kind, "public, max-age=14400, must-revalidate", "Accept");
    page.set("content-disposition", "attachment; filename=\"pic.webp\"");
    page.set("x-nextjs-cache", "HIT");
    // Without quotes, which is a mistake of Next.js.
    page.set("etag", &format!("{key:x}-picture"));
    Part { page, chunked: false }
}

fn bare(size: u64, key: u64, kind: &'static str, policy: &'static str, vary: &'static str) -> Page {
    let mut page = Page { headers: HeaderMap::new(), body: text::body(size as usize, key) };
    page.headers.insert(VARY, HeaderValue::from_static(vary));
    page.headers.insert(CACHE_CONTROL, HeaderValue::from_static(policy));
    page.headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    page.set("etag", &format!("\"{:x}{size:x}\"", text::scatter(key)));
    page
}
