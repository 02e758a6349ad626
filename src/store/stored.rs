//! A stored response, and the variants that one key has.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::header::{AGE, CACHE_CONTROL, CACHE_STATUS};
use http::{HeaderMap, HeaderValue, StatusCode};
use smallvec::SmallVec;

use super::codings::{Codable, Codings};
use super::rare::Rare;
use super::renewal::Renewal;
use super::section::Section;
use super::tags::{Mark, Tag, Validity};
use super::weight::taken;
use crate::policy::date::Timestamp;
use crate::policy::freshness::Freshness;
use crate::policy::no_vary_search::Variance;
use crate::policy::vary::Selecting;

/// A response's head, prepared for clients once and judged once. Its fields are a map, or a
/// [`Section`] once it is [stored](StoredHead).
#[derive(Clone, Debug)]
pub struct Head<H = HeaderMap, U = UntilStored> {
    /// The status.
    pub status: StatusCode,
    /// The fields as clients get them; `Age` and `Cache-Status` hold a place that each use fills.
    pub headers: H,
    /// How long the response may be used.
    pub freshness: Freshness,
    /// When the origin made it; what of two responses is the later one.
    pub generated: Timestamp,
    /// The request fields that it was selected by.
    pub selecting: Selecting,
    /// By what it can be invalidated, besides its key.
    pub tags: Arc<[Arc<str>]>,
    /// How it depends on the query; `None` if every difference counts.
    pub variance: Option<Arc<Variance>>,
    /// What few others have.
    pub rare: Rare,
    /// What counts until it is stored.
    pub until_stored: U,
}

/// The head of what is stored.
pub type StoredHead = Head<Section, ()>;

/// What counts until a response is stored, and takes no room after.
#[derive(Clone, Debug, Default)]
pub struct UntilStored {
    /// The origin's own `Cache-Control` lines, where clients get another; stored with the fields.
    pub origin_cache_control: Vec<HeaderValue>,
    /// Fields that only the one who asked may have, if any; they are not stored.
    pub withheld: Option<Box<HeaderMap>>,
    /// Before this it is not asked for again in the background.
    pub renew_from: Timestamp,
    /// How it may be coded, if it may.
    pub codable: Option<Codable>,
}

/// A complete response, ready to be sent again.
#[derive(Debug)]
pub struct StoredResponse {
    /// Status, fields, and how they were judged.
    pub head: StoredHead,
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
    /// Is no older than a response that was stored when this one was asked for, whatever the clocks of
    /// two servers say: else that would keep its place for as long as they differ.
    pub fn succeed(&mut self, stale: &StoredHead) {
        self.generated = self.generated.max(stale.generated);
    }

    /// The fields as the origin sent them, for everything that is judged by them.
    pub fn origin_headers(&self) -> HeaderMap {
        let mut headers = self.headers.clone();
        headers.remove(AGE);
        headers.remove(CACHE_STATUS);
        if let Some(before_us) = self.rare.before_us() {
            headers.insert(CACHE_STATUS, before_us.clone());
        }
        let lines = &self.until_stored.origin_cache_control;
        if !lines.is_empty() {
            headers.remove(CACHE_CONTROL);
            for line in lines {
                headers.append(CACHE_CONTROL, line.clone());
            }
        }
        headers
    }
}

impl<H, U> Head<H, U> {
    /// The same head with its fields in another form, and what counts until then.
    fn with<F, V>(self, form: impl FnOnce(H) -> F, until_stored: V) -> Head<F, V> {
        let Self { status, headers, freshness, generated, selecting, .. } = self;
        let Self { tags, variance, rare, .. } = self;
        let headers = form(headers);
        Head {
            status,
            headers,
            freshness,
            generated,
            selecting,
            tags,
            variance,
            rare,
            until_stored,
        }
    }
}

impl StoredHead {
    /// The same head before it was stored, for what is judged or made of it.
    pub fn to_prepared(&self) -> Head {
        let origin_cache_control = self.headers.origin_cache_control().to_vec();
        let until_stored = UntilStored { origin_cache_control, ..UntilStored::default() };
        self.clone().with(|section| section.to_headers(), until_stored)
    }
}

impl StoredResponse {
    /// A response with its body complete.
    pub fn new(mut head: Head, body: Bytes) -> Arc<Self> {
        let renewal = Renewal::not_before(head.until_stored.renew_from);
        let codable = head.until_stored.codable.take();
        let head = in_little(head);
        let codable = codable.filter(|codable| body.len() >= codable.least as usize);
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

    /// Bytes of memory that it takes.
    pub fn weight(&self) -> u64 {
        let head = &self.head;
        let weight = size_of::<Self>()
            + taken(self.body.len())
            + head.headers.weight()
            + head.selecting.weight()
            + head.variance.as_ref().map_or(0, Variance::share)
            + head.rare.weight()
            + self.codings.as_ref().map_or(0, |codings| codings.weight())
            + OWN_TAG
            + head.tags.iter().map(|tag| tag.len() + TAG).sum::<usize>();
        weight as u64
    }
}

/// The same head in little memory, and none of what it was read from.
fn in_little(head: Head) -> StoredHead {
    let headers = Section::of(&head.headers, &head.until_stored.origin_cache_control);
    let head = Head { rare: head.rare.in_little(), ..head };
    head.with(|_| headers, ())
}

/// The mark, and the tag of the page: its place among all tags.
const OWN_TAG: usize = 160;

/// A tag's name and place here, its place in the list of the tag, and of the mark a share.
const TAG: usize = 48;

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
    /// answer it, the one that was made later counts; a slow fetch may bring the other. What has been
    /// invalidated gives way to any: what was asked for before that does not come this far.
    #[must_use]
    pub fn with(&self, new: Arc<StoredResponse>, request: &HeaderMap, max: usize) -> Self {
        let is_later = |old: &Arc<StoredResponse>| {
            old.head.generated > new.head.generated && !old.mark.is_lowered()
        };
        if self.select(request).is_some_and(is_later) {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// With the counts of its users (16 bytes) it fits the allocator's class of 256; the next is 320.
    #[test]
    fn a_stored_response_fits_its_place_in_memory() {
        assert!(size_of::<StoredResponse>() <= 256 - 16, "{}", size_of::<StoredResponse>());
    }
}
