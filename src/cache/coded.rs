//! Responses in content codings: which one a client gets, and who makes it.
//!
//! ```text
//! on its way   ─▶ coded as it comes; once for all who read it, and kept with what is stored
//! stored       ─▶ in what is ready (`store::codings`), and what is wanted is made behind
//! a new one    ─▶ with the codings of the one before, if the bodies are the same
//! ```
//!
//! So the origin is asked for identity, and never does the same work twice.

use std::sync::{Arc, OnceLock, Weak};

use bytes::Bytes;
use http::header::ACCEPT_ENCODING;
use http::{HeaderMap, HeaderValue, Request, Response};
use tracing::{Instrument, debug};

use super::fill::{Fill, pour};
use super::growing::{Growing, Limits, Reader, Written};
use super::{Inner, Shared};
use crate::body::Body;
use crate::coding::encoder;
use crate::coding::pool::Pool;
use crate::coding::stream::{self, Encoders};
use crate::error::ProxyError;
use crate::policy::coding::{self, Accepted, Coding};
use crate::policy::key::KeyBuf;
use crate::store::{Coded, Making, MemoryStore, Section, StoredResponse};

/// Who makes codings.
#[derive(Debug)]
pub(super) struct Coder {
    quick: Pool,
    best: Pool,
    encoders: Encoders,
}

/// Responses that wait for a coding; further ones are served without it a little longer.
const MAX_QUICK: usize = 1024;
const MAX_BEST: usize = 64;

/// How much smaller texts become.
const USUAL_RATIO: usize = 3;

/// Behind whoever answers a request; and what is merely better, behind everybody.
const QUICK_NICENESS: i32 = 10;
const BEST_NICENESS: i32 = 19;

/// The best takes a second for half of this.
const MOST_AT_BEST: usize = 1 << 20;

impl Default for Coder {
    fn default() -> Self {
        Self {
            quick: Pool::new("selvedge code", MAX_QUICK, QUICK_NICENESS),
            best: Pool::new("selvedge best", MAX_BEST, BEST_NICENESS),
            encoders: Encoders::default(),
        }
    }
}

impl<S: Inner> Shared<S> {
    /// Asks the origin for the response in identity, from which all else is made here.
    pub(super) fn ask_for_identity(
        &self,
        mut request: Request<Body>,
    ) -> impl Future<Output = Result<Response<Body>, ProxyError>> + Send {
        if self.settings.compression.enabled {
            // Whoever says nothing of codings gets none.
            if let Some(codings) = request.headers_mut().get_mut(ACCEPT_ENCODING) {
                *codings = HeaderValue::from_static("identity");
            }
        }
        self.ask(request)
    }

    /// Sees to it that the codings are made which clients of a stored response would have taken.
    pub(super) fn see_to_codings(&self, key: &[u8], stored: &Arc<StoredResponse>) {
        let Some(codings) = stored.codings.as_deref().filter(|codings| codings.is_any_wanted())
        else {
            return;
        };
        for making in codings.begin() {
            let pool = match making {
                Making::BrBest => &self.coder.best,
                Making::Br | Making::Zstd | Making::Gzip => &self.coder.quick,
            };
            // What is no longer stored when its turn comes need not be made.
            let (stored, key, store) =
                (Arc::downgrade(stored), KeyBuf::from(key), self.store.clone());
            let work = move || {
                if let Some(stored) = stored.upgrade() {
                    make(making, &stored);
                    store.reweigh(&key, &stored);
                }
            };
            if !pool.try_do(work) {
                codings.give_up(making);
            }
        }
    }

    /// Says what a response that is about to be stored is to be coded in. What was made of the one
    /// before serves this one too, if the bodies are the same (after a 304, and often when a page was
    /// rendered anew), and otherwise is made anew. And brotli, which all browsers take, is made in any
    /// case: the next visitor's may not be the coding of the first.
    pub(super) fn prepare_codings(
        &self,
        before: Option<&Arc<StoredResponse>>,
        stored: &StoredResponse,
    ) {
        let Some(codings) = &stored.codings else { return };
        let is_same = before.is_some_and(|before| before.body == stored.body);
        let old = before.and_then(|before| before.codings.as_ref());
        for (making, coded) in old.into_iter().flat_map(|old| old.ready()) {
            if is_same {
                codings.set(making, Some(in_coding(making.coding(), stored, coded.body.clone())));
            } else {
                codings.want(Making::quick(making.coding()));
            }
        }
        codings.want(Making::Br);
    }

    /// The fields and the body of a response that is being stored, in a coding that the client takes;
    /// `None` where its beginning is gone.
    pub(super) fn reader(
        &self,
        fill: &Arc<Fill>,
        request: &HeaderMap,
    ) -> Option<(HeaderMap, Body)> {
        let coding =
            fill.head.until_stored.codable.and_then(|_| Accepted::of(request).for_a_stream());
        let coded = coding.and_then(|coding| Some((coding, self.coded_reader(fill, coding)?)));
        Some(match coded {
            Some((coding, reader)) => {
                (coding::coded(&fill.head.headers, coding, None), Body::stream(reader))
            }
            None => (fill.head.headers.clone(), Body::stream(fill.reader()?)),
        })
    }

    fn coded_reader(&self, fill: &Arc<Fill>, coding: Coding) -> Option<Reader> {
        let body = fill.coming.body(coding)?.get_or_init(|| self.begin_coding(fill, coding));
        body.as_ref()?.reader()
    }

    /// Codes a body as it comes, in a task of its own; what comes of it is kept if the response is.
    fn begin_coding(&self, fill: &Arc<Fill>, coding: Coding) -> Option<Arc<Growing>> {
        let means = self.coder.encoders.take(coding)?;
        let body = Body::stream(stream::Coded::new(Body::stream(fill.reader()?), means));
        // Past this the identity is too large to be kept too, and ends when nobody reads any more.
        let max = self.filling.max / USUAL_RATIO;
        let coded = Growing::new(Limits { max, ..self.filling.clone() });
        let (writer, fill, store) = (coded.writer(), fill.clone(), self.store.clone());
        let task = async move {
            match pour(body, &writer).await {
                Ok((written, trailers)) => {
                    writer.complete(trailers);
                    if let Written::Whole(body) = written {
                        fill.coming.keep(coding, body, &store);
                    }
                }
                Err(error) => writer.broken(error),
            }
        };
        tokio::spawn(task.in_current_span());
        Some(coded)
    }

    /// An answer that is for one client alone, coded on its way.
    pub(super) fn coded_on_its_way(
        &self,
        response: Response<Body>,
        request: &HeaderMap,
    ) -> Response<Body> {
        if self.settings.codable(response.status(), response.headers()).is_none() {
            return response;
        }
        let (mut parts, body) = response.into_parts();
        coding::vary_by_coding(&mut parts.headers);
        let coding = Accepted::of(request).for_a_stream();
        let means = coding.and_then(|coding| Some((coding, self.coder.encoders.take(coding)?)));
        let Some((coding, means)) = means else { return Response::from_parts(parts, body) };
        parts.headers = coding::coded(&parts.headers, coding, None);
        Response::from_parts(parts, Body::stream(stream::Coded::new(body, means)))
    }
}

/// A response on its way into the store, in the codings that its readers take.
#[derive(Debug, Default)]
pub(super) struct Coming {
    /// By [`Coding`]; `None` within where it is not coded.
    bodies: [OnceLock<Option<Arc<Growing>>>; 3],
    /// What became of it.
    stored: OnceLock<(KeyBuf, Weak<StoredResponse>)>,
}

impl Coming {
    /// Notes under which key it is stored now, before its readers learn that it has ended.
    pub(super) fn note(&self, key: KeyBuf, stored: &Arc<StoredResponse>) {
        // There is but one end.
        let _ = self.stored.set((key, Arc::downgrade(stored)));
    }

    fn body(&self, coding: Coding) -> Option<&OnceLock<Option<Arc<Growing>>>> {
        self.bodies.get(coding as usize)
    }

    fn keep(&self, coding: Coding, body: Bytes, store: &MemoryStore) {
        let Some((key, stored)) = self.stored.get() else { return };
        if let Some(stored) = stored.upgrade() {
            keep(Making::quick(coding), body, &stored);
            store.reweigh(key, &stored);
        }
    }
}

fn make(making: Making, stored: &StoredResponse) {
    let best = making == Making::BrBest;
    if best && stored.body.len() > MOST_AT_BEST {
        return;
    }
    match encoder::code(&stored.body, making.coding(), best) {
        // No more memory than it needs.
        Ok(body) => keep(making, body.into_boxed_slice().into(), stored),
        Err(error) => debug!(%error, ?making, "a response could not be coded"),
    }
}

fn keep(making: Making, body: Bytes, stored: &StoredResponse) {
    if let Some(codings) = &stored.codings {
        let is_smaller = body.len() < stored.body.len();
        codings.set(making, is_smaller.then(|| in_coding(making.coding(), stored, body)));
    }
}

fn in_coding(coding: Coding, stored: &StoredResponse, body: Bytes) -> Coded {
    let headers = coding::coded(&stored.head.headers.to_headers(), coding, Some(body.len()));
    Coded { headers: Section::of(&headers, &[]), body }
}
