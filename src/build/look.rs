//! Asks the origin which build it runs: now and then, while there are visitors, and while it is away;
//! and without visitors too, seldom, where somebody wants to know a new build before they come.
//!
//! ```text
//! HEAD /_next/static/<id>/_buildManifest.js ─┬─ 200 ▶ the same build (or, by `x-nextjs-deployment-id`,
//!                                            │        another with the same id)
//!                                            ├─ 404 ▶ another one: what is it called?
//!                                            │        the manifests on disk say so, or a page does
//!                                            │        (by its scripts, where it names no id)
//!                                            └─ no answer ▶ nothing is known: stored pages stand in
//! ```
//!
//! Each look has a connection of its own, so that it meets any of the servers that may stand behind
//! one address; all its questions go over it, and so to the same one.

use std::time::Duration;

use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use tokio::time::{sleep, timeout};
use tower::ServiceExt;
use tracing::debug;

use super::{Application, Page};
use crate::body::Body;
use crate::cache::Inner;
use crate::error::ProxyError;
use crate::metrics::Metrics;
use crate::next::class::RSC;
use crate::next::{assets, deployment};
use crate::policy::cache_control::ResponseDirectives;
use crate::store::MemoryStore;

/// What is needed to look.
#[derive(Debug)]
pub struct Looking<F> {
    /// Gives a way to the origin that meets any of its servers.
    pub way: F,
    /// Whose builds are looked for.
    pub application: Application,
    /// Where its pages are.
    pub store: MemoryStore,
    /// Where it is told that they have gone.
    pub metrics: Metrics,
    /// `basePath` of the application, as far as it is known.
    pub base_path: String,
    /// From one look to the next.
    pub pause: Duration,
    /// The same without visitors; `None`: without them the origin is left alone.
    pub pause_alone: Option<Duration>,
}

/// What may be a build, or has been found to be one.
#[derive(Clone, Debug)]
struct Build {
    /// A file of it.
    file: String,
    /// Its id, which tells it from others; where the file is not its alone, its deployment must.
    id: Option<String>,
}

/// What a question for the file of a build has found.
enum Found {
    /// The build, and its deployment if it says so.
    Build(Option<String>),
    /// Another build.
    Other,
    /// Nobody.
    Nobody,
    /// An answer that says nothing of builds.
    Unclear,
}

/// Longest time for one answer: a server that is busy is looked at later.
const PATIENCE: Duration = Duration::from_secs(5);

/// A page that is larger is not read to learn a name.
const LARGEST_PAGE: usize = 4 << 20;

/// For so many looks an origin that is away is looked for without visitors.
const MOST_AWAY: u32 = 2400;

/// Most looks that are left out after a name could not be learned.
const MOST_LEFT_OUT: u32 = 120;

impl<F, S> Looking<F>
where
    F: Fn() -> S,
    S: Inner,
{
    /// Looks for as long as the edge runs.
    pub async fn run(self) {
        let mut look = Look { looking: &self, known: None, left_out: 0, failures: 0, away: 0 };
        // To learn a name, a page is needed.
        self.application.want_page();
        loop {
            // An origin that is away may well be on its way back with another build.
            if !(1..=MOST_AWAY).contains(&look.away) {
                self.visitors().await;
            }
            look.once((self.way)()).await;
            sleep(self.pause).await;
        }
    }

    async fn visitors(&self) {
        let visited = self.application.visited();
        match self.pause_alone {
            None => visited.await,
            // Whether one has come or not, it is time.
            Some(pause) => timeout(pause, visited).await.unwrap_or_default(),
        }
    }
}

struct Look<'a, F> {
    looking: &'a Looking<F>,
    /// The current build.
    known: Option<Build>,
    /// Looks that are yet to be left out before a name is learned again.
    left_out: u32,
    failures: u32,
    /// Looks in a row that met nobody.
    away: u32,
}

impl<F> Look<'_, F> {
    async fn once<S: Inner>(&mut self, way: S) {
        let Looking { application, store, metrics, .. } = self.looking;
        let Some(known) = self.known.clone() else {
            self.learn(&way).await;
            return;
        };
        let found = find(&way, &known).await;
        self.away = if matches!(found, Found::Nobody) { self.away.saturating_add(1) } else { 0 };
        match found {
            Found::Build(deployment) => {
                if let Some(name) = deployment.or(known.id) {
                    application.met(&name, store, metrics);
                }
            }
            Found::Other => {
                if !self.learn(&way).await {
                    application.met_nameless(store, metrics);
                }
            }
            Found::Nobody => application.met_nobody(),
            Found::Unclear => {}
        }
    }

    /// Finds out which build answers: tells whether it is known now.
    async fn learn<S: Inner>(&mut self, way: &S) -> bool {
        if let Some(left) = self.left_out.checked_sub(1) {
            self.left_out = left;
            return false;
        }
        if let Some(id) = self.on_disk()
            && self.try_build(way, Build::of(&id, &self.looking.base_path)).await
        {
            return self.learned();
        }
        let Some(page) = self.looking.application.page() else { return false };
        let document = read(way, &page).await.unwrap_or_default();
        for build in self.named_in(&document) {
            if self.try_build(way, build).await {
                return self.learned();
            }
        }
        self.failures += 1;
        self.left_out = (1 << self.failures.min(16)).min(MOST_LEFT_OUT);
        self.looking.application.want_page();
        debug!(page = %page.target, "a page does not say which build it is of");
        false
    }

    fn learned(&mut self) -> bool {
        self.failures = 0;
        true
    }

    /// What the build is called whose manifests were read last.
    fn on_disk(&self) -> Option<String> {
        let manifest = self.looking.application.manifest();
        let id = manifest.as_deref()?.build_id.as_deref()?;
        deployment::is_id(id).then(|| id.to_owned())
    }

    /// The builds that a page may be of, by what it names.
    fn named_in(&self, document: &[u8]) -> Vec<Build> {
        let own = self.looking.base_path.as_str();
        let script = deployment::script_in(document);
        // An edge that cannot read the build may not know where the application stands.
        let named = script.map(|(_, prefix)| prefix).filter(|prefix| *prefix != own);
        let prefixes = || [Some(own), named].into_iter().flatten();
        let ids = deployment::named_in(document).into_iter();
        let by_id = ids.flat_map(|id| prefixes().map(move |prefix| Build::of(id, prefix)));
        // With a deploymentId, Next.js 16 says no id in its pages.
        let by_script = script.map(|(file, _)| Build { file: file.to_owned(), id: None });
        by_id.chain(by_script).collect()
    }

    async fn try_build<S: Inner>(&mut self, way: &S, build: Build) -> bool {
        let Found::Build(deployment) = find(way, &build).await else { return false };
        let Some(name) = deployment.or_else(|| build.id.clone()) else { return false };
        let Looking { application, store, metrics, .. } = self.looking;
        application.met(&name, store, metrics);
        // Of a build on its way out the file is not asked for again.
        if application.is_current(&name) {
            self.known = Some(build);
        }
        true
    }
}

impl Build {
    fn of(id: &str, prefix: &str) -> Self {
        Self { file: deployment::file_of(id, prefix), id: Some(id.to_owned()) }
    }
}

async fn find<S: Inner>(way: &S, build: &Build) -> Found {
    let mut request = question(&build.file);
    *request.method_mut() = Method::HEAD;
    // Next.js names the deployment in answers to those who say so.
    request.headers_mut().insert(RSC, HeaderValue::from_static("1"));
    match timeout(PATIENCE, way.clone().oneshot(request)).await {
        Ok(Ok(answer)) => found(&answer),
        Ok(Err(
            ProxyError::NotResolved { .. }
            | ProxyError::ResolveTimeout { .. }
            | ProxyError::ConnectFailed { .. }
            | ProxyError::ConnectTimeout { .. },
        )) => Found::Nobody,
        Ok(Err(_)) | Err(_) => Found::Unclear,
    }
}

/// An answer counts where it is Next.js' own: a script that holds for good, or a 404 that nobody may
/// keep. Not the page of an application that answers to any path, nor a load balancer that has nobody
/// behind it, nor `next dev`.
fn found(answer: &Response<Body>) -> Found {
    let headers = answer.headers();
    let directives = ResponseDirectives::parse(headers, &[]);
    let is_file = assets::is_immutable(assets::Kind::Script, answer.status(), headers, &directives);
    match answer.status() {
        StatusCode::OK if is_file && headers.contains_key(CONTENT_TYPE) => {
            Found::Build(deployment::of(headers).map(str::to_owned))
        }
        StatusCode::NOT_FOUND if directives.no_store => Found::Other,
        _ => Found::Unclear,
    }
}

async fn read<S: Inner>(way: &S, page: &Page) -> Option<bytes::Bytes> {
    let mut request = question(page.target.as_str());
    let headers = request.headers_mut();
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.extend(page.host.clone().map(|host| (HOST, host)));
    let reading = async {
        let answer = way.clone().oneshot(request).await.ok()?;
        let body = Limited::new(answer.into_body(), LARGEST_PAGE).collect().await;
        Some(body.ok()?.to_bytes())
    };
    timeout(PATIENCE, reading).await.ok().flatten()
}

fn question(target: &str) -> Request<Body> {
    let mut request = Request::new(Body::Empty);
    if let Ok(target) = target.parse() {
        *request.uri_mut() = target;
    }
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static("selvedge"));
    request
}
