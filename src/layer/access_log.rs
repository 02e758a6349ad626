//! One line for each request, once its answer has been sent to the end or has broken off.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_STATUS, CONTENT_LENGTH};
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::{Body as _, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower::Service;

use crate::body::Body;
use crate::cache::OriginTime;
use crate::client::{Client, RequestId};
use crate::error::{BodyError, ProxyError};
use crate::log::{AccessLogger, Line};

/// See the module.
#[derive(Clone, Debug)]
pub struct AccessLog<S> {
    inner: S,
    log: Option<AccessLogger>,
}

impl<S> AccessLog<S> {
    /// Tells `log`, if there is one, of each request to `inner`.
    pub fn new(inner: S, log: Option<AccessLogger>) -> Self {
        Self { inner, log }
    }
}

impl<S> Service<Request<Body>> for AccessLog<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<LoggedBody>;
    type Error = Infallible;
    type Future = LogFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // Boxed: it would be moved with the future and the response, layer by layer.
        let entry = self.log.as_ref().map(|log| Box::new(Entry::new(log, &request)));
        LogFuture { inner: self.inner.call(request), entry }
    }
}

pin_project! {
    /// Dropped before its end, it tells that the client left.
    #[derive(Debug)]
    pub struct LogFuture<F> {
        #[pin]
        inner: F,
        entry: Option<Box<Entry>>,
    }
}

impl<F> Future for LogFuture<F>
where
    F: Future<Output = Result<Response<Body>, Infallible>>,
{
    type Output = Result<Response<LoggedBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Ok(response) = ready!(this.inner.poll(cx));
        let mut entry = this.entry.take();
        if let Some(entry) = &mut entry {
            entry.note(&response);
        }
        Poll::Ready(Ok(response.map(|body| LoggedBody { body, entry })))
    }
}

/// A body that counts what is sent of it. The line is written when it is dropped.
#[derive(Debug)]
pub struct LoggedBody {
    body: Body,
    entry: Option<Box<Entry>>,
}

impl http_body::Body for LoggedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        if let Some(entry) = &mut this.entry {
            entry.count(frame.as_ref(), this.body.is_end_stream());
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

/// What is known so far about a request.
#[derive(Debug)]
struct Entry {
    log: AccessLogger,
    began: Duration,
    method: Method,
    target: Option<PathAndQuery>,
    client: IpAddr,
    id: RequestId,
    status: StatusCode,
    cache: Option<HeaderValue>,
    origin: Option<Duration>,
    bytes: u64,
    /// Bytes after which nobody asks the body whether there is more; unknown for a stream.
    length: Option<u64>,
    ended: bool,
    error: Option<String>,
}

/// What nginx calls a request whose client did not wait for an answer.
const CLIENT_LEFT: u16 = 499;

impl Entry {
    fn new(log: &AccessLogger, request: &Request<Body>) -> Self {
        let client = Client::of(request);
        Self {
            log: log.clone(),
            began: log.monotonic(),
            method: request.method().clone(),
            target: request.uri().path_and_query().cloned(),
            client: client.address(),
            id: client.id,
            status: StatusCode::from_u16(CLIENT_LEFT).unwrap_or_default(),
            cache: None,
            origin: None,
            bytes: 0,
            length: None,
            ended: false,
            error: None,
        }
    }

    fn note(&mut self, response: &Response<Body>) {
        self.status = response.status();
        self.cache = response.headers().get_all(CACHE_STATUS).iter().next_back().cloned();
        self.origin = response.extensions().get::<OriginTime>().map(|origin| origin.0);
        self.length = length(response);
        self.ended = response.body().is_end_stream();
        self.error = response.extensions().get::<ProxyError>().map(ToString::to_string);
    }

    fn count(&mut self, frame: Option<&Result<Frame<Bytes>, BodyError>>, is_end: bool) {
        match frame {
            Some(Ok(frame)) => {
                self.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
                self.ended = is_end || self.length.is_some_and(|length| self.bytes >= length);
            }
            Some(Err(error)) => self.error = Some(error.to_string()),
            None => self.ended = true,
        }
    }
}

fn length(response: &Response<Body>) -> Option<u64> {
    let stated = || response.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
    response.body().size_hint().exact().or_else(stated)
}

impl Drop for Entry {
    fn drop(&mut self) {
        let cache = self.cache.as_ref().and_then(|cache| cache.to_str().ok()).unwrap_or_default();
        self.log.write(&Line {
            id: &self.id,
            client: self.client,
            method: self.method.as_str(),
            path: self.target.as_ref().map_or("*", PathAndQuery::as_str),
            status: self.status.as_u16(),
            cache: cache.strip_prefix("selvedge; ").unwrap_or(cache),
            bytes: self.bytes,
            total: self.log.monotonic().saturating_sub(self.began),
            origin: self.origin,
            aborted: !self.ended,
            error: self.error.take(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{BodyExt, StreamBody};
    use std::sync::Arc;

    use parking_lot::Mutex;
    use tower::{ServiceExt, service_fn};

    use crate::clock::Clock;
    use crate::log::Writer;
    use crate::log::testing::Kept;

    fn pieces(count: usize) -> Body {
        let pieces = (0..count).map(|_| Ok::<_, BodyError>(Frame::data(Bytes::from("piece"))));
        Body::stream(StreamBody::new(tokio_stream::iter(pieces.collect::<Vec<_>>())))
    }

    /// The line about a response of which so many frames are read; all of them if `None`.
    async fn line(response: Response<Body>, frames: Option<usize>) -> String {
        let kept = Kept::default();
        let writer = Writer::new("test", kept.clone());
        let log = AccessLogger::new(writer.clone(), Clock::system(), false);
        let response = Arc::new(Mutex::new(Some(response)));
        let inner = service_fn(move |_: Request<Body>| {
            std::future::ready(Ok::<_, Infallible>(response.lock().take().unwrap()))
        });
        let request = Request::builder().uri("/a?b").body(Body::Empty).unwrap();
        let service = AccessLog::new(inner, Some(log));
        let mut body = service.oneshot(request).await.unwrap().into_body();
        match frames {
            Some(frames) => {
                for _ in 0..frames {
                    body.frame().await;
                }
            }
            None => while body.frame().await.is_some() {},
        }
        drop(body);
        writer.finish(Duration::from_secs(20));
        kept.text()
    }

    #[tokio::test]
    async fn only_what_was_not_sent_to_its_end_was_aborted() {
        let with_length = || Response::builder().header("content-length", "10").body(pieces(2));
        for (name, response, frames, bytes, aborted) in [
            ("whole", Response::new(Body::full("12345")), Some(1), 5, false),
            ("empty", Response::new(Body::Empty), Some(0), 0, false),
            ("nothing of it", Response::new(Body::full("12345")), Some(0), 0, true),
            ("a stream to its end", Response::new(pieces(2)), None, 10, false),
            ("a part of a stream", Response::new(pieces(2)), Some(1), 5, true),
            // Nobody asks for more once the stated length has been sent.
            ("a stream of stated length", with_length().unwrap(), Some(2), 10, false),
        ] {
            let line = line(response, frames).await;
            assert!(line.contains(&format!("\"bytes\":{bytes},")), "{name}: {line}");
            assert_eq!(line.contains("\"aborted\":true"), aborted, "{name}: {line}");
        }
    }
}
