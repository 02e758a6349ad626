//! From a request to a plan: answer now, pass it through, or fetch.

use std::sync::Arc;

use http::header::{IF_MATCH, IF_UNMODIFIED_SINCE, RANGE, UPGRADE};
use http::{HeaderMap, HeaderName, Method, Request, Response};
use http_body::Body as _;

use super::complete::Completion;
use super::epochs::Epoch;
use super::parts;
use super::reason::Bypass;
use super::respond::{self, Asked};
use super::settings::Aside;
use super::{Inner, Settings, Shared, tell};
use crate::body::Body;
use crate::client;
use crate::fields::Fields;
use crate::metrics::{self, Event, Outcome};
use crate::next::class::Class;
use crate::policy::cache_control::RequestDirectives;
use crate::policy::date::Timestamp;
use crate::policy::key::{KeyBuf, KeyParts};
use crate::policy::reuse::{self, Decision, ForwardReason};
use crate::policy::status::Status;
use crate::policy::vary::reduce_accept_encoding;
use crate::store::{RenewalGuard, StoredResponse, Validity};

/// What is to be done with a request.
pub(super) enum Plan {
    /// It is answered already.
    Answer(Response<Body>, Outcome),
    /// It goes to the origin as it is, and its answer to the client.
    Pass(Pass),
    /// A part of what is asked for is stored, and the rest is to be fetched.
    Complete(Box<Completion>),
    /// Its key is to be fetched.
    Fetch(Box<Fetch>),
}

impl Plan {
    /// In a word.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Answer(..) => "answer",
            Self::Pass(_) => "pass",
            Self::Complete(_) => "complete",
            Self::Fetch(_) => "fetch",
        }
    }
}

/// Why a request is passed through.
#[derive(Debug)]
pub(super) struct Pass {
    pub(super) reason: ForwardReason,
    /// More about the reason, for `Cache-Status`.
    pub(super) detail: Option<&'static str>,
    /// The stored response that is too old to be served, unless the origin fails.
    pub(super) stale: Option<Arc<StoredResponse>>,
    /// What its answer may concern in the store.
    pub(super) target: Option<Target>,
}

/// A key, and what had been invalidated before the origin was asked.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) key: KeyBuf,
    pub(super) epoch: Epoch,
    /// The number of invalidations by tag.
    pub(super) since: u64,
}

/// What is to be fetched, and why.
pub(super) struct Fetch {
    pub(super) target: Target,
    pub(super) reason: ForwardReason,
    /// The stored response that is too old to be served, which may be validated.
    pub(super) stale: Option<Arc<StoredResponse>>,
}

impl<S: Inner> Shared<S> {
    /// Looks a request up, and tells what it is counted as. Its `Accept-Encoding` is reduced to what
    /// matters on the way.
    pub(super) fn lookup(self: &Arc<Self>, request: &mut Request<Body>) -> (Plan, metrics::Class) {
        let fields = client::fields(request);
        if let Some(plan) = self.aside(request, fields) {
            return (plan, self.settings.class_of(request));
        }
        // Every browser writes it in its own way, and all mean one of a few sets.
        reduce_accept_encoding(request.headers_mut());
        let Some(class) = self.class(request, fields) else {
            return (Plan::Pass(bypass(Bypass::OddRouterHeader)), metrics::Class::Other);
        };
        let key = self.searches.key(parts(request, &class), |key| class.write(key));
        let class = self.settings.counted_as(&class, request.uri().path());
        (self.find(request, fields, key), class)
    }

    fn find(self: &Arc<Self>, request: &Request<Body>, fields: Fields, key: KeyBuf) -> Plan {
        let now = self.clock.now();
        let entry = self.store.get(&key);
        let Some(stored) = entry.as_ref().and_then(|entry| entry.select(request.headers())) else {
            let reason = match entry {
                Some(_) => ForwardReason::VaryMiss,
                None => ForwardReason::UriMiss,
            };
            return self.go(request, key, reason, None);
        };
        let validity = stored.mark.validity(now);
        if validity == Validity::Obsolete {
            let decision = Decision::Forward(ForwardReason::Stale);
            tell::decided(request.uri().path(), stored, validity, decision, now);
            return self.go(request, key, ForwardReason::Stale, None);
        }
        let asked = Asked { method: request.method(), headers: request.headers(), fields };
        let (mut decision, detail) = self.decide(asked, stored, now);
        if validity == Validity::Stale && decision == Decision::Serve {
            decision = match stored.head.freshness.forbids_stale {
                false => Decision::ServeStale,
                true => Decision::Validate(ForwardReason::Stale),
            };
        }
        tell::decided(request.uri().path(), stored, validity, decision, now);
        if stored.head.rare.part().is_some() && !may_answer(decision, stored, asked) {
            return self.go_for_the_rest(request, key, decision, stored);
        }
        match decision {
            Decision::Serve | Decision::ServeStale => {
                stored.note_use();
                let response = answer(stored, asked, detail, now);
                // Behind the choice, which notes what is wanted.
                self.see_to_codings(&key, stored);
                if decision == Decision::Serve {
                    return Plan::Answer(response, Outcome::Hit);
                }
                match RenewalGuard::take(stored, now) {
                    Some(guard) => self.renew(guard, key, request),
                    None => self.metrics.count(Event::RenewalCollapsed),
                }
                Plan::Answer(response, Outcome::Stale)
            }
            Decision::Validate(reason) => self.go(request, key, reason, Some(stored.clone())),
            Decision::Forward(reason) => self.go(request, key, reason, None),
        }
    }

    /// What to do with a stored response; and whether the request's own directives, which by default
    /// do not count, would have had it otherwise (RFC 9111 section 5.2.1).
    fn decide(
        &self,
        asked: Asked<'_>,
        stored: &StoredResponse,
        now: Timestamp,
    ) -> (Decision, Option<&'static str>) {
        let freshness = &stored.head.freshness;
        let decision = reuse::decide(freshness, now);
        if !asked.fields.may_have(Fields::DIRECTIVES) {
            return (decision, None);
        }
        let wanted = reuse::decide_for(&RequestDirectives::parse(asked.headers), freshness, now);
        match self.settings.rules.switches.request_directives {
            true => (wanted, None),
            false => (decision, (wanted != decision).then_some("request-directives-ignored")),
        }
    }

    /// A part that is too old, or is not the right one.
    fn go_for_the_rest(
        &self,
        request: &Request<Body>,
        key: KeyBuf,
        decision: Decision,
        stored: &Arc<StoredResponse>,
    ) -> Plan {
        if let Decision::Validate(reason) | Decision::Forward(reason) = decision {
            return self.go(request, key, reason, None);
        }
        let asked = Asked::of(request);
        if *asked.method == Method::HEAD || self.wants_only_what_is_cached(asked.headers) {
            return self.go(request, key, ForwardReason::Partial, None);
        }
        let target = self.target_at(key.clone());
        match Completion::of(target, stored, asked) {
            Some(completion) => Plan::Complete(Box::new(completion)),
            None => self.go(request, key, ForwardReason::Partial, None),
        }
    }

    fn go(
        &self,
        request: &Request<Body>,
        key: KeyBuf,
        reason: ForwardReason,
        stale: Option<Arc<StoredResponse>>,
    ) -> Plan {
        if self.settings.is_behind_middleware(request.uri().path()) {
            return Plan::Pass(bypass(Bypass::Middleware));
        }
        if self.wants_only_what_is_cached(request.headers()) {
            return Plan::Answer(respond::not_cached(reason), Outcome::OnlyIfCached);
        }
        let target = self.target_at(key);
        // The answer to HEAD has no body to store, and is no use to a GET that would follow it; a
        // part is none either.
        let is_head = request.method() == Method::HEAD;
        if is_head || request.headers().contains_key(RANGE) {
            let detail = (!is_head).then_some(Bypass::Range.as_str());
            return Plan::Pass(Pass { reason, detail, stale, target: Some(target) });
        }
        Plan::Fetch(Box::new(Fetch { target, reason, stale }))
    }

    pub(super) fn target_at(&self, key: KeyBuf) -> Target {
        Target { epoch: self.epochs.of(&key), since: self.store.sequence(), key }
    }

    /// RFC 9111 section 5.2.1.7, where the request's directives count.
    fn wants_only_what_is_cached(&self, request: &HeaderMap) -> bool {
        self.settings.rules.switches.request_directives
            && RequestDirectives::parse(request).only_if_cached
    }

    /// What never touches the store, by the request alone.
    fn aside(&self, request: &Request<Body>, fields: Fields) -> Option<Plan> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            if let Some(purged) = self.purge(request) {
                return Some(Plan::Answer(purged, Outcome::Purged));
            }
            let reason = ForwardReason::Method;
            // Where its answer may be stored, another may overtake it.
            let is_kept =
                *request.method() == Method::POST && self.settings.rules.switches.store_post;
            let target = if is_kept { self.target(request) } else { None };
            return Some(Plan::Pass(Pass { reason, detail: None, stale: None, target }));
        }
        self.settings.looks_away(request, fields).map(|why| match why {
            Aside::Refused(why) => {
                let response = respond::refused(why, request.method());
                Plan::Answer(response, Outcome::ImageParameters)
            }
            Aside::Own(why) => Plan::Pass(bypass(why)),
        })
    }

    /// The key of a request; `None` for one that no client of Next.js would send.
    pub(super) fn key_of<B>(&self, request: &Request<B>, fields: Fields) -> Option<KeyBuf> {
        let class = self.class(request, fields)?;
        Some(self.searches.key(parts(request, &class), |key| class.write(key)))
    }

    fn class<'a, B>(&self, request: &'a Request<B>, fields: Fields) -> Option<Class<'a>> {
        match fields.may_have(Fields::ROUTER) {
            true => self.settings.class(request.headers()).ok(),
            false => Some(Class::DOCUMENT),
        }
    }
}

fn may_answer(decision: Decision, stored: &StoredResponse, asked: Asked<'_>) -> bool {
    matches!(decision, Decision::Serve | Decision::ServeStale) && parts::has_all(stored, asked)
}

impl Settings {
    /// Why a GET or HEAD never touches the store, by what it says itself.
    pub(super) fn looks_away(&self, request: &Request<Body>, fields: Fields) -> Option<Aside> {
        if fields.may_have(Fields::OF_CONNECTION | Fields::CONDITIONS)
            && let Some(odd) = request.headers().keys().find_map(unusual)
        {
            return Some(Aside::Own(odd));
        }
        let has_body = || (!request.body().is_end_stream()).then_some(Bypass::RequestBody);
        self.aside(request, fields).or_else(|| has_body().map(Aside::Own))
    }
}

/// Fields that ask for something else than what may be stored.
fn unusual(name: &HeaderName) -> Option<Bypass> {
    if *name == UPGRADE {
        return Some(Bypass::Upgrade);
    }
    // RFC 9111 section 4.3.2: these are for the origin to judge.
    (*name == IF_MATCH || *name == IF_UNMODIFIED_SINCE).then_some(Bypass::Precondition)
}

fn bypass(why: Bypass) -> Pass {
    let (reason, detail) = (ForwardReason::Bypass, Some(why.as_str()));
    Pass { reason, detail, stale: None, target: None }
}

/// The parts of a request's key, for an answer of this class.
pub(super) fn parts<'a, B>(request: &'a Request<B>, class: &Class<'_>) -> KeyParts<'a> {
    let uri = request.uri();
    let (https, host) = client::scheme_and_host(request);
    KeyParts { https, host, path: uri.path(), query: uri.query(), is_rsc: !class.is_document() }
}

/// Answers a request with what is stored for it.
pub(super) fn answer(
    stored: &StoredResponse,
    asked: Asked<'_>,
    detail: Option<&'static str>,
    now: Timestamp,
) -> Response<Body> {
    respond::stored(stored, asked, Status { hit: true, detail, ..Status::default() }, now)
}
