//! The end of a process: what runs is finished, within a limit.
//!
//! ```text
//! serving ── stop ──▶ lingering ── drain_linger ──▶ closing ── all ended, or drain_timeout ──▶ end
//! ```
//!
//! While it lingers, connections are still accepted and may still bring a request: whoever sends them
//! here could not know yet. Each answer says `Connection: close`.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
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
    pub(super) async fn drain(
        self,
        listener: TcpListener,
        cut: impl Future<Output = ()>,
    ) -> Drained {
        let config = self.current.config();
        let limit = config.drain_timeout;
        let deadline = Instant::now() + limit;
        info!(
            "draining: {} connections are finished, further ones accepted for {:?}",
            self.open(),
            config.drain_linger
        );
        let mut cut = pin!(cut);
        let why = tokio::select! {
            drained = timeout_at(deadline, self.end_of_all(listener, config.drain_linger)) => match drained {
                Ok(()) => return Drained::Whole,
                Err(_) => format!("after {limit:?} (server.drain_timeout)"),
            },
            () = &mut cut => "by a second signal".into(),
        };
        let open = self.open();
        warn!("draining is cut off {why}; {open} connections are closed");
        Drained::Cut(open)
    }

    fn open(&self) -> usize {
        self.max_connections - self.places.available_permits()
    }

    async fn end_of_all(&self, listener: TcpListener, linger: Duration) {
        self.watches.tell(Wish::LastResponse);
        tokio::select! {
            () = sleep(linger) => {}
            () = self.accept_all(&listener) => {}
        }
        self.accept_what_waits(listener);
        self.watches.tell(Wish::Close);
        self.all_places().await;
    }

    /// Takes the connections that the system has accepted for us: closing the listener would reset
    /// them. From then on it refuses new ones.
    fn accept_what_waits(&self, listener: TcpListener) {
        let Ok(listener) = listener.into_std() else { return };
        while let Ok(permit) = self.places.clone().try_acquire_owned()
            && let Ok((stream, peer)) = listener.accept()
        {
            let is_ready = stream.set_nonblocking(true);
            if let Ok(stream) = is_ready.and_then(|()| TcpStream::from_std(stream)) {
                self.begin(stream, peer, permit);
            }
        }
    }

    /// Ready when no connection holds a place.
    async fn all_places(&self) {
        let all = u32::try_from(self.max_connections).unwrap_or(u32::MAX);
        // Closed never; were it, nobody would hold a place either.
        let _ = self.places.acquire_many(all).await;
    }
}
