//! How long things took: a count for each power of two of microseconds.
//!
//! A bucket is found by counting leading zeros; from 32 µs, faster than any answer over a socket, to
//! half a minute, beyond which `server.deadline` is near.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The first bound is 2^5 µs.
const FIRST: u32 = 5;

/// 32 µs, 64 µs … 33.6 s.
pub(super) const BOUNDS: usize = 21;

/// The bound of a bucket, in seconds.
pub(super) fn bound(bucket: usize) -> f64 {
    (1_u64 << (bucket as u32 + FIRST)) as f64 / 1e6
}

/// Times that were measured; each costs two additions.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    /// The last is for what is above every bound.
    buckets: [AtomicU64; BOUNDS + 1],
    micros: AtomicU64,
}

/// What histograms say together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    pub(super) buckets: [u64; BOUNDS + 1],
    pub(super) micros: u64,
}

impl Histogram {
    pub(super) fn note(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(bucket) = self.buckets.get(bucket(micros)) {
            bucket.fetch_add(1, Relaxed);
        }
        self.micros.fetch_add(micros, Relaxed);
    }

    pub(super) fn add_to(&self, sum: &mut Sum) {
        for (bucket, sum) in self.buckets.iter().zip(&mut sum.buckets) {
            *sum += bucket.load(Relaxed);
        }
        sum.micros += self.micros.load(Relaxed);
    }
}

impl Sum {
    pub(super) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }
}

/// The first bucket whose bound is at least so much.
fn bucket(micros: u64) -> usize {
    let power = u64::BITS - micros.saturating_sub(1).leading_zeros();
    (power.saturating_sub(FIRST) as usize).min(BOUNDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_the_first_bucket_that_it_does_not_exceed() {
        for micros in [0, 1, 31, 32, 33, 64, 65, 1000, 1024, 1025, 33_554_432] {
            let bucket = bucket(micros);
            let seconds = micros as f64 / 1e6;
            assert!(seconds <= bound(bucket), "{micros}");
            assert!(bucket == 0 || seconds > bound(bucket - 1), "{micros}");
        }
        assert_eq!(bucket(33_554_433), BOUNDS);
        assert_eq!(bucket(u64::MAX), BOUNDS);
    }

    #[test]
    fn count_and_sum_are_those_of_what_was_noted() {
        let histogram = Histogram::default();
        histogram.note(Duration::from_micros(40));
        histogram.note(Duration::from_secs(3600));
        let mut sum = Sum::default();
        histogram.add_to(&mut sum);
        assert_eq!((sum.count(), sum.micros), (2, 3_600_000_040));
        assert_eq!((sum.buckets[1], sum.buckets[BOUNDS]), (1, 1));
    }
}
