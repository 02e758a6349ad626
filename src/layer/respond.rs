//! Turns every failure into a response. Nothing above this layer fails.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::header::{ACCEPT, CACHE_CONTROL, CACHE_STATUS, CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use pin_project_lite::pin_project;
use tower::Service;
use tracing::warn;

use super::error_page::{ErrorPage, Told};
use crate::body::Body;
use crate::client::{self, REQUEST_ID, RequestId};
use crate::error::ProxyError;
use crate::log::Seldom;
use crate::metrics::{Class, Outcome, Storied, Story};
use crate::policy::status::Status;

const PROXY_STATUS: HeaderName = HeaderName::from_static("proxy-status");

/// See the module.
#[derive(Clone, Debug)]
pub struct Respond<S> {
    inner: S,
    failures: Arc<Seldom>,
    page: ErrorPage,
}

impl<S> Respond<S> {
    /// Answers where `inner` fails; visitors see `page`.
    pub fn new(inner: S, page: ErrorPage) -> Self {
        Self { inner, failures: Arc::default(), page }
    }
}

impl<S> Service<Request<Body>> for Respond<S>
where
    S: Service<Request<Body>, Response = Response<Storied>, Error = ProxyError>,
{
    type Response = Response<Storied>;
    type Error = Infallible;
    type Future = RespondFuture<S::Future>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // No layer below ever makes a request wait here; see `stack`.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let asker = Asker::of(&request);
        let inner = self.inner.call(request);
        RespondFuture { inner, asker, failures: self.failures.clone(), page: self.page.clone() }
    }
}

pin_project! {
    /// The answer, whatever happens.
    #[derive(Debug)]
    pub struct RespondFuture<F> {
        #[pin]
        inner: F,
        asker: Asker,
        failures: Arc<Seldom>,
        page: ErrorPage,
    }
}

impl<F> Future for RespondFuture<F>
where
    F: Future<Output = Result<Response<Storied>, ProxyError>>,
{
    type Output = Result<Response<Storied>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        Poll::Ready(Ok(match ready!(this.inner.poll(cx)) {
            Ok(response) => response,
            Err(error) => {
                tell(&error, this.failures);
                let story = Story { class: Class::Other, outcome: Outcome::from(&error) };
                this.asker.response(error, this.page).map(|body| Storied { body, story })
            }
        }))
    }
}

/// What the operator should see, though not once for each of a thousand visitors; what is the
/// client's own doing stands in the access log.
fn tell(error: &ProxyError, failures: &Seldom) {
    if error.status().is_server_error()
        && let Some(count) = failures.count()
    {
        warn!(status = error.status().as_u16(), requests = count, "{error}");
    }
}

/// What of a request shapes the answer to its failure; most requests never need it.
#[derive(Debug)]
struct Asker {
    accept: Option<HeaderValue>,
    is_head: bool,
    id: RequestId,
}

impl Asker {
    fn of(request: &Request<Body>) -> Self {
        let headers = request.headers();
        Self {
            accept: headers.get(ACCEPT).cloned(),
            is_head: request.method() == Method::HEAD,
            id: client::request_id(request),
        }
    }

    fn response(&self, error: ProxyError, page: &ErrorPage) -> Response<Body> {
        let (status, form) = (error.status(), form(self.accept.as_ref()));
        let page = match form {
            Form::Html => page.html(&Told {
                status,
                reason: reason(status),
                message: advice(status),
                request_id: &self.id,
            }),
            Form::Json => json(status, &self.id),
            Form::Plain => plain(status, &self.id),
        };
        let body = if self.is_head { Body::Empty } else { Body::full(page) };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(form.content_type()));
        self.fields(headers, &error);
        response.extensions_mut().insert(error);
        response
    }

    fn fields(&self, headers: &mut HeaderMap, error: &ProxyError) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let detail = Some(error.proxy_status());
        headers.insert(CACHE_STATUS, Status { detail, ..Status::default() }.value());
        headers.insert(PROXY_STATUS, proxy_status(error));
        match error {
            // What stands behind such a request may not be one: nothing more is read.
            ProxyError::BadRequest { .. }
            | ProxyError::ClientBodyTimeout { .. }
            | ProxyError::BodyTooLarge { .. } => {
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            ProxyError::PoolExhausted { .. }
            | ProxyError::Overloaded { .. }
            | ProxyError::OriginFailed { .. } => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            ProxyError::NotResolved { .. }
            | ProxyError::ResolveTimeout { .. }
            | ProxyError::ConnectFailed { .. }
            | ProxyError::ConnectTimeout { .. }
            | ProxyError::FirstByteTimeout { .. }
            | ProxyError::ConnectionLost { .. }
            | ProxyError::InvalidResponse { .. }
            | ProxyError::Deadline { .. }
            | ProxyError::Loop { .. }
            | ProxyError::Abandoned => {}
        }
        headers.insert(REQUEST_ID, self.id.value());
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Html,
    Json,
    Plain,
}

/// The first of the three forms that the client names; browsers name HTML first.
fn form(accept: Option<&HeaderValue>) -> Form {
    let accept = accept.and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let types = accept.split(',').map(|range| range.split(';').next().unwrap_or_default().trim());
    let known = |range: &str| match range {
        "text/html" | "application/xhtml+xml" => Some(Form::Html),
        "application/json" => Some(Form::Json),
        "text/plain" => Some(Form::Plain),
        _ => None,
    };
    types.filter_map(known).next().unwrap_or(Form::Plain)
}

impl Form {
    fn content_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Json => "application/json",
            Self::Plain => "text/plain; charset=utf-8",
        }
    }
}

/// RFC 9209 section 2: our name and the type of the error; the reasons stay in the log, since they
/// name addresses that are nobody's business.
fn proxy_status(error: &ProxyError) -> HeaderValue {
    let mut value = format!("selvedge; error={}", error.proxy_status());
    match error {
        // Section 2.1.4: what was received is what we answer, of another request.
        ProxyError::OriginFailed { status } => {
            value.push_str("; received-status=");
            value.push_str(status.as_str());
        }
        // Section 2.3.2: a string.
        ProxyError::NotResolved { rcode: Some(rcode), .. } => {
            value.push_str(&format!("; rcode=\"{rcode}\""));
        }
        _ => {}
    }
    HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("selvedge"))
}

/// What a visitor can make of a status.
fn advice(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_GATEWAY => "The application behind this site cannot be reached.",
        StatusCode::GATEWAY_TIMEOUT => "The application behind this site took too long to answer.",
        StatusCode::SERVICE_UNAVAILABLE => {
            "This site has more visitors than it can serve just now."
        }
        StatusCode::LOOP_DETECTED => "This site was set up to ask itself for an answer.",
        StatusCode::REQUEST_TIMEOUT => "The request did not arrive in time.",
        StatusCode::PAYLOAD_TOO_LARGE => "What was sent is larger than this site takes.",
        StatusCode::BAD_REQUEST => "The request cannot be understood.",
        _ => "Something went wrong on the way.",
    }
}

fn reason(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Error")
}

fn plain(status: StatusCode, id: &RequestId) -> String {
    format!("{} {}\n{}\nRequest {id}\n", status.as_u16(), reason(status), advice(status))
}

fn json(status: StatusCode, id: &RequestId) -> String {
    let fields = serde_json::json!({
        "status": status.as_u16(),
        "error": reason(status),
        "message": advice(status),
        "request_id": id.to_string(),
    });
    format!("{fields}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;
    use crate::error::Unreachable;
    use http_body_util::BodyExt;
    use tower::{ServiceExt, service_fn};

    async fn failed(method: &str, accept: &str, error: ProxyError) -> (Response<()>, String) {
        let failing = service_fn(move |_: Request<Body>| std::future::ready(Err(error.clone())));
        let mut request = Request::builder().method(method).header("accept", accept);
        request = request.header("x-request-id", "r1");
        let mut request = request.body(Body::Empty).unwrap();
        let client = Client::new([192, 0, 2, 1].into(), request.headers());
        request.extensions_mut().insert(client);
        let Ok(response) = Respond::new(failing, ErrorPage::Own).oneshot(request).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (Response::from_parts(parts, ()), String::from_utf8(body.to_vec()).unwrap())
    }

    fn refused() -> ProxyError {
        let (origin, reason) = ("http://10.1.2.3".into(), "secret".into());
        ProxyError::ConnectFailed { origin, why: Unreachable::Refused, reason }
    }

    #[tokio::test]
    async fn a_failure_is_told_in_the_clients_language() {
        for (accept, content_type, part) in [
            ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8", "<h1>502"),
            ("application/json", "application/json", "\"request_id\":\"r1\""),
            ("*/*", "text/plain; charset=utf-8", "Request r1"),
            ("", "text/plain; charset=utf-8", "502 Bad Gateway"),
        ] {
            let (response, page) = failed("GET", accept, refused()).await;
            assert_eq!(response.status(), 502);
            assert_eq!(response.headers()["content-type"], content_type, "{accept}");
            assert!(page.contains(part), "{accept}: {page}");
            assert!(!page.contains("10.1.2.3") && !page.contains("secret"), "{page}");
        }
    }

    #[tokio::test]
    async fn its_fields_say_what_failed_and_that_nobody_may_keep_it() {
        let (response, _) = failed("GET", "*/*", refused()).await;
        let headers = response.headers();
        assert_eq!(headers["proxy-status"], "selvedge; error=connection_refused");
        assert_eq!(headers["cache-status"], "selvedge; detail=connection_refused");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["x-request-id"], "r1");
        assert_eq!(headers.get("retry-after"), None);
        let unknown = |rcode| ProxyError::NotResolved {
            origin: "http://next".into(),
            rcode,
            reason: "secret".into(),
        };
        for (rcode, expected) in [
            (Some("NXDOMAIN"), "selvedge; error=dns_error; rcode=\"NXDOMAIN\""),
            (None, "selvedge; error=dns_error"),
        ] {
            let (response, _) = failed("GET", "*/*", unknown(rcode)).await;
            assert_eq!(response.status(), 502);
            assert_eq!(response.headers()["proxy-status"], expected);
        }
        let (response, _) = failed("GET", "*/*", ProxyError::Overloaded { max: 1 }).await;
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "1");
        let failed_before = ProxyError::OriginFailed { status: StatusCode::SERVICE_UNAVAILABLE };
        let (response, _) = failed("GET", "*/*", failed_before).await;
        let expected = "selvedge; error=proxy_internal_response; received-status=503";
        assert_eq!(response.headers()["proxy-status"], expected);
    }

    /// The router of Next.js asks with `*/*`, and a server action with its own type. Whatever is neither
    /// RSC nor a success makes the router navigate, and then the browser asks for HTML.
    #[tokio::test]
    async fn the_router_gets_a_failure_and_never_html() {
        for accept in ["*/*", "text/x-component", ""] {
            let (response, _) = failed("GET", accept, refused()).await;
            assert_eq!(response.status(), 502);
            assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
        }
    }

    #[tokio::test]
    async fn the_answer_to_head_has_no_body() {
        assert_eq!(failed("HEAD", "text/html", refused()).await.1, "");
    }
}
