//! How many background revalidations may run at once.
//!
//! Few to begin with, one more for each that ends well, half as many after one that fails, and never
//! more than `cache.max_revalidations`. So an origin that has just been started, or all pages of which
//! went stale together, gets as much work as it shows that it can do; and one in trouble is left alone.
//!
//! There is no queue. A stale page that finds no place is served all the same, and its next visitor
//! asks again: so the places go to the pages that are visited most, and nothing is renewed that nobody
//! wants.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The places for background revalidations.
#[derive(Debug)]
pub(super) struct Budget {
    running: AtomicUsize,
    allowed: AtomicUsize,
    max: usize,
}

/// With so many it begins, and begins again when nothing runs any more.
const FIRST: usize = 8;

impl Budget {
    /// Up to `max` places.
    pub(super) fn new(max: usize) -> Arc<Self> {
        let allowed = AtomicUsize::new(FIRST.min(max));
        Arc::new(Self { running: AtomicUsize::new(0), allowed, max })
    }

    /// A place, if one is free.
    pub(super) fn take(self: &Arc<Self>) -> Option<Place> {
        let allowed = self.allowed.load(Ordering::Relaxed);
        let more = |running: usize| (running < allowed).then_some(running + 1);
        self.running.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Place { budget: self.clone(), has_ended_well: false })
    }

    fn change(&self, change: impl Fn(usize) -> usize) {
        let within = |allowed| Some(change(allowed).clamp(1.min(self.max), self.max));
        // Never fails, since there is always a next number.
        let _ = self.allowed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within);
    }
}

/// The right to run one revalidation, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    budget: Arc<Budget>,
    has_ended_well: bool,
}

impl Place {
    /// The origin has answered.
    pub(super) fn ended_well(mut self) {
        self.has_ended_well = true;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        match self.has_ended_well {
            true => self.budget.change(|allowed| allowed + 1),
            false => self.budget.change(|allowed| allowed / 2),
        }
        if self.budget.running.fetch_sub(1, Ordering::Relaxed) == 1 {
            // What the origin could do some time ago says little of a burst to come.
            self.budget.change(|allowed| allowed.min(FIRST));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(budget: &Arc<Budget>) -> Vec<Place> {
        std::iter::from_fn(|| budget.take()).collect()
    }

    #[test]
    fn places_grow_with_what_ends_well_up_to_the_most() {
        let budget = Budget::new(20);
        let mut places = all(&budget);
        assert_eq!(places.len(), FIRST);
        for expected in [16, 20, 20] {
            let first = places.pop();
            places.drain(..).for_each(Place::ended_well);
            // One runs on, or all would begin anew.
            first.into_iter().for_each(|place| {
                places = all(&budget);
                place.ended_well();
            });
            places.extend(all(&budget));
            assert_eq!(places.len(), expected);
        }
    }

    #[test]
    fn places_shrink_with_failures_and_one_is_left() {
        let budget = Budget::new(20);
        let mut places = all(&budget);
        drop(places.pop());
        drop(places.pop());
        assert_eq!(budget.allowed.load(Ordering::Relaxed), 2);
        drop(places);
        assert_eq!(all(&budget).len(), 1);
    }

    #[test]
    fn a_burst_begins_small_again() {
        let budget = Budget::new(20);
        for _ in 0..2 {
            let (mut ending, staying) = (all(&budget), budget.take());
            assert!(staying.is_none());
            assert_eq!(ending.len(), FIRST);
            let last = ending.pop();
            ending.drain(..).for_each(Place::ended_well);
            assert_eq!(budget.allowed.load(Ordering::Relaxed), 2 * FIRST - 1);
            last.into_iter().for_each(Place::ended_well);
        }
    }

    #[test]
    fn without_any_nothing_is_renewed() {
        assert!(Budget::new(0).take().is_none());
    }
}
