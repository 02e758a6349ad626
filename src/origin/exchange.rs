//! One request and its answer's head, over one connection.

use std::error::Error;
use std::pin::pin;
use std::time::Duration;

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderValue, Method, Request, Response};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::ext::on_informational;
use tokio::time::{Instant, timeout_at};

use super::connect::Sender;
use crate::body::{Body, Progress};
use crate::client::Client;
use crate::error::{BodyError, ProxyError};
use crate::layer::hop_by_hop;

/// An answer whose body is still to come.
pub(super) type Answer = Response<Incoming>;

/// Why there is no answer.
pub(super) struct Failure {
    pub(super) error: ProxyError,
    /// The connection ended before a byte of an answer came.
    pub(super) is_dead: bool,
    /// The request, where nothing of it was sent.
    pub(super) unsent: Option<Box<Request<Body>>>,
}

/// Sends a request and waits for the head of its answer, for `limit` from when its body has been
/// sent. The connection is given back with the answer: it is free again when the body has ended.
pub(super) async fn exchange(
    mut sender: Sender,
    mut request: Request<Body>,
    limit: Duration,
    upload: Option<&Progress>,
) -> Result<(Answer, Sender), Failure> {
    pass_interims_on(&mut request);
    announce_body(&mut request);
    match within(sender.http.try_send_request(request), limit, upload).await {
        Some(Ok(answer)) => Ok((answer, sender)),
        Some(Err(mut refused)) => {
            let unsent = refused.take_message().map(Box::new);
            let error = refused.into_error();
            // Closed, reset, or at its end: everything else has a cause of its own.
            let is_dead = !error.is_parse() && !error.is_user() && !error.is_timeout();
            Err(Failure { error: meaning(&error), is_dead, unsent })
        }
        None => {
            let error = ProxyError::FirstByteTimeout { limit };
            Err(Failure { error, is_dead: false, unsent: None })
        }
    }
}

/// Of a GET the library sends no body of unknown length, unless it is announced.
fn announce_body(request: &mut Request<Body>) {
    let is_unknown = !request.body().is_end_stream()
        && !request.headers().contains_key(CONTENT_LENGTH)
        && !request.headers().contains_key(UPGRADE);
    if is_unknown && matches!(*request.method(), Method::GET | Method::HEAD) {
        let chunked = HeaderValue::from_static("chunked");
        request.headers_mut().insert(TRANSFER_ENCODING, chunked);
    }
}

fn pass_interims_on(request: &mut Request<Body>) {
    let client = request.extensions().get::<Client>();
    let Some(sink) = client.and_then(|client| client.interims.clone()) else { return };
    on_informational(request, move |interim| {
        let mut headers = interim.headers().clone();
        hop_by_hop::strip(&mut headers);
        // RFC 9110 section 8.6: not in any response of 1xx. Whoever believed it would take the head
        // of the final response for a body.
        headers.remove(CONTENT_LENGTH);
        sink.pass_on(interim.status(), &headers);
    });
}

/// `None` when nothing happened for `limit`: no answer, and no byte of an upload either.
async fn within<T>(
    answer: impl Future<Output = T>,
    limit: Duration,
    upload: Option<&Progress>,
) -> Option<T> {
    let mut answer = pin!(answer);
    let mut since = Instant::now();
    loop {
        if let Ok(answer) = timeout_at(since + limit, &mut answer).await {
            return Some(answer);
        }
        match upload.map(Progress::last) {
            Some(moved) if moved > since => since = moved,
            Some(_) | None => return None,
        }
    }
}

/// What a failure of the HTTP library means for an operator.
fn meaning(error: &hyper::Error) -> ProxyError {
    match of_client(error) {
        Some(BodyError::Stalled { limit, .. }) => {
            return ProxyError::ClientBodyTimeout { limit: *limit };
        }
        Some(BodyError::TooLarge { limit, key }) => {
            return ProxyError::BodyTooLarge { limit: *limit, key };
        }
        Some(BodyError::Broken(_)) | None => {}
    }
    let reason = whole_story(error).into();
    if error.is_user() {
        // The request's body is all that is ours in an exchange.
        ProxyError::BadRequest { reason }
    } else if error.is_parse() {
        ProxyError::InvalidResponse { reason }
    } else {
        ProxyError::ConnectionLost { reason }
    }
}

/// The error of the request's body, if that is what failed.
fn of_client(error: &hyper::Error) -> Option<&BodyError> {
    error.source().and_then(|source| source.downcast_ref())
}

fn whole_story(error: &hyper::Error) -> String {
    let mut story = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        story.push_str(": ");
        story.push_str(&cause.to_string());
        source = cause.source();
    }
    story
}
