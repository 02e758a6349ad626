//! Stores an answer that goes through: the client gets it as it is, and the store a copy at its end.

use std::sync::Arc;

use http::header::CONTENT_LOCATION;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use tracing::Instrument;

use super::invalidate;
use super::lookup::Target;
use super::prepare::{self, Answer};
use super::{Inner, Shared};
use crate::body::Body;
use crate::client;
use crate::policy::date::Timestamp;

impl<S: Inner> Shared<S> {
    /// The answer to a POST, which is stored for later GETs if it says that it is what they would
    /// get (RFC 9110 section 9.3.3). A failure with that field is a report about the request (section
    /// 8.7), which others must not get in place of the page.
    pub(super) fn keep_post(
        self: &Arc<Self>,
        asked: &Parts,
        request_time: Timestamp,
        response: Response<Body>,
    ) -> (Response<Body>, bool) {
        let request = Request::from_parts(asked.clone(), ());
        let location = invalidate::named(&request, response.headers().get(CONTENT_LOCATION));
        let is_resource = location.as_ref() == request.uri().path_and_query();
        let is_kept = is_resource
            && response.status() == StatusCode::OK
            && !self.settings.is_behind_middleware(request.uri().path());
        let target = self.target(&request).filter(|_| is_kept);
        match (target, self.settings.rules.switches.store_post) {
            (Some(target), true) => self.keep(asked, target, request_time, response),
            _ => (response, false),
        }
    }

    /// Stores a copy of an answer under `target` if that may be; tells whether it will be tried.
    pub(super) fn keep(
        self: &Arc<Self>,
        asked: &Parts,
        target: Target,
        request_time: Timestamp,
        response: Response<Body>,
    ) -> (Response<Body>, bool) {
        let (parts, body) = response.into_parts();
        let response_time = self.clock.now();
        let answer = Answer { request: asked, request_time, response: &parts, response_time };
        let Ok(head) = prepare::head(&answer, &self.settings) else {
            return (Response::from_parts(parts, body), false);
        };
        let (fill, writer) = self.start(head);
        let copy = fill.reader().map_or(Body::Empty, Body::stream);
        let (shared, mut asked) = (self.clone(), asked.clone());
        asked.method = Method::GET;
        let filling = async move { shared.fill(&target, asked, fill, writer, body, None).await };
        tokio::spawn(filling.in_current_span());
        (Response::from_parts(parts, copy), true)
    }

    pub(super) fn target<B>(&self, request: &Request<B>) -> Option<Target> {
        let key = self.key_of(request, client::fields(request))?;
        Some(self.target_at(key))
    }
}
