//! All that the dashboard shows of a moment: sums since the start, of which it takes differences.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;

use serde::Serialize;

use super::Metrics;
use super::event::{Event, Gauge};
use super::histogram::{BOUNDS, Sum};
use super::process::Process;
use super::recent::Lines;
use super::routes::Route;
use super::shard::Sums;
use super::story::Group;
use crate::store::MemoryStore;

/// A moment. Times are counts for each bound of `histogram.rs`: 32 µs, and twice that, and so on.
#[derive(Debug, Serialize)]
pub struct Reading {
    /// Milliseconds since the epoch.
    now: u64,
    /// Requests by how the cache answered.
    answers: BTreeMap<&'static str, u64>,
    /// Answers with a 5xx.
    failed: u64,
    sent: u64,
    /// To the last byte of what was in the store.
    hit_times: [u64; BOUNDS + 1],
    /// To the first byte of what was waited for.
    wait_times: [u64; BOUNDS + 1],
    /// To the head of what the origin was asked for, in the background too.
    origin_times: [u64; BOUNDS + 1],
    origin_failed: u64,
    store: Stored,
    clients: u64,
    renewals: u64,
    renewals_failed: u64,
    renewals_skipped: u64,
    renewals_running: u64,
    renewals_allowed: u64,
    restarts: u64,
    vault_bytes: u64,
    vault_files: u64,
    memory: u64,
    recent: Lines,
}

#[derive(Debug, Serialize)]
struct Stored {
    entries: u64,
    bytes: u64,
    capacity: u64,
    evicted: u64,
    invalidated: u64,
}

/// What the table of routes is made from.
#[derive(Debug, Serialize)]
pub struct Routes {
    /// One of so many requests is looked at.
    every: u32,
    routes: Vec<(Box<str>, Route)>,
}

/// Answers that the origin had no part in.
const FROM_STORE: [Group; 2] = [Group::Hit, Group::Stale];
/// Answers whose first byte somebody waited for.
const WAITED: [Group; 4] = [Group::Miss, Group::Revalidated, Group::Collapsed, Group::Bypass];

impl Metrics {
    /// What there is to tell just now.
    pub fn reading(&self, store: &MemoryStore) -> Reading {
        let sums = Sums::of(&self.0.shards);
        let mut answers: BTreeMap<_, _> = Group::ALL.iter().map(|it| (it.label(), 0)).collect();
        let mut failed = 0;
        for (story, family, count) in sums.requests() {
            *answers.entry(story.outcome.group().label()).or_default() += count;
            failed += if family == 5 { count } else { 0 };
        }
        let mut origin = Sum::default();
        self.0.origin.add_to(&mut origin);
        let process = Process::read();
        Reading {
            now: self.0.clock.now().as_millis(),
            answers,
            failed,
            sent: sums.sent,
            hit_times: joined(&sums.total, &FROM_STORE),
            wait_times: joined(&sums.first_byte, &WAITED),
            origin_times: origin.buckets,
            origin_failed: self.0.origin_errors.iter().map(|count| count.load(Relaxed)).sum(),
            store: Stored::of(store),
            clients: self
                .happened(Event::ClientConnected)
                .saturating_sub(self.happened(Event::ClientLeft)),
            renewals: self.happened(Event::RenewalStarted),
            renewals_failed: self.happened(Event::RenewalFailed),
            renewals_skipped: self.happened(Event::RenewalSkipped),
            renewals_running: self.value(Gauge::RenewalsRunning),
            renewals_allowed: self.value(Gauge::RenewalsAllowed),
            restarts: self.happened(Event::ChildRestarted),
            vault_bytes: self.value(Gauge::VaultBytes),
            vault_files: self.value(Gauge::VaultFiles),
            memory: process.map_or(0, |process| process.resident),
            recent: self.0.recent.lines(),
        }
    }

    /// What became of the requests for each route.
    pub fn routes(&self) -> Routes {
        let (routes, every) = self.0.routes.all();
        Routes { every, routes }
    }
}

impl Stored {
    fn of(store: &MemoryStore) -> Self {
        let counts = store.counts();
        Self {
            entries: store.len(),
            bytes: store.weight(),
            capacity: store.capacity(),
            evicted: counts.evicted.load(Relaxed),
            invalidated: counts.invalidated.load(Relaxed),
        }
    }
}

fn joined(sums: &[Sum], groups: &[Group]) -> [u64; BOUNDS + 1] {
    let mut all = [0; BOUNDS + 1];
    for sum in groups.iter().filter_map(|group| sums.get(*group as usize)) {
        all.iter_mut().zip(&sum.buckets).for_each(|(all, count)| *all += count);
    }
    all
}
