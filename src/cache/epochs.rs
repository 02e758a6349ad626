//! Which fetches an invalidation has overtaken.
//!
//! What was asked of the origin before an invalidation may be old content. It answers those who
//! asked before, but it must not be stored, nor be joined by those who ask after.
//!
//! A path has no counter of its own but one of a fixed number, by its hash: two that share one cost a
//! fetch that is not stored, never a wrong answer. All classes of a URI have the same one, since they
//! are invalidated together; and so have all queries of a path, since which of them are the same may
//! be told by the answer that is on its way (`No-Vary-Search`).

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::policy::key;

/// See the module.
#[derive(Debug)]
pub(super) struct Epochs {
    counters: Box<[AtomicU32]>,
    hasher: foldhash::quality::RandomState,
}

/// The time between two invalidations of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Epoch(u32);

/// 256 KiB of counters: a few hundred unsafe requests during a fetch seldom meet it.
const COUNTERS: usize = 64 * 1024;

impl Epochs {
    pub(super) fn new() -> Self {
        let counters = (0..COUNTERS).map(|_| AtomicU32::new(0)).collect();
        Self { counters, hasher: foldhash::quality::RandomState::default() }
    }

    /// The epoch that a key is in.
    pub(super) fn of(&self, key: &[u8]) -> Epoch {
        Epoch(self.counter(key).load(Ordering::SeqCst))
    }

    /// Begins another epoch of a key.
    pub(super) fn begin(&self, key: &[u8]) {
        self.counter(key).fetch_add(1, Ordering::SeqCst);
    }

    fn counter(&self, key: &[u8]) -> &AtomicU32 {
        let path = key::path(key);
        &self.counters[self.hasher.hash_one(path) as usize % COUNTERS]
    }
}

impl Epoch {
    /// Its bytes, for a key that is to be another in each epoch.
    pub(super) fn to_bytes(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }
}
