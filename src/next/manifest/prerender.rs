//! `prerender-manifest.json`: which pages are rendered without a request, and the secret of draft
//! mode.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use percent_encoding::percent_decode;
use serde::Deserialize;

use super::pattern::Pattern;
use super::{Damage, Found, parsed};

const FILE: &str = "prerender-manifest.json";

/// What is known of prerendered pages.
#[derive(Debug, Default)]
pub struct Prerender {
    /// The secret of draft mode, new with each build.
    pub preview: Option<PreviewId>,
    routes: HashMap<Box<str>, Arc<Route>>,
    dynamic: Vec<(Pattern, Arc<Route>)>,
    /// Of user agents that get a rendering of their own.
    bots: Vec<Pattern>,
}

/// The value of `__prerender_bypass` that turns draft mode on. Whoever knows it may also make
/// Next.js render anew: so it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct PreviewId(Box<str>);

/// What is known of one prerendered page, or of all that a dynamic one makes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// The parameters of the query that its answer depends on, if that is said.
    pub allow_query: Option<Box<[Box<str>]>>,
    /// Requests that are not answered with the prerendered page.
    pub bypass_for: Box<[Condition]>,
}

/// A thing of a request that a [`Route`] is not answered for as usual.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Condition {
    /// `header`, `cookie`, `query` or `host`.
    #[serde(rename = "type")]
    pub kind: Box<str>,
    /// Its name.
    pub key: Option<Box<str>>,
    /// A regular expression for its value; without one, any value counts.
    pub value: Option<Box<str>>,
}

impl Prerender {
    /// Reads the manifest; `None` if there is none, or it is damaged.
    pub(super) fn read(found: Found, damages: &mut Vec<Damage>) -> Option<Self> {
        let file: File = match parsed(found) {
            Ok(file) => file?,
            Err(why) => {
                let wrong = format!("{why}; so any draft cookie is taken for a real one");
                damages.push(Damage { file: FILE, wrong });
                return None;
            }
        };
        let preview = file.preview.and_then(|preview| PreviewId::new(&preview.id));
        let mut read = Self { preview, ..Self::default() };
        let mut shared = Shared::default();
        for (path, entry) in file.routes {
            read.routes.insert(path, shared.route(entry));
        }
        for (page, entry) in file.dynamic_routes {
            match Pattern::new(&entry.regex) {
                Ok(pattern) => read.dynamic.push((pattern, shared.route(entry.route))),
                Err(why) => damages.push(Damage { file: FILE, wrong: format!("{page}: {why}") }),
            }
        }
        for source in shared.bots() {
            match Pattern::new(&format!("^(?i:{source})$")) {
                Ok(pattern) => read.bots.push(pattern),
                Err(why) => {
                    damages.push(Damage { file: FILE, wrong: format!("user-agent: {why}") })
                }
            }
        }
        Some(read)
    }

    /// Whether a user agent is that of a bot which does not run scripts: with Cache Components it is
    /// given a whole rendering, and no `Vary` says so.
    pub fn is_bot(&self, user_agent: &str) -> bool {
        self.bots.iter().any(|bots| bots.matches(user_agent) != Some(false))
    }

    /// The paths of all prerendered pages, without `basePath`, in no order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.routes.keys().map(AsRef::as_ref)
    }

    /// The name of the file.
    pub const FILE: &str = FILE;

    /// What is known of the page at a path without `basePath`, if it is prerendered, or may be on
    /// demand.
    pub fn route(&self, path: &str) -> Option<&Route> {
        let route = self.routes.get(path).or_else(|| {
            let matching = |(pattern, _): &&(Pattern, _)| pattern.matches(path) == Some(true);
            self.dynamic.iter().find(matching).map(|(_, route)| route)
        });
        route.map(Arc::as_ref)
    }
}

impl PreviewId {
    /// `None` for an empty one, which would be anybody's.
    pub fn new(id: &str) -> Option<Self> {
        (!id.is_empty()).then(|| Self(id.into()))
    }

    /// Whether the value of a cookie is this, which Next.js decodes.
    pub fn is(&self, value: &[u8]) -> bool {
        percent_decode(value).eq(self.0.bytes())
    }
}

impl std::fmt::Debug for PreviewId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PreviewId(…)")
    }
}

/// Most pages of an application have the same facts: kept once, not 100,000 times.
#[derive(Default)]
struct Shared(Vec<Arc<Route>>);

impl Shared {
    /// Further ones are kept for themselves.
    const MOST: usize = 64;

    fn route(&mut self, entry: Entry) -> Arc<Route> {
        let route = Route {
            allow_query: entry.allow_query.map(Into::into),
            bypass_for: entry.bypass_for.unwrap_or_default().into(),
        };
        if let Some(same) = self.0.iter().find(|known| ***known == route) {
            return same.clone();
        }
        let route = Arc::new(route);
        if self.0.len() < Self::MOST {
            self.0.push(route.clone());
        }
        route
    }
}

impl Shared {
    /// The expressions for user agents, each once.
    fn bots(&self) -> BTreeSet<&str> {
        let conditions = self.0.iter().flat_map(|route| &route.bypass_for);
        let is_of_agents = |condition: &&Condition| {
            let is_header = &*condition.kind == "header";
            is_header
                && condition
                    .key
                    .as_deref()
                    .is_some_and(|key| key.eq_ignore_ascii_case("user-agent"))
        };
        conditions.filter(is_of_agents).filter_map(|condition| condition.value.as_deref()).collect()
    }
}

#[derive(Deserialize)]
struct File {
    preview: Option<Preview>,
    #[serde(default)]
    routes: HashMap<Box<str>, Entry>,
    #[serde(default, rename = "dynamicRoutes")]
    dynamic_routes: HashMap<Box<str>, Dynamic>,
}

#[derive(Deserialize)]
struct Preview {
    #[serde(rename = "previewModeId")]
    id: Box<str>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "allowQuery")]
    allow_query: Option<Vec<Box<str>>>,
    #[serde(rename = "experimentalBypassFor")]
    bypass_for: Option<Vec<Condition>>,
}

#[derive(Deserialize)]
struct Dynamic {
    #[serde(rename = "routeRegex")]
    regex: Box<str>,
    #[serde(flatten)]
    route: Entry,
}

#[cfg(test)]
mod tests {
    use super::super::testing::build;
    use super::*;

    /// As of 16.4.6, trimmed.
    const MANIFEST: &str = r#"{
        "version": 4,
        "routes": {
            "/isr": {
                "compute": "static", "initialRevalidateSeconds": 2, "srcRoute": "/isr",
                "experimentalBypassFor": [
                    {"type": "header", "key": "next-action"},
                    {"type": "header", "key": "content-type", "value": "multipart/form-data;.*"}
                ]
            },
            "/pp/gsp": {"initialRevalidateSeconds": 2, "dataRoute": "/_next/data/b/pp/gsp.json"}
        },
        "dynamicRoutes": {
            "/blog/[slug]": {
                "routeRegex": "^/blog/([^/]+?)(?:/)?$", "fallback": null, "allowQuery": ["nxtPslug"]
            }
        },
        "notFoundRoutes": [],
        "preview": {"previewModeId": "94f88f39", "previewModeSigningKey": "x"}
    }"#;

    #[test]
    fn prerendered_pages_and_the_secret_of_draft_mode_are_known() {
        let (manifest, damages) = build(&[(FILE, MANIFEST)]);
        assert_eq!(damages, []);
        let prerender = manifest.prerender.unwrap();
        assert!(prerender.preview.as_ref().unwrap().is(b"94f88f39"));
        assert_eq!(format!("{:?}", prerender.preview), "Some(PreviewId(…))");
        assert_eq!(prerender.route("/isr").unwrap().bypass_for.len(), 2);
        assert_eq!(prerender.route("/pp/gsp"), Some(&Route::default()));
        let allowed = prerender.route("/blog/one").unwrap().allow_query.as_ref().unwrap();
        assert_eq!(**allowed, ["nxtPslug".into()]);
        assert_eq!(prerender.route("/dyn"), None);
    }

    #[test]
    fn an_older_or_a_damaged_manifest_is_as_much_as_it_says() {
        let (older, damages) = build(&[(FILE, r#"{"version": 3, "routes": {}}"#)]);
        assert!(damages.is_empty() && older.prerender.unwrap().preview.is_none());
        let (empty, _) = build(&[(FILE, r#"{"preview": {"previewModeId": ""}}"#)]);
        assert!(empty.prerender.unwrap().preview.is_none());
        let (none, damages) = build(&[(FILE, "[]")]);
        assert!(none.prerender.is_none());
        assert_eq!((damages.len(), damages[0].file), (1, FILE));
        let odd = r#"{"dynamicRoutes": {"/a/[b]": {"routeRegex": "("}}}"#;
        let (odd, damages) = build(&[(FILE, odd)]);
        assert!(odd.prerender.is_some() && damages[0].wrong.starts_with("/a/[b]: "));
    }
}
