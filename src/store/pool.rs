//! Things of which many stored responses have the same, kept once.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::sync::{Arc, Weak};

use foldhash::quality::RandomState;
use parking_lot::Mutex;

/// What is known, by a hash of what it is made of. Nothing is kept alive by it.
#[derive(Debug)]
pub(super) struct Pool<T>(Mutex<Known<T>>);

#[derive(Debug)]
struct Known<T> {
    things: HashMap<u64, Weak<T>, RandomState>,
    /// Those that found no place since somebody looked for things that nobody has any more.
    turned_away: usize,
}

/// An application has some dozens of each. Where something makes each answer another, each has its
/// own.
const MOST: usize = 512;

/// Each look at all of them is paid for by as many that went without.
const FEW: usize = 64;

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self(Mutex::new(Known { things: HashMap::default(), turned_away: 0 }))
    }
}

impl<T> Pool<T> {
    /// The one that `is_it`, or a new one; `make` is told whether others will find it. `hash` writes
    /// down what it is made of.
    pub(super) fn get(
        &self,
        hash: impl FnOnce(&mut dyn Hasher),
        is_it: impl FnOnce(&T) -> bool,
        make: impl FnOnce(bool) -> Arc<T>,
    ) -> Arc<T> {
        let mut known = self.0.lock();
        let mut hasher = known.things.hasher().build_hasher();
        hash(&mut hasher);
        let hash = hasher.finish();
        match known.things.get(&hash).and_then(Weak::upgrade) {
            Some(found) if is_it(&found) => return found,
            // Two of the same hash: the first is the one that is known.
            Some(_) => return make(false),
            None => {}
        }
        let is_known = known.has_room();
        let new = make(is_known);
        if is_known {
            known.things.insert(hash, Arc::downgrade(&new));
        }
        new
    }
}

impl<T> Known<T> {
    fn has_room(&mut self) -> bool {
        if self.things.len() < MOST {
            return true;
        }
        self.turned_away += 1;
        if self.turned_away >= FEW {
            self.turned_away = 0;
            self.things.retain(|_, thing| thing.strong_count() > 0);
        }
        self.things.len() < MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(pool: &Pool<u32>, number: u32) -> Arc<u32> {
        pool.get(|hash| hash.write_u32(number), |known| *known == number, |_| Arc::new(number))
    }

    #[test]
    fn what_is_the_same_is_one() {
        let pool = Pool::default();
        let (one, again, other) = (get(&pool, 1), get(&pool, 1), get(&pool, 2));
        assert!(Arc::ptr_eq(&one, &again));
        assert_eq!(*other, 2);
    }

    #[test]
    fn no_more_are_known_than_so_many_and_those_that_nobody_has_make_room() {
        let pool = Pool::default();
        let all: Vec<_> = (0..2 * MOST as u32).map(|number| get(&pool, number)).collect();
        assert_eq!(pool.0.lock().things.len(), MOST);
        assert!(Arc::ptr_eq(&get(&pool, 0), &all[0]));
        let last = all.last().unwrap();
        assert!(!Arc::ptr_eq(&get(&pool, **last), last), "unknown, and right all the same");
        drop(all);
        let late: Vec<_> = (0..=FEW as u32).map(|number| get(&pool, 7000 + number)).collect();
        assert!(Arc::ptr_eq(&get(&pool, 7000 + FEW as u32), late.last().unwrap()));
    }
}
