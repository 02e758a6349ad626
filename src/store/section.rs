//! The header section of a stored response (RFC 9110 section 6.3), in little memory.
//!
//! ```text
//! Section ──▶ Mould     all fields; what many responses have in common stands there once
//!    ├ own ──▶ gaps     the few values that are this response's alone, in their order, in one piece
//!    └ origin ──▶ Lines the origin's own `Cache-Control`, where clients get another; once, too
//! ```
//!
//! The answers of one application have the same fields again and again, and but for a date, an entity
//! tag and a length the same values. A header map takes a hundred bytes for each field and a place in
//! the processor's caches: with a million pages it is that which a hit waits for.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

use bytes::{Bytes, BytesMut};
use http::header::{
    AGE, CACHE_STATUS, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_RANGE, DATE,
    ETAG, EXPIRES, LAST_MODIFIED, LINK, LOCATION, SET_COOKIE,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use smallvec::SmallVec;

use super::constants;
use super::pool::Pool;
use super::weight::taken;

/// See the module.
#[derive(Clone, Debug)]
pub struct Section {
    mould: Arc<Mould>,
    own: Own,
    origin: Option<Arc<Lines>>,
}

/// An application says but a few things of caching. Not in the mould: where each answer says another
/// (`s-maxage` until midnight), there would be as many moulds.
#[derive(Debug)]
struct Lines(Box<[HeaderValue]>);

/// What many sections have in common.
#[derive(Debug)]
struct Mould {
    /// All fields in their order; where there is a gap the value is empty.
    headers: HeaderMap,
    /// A bit for each field whose value is each response's own.
    gaps: u64,
    /// Where each answer says how old it is, and where it comes from.
    age: Option<usize>,
    cache_status: Option<usize>,
    /// Whether others of its kind find it.
    is_known: bool,
}

impl Section {
    /// These fields; and the origin's own `Cache-Control`, where they have another.
    pub fn of(headers: &HeaderMap, origin_cache_control: &[HeaderValue]) -> Self {
        let gaps = gaps(headers);
        let own = headers.values().enumerate().filter(|(at, _)| has_gap(gaps, *at));
        let own = Own::of(own.map(|(_, value)| value));
        Self { mould: Mould::of(headers, gaps), own, origin: Lines::of(origin_cache_control) }
    }

    /// The origin's own `Cache-Control` lines, where the fields have another.
    pub fn origin_cache_control(&self) -> &[HeaderValue] {
        self.origin.as_ref().map_or(&[], |lines| &lines.0)
    }

    /// The same fields, to be judged.
    pub fn to_headers(&self) -> HeaderMap {
        self.cast(|_, _| {})
    }

    /// The same fields, to be sent: with this `Age` and `Cache-Status` in their places.
    pub fn to_answer(&self, age: HeaderValue, cache_status: HeaderValue) -> HeaderMap {
        let (mut age, mut cache_status) = (Some(age), Some(cache_status));
        let mut headers = self.cast(|at, value| {
            if Some(at) == self.mould.age {
                fill(value, &mut age);
            } else if Some(at) == self.mould.cache_status {
                fill(value, &mut cache_status);
            }
        });
        age.into_iter().for_each(|age| drop(headers.insert(AGE, age)));
        cache_status.into_iter().for_each(|status| drop(headers.insert(CACHE_STATUS, status)));
        headers
    }

    /// A copy of the mould with the gaps filled; `fill` sees the other values and their places.
    fn cast(&self, mut fill: impl FnMut(usize, &mut HeaderValue)) -> HeaderMap {
        let mut headers = self.mould.headers.clone();
        let mut own = self.own.values();
        for (at, value) in headers.values_mut().enumerate() {
            match has_gap(self.mould.gaps, at).then(|| own.next()).flatten() {
                Some(own) => *value = own,
                None => fill(at, value),
            }
        }
        headers
    }

    /// The first value of a field.
    pub fn get(&self, name: &HeaderName) -> Option<HeaderValue> {
        let mut own = self.own.values();
        let mut values = self.mould.headers.iter().enumerate().map(|(at, (found, value))| {
            let own = has_gap(self.mould.gaps, at).then(|| own.next()).flatten();
            (found, own.unwrap_or_else(|| value.clone()))
        });
        values.find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// Bytes of memory that it takes; what is shared with others is nobody's.
    pub fn weight(&self) -> usize {
        let mould = if self.mould.is_known { 0 } else { self.mould.weight() };
        taken(self.own.0.len()) + SHARED + mould
    }
}

fn fill(place: &mut HeaderValue, value: &mut Option<HeaderValue>) {
    if let Some(value) = value.take() {
        *place = value;
    }
}

/// Values in one piece: each with its length before it, in four bytes.
#[derive(Clone, Debug)]
struct Own(Bytes);

const LENGTH: usize = 4;

impl Own {
    fn of<'a>(values: impl Iterator<Item = &'a HeaderValue>) -> Self {
        let values: SmallVec<[&HeaderValue; 16]> = values.collect();
        let size = values.iter().map(|value| LENGTH + value.len()).sum();
        let mut piece = Vec::with_capacity(size);
        for value in values {
            // Unreachable alternative: a head of 4 GiB.
            let length = u32::try_from(value.len()).unwrap_or_default();
            piece.extend_from_slice(&length.to_le_bytes());
            piece.extend_from_slice(value.as_bytes());
        }
        Self(piece.into())
    }

    /// They share the piece.
    fn values(&self) -> impl Iterator<Item = HeaderValue> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let length = self.0.get(at..)?.first_chunk::<LENGTH>()?;
            let from = at + LENGTH;
            at = from + u32::from_le_bytes(*length) as usize;
            // Both are always so: a piece has whole values, and what was a value can be one again.
            let text = (at <= self.0.len()).then(|| self.0.slice(from..at));
            HeaderValue::from_maybe_shared(text?).ok()
        })
    }
}

/// What the piece has to be counted by, once there are several users.
const SHARED: usize = 32;

/// The same values as parts of one allocation of their own: they may have been parts of a larger one,
/// such as what was read from a connection.
pub(super) fn apart<'a>(values: impl IntoIterator<Item = &'a HeaderValue>) -> Vec<HeaderValue> {
    let values: SmallVec<[&HeaderValue; 32]> = values.into_iter().collect();
    let mut text = BytesMut::with_capacity(values.iter().map(|value| value.len()).sum());
    values.iter().for_each(|value| text.extend_from_slice(value.as_bytes()));
    let mut text = text.freeze();
    let part = |value: &HeaderValue| {
        // What was a value can be one again.
        HeaderValue::from_maybe_shared(text.split_to(value.len())).unwrap_or_else(|_| value.clone())
    };
    values.into_iter().map(part).collect()
}

/// A bit for each field that says something of one response.
fn gaps(headers: &HeaderMap) -> u64 {
    let names = headers.iter().take(MOST_FIELDS).map(|(name, _)| name);
    let own = names.enumerate().filter(|(_, name)| OWN.contains(name));
    own.fold(0, |gaps, (at, _)| gaps | 1 << at)
}

fn has_gap(gaps: u64, at: usize) -> bool {
    at < MOST_FIELDS && gaps >> at & 1 == 1
}

/// Fields that say something of one response. Any other field may do so too; then there is a mould
/// for each of its values.
static OWN: [HeaderName; 15] = [
    ETAG,
    DATE,
    LAST_MODIFIED,
    CONTENT_LENGTH,
    EXPIRES,
    LINK,
    LOCATION,
    SET_COOKIE,
    CONTENT_RANGE,
    CONTENT_LOCATION,
    CONTENT_DISPOSITION,
    HeaderName::from_static("server-timing"),
    HeaderName::from_static("x-matched-path"),
    HeaderName::from_static("x-nextjs-rewritten-path"),
    HeaderName::from_static("x-nextjs-rewritten-query"),
];

/// As many as there are bits; what comes behind is a part of the mould.
const MOST_FIELDS: usize = 64;

static LINES: LazyLock<Pool<Lines>> = LazyLock::new(Pool::default);

impl Lines {
    /// The one for these lines, if there are any.
    fn of(lines: &[HeaderValue]) -> Option<Arc<Self>> {
        let get = || {
            LINES.get(
                |mut hasher| lines.hash(&mut hasher),
                |known| *known.0 == *lines,
                |_| Arc::new(Self(apart(lines).into())),
            )
        };
        (!lines.is_empty()).then(get)
    }
}

static MOULDS: LazyLock<Pool<Mould>> = LazyLock::new(Pool::default);

impl Mould {
    /// The one for these fields.
    fn of(headers: &HeaderMap, gaps: u64) -> Arc<Self> {
        MOULDS.get(
            |hasher| write(headers, gaps, hasher),
            |known| known.fits(headers),
            |is_known| Arc::new(Self::new(headers, gaps, is_known)),
        )
    }

    fn new(headers: &HeaderMap, gaps: u64, is_known: bool) -> Self {
        let mut mould = HeaderMap::with_capacity(headers.len());
        let names = headers.iter().map(|(name, _)| name);
        for (at, (name, value)) in names.zip(apart(headers.values())).enumerate() {
            let value = match has_gap(gaps, at) {
                true => HeaderValue::from_static(""),
                false => constants::value(&value).unwrap_or(value),
            };
            mould.append(constants::name(name).unwrap_or_else(|| name.clone()), value);
        }
        let place = |wanted| mould.iter().position(|(name, _)| *name == wanted);
        let (age, cache_status) = (place(AGE), place(CACHE_STATUS));
        // A copy has no more room than it needs.
        Self { headers: mould.clone(), gaps, age, cache_status, is_known }
    }

    /// Whether these fields are the same but for the gaps, in the same order.
    fn fits(&self, headers: &HeaderMap) -> bool {
        let mut pairs = self.headers.iter().zip(headers).enumerate();
        self.headers.len() == headers.len()
            && pairs.all(|(at, ((name, value), (other_name, other)))| {
                name == other_name && (has_gap(self.gaps, at) || value == other)
            })
    }

    fn weight(&self) -> usize {
        size_of::<Self>() + fields(&self.headers)
    }
}

fn write(headers: &HeaderMap, gaps: u64, mut hasher: &mut dyn Hasher) {
    for (at, (name, value)) in headers.iter().enumerate() {
        name.hash(&mut hasher);
        if !has_gap(gaps, at) {
            value.hash(&mut hasher);
        }
    }
}

/// Bytes of memory that fields take.
fn fields(headers: &HeaderMap) -> usize {
    let text: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    // A copied map has a bucket for each field; its indices have room for a third more than it says.
    text + headers.len() * HEADER_BUCKET + headers.capacity() * HEADER_INDEX * 4 / 3
}

const HEADER_BUCKET: usize = 104;
const HEADER_INDEX: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::{CACHE_CONTROL, CONTENT_TYPE};
    use proptest::prelude::*;

    fn page(tag: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
        headers.insert(ETAG, HeaderValue::try_from(tag).unwrap());
        headers.append(LINK, HeaderValue::from_static("</a>; rel=preload"));
        headers.append(LINK, HeaderValue::from_static("</b>; rel=preload"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("s-maxage=60"));
        headers
    }

    #[test]
    fn two_pages_of_one_application_have_one_mould() {
        let (one, other) = (Section::of(&page("\"1\""), &[]), Section::of(&page("\"2\""), &[]));
        assert!(Arc::ptr_eq(&one.mould, &other.mould));
        assert_eq!(one.get(&ETAG).unwrap(), "\"1\"");
        assert_eq!(other.get(&ETAG).unwrap(), "\"2\"");
        assert_eq!(other.get(&LINK).unwrap(), "</a>; rel=preload");
        assert_eq!(other.get(&CACHE_CONTROL).unwrap(), "s-maxage=60");
        assert_eq!(other.get(&EXPIRES), None);
        assert!(one.weight() < 300, "{}", one.weight());
    }

    #[test]
    fn what_the_origin_said_for_caches_is_kept_beside_what_clients_get() {
        let lines = |age: &'static str| [HeaderValue::from_static(age)];
        let of = |lines: &[HeaderValue]| Section::of(&page("\"1\""), lines);
        let (short, long, none) = (of(&lines("s-maxage=1")), of(&lines("s-maxage=2")), of(&[]));
        assert_eq!(short.origin_cache_control(), lines("s-maxage=1"));
        assert_eq!(long.origin_cache_control(), lines("s-maxage=2"));
        assert!(none.origin_cache_control().is_empty());
        let again = of(&lines("s-maxage=1"));
        assert!(Arc::ptr_eq(short.origin.as_ref().unwrap(), again.origin.as_ref().unwrap()));
        assert!(Arc::ptr_eq(&short.mould, &long.mould), "or each time would make another");
        assert!(short.to_headers().iter().eq(none.to_headers().iter()));
    }

    #[test]
    fn the_order_of_fields_is_kept_and_makes_another_mould() {
        let turned: HeaderMap = {
            let page = page("\"1\"");
            let mut fields: Vec<_> = page.iter().collect();
            fields.reverse();
            fields.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        let (one, other) = (Section::of(&page("\"1\""), &[]), Section::of(&turned, &[]));
        assert!(!Arc::ptr_eq(&one.mould, &other.mould));
        assert!(other.to_headers().keys().eq(turned.keys()));
    }

    #[test]
    fn a_value_of_its_own_in_a_field_that_mostly_has_none_costs_a_mould() {
        let traced = |number: u64| {
            let mut headers = page("\"1\"");
            headers.insert("x-trace", HeaderValue::from(number));
            Section::of(&headers, &[])
        };
        let (one, other) = (traced(1), traced(2));
        assert!(!Arc::ptr_eq(&one.mould, &other.mould));
        assert_eq!(other.to_headers()["x-trace"], "2");
    }

    #[test]
    fn who_has_a_mould_to_itself_weighs_it() {
        let page = page("\"1\"");
        let alone = Mould::new(&page, gaps(&page), false);
        let section = Section { mould: Arc::new(alone), ..Section::of(&page, &[]) };
        assert!(section.weight() > 500, "{}", section.weight());
    }

    proptest! {
        #[test]
        fn what_comes_out_is_what_went_in(
            fields in proptest::collection::vec(
                ("(etag|link|date|x-a|x-b|set-cookie|vary|content-length)|y-[a-z]{2}", "[ -~]{0,20}"),
                0..90,
            ),
            has_places: bool,
        ) {
            let mut headers = HeaderMap::new();
            if has_places {
                headers.insert(AGE, HeaderValue::from_static("0"));
                headers.insert(CACHE_STATUS, HeaderValue::from_static(""));
            }
            for (name, value) in &fields {
                let name: HeaderName = name.parse().unwrap();
                headers.append(name, HeaderValue::try_from(value).unwrap());
            }
            let section = Section::of(&headers, &[]);
            let found = section.to_headers();
            prop_assert!(found.iter().eq(headers.iter()));
            let answer = section.to_answer("7".parse().unwrap(), "selvedge; hit".parse().unwrap());
            headers.insert(AGE, "7".parse().unwrap());
            headers.insert(CACHE_STATUS, "selvedge; hit".parse().unwrap());
            prop_assert!(answer.iter().eq(headers.iter()));
            headers = found;
            for name in headers.keys() {
                prop_assert_eq!(section.get(name), headers.get(name).cloned());
            }
        }
    }
}
