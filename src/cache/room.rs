//! The memory that bodies on their way into the store share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The memory that all growing bodies share.
#[derive(Debug)]
pub(super) struct Room {
    taken: AtomicUsize,
    size: usize,
}

impl Room {
    /// Room for `size` bytes.
    pub(super) fn new(size: usize) -> Arc<Self> {
        Arc::new(Self { taken: AtomicUsize::new(0), size })
    }

    /// Takes `bytes` in any case; false if there was no room for them.
    pub(super) fn take(&self, bytes: usize) -> bool {
        self.taken.fetch_add(bytes, Ordering::Relaxed) + bytes <= self.size
    }

    pub(super) fn give_back(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
    }
}
