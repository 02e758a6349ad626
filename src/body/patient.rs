//! A body whose sender must not fall silent for too long.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::Instant;

use crate::alarm::Alarm;
use crate::error::BodyError;

pin_project! {
    /// Breaks off when nothing came for `limit` although somebody waited for it: a reader that is
    /// slow itself is no silence.
    #[derive(Debug)]
    pub struct Patient<B> {
        #[pin]
        body: B,
        limit: Duration,
        key: &'static str,
        silence: Alarm,
    }
}

impl<B> Patient<B> {
    /// `body`, with `limit` for each of its pauses; `key` is the configuration key of the limit.
    pub fn new(body: B, limit: Duration, key: &'static str) -> Self {
        Self { body, limit, key, silence: Alarm::default() }
    }
}

impl<B> http_body::Body for Patient<B>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BodyError>,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.project();
        if let Poll::Ready(frame) = this.body.poll_frame(cx) {
            this.silence.clear();
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        if !this.silence.is_set() {
            this.silence.set(Instant::now() + *this.limit);
        }
        ready!(this.silence.poll(cx));
        Poll::Ready(Some(Err(BodyError::Stalled { limit: *this.limit, key: this.key })))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{BodyExt, StreamBody};
    use tokio::sync::mpsc;
    use tokio_stream::wrappers::UnboundedReceiverStream;

    const LIMIT: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn only_a_pause_in_which_somebody_waits_counts() {
        let (sender, receiver) = mpsc::unbounded_channel();
        let send = |text: &'static str| sender.send(Ok::<_, BodyError>(Frame::data(text.into())));
        let mut body =
            Patient::new(StreamBody::new(UnboundedReceiverStream::new(receiver)), LIMIT, "x.y");
        send("one").unwrap();
        tokio::time::advance(LIMIT * 3).await;
        assert!(body.frame().await.unwrap().is_ok(), "the reader was slow, not the sender");
        for _ in 0..3 {
            let waiting = tokio::time::timeout(LIMIT - Duration::from_secs(1), body.frame());
            assert!(waiting.await.is_err());
            send("more").unwrap();
            assert!(body.frame().await.unwrap().is_ok(), "each pause is counted anew");
        }
        let error = body.frame().await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "nothing came for 5s (x.y)");
    }
}
