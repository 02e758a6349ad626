//! A body that must not be longer than it may.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::Body;
use crate::error::BodyError;

/// Breaks off in the place of the first byte that is too many.
#[derive(Debug)]
pub struct Limited {
    body: Body,
    limit: u64,
    left: u64,
    key: &'static str,
}

impl Limited {
    /// `body`, with `limit` bytes at most; `key` is the configuration key of the limit.
    pub fn new(body: Body, limit: u64, key: &'static str) -> Self {
        Self { body, limit, left: limit, key }
    }
}

impl http_body::Body for Limited {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            let length = frame.data_ref().map_or(0, Bytes::len) as u64;
            match self.left.checked_sub(length) {
                Some(left) => self.left = left,
                None => {
                    let error = BodyError::TooLarge { limit: self.limit, key: self.key };
                    return Poll::Ready(Some(Err(error)));
                }
            }
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
