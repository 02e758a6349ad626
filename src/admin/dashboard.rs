//! `GET /`: a page that shows what this edge does just now. One file, which asks nobody but us.
//!
//! - `/events`: what the page shows, once a second, as server-sent events.
//! - `/entries`: what is stored, see `entries.rs`.
//!
//! The page itself says nothing; whoever may not look is asked for the token by it.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use http::header::{X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{Either, Full};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::{Access, Admin, Readiness, refuse, text};
use crate::build::Application;
use crate::metrics::{Reading, Routes};
use crate::policy::date::Timestamp;

const PAGE: &str = include_str!("dashboard.html");

/// What the page's own style and script are known by, anew each time.
const NONCE: &str = "NONCE";

/// Pages that are open at the same time.
const MOST_STREAMS: usize = 16;
const SECOND: Duration = Duration::from_secs(1);
/// The table of routes is told every so many seconds: it is long.
const ROUTES: u64 = 2;

/// What the dashboard needs besides what is counted and stored.
#[derive(Clone, Debug)]
pub struct Dashboard {
    application: Application,
    origin: Arc<str>,
    since: Timestamp,
    streams: Arc<Semaphore>,
    pub(super) searches: Arc<Semaphore>,
}

impl Dashboard {
    /// Of an edge that stands before `origin` since then.
    pub fn new(application: Application, origin: &str, since: Timestamp) -> Self {
        Self {
            application,
            origin: origin.into(),
            since,
            streams: Arc::new(Semaphore::new(MOST_STREAMS)),
            searches: Arc::new(Semaphore::new(1)),
        }
    }
}

/// What is told each second.
#[derive(Debug, Serialize)]
struct Moment<'a> {
    #[serde(flatten)]
    reading: Reading,
    version: &'static str,
    since: u64,
    origin: &'a str,
    build: Option<String>,
    readiness: &'static str,
    routes: Option<Routes>,
}

impl Admin {
    /// The page.
    pub(super) fn page(&self) -> Response<Full<Bytes>> {
        let Ok(nonce) = Access::new_token() else {
            return text(StatusCode::INTERNAL_SERVER_ERROR, "the system has no random bytes\n");
        };
        let policy = format!(
            "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; \
             connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'"
        );
        let mut page = text(StatusCode::OK, PAGE.replace(NONCE, &nonce));
        let headers = page.headers_mut();
        if let Ok(policy) = HeaderValue::try_from(policy) {
            headers.insert(CONTENT_SECURITY_POLICY, policy);
        }
        for (name, value) in [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (X_FRAME_OPTIONS, "DENY"),
            (REFERRER_POLICY, "no-referrer"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        page
    }

    /// What the page shows, until its reader leaves.
    pub(super) fn events(
        &self,
        headers: &HeaderMap,
        peer: IpAddr,
    ) -> Response<Either<Full<Bytes>, Events>> {
        if let Err(refused) = self.access.load().may_look(headers, peer) {
            return refuse(refused).map(Either::Left);
        }
        let Ok(place) = self.dashboard.streams.clone().try_acquire_owned() else {
            let told = format!("{MOST_STREAMS} pages are open already\n");
            return text(StatusCode::SERVICE_UNAVAILABLE, told).map(Either::Left);
        };
        let mut ticks = interval(SECOND);
        // Whoever was away for a while wants to know how it is now.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let events = Events { admin: self.clone(), ticks, count: 0, _place: place };
        let mut response = Response::new(Either::Right(events));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    fn moment(&self, tells_routes: bool) -> Moment<'_> {
        let Dashboard { application, origin, since, .. } = &self.dashboard;
        Moment {
            reading: self.metrics.reading(&self.store),
            version: env!("CARGO_PKG_VERSION"),
            since: since.as_millis(),
            origin,
            build: application.build_id(),
            readiness: match *self.readiness.borrow() {
                Readiness::WaitsForOrigin => "waiting",
                Readiness::Ready => "ready",
                Readiness::Draining => "draining",
            },
            routes: tells_routes.then(|| self.metrics.routes()),
        }
    }
}

/// An endless body: one event a second.
#[derive(Debug)]
pub(super) struct Events {
    admin: Admin,
    ticks: Interval,
    count: u64,
    _place: OwnedSemaphorePermit,
}

impl Body for Events {
    type Data = Bytes;
    type Error = serde_json::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, serde_json::Error>>> {
        ready!(self.ticks.poll_tick(cx));
        self.count += 1;
        let moment = self.admin.moment(self.count % ROUTES == 1);
        let event = serde_json::to_string(&moment).map(|data| format!("data: {data}\n\n"));
        Poll::Ready(Some(event.map(|event| Frame::data(event.into()))))
    }
}
