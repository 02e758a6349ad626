//! The future of a layer that may refuse a request at once.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::error::ProxyError;

pin_project! {
    /// What the layer below makes of the request, or a refusal.
    #[derive(Debug)]
    pub struct Refusable<F> {
        #[pin]
        inner: Option<F>,
        refusal: Option<ProxyError>,
    }
}

impl<F> Refusable<F> {
    /// The request goes on to the layer below.
    pub fn admitted(inner: F) -> Self {
        Self { inner: Some(inner), refusal: None }
    }

    /// The request goes no further.
    pub fn refused(error: ProxyError) -> Self {
        Self { inner: None, refusal: Some(error) }
    }
}

impl<F, T> Future for Refusable<F>
where
    F: Future<Output = Result<T, ProxyError>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match (this.inner.as_pin_mut(), this.refusal.take()) {
            (Some(inner), _) => inner.poll(cx),
            (None, Some(refusal)) => Poll::Ready(Err(refusal)),
            // Polled after its end, which the contract of `Future` forbids.
            (None, None) => Poll::Pending,
        }
    }
}
