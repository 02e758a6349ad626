//! From a request to a plan: answer now, pass it through, or fetch.

use std::sync::Arc;

use http::header::{ACCEPT_ENCODING, IF_MATCH, IF_UNMODIFIED_SINCE, RANGE, UPGRADE};
use http::{HeaderMap, Method, Request, Response};
use http_body::Body as _;

use super::epochs::Epoch;
use super::respond::{self, Asked};
use super::{Edge, Inner};
use crate::body::Body;
use crate::client;
use crate::next::class::Class;
use crate::next::draft;
use crate::policy::date::Timestamp;
use crate::policy::key::{self, KeyBuf, KeyParts};
use crate::policy::reuse::{self, Decision, ForwardReason};
use crate::policy::status::Status;
use crate::policy::vary::normalise_accept_encoding;
use crate::store::{RenewalGuard, StoredResponse};

/// What is to be done with a request.
pub(super) enum Plan {
    /// It is answered already.
    Answer(Response<Body>),
    /// It goes to the origin as it is, and its answer to the client.
    Pass(Pass),
    /// Its key is to be fetched.
    Fetch(Box<Fetch>),
}

/// Why a request is passed through.
#[derive(Debug)]
pub(super) struct Pass {
    pub(super) reason: ForwardReason,
    /// More about the reason, for `Cache-Status`.
    pub(super) detail: Option<&'static str>,
    /// The stored response that is too old to be served, unless the origin fails.
    pub(super) stale: Option<Arc<StoredResponse>>,
}

/// What is to be fetched, and why.
pub(super) struct Fetch {
    pub(super) key: KeyBuf,
    /// The key's epoch before the origin was asked.
    pub(super) epoch: Epoch,
    pub(super) reason: ForwardReason,
    /// The stored response that is too old to be served, which may be validated.
    pub(super) stale: Option<Arc<StoredResponse>>,
}

impl<S: Inner> Edge<S> {
    /// Looks a request up. Its `Accept-Encoding` is reduced to what matters on the way.
    pub(super) fn lookup(self: &Arc<Self>, request: &mut Request<Body>) -> Plan {
        if let Some(pass) = uncacheable(request) {
            return Plan::Pass(pass);
        }
        normalise(request.headers_mut());
        let Some(key) = key_of(request) else {
            return Plan::Pass(bypass("odd-router-header"));
        };
        let now = self.clock.now();
        let entry = self.store.get(&key);
        let Some(stored) = entry.as_ref().and_then(|entry| entry.select(request.headers())) else {
            let reason = match entry {
                Some(_) => ForwardReason::VaryMiss,
                None => ForwardReason::UriMiss,
            };
            return self.go(request, key, reason, None);
        };
        match reuse::decide(&stored.head.freshness, now) {
            Decision::Serve => Plan::Answer(answer(stored, request, now)),
            Decision::ServeStale => {
                let response = answer(stored, request, now);
                if let Some(guard) = RenewalGuard::take(stored, now) {
                    self.renew(guard, key, request);
                }
                Plan::Answer(response)
            }
            Decision::Validate => {
                let stale = Some(stored.clone());
                self.go(request, key, ForwardReason::Stale, stale)
            }
            Decision::Forward(reason) => self.go(request, key, reason, None),
        }
    }

    fn go(
        &self,
        request: &Request<Body>,
        key: KeyBuf,
        reason: ForwardReason,
        stale: Option<Arc<StoredResponse>>,
    ) -> Plan {
        // The answer to HEAD has no body to store, and is no use to a GET that would follow it.
        if request.method() == Method::HEAD {
            return Plan::Pass(Pass { reason, detail: None, stale });
        }
        let epoch = self.epochs.of(&key);
        Plan::Fetch(Box::new(Fetch { key, epoch, reason, stale }))
    }
}

/// What never touches the store, by the request alone.
fn uncacheable(request: &Request<Body>) -> Option<Pass> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Some(Pass { reason: ForwardReason::Method, detail: None, stale: None });
    }
    let headers = request.headers();
    if headers.contains_key(UPGRADE) {
        return Some(bypass("upgrade"));
    }
    if headers.contains_key(RANGE) {
        // The origin answers parts of files itself; what is stored is whole.
        return Some(bypass("range"));
    }
    if headers.contains_key(IF_MATCH) || headers.contains_key(IF_UNMODIFIED_SINCE) {
        // RFC 9111 section 4.3.2: these are for the origin to judge.
        return Some(bypass("precondition"));
    }
    if draft::is_draft(headers) {
        return Some(bypass("draft"));
    }
    if !request.body().is_end_stream() {
        return Some(bypass("request-body"));
    }
    None
}

fn bypass(detail: &'static str) -> Pass {
    Pass { reason: ForwardReason::Bypass, detail: Some(detail), stale: None }
}

/// Every browser writes `Accept-Encoding` in its own way, and all mean one of a few sets.
fn normalise(headers: &mut HeaderMap) {
    match normalise_accept_encoding(headers) {
        Some(value) => {
            if headers.get(ACCEPT_ENCODING) != Some(&value) {
                headers.insert(ACCEPT_ENCODING, value);
            }
        }
        None => {
            headers.remove(ACCEPT_ENCODING);
        }
    }
}

/// The key of a request; `None` for one that no client of Next.js would send.
fn key_of(request: &Request<Body>) -> Option<KeyBuf> {
    let class = Class::of(request.headers()).ok()?;
    Some(key::write(parts(request, &class), |key| class.write(key)))
}

/// The parts of a request's key, for an answer of this class.
pub(super) fn parts<'a>(request: &'a Request<Body>, class: &Class<'_>) -> KeyParts<'a> {
    let uri = request.uri();
    KeyParts {
        https: client::is_https(request),
        host: client::host(request),
        path: uri.path(),
        query: uri.query(),
        is_rsc: !class.is_document(),
    }
}

/// Answers a request with what is stored for it.
pub(super) fn answer(
    stored: &StoredResponse,
    request: &Request<Body>,
    now: Timestamp,
) -> Response<Body> {
    let asked = Asked { method: request.method(), headers: request.headers() };
    respond::stored(stored, asked, Status { hit: true, ..Status::default() }, now)
}
