//! Connections to the origin that are kept for the next request.
//!
//! - The newest idle one goes first: the others grow old and are let go before Node closes them.
//! - A request never waits while a connection is idle, and never longer than `origin.queue_timeout`.
//! - A connection is here only between two exchanges; while it carries one, that exchange owns it.
//! - Bounded is what the origin works at, not how many connections there are: an open stream costs
//!   Node next to nothing, and must not keep others from their pages.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};

use super::connect::{self, Sender};
use crate::config::{OriginAddress, OriginConfig};
use crate::error::ProxyError;
use crate::metrics::{Event, Gauge, Metrics};

/// See the module.
#[derive(Debug)]
pub(super) struct Pool {
    address: OriginAddress,
    config: ArcSwap<OriginConfig>,
    /// As many as there are places.
    concurrency: usize,
    /// The newest at the back.
    idle: Mutex<VecDeque<Idle>>,
    /// Whether somebody looks after those that are idle.
    is_swept: AtomicBool,
    places: Arc<Semaphore>,
    metrics: Metrics,
}

#[derive(Debug)]
struct Idle {
    sender: Sender,
    since: Instant,
}

/// The right to have the origin work at a request; given back when dropped.
pub(super) type Place = OwnedSemaphorePermit;

impl Pool {
    pub(super) fn new(address: OriginAddress, config: OriginConfig, metrics: Metrics) -> Self {
        let concurrency = config.concurrency;
        let places = Arc::new(Semaphore::new(concurrency));
        let config = ArcSwap::from_pointee(config);
        let (idle, is_swept) = (Mutex::default(), AtomicBool::new(false));
        Self { address, config, concurrency, idle, is_swept, places, metrics }
    }

    /// Another to the same address, without a connection.
    pub(super) fn apart(&self) -> Self {
        let config = OriginConfig::clone(&self.config.load());
        Self::new(self.address.clone(), config, self.metrics.clone())
    }

    /// Goes by other limits of time from now on.
    pub(super) fn take_over(&self, config: OriginConfig) {
        self.config.store(Arc::new(config));
    }

    pub(super) fn address(&self) -> &OriginAddress {
        &self.address
    }

    pub(super) fn first_byte_timeout(&self) -> Duration {
        self.config.load().first_byte_timeout
    }

    pub(super) fn body_timeout(&self) -> Duration {
        self.config.load().body_timeout
    }

    /// Waits for the origin's attention, in the order of arrival.
    pub(super) async fn place(&self) -> Result<Place, ProxyError> {
        let limit = self.config.load().queue_timeout;
        match timeout(limit, self.places.clone().acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            // Closed never.
            Ok(Err(_)) | Err(_) => Err(ProxyError::PoolExhausted { max: self.concurrency, limit }),
        }
    }

    /// A connection that is idle and, as far as one can tell, alive.
    pub(super) fn idle(&self) -> Option<Sender> {
        let mut idle = self.idle.lock();
        let before = idle.len();
        self.tidy(&mut idle);
        // One whose last exchange has ended but that has not noticed yet is left for the next.
        let newest = idle.iter().rposition(|connection| connection.sender.http.is_ready());
        let newest = newest.and_then(|newest| idle.remove(newest));
        self.metrics.change(Gauge::OriginIdle, before, idle.len());
        drop(idle);
        newest.map(|connection| {
            self.count(Event::OriginReused);
            connection.sender
        })
    }

    pub(super) async fn connect(&self) -> Result<Sender, ProxyError> {
        connect::connect(&self.address, &self.config.load_full(), &self.metrics).await
    }

    pub(super) fn count(&self, event: Event) {
        self.metrics.count(event);
    }

    /// Takes back a connection whose exchange is complete.
    pub(super) fn give_back(self: &Arc<Self>, sender: Sender) {
        let mut idle = self.idle.lock();
        let before = idle.len();
        self.let_old_ones_go(&mut idle);
        if idle.len() >= self.concurrency {
            // More than can be needed at once.
            idle.pop_front();
        }
        idle.push_back(Idle { sender, since: Instant::now() });
        self.metrics.change(Gauge::OriginIdle, before, idle.len());
        drop(idle);
        if !self.is_swept.swap(true, Ordering::Relaxed) {
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
    }

    /// Lets those go that nobody has used for too long, or that the origin has closed; whether any is
    /// left.
    fn sweep(&self) -> bool {
        let mut idle = self.idle.lock();
        let before = idle.len();
        self.tidy(&mut idle);
        self.metrics.change(Gauge::OriginIdle, before, idle.len());
        // Before the lock goes: whoever gives one back then begins to sweep anew.
        self.is_swept.store(!idle.is_empty(), Ordering::Relaxed);
        !idle.is_empty()
    }

    fn tidy(&self, idle: &mut VecDeque<Idle>) {
        self.let_old_ones_go(idle);
        idle.retain(|connection| !connection.sender.http.is_closed());
    }

    /// The oldest are at the front.
    fn let_old_ones_go(&self, idle: &mut VecDeque<Idle>) {
        let limit = self.config.load().idle_timeout;
        while idle.front().is_some_and(|oldest| oldest.since.elapsed() >= limit) {
            idle.pop_front();
        }
    }
}

/// For the time in which no request comes by, since all are answered from memory.
async fn sweep(pool: Weak<Pool>) {
    loop {
        let Some(every) = pool.upgrade().map(|pool| pool.config.load().idle_timeout) else {
            return;
        };
        sleep(every.max(OFTEN)).await;
        if !pool.upgrade().is_some_and(|pool| pool.sweep()) {
            return;
        }
    }
}

/// To look more often would help nobody.
const OFTEN: Duration = Duration::from_secs(1);

impl Drop for Pool {
    fn drop(&mut self) {
        self.metrics.change(Gauge::OriginIdle, self.idle.get_mut().len(), 0);
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, duplex};

    use super::*;
    use crate::clock::Clock;

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_nobody_asks_for_any_more_is_let_go_when_its_time_is_over() {
        let (metrics, config) = (Metrics::new(&Clock::system()), OriginConfig::default());
        let (limit, address) = (config.idle_timeout, OriginAddress::Unix("/next".into()));
        let pool = Arc::new(Pool::new(address, config, metrics.clone()));
        for _ in 0..2 {
            let (near, mut far) = duplex(1024);
            pool.give_back(connect::handshake(near, limit, metrics.clone()).await.unwrap());
            assert_eq!(pool.idle.lock().len(), 1);
            let began = Instant::now();
            assert_eq!(far.read(&mut [0]).await.unwrap(), 0, "nothing, and the end");
            assert!((limit..=limit * 2).contains(&began.elapsed()));
            assert!(pool.idle.lock().is_empty());
        }
    }
}
