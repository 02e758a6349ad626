//! What a connection is doing, seen from outside of the HTTP library: for its time limits, and to
//! reach it when the process is to end.
//!
//! ```text
//! idle ── first byte ──▶ head ── request ──▶ busy ── response sent ──▶ idle
//! ```
//!
//! A change is one relaxed store. Nobody reads a clock for it: the connection's task looks after
//! each turn whether there was one, and stamps it then.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::task::Waker;

use parking_lot::Mutex;

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

/// One connection's state.
#[derive(Debug)]
pub(super) struct Watch {
    all: Arc<Watches>,
    number: u64,
    phase: AtomicU8,
    changes: AtomicU32,
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

    pub(super) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
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

    pub(super) fn wish(&self) -> Wish {
        self.all.wish()
    }

    /// Remembers whom to wake when the wish changes.
    pub(super) fn wake_by(&self, waker: &Waker) {
        *self.waker.lock() = Some(waker.clone());
    }
}

/// All connections.
#[derive(Debug, Default)]
pub(super) struct Watches {
    wish: AtomicU8,
    next: AtomicU64,
    open: Mutex<HashMap<u64, Arc<Watch>>>,
}

impl Watches {
    pub(super) fn add(self: &Arc<Self>) -> Watched {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let watch = Arc::new(Watch {
            all: self.clone(),
            number,
            phase: AtomicU8::new(Phase::Idle as u8),
            changes: AtomicU32::new(0),
            write_blocked: AtomicBool::new(false),
            writes: AtomicU32::new(0),
            waker: Mutex::new(None),
        });
        self.open.lock().insert(number, watch.clone());
        Watched(watch)
    }

    fn wish(&self) -> Wish {
        match self.wish.load(Ordering::Relaxed) {
            0 => Wish::Serve,
            1 => Wish::LastResponse,
            _ => Wish::Close,
        }
    }

    /// How many connections there are.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.open.lock().len()
    }

    /// Tells all connections, those that are idle too.
    pub(super) fn tell(&self, wish: Wish) {
        self.wish.store(wish as u8, Ordering::Relaxed);
        for watch in self.open.lock().values() {
            if let Some(waker) = &*watch.waker.lock() {
                waker.wake_by_ref();
            }
        }
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
