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

use crate::metrics::{Gauge, Metrics};

/// The places for background revalidations.
#[derive(Debug)]
pub(super) struct Budget {
    running: AtomicUsize,
    allowed: AtomicUsize,
    max: usize,
    /// Shows all three.
    metrics: Metrics,
}

/// With so many it begins, and begins again when nothing runs any more.
const FIRST: usize = 8;

impl Budget {
    /// Up to `max` places, shown in `metrics`.
    pub(super) fn new(max: usize, metrics: Metrics) -> Arc<Self> {
        let allowed = FIRST.min(max);
        metrics.change(Gauge::RenewalsMost, 0, max);
        metrics.change(Gauge::RenewalsAllowed, 0, allowed);
        let (running, allowed) = (AtomicUsize::new(0), AtomicUsize::new(allowed));
        Arc::new(Self { running, allowed, max, metrics })
    }

    /// A place, if one is free.
    pub(super) fn take(self: &Arc<Self>) -> Option<Place> {
        let allowed = self.allowed.load(Ordering::Relaxed);
        let more = |running: usize| (running < allowed).then_some(running + 1);
        self.running.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        self.metrics.change(Gauge::RenewalsRunning, 0, 1);
        Some(Place { budget: self.clone(), has_ended_well: false })
    }

    fn change(&self, change: impl Fn(usize) -> usize) {
        let within = |allowed: usize| change(allowed).clamp(1.min(self.max), self.max);
        let next = |allowed| Some(within(allowed));
        // Never fails, since there is always a next number.
        if let Ok(before) = self.allowed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next) {
            self.metrics.change(Gauge::RenewalsAllowed, before, within(before));
        }
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
        self.budget.metrics.change(Gauge::RenewalsRunning, 1, 0);
        if self.budget.running.fetch_sub(1, Ordering::Relaxed) == 1 {
            // What the origin could do some time ago says little of a burst to come.
            self.budget.change(|allowed| allowed.min(FIRST));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::metrics::Form;
    use crate::store::MemoryStore;

    fn budget(max: usize) -> Arc<Budget> {
        Budget::new(max, Metrics::new(&Clock::system()))
    }

    fn all(budget: &Arc<Budget>) -> Vec<Place> {
        std::iter::from_fn(|| budget.take()).collect()
    }

    #[test]
    fn places_grow_with_what_ends_well_up_to_the_most() {
        let budget = budget(20);
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
        let budget = budget(20);
        let mut places = all(&budget);
        drop(places.pop());
        drop(places.pop());
        assert_eq!(budget.allowed.load(Ordering::Relaxed), 2);
        drop(places);
        assert_eq!(all(&budget).len(), 1);
    }

    #[test]
    fn a_burst_begins_small_again() {
        let budget = budget(20);
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
        assert!(budget(0).take().is_none());
    }

    #[test]
    fn it_is_shown_as_it_is() {
        let (budget, store) = (budget(20), MemoryStore::new(1000, 1));
        let shown = || {
            let page = budget.metrics.page(Form::Plain, &store);
            ["running", "allowed", "max"].map(|name| {
                let name = format!("selvedge_revalidations_{name} ");
                let line = page.lines().find_map(|line| line.strip_prefix(name.as_str()));
                line.unwrap().parse::<usize>().unwrap()
            })
        };
        assert_eq!(shown(), [0, 8, 20]);
        let mut places = all(&budget);
        assert_eq!(shown(), [8, 8, 20]);
        places.pop().into_iter().for_each(Place::ended_well);
        assert_eq!(shown(), [7, 9, 20]);
        drop(places.pop());
        assert_eq!(shown(), [6, 4, 20]);
        drop(places);
        assert_eq!(shown(), [0, 1, 20]);
    }
}
