//! Which build of the application answers, and what it says of itself.
//!
//! - [`files`]: reads the manifests in `.next`, and reads them again when they change.
//! - [`look`]: asks the origin which build it runs.
//!
//! What this means stands in `next::manifest` and `next::builds`; here is what is known just now, for
//! whoever needs it.

pub mod files;
pub mod look;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::{ArcSwapOption, Guard};
use http::header::{CONTENT_TYPE, HOST};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderValue, StatusCode};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tracing::info;

use crate::metrics::{Metrics, responses};
use crate::next::builds::{Builds, Why};
use crate::next::deployment;
use crate::next::manifest::Manifest;
use crate::store::{MemoryStore, StoredHead, Validity};

/// What is known of the application. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Application(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    manifest: ArcSwapOption<Manifest>,
    builds: Mutex<Builds>,
    /// How often stored pages were forgotten since they were of another build.
    retirements: watch::Sender<u64>,
    visits: Visits,
    page: Mutex<Option<Page>>,
    wants_page: AtomicBool,
}

/// Whether anybody asks for anything: without visitors the origin is left alone.
#[derive(Debug, Default)]
struct Visits {
    is_any: AtomicBool,
    wake: Notify,
}

/// Where a page is found that is the same for everybody.
#[derive(Clone, Debug)]
struct Page {
    host: Option<HeaderValue>,
    target: PathAndQuery,
}

impl Application {
    /// One whose build is known.
    pub fn knowing(manifest: Manifest) -> Self {
        let application = Self::default();
        application.set_manifest(manifest);
        application
    }

    /// What its build says of itself, if it can be read. Neither locks nor waits.
    pub fn manifest(&self) -> Guard<Option<Arc<Manifest>>> {
        self.0.manifest.load()
    }

    /// `basePath`, if its build says so.
    pub fn base_path(&self) -> Option<String> {
        self.manifest().as_deref().and_then(Manifest::base_path).map(str::to_owned)
    }

    /// Whether the build that was read is the one that answers, as far as that is known.
    pub fn has_read_what_answers(&self) -> bool {
        let manifest = self.manifest();
        let Some(manifest) = manifest.as_deref() else { return false };
        self.0.builds.lock().current().is_none_or(|answering| manifest.is_of(answering))
    }

    /// The page at a path, as its build names it: `/blog/[slug]`.
    pub fn page_at(&self, path: &str) -> Option<String> {
        self.manifest().as_deref()?.page_at(path)
    }

    /// From now on this is what its build says.
    pub fn set_manifest(&self, manifest: Manifest) {
        self.0.manifest.store(Some(Arc::new(manifest)));
    }

    /// The id of the build that answers now, as far as it is known; else that of the files.
    pub fn build_id(&self) -> Option<String> {
        let answering = self.0.builds.lock().current().map(str::to_owned);
        let of_files = || self.manifest().as_deref()?.build_id.as_deref().map(str::to_owned);
        answering.or_else(of_files)
    }

    /// Notes that somebody asks for something; every hit does.
    pub fn note_visit(&self) {
        let visits = &self.0.visits;
        if !visits.is_any.load(Ordering::Relaxed) && !visits.is_any.swap(true, Ordering::Relaxed) {
            visits.wake.notify_one();
        }
    }

    /// Notes that an answer to a visitor is from this build; the stored pages of others go.
    pub fn told(&self, id: &str, store: &MemoryStore, metrics: &Metrics) {
        let why = self.0.builds.lock().told(id);
        self.retire(why, id, store, metrics);
    }

    /// How often stored pages have been forgotten since they were of another build; changes each time.
    pub fn retirements(&self) -> watch::Receiver<u64> {
        self.0.retirements.subscribe()
    }

    /// Whether a build has answered before, and another answers now.
    pub fn is_outdated(&self, id: &str) -> bool {
        self.0.builds.lock().is_outdated(id)
    }

    /// Notes where a page is found, if that is wanted: what is stored is for everybody.
    pub fn note_page(&self, head: &StoredHead, asked: &Parts) {
        if !self.0.wants_page.load(Ordering::Relaxed) || head.status != StatusCode::OK {
            return;
        }
        let content_type = head.headers.get(&CONTENT_TYPE);
        let is_document =
            content_type.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        if let Some(target) = asked.uri.path_and_query().filter(|_| is_document) {
            self.0.wants_page.store(false, Ordering::Relaxed);
            let host = asked.headers.get(HOST).cloned();
            *self.0.page.lock() = Some(Page { host, target: target.clone() });
        }
    }

    fn is_current(&self, id: &str) -> bool {
        self.0.builds.lock().is_current(id)
    }

    fn met(&self, id: &str, store: &MemoryStore, metrics: &Metrics) {
        let why = self.0.builds.lock().met(id);
        self.retire(why, id, store, metrics);
    }

    fn met_nameless(&self, store: &MemoryStore, metrics: &Metrics) {
        let why = self.0.builds.lock().met_nameless();
        self.retire(why, "of no name", store, metrics);
    }

    fn met_nobody(&self) {
        self.0.builds.lock().met_nobody();
    }

    /// A page that was stored some time.
    fn page(&self) -> Option<Page> {
        self.0.page.lock().clone()
    }

    /// Notes the next page that is stored.
    fn want_page(&self) {
        self.0.wants_page.store(true, Ordering::Relaxed);
    }

    async fn visited(&self) {
        self.0.visits.wake.notified().await;
        self.0.visits.is_any.store(false, Ordering::Relaxed);
    }

    /// Forgets all stored pages, where they are of another build.
    fn retire(&self, why: Option<Why>, build: &str, store: &MemoryStore, metrics: &Metrics) {
        let Some(why) = why else { return };
        let count = store.invalidate_all(deployment::is_of_a_page, Validity::Obsolete);
        let why = match why {
            Why::New => "a new build answers",
            Why::Back => "an older build answers again",
            Why::Settled => "all servers have the new build",
        };
        info!(build, "{why}; {count} stored pages are forgotten");
        metrics.note_invalidation(
            &format!("all pages: {why}"),
            &format!("build {build}; {}", responses(count)),
        );
        self.0.retirements.send_modify(|count| *count += 1);
    }
}
