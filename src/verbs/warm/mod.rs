//! `selvedge warm`: asks an edge for many pages, so that visitors find them stored.
//!
//! The pages are asked for as a browser would, a few at a time and not faster than is allowed; what
//! cannot be kept is told by its reason.

mod print;
mod progress;
mod sitemap;
mod sources;

use std::path::PathBuf;
use std::sync::Arc;

use http::Response;
use http::uri::PathAndQuery;
use tokio::time::Instant;

pub use progress::Progress;

use super::target::{Field, NoTarget, Target};
use crate::ask::{Line, Unanswered};
use crate::config::{Config, OriginAddress};
use crate::exit;
use crate::warm::crew::{self, Asker, Job, Pace};
use crate::warm::{PATIENCE, Summary};

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

/// One request.
#[derive(Clone, Debug)]
struct Page {
    target: Target,
    rsc: bool,
}

/// A larger body is not stored anyway, unless `cache.max_entry` is raised further.
const LARGEST: usize = 256 << 20;
/// Who is in trouble so often in a row is left alone.
const MOST_TROUBLE: usize = 20;

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
        .flat_map(|target| kinds.iter().map(move |rsc| Page { target: target.clone(), rsc: *rsc }));
    let jobs: Arc<[Page]> = jobs.collect();
    progress.begin(jobs.len());
    let headers: Arc<[Field]> = what.headers.as_slice().into();
    let Warm { concurrency, rate, .. } = *what;
    let pace = Pace { concurrency, rate, most_trouble: MOST_TROUBLE };
    let mut summary = Summary::new(jobs.len());
    let began = Instant::now();
    let visitor = || Visitor { headers: headers.clone(), line: None };
    crew::ask_for_all(jobs, pace, visitor, |page, outcome| {
        summary.note(&page.shown(), outcome);
        progress.update(summary.asked);
    })
    .await;
    summary.took = began.elapsed();
    progress.end();
    Ok(summary)
}

impl Page {
    fn shown(&self) -> String {
        format!("{}{}", self.target.url, if self.rsc { " (RSC)" } else { "" })
    }
}

impl Job for Page {
    fn is_payload(&self) -> bool {
        self.rsc
    }
}

/// Asks an edge as visitors do, over a connection of his own.
struct Visitor {
    headers: Arc<[Field]>,
    line: Option<(OriginAddress, Line)>,
}

impl Asker for Visitor {
    type Job = Page;

    async fn send(
        &mut self,
        page: &Page,
        at: Option<PathAndQuery>,
    ) -> Result<Response<()>, String> {
        let target = at.map_or_else(|| page.target.clone(), |path| page.target.at(path));
        let request = target.request(page.rsc, &self.headers);
        let to = target.to;
        let (_, line) = match self.line.take().filter(|(known, _)| *known == to) {
            Some(known) => self.line.insert(known),
            None => self.line.insert((to.clone(), Line::new(to, PATIENCE))),
        };
        let answer = line.visit(request, LARGEST).await.map_err(|unanswered| unanswered.reason)?;
        Ok(answer.map(drop))
    }
}
