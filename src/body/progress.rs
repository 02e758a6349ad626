//! When a request body last moved. Whoever waits for an answer counts from then: the time of an
//! upload is the client's, not the origin's.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::Body;
use crate::error::BodyError;

/// Tells when the body that it was made for last moved.
#[derive(Clone, Debug)]
pub struct Progress(Arc<Mutex<Instant>>);

impl Progress {
    /// Watches `body`; `None` if there is none that could move.
    pub fn watch(body: &mut Body) -> Option<Self> {
        if http_body::Body::is_end_stream(body) {
            return None;
        }
        let progress = Self(Arc::new(Mutex::new(Instant::now())));
        let inner = std::mem::take(body);
        *body = Body::stream(Watched { inner, progress: progress.clone() });
        Some(progress)
    }

    /// When the body last moved.
    pub fn last(&self) -> Instant {
        *self.0.lock()
    }
}

struct Watched {
    inner: Body,
    progress: Progress,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(cx);
        if frame.is_ready() {
            *self.progress.0.lock() = Instant::now();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
