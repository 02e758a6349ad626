//! The memory tier: moka's TinyLFU, weighed in bytes.
//!
//! moka evicts by weight only. It is never told a time to live: its clock cannot be driven by a
//! test, and staleness is not a reason to forget (a stale page is what saves a failing origin).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use http::HeaderMap;
use moka::notification::RemovalCause;
use moka::ops::compute::Op;
use moka::sync::Cache;

use super::stored::{Entry, StoredResponse};
use super::tags::{Tags, Validity};

/// Stored responses in memory.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    entries: Cache<Box<[u8]>, Entry, foldhash::quality::RandomState>,
    tags: Arc<Tags>,
    counts: Arc<Counts>,
    /// What was put since moka looked last.
    unsettled: Arc<AtomicU64>,
    capacity: u64,
    max_variants: usize,
}

/// What has happened since the start.
#[derive(Debug, Default)]
pub struct Counts {
    /// Keys that had to make room for others.
    pub evicted: AtomicU64,
    /// Tags and keys that were invalidated.
    pub invalidations: AtomicU64,
    /// Stored responses that were invalidated by a tag.
    pub invalidated: AtomicU64,
}

impl MemoryStore {
    /// A store for `capacity` bytes, with at most `max_variants` variants to a key.
    pub fn new(capacity: u64, max_variants: usize) -> Self {
        let counts = Arc::<Counts>::default();
        let counted = counts.clone();
        let entries = Cache::<Box<[u8]>, Entry>::builder()
            .max_capacity(capacity)
            .weigher(|key, entry: &Entry| {
                // moka's weights are 32 bit wide: 4 GiB for one key weigh as much as more would.
                u32::try_from(entry.weight() + key.len() as u64 + ENTRY_OVERHEAD)
                    .unwrap_or(u32::MAX)
            })
            // Called for each entry that leaves the map, replaced ones included, before anybody can
            // find that it has left: so the counts of marks are exact.
            .eviction_listener(move |_, entry: Entry, cause| {
                entry.variants().for_each(|stored| stored.mark.leave_store());
                if cause == RemovalCause::Size {
                    counted.evicted.fetch_add(1, Relaxed);
                }
            })
            .build_with_hasher(foldhash::quality::RandomState::default());
        let (tags, unsettled) = (Arc::new(Tags::new()), Arc::default());
        Self { entries, tags, counts, unsettled, capacity, max_variants }
    }

    /// The bytes that it may take.
    pub fn capacity(&self) -> u64 {
        self.capacity
    }

    /// The entry under a key.
    pub fn get(&self, key: &[u8]) -> Option<Entry> {
        self.entries.get(key)
    }

    /// The number of invalidations by tag so far: to be noted before the origin is asked.
    pub fn sequence(&self) -> u64 {
        self.tags.sequence()
    }

    /// Invalidates all that has this tag, for the next look-up already; gives how many stored
    /// responses were better before. What was replaced or evicted is not counted.
    pub fn invalidate(&self, tag: &str, to: Validity) -> usize {
        self.note_invalidation(self.tags.invalidate(tag, to))
    }

    /// The same for all tags for which `is_meant` holds; takes a look at each.
    pub fn invalidate_all(&self, is_meant: impl Fn(&str) -> bool, to: Validity) -> usize {
        self.note_invalidation(self.tags.invalidate_all(is_meant, to))
    }

    fn note_invalidation(&self, responses: usize) -> usize {
        self.counts.invalidations.fetch_add(1, Relaxed);
        self.counts.invalidated.fetch_add(responses as u64, Relaxed);
        responses
    }

    /// Makes all stale that has this tag, but one response.
    pub fn outdate_others(&self, tag: &str, one: &StoredResponse) {
        self.tags.outdate_others(tag, &one.mark);
    }

    /// Puts a response in the place of the variant that answers the same request, unless a tag of it
    /// has been invalidated since its request ([`MemoryStore::sequence`]); tells whether it did.
    pub fn put(
        &self,
        key: &[u8],
        stored: Arc<StoredResponse>,
        request: &HeaderMap,
        since: u64,
    ) -> bool {
        let names = &stored.head.tags;
        stored.tags.get_or_init(|| self.tags.enter(names, &stored.mark));
        if self.tags.is_overtaken(names, since) {
            return false;
        }
        let weight = stored.weight();
        self.entries.entry(key.into()).and_compute_with(|old| {
            let old = old.map(|entry| entry.into_value()).unwrap_or_default();
            put(old.with(stored, request, self.max_variants))
        });
        self.settle(weight);
        true
    }

    /// Weighs a stored response anew, which has become heavier. Room for it is made with the next one
    /// that is put: whoever calls this is behind all others, and they would wait for him.
    pub fn reweigh(&self, key: &[u8], stored: &Arc<StoredResponse>) {
        self.entries.entry(key.into()).and_compute_with(|old| {
            let old = old.map(|entry| entry.into_value()).filter(|entry| entry.has(stored));
            // moka weighs what is put.
            old.map_or(Op::Nop, put)
        });
        self.unsettled.fetch_add(stored.weight(), Relaxed);
    }

    /// moka would evict at its leisure, and keep more than it may until somebody comes by. To have it
    /// look each time costs as much as to put; so it looks when a little has come together.
    fn settle(&self, weight: u64) {
        let unsettled = self.unsettled.fetch_add(weight, Relaxed).saturating_add(weight);
        if unsettled >= self.capacity / LITTLE {
            self.unsettled.store(0, Relaxed);
            self.entries.run_pending_tasks();
        }
    }

    /// Takes one variant away, if it is still the one that is stored.
    pub fn remove_variant(&self, key: &[u8], stored: &Arc<StoredResponse>) {
        self.entries.entry(key.into()).and_compute_with(|old| {
            match old.map(|entry| entry.value().without(stored)) {
                Some(Some(rest)) => put(rest),
                Some(None) => Op::Remove,
                None => Op::Nop,
            }
        });
    }

    /// Takes a key away with all its variants.
    pub fn remove(&self, key: &[u8]) {
        self.counts.invalidations.fetch_add(1, Relaxed);
        // Not `invalidate`, which asks nobody: whoever is putting an entry there by what he has read
        // before would bring it back.
        self.entries.entry(key.into()).and_compute_with(|_| Op::Remove);
    }

    /// What has happened since the start.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// All that is stored, with its keys, in no order; what comes meanwhile may be left out.
    pub fn iter(&self) -> impl Iterator<Item = (Arc<Box<[u8]>>, Entry)> + '_ {
        self.entries.iter()
    }

    /// How many keys are stored; approximate while entries come and go. Not for a request's way: what
    /// moka has not looked at yet is looked at now.
    pub fn len(&self) -> u64 {
        self.entries.run_pending_tasks();
        self.entries.entry_count()
    }

    /// Whether nothing is stored; approximate likewise.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes in use; the same holds for it.
    pub fn weight(&self) -> u64 {
        self.entries.run_pending_tasks();
        self.entries.weighted_size()
    }
}

/// Puts an entry into the map; the one in its place leaves it.
fn put(entry: Entry) -> Op<Entry> {
    entry.variants().for_each(|stored| stored.mark.enter_store());
    Op::Put(entry)
}

/// The part of the capacity by which it may be exceeded for a moment.
const LITTLE: u64 = 1024;

/// What moka keeps for an entry beside key and value: its table slot, the entry info and the two
/// queue nodes.
const ENTRY_OVERHEAD: u64 = 220;
