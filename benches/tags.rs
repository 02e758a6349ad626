//! What the store costs: a look-up by one thread and by two at once, and the fields of an answer.
//!
//! And tags: a look-up of a response with none and with ten of them, among a million; and the
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

use http::{HeaderMap, HeaderValue, StatusCode};
use selvedge::policy::date::Timestamp;
use selvedge::policy::freshness::{Freshness, LifetimeBy};
use selvedge::policy::vary::Selecting;
use selvedge::store::{Head, MemoryStore, Rare, StoredResponse, UntilStored, Validity};

const ENTRIES: usize = 1_000_000;
const WITH_THE_LARGE_TAG: usize = 100_000;
const TAGS: usize = 10;
const HITS: usize = 2_000_000;

fn main() {
    for (name, tags) in [("no tags", 0), ("ten tags each", TAGS)] {
        let store = filled(tags);
        println!("{name}: {:.0} ns a look-up among {ENTRIES}", hits(&store));
        if tags == 0 {
            two_at_once(&store);
        }
        if tags > 0 {
            time("a tag of one entry", || store.invalidate("own-5", Validity::Stale));
            time("a tag of 100,000 entries", || store.invalidate("large", Validity::Stale));
            time("the same again", || store.invalidate("large", Validity::Obsolete));
            println!("  {:.0} ns a look-up afterwards", hits(&store));
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
    // As a page of Next.js has them.
    for (name, value) in [
        ("vary", "rsc, next-router-state-tree, next-router-prefetch, accept-encoding"),
        ("x-nextjs-cache", "HIT"),
        ("x-nextjs-prerender", "1"),
        ("x-powered-by", "Next.js"),
        ("cache-control", "public, max-age=0, must-revalidate"),
        ("etag", "\"abcdefghijklm\""),
        ("content-type", "text/html; charset=utf-8"),
        ("content-length", "16"),
        ("date", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("age", "0"),
        ("cache-status", ""),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Head {
        status: StatusCode::OK,
        headers,
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
        tags: names.into(),
        variance: None,
        rare: Rare::default(),
        until_stored: UntilStored::default(),
    }
}

fn key(entry: usize) -> Vec<u8> {
    format!("hexample.org\n/page/{entry}\nD").into_bytes()
}

/// Whether what threads have in common makes them wait for each other.
fn two_at_once(store: &MemoryStore) {
    for (name, keys) in [("a thousand pages", 1000), ("one page", 1)] {
        for (what, with_fields) in [("look-up", false), ("look-up and fields", true)] {
            let cost = |threads| hits_at_once(store, threads, keys, with_fields);
            let (alone, both) = (cost(1), cost(2));
            println!("  {what} of {name}: {alone:.0} ns, by each of two threads {both:.0} ns");
        }
    }
}

/// Nanoseconds for each of a thread's hits.
fn hits_at_once(store: &MemoryStore, threads: usize, keys: usize, with_fields: bool) -> f64 {
    let keys: Vec<_> = (0..keys).map(|number| key(number * 997 % ENTRIES)).collect();
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let none = HeaderMap::new();
                for hit in 0..HITS {
                    let entry = store.get(&keys[hit % keys.len()]).unwrap();
                    let stored = entry.select(&none).unwrap();
                    if with_fields {
                        let (age, status) = (HeaderValue::from_static("1"), HIT);
                        black_box(stored.head.headers.to_answer(age, status));
                    }
                }
            });
        }
    });
    began.elapsed().as_nanos() as f64 / HITS as f64
}

const HIT: HeaderValue = HeaderValue::from_static("selvedge; hit; ttl=9");

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
