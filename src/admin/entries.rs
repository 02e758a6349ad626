//! `GET /entries?search=blog&limit=100`: what is stored, the youngest first.
//!
//! `search` is a part of the URL, of the class or of a tag, in any case. What an invalidation has made
//! good for nothing is left out.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::Full;
use percent_encoding::percent_decode_str;
use serde::Serialize;

use super::{Admin, json, refuse, text};
use crate::cache::{Held, told};
use crate::next::class::Class;
use crate::policy::date::Timestamp;
use crate::policy::freshness::Use;
use crate::policy::key;
use crate::store::{MemoryStore, StoredResponse, Validity};

/// What is told at once.
const MOST: usize = 500;
/// Keys that are looked at: about a tenth of a second's work.
const MOST_LOOKS: usize = 200_000;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Search {
    /// In lower case.
    text: String,
    limit: usize,
}

/// What was found.
#[derive(Debug, Serialize)]
struct Found {
    /// How many responses there are like that.
    count: usize,
    /// Whether there may be more: not all keys were looked at.
    is_cut: bool,
    entries: Vec<Entry>,
}

/// A stored response; times in seconds.
#[derive(Debug, Serialize)]
struct Entry {
    url: String,
    /// As it stands in the URL.
    path: String,
    class: &'static str,
    status: u16,
    state: &'static str,
    age: u64,
    lifetime: u64,
    stale_while_revalidate: u64,
    stale_if_error: u64,
    tags: Vec<String>,
    /// What the origin said about caching, a line each.
    origin: Vec<(String, String)>,
    /// The names of the request fields that it was selected by.
    selected_by: Vec<String>,
    /// All that it takes.
    bytes: u64,
    codings: Vec<Held>,
}

impl Admin {
    pub(super) async fn entries(
        &self,
        query: Option<&str>,
        headers: &HeaderMap,
        peer: IpAddr,
    ) -> Response<Full<Bytes>> {
        if let Err(refused) = self.access.load().may_look(headers, peer) {
            return refuse(refused);
        }
        let search = Search::of(query.unwrap_or_default());
        let (store, now) = (self.store.clone(), self.clock.now());
        // One at a time: it costs a processor for as long as it takes.
        let Ok(_turn) = self.dashboard.searches.acquire().await else {
            return text(StatusCode::SERVICE_UNAVAILABLE, "not now\n");
        };
        let found = tokio::task::spawn_blocking(move || search.look(&store, now)).await;
        let Some(told) = found.ok().and_then(|found| serde_json::to_vec(&found).ok()) else {
            return text(StatusCode::INTERNAL_SERVER_ERROR, "the search failed\n");
        };
        json(told)
    }
}

impl Search {
    fn of(query: &str) -> Self {
        let mut search = Self { text: String::new(), limit: 100 };
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            let value = value.replace('+', " ");
            let value = percent_decode_str(&value).decode_utf8_lossy();
            match name {
                "search" => search.text = value.trim().to_lowercase(),
                "limit" => search.limit = value.parse().unwrap_or(search.limit).min(MOST),
                _ => {}
            }
        }
        search
    }

    fn look(&self, store: &MemoryStore, now: Timestamp) -> Found {
        let mut found = Vec::new();
        let mut looks = 0;
        for (key, entry) in store.iter().take(MOST_LOOKS) {
            looks += 1;
            let meant = entry.variants().filter(|stored| is_good(stored, now));
            let meant = meant.filter(|stored| self.is_meant(&key, stored));
            found.extend(meant.map(|stored| (key.clone(), stored.clone())));
        }
        let count = found.len();
        found.sort_by_key(|(_, stored)| std::cmp::Reverse(stored.head.freshness.born));
        found.truncate(self.limit);
        let entries = found.iter().map(|(key, stored)| Entry::of(key, stored, now)).collect();
        Found { count, is_cut: looks == MOST_LOOKS, entries }
    }

    fn is_meant(&self, key: &[u8], stored: &StoredResponse) -> bool {
        let has = |text: &str| text.to_lowercase().contains(&self.text);
        self.text.is_empty()
            || has(&key::shown(key))
            || has(class(key))
            || stored.head.tags.iter().any(|tag| has(tag))
    }
}

fn is_good(stored: &StoredResponse, now: Timestamp) -> bool {
    stored.mark.validity(now) != Validity::Obsolete
}

impl Entry {
    fn of(key: &[u8], stored: &Arc<StoredResponse>, now: Timestamp) -> Self {
        let freshness = &stored.head.freshness;
        let path = String::from_utf8_lossy(key::path(key));
        // Scheme and host stand before it.
        let path = path.split_once('\n').map_or(&*path, |(_, path)| path);
        Self {
            url: key::shown(key::uri(key)),
            path: path.to_owned(),
            class: class(key),
            status: stored.head.status.as_u16(),
            state: match (freshness.at(now), stored.mark.validity(now)) {
                (Use::Expired, _) => "expired",
                (Use::Revalidatable, _) | (_, Validity::Stale) => "stale",
                (Use::Fresh, _) => "fresh",
            },
            age: freshness.age(now).as_secs(),
            lifetime: freshness.lifetime.duration().as_secs(),
            stale_while_revalidate: freshness.stale_while_revalidate.duration().as_secs(),
            stale_if_error: freshness.stale_if_error.duration().as_secs(),
            tags: stored
                .head
                .tags
                .iter()
                .filter(|tag| !tag.starts_with("path:"))
                .map(|tag| tag.to_string())
                .collect(),
            origin: told(&stored.head.to_prepared().origin_headers()),
            selected_by: stored.head.selecting.names().map(ToString::to_string).collect(),
            bytes: stored.weight(),
            codings: Held::all_of(stored),
        }
    }
}

fn class(key: &[u8]) -> &'static str {
    let uri = key::uri(key);
    let has = |part: &[u8]| memchr::memmem::find(uri, part).is_some();
    match Class::named(key.get(uri.len() + 1..).unwrap_or_default()) {
        "document" if has(b"/_next/static/") => "static",
        "document" if has(b"/_next/image") => "image",
        class => class,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::key::{KeyParts, write};

    #[test]
    fn what_is_looked_for_is_read_as_a_browser_writes_it() {
        for (query, text, limit) in [
            ("", "", 100),
            ("search=%2FBlog+a&limit=7", "/blog a", 7),
            ("limit=100000", "", MOST),
            ("limit=x&search=", "", 100),
        ] {
            assert_eq!(Search::of(query), Search { text: text.into(), limit }, "{query}");
        }
    }

    #[test]
    fn a_class_is_told_by_its_key() {
        for (path, part, expected) in [
            ("/a", "D", "document"),
            ("/a", "R", "rsc"),
            ("/a", "R1 /_tree", "segment"),
            ("/a", "J", "data"),
            ("/_next/static/a.js", "D", "static"),
            ("/_next/image", "D", "image"),
        ] {
            let parts = KeyParts { https: false, host: b"h", path, query: None, is_rsc: false };
            let key = write(parts, |key| key.extend_from_slice(part.as_bytes()));
            assert_eq!(class(&key), expected, "{path} {part}");
        }
    }
}
