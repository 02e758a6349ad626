//! What the operator decided about responses, as the other files ask for it.

use http::HeaderMap;

use crate::config::{CacheConfig, Config, NextConfig};
use crate::next::class::{ACTION, Class, Unclassifiable};
use crate::next::{assets, bridge, draft, tracking, verdict};
use crate::policy::Rules;
use crate::policy::date::Timestamp;
use crate::policy::no_vary_search::{self, Variance};

/// The parts of the configuration that the cache goes by.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The rules of HTTP caching.
    pub rules: Rules,
    /// `[cache]`
    pub cache: CacheConfig,
    /// `[next]`
    pub next: NextConfig,
}

impl From<&Config> for Settings {
    fn from(config: &Config) -> Self {
        let rules =
            Rules { stale_if_error: config.cache.stale_if_error, switches: config.rules.clone() };
        Self { rules, cache: config.cache.clone(), next: config.next.clone() }
    }
}

impl Settings {
    /// How a response depends on the query: as it says itself; or, where it was rendered without a
    /// request, not on what only tracks visitors.
    pub(super) fn variance(&self, response: &HeaderMap) -> Variance {
        let said = no_vary_search::variance(response);
        if !said.is_default() || !self.next.enabled || !verdict::is_prerendered(response) {
            return said;
        }
        Variance::all_but(match &self.next.ignored_parameters {
            Some(names) => names.clone(),
            None => tracking::PARAMETERS.map(String::from).into(),
        })
    }

    /// The class of a request; where no Next.js is behind us, there is but one.
    pub(super) fn class<'a>(&self, request: &'a HeaderMap) -> Result<Class<'a>, Unclassifiable> {
        if self.next.enabled { Class::of(request) } else { Ok(Class::DOCUMENT) }
    }

    /// Whether a path is that of an immutable file.
    pub(super) fn is_static(&self, path: &str) -> bool {
        self.next.enabled && assets::is_static(path, &self.next.base_path)
    }

    /// Whether a request is in draft mode.
    pub(super) fn is_draft(&self, request: &HeaderMap) -> bool {
        self.next.enabled && draft::is_draft(request)
    }

    /// What an answer can be invalidated by, besides its key.
    pub(super) fn tags(&self, path: &str, answer: &HeaderMap) -> Vec<Box<str>> {
        bridge::tags(path, &self.next.base_path, answer)
    }

    /// Whether an answer says what its tags are.
    pub(super) fn has_tags(&self, answer: &HeaderMap) -> bool {
        bridge::has_tags(answer)
    }

    /// When an answer was generated, if Next.js says so.
    pub(super) fn generated(&self, answer: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
        self.next.enabled.then(|| bridge::generated(answer, now)).flatten()
    }

    /// Whether a request is a server action.
    pub(super) fn is_action(&self, request: &HeaderMap) -> bool {
        self.next.enabled && request.contains_key(ACTION)
    }
}
