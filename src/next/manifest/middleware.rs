//! Where middleware (`middleware.ts`, `proxy.ts` of Next.js 16) runs.
//!
//! It may check a login, rewrite or redirect by a cookie, and leaves no trace on the answer when it
//! only lets a request through. Its matchers are all that tells which answers it had a hand in.
//!
//! Every doubt counts as "it runs": a request too many for the origin, instead of a page shown to
//! whom it is not for.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::pattern::Pattern;
use super::{Damage, Found, parsed};

/// Of the edge runtime: `middleware["/"]`.
pub(super) const EDGE: &str = "server/middleware-manifest.json";
/// Of the Node.js runtime, Next.js 15.2 and later: `functions["/_middleware"]`.
pub(super) const NODE: &str = "server/functions-config-manifest.json";

/// Which paths middleware runs for.
#[derive(Clone, Debug, Default)]
pub struct Middleware {
    /// It runs if any of them matches.
    matchers: Vec<Pattern>,
    /// It runs for each path, or may do so.
    everywhere: bool,
}

impl Middleware {
    /// Reads both manifests; `None` if there is neither.
    pub(super) fn read(
        find: &mut impl FnMut(&'static str) -> Found,
        damages: &mut Vec<Damage>,
    ) -> Option<Self> {
        let edge = parsed::<EdgeManifest>(find(EDGE));
        let node = parsed::<NodeManifest>(find(NODE));
        let edge = edge.map(|file| file.map(|file| file.middleware.root));
        let node = node.map(|file| file.map(|file| file.functions.middleware));
        if matches!((&edge, &node), (Ok(None), Ok(None))) {
            return None;
        }
        let mut read = Self::default();
        for (file, entry) in [(EDGE, edge), (NODE, node)] {
            match entry {
                Ok(entry) => read.add(file, entry.flatten(), damages),
                Err(why) => read.give_up(file, &why, damages),
            }
        }
        Some(read)
    }

    /// Whether middleware may run for a path. Those of `/_next/static` and `/_next/image` are asked
    /// about as any other.
    pub fn covers(&self, path: &str, place: Place<'_>) -> bool {
        if self.everywhere || self.matchers.is_empty() {
            return self.everywhere;
        }
        is_odd(path) || forms(path, place).any(|form| self.matches(&form))
    }

    /// Whether no page is left out that one could think of.
    pub fn covers_all_pages(&self, place: Place<'_>) -> bool {
        let pages = ["/", "/some-page", "/some/page/below"];
        pages.iter().all(|page| self.covers(&format!("{}{page}", place.base_path), place))
    }

    fn add(&mut self, file: &'static str, entry: Option<Entry>, damages: &mut Vec<Damage>) {
        let Some(entry) = entry else { return };
        // `proxy.ts` without a matcher has none here either.
        let Some(matchers) = entry.matchers else {
            self.everywhere = true;
            return;
        };
        for Matcher { regexp } in matchers {
            match Pattern::new(&regexp) {
                Ok(matcher) => self.matchers.push(matcher),
                Err(why) => {
                    self.give_up(file, &format!("the matcher {regexp:?}: {why}"), damages);
                    return;
                }
            }
        }
    }

    fn give_up(&mut self, file: &'static str, why: &str, damages: &mut Vec<Damage>) {
        self.everywhere = true;
        let wrong = format!("{why}; so middleware is taken to run for every path");
        damages.push(Damage { file, wrong });
    }

    fn matches(&self, path: &str) -> bool {
        // What takes too long to find out is a doubt.
        self.matchers.iter().any(|matcher| matcher.matches(path).unwrap_or(true))
    }
}

/// Where the application stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place<'a> {
    /// Its `basePath`.
    pub base_path: &'a str,
    /// The locales that a path without one may mean.
    pub default_locales: &'a [Box<str>],
}

/// What Next.js makes another path of, or redirects: its `URL` resolves dots, encoded ones too, and
/// turns backslashes.
fn is_odd(path: &str) -> bool {
    let is_dots = |segment: &str| {
        let decoded: Vec<u8> = percent_decode_str(segment).take(3).collect();
        matches!(decoded.as_slice(), b"." | b"..")
    };
    path.contains("//") || path.contains('\\') || path.split('/').any(is_dots)
}

/// The paths that Next.js compares with the matchers (`resolve-routes.ts`): as it came, decoded,
/// that of the page whose data it is, and with the default locale where it has none.
fn forms<'a>(path: &'a str, place: Place<'a>) -> impl Iterator<Item = Cow<'a, str>> {
    let page = page_of_data(path, place.base_path);
    let of_page = page.clone().into_iter().map(Cow::Owned);
    let localised = place.default_locales.iter().flat_map(move |locale| {
        let page = page.clone().map_or(Cow::Borrowed(path), Cow::Owned);
        localised(&page, place.base_path, locale).map(Cow::Owned)
    });
    let forms = std::iter::once(Cow::Borrowed(path)).chain(of_page).chain(localised);
    forms.flat_map(|form| {
        let decoded = percent_decode_str(&form).decode_utf8().ok().map(Cow::into_owned);
        let decoded = decoded.filter(|decoded| *decoded != form).map(Cow::Owned);
        std::iter::once(form).chain(decoded)
    })
}

/// `/_next/data/BUILD/page.json` is the page's data, and the matchers are asked about the page.
fn page_of_data(path: &str, base_path: &str) -> Option<String> {
    let data = path.strip_prefix(base_path)?.strip_prefix("/_next/data/")?;
    let page = data.split_once('/')?.1.strip_suffix(".json")?;
    Some(match page {
        "index" => format!("{base_path}/"),
        page => format!("{base_path}/{page}"),
    })
}

fn localised(path: &str, base_path: &str, locale: &str) -> Option<String> {
    let page = path.strip_prefix(base_path)?;
    if page.starts_with("/_next/") {
        return None;
    }
    Some(match page {
        "/" => format!("{base_path}/{locale}"),
        page => format!("{base_path}/{locale}{page}"),
    })
}

#[derive(Deserialize)]
struct EdgeManifest {
    #[serde(default)]
    middleware: Root,
}

#[derive(Default, Deserialize)]
struct Root {
    #[serde(rename = "/")]
    root: Option<Entry>,
}

#[derive(Deserialize)]
struct NodeManifest {
    #[serde(default)]
    functions: Functions,
}

#[derive(Default, Deserialize)]
struct Functions {
    #[serde(rename = "/_middleware")]
    middleware: Option<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    matchers: Option<Vec<Matcher>>,
}

/// Its `has` and `missing` narrow it further, by what a visitor may send or not: they are not looked
/// at, so that it covers what it covers for any visitor.
#[derive(Deserialize)]
struct Matcher {
    regexp: String,
}

#[cfg(test)]
mod tests {
    use super::super::testing::build;
    use super::*;

    const SOME: &str = r#""matchers": [{"regexp": "^(?:\\/(_next\\/data\\/[^/]{1,}))?\\/mwcookie(\\.json|\\.rsc|\\.segments\\/.+\\.segment\\.rsc)?[\\/#\\?]?$", "originalSource": "/mwcookie"}]"#;
    const MOST: &str = r#""matchers": [{"regexp": "^(?:\\/(_next\\/data\\/[^/]{1,}))?(?:\\/((?!api|_next\\/static|_next\\/image|favicon.ico|.*\\.json).*))(.json)?[\\/#\\?]?$", "has": [{"type": "cookie", "key": "a"}]}]"#;

    fn edge(entry: &str) -> Middleware {
        let text =
            format!(r#"{{"version": 3, "middleware": {{"/": {{{entry}}}}}, "functions": {{}}}}"#);
        read(&[(EDGE, &text)])
    }

    fn node(entry: &str) -> Middleware {
        let text =
            format!(r#"{{"functions": {{"/_middleware": {{"runtime": "nodejs"{entry}}}}}}}"#);
        read(&[(EDGE, r#"{"middleware": {}}"#), (NODE, &text)])
    }

    fn read(files: &[(&str, &str)]) -> Middleware {
        let (manifest, damages) = build(files);
        assert_eq!(damages, []);
        manifest.middleware.unwrap()
    }

    #[test]
    fn the_matchers_say_where_it_runs() {
        let place = Place::default();
        for (name, middleware, path, expected) in [
            ("none", read(&[(EDGE, r#"{"middleware": {}}"#)]), "/", false),
            (
                "none of 14",
                read(&[(EDGE, r#"{"middleware": {}}"#), (NODE, r#"{"functions": {"/isr": {}}}"#)]),
                "/isr",
                false,
            ),
            ("edge", edge(SOME), "/mwcookie", true),
            ("edge, another", edge(SOME), "/isr", false),
            ("edge, its data", edge(SOME), "/_next/data/b/mwcookie.json", true),
            ("edge, its segments", edge(SOME), "/mwcookie.segments/_tree.segment.rsc", true),
            ("encoded", edge(SOME), "/mw%63ookie", true),
            ("not text", edge(SOME), "/mw%ffcookie", false),
            ("dots", edge(SOME), "/a/../mwcookie", true),
            ("encoded dots", edge(SOME), "/a/%2E./mwcookie", true),
            ("slashes", edge(SOME), "//mwcookie", true),
            ("a file with dots", edge(SOME), "/...rest/a.b", false),
            ("node", node(&format!(", {SOME}")), "/mwcookie", true),
            ("node, another", node(&format!(", {SOME}")), "/isr", false),
            ("node without matcher", node(""), "/isr", true),
            ("edge without matcher", edge(r#""files": []"#), "/isr", true),
            ("no matchers at all", edge(r#""matchers": []"#), "/isr", false),
            ("most", edge(MOST), "/isr", true),
            ("what it leaves out", edge(MOST), "/api/a", false),
            ("data of a page", edge(MOST), "/_next/data/b/a.json", true),
        ] {
            assert_eq!(middleware.covers(path, place), expected, "{name}");
        }
        assert!(edge(MOST).covers_all_pages(place));
        assert!(!edge(SOME).covers_all_pages(place));
    }

    #[test]
    fn a_path_is_compared_as_next_does_below_a_base_path_and_with_the_locale() {
        let regexp = r#""matchers": [{"regexp": "^\\/docs(?:\\/(_next\\/data\\/[^/]{1,}))?(?:\\/((?!_next\\/)[^/.]{1,}))\\/a(.json)?[\\/#\\?]?$"}]"#;
        let locales = ["en".into()];
        let place = Place { base_path: "/docs", default_locales: &locales };
        let middleware = edge(regexp);
        for (path, expected) in [
            ("/docs/a", true),
            ("/docs/fr/a", true),
            ("/docs/_next/data/b/a.json", true),
            ("/docs/b", false),
            ("/a", false),
        ] {
            assert_eq!(middleware.covers(path, place), expected, "{path}");
        }
        let root =
            edge(r#""matchers": [{"regexp": "^\\/docs(?:\\/((?!_next\\/)[^/.]{1,}))(?:\\/)?$"}]"#);
        assert!(
            root.covers("/docs/", place) && root.covers("/docs/_next/data/b/index.json", place)
        );
    }

    #[test]
    fn a_doubt_counts_as_everywhere() {
        for (file, text, expected) in [
            (EDGE, "{", "EOF while parsing"),
            (EDGE, r#"{"middleware": []}"#, "invalid"),
            (
                EDGE,
                r#"{"middleware": {"/": {"matchers": [{"regexp": "("}]}}}"#,
                "the matcher \"(\": ",
            ),
            (
                NODE,
                r#"{"functions": {"/_middleware": {"matchers": [{}]}}}"#,
                "missing field `regexp`",
            ),
        ] {
            let (manifest, damages) = build(&[(file, text)]);
            let [damage] = damages.as_slice() else { panic!("{damages:?}") };
            assert_eq!(damage.file, file);
            assert!(damage.wrong.contains(expected), "{damage:?}");
            assert!(manifest.middleware.unwrap().covers("/isr", Place::default()), "{text}");
        }
        let none = build(&[]);
        assert!(none.0.middleware.is_none() && none.1.is_empty());
    }
}
