//! The rules of HTTP caching (RFC 9111, 9211, 9213, 5861), pure: no clock, no I/O, no async; `now`
//! is an argument.
//!
//! One file for each question:
//!
//! - [`storable`]: may this response be stored, and if not, why?
//! - [`freshness`]: how old is it, and for how long may it be used?
//! - [`vary`]: does it answer this request too?
//! - [`no_vary_search`]: which parameters of the query does it not depend on?
//! - [`reuse`]: what to do with it now?
//! - [`validate`]: is the client's copy still good, and is ours?
//! - [`range`]: which bytes of it are asked for?
//! - [`byteranges`]: how are several parts of it sent at once?
//! - [`partial`]: what may be made of a part of it?
//! - [`coding`]: may it be compressed, and for whom?
//! - [`invalidate`]: which requests make it obsolete?
//! - [`status`]: what to tell the client about all this.
//!
//! [`cache_control`], [`content_length()`] and [`date`] read what the others judge by.
//!
//! Every rule stands under the RFC clause that it implements; where we depart from it, the comment
//! says so. Not here: what only Next.js means by a field (`next`), the cache key, and anything that
//! acts.

pub mod byteranges;
pub mod cache_control;
pub mod coding;
mod content_length;
pub mod date;
mod delta_seconds;
mod entity_tag;
pub mod freshness;
pub mod invalidate;
pub mod key;
mod list;
pub mod location;
pub mod no_vary_search;
pub mod partial;
pub mod range;
pub mod reuse;
pub mod status;
pub mod storable;
mod targeted;
#[cfg(test)]
mod testing;
pub mod validate;
pub mod vary;

use std::time::Duration;

use http::HeaderName;

pub use content_length::content_length;

/// What the operator may set about the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// For how long after it went stale a response may be served while the origin fails, where the
    /// response itself says nothing about it (`stale-if-error`, RFC 5861 §4).
    pub stale_if_error: Duration,
    /// Where the RFCs leave a choice, or we depart from them.
    pub switches: Switches,
}

/// Where the RFCs leave a choice, or the default departs from them: each a choice of the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switches {
    /// RFC 9213 §2.2: the names of targeted fields that are meant for us, the most specific first.
    pub targets: Vec<HeaderName>,
    /// RFC 9111 §4.2.2: a response that does not say how long it is fresh is taken to be, for a
    /// tenth of the time since it was last modified.
    pub heuristic_freshness: bool,
    /// RFC 9111 §5.2.1: the directives of requests count.
    pub request_directives: bool,
    /// RFC 9111 §5.2.2.4: a response with `no-cache` is stored, and validated at each use.
    pub store_no_cache: bool,
    /// RFC 9111 §7.3: a response with `Set-Cookie` is stored as any other.
    pub store_set_cookie: bool,
    /// Refusals and failures (401, 403, 407, 429, 5xx) are stored as any other response.
    pub store_failures: bool,
    /// RFC 9110 §9.3.3: the answer to a POST is stored for GET, where its `Content-Location` is its
    /// own URI.
    pub store_post: bool,
    /// RFC 9111 §3.3: parts of responses (206) are stored, combined and completed.
    pub store_partial: bool,
    /// RFC 9111 §5.2.2.10: `s-maxage` forbids to serve the response once it is stale.
    pub s_maxage_forbids_stale: bool,
    /// RFC 9110 §12.5.4: in `Accept-Language` the order among equal weights has no meaning, and a
    /// stored response whose language the request likes best is what it gets.
    pub loose_languages: bool,
    /// RFC 9211 §2.7: `Cache-Status` tells the key.
    pub status_key: bool,
}

impl Default for Rules {
    /// One day: nobody wants a 502 for a page that we still have.
    fn default() -> Self {
        Self { stale_if_error: Duration::from_secs(24 * 60 * 60), switches: Switches::default() }
    }
}

impl Default for Switches {
    /// What is safe for an application of Next.js.
    fn default() -> Self {
        Self {
            targets: vec![targeted::CDN_CACHE_CONTROL],
            heuristic_freshness: false,
            request_directives: false,
            store_no_cache: false,
            store_set_cookie: false,
            store_failures: false,
            store_post: false,
            store_partial: false,
            s_maxage_forbids_stale: false,
            loose_languages: false,
            status_key: false,
        }
    }
}
