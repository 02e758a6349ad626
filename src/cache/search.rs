//! Which parameters of a query count, by path (`No-Vary-Search`).
//!
//! A response may say that it does not depend on some of them. Then it is stored under a key that
//! leaves them out; and whoever asks for the same path is looked up under such a key, from then on.
//!
//! # Invariants
//! - What stands under such a key has said so itself, in these very words: each key has the number
//!   of the words in it.
//! - As long as no response says so, a look-up costs one load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use moka::sync::Cache;

use crate::policy::key::{self, KeyBuf, KeyParts};
use crate::policy::no_vary_search::{Variance, canonical};

/// What is known of paths.
#[derive(Debug)]
pub(super) struct Searches {
    rules: Cache<Box<[u8]>, Rule, foldhash::quality::RandomState>,
    is_any: AtomicBool,
    numbers: AtomicU64,
}

/// What the youngest response of a path has said.
#[derive(Clone, Debug)]
struct Rule {
    number: u64,
    variance: Arc<Variance>,
}

/// Paths that are known at once; a few hundred bytes each.
const MOST_PATHS: u64 = 10_000;

impl Searches {
    pub(super) fn new() -> Self {
        let rules = Cache::builder().max_capacity(MOST_PATHS);
        let rules = rules.build_with_hasher(foldhash::quality::RandomState::default());
        Self { rules, is_any: AtomicBool::new(false), numbers: AtomicU64::new(0) }
    }

    /// Whether anything is known at all.
    pub(super) fn is_any(&self) -> bool {
        self.is_any.load(Ordering::Acquire)
    }

    /// The key of a request; `class` writes its last part.
    pub(super) fn key(&self, parts: KeyParts<'_>, class: impl FnOnce(&mut KeyBuf)) -> KeyBuf {
        if !self.is_any() {
            return key::write(parts, class);
        }
        match self.rules.get(&*path(parts)) {
            Some(rule) => rule.key(parts, class),
            None => key::write(parts, class),
        }
    }

    /// Learns what a response says that is to be stored for a request with these parts.
    pub(super) fn learn(&self, parts: KeyParts<'_>, variance: Variance) {
        let path = path(parts);
        if variance.is_default() {
            return self.rules.invalidate(&*path);
        }
        self.is_any.store(true, Ordering::Release);
        if self.rules.get(&*path).is_some_and(|known| *known.variance == variance) {
            return;
        }
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        self.rules.insert(path[..].into(), Rule { number, variance: variance.into() });
    }
}

impl Rule {
    fn key(&self, parts: KeyParts<'_>, class: impl FnOnce(&mut KeyBuf)) -> KeyBuf {
        let query = parts.query.and_then(|query| key::counted(query, parts.is_rsc));
        let canonical = canonical(query.as_deref(), &self.variance);
        // No query of a request has this byte in it.
        let query = format!("\u{1}{}{canonical}", self.number);
        key::write(KeyParts { query: Some(&query), is_rsc: false, ..parts }, class)
    }
}

fn path(parts: KeyParts<'_>) -> KeyBuf {
    key::write(KeyParts { query: None, ..parts }, |_| ())
}
