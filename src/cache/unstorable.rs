//! Remembers for a while which keys could not be stored.
//!
//! Requests for such a key do not queue behind each other, as they would for a key that another's
//! fetch may serve. The memory is a hint: a wrong one costs a collapsed fetch, never a wrong answer.
//! So a key is remembered by its hash alone.

use std::hash::BuildHasher;
use std::time::Duration;

use moka::sync::Cache;

use crate::policy::date::Timestamp;

/// Keys that were lately found unstorable. Clones remember the same.
#[derive(Clone, Debug)]
pub(super) struct Unstorable {
    until: Cache<u64, Timestamp, foldhash::fast::RandomState>,
    hasher: foldhash::quality::RandomState,
    duration: Duration,
}

/// A hash and a timestamp each: below 10 MiB when full.
const MAX_KEYS: u64 = 65_536;

impl Unstorable {
    /// Remembers each key for `duration`.
    pub(super) fn new(duration: Duration) -> Self {
        let until = Cache::builder()
            .max_capacity(MAX_KEYS)
            .build_with_hasher(foldhash::fast::RandomState::default());
        Self { until, hasher: foldhash::quality::RandomState::default(), duration }
    }

    /// The same memory, in which keys stay for `duration` from now on.
    pub(super) fn lasting(&self, duration: Duration) -> Self {
        Self { duration, ..self.clone() }
    }

    /// Notes that a key could not be stored at `now`.
    pub(super) fn remember(&self, key: &[u8], now: Timestamp) {
        let (hash, until) = (self.hasher.hash_one(key), now.saturating_add(self.duration));
        // Every request that passes through comes here, and to write costs three times what it costs
        // to read: what is remembered for long yet is left alone.
        let known = self
            .until
            .get(&hash)
            .is_some_and(|known| now.saturating_add(self.duration / 2) < known && known <= until);
        if !known {
            self.until.insert(hash, until);
        }
    }

    /// Forgets a key: it has been stored.
    pub(super) fn forget(&self, key: &[u8]) {
        self.until.invalidate(&self.hasher.hash_one(key));
    }

    /// Whether a key was lately found unstorable.
    pub(super) fn contains(&self, key: &[u8], now: Timestamp) -> bool {
        self.until.get(&self.hasher.hash_one(key)).is_some_and(|until| now < until)
    }
}
