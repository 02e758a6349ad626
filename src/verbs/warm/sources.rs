//! From what was named to the pages that are asked for, each once, in this order: URLs, the log (the
//! most visited first), the manifest, sitemaps.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use http::StatusCode;
use http::header::ACCEPT_ENCODING;
use serde::Deserialize;

use super::sitemap::{self, Sitemap};
use super::{LARGEST, Unwarmed, Warm};
use crate::ask::Line;
use crate::build::Application;
use crate::build::files::Files;
use crate::config::{BuildDir, Config, NextConfig};
use crate::policy::key::rsc_parameter;
use crate::verbs::target::{Target, edge_here, field};
use crate::warm::PATIENCE;
use crate::warm::pages::{self, encoded};

/// More than these are left out: the rest of what would be asked for is the least visited.
const MOST_PAGES: usize = 100_000;
const MOST_SITEMAPS: usize = 1_000;

/// The pages, each once.
pub(super) async fn targets(config: &Config, what: &Warm) -> Result<Vec<Target>, Unwarmed> {
    let mut found = Found { known: HashSet::new(), targets: Vec::new() };
    for url in &what.urls {
        found.add(target(config, what, url)?);
    }
    if let Some(path) = &what.log {
        let lines = open(path).map_err(|reason| unreadable(path, &reason))?;
        for path in most_visited(BufReader::new(lines)) {
            found.add(target(config, what, &path)?);
        }
    }
    if let Some(dir) = &what.manifest {
        for path in prerendered(config, dir).await? {
            found.add(target(config, what, &path)?);
        }
    }
    for url in &what.sitemaps {
        of_sitemap(config, what, url, &mut found).await?;
    }
    Ok(found.targets)
}

struct Found {
    known: HashSet<String>,
    targets: Vec<Target>,
}

impl Found {
    fn add(&mut self, target: Target) {
        if self.targets.len() < MOST_PAGES && self.known.insert(target.url.clone()) {
            self.targets.push(target);
        }
    }
}

/// A path is one of the site, if that is known, at the edge that runs here.
fn target(config: &Config, what: &Warm, text: &str) -> Result<Target, Unwarmed> {
    let site = what.site.as_deref().filter(|_| text.starts_with('/'));
    let Some(site) = site else { return Ok(Target::of(text, what.edge.as_ref(), config)?) };
    let edge = what.edge.clone().unwrap_or_else(|| edge_here(config));
    let url = format!("{}{text}", site.trim_end_matches('/'));
    Ok(Target::of(&url, Some(&edge), config)?)
}

async fn of_sitemap(
    config: &Config,
    what: &Warm,
    url: &str,
    found: &mut Found,
) -> Result<(), Unwarmed> {
    let first = target(config, what, url)?;
    // Whoever has the sitemap has its pages, whatever host they name.
    let edge = first.to.clone();
    let mut seen = HashSet::from([first.url.clone()]);
    let mut sitemaps = VecDeque::from([first]);
    while let Some(next) = sitemaps.pop_front() {
        match fetch(&next, what).await? {
            Sitemap::Pages(urls) => {
                for url in urls {
                    found.add(Target::of(&encoded(&url), Some(&edge), config)?);
                }
            }
            Sitemap::Index(urls) => {
                for url in urls {
                    let further = Target::of(&encoded(&url), Some(&edge), config)?;
                    if seen.len() < MOST_SITEMAPS && seen.insert(further.url.clone()) {
                        sitemaps.push_back(further);
                    }
                }
            }
        }
    }
    Ok(())
}

async fn fetch(sitemap: &Target, what: &Warm) -> Result<Sitemap, Unwarmed> {
    let mut fields = what.headers.clone();
    if let Ok(identity) = field(&format!("{ACCEPT_ENCODING}: identity")) {
        fields.push(identity);
    }
    let mut line = Line::new(sitemap.to.clone(), PATIENCE);
    let answer = line.ask(sitemap.request(false, &fields), LARGEST).await?;
    let no_sitemap = |why: String| Unwarmed::NoSitemap { url: sitemap.url.clone(), why };
    if answer.status() != StatusCode::OK {
        return Err(no_sitemap(format!("the answer is {}", answer.status())));
    }
    if answer.body().starts_with(b"\x1f\x8b") {
        return Err(no_sitemap("it is compressed; name the one that is not".into()));
    }
    let text = String::from_utf8_lossy(answer.body());
    sitemap::read(&text).ok_or_else(|| no_sitemap("there is no <urlset> in it".into()))
}

/// The prerendered pages of a build, as URLs write them.
async fn prerendered(config: &Config, dir: &Path) -> Result<Vec<String>, Unwarmed> {
    let next = NextConfig { dir: BuildDir::At(dir.to_owned()), ..config.next.clone() };
    let application = Application::default();
    Files::of(&next, None).begin(&application).await;
    let manifest = application.manifest();
    let known = manifest.as_deref().and_then(|manifest| manifest.prerender.as_ref());
    let Some(known) = known else {
        return Err(unreadable(dir, "there is no prerender-manifest.json of a build"));
    };
    let base_path = application.base_path().unwrap_or_else(|| config.next.base_path.clone());
    Ok(pages::prerendered(known, &base_path))
}

/// Of a log's line what counts here.
#[derive(Deserialize)]
struct Visit {
    method: String,
    path: String,
    status: u16,
}

/// The paths of documents that were visited and are there, the most visited first.
fn most_visited(log: impl BufRead) -> Vec<String> {
    let mut visits: HashMap<String, u64> = HashMap::new();
    for line in log.lines().map_while(Result::ok) {
        let Ok(Visit { method, path, status }) = serde_json::from_str(&line) else { continue };
        let query = path.split_once('?').map(|(_, query)| query);
        // Whoever comes back has it already, mostly.
        let is_there = matches!(status, 200 | 304);
        let is_page = method == "GET" && is_there && rsc_parameter(query).is_none();
        if is_page && path.starts_with('/') && !path.contains("/_next/") {
            *visits.entry(path).or_default() += 1;
        }
    }
    let mut visits: Vec<_> = visits.into_iter().collect();
    visits.sort_unstable_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| a.cmp(b)));
    visits.truncate(MOST_PAGES);
    visits.into_iter().map(|(path, _)| path).collect()
}

fn open(path: &Path) -> Result<Box<dyn Read>, String> {
    if path == Path::new("-") {
        return Ok(Box::new(std::io::stdin()));
    }
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    Ok(Box::new(file))
}

fn unreadable(path: &Path, reason: &str) -> Unwarmed {
    Unwarmed::Unreadable { path: path.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::OriginAddress;

    #[test]
    fn the_most_visited_pages_come_first() {
        let line = |method: &str, path: &str, status: u16| {
            format!("{{\"method\":\"{method}\",\"path\":\"{path}\",\"status\":{status},\"x\":1}}\n")
        };
        let log = [
            line("GET", "/b", 200),
            line("GET", "/a", 200),
            line("GET", "/b", 200),
            line("GET", "/returning", 304),
            line("GET", "/c", 404),
            line("POST", "/d", 200),
            line("GET", "/a?_rsc=1", 200),
            line("GET", "/a?_rsc", 200),
            line("GET", "/_next/static/x.js", 200),
            "not a line of an edge\n".into(),
        ];
        assert_eq!(most_visited(log.concat().as_bytes()), ["/b", "/a", "/returning"]);
    }

    #[test]
    fn a_path_is_one_of_the_site_at_the_edge_that_runs_here() {
        let config = Config::default();
        let what = Warm {
            urls: vec![],
            sitemaps: vec![],
            manifest: None,
            log: None,
            site: Some("https://shop.example/".into()),
            edge: None,
            headers: vec![],
            rsc: false,
            concurrency: 1,
            rate: 1,
            json: false,
        };
        let page = target(&config, &what, "/a").unwrap();
        assert_eq!((page.url.as_str(), page.is_https()), ("https://shop.example/a", true));
        assert_eq!(page.to, OriginAddress::Tcp { host: "127.0.0.1".into(), port: 8080 });
        let other = target(&config, &what, "http://other/a").unwrap();
        assert_eq!(other.to, OriginAddress::Tcp { host: "other".into(), port: 80 });
    }
}
