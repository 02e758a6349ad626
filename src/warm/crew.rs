//! Asks for many things, a few at a time, no faster than is allowed, and no longer than it helps.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::uri::PathAndQuery;
use http::{Response, Uri};
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::outcome::{self, Outcome};
use crate::next::verdict;

/// How fast, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Requests at once.
    pub concurrency: usize,
    /// Requests in a second, at most.
    pub rate: usize,
    /// A server that is in trouble so often in a row is left alone.
    pub most_trouble: usize,
}

/// What is asked for.
pub trait Job: Send + Sync + 'static {
    /// Whether it is an RSC payload.
    fn is_payload(&self) -> bool;
}

/// Asks for one thing after the other.
pub trait Asker: Send + 'static {
    /// What for.
    type Job: Job;

    /// The head of the answer, once the whole of it is there if it is kept; `at` is another target for
    /// the same. `Err` says why there is no answer.
    fn send(
        &mut self,
        job: &Self::Job,
        at: Option<PathAndQuery>,
    ) -> impl Future<Output = Result<Response<()>, String>> + Send;
}

/// Has all jobs asked for by as many as `pace` lets ask at once; `note` is told of each. Dropped, it
/// stops.
pub async fn ask_for_all<A: Asker>(
    jobs: Arc<[A::Job]>,
    pace: Pace,
    asker: impl Fn() -> A,
    mut note: impl FnMut(&A::Job, Outcome),
) {
    let turns = Arc::new(Turns::new(jobs.len(), pace.rate));
    let (sender, mut outcomes) = mpsc::channel(64);
    let mut crew = JoinSet::new();
    for _ in 0..pace.concurrency.min(jobs.len()) {
        crew.spawn(work(asker(), jobs.clone(), turns.clone(), sender.clone()));
    }
    drop(sender);
    let mut trouble = 0;
    while let Some((index, outcome)) = outcomes.recv().await {
        trouble = if outcome.is_trouble() { trouble + 1 } else { 0 };
        if trouble >= pace.most_trouble {
            turns.end();
        }
        note(&jobs[index], outcome);
    }
}

async fn work<A: Asker>(
    mut asker: A,
    jobs: Arc<[A::Job]>,
    turns: Arc<Turns>,
    outcomes: mpsc::Sender<(usize, Outcome)>,
) {
    while let Some(index) = turns.take().await {
        let Some(job) = jobs.get(index) else { return };
        let outcome = ask(&mut asker, job).await;
        if outcomes.send((index, outcome)).await.is_err() {
            return;
        }
    }
}

async fn ask<A: Asker>(asker: &mut A, job: &A::Job) -> Outcome {
    let mut at = None;
    // The second time at the `_rsc` that Next.js calls the right one.
    for is_first in [true, false] {
        let answer = match asker.send(job, at.take()).await {
            Ok(answer) => answer,
            Err(reason) => return Outcome::Unanswered(reason),
        };
        let redirect = verdict::rsc_redirect(answer.status(), answer.headers());
        let right = redirect.and_then(|location| location.parse::<Uri>().ok());
        match right.and_then(|uri| uri.path_and_query().cloned()) {
            Some(right) if job.is_payload() && is_first => at = Some(right),
            _ => return outcome::of(answer.status(), answer.headers(), job.is_payload()),
        }
    }
    Outcome::Failed("it redirects to another _rsc each time".into())
}

/// Hands out the jobs, each at its time.
#[derive(Debug)]
struct Turns {
    count: usize,
    pause: Duration,
    next: Mutex<Slot>,
    is_over: AtomicBool,
}

/// A job's number, and when it is due.
#[derive(Clone, Copy, Debug)]
struct Slot {
    index: usize,
    at: Instant,
}

impl Turns {
    fn new(count: usize, rate: usize) -> Self {
        let pause = Duration::from_secs(1) / u32::try_from(rate.max(1)).unwrap_or(u32::MAX);
        let next = Mutex::new(Slot { index: 0, at: Instant::now() });
        Self { count, pause, next, is_over: AtomicBool::new(false) }
    }

    /// The next job, once it is its time. What was late is not made up for.
    async fn take(&self) -> Option<usize> {
        let slot = self.next().filter(|slot| slot.index < self.count)?;
        sleep_until(slot.at).await;
        (!self.is_over.load(Ordering::Relaxed)).then_some(slot.index)
    }

    fn next(&self) -> Option<Slot> {
        let mut next = self.next.lock();
        let slot = Slot { at: next.at.max(Instant::now()), ..*next };
        *next = Slot { index: slot.index.checked_add(1)?, at: slot.at + self.pause };
        Some(slot)
    }

    /// Nothing more is asked for.
    fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Page(usize);

    impl Job for Page {
        fn is_payload(&self) -> bool {
            self.0 == 1
        }
    }

    struct Asked {
        page: usize,
        at: Option<String>,
    }

    /// Answers at once; notes what it was asked for.
    #[derive(Clone)]
    struct Server {
        asked: Arc<Mutex<Vec<Asked>>>,
        began: Instant,
        is_down: bool,
    }

    impl Server {
        fn new(is_down: bool) -> Self {
            Self { asked: Arc::default(), began: Instant::now(), is_down }
        }
    }

    impl Asker for Server {
        type Job = Page;

        async fn send(
            &mut self,
            job: &Page,
            at: Option<PathAndQuery>,
        ) -> Result<Response<()>, String> {
            let is_again = at.is_some();
            self.asked.lock().push(Asked { page: job.0, at: at.map(|at| at.to_string()) });
            if self.is_down {
                return Err("refused".into());
            }
            let answer = Response::builder().header("cache-status", "selvedge; hit; ttl=9");
            let answer = match job.is_payload() && !is_again {
                true => answer.status(307).header("location", "/p?_rsc=right"),
                false => answer,
            };
            Ok(answer.body(()).unwrap())
        }
    }

    fn jobs(count: usize) -> Arc<[Page]> {
        (0..count).map(Page).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_are_asked_for_in_a_second_than_are_allowed_and_each_once() {
        let server = Server::new(false);
        let pace = Pace { concurrency: 3, rate: 10, most_trouble: 2 };
        let mut outcomes = Vec::new();
        ask_for_all(jobs(21), pace, || server.clone(), |_, outcome| outcomes.push(outcome)).await;
        assert_eq!(outcomes, vec![Outcome::Hit; 21]);
        assert_eq!(server.began.elapsed().as_secs(), 2);
        let asked = server.asked.lock();
        let first: Vec<_> =
            asked.iter().filter(|asked| asked.at.is_none()).map(|asked| asked.page).collect();
        assert_eq!(first, (0..21).collect::<Vec<_>>());
        let again = asked.iter().find(|asked| asked.at.is_some()).unwrap();
        assert_eq!((again.page, again.at.as_deref()), (1, Some("/p?_rsc=right")));
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_in_trouble_is_left_alone() {
        let server = Server::new(true);
        let pace = Pace { concurrency: 2, rate: 10, most_trouble: 4 };
        let mut count = 0;
        ask_for_all(jobs(1000), pace, || server.clone(), |_, _| count += 1).await;
        assert!((4..=6).contains(&count), "{count}");
        ask_for_all(jobs(0), pace, || server.clone(), |_, _| panic!("of what?")).await;
    }
}
