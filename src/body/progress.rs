//! When a request body last moved, and whether it has ended. Whoever waits for an answer counts from then: the time of an
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

/// Tells how far the body that it was made for has come.
#[derive(Clone, Debug)]
pub struct Progress(Arc<Mutex<State>>);

#[derive(Clone, Copy, Debug)]
struct State {
    last: Instant,
    has_ended: bool,
}

impl Progress {
    /// Watches `body`; `None` if there is none that could move.
    pub fn watch(body: &mut Body) -> Option<Self> {
        if http_body::Body::is_end_stream(body) {
            return None;
        }
        let progress = Self(Arc::new(Mutex::new(State { last: Instant::now(), has_ended: false })));
        let inner = std::mem::take(body);
        *body = Body::stream(Watched { inner, progress: progress.clone() });
        Some(progress)
    }

    /// When the body last moved.
    pub fn last(&self) -> Instant {
        self.0.lock().last
    }

    /// Whether all of the body has been taken, and nothing is left to be sent.
    pub fn has_ended(&self) -> bool {
        self.0.lock().has_ended
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
        if let Poll::Ready(frame) = &frame {
            let has_ended = frame.is_none() || self.inner.is_end_stream();
            *self.progress.0.lock() = State { last: Instant::now(), has_ended };
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
