//! The pages that every peer is measured with, made from their path alone, so that the origin
//! and the bare hyper server send the same bytes and the check can tell one key from another.

use bytes::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, VARY};

use crate::text;

/// What Next.js 16 puts into `Vary` on every page.
pub const NEXT_VARY: &str = "rsc, next-router-state-tree, next-router-prefetch, \
                             next-router-segment-prefetch, Accept-Encoding";
const PRERENDERED: &str = "s-maxage=3600";
/// Stale after a second, and then renewed behind its visitors' backs.
const RENEWED: &str = "s-maxage=1, stale-while-revalidate=31535999";
pub const RENDERED: &str = "private, no-cache, no-store, max-age=0, must-revalidate";

/// A whole answer, in memory.
pub struct Page {
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Page {
    /// The page at one of
    ///
    /// - `/SIZE/KEY`: prerendered; `/html/SIZE/KEY`: the same, where the origin may compress;
    /// - `/pass/SIZE/KEY`: rendered for each request;
    /// - `/stale/SIZE/KEY`, `/renew/SIZE/KEY`: fresh for a second (slow and quick to renew);
    /// - `/slow/MILLISECONDS/SIZE/KEY`: prerendered, but not yet;
    /// - `/tagged/TAG/SIZE/KEY`: prerendered, and the bridge tells its tag;
    /// - `/mixed/KEY`: prerendered, of 0.7 to 150 KB.
    pub fn at(path: &str) -> Option<Page> {
        let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        let (cache_control, size, key) = match segments[..] {
            ["mixed", key] => {
                let key = key.parse().ok()?;
                return Some(Page::new(PRERENDERED, mixed_size(key), key));
            }
            [size, key] | ["html", size, key] | ["slow", _, size, key] => (PRERENDERED, size, key),
            ["tagged", tag, size, key] => {
                let mut page = Page::new(PRERENDERED, size.parse().ok()?, key.parse().ok()?);
                page.set("x-selvedge-tags", tag);
                return Some(page);
            }
            ["pass", size, key] => (RENDERED, size, key),
            ["stale" | "renew", size, key] => (RENEWED, size, key),
            _ => return None,
        };
        Some(Page::new(cache_control, size.parse().ok()?, key.parse().ok()?))
    }

    fn new(cache_control: &'static str, size: usize, key: u64) -> Page {
        let mut page = Page { headers: HeaderMap::new(), body: text::body(size, key) };
        page.headers.insert(VARY, HeaderValue::from_static(NEXT_VARY));
        if cache_control != RENDERED {
            page.set("x-nextjs-cache", "HIT");
            page.set("x-nextjs-prerender", "1");
        }
        page.set("x-powered-by", "Next.js");
        page.headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
        let etag = format!("\"{:x}{size:x}\"", text::scatter(key));
        page.headers.insert(ETAG, HeaderValue::try_from(etag).expect("hex digits in quotes"));
        page.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        page
    }

    /// # Panics
    /// Where the value cannot stand in a header: the paths of a benchmark are its own.
    pub fn set(&mut self, name: &'static str, value: &str) {
        let value = HeaderValue::from_str(value).expect("a header value");
        self.headers.insert(HeaderName::from_static(name), value);
    }
}

/// From 0.7 to 150 KB, each order of magnitude as frequent as another.
fn mixed_size(key: u64) -> usize {
    let share = text::scatter(key) as f64 / u64::MAX as f64;
    (700.0 * (150_000.0_f64 / 700.0).powf(share)) as usize
}
