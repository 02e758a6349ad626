//! A body that grows while it is read: one writer, any number of readers at their own pace.
//!
//! The writer is the task that takes a body from the origin; the readers are the responses of the
//! leader and all its followers. Each reader gets every chunk from the first on, as it comes.
//!
//! A body that ends before its end gives each reader an error, so that its connection is broken off
//! and nobody takes the part for the whole.
//!
//! A chunk that is known to be the last one is shown at the end, when the body is stored: whoever has
//! the whole answer and asks again finds it.
//!
//! What was read stays, because it is to be stored. Past `max` bytes, or when the [`Room`] for bodies
//! in flight is full, it is not to be stored any more: then chunks that every reader has are dropped,
//! and the writer waits for the slowest. Once the first is dropped nobody may join. A reader who
//! holds up others for longer than `patience` in all is cut off.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::Frame;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::room::Room;
use crate::error::BodyError;

/// What a growing body may take.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// The most bytes that are kept.
    pub(super) max: usize,
    /// How long one reader may hold up the others.
    pub(super) patience: Duration,
    /// The memory that it shares with others.
    pub(super) room: Arc<Room>,
}

/// Bytes that a reader may lag behind in a body that is not kept.
const WINDOW: usize = 256 * 1024;

/// The shared state; the writer's and readers' door to it.
#[derive(Debug)]
pub(super) struct Growing {
    state: Mutex<State>,
    read_on: Notify,
    limits: Limits,
}

#[derive(Debug, Default)]
struct State {
    chunks: VecDeque<Bytes>,
    /// The number of the first chunk that is still here.
    first: usize,
    /// Bytes in `chunks`.
    held: usize,
    overflow: Option<Overflow>,
    /// The last chunk has come, and is not shown before the end.
    last_waits: bool,
    end: Option<End>,
    readers: Vec<Option<Place>>,
}

/// Why a body is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Overflow {
    TooLarge,
    NoRoom,
}

/// Where one reader stands.
#[derive(Debug, Default)]
struct Place {
    next: usize,
    waker: Option<Waker>,
    /// How long it has held up the others.
    held_up: Duration,
    is_cut: bool,
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
    /// It went through, but too many others were on their way to be kept.
    NoRoom,
}

impl Growing {
    /// An empty body that may grow within `limits` and still be kept.
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), read_on: Notify::new(), limits })
    }

    /// A reader of the whole body; `None` when its beginning is gone already.
    pub(super) fn reader(self: &Arc<Self>) -> Option<Reader> {
        let mut state = self.state.lock();
        if state.first > 0 {
            return None;
        }
        let place = Some(Place::default());
        let id = match state.readers.iter().position(Option::is_none) {
            Some(free) => {
                state.readers[free] = place;
                free
            }
            None => {
                state.readers.push(place);
                state.readers.len() - 1
            }
        };
        Some(Reader { body: self.clone(), id, has_ended: false })
    }

    /// The one writer of this body.
    pub(super) fn writer(self: &Arc<Self>) -> Writer {
        Writer(self.clone())
    }

    fn append(&self, chunk: Bytes, is_last: bool) {
        if chunk.is_empty() {
            return;
        }
        let has_room = self.limits.room.take(chunk.len());
        let mut state = self.state.lock();
        state.held += chunk.len();
        state.chunks.push_back(chunk);
        if state.overflow.is_none() {
            state.overflow = match state.held > self.limits.max {
                true => Some(Overflow::TooLarge),
                false => (!has_room).then_some(Overflow::NoRoom),
            };
        }
        state.last_waits = is_last && state.overflow.is_none();
        if !state.last_waits {
            state.wake_all();
        }
    }

    fn whole(&self) -> Written {
        let state = self.state.lock();
        match state.overflow {
            Some(Overflow::TooLarge) => return Written::TooLarge,
            Some(Overflow::NoRoom) => return Written::NoRoom,
            None => {}
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

impl Drop for Growing {
    fn drop(&mut self) {
        self.limits.room.give_back(self.state.get_mut().held);
    }
}

/// The writing end. Dropped before the body's end (its task panicked, or the runtime ends), it tells
/// the readers that the body broke off; or that this was all, if the last chunk is here.
#[derive(Debug)]
pub(super) struct Writer(Arc<Growing>);

impl Writer {
    /// Adds a chunk, which may be known to be the last. Where the body is not to be kept, waits for the
    /// slowest reader; `false` when there is none.
    pub(super) async fn push(&self, chunk: Bytes, is_last: bool) -> bool {
        let body = &self.0;
        body.append(chunk, is_last);
        loop {
            // Made before the look, so that a reader between look and wait is not missed.
            let read_on = body.read_on.notified();
            let pace = body.state.lock().pace(&body.limits);
            match pace {
                Pace::GoOn => return true,
                Pace::NobodyReads => return false,
                Pace::WaitFor { slowest: None } => read_on.await,
                Pace::WaitFor { slowest: Some((id, patience)) } => {
                    let began = Instant::now();
                    let _ = timeout(patience, read_on).await;
                    body.state.lock().note_held_up(id, began.elapsed(), &body.limits);
                }
            }
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
        let has_all = self.0.state.lock().last_waits;
        self.0.end(match has_all {
            true => End::Complete(None),
            false => End::Broken(BodyError::Broken("its writer is gone".into())),
        });
    }
}

/// What a writer does next.
enum Pace {
    GoOn,
    NobodyReads,
    /// Waits until somebody reads on; no longer than so for a reader who holds up others.
    WaitFor {
        slowest: Option<(usize, Duration)>,
    },
}

impl State {
    fn pace(&mut self, limits: &Limits) -> Pace {
        if self.overflow.is_none() {
            return Pace::GoOn;
        }
        limits.room.give_back(self.forget_what_all_have());
        let mut reading = self.readers.iter().enumerate().filter_map(|(id, place)| {
            place.as_ref().filter(|place| !place.is_cut).map(|place| (id, place))
        });
        let Some(first) = reading.next() else { return Pace::NobodyReads };
        if self.held <= WINDOW {
            return Pace::GoOn;
        }
        let mut others = reading.peekable();
        let holds_up_others = others.peek().is_some();
        let (id, slowest) =
            others.fold(
                first,
                |slowest, other| {
                    if other.1.next < slowest.1.next { other } else { slowest }
                },
            );
        let patience = limits.patience.saturating_sub(slowest.held_up);
        Pace::WaitFor { slowest: holds_up_others.then_some((id, patience)) }
    }

    /// The number of the first chunk that readers may not have yet.
    fn shown(&self) -> usize {
        let holds_back = self.last_waits && self.end.is_none();
        self.first + self.chunks.len() - usize::from(holds_back)
    }

    fn note_held_up(&mut self, id: usize, time: Duration, limits: &Limits) {
        // It may have left, and even another have come to its place; that one loses some patience.
        if let Some(place) = self.readers.get_mut(id).and_then(Option::as_mut) {
            place.held_up += time;
            if place.held_up >= limits.patience {
                place.is_cut = true;
                place.waker.take().into_iter().for_each(Waker::wake);
            }
        }
    }

    fn wake_all(&mut self) {
        for place in self.readers.iter_mut().flatten() {
            if let Some(waker) = place.waker.take() {
                waker.wake();
            }
        }
    }

    /// The number of bytes that are forgotten.
    fn forget_what_all_have(&mut self) -> usize {
        let reading = self.readers.iter().flatten().filter(|place| !place.is_cut);
        let slowest = reading.map(|place| place.next).min();
        let slowest = slowest.unwrap_or(self.first + self.chunks.len());
        let mut forgotten = 0;
        while self.first < slowest {
            let Some(chunk) = self.chunks.pop_front() else { break };
            forgotten += chunk.len();
            self.first += 1;
        }
        self.held -= forgotten;
        forgotten
    }
}

/// One reader of a growing body; leaves its place when dropped, and not before, since another may
/// take it.
#[derive(Debug)]
pub(super) struct Reader {
    body: Arc<Growing>,
    id: usize,
    has_ended: bool,
}

impl http_body::Body for Reader {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        let mut state = this.body.state.lock();
        let state = &mut *state;
        let shown = state.shown();
        // A reader has its place until it is dropped.
        let Some(place) = state.readers[this.id].as_mut() else { return Poll::Ready(None) };
        if place.is_cut {
            return Poll::Ready(Some(Err(BodyError::Broken("it held up other readers".into()))));
        }
        if place.next < shown
            && let Some(chunk) = state.chunks.get(place.next - state.first)
        {
            place.next += 1;
            if state.overflow.is_some() {
                this.body.read_on.notify_one();
            }
            return Poll::Ready(Some(Ok(Frame::data(chunk.clone()))));
        }
        match &state.end {
            Some(End::Broken(error)) => Poll::Ready(Some(Err(error.clone()))),
            Some(End::Complete(_)) if this.has_ended => Poll::Ready(None),
            Some(End::Complete(trailers)) => {
                this.has_ended = true;
                Poll::Ready(trailers.clone().map(|trailers| Ok(Frame::trailers(trailers))))
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
mod tests;
