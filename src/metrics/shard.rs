//! What every request counts, in memory that other cores leave alone.
//!
//! Each connection has a shard, shared with few others, so that cores do not fight over the same cache
//! lines. A request costs some relaxed additions to places that are known at compile time: no look-up,
//! no lock, no allocation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use http::StatusCode;

use super::histogram::{Histogram, Sum};
use super::story::{Class, Group, Outcome, Story};
use crate::clock::Clock;

/// `1xx` to `5xx`.
const FAMILIES: usize = 5;
const GROUPS: usize = Group::ALL.len();
const OUTCOMES: usize = Outcome::ALL.len();
const REQUESTS: usize = Class::ALL.len() * OUTCOMES * FAMILIES;

/// One share of the counters of requests.
#[derive(Debug)]
#[repr(align(128))]
pub struct Shard {
    requests: [AtomicU64; REQUESTS],
    total: [Histogram; GROUPS],
    first_byte: [Histogram; GROUPS],
    received: AtomicU64,
    sent: AtomicU64,
    clock: Clock,
}

/// All shards together.
#[derive(Debug)]
pub(super) struct Sums {
    requests: Box<[u64]>,
    pub(super) total: [Sum; GROUPS],
    pub(super) first_byte: [Sum; GROUPS],
    pub(super) received: u64,
    pub(super) sent: u64,
}

impl Shard {
    pub(super) fn new(clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            requests: [const { AtomicU64::new(0) }; REQUESTS],
            total: std::array::from_fn(|_| Histogram::default()),
            first_byte: std::array::from_fn(|_| Histogram::default()),
            received: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            clock,
        })
    }

    /// Counts bytes that came from a client.
    pub fn received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Relaxed);
    }

    /// Counts bytes that were sent to a client.
    pub fn sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Relaxed);
    }

    /// A reading of the clock, for how long a request takes.
    pub fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }
}

impl Sums {
    pub(super) fn of(shards: &[Arc<Shard>]) -> Self {
        let mut sums = Self {
            requests: vec![0; REQUESTS].into(),
            total: [Sum::default(); GROUPS],
            first_byte: [Sum::default(); GROUPS],
            received: 0,
            sent: 0,
        };
        for shard in shards {
            let counted = shard.requests.iter().zip(&mut sums.requests);
            counted.for_each(|(count, sum)| *sum += count.load(Relaxed));
            shard.total.iter().zip(&mut sums.total).for_each(|(it, sum)| it.add_to(sum));
            shard.first_byte.iter().zip(&mut sums.first_byte).for_each(|(it, sum)| it.add_to(sum));
            sums.received += shard.received.load(Relaxed);
            sums.sent += shard.sent.load(Relaxed);
        }
        sums
    }

    /// Each story that was told, with the first digit of its status, and how often.
    pub(super) fn requests(&self) -> impl Iterator<Item = (Story, usize, u64)> {
        let counted = self.requests.iter().enumerate().filter(|(_, count)| **count > 0);
        counted.filter_map(|(place, count)| {
            let class = *Class::ALL.get(place / FAMILIES / OUTCOMES)?;
            let outcome = *Outcome::ALL.get(place / FAMILIES % OUTCOMES)?;
            Some((Story { class, outcome }, place % FAMILIES + 1, *count))
        })
    }
}

fn place(story: Story, family: usize) -> usize {
    (story.class as usize * OUTCOMES + story.outcome as usize) * FAMILIES + family
}

/// One request, which is counted when this is dropped: at the last byte of its answer, or when its
/// client has left.
#[derive(Debug)]
pub struct Tally {
    shard: Arc<Shard>,
    began: Duration,
    story: Story,
    family: u8,
}

impl Tally {
    /// A request that began at this reading of the clock.
    pub fn new(shard: &Arc<Shard>, began: Duration) -> Self {
        // Until there is an answer.
        let story = Story { class: Class::Other, outcome: Outcome::Left };
        Self { shard: shard.clone(), began, story, family: 3 }
    }

    /// Notes the head of its answer. What was answered at once has no time to its first byte that is
    /// worth a reading of the clock: it is the whole time.
    pub fn answered(&mut self, story: Story, status: StatusCode, was_waited_for: bool) {
        self.story = story;
        // Statuses are 100 to 999; those above 599 mean nothing, and count as failures.
        self.family = ((status.as_u16() / 100).saturating_sub(1) as u8).min(FAMILIES as u8 - 1);
        if was_waited_for {
            let took = self.elapsed();
            if let Some(first_byte) = self.shard.first_byte.get(story.outcome.group() as usize) {
                first_byte.note(took);
            }
        }
    }

    /// How long it has taken so far.
    pub fn elapsed(&self) -> Duration {
        self.shard.clock.monotonic().saturating_sub(self.began)
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        if let Some(requests) = self.shard.requests.get(place(self.story, self.family.into())) {
            requests.fetch_add(1, Relaxed);
        }
        let took = self.elapsed();
        if let Some(total) = self.shard.total.get(self.story.outcome.group() as usize) {
            total.note(took);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_story_is_counted_in_a_place_of_its_own() {
        let shard = Shard::new(Clock::system());
        for class in Class::ALL {
            for outcome in Outcome::ALL {
                let story = Story { class: *class, outcome: *outcome };
                Tally::new(&shard, Duration::ZERO).answered(story, StatusCode::OK, false);
            }
        }
        let told: Vec<_> = Sums::of(&[shard]).requests().collect();
        assert_eq!(told.len(), Class::ALL.len() * Outcome::ALL.len());
        assert!(told.iter().all(|(_, family, count)| (*family, *count) == (2, 1)));
    }

    #[test]
    fn whoever_leaves_before_an_answer_is_counted_as_that() {
        let shard = Shard::new(Clock::system());
        drop(Tally::new(&shard, shard.monotonic()));
        let sums = Sums::of(&[shard]);
        let told: Vec<_> = sums.requests().collect();
        let story = Story { class: Class::Other, outcome: Outcome::Left };
        assert_eq!(told, [(story, 4, 1)]);
        assert_eq!(sums.total[Group::Left as usize].count(), 1);
    }
}
