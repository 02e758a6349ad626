//! A look from outside at what is stored for a request (`admin`), and at what would be (`verbs`). No
//! request goes this way, and nothing is changed.

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, ETAG, EXPIRES, LAST_MODIFIED, SET_COOKIE, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::lookup;
use super::prepare::{self, Answer};
use super::reason::{Bypass, Unstored};
use super::settings::Aside;
use super::{Inner, Settings, Shared};
use crate::body::Body;
use crate::fields::Fields;
use crate::next::verdict::NEXT_CACHE;
use crate::policy::date::Timestamp;
use crate::policy::key::{self, KeyBuf};
use crate::policy::reuse::ForwardReason;
use crate::policy::vary::reduce_accept_encoding;
use crate::store::{Codings, Head, Making, StoredResponse, Validity};

/// A stored response, or one that would be, as whoever asks is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The key: its URI, and the class behind it.
    pub key: String,
    /// The status.
    pub status: u16,
    /// What the origin said about caching, a line each.
    pub origin: Vec<(String, String)>,
    /// Of the body, as it came.
    pub bytes: usize,
    /// In which codings the body is there.
    #[serde(default)]
    pub codings: Vec<Held>,
    /// Seconds since the origin made it.
    pub age: u64,
    /// Seconds for which it is fresh still; negative once it is stale.
    pub ttl: i64,
    /// For how many seconds from when it was made it is fresh.
    pub lifetime: u64,
    /// For how many seconds after that it is served while it is renewed.
    pub stale_while_revalidate: u64,
    /// For how many seconds after its lifetime it is served if the origin fails.
    pub stale_if_error: u64,
    /// Whether each use is asked about first (`no-cache`).
    pub validates_always: bool,
    /// Whether it has been invalidated.
    pub validity: Standing,
    /// By what it can be invalidated.
    pub tags: Vec<String>,
    /// The request fields that it was selected by.
    pub selected_by: Vec<(String, String)>,
    /// How many variants are stored for the key.
    pub variants: usize,
}

/// A stored body in a coding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// `identity`, `br`, `gzip`, `zstd`; or as the origin has sent it.
    pub coding: String,
    /// Of the body in this coding.
    pub bytes: usize,
    /// Whether it is as small as it gets, of what is coded here.
    pub is_best: bool,
}

/// What an invalidation has left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// None concerned it.
    Valid,
    /// It is served once more while it is renewed.
    Stale,
    /// It is good for nothing.
    Obsolete,
}

/// What a cache makes of an exchange with the origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appraisal {
    /// The edge refuses an image that the optimizer would refuse.
    Refused,
    /// The request is not looked up.
    Passed(ForwardReason, Option<Bypass>),
    /// The answer is not stored.
    Unstored(Unstored),
    /// It is.
    Kept(Box<Seen>),
}

/// What a cache that goes by `settings` would make of the answer to a request that nothing is stored
/// for. `request` and `answer` came at those times.
pub fn appraise(
    settings: &Settings,
    request: &Request<()>,
    answer: &Response<Bytes>,
    request_time: Timestamp,
    response_time: Timestamp,
) -> Appraisal {
    let mut asked = Request::from_parts(prepare::head_of(request), Body::Empty);
    if *asked.method() != Method::GET {
        return Appraisal::Passed(ForwardReason::Method, None);
    }
    match settings.looks_away(&asked, Fields::of(asked.headers())) {
        Some(Aside::Own(why)) => return Appraisal::Passed(ForwardReason::Bypass, Some(why)),
        Some(Aside::Refused(_)) => return Appraisal::Refused,
        None => {}
    }
    reduce_accept_encoding(asked.headers_mut());
    let Ok(class) = settings.class(asked.headers()) else {
        return Appraisal::Passed(ForwardReason::Bypass, Some(Bypass::OddRouterHeader));
    };
    if settings.is_behind_middleware(asked.uri().path()) {
        return Appraisal::Passed(ForwardReason::Bypass, Some(Bypass::Middleware));
    }
    let key = key::write(lookup::parts(&asked, &class), |key| class.write(key));
    let parts = prepare::head_of(&asked);
    let mut response = Response::new(());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    let response = response.into_parts().0;
    let judged = Answer { request: &parts, request_time, response: &response, response_time };
    let head = prepare::whole_head(&judged, settings).and_then(|head| {
        prepare::check_body(&parts, head.status, answer.body(), settings)?;
        Ok(head)
    });
    match head {
        Err(why) => Appraisal::Unstored(why),
        Ok(head) => {
            let seen = Seen::of(&key, &head, answer.body().len(), &parts.headers, response_time);
            Appraisal::Kept(Box::new(seen))
        }
    }
}

/// Where a cache can be looked into once it is there: the last that was made, as a new configuration
/// makes another. Clones are the same.
#[derive(Clone, Default)]
pub struct Window(Arc<Mutex<Option<Arc<dyn Look>>>>);

impl std::fmt::Debug for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Window")
    }
}

impl Window {
    /// What is stored for a request; `None` if nothing is, or nothing can be.
    pub fn look(&self, request: Request<()>) -> Option<Seen> {
        let cache = self.0.lock().clone()?;
        cache.look(request)
    }

    pub(super) fn open<S: Inner>(&self, shared: &Arc<Shared<S>>) {
        *self.0.lock() = Some(Arc::new(Arc::downgrade(shared)));
    }
}

trait Look: Send + Sync {
    fn look(&self, request: Request<()>) -> Option<Seen>;
}

impl<S: Inner> Look for Weak<Shared<S>> {
    fn look(&self, mut request: Request<()>) -> Option<Seen> {
        let shared = self.upgrade()?;
        reduce_accept_encoding(request.headers_mut());
        let key = shared.key_of(&request, Fields::of(request.headers()))?;
        let entry = shared.store.get(&key)?;
        let stored = entry.select(request.headers())?;
        let now = shared.clock.now();
        let bytes = stored.body.len();
        Some(Seen {
            validity: match stored.mark.validity(now) {
                Validity::Valid => Standing::Valid,
                Validity::Stale | Validity::StaleUntil(_) => Standing::Stale,
                Validity::Obsolete => Standing::Obsolete,
            },
            variants: entry.len(),
            codings: Held::all_of(stored),
            ..Seen::of(&key, &stored.head.to_prepared(), bytes, request.headers(), now)
        })
    }
}

impl Held {
    fn as_it_came(coding: Option<&HeaderValue>, bytes: usize) -> Self {
        let coding = coding.map(HeaderValue::as_bytes);
        let coding = String::from_utf8_lossy(coding.unwrap_or(b"identity")).into_owned();
        Self { coding, bytes, is_best: false }
    }

    /// A stored body as it came, and what was made of it and is ready.
    pub fn all_of(stored: &StoredResponse) -> Vec<Self> {
        let ready = stored.codings.as_deref().into_iter().flat_map(Codings::ready);
        let made = ready.map(|(making, coded)| Self {
            coding: making.coding().token().to_owned(),
            bytes: coded.body.len(),
            is_best: making == Making::BrBest,
        });
        let coding = stored.head.headers.get(&CONTENT_ENCODING);
        std::iter::once(Self::as_it_came(coding.as_ref(), stored.body.len())).chain(made).collect()
    }
}

impl Seen {
    fn of(key: &KeyBuf, head: &Head, bytes: usize, request: &HeaderMap, now: Timestamp) -> Self {
        let freshness = &head.freshness;
        let seconds = |duration: Duration| duration.as_secs();
        let selected_by = head.selecting.names().map(|name| {
            let lines = request.get_all(name).iter();
            let value: Vec<_> =
                lines.map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
            (name.to_string(), value.join(", "))
        });
        Self {
            key: key::shown(key).replace(char::is_control, ""),
            status: head.status.as_u16(),
            origin: told(&head.origin_headers()),
            bytes,
            codings: vec![Held::as_it_came(head.headers.get(CONTENT_ENCODING), bytes)],
            age: seconds(freshness.age(now)),
            ttl: freshness.ttl(now),
            lifetime: seconds(freshness.lifetime.duration()),
            stale_while_revalidate: seconds(freshness.stale_while_revalidate.duration()),
            stale_if_error: seconds(freshness.stale_if_error.duration()),
            validates_always: freshness.validates_always,
            validity: Standing::Valid,
            tags: head.tags.iter().map(|tag| tag.to_string()).collect(),
            selected_by: selected_by.collect(),
            variants: 1,
        }
    }
}

/// The lines of an answer that say whether, for how long and for whom it may be kept; of cookies the
/// names alone.
pub fn told(headers: &HeaderMap) -> Vec<(String, String)> {
    let counts = |name: &http::HeaderName| {
        [CACHE_CONTROL, EXPIRES, VARY, SET_COOKIE, ETAG, LAST_MODIFIED, NEXT_CACHE].contains(name)
            || matches!(
                name.as_str(),
                "cdn-cache-control" | "surrogate-control" | "no-vary-search" | "x-nextjs-prerender"
            )
    };
    let lines = headers.iter().filter(|(name, _)| counts(name));
    lines
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            let value = match *name == SET_COOKIE {
                true => format!("{}=…", value.split('=').next().unwrap_or_default()),
                false => value.into_owned(),
            };
            (name.to_string(), value)
        })
        .collect()
}
