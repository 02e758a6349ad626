//! Requests that have nothing to do with the store: straight to the origin, straight back.

use std::sync::Arc;

use http::{Method, Request, Response};

use super::lookup::{self, Pass};
use super::prepare;
use super::respond;
use super::{Edge, Inner};
use crate::body::Body;
use crate::error::ProxyError;
use crate::next::assets;
use crate::next::class::{ACTION, Class};
use crate::policy::invalidate;
use crate::policy::key::{self, KeyBuf};
use crate::policy::status::Status;

impl<S: Inner> Edge<S> {
    /// Forwards a request as it is. Dropped, it takes the origin's work with it.
    pub(super) async fn pass(
        self: Arc<Self>,
        request: Request<Body>,
        pass: Pass,
    ) -> Result<Response<Body>, ProxyError> {
        let is_static = self.is_static(&request);
        let invalidation = Invalidation::of(&request);
        let mut response = self.ask(request).await?;
        if let Some(invalidation) = invalidation
            && invalidate::invalidates(&invalidation.method, response.status())
        {
            invalidation.keys.iter().for_each(|key| self.store.remove(key));
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
        let parts = lookup::parts(request);
        let keys = Class::all_but_segments()
            .map(|class| key::write(parts, |key| class.write(key)))
            .collect();
        Some(Self { method: request.method().clone(), keys })
    }
}
