//! Bounds what a client may send: any body, and that of a server action.
//!
//! A body that says how long it is, and is too long, is refused before a byte of it is read. Another one
//! is counted on its way, and broken off.

use std::task::{Context, Poll};

use http::{Method, Request};
use http_body::Body as _;
use tower::Service;

use super::Refusable;
use crate::body::{Body, Limited};
use crate::config::Config;
use crate::error::ProxyError;
use crate::next::class::ACTION;

/// See the module.
#[derive(Clone, Debug)]
pub struct Upload<S> {
    inner: S,
    limits: Limits,
}

/// Bytes; `None` is as many as the client likes.
#[derive(Clone, Copy, Debug)]
struct Limits {
    any: Option<u64>,
    action: Option<u64>,
}

impl<S> Upload<S> {
    /// Before `inner`, with the limits of `config`.
    pub fn new(inner: S, config: &Config) -> Self {
        let action = config.next.action_max_body.filter(|_| config.next.enabled);
        Self { inner, limits: Limits { any: config.server.max_body, action } }
    }
}

impl Limits {
    /// The limit of a request that has a body, and its key.
    fn of(&self, request: &Request<Body>) -> Option<(u64, &'static str)> {
        // A form without JavaScript is an action too, but looks like any upload to a route handler.
        let is_action = request.method() == Method::POST && request.headers().contains_key(ACTION);
        let any = self.any.map(|limit| (limit, "server.max_body"));
        let action = self.action.map(|limit| (limit, "next.action_max_body"));
        any.into_iter().chain(action.filter(|_| is_action)).min_by_key(|(limit, _)| *limit)
    }

    fn check(&self, request: &mut Request<Body>) -> Result<(), ProxyError> {
        if request.body().is_end_stream() {
            return Ok(());
        }
        let Some((limit, key)) = self.of(request) else { return Ok(()) };
        let length = request.body().size_hint();
        if length.lower() > limit {
            return Err(ProxyError::BodyTooLarge { limit, key });
        }
        if length.exact().is_none() {
            let body = std::mem::take(request.body_mut());
            *request.body_mut() = Body::stream(Limited::new(body, limit, key));
        }
        Ok(())
    }
}

impl<S> Service<Request<Body>> for Upload<S>
where
    S: Service<Request<Body>, Error = ProxyError>,
{
    type Response = S::Response;
    type Error = ProxyError;
    type Future = Refusable<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProxyError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        match self.limits.check(&mut request) {
            Ok(()) => Refusable::admitted(self.inner.call(request)),
            Err(refusal) => Refusable::refused(refusal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http_body::Frame;
    use http_body_util::{BodyExt, StreamBody};

    use crate::error::BodyError;

    const LIMITS: Limits = Limits { any: Some(100), action: Some(10) };

    fn request(method: Method, is_action: bool, body: Body) -> Request<Body> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        if is_action {
            request.headers_mut().insert(ACTION, "40a".parse().unwrap());
        }
        request
    }

    fn chunked(chunks: usize) -> Body {
        let chunks = (0..chunks).map(|_| Ok::<_, BodyError>(Frame::data(Bytes::from("12345"))));
        Body::stream(StreamBody::new(tokio_stream::iter(chunks)))
    }

    #[test]
    fn a_length_that_is_too_large_is_refused_before_a_byte_is_read() {
        for (method, is_action, length, expected) in [
            (Method::POST, true, 10, None),
            (Method::POST, true, 11, Some("next.action_max_body")),
            (Method::POST, false, 100, None),
            (Method::POST, false, 101, Some("server.max_body")),
            (Method::PUT, true, 100, None),
            (Method::POST, true, 0, None),
        ] {
            let mut request = request(method, is_action, Body::full("x".repeat(length)));
            let key = match LIMITS.check(&mut request) {
                Err(ProxyError::BodyTooLarge { key, .. }) => Some(key),
                _ => None,
            };
            assert_eq!(key, expected, "{length} bytes, action: {is_action}");
        }
        let none = Limits { any: None, action: None };
        let large = Body::full("x".repeat(1000));
        assert!(none.check(&mut request(Method::POST, true, large)).is_ok());
    }

    #[tokio::test]
    async fn a_body_that_does_not_say_how_long_it_is_is_counted() {
        for (chunks, is_whole) in [(2, true), (3, false)] {
            let mut request = request(Method::POST, true, chunked(chunks));
            LIMITS.check(&mut request).unwrap();
            let read = request.into_body().collect().await.map(|body| body.to_bytes().len());
            assert_eq!(read.is_ok(), is_whole, "{read:?}");
        }
    }
}
