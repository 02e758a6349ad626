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
//!
//! The answer, `{"invalidated": 3}`, comes when it holds.

use std::net::IpAddr;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use serde::Deserialize;
use tracing::info;

use super::access::Refused;
use super::{Admin, text};
use crate::next::bridge;
use crate::store::{MemoryStore, Validity};

/// What is to become obsolete.
#[derive(Debug, Default, Deserialize)]
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
}

/// An announcement of this many bytes names some ten thousand tags.
const LONGEST: usize = 1 << 20;

impl Invalidation {
    /// Applies it to what is stored; gives how many responses that are, those that are meant twice
    /// counted twice.
    pub fn apply(&self, store: &MemoryStore, base_path: &str) -> usize {
        let to = if self.soft { Validity::Stale } else { Validity::Obsolete };
        if self.all {
            return store.invalidate_all(|_| true, to);
        }
        // What sets its own `Cache-Control` has no tags; that of its page names its path.
        let named = self.tags.iter().filter_map(|tag| bridge::path_of(tag));
        let paths = self.paths.iter().map(String::as_str).chain(named);
        let pages = paths.map(|path| bridge::of_page(path, base_path));
        let tags = self.tags.iter().map(|tag| tag.as_str().into());
        let mut count: usize = tags.chain(pages).map(|tag| store.invalidate(&tag, to)).sum();
        if !self.tags.is_empty() {
            // What has more tags than it could tell may have one of these.
            count += store.invalidate(bridge::UNKNOWN, to);
        }
        if !self.prefixes.is_empty() {
            let begins: Vec<Box<str>> =
                self.prefixes.iter().map(|path| bridge::of_page(path, base_path)).collect();
            let is_meant = |name: &str| begins.iter().any(|begin| name.starts_with(&**begin));
            count += store.invalidate_all(is_meant, to);
        }
        count
    }
}

impl Admin {
    pub(super) async fn invalidate(
        &self,
        request: Request<Incoming>,
        peer: IpAddr,
    ) -> Response<Full<Bytes>> {
        if let Err(refused) = self.access.check(request.headers(), peer) {
            return refuse(refused);
        }
        let Ok(body) = Limited::new(request.into_body(), LONGEST).collect().await else {
            return text(StatusCode::PAYLOAD_TOO_LARGE, "at most 1 MiB at a time\n");
        };
        match serde_json::from_slice::<Invalidation>(&body.to_bytes()) {
            Ok(what) => {
                let count =
                    what.apply(&self.store, self.base_path.get().map_or("", String::as_str));
                info!(
                    tags = ?what.tags, paths = ?what.paths, prefixes = ?what.prefixes,
                    all = what.all, soft = what.soft, "invalidated {count} stored responses",
                );
                let mut done = text(StatusCode::OK, format!("{{\"invalidated\":{count}}}\n"));
                let kind = HeaderValue::from_static("application/json");
                done.headers_mut().insert(CONTENT_TYPE, kind);
                done
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

fn refuse(refused: Refused) -> Response<Full<Bytes>> {
    match refused {
        Refused::Token => text(
            StatusCode::UNAUTHORIZED,
            "send `Authorization: Bearer TOKEN`, the value of admin.token\n",
        ),
        Refused::ContentType => {
            text(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send `Content-Type: application/json`\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_announced_is_understood_or_told_what_is_wrong() {
        let read = |text: &str| serde_json::from_str::<Invalidation>(text);
        let known = read(r#"{"tags":["a"],"paths":["/b"],"soft":true}"#).unwrap();
        assert_eq!((known.tags.len(), known.paths.len(), known.soft), (1, 1, true));
        assert!(read("{}").unwrap().tags.is_empty());
        let error = read(r#"{"tag":["a"]}"#).unwrap_err().to_string();
        assert!(error.contains("tags"), "{error}");
    }
}
