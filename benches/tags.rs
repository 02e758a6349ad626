//! What tags cost: a hit of a response with none and with ten of them, among a million; and the
//! invalidation of a tag that a hundred thousand have, and of one that a single one has.
//!
//! ```text
//! cargo bench --bench tags
//! ```
//!
//! Takes some 3 GB of memory. Nanoseconds depend on the machine; what counts is that they do not
//! depend on the number of entries or tags.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]
#![allow(clippy::disallowed_methods)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use http::{HeaderMap, StatusCode};
use selvedge::policy::date::Timestamp;
use selvedge::policy::freshness::{Freshness, LifetimeBy};
use selvedge::policy::vary::Selecting;
use selvedge::store::{Head, MemoryStore, StoredResponse, UntilStored, Validity};

const ENTRIES: usize = 1_000_000;
const WITH_THE_LARGE_TAG: usize = 100_000;
const TAGS: usize = 10;
const HITS: usize = 2_000_000;

fn main() {
    for (name, tags) in [("no tags", 0), ("ten tags each", TAGS)] {
        let store = filled(tags);
        println!("{name}: {:.0} ns a hit among {ENTRIES}", hits(&store));
        if tags > 0 {
            time("a tag of one entry", || store.invalidate("own-5", Validity::Stale));
            time("a tag of 100,000 entries", || store.invalidate("large", Validity::Stale));
            time("the same again", || store.invalidate("large", Validity::Obsolete));
            println!("  {:.0} ns a hit afterwards", hits(&store));
        }
    }
}

fn filled(tags: usize) -> MemoryStore {
    let store = MemoryStore::new(8 << 30, 4);
    for entry in 0..ENTRIES {
        let stored = StoredResponse::new(head(entry, tags), "x".repeat(16).into());
        let since = store.sequence();
        assert!(store.put(&key(entry), stored, &HeaderMap::new(), since));
    }
    store
}

fn head(entry: usize, tags: usize) -> Head {
    let mut names: Vec<Arc<str>> = Vec::new();
    if tags > 0 {
        names.push(format!("own-{entry}").into());
        // Shared by a thousand each.
        names.extend((2..tags).map(|number| format!("t{number}-{}", entry / 1000).into()));
        names.push(if entry < WITH_THE_LARGE_TAG { "large" } else { "other" }.into());
    }
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "text/html".parse().unwrap());
    Head {
        status: StatusCode::OK,
        headers,
        before_us: None,
        origin_cache_control: Default::default(),
        freshness: Freshness {
            born: Timestamp::default(),
            lifetime: Default::default(),
            lifetime_by: LifetimeBy::SMaxAge,
            stale_while_revalidate: Default::default(),
            stale_if_error: Default::default(),
            forbids_stale: false,
            validates_always: false,
        },
        generated: Timestamp::default(),
        selecting: Selecting::default(),
        part: None,
        tags: names.into(),
        until_stored: UntilStored::default(),
        variance: None,
    }
}

fn key(entry: usize) -> Vec<u8> {
    format!("hexample.org\n/page/{entry}\nD").into_bytes()
}

fn hits(store: &MemoryStore) -> f64 {
    let keys: Vec<_> = (0..1000).map(|number| key(number * 997 % ENTRIES)).collect();
    let none = HeaderMap::new();
    let now = Timestamp::from_secs(1);
    let began = Instant::now();
    for hit in 0..HITS {
        let entry = store.get(&keys[hit % keys.len()]).unwrap();
        black_box(entry.select(&none).unwrap().mark.validity(now));
    }
    began.elapsed().as_nanos() as f64 / HITS as f64
}

fn time(what: &str, work: impl FnOnce() -> usize) {
    let began = Instant::now();
    let count = work();
    println!("  {what}: {:.3} ms for {count}", began.elapsed().as_secs_f64() * 1000.0);
}
