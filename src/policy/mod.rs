//! The rules of HTTP caching (RFC 9111, 9211, 9213, 5861), pure: no clock, no I/O, no async; `now`
//! is an argument.
//!
//! One file for each question:
//!
//! - [`storable`]: may this response be stored, and if not, why?
//! - [`freshness`]: how old is it, and for how long may it be used?
//! - [`vary`]: does it answer this request too?
//! - [`reuse`]: what to do with it now?
//! - [`validate`]: is the client's copy still good, and is ours?
//! - [`invalidate`]: which requests make it obsolete?
//! - [`status`]: what to tell the client about all this.
//!
//! [`cache_control`] and [`date`] read what the others judge by.
//!
//! Every rule stands under the RFC clause that it implements; where we depart from it, the comment
//! says so. Not here: what only Next.js means by a field (`next`), the cache key, and anything that
//! acts.

pub mod cache_control;
pub mod date;
mod delta_seconds;
pub mod freshness;
pub mod invalidate;
pub mod key;
mod list;
pub mod reuse;
pub mod status;
pub mod storable;
mod targeted;
#[cfg(test)]
mod testing;
pub mod validate;
pub mod vary;

use std::time::Duration;

/// What the operator may set about the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// For how long after it went stale a response may be served while the origin fails, where the
    /// response itself says nothing about it (`stale-if-error`, RFC 5861 §4).
    pub stale_if_error: Duration,
}

impl Default for Rules {
    /// One day: nobody wants a 502 for a page that we still have.
    fn default() -> Self {
        Self { stale_if_error: Duration::from_secs(24 * 60 * 60) }
    }
}
