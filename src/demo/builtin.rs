//! A stand-in for Next.js where there is no Node.js: the pages of the demo application with the
//! headers of `next start` 16, so that the edge can still be seen at work.
//!
//! The texts, the style sheet, the picture and the panel's script are the application's own files.
//! The pages say that they come from here. What is missing: React, compression, ranges, and pictures
//! made to measure.

mod assets;
mod html;
mod name;
mod stops;
mod stream;
mod wire;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use http::{HeaderMap, Method, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tracing::debug;

use crate::body::Body;
use crate::clock::Clock;
use crate::policy::date::Timestamp;
use assets::Assets;
use html::Page;
use stops::{Stop, stops};
use stream::Chunks;
use wire::Prerender;

/// The built-in origin, listening.
#[derive(Debug)]
pub struct BuiltinOrigin {
    listener: TcpListener,
    site: Arc<Site>,
}

impl BuiltinOrigin {
    /// Takes a free port on the loopback interface.
    pub async fn bind(clock: Clock) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        Ok(Self { listener, site: Arc::new(Site::new(clock)) })
    }

    /// Where it listens.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until the process ends.
    pub async fn serve(self) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    tokio::spawn(serve_connection(stream, self.site.clone()));
                }
                // No file handle left, most likely: others will be closed.
                Err(error) => {
                    debug!(%error, "demo origin: accept");
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

async fn serve_connection(stream: TcpStream, site: Arc<Site>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let site = site.clone();
        async move { Ok::<_, Infallible>(site.answer(request.map(Body::Incoming)).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        debug!(%error, "demo origin: connection");
    }
}

/// How long rendering pretends to take on `/ssr` and `/dynamic`.
const WORK: Duration = Duration::from_millis(300);
const ISR_LIFETIME: Duration = Duration::from_secs(10);

/// What is remembered between requests: what `next build` and the image cache would have on disk.
#[derive(Debug)]
struct Site {
    clock: Clock,
    built: Timestamp,
    /// When `/isr` was rendered last, in milliseconds.
    isr: AtomicU64,
    has_made_picture: AtomicBool,
    assets: Assets,
}

impl Site {
    fn new(clock: Clock) -> Self {
        let built = clock.now();
        Self {
            clock,
            built,
            isr: AtomicU64::new(built.as_millis()),
            has_made_picture: AtomicBool::new(false),
            assets: Assets::new(built),
        }
    }

    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let path = request.uri().path().to_owned();
        if *request.method() != Method::GET && *request.method() != Method::HEAD {
            return match (request.method(), &*path) {
                (&Method::POST, "/api/name") => name::remember(request.into_body()).await,
                _ => wire::method_not_allowed(),
            };
        }
        if let Some(location) = wire::rsc_redirect(&request) {
            return location;
        }
        let method = request.method().clone();
        let headers = request.headers();
        let response = match stops().iter().find(|stop| stop.path == path) {
            Some(stop) => self.page(stop, headers).await,
            None => self.other(&path),
        };
        wire::conditional(response, &method, headers)
    }

    async fn page(&self, stop: &Stop, request: &HeaderMap) -> Response<Body> {
        let is_rsc = wire::is_rsc(request);
        let (from, at) = match &*stop.path {
            "/ssr" => {
                sleep(WORK).await;
                return wire::pages_router(stop, is_rsc, self.html(stop, self.clock.now(), ""));
            }
            "/dynamic" | "/stream" if is_rsc => return wire::dynamic_flight(stop),
            "/dynamic" => {
                sleep(WORK).await;
                let html = self.html(stop, self.clock.now(), &name::form(request));
                let stylesheet = self.assets.path("style.css");
                return wire::dynamic(stop, Some(&stylesheet), Chunks::one(html));
            }
            "/stream" => {
                let shell = self.html(stop, self.clock.now(), &stream::places());
                return wire::dynamic(stop, None, Chunks::stream(shell, &self.clock));
            }
            "/isr" => self.isr(),
            _ => (Prerender::Built, self.built),
        };
        if is_rsc {
            return wire::prerendered_flight(stop, from);
        }
        wire::prerendered(stop, from, self.html(stop, at, &html::extra(stop)))
    }

    /// As Next.js does: the old page at once, and the new one for whoever comes next.
    fn isr(&self) -> (Prerender, Timestamp) {
        let now = self.clock.now();
        let rendered = Timestamp::from_millis(self.isr.load(Ordering::Relaxed));
        if now.saturating_since(rendered) >= ISR_LIFETIME {
            self.isr.store(now.as_millis(), Ordering::Relaxed);
            return (Prerender::Stale, rendered);
        }
        let is_built = rendered == self.built;
        (if is_built { Prerender::Built } else { Prerender::Renewed }, rendered)
    }

    fn html(&self, stop: &Stop, at: Timestamp, extra: &str) -> String {
        Page { stop, at, extra, assets: &self.assets }.to_string()
    }

    fn other(&self, path: &str) -> Response<Body> {
        match path {
            "/api/time" => {
                let json = format!("{{\"at\":{}}}", self.clock.now().as_millis());
                wire::handler("s-maxage=5, stale-while-revalidate=30", json)
            }
            "/api/random" => {
                wire::handler("no-store", format!("{{\"number\":{}}}", fastrand::u32(..1_000_000)))
            }
            "/_next/image" => {
                let is_first = !self.has_made_picture.swap(true, Ordering::Relaxed);
                wire::image(assets::PICTURE, is_first)
            }
            _ => match self.assets.get(path) {
                Some(response) => response,
                None if path.starts_with("/_next/static/") => wire::missing_asset(),
                None => wire::not_found(html::not_found(&self.assets)),
            },
        }
    }
}

#[cfg(test)]
mod tests;
