//! The only reader of time.
//!
//! Freshness is judged by wall time, because the origin speaks in wall time
//! (`Date`, `Expires`). Everything else is handed a [`Timestamp`].
//! Waiting (deadlines, back-off) is tokio's business, which its own tests pause.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::policy::date::Timestamp;

/// Tells what time it is: the system's, or one that a test drives.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<AtomicU64>),
}

impl Clock {
    /// The machine's wall clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it. Clones share the time.
    pub fn manual(start: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(AtomicU64::new(start.as_millis()))))
    }

    /// Now, in milliseconds since the Unix epoch.
    #[allow(clippy::disallowed_methods, reason = "this is the one reader of time")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::Manual(millis) => Timestamp::from_millis(millis.load(Ordering::Relaxed)),
            Source::System => {
                // A clock before 1970 is a broken clock; the epoch makes everything stale, which is safe.
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_millis(since.as_millis() as u64)
            }
        }
    }

    /// A reading that never goes back, for measuring how long something took. Its zero means nothing.
    #[allow(clippy::disallowed_methods, reason = "this is the one reader of time")]
    pub fn monotonic(&self) -> Duration {
        static ZERO: OnceLock<Instant> = OnceLock::new();
        match &self.0 {
            Source::Manual(millis) => Duration::from_millis(millis.load(Ordering::Relaxed)),
            Source::System => ZERO.get_or_init(Instant::now).elapsed(),
        }
    }

    /// Moves a manual clock forward; the system's clock is left alone.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(millis) = &self.0 {
            millis.fetch_add(by.as_millis() as u64, Ordering::Relaxed);
        }
    }
}
