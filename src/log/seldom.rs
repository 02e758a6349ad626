//! An event that may come a thousand times a second, and is worth one line in that second.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Lets one through in a while, and counts the others.
#[derive(Debug)]
pub struct Seldom {
    pause: Duration,
    state: Mutex<(Option<Instant>, u64)>,
}

const PAUSE: Duration = Duration::from_secs(1);

impl Default for Seldom {
    fn default() -> Self {
        Self::every(PAUSE)
    }
}

impl Seldom {
    /// One in so much time.
    pub fn every(pause: Duration) -> Self {
        Self { pause, state: Mutex::default() }
    }

    /// How many events there were since the last that was told, this one included; `None` when it is
    /// too early to tell again.
    pub fn count(&self) -> Option<u64> {
        self.count_all(1)
    }

    /// The same for several at once.
    pub fn count_all(&self, events: u64) -> Option<u64> {
        let now = Instant::now();
        let mut state = self.state.lock();
        let (last, count) = &mut *state;
        *count += events;
        if last.is_some_and(|last| now < last + self.pause) {
            return None;
        }
        *last = Some(now);
        Some(std::mem::take(count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_a_second_is_told_and_none_is_lost() {
        let seldom = Seldom::default();
        assert_eq!(seldom.count(), Some(1));
        assert_eq!((seldom.count(), seldom.count()), (None, None));
        tokio::time::advance(PAUSE).await;
        assert_eq!(seldom.count(), Some(3));
    }
}
