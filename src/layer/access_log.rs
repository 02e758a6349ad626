//! What the access log is told of one request: a line, once its answer has been sent to the end or has
//! broken off.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::CACHE_STATUS;
use http::response::Parts;
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Request, StatusCode};
use http_body::{Body as _, Frame};

use crate::body::Body;
use crate::cache::OriginTime;
use crate::client::{Client, RequestId};
use crate::error::{BodyError, ProxyError};
use crate::log::{AccessLogger, Line};
use crate::policy::content_length;

/// What is known so far about a request.
#[derive(Debug)]
pub(super) struct Entry {
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
    /// Of a request that began at this reading of the clock.
    pub(super) fn new(log: &AccessLogger, request: &Request<Body>, began: Duration) -> Self {
        let client = Client::of(request);
        Self {
            log: log.clone(),
            began,
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

    /// Notes the head of its answer.
    pub(super) fn note(&mut self, head: &Parts, body: &Body) {
        self.status = head.status;
        self.cache = head.headers.get_all(CACHE_STATUS).iter().next_back().cloned();
        self.origin = head.extensions.get::<OriginTime>().map(|origin| origin.0);
        self.length = length(head, body);
        self.ended = body.is_end_stream();
        self.error = head.extensions.get::<ProxyError>().map(ToString::to_string);
    }

    /// Notes what came of the answer's body.
    pub(super) fn count(&mut self, frame: Option<&Result<Frame<Bytes>, BodyError>>, is_end: bool) {
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

fn length(head: &Parts, body: &Body) -> Option<u64> {
    body.size_hint().exact().or_else(|| content_length(&head.headers))
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
    use std::convert::Infallible;
    use std::sync::Arc;

    use http::Response;
    use parking_lot::Mutex;
    use tower::{ServiceExt, service_fn};

    use crate::build::Application;
    use crate::clock::Clock;
    use crate::config::LogConfig;
    use crate::layer::observe::Observe;
    use crate::log::testing::Kept;
    use crate::log::{Form, Writer};
    use crate::metrics::{Class, Metrics, Outcome, Storied, Story};
    use crate::traces::Traces;

    fn pieces(count: usize) -> Body {
        let pieces = (0..count).map(|_| Ok::<_, BodyError>(Frame::data(Bytes::from("piece"))));
        Body::stream(StreamBody::new(tokio_stream::iter(pieces.collect::<Vec<_>>())))
    }

    /// The line about a response of which so many frames are read; all of them if `None`.
    async fn line(response: Response<Body>, frames: Option<usize>) -> String {
        let kept = Kept::default();
        let writer = Writer::new("test", kept.clone());
        let clock = Clock::system();
        let form = Form::of(&LogConfig::default(), false);
        let log = AccessLogger::new(writer.clone(), clock.clone(), form.unwrap());
        let story = Story { class: Class::Document, outcome: Outcome::Hit };
        let response = response.map(|body| Storied { body, story });
        let response = Arc::new(Mutex::new(Some(response)));
        let inner = service_fn(move |_: Request<Body>| {
            std::future::ready(Ok::<_, Infallible>(response.lock().take().unwrap()))
        });
        let request = Request::builder().uri("/a?b").body(Body::Empty).unwrap();
        let (metrics, application) = (Metrics::new(&clock), Application::default());
        let traces = Traces::default();
        let service = Observe::new(inner, metrics, Some(log), application, traces, false);
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
