//! Requests that go straight to the origin, and whose answers go straight back.
//!
//! What their answers mean for the store is seen on the way: an unsafe request makes what is stored
//! invalid, the answer to HEAD tells whether it is still good, and some answers are stored
//! themselves.

use std::sync::Arc;

use http::request::Parts;
use http::{Method, Request, Response, StatusCode};

use super::judge::STANDS_IN;
use super::lookup::{Pass, Target};
use super::prepare;
use super::respond::{self, Asked};
use super::{Inner, Shared};
use crate::body::Body;
use crate::error::ProxyError;
use crate::next::assets::Kind;
use crate::policy::date::Timestamp;
use crate::policy::invalidate;
use crate::policy::status::Status;

impl<S: Inner> Shared<S> {
    /// Forwards a request as it is. Dropped, it takes the origin's work with it.
    pub(super) async fn pass(
        self: Arc<Self>,
        request: Request<Body>,
        pass: Pass,
    ) -> Result<Response<Body>, ProxyError> {
        let asset = self.settings.asset(request.uri().path());
        // Most requests that come this way concern nothing that is stored.
        let concerned = pass.target.is_some() || pass.stale.is_some();
        let asked = (concerned || !invalidate::is_safe(request.method()))
            .then(|| prepare::head_of(&request));
        let request_time = self.clock.now();
        let answer = self.ask(request).await;
        let Some(asked) = asked else {
            return Ok(self.handed_on(answer?, &pass, asset, false));
        };
        if let Some(response) = self.stands_in(&asked, &pass, &answer) {
            return Ok(response);
        }
        let (response, stored) = self.noted(&asked, &pass, request_time, answer?);
        Ok(self.handed_on(response, &pass, asset, stored))
    }

    /// The stored response, where the origin failed and it may stand in.
    fn stands_in(
        &self,
        asked: &Parts,
        pass: &Pass,
        answer: &Result<Response<Body>, ProxyError>,
    ) -> Option<Response<Body>> {
        let has_failed = answer.as_ref().map_or(true, |answer| answer.status().is_server_error());
        let stale = self.stand_in(pass.stale.as_ref()).filter(|_| has_failed)?;
        let story = Status { fwd: Some(pass.reason), detail: Some(STANDS_IN), ..Status::default() };
        let asked = Asked::by(asked);
        Some(respond::stored(stale, asked, story, self.clock.now()))
    }

    /// Does to the store what the answer says; tells whether the answer itself is stored.
    fn noted(
        self: &Arc<Self>,
        asked: &Parts,
        pass: &Pass,
        request_time: Timestamp,
        response: Response<Body>,
    ) -> (Response<Body>, bool) {
        // Before what it invalidates itself.
        let is_current = |target: &Target| self.epochs.of(&target.key) == target.epoch;
        let is_current = pass.target.as_ref().is_some_and(is_current);
        if invalidate::invalidates(&asked.method, response.status()) {
            self.invalidate_by(asked, &response);
        }
        match asked.method {
            Method::HEAD => {
                self.note_head(asked, pass, request_time, &response);
                (response, false)
            }
            Method::GET if response.status() == StatusCode::PARTIAL_CONTENT => {
                match pass.target.clone() {
                    Some(target) => self.keep(asked, target, request_time, response),
                    None => (response, false),
                }
            }
            Method::POST if is_current => self.keep_post(asked, request_time, response),
            _ => (response, false),
        }
    }

    pub(super) fn handed_on(
        &self,
        mut response: Response<Body>,
        pass: &Pass,
        asset: Option<Kind>,
        stored: bool,
    ) -> Response<Body> {
        self.hand_on(&mut response, asset);
        let (fwd, detail) = (Some(pass.reason), pass.detail);
        let status = Status { fwd, detail, stored, ..Status::default() };
        respond::mark(&mut response, status);
        response
    }

    /// What clients see of an answer that is not stored.
    pub(super) fn hand_on(&self, response: &mut Response<Body>, asset: Option<Kind>) {
        let (status, headers) = (response.status(), response.headers());
        let value = prepare::client_cache_control(status, headers, asset, &self.settings);
        if let Some(value) = value {
            response.headers_mut().insert(http::header::CACHE_CONTROL, value);
        }
    }
}
