//! A body on its way to a client, and a copy of it to the vault.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use tracing::debug;

use super::Vault;
use super::keeper::{Message, Parcel};
use super::label::Label;
use crate::body::Body;
use crate::error::BodyError;

/// What has come so far of a file. Dropped before its end, nothing of it is kept.
#[derive(Debug)]
pub(super) struct Copying {
    vault: Vault,
    label: Label,
    /// As the origin has stated it.
    length: Option<u64>,
    bytes: Vec<u8>,
    room: Option<OwnedSemaphorePermit>,
}

impl Copying {
    pub(super) fn new(vault: Vault, label: Label, length: Option<u64>) -> Self {
        Self { vault, label, length, bytes: Vec::new(), room: None }
    }

    /// Adds what came; gives nothing back if that is too much.
    fn with(mut self, chunk: &[u8]) -> Option<Self> {
        let shared = &self.vault.0;
        if (self.bytes.len() + chunk.len()) as u64 > shared.limits.max_file {
            return None;
        }
        let count = u32::try_from(chunk.len()).ok()?;
        let place = shared.room.clone().try_acquire_many_owned(count).ok()?;
        match &mut self.room {
            Some(room) => room.merge(place),
            None => self.room = Some(place),
        }
        // Into memory of our own: a chunk may be a part of the connection's buffer.
        self.bytes.extend_from_slice(chunk);
        Some(self)
    }

    /// Hands the file over. An empty one is more likely a fault than a file.
    fn finish(self) {
        let Self { vault, label, length, bytes: body, room } = self;
        let is_whole = length.is_none_or(|length| length == body.len() as u64);
        let Some(room) = room.filter(|_| is_whole && !body.is_empty()) else { return };
        let parcel = Parcel { label, body, room };
        if vault.0.queue.try_send(Message::Keep(Box::new(parcel))).is_err() {
            debug!("the vault is busy, or has no folder; a file is not kept this time");
        }
    }
}

/// The body that the client gets.
#[derive(Debug)]
pub(super) struct Copied {
    body: Body,
    copy: Option<Copying>,
}

impl Copied {
    pub(super) fn new(body: Body, copy: Copying) -> Self {
        Self { body, copy: Some(copy) }
    }
}

impl http_body::Body for Copied {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        let copy = this.copy.take();
        match &frame {
            Some(Ok(frame)) => {
                this.copy = match frame.data_ref() {
                    Some(chunk) => copy.and_then(|copy| copy.with(chunk)),
                    None => copy,
                };
                // Then nobody asks whether there is more.
                if this.body.is_end_stream() {
                    this.copy.take().into_iter().for_each(Copying::finish);
                }
            }
            Some(Err(_)) => {}
            None => copy.into_iter().for_each(Copying::finish),
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
