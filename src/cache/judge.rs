//! What an origin's answer, or its failure, means for a key and for those who asked.

use std::sync::Arc;

use http::request::Parts;
use http::{Extensions, Response, StatusCode};
use tracing::debug;

use super::lookup::Fetch;
use super::prepare::{self, Answer};
use super::reason::Unstored;
use super::respond::{self, Asked};
use super::{Inner, Shared};
use crate::body::Body;
use crate::error::ProxyError;
use crate::policy::date::Timestamp;
use crate::store::{Head, StoredResponse, Validity};

/// What a fetch found.
pub(super) enum Found {
    /// A response that is to be stored.
    Storable(Box<Head>, Extensions, Body),
    /// What was stored before is good again, or stands in: with the origin's own status, and why.
    Stored(Arc<StoredResponse>, Option<StatusCode>, Option<&'static str>),
    /// A response for the one who asked, and nobody else.
    Passing(Box<Response<Body>>, Unstored),
    /// No answer.
    Failed(ProxyError),
}

/// Said in `Cache-Status` of a response that stands in.
pub(super) const STANDS_IN: &str = "stale-if-error";

impl<S: Inner> Shared<S> {
    /// Judges the answer to `asked`, which was sent at `request_time`.
    pub(super) fn judge(
        &self,
        asked: &Parts,
        request_time: Timestamp,
        answer: Result<Response<Body>, ProxyError>,
        fetch: &Fetch,
    ) -> Found {
        let response = match (answer, self.stand_in(fetch.stale.as_ref())) {
            (Err(error), Some(stale)) => {
                debug!(%error, "the stored response stands in");
                return Found::Stored(stale.clone(), None, Some(STANDS_IN));
            }
            (Err(error), None) => return Found::Failed(error),
            (Ok(response), Some(stale)) if response.status().is_server_error() => {
                return Found::Stored(stale.clone(), Some(response.status()), Some(STANDS_IN));
            }
            (Ok(response), _) => response,
        };
        let (parts, body) = response.into_parts();
        let response_time = self.clock.now();
        let answer = Answer { request: asked, request_time, response: &parts, response_time };
        match &fetch.stale {
            Some(stale) if parts.status == StatusCode::NOT_MODIFIED => {
                self.validated(asked, &answer, fetch, stale)
            }
            _ => match prepare::whole_head(&answer, &self.settings) {
                Ok(mut head) => {
                    fetch.stale.iter().for_each(|stale| head.succeed(&stale.head));
                    self.unstorable.forget(&fetch.target.key);
                    Found::Storable(Box::new(head), parts.extensions, body)
                }
                Err(why) => {
                    self.note_unstored(fetch, why, response_time);
                    self.passing(asked, Response::from_parts(parts, body), why)
                }
            },
        }
    }

    /// What may be served although it is too old, because the origin failed.
    pub(super) fn stand_in<'a>(
        &self,
        stale: Option<&'a Arc<StoredResponse>>,
    ) -> Option<&'a Arc<StoredResponse>> {
        let now = self.clock.now();
        stale.filter(|stale| {
            stale.mark.validity(now) != Validity::Obsolete
                && stale.head.freshness.usable_on_error(now)
        })
    }

    fn validated(
        &self,
        asked: &Parts,
        answer: &Answer<'_>,
        fetch: &Fetch,
        stale: &Arc<StoredResponse>,
    ) -> Found {
        match self.freshen(fetch, stale, answer) {
            Ok(stored) => Found::Stored(stored, Some(StatusCode::NOT_MODIFIED), None),
            Err(why) => {
                let response = respond::validated(stale, &answer.response.headers);
                self.passing(asked, response, why)
            }
        }
    }

    /// RFC 9111 section 4.3.4: a 304 makes a stored response fresh again, with the fields that it
    /// brings. Where these forbid to keep it, it is kept no longer.
    pub(super) fn freshen(
        &self,
        fetch: &Fetch,
        stale: &Arc<StoredResponse>,
        answer: &Answer<'_>,
    ) -> Result<Arc<StoredResponse>, Unstored> {
        match prepare::freshened(stale, answer, &self.settings) {
            Ok(head) => {
                let stored = StoredResponse::new(head, stale.body.clone());
                self.put(&fetch.target, stored.clone(), answer.request);
                Ok(stored)
            }
            Err(why) => {
                self.store.remove_variant(&fetch.target.key, stale);
                Err(why)
            }
        }
    }

    fn note_unstored(&self, fetch: &Fetch, why: Unstored, now: Timestamp) {
        self.metrics.unstored(why.as_str());
        if why.concerns_the_key() {
            self.unstorable.remember(&fetch.target.key, now);
        }
        if let Some(stale) = &fetch.stale
            && why.withdraws()
        {
            self.store.remove_variant(&fetch.target.key, stale);
        }
    }

    fn passing(&self, asked: &Parts, response: Response<Body>, why: Unstored) -> Found {
        let asset = self.settings.asset(asked.uri.path());
        let asked = Asked::by(asked);
        let mut response = respond::by_conditions(response, asked);
        self.hand_on(&mut response, asset);
        let response = self.coded_on_its_way(response, asked.headers);
        Found::Passing(Box::new(response), why)
    }
}
