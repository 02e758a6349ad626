//! `selvedge warm`: asks an edge for many pages, so that visitors find them stored.
//!
//! The pages are asked for as a browser would, a few at a time and not faster than is allowed; what
//! cannot be kept is told by its reason.

mod progress;
mod sitemap;
mod sources;
mod summary;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use http::{StatusCode, Uri};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

pub use progress::Progress;
pub use summary::{Group, Summary};

use super::ask::{Line, Unanswered};
use super::explain::{Event, Reason, Story};
use super::target::{Field, NoTarget, Target};
use crate::cache::Unstored;
use crate::config::{Config, OriginAddress};
use crate::exit;
use crate::next::verdict::{self, Unfit};

/// What is to be warmed, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warm {
    /// URLs, or paths.
    pub urls: Vec<String>,
    /// Sitemaps, or indexes of such.
    pub sitemaps: Vec<String>,
    /// Where the application's build lies, whose prerendered pages are meant.
    pub manifest: Option<PathBuf>,
    /// An access log of an edge, whose pages are meant, the most visited first.
    pub log: Option<PathBuf>,
    /// Where visitors find the paths: scheme and host, which are part of what is kept.
    pub site: Option<String>,
    /// The edge, if it is not the URLs' own server.
    pub edge: Option<OriginAddress>,
    /// Fields of each request.
    pub headers: Vec<Field>,
    /// Whether the RSC payloads are meant too.
    pub rsc: bool,
    /// Requests at once.
    pub concurrency: usize,
    /// Requests in a second.
    pub rate: usize,
    /// Whether it is told to a machine.
    pub json: bool,
}

/// Why nothing was warmed.
#[derive(Debug, thiserror::Error)]
pub enum Unwarmed {
    /// A URL is none.
    #[error(transparent)]
    NoTarget(#[from] NoTarget),
    /// There is nothing to ask for.
    #[error("nothing to warm: name URLs, or --sitemap, --manifest or --from-log that have some")]
    Nothing,
    /// A file cannot be read.
    #[error("{}: {reason}", .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Nobody gives the sitemap.
    #[error("{0}; is the edge running? (--edge names another)")]
    Unanswered(#[from] Unanswered),
    /// A sitemap is none.
    #[error("{url} is no sitemap: {why}")]
    NoSitemap {
        /// Which.
        url: String,
        /// What came instead.
        why: String,
    },
}

impl Unwarmed {
    /// What the process exits with.
    pub fn exit(&self) -> u8 {
        match self {
            Self::NoTarget(_) | Self::Nothing | Self::Unreadable { .. } => exit::USAGE,
            Self::Unanswered(_) => exit::UNAVAILABLE,
            Self::NoSitemap { .. } => exit::FAILED,
        }
    }
}

/// What became of one page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was stored already.
    Hit,
    /// It was stored, too old, and is renewed now.
    Renewed,
    /// It is stored now.
    Stored,
    /// It is no page of the app router: HTML came where its RSC payload was asked for.
    NoPayload,
    /// It is not, for this reason, by its token.
    NotStored(String),
    /// The answer is an error, or no edge's.
    Failed(String),
    /// There is no answer.
    Unanswered(String),
}

/// One request.
#[derive(Clone, Debug)]
struct Job {
    target: Target,
    rsc: bool,
}

/// For one page, rendered for the first time perhaps.
const PATIENCE: Duration = Duration::from_secs(90);
/// A larger body is not stored anyway, unless `cache.max_entry` is raised further.
const LARGEST: usize = 256 << 20;
/// Who fails so often in a row is left alone.
const MOST_UNANSWERED: usize = 20;

/// Asks for everything; tells `progress` how far it is.
///
/// # Errors
/// [`Unwarmed`], before anything is warmed.
pub async fn warm(
    config: &Config,
    what: &Warm,
    mut progress: Progress,
) -> Result<Summary, Unwarmed> {
    let targets = sources::targets(config, what).await?;
    if targets.is_empty() {
        return Err(Unwarmed::Nothing);
    }
    let kinds: &[bool] = if what.rsc { &[false, true] } else { &[false] };
    let jobs = targets
        .into_iter()
        .flat_map(|target| kinds.iter().map(move |rsc| Job { target: target.clone(), rsc: *rsc }));
    let jobs: Arc<[Job]> = jobs.collect();
    progress.begin(jobs.len());
    let crew = Arc::new(Crew {
        headers: what.headers.clone(),
        began: Instant::now(),
        pause: Duration::from_secs(1) / u32::try_from(what.rate.max(1)).unwrap_or(u32::MAX),
        next: AtomicUsize::new(0),
        has_given_up: AtomicBool::new(false),
        jobs: jobs.clone(),
    });
    let (sender, mut outcomes) = mpsc::channel(64);
    for _ in 0..what.concurrency.clamp(1, jobs.len()) {
        tokio::spawn(crew.clone().work(sender.clone()));
    }
    drop(sender);
    let mut summary = Summary::new(jobs.len());
    let mut unanswered = 0;
    while let Some((index, outcome)) = outcomes.recv().await {
        unanswered = if matches!(outcome, Outcome::Unanswered(_)) { unanswered + 1 } else { 0 };
        if unanswered >= MOST_UNANSWERED {
            crew.has_given_up.store(true, Ordering::Relaxed);
        }
        summary.note(&jobs[index].shown(), outcome);
        progress.update(summary.asked);
    }
    summary.took = crew.began.elapsed();
    progress.end();
    Ok(summary)
}

impl Job {
    fn shown(&self) -> String {
        format!("{}{}", self.target.url, if self.rsc { " (RSC)" } else { "" })
    }
}

/// What all who ask share.
struct Crew {
    jobs: Arc<[Job]>,
    headers: Vec<Field>,
    began: Instant,
    pause: Duration,
    next: AtomicUsize,
    has_given_up: AtomicBool,
}

impl Crew {
    async fn work(self: Arc<Self>, outcomes: mpsc::Sender<(usize, Outcome)>) {
        let mut line: Option<(OriginAddress, Line)> = None;
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = self.jobs.get(index) else { return };
            let turn = self.pause.saturating_mul(u32::try_from(index).unwrap_or(u32::MAX));
            sleep_until(self.began + turn).await;
            if self.has_given_up.load(Ordering::Relaxed) {
                return;
            }
            let to = &job.target.to;
            let (_, open) = match line.take().filter(|(known, _)| known == to) {
                Some(known) => line.insert(known),
                None => line.insert((to.clone(), Line::new(to.clone(), PATIENCE))),
            };
            let outcome = self.ask(job, open).await;
            if outcomes.send((index, outcome)).await.is_err() {
                return;
            }
        }
    }

    async fn ask(&self, job: &Job, line: &mut Line) -> Outcome {
        let mut target = job.target.clone();
        // The second time at the `_rsc` that Next.js calls the right one.
        for is_first in [true, false] {
            let request = target.request(job.rsc, &self.headers);
            let answer = match line.ask(request, LARGEST).await {
                Ok(answer) => answer,
                Err(Unanswered { reason, .. }) => return Outcome::Unanswered(reason),
            };
            let redirect = verdict::rsc_redirect(answer.status(), answer.headers());
            let right = redirect.and_then(|location| location.parse::<Uri>().ok());
            match right.and_then(|uri| uri.path_and_query().cloned()) {
                Some(path) if job.rsc && is_first => target = target.at(path),
                _ => return outcome(answer.status(), Story::of(answer.headers()), job.rsc),
            }
        }
        Outcome::Failed("it redirects to another _rsc each time".into())
    }
}

fn outcome(status: StatusCode, story: Option<Story>, rsc: bool) -> Outcome {
    let Some(story) = story else {
        return Outcome::Failed("no edge answered: there is no Cache-Status of Selvedge".into());
    };
    let reason = story.detail.as_deref().and_then(Reason::of);
    if reason == Some(Reason::Event(Event::StaleIfError)) {
        return Outcome::Failed(Event::StaleIfError.sentence().into());
    }
    let is_payload_missing = reason == Some(Reason::Unstored(Unstored::Next(Unfit::ClassMismatch)));
    match story {
        // A prerendered page may well be one that is not there.
        _ if (status.is_client_error() || status.is_server_error())
            && !(story.hit || story.stored) =>
        {
            Outcome::Failed(format!("the answer is {status}"))
        }
        _ if rsc && is_payload_missing => Outcome::NoPayload,
        Story { hit: true, ttl: Some(ttl), .. } if ttl <= 0 => Outcome::Renewed,
        Story { hit: true, .. } => Outcome::Hit,
        Story { stored: true, .. } => Outcome::Stored,
        Story { detail: Some(detail), .. } => Outcome::NotStored(detail),
        Story { fwd, .. } => {
            Outcome::NotStored(fwd.map_or("unknown", |fwd| fwd.as_str()).to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_a_page_is_read_from_what_the_edge_says() {
        let story = |text: &str| {
            let mut headers = http::HeaderMap::new();
            headers.insert("cache-status", text.parse().unwrap());
            Story::of(&headers)
        };
        for (status, text, expected) in [
            (200, "selvedge; hit; ttl=8", Outcome::Hit),
            (200, "selvedge; hit; ttl=-8", Outcome::Renewed),
            (200, "selvedge; fwd=uri-miss; stored", Outcome::Stored),
            (200, "selvedge; fwd=uri-miss; detail=no-store", Outcome::NotStored("no-store".into())),
            (200, "selvedge; fwd=bypass", Outcome::NotStored("bypass".into())),
            (404, "selvedge; fwd=uri-miss; stored", Outcome::Stored),
            (
                404,
                "selvedge; fwd=uri-miss; detail=no-store",
                Outcome::Failed("the answer is 404 Not Found".into()),
            ),
            (
                200,
                "selvedge; fwd=stale; detail=stale-if-error",
                Outcome::Failed(Event::StaleIfError.sentence().into()),
            ),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(outcome(status, story(text), false), expected, "{text}");
        }
        let html = || story("selvedge; fwd=uri-miss; detail=class-mismatch");
        assert_eq!(outcome(StatusCode::OK, html(), true), Outcome::NoPayload);
        assert!(matches!(outcome(StatusCode::OK, html(), false), Outcome::NotStored(_)));
        assert!(matches!(outcome(StatusCode::OK, None, false), Outcome::Failed(_)));
    }
}
