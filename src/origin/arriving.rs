//! An answer's body on its way from the origin, with the connection that it comes over.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;

use super::connect::Sender;
use super::framing::Afterwards;
use super::pool::Pool;
use crate::body::{Body, Patient};
use crate::error::BodyError;

/// Wraps `body`. At its end the connection is free for the next request, or ends too; dropped
/// before, it takes the connection along, which ends the origin's work.
pub(super) fn arriving(
    body: Incoming,
    sender: Sender,
    pool: Arc<Pool>,
    afterwards: Afterwards,
) -> Body {
    let limit = pool.body_timeout();
    let connection = Connection { sender, pool, afterwards };
    if body.is_end_stream() {
        connection.done();
        return Body::Empty;
    }
    let body = Patient::new(body, limit, "origin.body_timeout");
    Body::stream(Arriving { body, connection: Some(connection) })
}

struct Arriving {
    body: Patient<Incoming>,
    connection: Option<Connection>,
}

struct Connection {
    sender: Sender,
    pool: Arc<Pool>,
    afterwards: Afterwards,
}

impl Connection {
    fn done(self) {
        match self.afterwards {
            Afterwards::Reuse => self.pool.give_back(self.sender),
            Afterwards::Close => drop(self.sender),
        }
    }
}

impl http_body::Body for Arriving {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let is_end = frame.is_none() || self.body.is_end_stream();
        if matches!(frame, Some(Err(_))) {
            self.connection = None;
        } else if is_end && let Some(connection) = self.connection.take() {
            connection.done();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
