//! A stored response, and the variants that one key has.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::header::{AGE, CACHE_CONTROL, CACHE_STATUS};
use http::{HeaderMap, HeaderValue, StatusCode};
use smallvec::SmallVec;

use super::codings::{Codable, Codings};
use super::renewal::Renewal;
use super::tags::{Mark, Tag, Validity};
use crate::policy::date::Timestamp;
use crate::policy::freshness::Freshness;
use crate::policy::partial::Part;

use crate::policy::vary::Selecting;

/// A response's head, prepared for clients once and judged once.
#[derive(Clone, Debug)]
pub struct Head {
    /// The status.
    pub status: StatusCode,
    /// The fields as clients get them; `Age` and `Cache-Status` hold a place that each use fills.
    pub headers: HeaderMap,
    /// What the caches before us said in `Cache-Status`, if there are any.
    pub before_us: Option<HeaderValue>,
    /// The origin's own `Cache-Control` lines, where clients get another.
    pub origin_cache_control: SmallVec<[HeaderValue; 1]>,
    /// How long the response may be used.
    pub freshness: Freshness,
    /// When the origin made it.
    pub generated: Timestamp,
    /// The request fields that it was selected by.
    pub selecting: Selecting,
    /// Before this it is not asked for again in the background.
    pub renew_from: Timestamp,
    /// Which part of the representation the body is; `None` if it is all of it.
    pub part: Option<Part>,
    /// By what it can be invalidated, besides its key.
    pub tags: Arc<[Box<str>]>,
    /// Fields that only the one who asked may have, if any; they are not stored.
    pub withheld: Option<Box<HeaderMap>>,
    /// How it may be coded, if it may.
    pub codable: Option<Codable>,
}

/// A complete response, ready to be sent again.
#[derive(Debug)]
pub struct StoredResponse {
    /// Status, fields, and how they were judged.
    pub head: Head,
    /// The whole body.
    pub body: Bytes,
    /// The same in codings, where it may be coded.
    pub codings: Option<Box<Codings>>,
    /// The state of its background revalidation.
    pub renewal: Renewal,
    /// Whether it has been invalidated.
    pub mark: Arc<Mark>,
    /// How often it was used, those before it in its place included.
    uses: AtomicU32,
    /// Where its mark is entered, once it is stored.
    pub(super) tags: OnceLock<Box<[Arc<Tag>]>>,
}

impl Drop for StoredResponse {
    fn drop(&mut self) {
        self.tags.get().into_iter().flatten().for_each(|tag| tag.leave());
    }
}

impl Head {
    /// The fields as the origin sent them, for everything that is judged by them.
    pub fn origin_headers(&self) -> HeaderMap {
        let mut headers = self.headers.clone();
        headers.remove(AGE);
        headers.remove(CACHE_STATUS);
        if let Some(before_us) = &self.before_us {
            headers.insert(CACHE_STATUS, before_us.clone());
        }
        if !self.origin_cache_control.is_empty() {
            headers.remove(CACHE_CONTROL);
            for line in &self.origin_cache_control {
                headers.append(CACHE_CONTROL, line.clone());
            }
        }
        headers
    }
}

impl StoredResponse {
    /// A response with its body complete.
    pub fn new(head: Head, body: Bytes) -> Arc<Self> {
        let headers = in_little(&head.headers);
        let head = Head { headers, withheld: None, ..head };
        let renewal = Renewal::not_before(head.renew_from);
        let codable = head.codable.filter(|codable| body.len() >= codable.least);
        let codings = codable.map(|codable| Box::new(Codings::new(codable)));
        let (mark, uses, tags) = (Arc::default(), AtomicU32::new(0), OnceLock::new());
        Arc::new(Self { head, body, codings, renewal, mark, uses, tags })
    }

    /// Notes a use. Two at the same moment may count as one: each hit pays for this, and what is told
    /// by it is which pages are asked for more than others.
    pub fn note_use(&self) {
        self.uses.store(self.uses().saturating_add(1), Relaxed);
    }

    /// How often it was used, and those before it in its place; what was used before an invalidation
    /// counts half.
    pub fn uses(&self) -> u32 {
        self.uses.load(Relaxed)
    }

    /// Takes the place of another.
    pub fn succeed(&self, old: &Self, now: Timestamp) {
        let is_of_another_time = old.mark.validity(now) == Validity::Obsolete;
        self.uses.store(if is_of_another_time { old.uses() / 2 } else { old.uses() }, Relaxed);
    }

    /// Bytes of memory that it takes, the allocator's rounding left aside.
    pub fn weight(&self) -> u64 {
        let weight = self.body.len()
            + fields(&self.head.headers)
            + self.head.before_us.as_ref().map_or(0, HeaderValue::len)
            + self.head.origin_cache_control.iter().map(HeaderValue::len).sum::<usize>()
            + self.head.selecting.weight()
            + self.codings.as_ref().map_or(0, |codings| codings.weight())
            + self.head.tags.iter().map(|tag| tag.len() + TAG).sum::<usize>()
            + size_of::<Self>();
        weight as u64
    }
}

/// The same fields in no more memory than they need: a map has room for more, and a copy of it has not.
pub fn in_little(headers: &HeaderMap) -> HeaderMap {
    headers.clone()
}

/// Bytes of memory that fields take.
pub(super) fn fields(headers: &HeaderMap) -> usize {
    let text: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    // What is `in_little` has a bucket for each field; a map's indices have room for a third more than
    // it says.
    text + headers.len() * HEADER_BUCKET + headers.capacity() * HEADER_INDEX * 4 / 3
}

/// A tag's name and place here, its place in the list of the tag, and of the mark a share.
const TAG: usize = 48;

const HEADER_BUCKET: usize = 104;
const HEADER_INDEX: usize = 4;

/// All that is stored under one key.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// The youngest first.
    variants: SmallVec<[Arc<StoredResponse>; 1]>,
}

impl Entry {
    /// The variant that answers this request (RFC 9111 section 4.1): the youngest that matches.
    pub fn select(&self, request: &HeaderMap) -> Option<&Arc<StoredResponse>> {
        self.variants.iter().find(|stored| stored.head.selecting.matches(request))
    }

    /// This entry with `new` in it: in the place of the variant that answers the same request, and
    /// with the oldest variants gone where there are more than `max`. RFC 9111 section 4: of two that
    /// answer it, the one that was made later counts; a slow fetch may bring the other.
    #[must_use]
    pub fn with(&self, new: Arc<StoredResponse>, request: &HeaderMap, max: usize) -> Self {
        if self.select(request).is_some_and(|old| old.head.generated > new.head.generated) {
            return self.clone();
        }
        let mut variants = SmallVec::with_capacity(1);
        variants.push(new);
        let others = self.variants.iter().filter(|stored| !stored.head.selecting.matches(request));
        variants.extend(others.take(max.saturating_sub(1)).cloned());
        Self { variants }
    }

    /// This entry without `old`; `None` when nothing is left.
    pub fn without(&self, old: &Arc<StoredResponse>) -> Option<Self> {
        let mut variants = self.variants.clone();
        variants.retain(|stored| !Arc::ptr_eq(stored, old));
        if variants.is_empty() { None } else { Some(Self { variants }) }
    }

    /// Whether this very response is one of the variants.
    pub fn has(&self, stored: &Arc<StoredResponse>) -> bool {
        self.variants.iter().any(|variant| Arc::ptr_eq(variant, stored))
    }

    /// All of them, the youngest first.
    pub fn variants(&self) -> impl Iterator<Item = &Arc<StoredResponse>> {
        self.variants.iter()
    }

    /// How many variants there are.
    pub fn len(&self) -> usize {
        self.variants.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.variants.is_empty()
    }

    /// Bytes of memory of all variants.
    pub fn weight(&self) -> u64 {
        self.variants.iter().map(|stored| stored.weight()).sum::<u64>() + size_of::<Self>() as u64
    }
}
