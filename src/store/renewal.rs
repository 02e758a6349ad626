//! At most one background revalidation for a stored response, and a pause after one that failed.
//!
//! The state stands in the stored response itself, so that a stale hit costs what a hit costs: two
//! relaxed loads, no lock and no map. A new stored response begins with a clean slate.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use super::stored::StoredResponse;
use crate::policy::date::Timestamp;

/// The state of one stored response's background revalidation.
#[derive(Debug, Default)]
pub struct Renewal {
    running: AtomicBool,
    not_before: AtomicU64,
    failures: AtomicU32,
}

impl Renewal {
    /// A response that is not to be asked for again before `at`.
    pub fn not_before(at: Timestamp) -> Self {
        Self { not_before: AtomicU64::new(at.as_millis()), ..Self::default() }
    }

    /// Whether a revalidation is due at all; what most stale hits ask, and are told no.
    pub fn is_due(&self, now: Timestamp) -> bool {
        !self.running.load(Ordering::Relaxed)
            && now.as_millis() >= self.not_before.load(Ordering::Relaxed)
    }
}

/// The right to revalidate one stored response; given back when dropped, also by a panic.
#[derive(Debug)]
pub struct RenewalGuard {
    stored: Arc<StoredResponse>,
    is_done: bool,
}

impl RenewalGuard {
    /// Takes the right, unless somebody has it or it is not due.
    pub fn take(stored: &Arc<StoredResponse>, now: Timestamp) -> Option<Self> {
        let renewal = &stored.renewal;
        if !renewal.is_due(now) || renewal.running.swap(true, Ordering::Acquire) {
            return None;
        }
        Some(Self { stored: stored.clone(), is_done: false })
    }

    /// What is being revalidated.
    pub fn stored(&self) -> &Arc<StoredResponse> {
        &self.stored
    }

    /// The response has been replaced. Whoever still holds it is not to renew it once more.
    pub fn done(mut self) {
        self.is_done = true;
    }

    /// Notes a failure: the next try comes after `first`, doubled with each failure in a row up to
    /// `max`, and shortened by up to a quarter so that keys that failed together do not retry together.
    pub fn failed(&self, now: Timestamp, first: Duration, max: Duration) {
        let failures = self.stored.renewal.failures.fetch_add(1, Ordering::Relaxed);
        let pause = first.saturating_mul(1 << failures.min(16)).min(max);
        let jitter = pause.mul_f32(fastrand::f32() / 4.0);
        let next = now.saturating_add(pause - jitter);
        self.stored.renewal.not_before.store(next.as_millis(), Ordering::Relaxed);
    }
}

impl Drop for RenewalGuard {
    fn drop(&mut self) {
        if !self.is_done {
            self.stored.renewal.running.store(false, Ordering::Release);
        }
    }
}
