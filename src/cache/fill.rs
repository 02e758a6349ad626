//! A response on its way into the store: its head is there, its body grows.

use std::sync::Arc;

use super::growing::{Growing, Reader};
use crate::store::Head;

/// A response that is being stored, for its leader and its followers to read.
#[derive(Debug)]
pub(super) struct Fill {
    pub(super) head: Head,
    body: Arc<Growing>,
}

impl Fill {
    pub(super) fn new(head: Head, body: Arc<Growing>) -> Arc<Self> {
        Arc::new(Self { head, body })
    }

    /// A reader from the first byte on; `None` when that is gone, the body being too large to keep.
    pub(super) fn reader(&self) -> Option<Reader> {
        self.body.reader()
    }
}
