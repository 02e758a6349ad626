//! A request's body on its way in.
//!
//! Whoever answers without reading it to its end, as everybody does who refuses an upload, would
//! have the connection closed upon a client that still sends; the system then resets it, and takes
//! the answer away again. So the rest is read here and thrown away, for a while.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::watch::Part;
use crate::body::Patient;
use crate::error::BodyError;

/// See the module.
pub(super) struct Receiving {
    /// `None` once it has ended.
    body: Option<(Patient<Incoming>, Part)>,
    limit: Duration,
}

impl Receiving {
    /// `body`, with `limit` for each of its pauses, and for all that is thrown away of it.
    pub(super) fn new(body: Incoming, limit: Duration, part: Part) -> Self {
        let body = Patient::new(body, limit, "server.body_timeout");
        Self { body: Some((body, part)), limit }
    }
}

impl http_body::Body for Receiving {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Some((body, _)) = &mut self.body else { return Poll::Ready(None) };
        let frame = std::task::ready!(Pin::new(body).poll_frame(cx));
        if (!matches!(frame, Some(Ok(_))) || self.is_end_stream())
            && let Some((_, part)) = self.body.take()
        {
            part.end();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(|(body, _)| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or(SizeHint::with_exact(0), |(body, _)| body.size_hint())
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        let (Some((mut rest, part)), Ok(runtime)) = (self.body.take(), Handle::try_current())
        else {
            return;
        };
        let limit = self.limit;
        runtime.spawn(async move {
            // The library tells the end of a body whose length is known by that alone, when the
            // answer was sent before.
            let thrown_away = async {
                while !rest.is_end_stream() && matches!(rest.frame().await, Some(Ok(_))) {}
            };
            let _ = timeout(limit, thrown_away).await;
            drop(rest);
            part.end();
        });
    }
}
