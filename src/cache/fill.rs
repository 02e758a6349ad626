//! A response on its way into the store: its head is there, its body grows.

use std::sync::Arc;

use http::HeaderMap;
use http_body::Body as _;
use http_body_util::BodyExt;
use tokio::task::yield_now;

use super::coded::Coming;
use super::growing::{Growing, Reader, Writer, Written};
use crate::body::Body;
use crate::error::BodyError;
use crate::store::Head;

/// A response that is being stored, for its leader and its followers to read.
#[derive(Debug)]
pub(super) struct Fill {
    pub(super) head: Head,
    pub(super) coming: Coming,
    body: Arc<Growing>,
}

impl Fill {
    pub(super) fn new(head: Head, body: Arc<Growing>) -> Arc<Self> {
        Arc::new(Self { head, body, coming: Coming::default() })
    }

    /// A reader from the first byte on; `None` when that is gone, the body being too large to keep.
    pub(super) fn reader(&self) -> Option<Reader> {
        self.body.reader()
    }
}

/// Takes a body from the origin to `writer`, and its trailers along. Where it is not to be kept, it goes
/// on only for as long as somebody reads it.
///
/// Each chunk is a turn: where all of them are there already, as of a body that is coded after it has
/// come, this would else keep its thread to the end.
pub(super) async fn pour(
    mut body: Body,
    writer: &Writer,
) -> Result<(Written, Option<HeaderMap>), BodyError> {
    let mut trailers = None;
    while let Some(frame) = body.frame().await {
        match frame?.into_data() {
            Ok(chunk) => {
                let is_last = body.is_end_stream();
                if !writer.push(chunk, is_last).await {
                    return Ok((writer.whole(), None));
                }
                if !is_last {
                    yield_now().await;
                }
            }
            Err(frame) => trailers = frame.into_trailers().ok(),
        }
    }
    Ok((writer.whole(), trailers))
}
