//! Requests that have nothing to do with the store: straight to the origin, straight back.

use std::sync::Arc;

use http::{HeaderMap, Method, Request, Response};

use super::judge::STANDS_IN;
use super::lookup::{self, Pass};
use super::prepare;
use super::respond::{self, Asked};
use super::{Edge, Inner};
use crate::body::Body;
use crate::error::ProxyError;
use crate::next::assets;
use crate::next::class::{ACTION, Class};
use crate::policy::invalidate;
use crate::policy::key::{self, KeyBuf};
use crate::policy::status::Status;
use crate::store::StoredResponse;

impl<S: Inner> Edge<S> {
    /// Forwards a request as it is. Dropped, it takes the origin's work with it.
    pub(super) async fn pass(
        self: Arc<Self>,
        request: Request<Body>,
        pass: Pass,
    ) -> Result<Response<Body>, ProxyError> {
        let is_static = self.is_static(&request);
        let invalidation = Invalidation::of(&request);
        let stand_in = StandIn::of(&request, pass.stale);
        let answer = self.ask(request).await;
        if let Some(stand_in) = stand_in
            && answer.as_ref().map_or(true, |answer| answer.status().is_server_error())
            && let Some(stale) = self.stand_in(Some(&stand_in.stale))
        {
            let story =
                Status { fwd: Some(pass.reason), detail: Some(STANDS_IN), ..Status::default() };
            return Ok(respond::stored(stale, stand_in.asked(), story, self.clock.now()));
        }
        let mut response = answer?;
        if let Some(invalidation) = invalidation
            && invalidate::invalidates(&invalidation.method, response.status())
        {
            invalidation.keys.iter().for_each(|key| self.invalidate(key));
        }
        self.hand_on(&mut response, is_static);
        let status = Status { fwd: Some(pass.reason), detail: pass.detail, ..Status::default() };
        respond::mark(&mut response, status);
        Ok(response)
    }

    pub(super) fn is_static<B>(&self, request: &Request<B>) -> bool {
        assets::is_static(request.uri().path(), &self.next.base_path)
    }

    /// What clients see of an answer that is not stored.
    pub(super) fn hand_on(&self, response: &mut Response<Body>, is_static: bool) {
        let mode = self.cache.client_cache_control;
        let status = response.status();
        let value = prepare::client_cache_control(status, response.headers(), is_static, mode);
        if let Some(value) = value {
            response.headers_mut().insert(http::header::CACHE_CONTROL, value);
        }
    }
}

/// What may answer a request if the origin fails, and what of the request shapes that answer.
struct StandIn {
    stale: Arc<StoredResponse>,
    method: Method,
    headers: HeaderMap,
}

impl StandIn {
    fn of(request: &Request<Body>, stale: Option<Arc<StoredResponse>>) -> Option<Self> {
        let (method, headers) = (request.method().clone(), request.headers());
        stale.map(|stale| Self { stale, method, headers: headers.clone() })
    }

    fn asked(&self) -> Asked<'_> {
        Asked { method: &self.method, headers: &self.headers }
    }
}

/// What a successful unsafe request makes invalid (RFC 9111 section 4.4).
struct Invalidation {
    method: Method,
    keys: Vec<KeyBuf>,
}

impl Invalidation {
    /// `None` for a safe method, and for a server action: every visitor may send one to any page,
    /// and what it really invalidates is told by the application.
    fn of(request: &Request<Body>) -> Option<Self> {
        let safe = matches!(*request.method(), Method::GET | Method::HEAD);
        if safe || request.headers().contains_key(ACTION) {
            return None;
        }
        let keys = Class::all_but_segments()
            .map(|class| key::write(lookup::parts(request, &class), |key| class.write(key)))
            .collect();
        Some(Self { method: request.method().clone(), keys })
    }
}
