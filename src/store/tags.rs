//! What is stored, by tag: to make all of it obsolete at once, whatever its keys.
//!
//! ```text
//! name ──▶ Tag ──▶ marks of the responses that have it
//!           ▲                      │
//!           └── StoredResponse ────┘ one mark for each, looked at on every hit
//! ```
//!
//! To invalidate a tag is to lower the marks of its responses: it costs as many stores as there are
//! such responses, and holds for the next look-up. A hit costs one load, however many tags a response
//! has.
//!
//! # Invariants
//! - What was asked for before an invalidation is not stored after it: whoever stores a response
//!   enters its mark first, and then looks whether a tag of it was invalidated since it was asked for;
//!   whoever invalidates says so first, and then lowers the marks.
//! - A tag without responses goes; names that are still remembered are as many as there are tags, and
//!   again as many at most.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use smallvec::SmallVec;

use crate::policy::date::Timestamp;

/// What a stored response is still good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// For what its freshness says.
    Valid,
    /// To be served once more while it is renewed, as if it were stale.
    Stale,
    /// The same until then, and afterwards for nothing.
    StaleUntil(Timestamp),
    /// For nothing.
    Obsolete,
}

/// The validity of one stored response; it never rises again.
#[derive(Debug)]
pub struct Mark {
    /// The lower the worse: the time in milliseconds at which a stale response becomes obsolete.
    until: AtomicU64,
    /// Entries of the store that have the response: one, two while one takes the other's place, and
    /// none once it is replaced or evicted. It lives on then, for as long as somebody reads it or the
    /// map has not let go of it, and whoever counts what is invalidated must not count it.
    entries: AtomicU32,
}

const VALID: u64 = u64::MAX;
const STALE: u64 = VALID - 1;
const OBSOLETE: u64 = 0;

impl Default for Mark {
    fn default() -> Self {
        Self { until: AtomicU64::new(VALID), entries: AtomicU32::new(0) }
    }
}

impl Mark {
    /// What the response is good for: `Valid`, `Stale` or `Obsolete`.
    pub fn validity(&self, now: Timestamp) -> Validity {
        match self.until.load(Ordering::Acquire) {
            VALID => Validity::Valid,
            until if now.as_millis() < until => Validity::Stale,
            _ => Validity::Obsolete,
        }
    }

    /// Whether the response has been invalidated, in whatever way.
    pub(super) fn is_lowered(&self) -> bool {
        self.until.load(Ordering::Acquire) != VALID
    }

    /// An entry of the store has the response.
    pub(super) fn enter_store(&self) {
        self.entries.fetch_add(1, Ordering::Relaxed);
    }

    /// An entry that had it has left the store.
    pub(super) fn leave_store(&self) {
        self.entries.fetch_sub(1, Ordering::Relaxed);
    }

    /// Tells whether it is stored, and was better before.
    fn lower(&self, to: Validity) -> bool {
        let until = match to {
            Validity::Valid => VALID,
            Validity::Stale => STALE,
            Validity::StaleUntil(then) => then.as_millis().min(STALE),
            Validity::Obsolete => OBSOLETE,
        };
        let was_better = self.until.fetch_min(until, Ordering::AcqRel) > until;
        was_better && self.entries.load(Ordering::Relaxed) > 0
    }
}

/// All tags.
#[derive(Debug)]
pub struct Tags {
    shards: Box<[Mutex<Shard>]>,
    hasher: foldhash::fast::RandomState,
    recent: Mutex<Recent>,
    /// The number of invalidations so far.
    sequence: AtomicU64,
}

type Shard = HashMap<Arc<str>, Weak<Tag>, foldhash::fast::RandomState>;

/// More than the cores of most machines.
const SHARDS: usize = 64;

/// A tag that stored responses have.
#[derive(Debug, Default)]
pub(super) struct Tag {
    /// Most pages have a tag of their own, and it no other response.
    marks: Mutex<SmallVec<[Weak<Mark>; 2]>>,
    /// Of the marks, those whose responses are gone.
    gone: AtomicUsize,
}

/// Invalidations that somebody may not have heard of.
#[derive(Debug, Default)]
struct Recent {
    last: HashMap<Arc<str>, u64, foldhash::fast::RandomState>,
    /// Whoever asked before this may have missed one that is forgotten.
    forgotten: u64,
}

/// Tags whose last invalidation is remembered. When there are more, all that is under way is not
/// stored, once.
const MOST_RECENT: usize = 10_000;

impl Tags {
    pub(super) fn new() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: foldhash::fast::RandomState::default(),
            recent: Mutex::default(),
            sequence: AtomicU64::new(0),
        }
    }

    /// The number of invalidations so far: to be noted before the origin is asked.
    pub(super) fn sequence(&self) -> u64 {
        self.sequence.load(Ordering::Acquire)
    }

    /// Enters the mark of a response that has these tags.
    pub(super) fn enter(&self, names: &[Arc<str>], mark: &Arc<Mark>) -> Box<[Arc<Tag>]> {
        let tags = names.iter().map(|name| self.tag(name));
        tags.inspect(|tag| tag.add(mark)).collect()
    }

    /// Whether one of these tags was invalidated after `since`.
    pub(super) fn is_overtaken(&self, names: &[Arc<str>], since: u64) -> bool {
        if self.sequence() == since {
            return false;
        }
        let recent = self.recent.lock();
        since < recent.forgotten
            || names.iter().any(|name| recent.last.get(name).is_some_and(|last| *last > since))
    }

    /// Lowers all that has a tag; gives how many stored responses were better before.
    pub(super) fn invalidate(&self, name: &str, to: Validity) -> usize {
        self.recent.lock().note(name, &self.sequence);
        let tag = self.shard(name).lock().get(name).and_then(Weak::upgrade);
        tag.map_or(0, |tag| tag.lower(to))
    }

    /// Lowers all that has a tag for whose name `is_meant` holds. Looks at every tag.
    pub(super) fn invalidate_all(&self, is_meant: impl Fn(&str) -> bool, to: Validity) -> usize {
        self.recent.lock().forget(&self.sequence);
        let meant = self.shards.iter().flat_map(|shard| {
            let shard = shard.lock();
            let meant = shard.iter().filter(|(name, _)| is_meant(name));
            meant.filter_map(|(_, tag)| tag.upgrade()).collect::<Vec<_>>()
        });
        meant.map(|tag| tag.lower(to)).sum()
    }

    /// Lowers all that has a tag now to [`Validity::Stale`], but one. What is on its way is let be.
    pub(super) fn outdate_others(&self, name: &str, one: &Arc<Mark>) {
        let tag = self.shard(name).lock().get(name).and_then(Weak::upgrade);
        let Some(tag) = tag else { return };
        let marks = tag.marks.lock();
        let others = marks.iter().filter_map(Weak::upgrade).filter(|mark| !Arc::ptr_eq(mark, one));
        others.for_each(|mark| {
            mark.lower(Validity::Stale);
        });
    }

    fn tag(&self, name: &Arc<str>) -> Arc<Tag> {
        let mut shard = self.shard(name).lock();
        if let Some(tag) = shard.get(&**name).and_then(Weak::upgrade) {
            return tag;
        }
        if shard.len() == shard.capacity() {
            shard.retain(|_, tag| tag.strong_count() > 0);
            // Room for as many again before the next look at all of them.
            let more = shard.len();
            shard.reserve(more);
        }
        let tag = Arc::new(Tag::default());
        shard.insert(name.clone(), Arc::downgrade(&tag));
        tag
    }

    fn shard(&self, name: &str) -> &Mutex<Shard> {
        let hash = self.hasher.hash_one(name) as usize;
        &self.shards[hash % SHARDS]
    }
}

impl Tag {
    fn add(&self, mark: &Arc<Mark>) {
        self.marks.lock().push(Arc::downgrade(mark));
    }

    /// A response that has the tag is gone.
    pub(super) fn leave(&self) {
        let gone = self.gone.fetch_add(1, Ordering::Relaxed) + 1;
        // Each look at all of them is paid for by as many that have left.
        if gone >= FEW {
            let mut marks = self.marks.lock();
            if gone * 2 > marks.len() {
                marks.retain(|mark| mark.strong_count() > 0);
                self.gone.store(0, Ordering::Relaxed);
            }
        }
    }

    fn lower(&self, to: Validity) -> usize {
        let marks = self.marks.lock();
        let marks = marks.iter().filter_map(Weak::upgrade);
        marks.filter(|mark| mark.lower(to)).count()
    }
}

const FEW: usize = 16;

impl Recent {
    fn note(&mut self, name: &str, sequence: &AtomicU64) {
        if self.last.len() >= MOST_RECENT && !self.last.contains_key(name) {
            self.forget(sequence);
        }
        let number = sequence.fetch_add(1, Ordering::AcqRel) + 1;
        self.last.insert(name.into(), number);
    }

    fn forget(&mut self, sequence: &AtomicU64) {
        self.forgotten = sequence.fetch_add(1, Ordering::AcqRel) + 1;
        self.last.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1000);

    fn names(names: &[&str]) -> Vec<Arc<str>> {
        names.iter().map(|name| (*name).into()).collect()
    }

    fn stored() -> Arc<Mark> {
        let mark = Arc::new(Mark::default());
        mark.enter_store();
        mark
    }

    #[test]
    fn what_has_left_the_store_or_was_never_there_is_lowered_and_not_counted() {
        let tags = Tags::new();
        let (stored, replaced, refused) = (stored(), stored(), Arc::<Mark>::default());
        let names = names(&["a"]);
        let _entered = [&stored, &replaced, &refused].map(|mark| tags.enter(&names, mark));
        // Its successor has come into the entry before it has left.
        replaced.enter_store();
        replaced.leave_store();
        replaced.leave_store();
        assert_eq!(tags.invalidate("a", Validity::Obsolete), 1);
        assert_eq!(replaced.validity(NOW), Validity::Obsolete);
    }

    #[test]
    fn what_has_the_tag_is_lowered_and_nothing_else() {
        let tags = Tags::new();
        let (one, other) = (stored(), stored());
        let _one = tags.enter(&names(&["a", "b"]), &one);
        let _other = tags.enter(&names(&["b"]), &other);
        assert_eq!(tags.invalidate("a", Validity::Stale), 1);
        assert_eq!((one.validity(NOW), other.validity(NOW)), (Validity::Stale, Validity::Valid));
        assert_eq!(tags.invalidate("b", Validity::Obsolete), 2);
        assert_eq!(tags.invalidate("b", Validity::Stale), 0, "it was so already");
        assert_eq!(
            (one.validity(NOW), other.validity(NOW)),
            (Validity::Obsolete, Validity::Obsolete)
        );
        assert_eq!(tags.invalidate("c", Validity::Stale), 0);
    }

    #[test]
    fn what_is_stale_for_a_while_is_obsolete_after_it_and_never_the_longer_for_another_word() {
        let at = |millis| Timestamp::from_millis(millis);
        let mark = Mark::default();
        mark.lower(Validity::StaleUntil(at(2000)));
        assert_eq!(mark.validity(at(1999)), Validity::Stale);
        assert_eq!(mark.validity(at(2000)), Validity::Obsolete);
        mark.lower(Validity::Stale);
        mark.lower(Validity::StaleUntil(at(3000)));
        assert_eq!(mark.validity(at(2000)), Validity::Obsolete);
        mark.lower(Validity::StaleUntil(at(1500)));
        assert_eq!(mark.validity(at(1500)), Validity::Obsolete);
    }

    #[test]
    fn others_are_outdated_and_what_is_on_its_way_is_not_overtaken() {
        let tags = Tags::new();
        let marks = [Arc::new(Mark::default()), Arc::default(), Arc::default()];
        let names = [names(&["a"]), names(&["a", "b"]), names(&["b"])];
        let _entered: Vec<_> =
            names.iter().zip(&marks).map(|(names, mark)| tags.enter(names, mark)).collect();
        let since = tags.sequence();
        tags.outdate_others("a", &marks[0]);
        let validity = [Validity::Valid, Validity::Stale, Validity::Valid];
        assert_eq!(marks.each_ref().map(|mark| mark.validity(Timestamp::default())), validity);
        assert!(!tags.is_overtaken(&names[0], since));
    }

    #[test]
    fn whoever_asked_before_is_overtaken_and_whoever_asks_after_is_not() {
        let tags = Tags::new();
        let before = tags.sequence();
        tags.invalidate("a", Validity::Stale);
        let after = tags.sequence();
        assert!(tags.is_overtaken(&names(&["x", "a"]), before));
        assert!(!tags.is_overtaken(&names(&["x"]), before));
        assert!(!tags.is_overtaken(&names(&["a"]), after));
        tags.invalidate_all(|name| name.starts_with('b'), Validity::Stale);
        assert!(tags.is_overtaken(&names(&["x"]), after), "nobody knows any more");
    }

    #[test]
    fn more_invalidations_than_can_be_remembered_are_still_heeded() {
        let tags = Tags::new();
        let before = tags.sequence();
        for number in 0..=MOST_RECENT {
            tags.invalidate(&number.to_string(), Validity::Stale);
        }
        assert!(tags.is_overtaken(&names(&["0"]), before));
        assert!(tags.recent.lock().last.len() <= MOST_RECENT);
    }

    #[test]
    fn what_is_gone_leaves_nothing_behind() {
        let tags = Tags::new();
        for number in 0..100_000 {
            let mark = Arc::new(Mark::default());
            let entered = tags.enter(&names(&["all", &number.to_string()]), &mark);
            drop(mark);
            entered.iter().for_each(|tag| tag.leave());
        }
        let kept: usize = tags.shards.iter().map(|shard| shard.lock().len()).sum();
        assert!(kept < 10_000, "{kept} names");
        let all = tags.tag(&"all".into());
        assert!(all.marks.lock().len() <= 2 * FEW);
    }

    #[test]
    fn of_many_threads_nobody_stores_what_was_asked_for_before() {
        let tags = Arc::new(Tags::new());
        let invalidating = tags.clone();
        let invalidator = std::thread::spawn(move || {
            (0..20_000).for_each(|_| {
                invalidating.invalidate("a", Validity::Obsolete);
            });
        });
        let names = names(&["a"]);
        for _ in 0..20_000 {
            let since = tags.sequence();
            let mark = Arc::new(Mark::default());
            let entered = tags.enter(&names, &mark);
            if !tags.is_overtaken(&names, since) {
                // Stored as valid: then no invalidation may have come between unnoticed.
                let unnoticed = mark.validity(NOW) == Validity::Valid && tags.sequence() != since;
                // One that has said so, and lowers the marks only now, is on its way.
                if unnoticed {
                    while mark.validity(NOW) == Validity::Valid && !invalidator.is_finished() {
                        std::thread::yield_now();
                    }
                    assert_eq!(mark.validity(NOW), Validity::Obsolete);
                }
            }
            entered.iter().for_each(|tag| tag.leave());
        }
        invalidator.join().unwrap();
    }
}
