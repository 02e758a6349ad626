//! One budget of time for everything below: from the request to its response head.
//!
//! Waits and retries included, uploads left aside: while a client still sends its body, the time is
//! its own (`server.body_timeout` bounds that).

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::Request;
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower::Service;

use crate::alarm::Alarm;
use crate::body::{Body, Progress};
use crate::error::ProxyError;

/// See the module.
#[derive(Clone, Debug)]
pub struct Deadline<S> {
    inner: S,
    limit: Duration,
}

impl<S> Deadline<S> {
    /// Gives `inner` no longer than `limit`.
    pub fn new(inner: S, limit: Duration) -> Self {
        Self { inner, limit }
    }
}

impl<S> Service<Request<Body>> for Deadline<S>
where
    S: Service<Request<Body>, Error = ProxyError>,
{
    type Response = S::Response;
    type Error = ProxyError;
    type Future = DeadlineFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProxyError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let upload = Progress::watch(request.body_mut());
        let limit = self.limit;
        let inner = self.inner.call(request);
        DeadlineFuture { inner, limit, upload, began: None, alarm: Alarm::default() }
    }
}

pin_project! {
    /// A hit is ready when it is first polled, and costs no timer.
    #[derive(Debug)]
    pub struct DeadlineFuture<F> {
        #[pin]
        inner: F,
        limit: Duration,
        upload: Option<Progress>,
        began: Option<Instant>,
        alarm: Alarm,
    }
}

impl<F, T> Future for DeadlineFuture<F>
where
    F: Future<Output = Result<T, ProxyError>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(answer) = this.inner.poll(cx) {
            return Poll::Ready(answer);
        }
        let began = *this.began.get_or_insert_with(Instant::now);
        loop {
            let since = this.upload.as_ref().map_or(began, |upload| upload.last().max(began));
            let deadline = since + *this.limit;
            if Instant::now() >= deadline {
                return Poll::Ready(Err(ProxyError::Deadline { limit: *this.limit }));
            }
            this.alarm.set(deadline);
            ready!(this.alarm.poll(cx));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http_body::Frame;
    use http_body_util::{BodyExt, StreamBody};
    use tokio::sync::mpsc;
    use tokio_stream::wrappers::UnboundedReceiverStream;
    use tower::{ServiceExt, service_fn};

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_is_given_up() {
        let never = service_fn(|_: Request<Body>| std::future::pending::<Result<(), ProxyError>>());
        let began = Instant::now();
        let answer = Deadline::new(never, LIMIT).oneshot(Request::new(Body::Empty)).await;
        assert!(matches!(answer, Err(ProxyError::Deadline { limit: LIMIT })));
        assert_eq!(began.elapsed().as_secs(), LIMIT.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_of_an_upload_does_not_count() {
        let reads_then_hangs = service_fn(|request: Request<Body>| async {
            let _ = request.into_body().collect().await;
            std::future::pending::<Result<(), ProxyError>>().await
        });
        let (sender, receiver) = mpsc::unbounded_channel();
        let body = Body::stream(StreamBody::new(UnboundedReceiverStream::new(receiver)));
        let began = Instant::now();
        let answer =
            tokio::spawn(Deadline::new(reads_then_hangs, LIMIT).oneshot(Request::new(body)));
        for _ in 0..5 {
            tokio::time::sleep(LIMIT - Duration::from_secs(1)).await;
            sender.send(Ok::<_, crate::error::BodyError>(Frame::data(Bytes::from("x")))).unwrap();
        }
        drop(sender);
        assert!(matches!(answer.await.unwrap(), Err(ProxyError::Deadline { .. })));
        let whole = (LIMIT - Duration::from_secs(1)) * 5 + LIMIT;
        assert_eq!(began.elapsed().as_secs(), whole.as_secs());
    }
}
