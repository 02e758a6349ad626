//! Which parameters of the query does a response not depend on? (`No-Vary-Search`,
//! draft-ietf-httpbis-no-vary-search)
//!
//! [`variance`] reads the field of a response, [`canonical`] writes a query so that two of them are
//! the same string if, and only if, the response does not tell them apart.
//!
//! The field has two dialects. We read both, since what means something in both means the same:
//!
//! | field | browsers (WICG) | the draft of 2026 | here |
//! |---|---|---|---|
//! | `params=("a")` | all but `a` count | the same | the same |
//! | `params` | nothing counts | invalid | nothing counts |
//! | `params, except=("a")` | only `a` counts | invalid | only `a` counts |
//! | `except=("a")` | invalid | only `a` counts | only `a` counts |
//! | `key-order` | order of keys does not count | §5.1: invalid; §6.1: the same | the same |
//!
//! What is invalid counts as if the field were not there: then every difference counts.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

use http::{HeaderMap, HeaderName};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use sfv::{BareItem, Dictionary, InnerList, ListEntry, Parser};

const NO_VARY_SEARCH: HeaderName = HeaderName::from_static("no-vary-search");

/// How a response depends on the query of its URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variance {
    params: Params,
    has_key_order: bool,
}

/// The parameters that count. Keys are decoded, in order, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Params {
    AllBut(Vec<String>),
    Only(Vec<String>),
}

impl Default for Variance {
    /// Every difference counts.
    fn default() -> Self {
        Self { params: Params::AllBut(Vec::new()), has_key_order: true }
    }
}

impl Variance {
    /// All parameters count but these.
    pub fn all_but(mut keys: Vec<String>) -> Self {
        keys.sort_unstable();
        keys.dedup();
        Self { params: Params::AllBut(keys), ..Self::default() }
    }

    /// Whether every difference counts, so that only the same query is the same.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Bytes of memory that it takes, roughly: a share of them for each of those who have it.
    pub fn share(self: &Arc<Self>) -> usize {
        let (Params::AllBut(keys) | Params::Only(keys)) = &self.params;
        let all: usize = keys.iter().map(|key| size_of::<String>() + key.len()).sum();
        all / Arc::strong_count(self)
    }

    fn counts(&self, key: &str) -> bool {
        let is_in = |keys: &[String]| keys.binary_search_by(|listed| listed.as_str().cmp(key));
        match &self.params {
            Params::AllBut(keys) => is_in(keys).is_err(),
            Params::Only(keys) => is_in(keys).is_ok(),
        }
    }
}

/// What a response says about the query; the default if it says nothing, or nothing valid.
pub fn variance(response: &HeaderMap) -> Variance {
    if !response.contains_key(NO_VARY_SEARCH) {
        return Variance::default();
    }
    // RFC 9651 §4.2: the lines of a field are joined before they are parsed.
    let lines: Vec<_> =
        response.get_all(NO_VARY_SEARCH).iter().map(|line| line.as_bytes()).collect();
    let members = Parser::new(&lines.join(&b", "[..])).parse::<Dictionary>();
    members.ok().as_ref().and_then(read).unwrap_or_default()
}

/// §5.1, "parse a URL variation config"; `None` if it is invalid. Members that we do not know are
/// ignored.
fn read(members: &Dictionary) -> Option<Variance> {
    let has_key_order = match members.get("key-order") {
        None => true,
        Some(member) => !boolean(member)?,
    };
    let except = members.get("except");
    let params = match members.get("params") {
        Some(ListEntry::InnerList(list)) if except.is_none() => Params::AllBut(keys(list)?),
        Some(ListEntry::InnerList(_)) => return None,
        Some(member) if boolean(member)? => Params::Only(except.map_or(Some(Vec::new()), listed)?),
        Some(_) if except.is_some() => return None,
        None if except.is_some() => Params::Only(except.and_then(listed)?),
        Some(_) | None => Params::AllBut(Vec::new()),
    };
    Some(Variance { params, has_key_order })
}

fn boolean(member: &ListEntry) -> Option<bool> {
    match member {
        ListEntry::Item(item) => match item.bare_item {
            BareItem::Boolean(value) => Some(value),
            _ => None,
        },
        ListEntry::InnerList(_) => None,
    }
}

fn listed(member: &ListEntry) -> Option<Vec<String>> {
    match member {
        ListEntry::InnerList(list) => keys(list),
        ListEntry::Item(_) => None,
    }
}

/// The keys that are listed, decoded (§5.3, "parse a key"); `None` if one is no string.
fn keys(list: &InnerList) -> Option<Vec<String>> {
    let key = |item: &sfv::Item| match &item.bare_item {
        BareItem::String(key) => Some(decode(key.as_str()).into_owned()),
        _ => None,
    };
    let mut keys: Vec<_> = list.items.iter().map(key).collect::<Option<_>>()?;
    keys.sort_unstable();
    keys.dedup();
    Some(keys)
}

/// Writes a query, without its `?`, so that what does not count is the same for all; with a `?`,
/// unless there is nothing left.
///
/// §6: two queries are equivalent if these strings are equal. For the default that is the query as
/// it is: `a=b` and `a=b&` are two resources then, and so are no query and an empty one.
///
/// The order of keys is that of their bytes; the draft's is that of UTF-16. All that matters is
/// that equal keys meet, in the order in which they came.
pub fn canonical(query: Option<&str>, variance: &Variance) -> String {
    if variance.is_default() {
        return query.map(|query| format!("?{query}")).unwrap_or_default();
    }
    let mut pairs: Vec<_> = pairs(query.unwrap_or_default()).collect();
    pairs.retain(|(key, _)| variance.counts(key));
    if !variance.has_key_order {
        pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
    }
    let mut written = String::new();
    for (key, value) in &pairs {
        let separator = if written.is_empty() { '?' } else { '&' };
        // Writing to a string does not fail.
        let _ = write!(written, "{separator}{}={}", encode(key), encode(value));
    }
    written
}

/// The decoded keys and values, as the parser of `application/x-www-form-urlencoded` in the URL
/// standard finds them: no value is an empty one, and of nothing between two `&` comes no pair.
fn pairs(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(key), decode(value))
    })
}

/// `+` is a space, and what is no UTF-8 becomes U+FFFD, as in the URL standard.
fn decode(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| matches!(byte, b'+' | b'%')) {
        return Cow::Borrowed(text);
    }
    let spaced = text.replace('+', " ");
    Cow::Owned(percent_decode(spaced.as_bytes()).decode_utf8_lossy().into_owned())
}

/// What stands for itself in the canonical form; `&`, `=`, `%` and `+` must not.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn encode(text: &str) -> impl std::fmt::Display {
    utf8_percent_encode(text, ENCODED)
}

#[cfg(test)]
mod tests;
