//! Which pages are asked for after a deploy: those that were stored before it, the most visited first,
//! and then what the build has rendered ahead. Documents before payloads, since whoever comes from
//! elsewhere needs those first.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use http::header::{ACCEPT, AUTHORIZATION, COOKIE, HOST, USER_AGENT};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};

use super::crew::Job;
use crate::body::Body;
use crate::cache::query_of;
use crate::client::{Client, Told};
use crate::layer::forwarded::normalised_host;
use crate::next::class::Class;
use crate::next::deployment;
use crate::policy::key;
use crate::store::{MemoryStore, StoredResponse};

/// Where visitors find the pages: part of what is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Site {
    /// Whether they come by https.
    pub https: bool,
    /// The host, with its port if it has one.
    pub host: HeaderValue,
}

/// A document or a payload that is worth asking for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    site: Site,
    target: PathAndQuery,
    /// What it was selected by, and the class of a payload.
    fields: HeaderMap,
    is_payload: bool,
}

/// What a [`Page`] is known by; its variants have the same.
pub type Name = (Site, PathAndQuery, bool);

/// What is known of one URL.
#[derive(Debug, Default)]
struct Known {
    uses: u64,
    documents: Vec<HeaderMap>,
    payloads: Vec<HeaderMap>,
}

/// Keys that are looked at: about a tenth of a second's work.
const MOST_LOOKS: usize = 200_000;

/// The pages that are stored, or were before a deploy, and the `prerendered` ones (of `site`, or else of
/// the one that is visited most): of `most` URLs at most.
pub fn plan(
    store: &MemoryStore,
    prerendered: &[String],
    site: Option<&Site>,
    most: usize,
) -> Vec<Page> {
    let mut known = in_store(store);
    if let Some(site) = site.cloned().or_else(|| most_visited(&known)) {
        for path in prerendered.iter().filter_map(|path| path.parse().ok()) {
            let page = known.entry((site.clone(), path)).or_default();
            if page.documents.is_empty() {
                page.documents.push(HeaderMap::new());
            }
        }
    }
    let mut pages: Vec<_> = known.into_iter().collect();
    pages.sort_by(|((_, one), a), ((_, other), b)| {
        Reverse(a.uses).cmp(&Reverse(b.uses)).then_with(|| one.as_str().cmp(other.as_str()))
    });
    pages.truncate(most);
    let documents = pages.iter().flat_map(|((site, target), known)| {
        known.documents.iter().map(move |fields| Page::new(site, target, fields, false))
    });
    let payloads = pages.iter().flat_map(|((site, target), known)| {
        known.payloads.iter().map(move |fields| Page::new(site, target, fields, true))
    });
    documents.chain(payloads).collect()
}

fn in_store(store: &MemoryStore) -> HashMap<(Site, PathAndQuery), Known> {
    let mut known = HashMap::<_, Known>::new();
    for (key, entry) in store.iter().take(MOST_LOOKS) {
        let Some(written) = key::read(&key) else { continue };
        let Some(class) = Class::fields(written.class) else { continue };
        let page = HeaderValue::from_bytes(written.host)
            .ok()
            .zip(asked(written.target, !class.is_empty()))
            .map(|(host, target)| (Site { https: written.https, host }, target));
        let Some(page) = page else { continue };
        for stored in entry.variants().filter(|stored| is_for_all(stored)) {
            let known = known.entry(page.clone()).or_default();
            known.uses += u64::from(stored.uses());
            let fields = selected(stored, class.clone());
            let kind = if class.is_empty() { &mut known.documents } else { &mut known.payloads };
            kind.push(fields);
        }
    }
    known
}

/// The target that leads to a key, without the `_rsc` of a payload; `None` if only parameters that do
/// not count would.
fn asked(written: &[u8], is_payload: bool) -> Option<PathAndQuery> {
    let written = std::str::from_utf8(written).ok()?;
    let Some((path, query)) = written.split_once('?') else { return written.parse().ok() };
    match query_of(query) {
        Some(query) => format!("{path}?{query}").parse().ok(),
        None if is_payload => path.parse().ok(),
        None => None,
    }
}

/// A page that was there, and that no visitor's own fields have selected. Data of the Pages Router are
/// left out: their URL has the build's name in it.
fn is_for_all(stored: &StoredResponse) -> bool {
    let head = &stored.head;
    let page = head.tags.first().map_or("", AsRef::as_ref);
    let is_own = head.selecting.names().any(|name| *name == COOKIE || *name == AUTHORIZATION);
    let is_page = deployment::is_of_a_page(page) && !page.contains("/_next/");
    head.status == StatusCode::OK && head.rare.part().is_none() && is_page && !is_own
}

/// The fields that select a stored response again.
fn selected(stored: &StoredResponse, mut fields: HeaderMap) -> HeaderMap {
    let lines = stored.head.selecting.lines();
    for (name, line) in lines.filter(|(name, _)| **name != HOST) {
        if let (false, Ok(line)) = (is_of_class(name), HeaderValue::from_bytes(line)) {
            fields.append(name, line);
        }
    }
    fields
}

/// What the class says already.
fn is_of_class(name: &HeaderName) -> bool {
    use crate::next::class::{PREFETCH, RSC, SEGMENT};
    [RSC, PREFETCH, SEGMENT].contains(name)
}

fn most_visited(known: &HashMap<(Site, PathAndQuery), Known>) -> Option<Site> {
    let mut sites = HashMap::<&Site, (u64, usize)>::new();
    for ((site, _), known) in known {
        let (uses, pages) = sites.entry(site).or_default();
        *uses += known.uses;
        *pages += 1;
    }
    sites.into_iter().max_by_key(|(_, count)| *count).map(|(site, _)| site.clone())
}

impl Site {
    /// Reads `https://host` or `http://host`, as the configuration has it.
    pub fn of(text: &str) -> Option<Self> {
        let (scheme, host) = text.split_once("://")?;
        let (https, host) = (scheme == "https", HeaderValue::try_from(host).ok()?);
        // As visitors' requests are spelt by then: without the port that the scheme has anyway.
        let host = normalised_host(host.as_bytes(), https).unwrap_or(host);
        Some(Self { https, host })
    }
}

impl Page {
    fn new(site: &Site, target: &PathAndQuery, fields: &HeaderMap, is_payload: bool) -> Self {
        let (site, target, fields) = (site.clone(), target.clone(), fields.clone());
        Self { site, target, fields, is_payload }
    }

    /// What it is known by.
    pub fn name(&self) -> Name {
        (self.site.clone(), self.target.clone(), self.is_payload)
    }

    /// Payloads are asked for with an `_rsc`: what is stored for a request without a query is not found
    /// by one that has one. Which is the right one, Next.js says.
    fn asked_at(&self) -> PathAndQuery {
        let with_rsc = |target: &PathAndQuery| match target.query() {
            Some(query) => format!("{}?{query}&_rsc", target.path()),
            None => format!("{}?_rsc", target.path()),
        };
        let asked = self.is_payload.then(|| with_rsc(&self.target).parse().ok()).flatten();
        asked.unwrap_or_else(|| self.target.clone())
    }

    /// The request for it, as the cache gets one of a visitor; `at` is the same at another `_rsc`.
    pub fn request(&self, at: Option<PathAndQuery>) -> Request<Body> {
        let mut request = Request::new(Body::Empty);
        let at = at.filter(|at| at.path() == self.target.path());
        *request.uri_mut() = at.unwrap_or_else(|| self.asked_at()).into();
        let mut headers = self.fields.clone();
        headers.insert(HOST, self.site.host.clone());
        let accept = if self.is_payload { ANYTHING } else { DOCUMENT };
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static(accept));
        headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(NAME));
        let told = self.site.https.then(|| Arc::new(Told { https: true, ..Told::default() }));
        let client = Client { told, ..Client::new(IpAddr::V4(Ipv4Addr::LOCALHOST), &headers) };
        request.extensions_mut().insert(client);
        *request.headers_mut() = headers;
        request
    }
}

/// What browsers accept for a page, and for what scripts ask for.
pub const DOCUMENT: &str = "text/html,application/xhtml+xml,*/*;q=0.8";
/// See [`DOCUMENT`].
pub const ANYTHING: &str = "*/*";
/// Who asks.
pub const NAME: &str = concat!("selvedge/", env!("CARGO_PKG_VERSION"));

impl Job for Page {
    fn is_payload(&self) -> bool {
        self.is_payload
    }
}

impl std::fmt::Display for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.is_payload { " (RSC)" } else { "" };
        write!(f, "{}{kind}", self.target)
    }
}
