//! Background revalidation: the visitor has his stale page already, the next one gets a new one.
//!
//! Asked with the head of the request that met the stale response, so that whatever the origin
//! selects by is the same, and with the stored validators; but as nobody in particular, since the
//! answer is for all. Bounded in number and time; a failure keeps the stale copy and backs off.

use std::sync::Arc;

use http::header::{AUTHORIZATION, CONTENT_LENGTH, COOKIE, IF_RANGE, RANGE};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderName, Method, Request, Response, StatusCode, Uri};
use tokio::time::timeout;
use tracing::{Instrument, debug, warn};

use super::fill::pour;
use super::growing::Written;
use super::lookup::{Fetch, Target};
use super::prepare::{self, Answer};
use super::reason::Unstored;
use super::respond;
use super::{Inner, Shared};
use crate::body::Body;
use crate::metrics::Event;
use crate::next::verdict;
use crate::policy::key::KeyBuf;
use crate::policy::reuse::ForwardReason;
use crate::policy::storable::NotStorable;
use crate::policy::validate;
use crate::store::{RenewalGuard, StoredResponse};

/// How a revalidation ended badly.
enum Failure {
    /// The origin failed; the stale copy stays.
    Origin(String),
    /// The answer cannot take the copy's place.
    Unstored(Unstored),
}

/// What a revalidation says of the origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// It has answered in time.
    Well,
    /// It fails, or has too much to do.
    Badly,
}

impl<S: Inner> Shared<S> {
    /// Begins to revalidate a stored response, unless too many revalidations run already.
    pub(super) fn renew(
        self: &Arc<Self>,
        guard: RenewalGuard,
        key: KeyBuf,
        request: &Request<Body>,
    ) {
        let Some(place) = self.renewals.take() else {
            // The next visitor will try again.
            return self.metrics.count(Event::RenewalSkipped);
        };
        self.metrics.count(Event::RenewalStarted);
        let stale = Some(guard.stored().clone());
        let fetch = Fetch { target: self.target_at(key), reason: ForwardReason::Stale, stale };
        let mut visitor = whole(request, guard.stored());
        let doing = self.settings.traces.doing(request, "cache renewal");
        doing.leads(&mut visitor.extensions);
        let shared = self.clone();
        let task = async move {
            match shared.revalidate(guard, &fetch, visitor).await {
                Ended::Well => {
                    place.ended_well();
                    doing.ended(None);
                }
                Ended::Badly => doing.failed("renewal_failed"),
            }
        };
        tokio::spawn(task.in_current_span());
    }

    async fn revalidate(&self, guard: RenewalGuard, fetch: &Fetch, visitor: Parts) -> Ended {
        let limit = self.settings.cache.revalidate_timeout;
        let path = visitor.uri.path().to_owned();
        let tried = timeout(limit, self.try_as_somebody(guard.stored(), fetch, visitor)).await;
        let (ended, reason) = match tried {
            Ok(Ok(())) => {
                self.note_renewed(guard, &fetch.target);
                return Ended::Well;
            }
            Ok(Err(Failure::Unstored(why))) if why.withdraws() => {
                debug!(path, reason = why.as_str(), "no longer storable; the stale copy goes");
                self.store.remove_variant(&fetch.target.key, guard.stored());
                guard.done();
                return Ended::Well;
            }
            Ok(Err(Failure::Unstored(why))) => {
                (Ended::Well, format!("the answer cannot be stored: {}", why.as_str()))
            }
            Ok(Err(Failure::Origin(reason))) => (Ended::Badly, reason),
            Err(_) => {
                let reason = format!("it took longer than {limit:?} (cache.revalidate_timeout)");
                (Ended::Badly, reason)
            }
        };
        self.metrics.count(Event::RenewalFailed);
        if let Some(failures) = self.failing.count() {
            warn!(path, reason, failures, "revalidation failed; the stale copy stays");
        }
        let cache = &self.settings.cache;
        guard.failed(self.clock.now(), cache.revalidate_backoff, cache.revalidate_backoff_max);
        ended
    }

    /// The copy has been replaced, and whoever still holds it is not to renew it once more. Where it is
    /// here still, an invalidation has overtaken the answer, and the next visitor asks again; or it was
    /// put beside the copy, and that is to be tried less and less often.
    fn note_renewed(&self, guard: RenewalGuard, target: &Target) {
        let entry = self.store.get(&target.key);
        if entry.is_none_or(|entry| !entry.has(guard.stored())) {
            return guard.done();
        }
        let is_overtaken =
            self.epochs.of(&target.key) != target.epoch || self.store.sequence() != target.since;
        if !is_overtaken {
            let cache = &self.settings.cache;
            guard.failed(self.clock.now(), cache.revalidate_backoff, cache.revalidate_backoff_max);
        }
    }

    /// As nobody; and where nobody is given a cookie, as the visitor, who may have it already.
    async fn try_as_somebody(
        &self,
        stale: &Arc<StoredResponse>,
        fetch: &Fetch,
        visitor: Parts,
    ) -> Result<(), Failure> {
        let nobody = as_nobody(&visitor, stale);
        match self.try_revalidate(stale, fetch, nobody).await {
            Err(Failure::Unstored(Unstored::Policy(NotStorable::SetCookie)))
                if visitor.headers.contains_key(COOKIE) =>
            {
                self.try_revalidate(stale, fetch, visitor).await
            }
            tried => tried,
        }
    }

    async fn try_revalidate(
        &self,
        stale: &Arc<StoredResponse>,
        fetch: &Fetch,
        mut asked: Parts,
    ) -> Result<(), Failure> {
        let request_time = self.clock.now();
        let mut response = self.ask_again(stale, &asked).await?;
        if let Some(target) = rsc_target(&response, &asked.uri) {
            // The visitor's hash was wrong, or his Next.js is another than ours.
            asked.uri = target;
            response = self.ask_again(stale, &asked).await?;
        }
        if response.status().is_server_error() {
            return Err(Failure::Origin(format!("the origin answered {}", response.status())));
        }
        let (parts, body) = response.into_parts();
        let response_time = self.clock.now();
        let answer = Answer { request: &asked, request_time, response: &parts, response_time };
        if parts.status == StatusCode::NOT_MODIFIED {
            return self.freshen(fetch, stale, &answer).map(drop).map_err(Failure::Unstored);
        }
        let mut head = prepare::whole_head(&answer, &self.settings).map_err(Failure::Unstored)?;
        head.succeed(&stale.head);
        self.replace(fetch, &asked, head, body).await
    }

    async fn ask_again(
        &self,
        stale: &StoredResponse,
        asked: &Parts,
    ) -> Result<Response<Body>, Failure> {
        let mut request = Request::from_parts(asked.clone(), Body::Empty);
        validate::add_validators(request.headers_mut(), &stale.head.headers.to_headers());
        self.ask_for_identity(request).await.map_err(|error| Failure::Origin(error.to_string()))
    }

    async fn replace(
        &self,
        fetch: &Fetch,
        asked: &Parts,
        mut head: crate::store::Head,
        body: Body,
    ) -> Result<(), Failure> {
        let whole = match pour(body, &self.growing().writer()).await {
            Ok((Written::Whole(whole), _)) => whole,
            Ok((Written::TooLarge, _)) => return Err(Failure::Unstored(Unstored::TooLarge)),
            Ok((Written::NoRoom, _)) => return Err(Failure::Origin(NO_ROOM.to_owned())),
            Err(error) => return Err(Failure::Origin(error.to_string())),
        };
        prepare::check_body(asked, head.status, &whole, &self.settings)
            .map_err(Failure::Unstored)?;
        respond::state_length(&mut head.headers, &whole);
        let stored = StoredResponse::new(head, whole);
        self.put(&fetch.target, stored, asked);
        Ok(())
    }
}

const NO_ROOM: &str = "too many others are on their way (cache.max_filling)";

/// The head of a request that asks for the whole response; with credentials only where the response
/// was selected by them.
fn whole(request: &Request<Body>, stale: &StoredResponse) -> Parts {
    let mut head = prepare::head_of(request);
    head.method = Method::GET;
    validate::strip_conditions(&mut head.headers);
    for name in [CONTENT_LENGTH, RANGE, IF_RANGE] {
        head.headers.remove(name);
    }
    if !is_selected_by(stale, &AUTHORIZATION) {
        head.headers.remove(AUTHORIZATION);
    }
    head
}

/// A visitor's request without what tells who he is, unless the response was selected by it.
fn as_nobody(visitor: &Parts, stale: &StoredResponse) -> Parts {
    let mut nobody = visitor.clone();
    if !is_selected_by(stale, &COOKIE) {
        nobody.headers.remove(COOKIE);
    }
    nobody
}

fn is_selected_by(stale: &StoredResponse, name: &HeaderName) -> bool {
    stale.head.selecting.names().any(|selected| selected == name)
}

/// The same page with the right `_rsc`, if the answer is a redirect to it.
fn rsc_target(response: &Response<Body>, asked: &Uri) -> Option<Uri> {
    let target: Uri = verdict::rsc_redirect(response.status(), response.headers())?.parse().ok()?;
    let path: PathAndQuery = target.path_and_query()?.clone();
    (path.path() == asked.path()).then(|| Uri::from(path))
}
