//! What the operator decided about responses, as the other files ask for it.

use std::sync::{Arc, OnceLock};

use arc_swap::Guard;
use http::header::{CONTENT_ENCODING, SET_COOKIE, USER_AGENT};
use http::{HeaderMap, Method, Request, StatusCode, response};

use super::reason::Bypass;
use super::window::Window;
use crate::admin::Access;
use crate::build::Application;
use crate::config::{BehindMiddleware, CacheConfig, CompressionConfig, Config, NextConfig};
use crate::fields::Fields;
use crate::metrics;
use crate::next::class::{ACTION, Class, Unclassifiable};
use crate::next::manifest::Manifest;
use crate::next::{assets, bridge, data, deployment, draft, images, locale, tracking, verdict};
use crate::policy::Rules;
use crate::policy::coding;
use crate::policy::date::Timestamp;
use crate::policy::no_vary_search::{self, Variance};
use crate::store::Codable;
use crate::traces::Traces;

/// The parts of the configuration that the cache goes by.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The rules of HTTP caching.
    pub rules: Rules,
    /// `[cache]`
    pub cache: CacheConfig,
    /// `[compression]`
    pub compression: CompressionConfig,
    /// `[next]`
    pub next: NextConfig,
    /// Who may say `PURGE`, if anybody.
    pub purge: Option<Arc<Access>>,
    /// Where the cache can be looked into.
    pub window: Window,
    /// What is known of the application behind us.
    pub application: Application,
    /// Who is told of requests.
    pub traces: Traces,
    /// What `next.ignored_parameters` comes to, once somebody asks.
    pub ignoring: OnceLock<Arc<Variance>>,
}

/// What is done with a request that is none of the store's.
pub(super) enum Aside {
    /// The optimizer of images would refuse it.
    Refused(images::Refusal),
    /// Its answer is for it alone; why.
    Own(Bypass),
}

impl From<&Config> for Settings {
    fn from(config: &Config) -> Self {
        let rules =
            Rules { stale_if_error: config.cache.stale_if_error, switches: config.rules.clone() };
        let purge = config
            .admin
            .purge_method
            .then(|| Arc::new(Access { configured: config.admin.token.clone(), of_child: None }));
        let (cache, next) = (config.cache.clone(), config.next.clone());
        let (window, application) = (Window::default(), Application::default());
        let compression = config.compression.clone();
        let traces = Traces::default();
        let ignoring = OnceLock::new();
        Self { rules, cache, compression, next, purge, window, application, traces, ignoring }
    }
}

impl Settings {
    /// How a response depends on the query: as it says itself; or, where it was rendered without a
    /// request, not on what only tracks visitors. `None` if every difference counts.
    pub(super) fn variance(&self, response: &HeaderMap) -> Option<Arc<Variance>> {
        let said = no_vary_search::variance(response);
        if !said.is_default() {
            return Some(Arc::new(said));
        }
        let ignores = self.next.enabled && verdict::is_prerendered(response);
        ignores.then(|| self.ignoring().clone()).filter(|ignoring| !ignoring.is_default())
    }

    /// All parameters count but those that only track visitors.
    fn ignoring(&self) -> &Arc<Variance> {
        self.ignoring.get_or_init(|| {
            Arc::new(Variance::all_but(match &self.next.ignored_parameters {
                Some(names) => names.clone(),
                None => tracking::PARAMETERS.map(String::from).into(),
            }))
        })
    }

    /// How a response may be coded, if it may.
    pub(super) fn codable(&self, status: StatusCode, response: &HeaderMap) -> Option<Codable> {
        let config = &self.compression;
        let least = config.min_size.try_into().unwrap_or(u32::MAX);
        let may_be = config.enabled && coding::may_be_coded(status, response, least.into());
        let best_after = config.best_after.map_or(0, |uses| uses.try_into().unwrap_or(u32::MAX));
        may_be.then_some(Codable { least, best_after })
    }

    /// Whether a response in whatever coding is made of this one: then it does not depend on what
    /// its client takes.
    pub(super) fn is_for_all_codings(&self, response: &HeaderMap) -> bool {
        self.compression.enabled && !response.contains_key(CONTENT_ENCODING)
    }

    /// The class of a request; where no Next.js is behind us, there is but one.
    pub(super) fn class<'a>(&self, request: &'a HeaderMap) -> Result<Class<'a>, Unclassifiable> {
        if self.next.enabled { Class::of(request) } else { Ok(Class::DOCUMENT) }
    }

    /// The class that a request is counted as.
    pub(super) fn class_of<B>(&self, request: &Request<B>) -> metrics::Class {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        match self.class(request.headers()) {
            Ok(class) if is_read => self.counted_as(&class, request.uri().path()),
            Ok(_) | Err(_) => metrics::Class::Other,
        }
    }

    /// The same for one whose class is known.
    pub(super) fn counted_as(&self, class: &Class<'_>, path: &str) -> metrics::Class {
        if class.is_segment() {
            return metrics::Class::Segment;
        }
        if !class.is_document() {
            return metrics::Class::Rsc;
        }
        let base_path = &self.next.base_path;
        if self.is_static(path) {
            metrics::Class::Static
        } else if self.next.enabled && images::is_optimizer(path, base_path) {
            metrics::Class::Image
        } else if self.next.enabled && (class.is_data() || data::is_asked(path, base_path)) {
            metrics::Class::Data
        } else {
            metrics::Class::Document
        }
    }

    /// Whether a path is that of an immutable file.
    pub(super) fn is_static(&self, path: &str) -> bool {
        self.next.enabled && assets::is_static(path, &self.next.base_path)
    }

    /// What the file at a path is, if it is an immutable one.
    pub(super) fn asset(&self, path: &str) -> Option<assets::Kind> {
        self.is_static(path).then(|| assets::Kind::of(path))
    }

    /// An answer without the cookie that names its deployment, and the lines that set it; `None` if
    /// there are none.
    pub(super) fn unpinned(
        &self,
        answer: &response::Parts,
    ) -> Option<(response::Parts, HeaderMap)> {
        let is_any = answer.headers.get_all(SET_COOKIE).iter().any(deployment::is_pin);
        (is_any && self.next.enabled).then(|| {
            let mut unpinned = answer.clone();
            let pins = deployment::take_pins(&mut unpinned.headers);
            (unpinned, pins)
        })
    }

    /// Whether a path is the image optimizer's.
    pub(super) fn is_image(&self, path: &str) -> bool {
        self.next.enabled && self.is_optimizer(path, self.known(&self.build()))
    }

    /// What Next.js would do with a GET or HEAD that no other visitor's answer is good for. `fields` are
    /// those that the request may have.
    pub(super) fn aside<B>(&self, request: &Request<B>, fields: Fields) -> Option<Aside> {
        if !self.next.enabled {
            return None;
        }
        // Each look at the build has its price, and every hit is here: one for all.
        let build = self.build();
        let known = self.known(&build);
        let headers = request.headers();
        if let Some(refusal) = known.and_then(|known| self.refused_image(request, known)) {
            return Some(Aside::Refused(refusal));
        }
        let id = || known.and_then(Manifest::preview);
        if fields.may_have(Fields::COOKIE) && draft::is_draft(headers, id()) {
            return Some(Aside::Own(Bypass::Draft));
        }
        if known.is_some_and(|known| is_for_a_bot(headers, known)) {
            return Some(Aside::Own(Bypass::Bot));
        }
        // No answer says that another language would have been redirected.
        let may_redirect =
            |i18n| locale::may_redirect(i18n, request.uri().path(), self.base_path(known), headers);
        let is_for_one_language = known.and_then(Manifest::i18n).is_some_and(may_redirect);
        is_for_one_language.then_some(Aside::Own(Bypass::Locale))
    }

    fn refused_image<B>(&self, request: &Request<B>, known: &Manifest) -> Option<images::Refusal> {
        let allowed = known.images.as_ref()?;
        let is_asked = self.is_optimizer(request.uri().path(), Some(known));
        let query = request.uri().query().unwrap_or_default();
        is_asked.then(|| images::check(allowed, query).err()).flatten()
    }

    /// Whether middleware may have a hand in the answers for a path, so that each request has to reach
    /// it. What depends on the path alone is neither stored nor, therefore, found: a hit never asks.
    pub(super) fn is_behind_middleware(&self, path: &str) -> bool {
        let build = self.build();
        let known = self.known(&build);
        self.next.middleware == BehindMiddleware::Bypass
            && known.is_some_and(|manifest| manifest.runs_middleware(path))
            && !self.is_static(path)
            && !self.is_optimizer(path, known)
    }

    /// Whether an answer is from a build that is on its way out.
    pub(super) fn is_of_an_old_build(&self, answer: &HeaderMap) -> bool {
        self.next.enabled
            && deployment::of(answer).is_some_and(|id| self.application.is_outdated(id))
    }

    fn is_optimizer(&self, path: &str, known: Option<&Manifest>) -> bool {
        images::is_optimizer(path, self.base_path(known))
    }

    /// The application's own word beats ours.
    fn base_path<'a>(&'a self, known: Option<&'a Manifest>) -> &'a str {
        known.and_then(Manifest::base_path).unwrap_or(&self.next.base_path)
    }

    /// The build as it is just now: another may take its place during a request.
    fn build(&self) -> Guard<Option<Arc<Manifest>>> {
        self.application.manifest()
    }

    fn known<'a>(&self, build: &'a Option<Arc<Manifest>>) -> Option<&'a Manifest> {
        build.as_deref().filter(|_| self.next.enabled)
    }

    /// What an answer can be invalidated by, besides its key.
    pub(super) fn tags(&self, path: &str, answer: &HeaderMap) -> Vec<Arc<str>> {
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

/// Some bots get a rendering of their own.
fn is_for_a_bot(request: &HeaderMap, known: &Manifest) -> bool {
    known.prerender.as_ref().is_some_and(|prerender| {
        let agent = request.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        agent.is_some_and(|agent| prerender.is_bot(agent))
    })
}
