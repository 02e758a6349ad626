//! Sees each request to its end: the last byte of its answer, or where that breaks off. Then it is
//! counted, and the access log has its line.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use pin_project_lite::pin_project;
use tower::Service;

use super::access_log::Entry;
use super::server_timing;
use crate::body::Body;
use crate::build::Application;
use crate::cache::OriginTime;
use crate::error::BodyError;
use crate::log::AccessLogger;
use crate::metrics::{Metrics, Shard, Storied, Tally, Visit};
use crate::policy::status::Status;
use crate::traces::{Serving, Traces};

/// See the module. Each clone, so each connection, counts in a shard of its own.
#[derive(Debug)]
pub struct Observe<S> {
    inner: S,
    metrics: Metrics,
    shard: Arc<Shard>,
    log: Option<AccessLogger>,
    application: Application,
    traces: Traces,
    tells_timing: bool,
    /// Some requests are looked at closely; a connection's first is any of them.
    turn: u32,
}

impl<S> Observe<S> {
    /// Counts each request to `inner`, some of them by the page of `application`; and tells `log` of
    /// it, if there is one, and `traces`, and whoever gets its answer how long it took, if
    /// `tells_timing`.
    pub fn new(
        inner: S,
        metrics: Metrics,
        log: Option<AccessLogger>,
        application: Application,
        traces: Traces,
        tells_timing: bool,
    ) -> Self {
        let (shard, turn) = (metrics.shard(), fastrand::u32(..));
        Self { inner, shard, metrics, log, application, traces, tells_timing, turn }
    }
}

impl<S: Clone> Clone for Observe<S> {
    fn clone(&self) -> Self {
        let Self { inner, metrics, log, application, traces, tells_timing, .. } = self;
        let (log, application, traces) = (log.clone(), application.clone(), traces.clone());
        Self::new(inner.clone(), metrics.clone(), log, application, traces, *tells_timing)
    }
}

impl<S> Service<Request<Body>> for Observe<S>
where
    S: Service<Request<Body>, Response = Response<Storied>, Error = Infallible>,
{
    type Response = Response<Observed>;
    type Error = Infallible;
    type Future = ObserveFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let began = self.shard.monotonic();
        self.turn = self.turn.wrapping_add(1);
        let page_at = |path: &str| self.application.page_at(path);
        let serving = self.traces.serving(&mut request, began, page_at);
        let visit = self.metrics.visit(self.turn, request.uri().path_and_query(), page_at);
        // Boxed: it would be moved with the future and the response, layer by layer.
        let entry = self.log.as_ref().map(|log| Box::new(Entry::new(log, &request, began)));
        ObserveFuture {
            inner: self.inner.call(request),
            tally: Some(Tally::new(&self.shard, began)),
            entry,
            visit,
            serving,
            is_waited_for: false,
            tells_timing: self.tells_timing,
        }
    }
}

pin_project! {
    /// Dropped before its end, it tells that the client left.
    #[derive(Debug)]
    pub struct ObserveFuture<F> {
        #[pin]
        inner: F,
        tally: Option<Tally>,
        entry: Option<Box<Entry>>,
        visit: Option<Box<Visit>>,
        serving: Serving,
        is_waited_for: bool,
        tells_timing: bool,
    }
}

impl<F> Future for ObserveFuture<F>
where
    F: Future<Output = Result<Response<Storied>, Infallible>>,
{
    type Output = Result<Response<Observed>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Poll::Ready(Ok(response)) = this.inner.poll(cx) else {
            *this.is_waited_for = true;
            return Poll::Pending;
        };
        let (mut head, Storied { body, story }) = response.into_parts();
        let (mut tally, mut entry) = (this.tally.take(), this.entry.take());
        if let Some(tally) = &mut tally {
            tally.answered(story, head.status, *this.is_waited_for);
            if *this.tells_timing {
                server_timing::add(&mut head, tally.elapsed(), story.outcome);
            }
        }
        if let Some(entry) = &mut entry {
            entry.note(&head, &body);
        }
        let mut serving = std::mem::take(this.serving);
        serving.answered(&head, story);
        let mut visit = this.visit.take();
        if let Some(visit) = &mut visit {
            let origin = head.extensions.get::<OriginTime>().map(|origin| origin.0);
            let detail = head.extensions.get::<Status>().and_then(|status| status.detail);
            visit.answered(story, head.status, origin, detail);
        }
        Poll::Ready(Ok(Response::from_parts(head, Observed { body, tally, entry, visit, serving })))
    }
}

/// A body that is seen to its end, which is when it is dropped.
#[derive(Debug)]
pub struct Observed {
    body: Body,
    #[allow(dead_code, reason = "counts when it is dropped")]
    tally: Option<Tally>,
    entry: Option<Box<Entry>>,
    visit: Option<Box<Visit>>,
    serving: Serving,
}

impl http_body::Body for Observed {
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
        if let (Some(visit), Some(Ok(frame))) = (&mut this.visit, &frame) {
            visit.sent(frame.data_ref().map_or(0, Bytes::len));
        }
        if let Some(Ok(frame)) = &frame {
            this.serving.sent(frame.data_ref().map_or(0, Bytes::len));
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
