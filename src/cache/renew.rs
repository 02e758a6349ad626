//! Background revalidation: the visitor has his stale page already, the next one gets a new one.
//!
//! Asked with the head of the request that met the stale response, so that whatever the origin
//! selects by is the same, and with the stored validators. Bounded in number; a failure keeps the
//! stale copy and backs off.

use std::sync::Arc;

use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{Method, Request, StatusCode};
use tracing::{Instrument, debug, warn};

use super::fill::pour;
use super::growing::Written;
use super::prepare::{self, Answer, Unstored};
use super::respond;
use super::{Edge, Inner};
use crate::body::Body;
use crate::next::verdict::Unfit;
use crate::policy::key::KeyBuf;
use crate::policy::validate;
use crate::store::{RenewalGuard, StoredResponse};

/// How a revalidation ended badly.
enum Failure {
    /// The origin failed; the stale copy stays.
    Origin(String),
    /// The origin no longer lets the response be stored; the copy goes.
    NotStorable(&'static str),
}

impl From<Unstored> for Failure {
    fn from(why: Unstored) -> Self {
        match why {
            // A file of a build that is gone from the origin; old pages still ask for it.
            Unstored::Next(Unfit::MissingAsset) => Self::Origin(why.as_str().to_owned()),
            Unstored::Policy(_)
            | Unstored::Next(_)
            | Unstored::SelectedByClient
            | Unstored::TooLarge => Self::NotStorable(why.as_str()),
        }
    }
}

impl<S: Inner> Edge<S> {
    /// Begins to revalidate a stored response, unless too many revalidations run already.
    pub(super) fn renew(
        self: &Arc<Self>,
        guard: RenewalGuard,
        key: KeyBuf,
        request: &Request<Body>,
    ) {
        let Ok(permit) = self.renewals.clone().try_acquire_owned() else {
            // The next visitor will try again.
            return;
        };
        let asked = without_body(request);
        let edge = self.clone();
        let task = async move {
            edge.revalidate(&guard, &key, asked).await;
            drop(permit);
        };
        tokio::spawn(task.in_current_span());
    }

    async fn revalidate(&self, guard: &RenewalGuard, key: &KeyBuf, asked: Parts) {
        match self.try_revalidate(guard.stored(), key, &asked).await {
            Ok(()) => {}
            Err(Failure::Origin(reason)) => {
                warn!(path = asked.uri.path(), reason, "revalidation failed; the stale copy stays");
                let cache = &self.cache;
                guard.failed(
                    self.clock.now(),
                    cache.revalidate_backoff,
                    cache.revalidate_backoff_max,
                );
            }
            Err(Failure::NotStorable(reason)) => {
                debug!(path = asked.uri.path(), reason, "no longer storable; the stale copy goes");
                self.store.remove_variant(key, guard.stored());
            }
        }
    }

    async fn try_revalidate(
        &self,
        stale: &Arc<StoredResponse>,
        key: &KeyBuf,
        asked: &Parts,
    ) -> Result<(), Failure> {
        let mut request = Request::from_parts(asked.clone(), Body::Empty);
        validate::add_validators(request.headers_mut(), &stale.head.headers);
        let request_time = self.clock.now();
        let response =
            self.ask(request).await.map_err(|error| Failure::Origin(error.to_string()))?;
        if response.status().is_server_error() {
            return Err(Failure::Origin(format!("the origin answered {}", response.status())));
        }
        let (parts, body) = response.into_parts();
        let response_time = self.clock.now();
        let answer = Answer { request: asked, request_time, response: &parts, response_time };
        if parts.status == StatusCode::NOT_MODIFIED {
            return self.freshen(key, stale, &answer).map(drop).map_err(Failure::from);
        }
        let mut head = prepare::head(&answer, &self.cache, &self.next).map_err(Failure::from)?;
        let whole = match pour(body, &self.growing().writer()).await {
            Ok((Written::Whole(whole), _)) => whole,
            Ok((Written::TooLarge, _)) => return Err(Unstored::TooLarge.into()),
            Err(error) => return Err(Failure::Origin(error.to_string())),
        };
        if !prepare::keeps_body(asked, head.status, &whole) {
            return Err(Failure::NotStorable("empty-document"));
        }
        respond::state_length(&mut head.headers, &whole);
        self.store.put(key, StoredResponse::new(head, whole), &asked.headers);
        Ok(())
    }
}

/// The head of a request that asks for the whole response.
fn without_body(request: &Request<Body>) -> Parts {
    let mut copy = Request::new(());
    *copy.method_mut() = Method::GET;
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    validate::strip_conditions(copy.headers_mut());
    copy.headers_mut().remove(CONTENT_LENGTH);
    copy.into_parts().0
}
