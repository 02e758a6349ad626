//! Is this edge alive, and is it ready? Answered on an address of its own, so that neither the
//! application's routes nor a full listener get in the way.
//!
//! - `/livez`: 200 as long as the process can answer at all.
//! - `/readyz`: 200 when the origin has been seen and the edge is not draining; else 503 and why.

pub mod client;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing::debug;

/// Whether new visitors should be sent here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// The origin has not answered yet.
    WaitsForOrigin,
    /// Yes.
    Ready,
    /// The process is about to end.
    Draining,
}

impl Readiness {
    fn answer(self) -> (StatusCode, &'static str) {
        match self {
            Self::WaitsForOrigin => {
                (StatusCode::SERVICE_UNAVAILABLE, "the origin has not answered yet\n")
            }
            Self::Ready => (StatusCode::OK, "ready\n"),
            Self::Draining => (StatusCode::SERVICE_UNAVAILABLE, "draining\n"),
        }
    }
}

/// Takes the address of the admin side.
///
/// # Errors
/// Those of the system: the address is taken, or not ours, or not allowed.
pub fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    crate::server::bind(address)
}

/// Answers until the process ends; `readiness` is what `/readyz` tells.
pub async fn serve(listener: TcpListener, readiness: watch::Receiver<Readiness>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, most likely; the main listener says so.
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let readiness = readiness.clone();
        tokio::spawn(async move {
            let service = service_fn(|request: Request<Incoming>| {
                let readiness = *readiness.borrow();
                async move { Ok::<_, Infallible>(answer(&request, readiness)) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                debug!(%error, "admin connection");
            }
        });
    }
}

const PAUSE: Duration = Duration::from_millis(100);
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

fn answer(request: &Request<Incoming>, readiness: Readiness) -> Response<Full<Bytes>> {
    let (status, text) = match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/livez") => (StatusCode::OK, "alive\n"),
        (&Method::GET | &Method::HEAD, "/readyz") => readiness.answer(),
        (&Method::GET | &Method::HEAD, _) => {
            (StatusCode::NOT_FOUND, "there is /livez and /readyz here\n")
        }
        _ => (StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n"),
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}
