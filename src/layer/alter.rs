//! A layer that is a function which alters requests.

use std::task::{Context, Poll};

use http::Request;
use tower::Service;

use crate::body::Body;

/// Alters each request where it lies, before `inner` has it. tower's `map_request` would take it and
/// give it back: twice a few hundred bytes, for each layer of each hit.
#[derive(Clone, Debug)]
pub struct Alter<S, F> {
    inner: S,
    alter: F,
}

impl<S, F> Alter<S, F> {
    /// Before `inner`.
    pub fn new(inner: S, alter: F) -> Self {
        Self { inner, alter }
    }
}

impl<S, F> Service<Request<Body>> for Alter<S, F>
where
    S: Service<Request<Body>>,
    F: FnMut(&mut Request<Body>),
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        (self.alter)(&mut request);
        self.inner.call(request)
    }
}
