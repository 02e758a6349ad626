//! A body that grows while it is read: one writer, any number of readers at their own pace.
//!
//! The writer is the task that takes a body from the origin; the readers are the responses of the
//! leader and all its followers. Each reader gets every chunk from the first on, as it comes.
//!
//! A body that ends before its end gives each reader an error, so that its connection is broken off
//! and nobody takes the part for the whole.
//!
//! What was read stays, because it is to be stored. Past `max` bytes it is not to be stored any
//! more: then chunks that every reader has are dropped, and the writer waits for the slowest. Once the
//! first is dropped nobody may join.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::Frame;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::error::BodyError;

/// The shared state; the writer's and readers' door to it.
#[derive(Debug)]
pub(super) struct Growing {
    state: Mutex<State>,
    read_on: Notify,
    max: usize,
}

#[derive(Debug, Default)]
struct State {
    chunks: VecDeque<Bytes>,
    /// The number of the first chunk that is still here.
    first: usize,
    /// Bytes in `chunks`.
    held: usize,
    overflowed: bool,
    end: Option<End>,
    readers: Vec<Option<Place>>,
}

/// Where one reader stands.
#[derive(Debug)]
struct Place {
    next: usize,
    waker: Option<Waker>,
}

#[derive(Clone, Debug)]
enum End {
    Complete(Option<HeaderMap>),
    Broken(BodyError),
}

/// What became of a written body.
#[derive(Debug)]
pub(super) enum Written {
    /// It is complete and all here.
    Whole(Bytes),
    /// It went through, but is too large to be kept.
    TooLarge,
}

impl Growing {
    /// An empty body that may grow to `max` bytes and still be kept.
    pub(super) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), read_on: Notify::new(), max })
    }

    /// A reader of the whole body; `None` when its beginning is gone already.
    pub(super) fn reader(self: &Arc<Self>) -> Option<Reader> {
        let mut state = self.state.lock();
        if state.first > 0 {
            return None;
        }
        let place = Place { next: 0, waker: None };
        let free = state.readers.iter().position(Option::is_none);
        let id = match free {
            Some(id) => {
                state.readers[id] = Some(place);
                id
            }
            None => {
                state.readers.push(Some(place));
                state.readers.len() - 1
            }
        };
        Some(Reader { body: self.clone(), id })
    }

    /// The one writer of this body.
    pub(super) fn writer(self: &Arc<Self>) -> Writer {
        Writer(self.clone())
    }

    fn append(&self, chunk: Bytes) {
        if chunk.is_empty() {
            return;
        }
        let mut state = self.state.lock();
        state.held += chunk.len();
        state.chunks.push_back(chunk);
        state.overflowed |= state.held > self.max;
        state.wake_all();
    }

    fn whole(&self) -> Written {
        let state = self.state.lock();
        if state.overflowed {
            return Written::TooLarge;
        }
        // Copied even if it is one piece: a chunk is a part of the buffer that it was read into, and
        // would keep all of that.
        let mut whole = BytesMut::with_capacity(state.held);
        state.chunks.iter().for_each(|chunk| whole.extend_from_slice(chunk));
        Written::Whole(whole.freeze())
    }

    fn end(&self, end: End) {
        let mut state = self.state.lock();
        if state.end.is_none() {
            state.end = Some(end);
            state.wake_all();
        }
    }
}

/// The writing end. Dropped before the body's end (its task panicked, or the runtime ends), it tells
/// the readers that the body broke off.
#[derive(Debug)]
pub(super) struct Writer(Arc<Growing>);

impl Writer {
    /// Adds a chunk. Waits for the slowest reader where the body is too large to be kept; `false`
    /// when it is too large and nobody reads it any more.
    pub(super) async fn push(&self, chunk: Bytes) -> bool {
        let body = &self.0;
        body.append(chunk);
        loop {
            // Made before the look, so that a reader between look and wait is not missed.
            let read_on = body.read_on.notified();
            {
                let mut state = body.state.lock();
                if !state.overflowed {
                    return true;
                }
                state.forget_what_all_have();
                if !state.readers.iter().any(Option::is_some) {
                    return false;
                }
                if state.held <= body.max {
                    return true;
                }
            }
            read_on.await;
        }
    }

    /// The whole body where it may be kept; for when the last chunk has come.
    pub(super) fn whole(&self) -> Written {
        self.0.whole()
    }

    /// Tells all readers that nothing more comes.
    pub(super) fn complete(self, trailers: Option<HeaderMap>) {
        self.0.end(End::Complete(trailers));
    }

    /// Tells all readers that the body broke off.
    pub(super) fn broken(self, error: BodyError) {
        self.0.end(End::Broken(error));
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.end(End::Broken(BodyError::Broken("its writer is gone".into())));
    }
}

impl State {
    fn wake_all(&mut self) {
        for place in self.readers.iter_mut().flatten() {
            if let Some(waker) = place.waker.take() {
                waker.wake();
            }
        }
    }

    fn forget_what_all_have(&mut self) {
        let slowest = self.readers.iter().flatten().map(|place| place.next).min();
        let slowest = slowest.unwrap_or(self.first + self.chunks.len());
        while self.first < slowest {
            let Some(chunk) = self.chunks.pop_front() else { return };
            self.held -= chunk.len();
            self.first += 1;
        }
    }
}

/// One reader of a growing body; leaves its place when dropped.
#[derive(Debug)]
pub(super) struct Reader {
    body: Arc<Growing>,
    id: usize,
}

impl http_body::Body for Reader {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let mut state = self.body.state.lock();
        let state = &mut *state;
        let Some(place) = state.readers[self.id].as_mut() else { return Poll::Ready(None) };
        if let Some(chunk) = state.chunks.get(place.next - state.first) {
            place.next += 1;
            if state.overflowed {
                self.body.read_on.notify_one();
            }
            return Poll::Ready(Some(Ok(Frame::data(chunk.clone()))));
        }
        match &state.end {
            Some(End::Broken(error)) => Poll::Ready(Some(Err(error.clone()))),
            Some(End::Complete(trailers)) => {
                let frame = trailers.clone().map(|trailers| Ok(Frame::trailers(trailers)));
                state.readers[self.id] = None;
                Poll::Ready(frame)
            }
            None => {
                place.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.body.state.lock();
        state.readers[self.id] = None;
        self.body.read_on.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    async fn read(reader: Reader) -> Result<Bytes, BodyError> {
        reader.collect().await.map(|collected| collected.to_bytes())
    }

    #[tokio::test]
    async fn early_and_late_readers_get_the_same_bytes() {
        let body = Growing::new(100);
        let writer = body.writer();
        let early = tokio::spawn(read(body.reader().unwrap()));
        assert!(writer.push("one ".into()).await);
        let middle = tokio::spawn(read(body.reader().unwrap()));
        assert!(writer.push("two".into()).await);
        let Written::Whole(whole) = writer.whole() else { panic!("it fits") };
        writer.complete(None);
        let late = read(body.reader().unwrap()).await.unwrap();
        assert_eq!(whole, "one two");
        assert_eq!(early.await.unwrap().unwrap(), whole);
        assert_eq!(middle.await.unwrap().unwrap(), whole);
        assert_eq!(late, whole);
    }

    #[tokio::test]
    async fn what_is_kept_does_not_keep_the_buffer_that_it_was_read_into() {
        let body = Growing::new(100);
        let writer = body.writer();
        let buffer = Bytes::from(vec![b'x'; 100_000]);
        assert!(writer.push(buffer.slice(..10)).await);
        let Written::Whole(whole) = writer.whole() else { panic!("it fits") };
        assert_ne!(whole.as_ptr(), buffer.as_ptr());
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_an_error_for_every_reader() {
        let body = Growing::new(100);
        let writer = body.writer();
        let reader = body.reader().unwrap();
        assert!(writer.push("part".into()).await);
        writer.broken(BodyError::Broken("origin died".into()));
        assert!(read(reader).await.is_err());
        assert!(read(body.reader().unwrap()).await.is_err());
    }

    #[tokio::test]
    async fn a_body_too_large_waits_for_its_slowest_reader_and_takes_no_more() {
        let body = Growing::new(4);
        let writer = body.writer();
        let mut slow = body.reader().unwrap();
        let fast = tokio::spawn(read(body.reader().unwrap()));
        assert!(writer.push("1234".into()).await);
        let pushed = tokio::spawn(async move { (writer.push("5678".into()).await, writer) });
        tokio::task::yield_now().await;
        assert!(!pushed.is_finished(), "the slow reader has read nothing");
        let first = slow.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(first, "1234");
        let (goes_on, writer) = pushed.await.unwrap();
        assert!(goes_on);
        assert!(body.reader().is_none(), "whoever comes now would miss the beginning");
        assert!(matches!(writer.whole(), Written::TooLarge));
        writer.complete(None);
        assert_eq!(read(slow).await.unwrap(), "5678");
        assert_eq!(fast.await.unwrap().unwrap(), "12345678");
    }

    #[tokio::test]
    async fn a_body_too_large_that_nobody_reads_is_given_up() {
        let body = Growing::new(4);
        let writer = body.writer();
        let reader = body.reader().unwrap();
        assert!(writer.push("123".into()).await);
        drop(reader);
        assert!(writer.push("4".into()).await, "it may still be stored");
        assert!(!writer.push("5".into()).await);
    }

    #[tokio::test]
    async fn a_writer_that_panics_breaks_the_body_off() {
        let body = Growing::new(100);
        let writer = body.writer();
        let reader = tokio::spawn(read(body.reader().unwrap()));
        let task = tokio::spawn(async move {
            writer.push("part".into()).await;
            panic!("a defect");
        });
        assert!(task.await.is_err());
        assert!(reader.await.unwrap().is_err());
    }

    #[tokio::test]
    async fn trailers_reach_every_reader() {
        let body = Growing::new(100);
        let writer = body.writer();
        let reader = body.reader().unwrap();
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", "1".parse().unwrap());
        writer.complete(Some(trailers.clone()));
        let collected = reader.collect().await.unwrap();
        assert_eq!(collected.trailers(), Some(&trailers));
    }
}
