//! Bounds the requests that wait for the origin.
//!
//! Below the cache: what is answered from memory is never shed, however busy the origin is.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower::Service;

use super::Refusable;
use crate::body::Body;
use crate::error::ProxyError;

/// How many requests wait just now; clones count together.
#[derive(Clone, Debug, Default)]
pub struct Waiting(Arc<AtomicUsize>);

/// One of those that wait, until it is dropped.
#[derive(Debug)]
struct Place(Arc<AtomicUsize>);

impl Waiting {
    /// How many they are.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// One more, unless there are `max` already.
    fn place(&self, max: usize) -> Option<Place> {
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        let place = Place(self.0.clone());
        (before < max).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Shed<S> {
    inner: S,
    waiting: Waiting,
    max: usize,
}

impl<S> Shed<S> {
    /// Lets a request wait for `inner`'s response head while fewer than `max` are `waiting`.
    pub fn new(inner: S, waiting: Waiting, max: usize) -> Self {
        Self { inner, waiting, max }
    }
}

impl<S> Service<Request<Body>> for Shed<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = ProxyError>,
{
    type Response = Response<Body>;
    type Error = ProxyError;
    type Future = ShedFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProxyError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match self.waiting.place(self.max) {
            Some(place) => {
                let inner = Refusable::admitted(self.inner.call(request));
                ShedFuture { inner, place: Some(place) }
            }
            None => {
                let refusal = ProxyError::Overloaded { max: self.max };
                ShedFuture { inner: Refusable::refused(refusal), place: None }
            }
        }
    }
}

pin_project! {
    /// Its place is free again when it is dropped.
    #[derive(Debug)]
    pub struct ShedFuture<F> {
        #[pin]
        inner: Refusable<F>,
        place: Option<Place>,
    }
}

impl<F> Future for ShedFuture<F>
where
    F: Future<Output = Result<Response<Body>, ProxyError>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().inner.poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tower::{ServiceExt, service_fn};

    #[tokio::test]
    async fn whoever_finds_no_place_is_told_at_once_and_a_place_is_free_again_when_left() {
        let never = service_fn(|_: Request<Body>| std::future::pending());
        let shed = Shed::new(never, Waiting::default(), 2);
        let ask = || tokio::spawn(shed.clone().oneshot(Request::new(Body::Empty)));
        let (first, _second) = (ask(), ask());
        tokio::task::yield_now().await;
        assert!(matches!(ask().await.unwrap(), Err(ProxyError::Overloaded { max: 2 })));
        first.abort();
        assert!(first.await.is_err());
        let third = ask();
        tokio::task::yield_now().await;
        assert!(!third.is_finished());
    }
}
