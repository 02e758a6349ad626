//! Is this edge alive, and is it ready? Answered on an address of its own, so that neither the
//! application's routes nor a full listener get in the way.
//!
//! - `/livez`: 200 as long as the process can answer at all.
//! - `/readyz`: 200 when the origin has been seen and the edge is not draining; else 503 and why.
//! - `/metrics`: what was counted, for Prometheus.
//! - `/`: the same for people, live, see [`dashboard`]; its page reads `/events` (counts) and
//!   `/entries` (what is stored).
//! - `/invalidate`: makes stored responses obsolete, see [`invalidate`].
//! - `/explain`: what is stored for a request, see [`explain`].
//! - `/log-level`: sets what is told about ourselves.

mod access;
pub mod dashboard;
mod entries;
pub mod explain;
pub mod invalidate;
mod log_level;

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Collected, Either, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing::{debug, warn};

pub use access::{Access, BadToken};
pub use dashboard::Dashboard;

use access::Refused;

use crate::cache::Window;
use crate::clock::Clock;
use crate::log::{Level, Seldom};
use crate::metrics::{Form, Metrics};
use crate::store::MemoryStore;

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

/// What the admin side speaks of.
#[derive(Clone, Debug)]
pub struct Admin {
    /// What `/readyz` tells.
    pub readiness: watch::Receiver<Readiness>,
    /// What `/invalidate` is about.
    pub store: MemoryStore,
    /// What `/metrics` tells.
    pub metrics: Metrics,
    /// What the dashboard shows besides.
    pub dashboard: Dashboard,
    /// Who may look, and change anything.
    pub access: Arc<ArcSwap<Access>>,
    /// What `/explain` looks into.
    pub window: Window,
    /// The application's `basePath`, once it is known.
    pub base_path: Arc<OnceLock<String>>,
    /// What is told about ourselves.
    pub level: Level,
    /// Tells the time.
    pub clock: Clock,
    /// How often somebody was refused.
    pub refusals: Arc<Seldom>,
}

/// Answers until the process ends.
pub async fn serve(listener: TcpListener, admin: Admin) {
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // Out of file descriptors, most likely; the main listener says so.
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let admin = admin.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let admin = admin.clone();
                async move {
                    Ok::<_, Infallible>(match (request.method(), request.uri().path()) {
                        (&Method::GET, "/events") => admin.events(request.headers(), peer.ip()),
                        _ => admin.answer(request, peer.ip()).await.map(Either::Left),
                    })
                }
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

impl Admin {
    async fn answer(&self, request: Request<Incoming>, peer: IpAddr) -> Response<Full<Bytes>> {
        match (request.method(), request.uri().path()) {
            (&Method::POST, "/invalidate") => self.invalidate(request, peer).await,
            (&Method::PUT, "/log-level") => self.set_level(request, peer).await,
            (_, "/log-level") => only(HeaderValue::from_static("PUT")),
            (&Method::POST, "/explain") => self.explain(request, peer).await,
            (_, "/invalidate" | "/explain") => only(HeaderValue::from_static("POST")),
            // GET was taken by `serve`; the head alone of what never ends is not offered.
            (_, "/events") => only(HeaderValue::from_static("GET")),
            (&Method::GET | &Method::HEAD, "/") => self.page(),
            (&Method::GET | &Method::HEAD, "/entries") => {
                self.entries(request.uri().query(), request.headers(), peer).await
            }
            (&Method::GET | &Method::HEAD, "/livez") => text(StatusCode::OK, "alive\n"),
            (&Method::GET | &Method::HEAD, "/readyz") => {
                let (status, told) = self.readiness.borrow().answer();
                text(status, told)
            }
            (&Method::GET | &Method::HEAD, "/metrics") => {
                let form = Form::of(request.headers().get(ACCEPT));
                let mut page = text(StatusCode::OK, self.metrics.page(form, &self.store));
                page.headers_mut().insert(CONTENT_TYPE, form.content_type());
                page
            }
            (&Method::GET | &Method::HEAD, _) => {
                let there = "there is /, /livez, /readyz, /metrics, /entries, /events, /invalidate, /explain \
                             and /log-level here\n";
                text(StatusCode::NOT_FOUND, there)
            }
            _ => only(HeaderValue::from_static("GET, HEAD")),
        }
    }
}

impl Admin {
    /// What whoever may change something has sent, of up to `longest` bytes.
    async fn sent(
        &self,
        request: Request<Incoming>,
        peer: IpAddr,
        longest: usize,
    ) -> Result<Bytes, Refused> {
        let may = self.access.load().check(request.headers(), peer);
        if let Err(refused) = may {
            self.tell_of(refused, request.uri().path(), peer);
            return Err(refused);
        }
        let body = Limited::new(request.into_body(), longest).collect().await;
        body.map(Collected::to_bytes).map_err(|_| Refused::TooLarge(longest))
    }

    /// An application that cannot invalidate shows old pages: its operator should know why.
    fn tell_of(&self, refused: Refused, path: &str, peer: IpAddr) {
        let why = match refused {
            Refused::Token(BadToken::Missing) => "it came without a token",
            Refused::Token(BadToken::Wrong) => "its token is another",
            Refused::Elsewhere => "it came from another machine, and there is no admin.token",
            Refused::ContentType | Refused::Host | Refused::TooLarge(_) => return,
        };
        if let Some(count) = self.refusals.count() {
            warn!(
                %peer, count,
                "refused {path}: {why}; whoever asks must send admin.token (the bridge: as \
                 SELVEDGE_TOKEN)",
            );
        }
    }
}

fn refuse(refused: Refused) -> Response<Full<Bytes>> {
    match refused {
        Refused::TooLarge(longest) => {
            text(StatusCode::PAYLOAD_TOO_LARGE, format!("at most {} KiB\n", longest / 1024))
        }
        Refused::Token(bad) => {
            let mut refused = text(StatusCode::UNAUTHORIZED, bad.told());
            refused.headers_mut().insert(WWW_AUTHENTICATE, bad.challenge());
            refused
        }
        Refused::Elsewhere => text(
            StatusCode::FORBIDDEN,
            "this edge has no admin.token, so only its own machine may; configure one and send it\n",
        ),
        Refused::ContentType => {
            text(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send `Content-Type: application/json`\n")
        }
        Refused::Host => text(
            StatusCode::FORBIDDEN,
            "ask by an address or as localhost, or configure admin.token and send it\n",
        ),
    }
}

fn only(methods: HeaderValue) -> Response<Full<Bytes>> {
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "not with this method\n");
    response.headers_mut().insert(ALLOW, methods);
    response
}

fn json(told: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = text(StatusCode::OK, told);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn text(status: StatusCode, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
