//! `POST /invalidate`: what is stored becomes obsolete, for the next request already.
//!
//! ```json
//! {"tags": ["posts"], "paths": ["/blog"], "soft": false}
//! ```
//!
//! - `tags`: as given to `revalidateTag` and `cacheTag`, and Next's own (`_N_T_/blog/page`).
//! - `paths`: all of a page: its document, payloads, data, every query and variant.
//! - `prefixes`: of paths; `all`: everything.
//! - `soft`: it is served once more, while it is renewed; else the next reader waits for the new.
//! - `expire`: so many seconds after which a soft one is no longer, for whoever comes as late as that.
//!
//! The answer, `{"invalidated": 3}`, comes when it holds, and counts the responses that were good for
//! more before.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};
use tracing::info;

use super::{Admin, json, refuse, text};
use crate::metrics::responses;
use crate::next::bridge;
use crate::policy::date::Timestamp;
use crate::store::{MemoryStore, Validity};

/// What is to become obsolete.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Invalidation {
    /// Cache tags.
    pub tags: Vec<String>,
    /// Paths of pages.
    pub paths: Vec<String>,
    /// Beginnings of paths.
    pub prefixes: Vec<String>,
    /// Everything.
    pub all: bool,
    /// Only as if it were stale.
    pub soft: bool,
    /// For how many seconds `soft` holds; `None` for as long as the response is kept.
    pub expire: Option<u64>,
}

/// An announcement of this many bytes names some ten thousand tags.
const LONGEST: usize = 1 << 20;

impl Invalidation {
    /// Applies it to what is stored; gives how many responses were good for more before.
    pub fn apply(&self, store: &MemoryStore, base_path: &str, now: Timestamp) -> usize {
        let to = self.leaves(now);
        if self.all {
            return store.invalidate_all(|_| true, to);
        }
        // What sets its own `Cache-Control` has no tags; that of its page names its path.
        let named = self.tags.iter().filter_map(|tag| bridge::path_of(tag));
        let paths = self.paths.iter().map(String::as_str).chain(named);
        let pages = paths.map(|path| bridge::of_page(path, base_path));
        let tags = self.tags.iter().cloned();
        let mut count: usize = tags.chain(pages).map(|tag| store.invalidate(&tag, to)).sum();
        if !self.tags.is_empty() {
            // What has more tags than it could tell may have one of these.
            count += store.invalidate(bridge::UNKNOWN, to);
        }
        if !self.prefixes.is_empty() {
            let begins: Vec<(String, bool)> = self
                .prefixes
                .iter()
                .map(|path| (bridge::of_page(path, base_path), path.ends_with('/')))
                .collect();
            let is_meant =
                |name: &str| begins.iter().any(|(begin, ends)| lies_in(name, begin, *ends));
            count += store.invalidate_all(is_meant, to);
        }
        count
    }

    /// In a line for whoever watches.
    pub fn told(&self) -> String {
        let Self { tags, paths, prefixes, all, soft, .. } = self;
        let tags = tags.iter().map(|tag| format!("tag {tag}"));
        let prefixes = prefixes.iter().map(|prefix| format!("{prefix}*"));
        let all = all.then(|| "everything".to_owned());
        let named: Vec<_> =
            all.into_iter().chain(paths.iter().cloned()).chain(prefixes).chain(tags).collect();
        let soft = if *soft { ", softly" } else { "" };
        format!("{}{soft}", named.join(", "))
    }

    /// What that is good for afterwards.
    fn leaves(&self, now: Timestamp) -> Validity {
        match self.expire {
            _ if !self.soft => Validity::Obsolete,
            None => Validity::Stale,
            Some(seconds) => Validity::StaleUntil(now.saturating_add(Duration::from_secs(seconds))),
        }
    }
}

/// Whether a page's tag begins so; `/docs/` means what is below `/docs`, and that itself, but not
/// `/docsearch`.
fn lies_in(name: &str, begin: &str, whole_segments: bool) -> bool {
    let rest = name.strip_prefix(begin);
    rest.is_some_and(|rest| {
        !whole_segments || rest.is_empty() || rest.starts_with('/') || begin.ends_with('/')
    })
}

impl Admin {
    pub(super) async fn invalidate(
        &self,
        request: Request<Incoming>,
        peer: IpAddr,
    ) -> Response<Full<Bytes>> {
        let sent = match self.sent(request, peer, LONGEST).await {
            Ok(sent) => sent,
            Err(refused) => return refuse(refused),
        };
        match serde_json::from_slice::<Invalidation>(&sent) {
            Ok(what) => {
                let base_path = self.base_path.get().map_or("", String::as_str);
                let count = what.apply(&self.store, base_path, self.clock.now());
                info!(
                    tags = ?what.tags, paths = ?what.paths, prefixes = ?what.prefixes,
                    all = what.all, soft = what.soft, expire = what.expire, "invalidated {count} stored responses",
                );
                self.metrics.note_invalidation(&what.told(), &responses(count));
                json(format!("{{\"invalidated\":{count}}}\n"))
            }
            Err(error) => {
                let why = format!(
                    "{error}; write {{\"tags\": [...], \"paths\": [...], \"soft\": false}}\n"
                );
                text(StatusCode::BAD_REQUEST, why)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_that_ends_a_segment_means_whole_ones() {
        let lies_in = |path: &str, prefix: &str| {
            lies_in(path, &bridge::of_page(prefix, ""), prefix.ends_with('/'))
        };
        for (path, prefix, expected) in [
            ("path:/docs/a", "/docs/", true),
            ("path:/docs", "/docs/", true),
            ("path:/docsearch", "/docs/", false),
            ("path:/docsearch", "/docs", true),
            ("path:/", "/", true),
            ("path:/a", "/", true),
            ("posts", "/", false),
        ] {
            assert_eq!(lies_in(path, prefix), expected, "{path} {prefix}");
        }
    }

    #[test]
    fn what_is_announced_is_understood_or_told_what_is_wrong() {
        let read = |text: &str| serde_json::from_str::<Invalidation>(text);
        let known = read(r#"{"tags":["a"],"paths":["/b"],"soft":true}"#).unwrap();
        assert_eq!((known.tags.len(), known.paths.len(), known.soft), (1, 1, true));
        assert!(read("{}").unwrap().tags.is_empty());
        let now = Timestamp::from_secs(100);
        for (text, leaves) in [
            (r#"{"tags":["a"]}"#, Validity::Obsolete),
            (r#"{"tags":["a"],"expire":5}"#, Validity::Obsolete),
            (r#"{"tags":["a"],"soft":true}"#, Validity::Stale),
            (r#"{"soft":true,"expire":5}"#, Validity::StaleUntil(Timestamp::from_secs(105))),
        ] {
            assert_eq!(read(text).unwrap().leaves(now), leaves, "{text}");
        }
        let error = read(r#"{"tag":["a"]}"#).unwrap_err().to_string();
        assert!(error.contains("tags"), "{error}");
    }
}
