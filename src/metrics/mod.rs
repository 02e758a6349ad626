//! What is counted, and how it is told at `/metrics`.
//!
//! ```text
//! layer::observe ─▶ a shard of the connection ─┐
//! cache, origin, vault, child ─▶ events ───────┼─▶ page ─▶ /metrics; reading ─▶ the dashboard
//! store, runtime, /proc ───────────────────────┘ (looked at when somebody asks)
//! ```
//!
//! # Invariants
//! - A hit costs a handful of relaxed additions to memory of its connection's shard: no look-up, no
//!   lock, no allocation, no text.
//! - Labels are values of enums. No client can make a series.
//! - What is told is never zeroed: whoever reads takes differences.

mod event;
mod form;
mod histogram;
mod page;
mod process;
mod reading;
mod recent;
mod routes;
mod shard;
mod story;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

pub use event::{Event, Gauge};
pub use form::Form;
pub use reading::{Reading, Routes};
pub use recent::responses;
pub use routes::Visit;
pub use shard::{Shard, Tally};
pub use story::{Class, Group, Outcome, Storied, Story};

use crate::clock::Clock;
use crate::error::ProxyError;
use event::{EVENTS, GAUGES, UNSTORED};
use histogram::Histogram;
use recent::Recent;

/// All counters; clones share them.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Registry>);

#[derive(Debug)]
struct Registry {
    shards: Box<[Arc<Shard>]>,
    next: AtomicUsize,
    events: [AtomicU64; EVENTS],
    gauges: [AtomicU64; GAUGES],
    origin: Histogram,
    origin_errors: [AtomicU64; Outcome::ALL.len()],
    unstored: [AtomicU64; UNSTORED.len()],
    routes: routes::Routes,
    recent: Recent,
    clock: Clock,
}

/// More would be looked through for nothing.
const MOST_SHARDS: usize = 64;

impl Metrics {
    /// Counters at zero; `clock` measures how long requests take.
    pub fn new(clock: &Clock) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        // Two connections that are busy at the same time are to meet seldom.
        let shards = (0..(2 * cores).min(MOST_SHARDS)).map(|_| Shard::new(clock.clone()));
        Self(Arc::new(Registry {
            shards: shards.collect(),
            next: AtomicUsize::new(0),
            events: [const { AtomicU64::new(0) }; EVENTS],
            gauges: [const { AtomicU64::new(0) }; GAUGES],
            origin: Histogram::default(),
            origin_errors: [const { AtomicU64::new(0) }; Outcome::ALL.len()],
            unstored: [const { AtomicU64::new(0) }; UNSTORED.len()],
            routes: routes::Routes::default(),
            recent: Recent::default(),
            clock: clock.clone(),
        }))
    }

    /// The shard for one more connection: each in turn.
    pub fn shard(&self) -> Arc<Shard> {
        let turn = self.0.next.fetch_add(1, Relaxed);
        // Never empty: two for each core, and at least one core.
        self.0.shards[turn % self.0.shards.len()].clone()
    }

    /// Counts an event.
    pub fn count(&self, event: Event) {
        self.count_all(event, 1);
    }

    /// Counts so many of the same.
    pub fn count_all(&self, event: Event, events: u64) {
        if let Some(count) = self.0.events.get(event as usize) {
            count.fetch_add(events, Relaxed);
        }
    }

    /// Sets what has a value at a time.
    pub fn set(&self, gauge: Gauge, value: u64) {
        if let Some(gauge) = self.0.gauges.get(gauge as usize) {
            gauge.store(value, Relaxed);
        }
    }

    /// Adds to a value what one of several parts of it has become.
    pub fn change(&self, gauge: Gauge, before: usize, after: usize) {
        if let Some(gauge) = self.0.gauges.get(gauge as usize) {
            // Wraps round and back: the sum of all parts is no less than nothing.
            gauge.fetch_add((after as u64).wrapping_sub(before as u64), Relaxed);
        }
    }

    /// Counts what the origin took from a request to the head of its answer.
    pub fn origin_took(&self, time: Duration) {
        self.0.origin.note(time);
    }

    /// Counts a request that the origin did not answer.
    pub fn origin_failed(&self, error: &ProxyError) {
        if let Some(count) = self.0.origin_errors.get(Outcome::from(error) as usize) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// Counts an answer that is not stored, by the word that `Cache-Status` has for it.
    pub fn unstored(&self, why: &str) {
        let place = UNSTORED.iter().position(|known| *known == why);
        if let Some(count) = self.0.unstored.get(place.unwrap_or(UNSTORED.len() - 1)) {
            count.fetch_add(1, Relaxed);
        }
    }

    fn happened(&self, event: Event) -> u64 {
        self.0.events.get(event as usize).map_or(0, |count| count.load(Relaxed))
    }

    fn value(&self, gauge: Gauge) -> u64 {
        self.0.gauges.get(gauge as usize).map_or(0, |gauge| gauge.load(Relaxed))
    }
}
