//! A connection's bytes: their movement is watched, interim responses go between, and a long answer
//! gives way to others.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use smallvec::SmallVec;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::coop;

use super::heads::Heads;
use super::watch::Watch;
use crate::interim::Interims;
use crate::metrics::Shard;

/// See the module.
pub(super) struct Wire<IO> {
    io: IO,
    watch: Arc<Watch>,
    interims: Arc<Interims>,
    /// Some bytes of an interim response are sent, and others are not.
    is_amid_interim: bool,
    heads: Heads,
    shard: Arc<Shard>,
    turn: Turn,
}

impl<IO: AsyncRead + Unpin> AsyncRead for Wire<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.io).poll_read(cx, buffer));
        if let Some(came @ [_, ..]) = buffer.filled().get(before..) {
            self.watch.bytes_came();
            self.turn = Turn::default();
            self.shard.received(came.len());
            self.heads.look(came);
        }
        Poll::Ready(read)
    }
}

impl<IO: AsyncWrite + Unpin> Wire<IO> {
    pub(super) fn new(
        io: IO,
        watch: &Arc<Watch>,
        interims: &Arc<Interims>,
        heads: Heads,
        shard: Arc<Shard>,
    ) -> Self {
        let (watch, interims) = (watch.clone(), interims.clone());
        Self { io, watch, interims, is_amid_interim: false, heads, shard, turn: Turn::default() }
    }

    fn send_interims(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { io, watch, interims, is_amid_interim, .. } = self;
        let stopped = interims.send(|bytes| {
            let written = Pin::new(&mut *io).poll_write(cx, bytes);
            watch.note_write(written.is_pending());
            match written {
                Poll::Ready(Ok(0)) => Err(Poll::Ready(Err(io::ErrorKind::WriteZero.into()))),
                Poll::Ready(Ok(written)) => {
                    *is_amid_interim = true;
                    Ok(written)
                }
                Poll::Ready(Err(error)) => Err(Poll::Ready(Err(error))),
                Poll::Pending => Err(Poll::Pending),
            }
        });
        stopped.unwrap_or_else(|| {
            *is_amid_interim = false;
            Poll::Ready(Ok(()))
        })
    }

    fn note(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.watch.note_write(written.is_pending());
        if let Poll::Ready(Ok(bytes)) = written {
            self.shard.sent(bytes);
            self.turn.note(bytes);
        }
        written
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Wire<IO> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.turn.take(cx));
        if self.is_amid_interim {
            ready!(self.send_interims(cx))?;
        }
        let written = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.turn.take(cx));
        if self.is_amid_interim {
            ready!(self.send_interims(cx))?;
        }
        let length = slices.iter().map(|slice| slice.len()).sum::<usize>();
        let written = if length <= JOINED {
            let mut joined = SmallVec::<[u8; JOINED]>::new();
            slices.iter().for_each(|slice| joined.extend_from_slice(slice));
            Pin::new(&mut self.io).poll_write(cx, &joined)
        } else {
            Pin::new(&mut self.io).poll_write_vectored(cx, slices)
        };
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    /// The library flushes when it has nothing left to write: the one moment at which bytes of our
    /// own may go out between its.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.interims.waits() {
            ready!(self.send_interims(cx))?;
        }
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// Up to this length, one piece is cheaper for the system than several: see benches/README.md.
const JOINED: usize = 4096;

/// What a connection has written in a row. The system takes megabytes at once from whoever has them,
/// and meanwhile a hit of 1 KB would wait: for all the long answers before it.
#[derive(Debug, Default)]
struct Turn {
    written: usize,
}

impl Turn {
    /// Ready to write, or behind all others who are ready to do something.
    ///
    /// The library, told to wait, would ask once more before its task gives way. So what tokio gives a
    /// task for one turn is spent: all that it asks for then is for the next, whoever asks.
    fn take(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.written < LONGEST {
            return Poll::Ready(());
        }
        self.written = 0;
        for _ in 0..MOST_POLLS {
            ready!(coop::poll_proceed(cx)).made_progress();
        }
        Poll::Ready(())
    }

    fn note(&mut self, written: usize) {
        self.written += written;
    }
}

/// Most answers are shorter: they are written in one turn, and cost what they would without.
const LONGEST: usize = 128 << 10;

/// More than tokio gives a task for one turn (128).
const MOST_POLLS: usize = 256;

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test]
    async fn a_long_answer_lets_others_come_between() {
        let (mut turn, mut written, mut polls) = (Turn::default(), 0, 0);
        poll_fn(|cx| {
            polls += 1;
            // As the library does: told to wait, it asks once more.
            for _ in 0..2 {
                while written < 1 << 20 && turn.take(cx).is_ready() {
                    ready!(coop::poll_proceed(cx)).made_progress();
                    turn.note(16 << 10);
                    written += 16 << 10;
                }
            }
            if written < 1 << 20 { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
        assert_eq!(polls, 8, "a poll for each 128 KiB of 1 MiB");
    }
}
