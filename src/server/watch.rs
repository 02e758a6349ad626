//! What a connection is doing, seen from outside of the HTTP library: for its time limits, and to
//! reach it when the process is to end.
//!
//! ```text
//! idle ── first byte ──▶ head ── request ──▶ busy ── answer sent, body taken ──▶ idle
//! ```
//!
//! A change is three relaxed operations on memory of the connection's own. Nobody reads a clock for it: the connection's task looks after
//! each turn whether there was one, and stamps it then.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::task::Waker;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// Waits for a request.
    Idle,
    /// A request's head has begun and is not complete.
    Head,
    /// A request is being answered.
    Busy,
}

/// What the process wants of its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Wish {
    /// Go on.
    Serve,
    /// The next response is the last.
    LastResponse,
    /// Close as soon as nothing is being answered.
    Close,
}

impl Wish {
    fn from(stored: &AtomicU8) -> Self {
        match stored.load(Ordering::Relaxed) {
            0 => Self::Serve,
            1 => Self::LastResponse,
            _ => Self::Close,
        }
    }
}

/// One connection's state.
#[derive(Debug)]
pub(super) struct Watch {
    all: Arc<Watches>,
    number: u64,
    wish: AtomicU8,
    phase: AtomicU8,
    changes: AtomicU32,
    /// Since when, or from when on, it counts as idle, in milliseconds; `NEVER` while it is not.
    idle_since: AtomicU64,
    parts: AtomicU32,
    write_blocked: AtomicBool,
    writes: AtomicU32,
    waker: Mutex<Option<Waker>>,
}

impl Watch {
    pub(super) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Relaxed) {
            0 => Phase::Idle,
            1 => Phase::Head,
            _ => Phase::Busy,
        }
    }

    /// Notes that the client may send a request, and has not yet. A new one counts as idle only after
    /// a while: its first request is on its way.
    pub(super) fn note_idle(&self, now: Instant) {
        let since = if self.is_new() { now + SPARED } else { now };
        self.idle_since.store(self.all.milliseconds(since), Ordering::Relaxed);
    }

    fn idle_since(&self) -> u64 {
        self.idle_since.load(Ordering::Relaxed)
    }

    /// Whether nothing has come yet.
    pub(super) fn is_new(&self) -> bool {
        self.changes() == 0
    }

    fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
        self.idle_since.store(NEVER, Ordering::Relaxed);
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// How often the phase has changed, for telling whether it did.
    pub(super) fn changes(&self) -> u32 {
        self.changes.load(Ordering::Relaxed)
    }

    pub(super) fn bytes_came(&self) {
        if self.phase() == Phase::Idle {
            self.enter(Phase::Head);
        }
    }

    /// Notes that the client took bytes, or that it took none just now.
    pub(super) fn note_write(&self, blocked: bool) {
        self.write_blocked.store(blocked, Ordering::Relaxed);
        if !blocked {
            self.writes.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How often the client took bytes, for telling whether it did.
    pub(super) fn writes(&self) -> u32 {
        self.writes.load(Ordering::Relaxed)
    }

    pub(super) fn is_write_blocked(&self) -> bool {
        self.write_blocked.load(Ordering::Relaxed)
    }

    /// What is wanted of this connection, or of all.
    pub(super) fn wish(&self) -> Wish {
        Wish::from(&self.wish).max(Wish::from(&self.all.wish))
    }

    fn tell(&self, wish: Wish) {
        self.wish.store(wish as u8, Ordering::Relaxed);
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = &*self.waker.lock() {
            waker.wake_by_ref();
        }
    }

    /// Remembers whom to wake when the wish changes.
    pub(super) fn wake_by(&self, waker: &Waker) {
        *self.waker.lock() = Some(waker.clone());
    }
}

/// A part of an exchange: its answer, or its request's body. The connection is idle again when no
/// part is left: a client that has its answer may still be sending.
#[derive(Debug)]
pub(super) struct Part(Arc<Watch>);

impl Part {
    pub(super) fn of(watch: &Arc<Watch>) -> Self {
        watch.parts.fetch_add(1, Ordering::Relaxed);
        watch.enter(Phase::Busy);
        Self(watch.clone())
    }

    pub(super) fn watch(&self) -> &Watch {
        &self.0
    }

    /// Ends the part outside of the connection's task, which has to see what follows: an idle
    /// connection has a limit.
    pub(super) fn end(self) {
        let watch = self.0.clone();
        drop(self);
        if watch.phase() == Phase::Idle {
            watch.wake();
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.0.parts.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.enter(Phase::Idle);
        }
    }
}

const NEVER: u64 = u64::MAX;

/// How long a new connection is spared. A first request comes sooner; what takes longer is a browser
/// that has connected ahead, or somebody who wants to take all places.
const SPARED: Duration = Duration::from_secs(1);

/// A connection that was idle for less is in use: its client is about to send the next request, and
/// would find it closed.
const IDLE_ENOUGH: Duration = Duration::from_millis(100);

/// All connections.
#[derive(Debug)]
pub(super) struct Watches {
    began: Instant,
    wish: AtomicU8,
    next: AtomicU64,
    open: Mutex<HashMap<u64, Arc<Watch>>>,
}

impl Default for Watches {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            wish: AtomicU8::new(Wish::Serve as u8),
            next: AtomicU64::new(0),
            open: Mutex::default(),
        }
    }
}

impl Watches {
    fn milliseconds(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.began).as_millis()).unwrap_or(NEVER)
    }

    pub(super) fn add(self: &Arc<Self>) -> Watched {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let watch = Arc::new(Watch {
            all: self.clone(),
            number,
            wish: AtomicU8::new(Wish::Serve as u8),
            phase: AtomicU8::new(Phase::Idle as u8),
            changes: AtomicU32::new(0),
            idle_since: AtomicU64::new(NEVER),
            parts: AtomicU32::new(0),
            write_blocked: AtomicBool::new(false),
            writes: AtomicU32::new(0),
            waker: Mutex::new(None),
        });
        self.open.lock().insert(number, watch.clone());
        Watched(watch)
    }

    /// How many connections there are.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.open.lock().len()
    }

    /// Tells all connections, those that are idle too.
    pub(super) fn tell(&self, wish: Wish) {
        self.wish.store(wish as u8, Ordering::Relaxed);
        self.open.lock().values().for_each(|watch| watch.wake());
    }

    /// Closes up to `most` connections that wait for a request, so that others find a place: those that
    /// have been idle for longest.
    pub(super) fn close_idle(&self, most: usize) {
        let Some(latest) = Instant::now().checked_sub(IDLE_ENOUGH) else { return };
        let latest = self.milliseconds(latest);
        let open = self.open.lock();
        // One that was told before may still have to bring the end of a response to a slow client:
        // telling it again frees no place.
        let closable = open.values().filter(|watch| watch.wish() < Wish::Close);
        let since = closable.map(|watch| (watch.idle_since(), watch));
        let mut idle: Vec<_> = since.filter(|(since, _)| *since <= latest).collect();
        if most < idle.len() {
            idle.select_nth_unstable_by_key(most, |(since, _)| *since);
        }
        idle.iter().take(most).for_each(|(_, watch)| watch.tell(Wish::Close));
    }
}

/// The connection's own hold of its state; off the list when dropped.
#[derive(Debug)]
pub(super) struct Watched(pub(super) Arc<Watch>);

impl Drop for Watched {
    fn drop(&mut self) {
        self.0.all.open.lock().remove(&self.0.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn those_who_have_been_idle_for_longest_are_closed_first() {
        let all = Arc::<Watches>::default();
        let watched: Vec<_> = (0..10).map(|_| all.add()).collect();
        let note_all = || watched.iter().for_each(|one| one.0.note_idle(Instant::now()));
        let closing = || {
            let wishes = watched.iter().map(|one| one.0.wish() == Wish::Close);
            wishes
                .enumerate()
                .filter(|(_, closes)| *closes)
                .map(|(at, _)| at)
                .collect::<Vec<usize>>()
        };
        note_all();
        tokio::time::advance(IDLE_ENOUGH * 2).await;
        all.close_idle(4);
        assert!(closing().is_empty(), "a first request is on its way");
        let silent = all.add();
        silent.0.note_idle(Instant::now());
        tokio::time::advance(SPARED + IDLE_ENOUGH).await;
        all.close_idle(1);
        assert!(watched.iter().any(|one| one.0.wish() == Wish::Close), "none came for too long");
        watched.iter().for_each(|one| one.0.tell(Wish::Serve));
        drop(silent);
        watched.iter().for_each(|one| drop(Part::of(&one.0)));
        all.close_idle(4);
        assert!(closing().is_empty(), "they have only just become idle");
        watched.iter().rev().for_each(|one| one.0.note_idle(Instant::now()));
        tokio::time::advance(IDLE_ENOUGH).await;
        for one in &watched[..5] {
            drop(Part::of(&one.0));
            one.0.note_idle(Instant::now());
        }
        let busy = Part::of(&watched[9].0);
        all.close_idle(3);
        assert_eq!(closing().len(), 3);
        assert!(closing().iter().all(|at| *at >= 5));
        all.close_idle(3);
        assert_eq!(closing(), [5, 6, 7, 8], "the others have only just become idle");
        tokio::time::advance(IDLE_ENOUGH).await;
        all.close_idle(16);
        assert_eq!(closing(), [0, 1, 2, 3, 4, 5, 6, 7, 8], "who has not gone is not told again");
        drop(busy);
    }
}
