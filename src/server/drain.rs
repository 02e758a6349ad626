//! The end of a process: what runs is finished, within a limit.
//!
//! ```text
//! serving ── stop ──▶ lingering ── drain_linger ──▶ closing ── all ended, or drain_timeout ──▶ end
//! ```
//!
//! While it lingers, an idle connection may still bring a request: its client may have sent it
//! before it could know. The answer says `Connection: close`.

use std::future::Future;

use tokio::time::{Instant, sleep, timeout_at};
use tracing::{info, warn};

use super::watch::Wish;
use super::{Answering, Server};

/// How draining ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Every connection ended by itself.
    Whole,
    /// So many were still open at the end.
    Cut(usize),
}

impl<S: Answering> Server<S> {
    pub(super) async fn drain(self, cut: impl Future<Output = ()>) -> Drained {
        let deadline = Instant::now() + self.config.drain_timeout;
        let open = self.open();
        info!("draining: nothing new is accepted, {open} open connections are finished");
        let drained = tokio::select! {
            drained = timeout_at(deadline, self.end_of_all()) => drained.is_ok(),
            () = cut => false,
        };
        if drained {
            return Drained::Whole;
        }
        let open = self.open();
        warn!("draining is cut off; {open} connections are closed (server.drain_timeout)");
        Drained::Cut(open)
    }

    fn open(&self) -> usize {
        self.config.max_connections - self.places.available_permits()
    }

    async fn end_of_all(&self) {
        self.watches.tell(Wish::LastResponse);
        tokio::select! {
            () = sleep(self.config.drain_linger) => {}
            () = self.all_places() => return,
        }
        self.watches.tell(Wish::Close);
        self.all_places().await;
    }

    /// Ready when no connection holds a place.
    async fn all_places(&self) {
        let all = u32::try_from(self.config.max_connections).unwrap_or(u32::MAX);
        // Closed never; were it, nobody would hold a place either.
        let _ = self.places.acquire_many(all).await;
    }
}
