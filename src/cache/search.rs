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
    weight: u32,
}

/// Memory for what is known of paths, which visitors may write as long as they like.
const MOST_BYTES: u64 = 4 << 20;

/// What moka and an allocation or two keep for each, roughly.
const OVERHEAD: usize = 400;

impl Searches {
    pub(super) fn new() -> Self {
        let rules = Cache::builder().max_capacity(MOST_BYTES).weigher(Rule::weight);
        let rules = rules.build_with_hasher(foldhash::quality::RandomState::default());
        Self { rules, is_any: AtomicBool::new(false), numbers: AtomicU64::new(0) }
    }

    /// Whether anything is known at all.
    pub(super) fn is_any(&self) -> bool {
        self.is_any.load(Ordering::Acquire)
    }

    /// The key of a request; `class` writes its last part.
    pub(super) fn key(&self, parts: KeyParts<'_>, class: impl FnOnce(&mut KeyBuf)) -> KeyBuf {
        // Whoever asks without a query is not made to pay for those who have one.
        if parts.query.is_none() || !self.is_any() {
            return key::write(parts, class);
        }
        match self.rules.get(&*path(parts)) {
            Some(rule) => rule.key(parts, class),
            None => key::write(parts, class),
        }
    }

    /// Learns what a response says that is to be stored for a request with these parts, and gives the
    /// key that it is stored under: by its own words, whatever others say at the same moment.
    pub(super) fn learn(
        &self,
        parts: KeyParts<'_>,
        variance: Option<&Arc<Variance>>,
        class: impl FnOnce(&mut KeyBuf),
    ) -> KeyBuf {
        let path = path(parts);
        let Some(variance) = variance else {
            self.rules.invalidate(&*path);
            return key::write(parts, class);
        };
        self.is_any.store(true, Ordering::Release);
        if let Some(known) = self.rules.get(&*path).filter(|known| known.says(variance)) {
            return known.key(parts, class);
        }
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let rule = Rule { number, weight: weight(&path, variance), variance: variance.clone() };
        self.rules.insert(path[..].into(), rule.clone());
        rule.key(parts, class)
    }

    /// Whether a response that says this is for whoever was looked up under `key` and has asked with
    /// these parts: either he has asked by the very same query, or the key is by these very words.
    pub(super) fn is_for(
        &self,
        parts: KeyParts<'_>,
        variance: Option<&Arc<Variance>>,
        key: &[u8],
        class: impl Fn(&mut KeyBuf),
    ) -> bool {
        let is_by = |rule: Rule| {
            variance.is_some_and(|variance| rule.says(variance)) && *rule.key(parts, &class) == *key
        };
        *key::write(parts, &class) == *key || self.rules.get(&*path(parts)).is_some_and(is_by)
    }
}

/// The query, without its `?`, of a request that is looked up under a key in which this one stands.
/// `None` where none of its parameters counts.
pub fn query_of(written: &str) -> Option<&str> {
    match written.strip_prefix(BY_RULE) {
        None => Some(written),
        Some(rest) => rest.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix('?'),
    }
}

/// Before the number of the words in a key. No query of a request has this byte in it.
const BY_RULE: char = '\u{1}';

impl Rule {
    fn weight(_: &impl AsRef<[u8]>, rule: &Self) -> u32 {
        rule.weight
    }

    fn says(&self, variance: &Arc<Variance>) -> bool {
        Arc::ptr_eq(&self.variance, variance) || self.variance == *variance
    }

    fn key(&self, parts: KeyParts<'_>, class: impl FnOnce(&mut KeyBuf)) -> KeyBuf {
        if parts.query.is_none() {
            return key::write(parts, class);
        }
        let query = parts.query.and_then(|query| key::counted(query, parts.is_rsc));
        let canonical = canonical(query.as_deref(), &self.variance);
        let query = format!("{BY_RULE}{}{canonical}", self.number);
        key::write(KeyParts { query: Some(&query), is_rsc: false, ..parts }, class)
    }
}

/// What a path and its rule take.
fn weight(path: &[u8], variance: &Arc<Variance>) -> u32 {
    u32::try_from(path.len() + variance.share() + OVERHEAD).unwrap_or(u32::MAX)
}

/// What rules are found by: pages and payloads of one path need not say the same.
fn path(parts: KeyParts<'_>) -> KeyBuf {
    key::write(KeyParts { query: None, ..parts }, |key| key.push(b'0' + u8::from(parts.is_rsc)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(query: &str) -> KeyParts<'_> {
        KeyParts { https: false, host: b"a", path: "/x", query: Some(query), is_rsc: true }
    }

    #[test]
    fn a_key_says_the_query_that_leads_to_it() {
        let searches = Searches::new();
        let variance = Arc::new(Variance::all_but(vec!["gclid".to_owned()]));
        for (query, expected) in
            [("b=2&gclid=9&a=1", Some("b=2&a=1")), ("gclid=9", None), ("_rsc=1a", None)]
        {
            let key = searches.learn(parts(query), Some(&variance), |key| key.push(b'R'));
            let target = std::str::from_utf8(key::read(&key).unwrap().target).unwrap();
            let (path, written) = target.split_once('?').unwrap();
            let asked = query_of(written);
            assert_eq!((path, asked), ("/x", expected), "{query}");
            let again = asked.map_or("_rsc".to_owned(), |query| format!("{query}&_rsc"));
            let found = searches.key(parts(&again), |key| key.push(b'R'));
            assert_eq!(found, key, "{again}");
        }
        assert_eq!(query_of("a=1"), Some("a=1"));
    }
}
