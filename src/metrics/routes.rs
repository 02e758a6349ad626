//! Which routes of the application are asked for, and what becomes of that.
//!
//! Of some requests only: a look-up by path and a lock are more than each hit should pay. Where there
//! are few requests all are looked at; where there are many one of so many, which then counts for as
//! many, so that about [`BATCH`] a second are.
//!
//! A route is a page of the application (`/blog/[slug]`), where its build can be read; else a path
//! with its ids folded.
//!
//! # Invariants
//! - At most [`MOST`] routes. What is one too many is joined with those beside it (`/blog/*`), or is
//!   among the others.
//! - What is missing is one route: whoever tries paths does not push out those that there are.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use http::StatusCode;
use http::uri::PathAndQuery;
use parking_lot::Mutex;
use serde::Serialize;

use super::Metrics;
use super::story::{Group, Story};

/// Routes that are told apart.
const MOST: usize = 200;
/// Routes of one folder that are worth joining.
const MANY: usize = 8;
/// Requests after which it is judged whether too many are looked at.
const BATCH: u32 = 512;
/// One of so many is looked at, at least.
const SELDOM: u32 = 1 << 12;
const SECOND: Duration = Duration::from_secs(1);

const MISSING: &str = "(not found)";
const OTHERS: &str = "(other)";

/// What has become of requests, by route.
#[derive(Debug, Default)]
pub(super) struct Routes {
    /// One request of `mask + 1` is looked at, a power of two.
    mask: AtomicU32,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    routes: HashMap<Box<str>, Route>,
    batch: u32,
    began: Duration,
}

/// What has become of the requests for one route; times in microseconds.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Route {
    requests: u64,
    /// Answered from the store, fresh.
    hits: u64,
    /// From the store, and renewed behind.
    stale: u64,
    /// By another's fetch.
    collapsed: u64,
    /// With a 5xx.
    errors: u64,
    bytes: u64,
    /// Answers that the origin was asked for, and what it took for their heads.
    asked: u64,
    origin_micros: u64,
    /// Why they were not answered from the store, where that is not for lack of an earlier one.
    why: Vec<(&'static str, u64)>,
}

/// A request that is looked at; counted when this is dropped.
#[derive(Debug)]
pub struct Visit {
    metrics: Metrics,
    target: PathAndQuery,
    page: Option<String>,
    weight: u64,
    told: Option<Told>,
    bytes: u64,
}

/// What the head of an answer tells.
#[derive(Clone, Copy, Debug)]
struct Told {
    story: Story,
    status: StatusCode,
    origin: Option<Duration>,
    detail: Option<&'static str>,
}

impl Metrics {
    /// Looks at a request, if it is the turn of one. Each connection counts its turns, and begins
    /// anywhere. `page_at` knows the page at a path, where the application's build says it.
    pub fn visit(
        &self,
        turn: u32,
        target: Option<&PathAndQuery>,
        page_at: impl FnOnce(&str) -> Option<String>,
    ) -> Option<Box<Visit>> {
        let mask = self.0.routes.mask.load(Relaxed);
        if turn & mask != 0 {
            return None;
        }
        let (metrics, target) = (self.clone(), target?.clone());
        let (page, weight) = (page_at(target.path()), u64::from(mask) + 1);
        Some(Box::new(Visit { metrics, target, page, weight, told: None, bytes: 0 }))
    }
}

impl Visit {
    /// Notes the head of its answer: what the origin took for it, if it was asked, and the detail of
    /// `Cache-Status`.
    pub fn answered(
        &mut self,
        story: Story,
        status: StatusCode,
        origin: Option<Duration>,
        detail: Option<&'static str>,
    ) {
        self.told = Some(Told { story, status, origin, detail });
    }

    /// Notes bytes of the body that were sent.
    pub fn sent(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let Some(told) = self.told else { return };
        let registry = &self.metrics.0;
        let name = match told.status {
            StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::BAD_REQUEST => MISSING.into(),
            _ => self.page.take().unwrap_or_else(|| folded(self.target.path())),
        };
        let mut table = registry.routes.table.lock();
        table.route(name).add(&told, self.weight, self.bytes);
        if let Some(mask) =
            table.judge(registry.routes.mask.load(Relaxed), registry.clock.monotonic())
        {
            registry.routes.mask.store(mask, Relaxed);
        }
    }
}

impl Routes {
    /// All routes, and of how many requests one is looked at.
    pub(super) fn all(&self) -> (Vec<(Box<str>, Route)>, u32) {
        let table = self.table.lock();
        let all = table.routes.iter().map(|(name, route)| (name.clone(), route.clone()));
        (all.collect(), self.mask.load(Relaxed) + 1)
    }
}

impl Table {
    /// Whether to look at half as many requests, or at twice as many: by how long the last batch took.
    fn judge(&mut self, mask: u32, now: Duration) -> Option<u32> {
        self.batch += 1;
        let took = now.saturating_sub(self.began);
        let mask = match (self.batch >= BATCH, took) {
            (true, took) if took < SECOND => (mask * 2 + 1).min(SELDOM - 1),
            (_, took) if took > 4 * SECOND => mask / 2,
            (true, _) => mask,
            _ => return None,
        };
        (self.batch, self.began) = (0, now);
        Some(mask)
    }

    /// The route of this name, or the one that it is joined with.
    fn route(&mut self, name: String) -> &mut Route {
        while self.routes.len() >= MOST && self.known(&name).is_none() {
            self.make_room();
        }
        let name = self.known(&name).unwrap_or(name);
        self.routes.entry(name.into()).or_default()
    }

    /// Under which name a route is known, if it is.
    fn known(&self, name: &str) -> Option<String> {
        let names = std::iter::once(name.to_owned()).chain(joined(name));
        names.into_iter().find(|name| self.routes.contains_key(&**name))
    }

    /// Joins the fullest folder; without a full one, the route that is asked for least goes to the
    /// others.
    fn make_room(&mut self) {
        let mut folders: HashMap<String, usize> = HashMap::new();
        for folder in self.routes.keys().filter_map(|name| joined(name)) {
            *folders.entry(folder).or_default() += 1;
        }
        let fullest = folders.into_iter().max_by_key(|(_, count)| *count);
        match fullest.filter(|(_, count)| *count >= MANY) {
            Some((folder, _)) => {
                let of_it: Vec<Box<str>> = self
                    .routes
                    .keys()
                    .filter(|name| joined(name).as_ref() == Some(&folder))
                    .cloned()
                    .collect();
                of_it.iter().for_each(|name| self.join(name, &folder));
            }
            None => {
                let own = |name: &str| !name.starts_with('(');
                let routes = self.routes.iter().filter(|(name, _)| own(name));
                let least = routes.min_by_key(|(_, route)| route.requests);
                if let Some(least) = least.map(|(name, _)| name.clone()) {
                    self.join(&least, OTHERS);
                }
            }
        }
    }

    fn join(&mut self, name: &str, into: &str) {
        if name == into {
            return;
        }
        if let Some(route) = self.routes.remove(name) {
            self.routes.entry(into.into()).or_default().take(route);
        }
    }
}

impl Route {
    fn add(&mut self, told: &Told, weight: u64, bytes: u64) {
        let Told { story, status, origin, detail } = *told;
        self.requests += weight;
        self.bytes += weight * bytes;
        match story.outcome.group() {
            Group::Hit => self.hits += weight,
            Group::Stale => self.stale += weight,
            Group::Collapsed => self.collapsed += weight,
            Group::Miss => detail.into_iter().for_each(|why| self.blame(why, weight)),
            Group::Bypass | Group::Refused | Group::StandIn | Group::Error => {
                self.blame(story.outcome.reason(), weight);
            }
            Group::Revalidated | Group::Purge | Group::Left => {}
        }
        if status.is_server_error() {
            self.errors += weight;
        }
        if let Some(origin) = origin {
            self.asked += weight;
            self.origin_micros += weight * origin.as_micros() as u64;
        }
    }

    fn blame(&mut self, why: &'static str, count: u64) {
        // As many as there are words for it.
        match self.why.iter_mut().find(|(known, _)| *known == why) {
            Some((_, sum)) => *sum += count,
            None => self.why.push((why, count)),
        }
    }

    fn take(&mut self, other: Self) {
        let Self { requests, hits, stale, collapsed, errors, bytes, asked, origin_micros, why } =
            other;
        self.requests += requests;
        self.hits += hits;
        self.stale += stale;
        self.collapsed += collapsed;
        self.errors += errors;
        self.bytes += bytes;
        self.asked += asked;
        self.origin_micros += origin_micros;
        why.into_iter().for_each(|(why, count)| self.blame(why, count));
    }
}

/// All beside a route, in one: `/blog/*` for `/blog/a`. Not what is below the root: that is too much.
fn joined(name: &str) -> Option<String> {
    let (folder, last) = name.rsplit_once('/')?;
    (!folder.is_empty() && !last.is_empty()).then(|| format!("{folder}/*"))
}

/// Longer names are cut.
const LONGEST: usize = 96;

/// A path with its ids folded: `/orders/17` is `/orders/[id]`.
fn folded(path: &str) -> String {
    if let Some((before, _)) = path.split_once("/_next/static/") {
        return format!("{before}/_next/static/*");
    }
    let is_data = path.contains("/_next/data/");
    let mut name = String::with_capacity(path.len());
    let mut before = "";
    for segment in path.split('/').skip(1) {
        if name.len() + segment.len() > LONGEST {
            name.push_str("/…");
            break;
        }
        name.push('/');
        name.push_str(match segment {
            _ if is_data && before == "data" => "[build]",
            _ if is_id(segment) => "[id]",
            _ => segment,
        });
        before = segment;
    }
    name
}

/// Numbers, and what is too long and too odd for a word.
fn is_id(segment: &str) -> bool {
    let mut bytes = segment.bytes();
    let is_hex = bytes.clone().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let digits = bytes.clone().filter(u8::is_ascii_digit).count();
    let is_word = bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    digits > 0
        && (digits == segment.len()
            || is_hex && segment.len() >= 16
            || is_word && segment.len() >= 20)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::metrics::{Class, Outcome};
    use crate::policy::date::Timestamp;

    fn visit(metrics: &Metrics, turn: u32, path: &str, status: u16, outcome: Outcome) -> bool {
        let target = path.parse().unwrap();
        let Some(mut visit) = metrics.visit(turn, Some(&target), page_at) else { return false };
        let story = Story { class: Class::Document, outcome };
        let origin = (outcome == Outcome::UriMiss).then_some(Duration::from_millis(3));
        visit.answered(story, StatusCode::from_u16(status).unwrap(), origin, Some("no-store"));
        visit.sent(10);
        true
    }

    /// What a build says of its pages.
    fn page_at(path: &str) -> Option<String> {
        path.starts_with("/post/").then(|| "/post/[slug]".to_owned())
    }

    fn route(metrics: &Metrics, name: &str) -> Route {
        let (all, _) = metrics.0.routes.all();
        all.into_iter().find(|(known, _)| **known == *name).map(|(_, it)| it).unwrap_or_default()
    }

    #[test]
    fn ids_are_folded_and_words_are_not() {
        for (path, expected) in [
            ("/", "/"),
            ("/blog/hello-2-you", "/blog/hello-2-you"),
            ("/orders/17/items/4", "/orders/[id]/items/[id]"),
            ("/u/3f2c8a1e-9f5b-4c1d-8e2a-0b1c2d3e4f5a", "/u/[id]"),
            ("/c/deadbeefdeadbee1", "/c/[id]"),
            ("/c/facade", "/c/facade"),
            ("/docs/_next/static/chunks/a.js", "/docs/_next/static/*"),
            ("/_next/data/b1/blog/1.json", "/_next/data/[build]/blog/1.json"),
            ("/data/17", "/data/[id]"),
        ] {
            assert_eq!(folded(path), expected);
        }
        assert!(folded(&"/long".repeat(100)).len() < LONGEST + 8);
    }

    #[test]
    fn what_became_of_a_route_is_counted() {
        let metrics = Metrics::new(&Clock::system());
        visit(&metrics, 0, "/a", 200, Outcome::Hit);
        visit(&metrics, 1, "/a?b", 200, Outcome::Stale);
        visit(&metrics, 2, "/a", 500, Outcome::UriMiss);
        let a = route(&metrics, "/a");
        assert_eq!((a.requests, a.hits, a.stale, a.errors, a.bytes), (3, 1, 1, 1, 30));
        assert_eq!((a.asked, a.origin_micros, a.why), (1, 3000, vec![("no-store", 1)]));
    }

    #[test]
    fn a_page_of_the_application_is_one_route_and_what_is_not_there_is_none() {
        let metrics = Metrics::new(&Clock::system());
        for path in ["/post/first", "/post/second?utm_source=x", "/post/17"] {
            visit(&metrics, 0, path, 200, Outcome::Hit);
        }
        visit(&metrics, 0, "/post/gone", 404, Outcome::UriMiss);
        assert_eq!(route(&metrics, "/post/[slug]").requests, 3);
        assert_eq!((route(&metrics, MISSING).requests, metrics.0.routes.all().0.len()), (1, 2));
    }

    #[test]
    fn there_are_never_too_many_and_no_request_is_lost() {
        let metrics = Metrics::new(&Clock::manual(Timestamp::from_secs(1)));
        let mut asked = 0;
        for turn in 0..600_u32 {
            for path in [format!("/blog/x{turn}y"), format!("/x{turn}y"), format!("/no{turn}z")] {
                let status = if path.starts_with("/no") { 404 } else { 200 };
                // Only what is looked at counts; it counts for the others.
                asked += u64::from(visit(&metrics, 0, &path, status, Outcome::Hit));
            }
        }
        let (all, every) = metrics.0.routes.all();
        assert!(all.len() <= MOST, "{}", all.len());
        assert!(every > 1);
        assert!(route(&metrics, "/blog/*").requests >= 300);
        assert!(route(&metrics, MISSING).requests >= 300);
        assert!(all.iter().map(|(_, route)| route.requests).sum::<u64>() >= asked);
    }

    #[test]
    fn of_many_requests_one_of_so_many_is_looked_at_and_of_few_all() {
        let clock = Clock::manual(Timestamp::from_secs(1));
        let metrics = Metrics::new(&clock);
        let looked =
            (0..20_000_u32).filter(|turn| visit(&metrics, *turn, "/a", 200, Outcome::Hit)).count();
        assert!(looked < 4000, "{looked}");
        let counted = route(&metrics, "/a").requests;
        assert!((18_000..22_000).contains(&counted), "{counted}");
        for _ in 0..16 {
            clock.advance(5 * SECOND);
            visit(&metrics, 0, "/a", 200, Outcome::Hit);
        }
        assert_eq!(metrics.0.routes.all().1, 1);
    }
}
