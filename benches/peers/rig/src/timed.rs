//! Bodies that come in pieces.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Interval, interval};

use crate::text;

/// The length of a piece that begins with the time at which it was sent.
pub const STAMPED: usize = 256;

/// What the origin sends.
pub enum Sent {
    Whole(Full<Bytes>),
    /// One piece, whose length the head does not tell.
    Chunked(Option<Bytes>),
    Timed(Timed),
    /// So many bytes, as fast as they are taken.
    Long(u64),
}

/// A piece after each tick.
pub struct Timed {
    ticks: Interval,
    pieces: Vec<Bytes>,
    /// How many more are made when their time comes.
    stamped: u64,
}

impl Timed {
    /// `body` in ten pieces.
    pub fn parts(body: Bytes, each: Duration) -> Timed {
        let length = body.len().div_ceil(10).max(1);
        let mut pieces: Vec<Bytes> = (0..body.len())
            .step_by(length)
            .map(|from| body.slice(from..body.len().min(from + length)))
            .collect();
        pieces.reverse();
        Timed { ticks: interval(each), pieces, stamped: 0 }
    }

    /// `count` pieces that tell when they were sent.
    pub fn stamps(count: u64, each: Duration) -> Timed {
        Timed { ticks: interval(each), pieces: Vec::new(), stamped: count }
    }

    fn next(&mut self) -> Option<Bytes> {
        if self.stamped > 0 {
            self.stamped -= 1;
            return Some(Bytes::from(format!("{:<width$}\n", nanos_now(), width = STAMPED - 1)));
        }
        self.pieces.pop()
    }
}

/// The time of a clock that all processes here share.
pub fn nanos_now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos() as u64)
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Sent::Whole(full) => Pin::new(full).poll_frame(context),
            Sent::Chunked(body) => Poll::Ready(body.take().map(|body| Ok(Frame::data(body)))),
            Sent::Timed(timed) if timed.stamped == 0 && timed.pieces.is_empty() => {
                Poll::Ready(None)
            }
            Sent::Timed(timed) => timed
                .ticks
                .poll_tick(context)
                .map(|_| timed.next().map(|piece| Ok(Frame::data(piece)))),
            Sent::Long(0) => Poll::Ready(None),
            Sent::Long(left) => {
                let text = text::all();
                let piece = text.slice(..text.len().min(*left as usize).min(64 * 1024));
                *left -= piece.len() as u64;
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Sent::Whole(full) => full.is_end_stream(),
            Sent::Chunked(body) => body.is_none(),
            Sent::Timed(_) => false,
            Sent::Long(left) => *left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Sent::Whole(full) => full.size_hint(),
            Sent::Long(left) => SizeHint::with_exact(*left),
            Sent::Chunked(_) | Sent::Timed(_) => SizeHint::default(),
        }
    }
}
