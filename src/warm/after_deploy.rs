//! At the start, and each time that another build answers, the edge asks for the pages itself, so that
//! the first visitor of each finds it stored.
//!
//! What keeps it from making the origin worse: it asks for few at once, and no faster than is allowed;
//! it lets visitors go first who wait for the origin; and it leaves an origin in trouble alone. It ends
//! with the edge's draining, and begins anew when yet another build answers.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Response;
use http::uri::PathAndQuery;
use http_body_util::BodyExt;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};
use tracing::info;

use super::crew::{self, Asker, Pace};
use super::pages;
use super::plan::{Name, Page, Site, plan};
use super::{Outcome, PATIENCE, Summary, Way};
use crate::build::Application;
use crate::config::WarmConfig;
use crate::layer::shed::Waiting;
use crate::metrics::{Event, Metrics, Storied};
use crate::policy::status::Member;
use crate::store::MemoryStore;

/// What is needed to warm an edge.
#[derive(Clone, Debug)]
pub struct Warming {
    /// How gently.
    pub config: WarmConfig,
    /// Into the edge's own cache.
    pub way: Way,
    /// What is stored, and was before a deploy.
    pub store: MemoryStore,
    /// Whose builds are noticed, and what they say of themselves.
    pub application: Application,
    /// `basePath` of the application, as far as it is known.
    pub base_path: String,
    /// Who waits for the origin.
    pub waiting: Waiting,
    /// Where it is counted.
    pub metrics: Metrics,
}

/// What has been asked for after one deploy.
struct Round {
    summary: Summary,
    known: HashSet<Name>,
}

/// So often in a row the origin may be in trouble.
const MOST_TROUBLE: usize = 5;
/// A new build may answer before its manifests are read.
const LOOKS_FOR_THE_BUILD: u32 = 40;
const LOOK: Duration = Duration::from_millis(250);
/// Without a page of a visitor nobody knows under which host he will come.
const FIRST_LOOK_FOR_A_SITE: Duration = Duration::from_secs(1);
const LAST_LOOK_FOR_A_SITE: Duration = Duration::from_secs(60);
/// For so long visitors are let go first, for each page.
const PAUSE: Duration = Duration::from_millis(50);
const MOST_PAUSES: u32 = 20;

impl Warming {
    /// Warms once `origin_answers`, and then after each deploy, for as long as the edge runs.
    pub async fn run(self, origin_answers: impl Future<Output = ()>) {
        let mut retirements = self.application.retirements();
        origin_answers.await;
        let mut occasion = "the start";
        loop {
            retirements.borrow_and_update();
            tokio::select! {
                () = self.once(occasion) => if retirements.changed().await.is_err() { return },
                deployed = retirements.changed() => match deployed {
                    Ok(()) => info!("warming begins anew: another build answers"),
                    Err(_) => return,
                },
            }
            occasion = "a deploy";
        }
    }

    async fn once(&self, occasion: &str) {
        let began = Instant::now();
        let mut round = Round { summary: Summary::new(0), known: HashSet::new() };
        if !self.application.has_read_what_answers() {
            // Its manifests may come later; what was stored says by itself what is asked for most.
            self.ask_for(self.plan(&Arc::default()).await, &mut round).await;
        }
        self.ask_for(self.pages().await, &mut round).await;
        if round.summary.total > 0 {
            round.summary.took = began.elapsed();
            info!("warmed after {occasion}: {}", round.summary.line());
        }
    }

    async fn ask_for(&self, pages: Vec<Page>, round: &mut Round) {
        let new = pages.into_iter().filter(|page| !round.known.contains(&page.name()));
        let jobs: Arc<[Page]> = new.collect();
        round.known.extend(jobs.iter().map(Page::name));
        round.summary.total += jobs.len();
        let WarmConfig { concurrency, rate, .. } = self.config;
        let pace = Pace { concurrency, rate, most_trouble: MOST_TROUBLE };
        let own = Arc::<AtomicUsize>::default();
        let visitor =
            || Visitor { way: self.way.clone(), waiting: self.waiting.clone(), own: own.clone() };
        crew::ask_for_all(jobs, pace, visitor, |page, outcome| {
            self.metrics.count(counted_as(&outcome));
            round.summary.note(&page.to_string(), outcome);
        })
        .await;
    }

    /// All pages that are worth asking for; waits until it is known where visitors find them.
    async fn pages(&self) -> Vec<Page> {
        let prerendered = self.prerendered().await;
        let mut pause = FIRST_LOOK_FOR_A_SITE;
        loop {
            let pages = self.plan(&prerendered).await;
            if !pages.is_empty() || prerendered.is_empty() {
                return pages;
            }
            sleep(pause).await;
            pause = (2 * pause).min(LAST_LOOK_FOR_A_SITE);
        }
    }

    async fn plan(&self, prerendered: &Arc<[String]>) -> Vec<Page> {
        let (store, paths) = (self.store.clone(), prerendered.clone());
        let site = self.config.site.as_deref().and_then(Site::of);
        let most = self.config.max_pages;
        // It looks at every key.
        let planned = spawn_blocking(move || plan(&store, &paths, site.as_ref(), most)).await;
        planned.unwrap_or_default()
    }

    /// What the build has rendered ahead that answers, as far as it can be read.
    async fn prerendered(&self) -> Arc<[String]> {
        for _ in 0..LOOKS_FOR_THE_BUILD {
            if self.application.manifest().is_none() {
                break;
            }
            if self.application.has_read_what_answers() {
                return self.read();
            }
            sleep(LOOK).await;
        }
        Arc::default()
    }

    fn read(&self) -> Arc<[String]> {
        let manifest = self.application.manifest();
        let known = manifest.as_deref().and_then(|manifest| manifest.prerender.as_ref());
        known.map(|known| pages::prerendered(known, &self.base_path).into()).unwrap_or_default()
    }
}

/// Asks as a visitor would who has no cookies, and lets real ones go first.
struct Visitor {
    way: Way,
    waiting: Waiting,
    /// How many of those who wait are we.
    own: Arc<AtomicUsize>,
}

impl Asker for Visitor {
    type Job = Page;

    async fn send(
        &mut self,
        page: &Page,
        at: Option<PathAndQuery>,
    ) -> Result<Response<()>, String> {
        self.give_way().await;
        let _counted = Own::new(&self.own);
        match timeout(PATIENCE, self.exchange(page, at)).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("nothing for {PATIENCE:?}")),
        }
    }
}

impl Visitor {
    async fn give_way(&self) {
        for _ in 0..MOST_PAUSES {
            if self.waiting.count() <= self.own.load(Ordering::Relaxed) {
                return;
            }
            sleep(PAUSE).await;
        }
    }

    async fn exchange(
        &self,
        page: &Page,
        at: Option<PathAndQuery>,
    ) -> Result<Response<()>, String> {
        let (head, body) = self.way.ask(page.request(at)).await?.into_parts();
        // What is not stored is not waited for: it may never end.
        if Member::of(&head.headers).is_some_and(|member| member.stored) {
            read(body).await?;
        }
        Ok(Response::from_parts(head, ()))
    }
}

/// Reads a body to its end: whoever leaves before gives up what nobody else waits for.
async fn read(mut body: Storied) -> Result<(), String> {
    while let Some(frame) = body.frame().await {
        frame.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// One of our own requests, until it is dropped.
struct Own(Arc<AtomicUsize>);

impl Own {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count.clone())
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn counted_as(outcome: &Outcome) -> Event {
    match outcome {
        Outcome::Stored => Event::WarmedStored,
        Outcome::Hit | Outcome::Renewed => Event::WarmedHit,
        Outcome::NoPayload | Outcome::NotStored(_) => Event::WarmedNotStored,
        Outcome::Failed(_) | Outcome::Trouble(_) | Outcome::Unanswered(_) => Event::WarmedFailed,
    }
}

#[cfg(test)]
mod tests {
    use http::Request;
    use tower::{ServiceExt, service_fn};

    use super::*;
    use crate::body::Body;
    use crate::layer::shed::Shed;

    #[tokio::test(start_paused = true)]
    async fn visitors_who_wait_for_the_origin_go_first_but_not_for_ever() {
        let waiting = Waiting::default();
        let visitor =
            Visitor { way: Way::default(), waiting: waiting.clone(), own: Arc::default() };
        let gave_way = async || {
            let began = Instant::now();
            visitor.give_way().await;
            began.elapsed()
        };
        assert_eq!(gave_way().await, Duration::ZERO);
        let never = service_fn(|_: Request<Body>| std::future::pending());
        let shed = Shed::new(never, waiting, 10);
        let other = tokio::spawn(shed.oneshot(Request::new(Body::Empty)));
        tokio::task::yield_now().await;
        assert_eq!(gave_way().await, PAUSE * MOST_PAUSES);
        // What waits is our own other request.
        let own = Own::new(&visitor.own);
        assert_eq!(gave_way().await, Duration::ZERO);
        drop(own);
        other.abort();
        assert!(other.await.is_err());
        assert_eq!(gave_way().await, Duration::ZERO);
    }
}
