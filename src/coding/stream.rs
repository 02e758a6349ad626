//! A body that is coded while it is sent.
//!
//! What the sender has sent, the client gets: whenever nothing more is there, what was taken is
//! flushed. Otherwise a page that streams would stand still until its end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::encoder::Encoder;
use crate::body::Body;
use crate::error::BodyError;
use crate::policy::coding::Coding;

/// Bodies that are coded at once. Each holds up to a MiB until its end, and its client may be slow;
/// further ones are sent as they are.
const MOST: usize = 256;

/// The right to code bodies, for a bounded number of them.
#[derive(Debug)]
pub(crate) struct Encoders(Arc<Semaphore>);

impl Default for Encoders {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST)))
    }
}

impl Encoders {
    /// The means to code one body; `None` when as many as may be are under way.
    pub(crate) fn take(&self, coding: Coding) -> Option<Means> {
        let place = self.0.clone().try_acquire_owned().ok()?;
        Some(Means { encoder: Encoder::new(coding).ok()?, _place: place })
    }
}

/// An encoder and its place among the others.
pub(crate) struct Means {
    encoder: Encoder,
    _place: OwnedSemaphorePermit,
}

/// See the module.
pub(crate) struct Coded {
    body: Body,
    /// `None` after the end.
    means: Option<Means>,
    is_behind: bool,
    trailers: Option<HeaderMap>,
}

/// A frame is sent when it has so many bytes, though more could be added at once.
const FRAME: usize = 16 << 10;

/// So much is coded before others get their turn.
const TURN: usize = 64 << 10;

impl Coded {
    /// The same body in a coding.
    pub(crate) fn new(body: Body, means: Means) -> Self {
        Self { body, means: Some(means), is_behind: false, trailers: None }
    }

    fn end(&mut self) -> Result<Bytes, BodyError> {
        let rest = self.means.take().map(|means| means.encoder.finish());
        Ok(rest.transpose().map_err(failed)?.unwrap_or_default().into())
    }
}

impl http_body::Body for Coded {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        let mut taken = 0;
        loop {
            let Some(Means { encoder, .. }) = &mut this.means else {
                return Poll::Ready(this.trailers.take().map(|fields| Ok(Frame::trailers(fields))));
            };
            let is_enough = encoder.made().len() >= FRAME || taken >= TURN;
            let next = match is_enough {
                true => Poll::Pending,
                false => Pin::new(&mut this.body).poll_frame(cx),
            };
            match next {
                Poll::Pending if is_enough || this.is_behind => {
                    if encoder.made().len() < FRAME {
                        encoder.flush().map_err(failed)?;
                        this.is_behind = false;
                    }
                    return Poll::Ready(Some(Ok(Frame::data(
                        std::mem::take(encoder.made()).into(),
                    ))));
                }
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(piece) => {
                        encoder.write(&piece).map_err(failed)?;
                        this.is_behind |= !piece.is_empty();
                        taken += piece.len();
                    }
                    Err(frame) => this.trailers = frame.into_trailers().ok(),
                },
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => return Poll::Ready(Some(this.end().map(Frame::data))),
            }
        }
    }
}

/// Memory is all that they write to, so that none is known to fail; but what they say is heard.
fn failed(error: std::io::Error) -> BodyError {
    BodyError::Broken(format!("it could not be coded: {error}").into())
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, StreamBody};

    use super::*;
    use crate::coding::encoder::tests::decoded;

    const CODINGS: [Coding; 3] = [Coding::Zstd, Coding::Br, Coding::Gzip];

    fn coded(body: Body, coding: Coding) -> Coded {
        Coded::new(body, Encoders::default().take(coding).unwrap())
    }

    #[tokio::test]
    async fn a_long_body_comes_in_frames_and_whole_with_its_trailers() {
        let text: String = (0..200_000_u32).map(|n| format!("{} ", n.wrapping_mul(n))).collect();
        for coding in CODINGS {
            let trailers = HeaderMap::from_iter([(http::header::ETAG, "\"a\"".parse().unwrap())]);
            let frames = [Frame::data(Bytes::from(text.clone())), Frame::trailers(trailers)];
            let frames = futures_util::stream::iter(frames.map(Ok::<_, BodyError>));
            let mut body = coded(Body::stream(StreamBody::new(frames)), coding);
            let (mut came, mut told) = (Vec::new(), None);
            while let Some(frame) = body.frame().await {
                match frame.unwrap().into_data() {
                    Ok(piece) => came.extend_from_slice(&piece),
                    Err(frame) => told = frame.into_trailers().ok(),
                }
            }
            assert!(decoded(&came, coding) == text.as_bytes(), "{coding:?}");
            assert_eq!(told.unwrap()["etag"], "\"a\"");
        }
    }

    #[tokio::test]
    async fn an_empty_body_is_one_that_can_be_decoded() {
        for coding in CODINGS {
            let body = coded(Body::Empty, coding).collect().await.unwrap().to_bytes();
            assert_eq!(decoded(&body, coding), b"");
            assert!(!body.is_empty(), "{coding:?}");
        }
    }

    #[test]
    fn encoders_are_bounded_and_come_back() {
        let encoders = Encoders::default();
        let taken: Vec<_> =
            std::iter::repeat_with(|| encoders.take(Coding::Gzip)).take(MOST).collect();
        assert!(taken.iter().all(Option::is_some));
        assert!(encoders.take(Coding::Gzip).is_none());
        drop(taken);
        assert!(encoders.take(Coding::Gzip).is_some());
    }
}
