//! Which page of the application a path is of, by its folders' names: `/blog/[slug]` for `/blog/a`. As
//! `routes-manifest.json` has it, in the order in which Next.js looks.

use std::collections::HashSet;

use serde::Deserialize;

use super::pattern::Pattern;
use super::{Found, Manifest, parsed};
use crate::next::data;

/// The pages of an application. Only names hang on them: what cannot be read is left out.
#[derive(Debug, Default)]
pub(super) struct Pages {
    fixed: HashSet<Box<str>>,
    dynamic: Vec<(Pattern, Box<str>)>,
}

/// All are tried for a path that none of them is for.
const MOST_DYNAMIC: usize = 500;

impl Pages {
    pub(super) fn read(found: &Found) -> Self {
        let Ok(Some(File { fixed, dynamic })) = parsed(found.clone()) else {
            return Self::default();
        };
        let patterns = dynamic.into_iter().filter_map(|Route { page, regex }| {
            let pattern = Pattern::new(regex.as_deref()?).ok()?;
            Some((pattern, page))
        });
        Self {
            fixed: fixed.into_iter().map(|route| route.page).collect(),
            dynamic: patterns.take(MOST_DYNAMIC).collect(),
        }
    }

    fn at(&self, path: &str) -> Option<&str> {
        let fixed = || self.fixed.get(path).map(AsRef::as_ref);
        let dynamic = || {
            let is_for = |(pattern, _): &&(Pattern, _)| pattern.matches(path) == Some(true);
            self.dynamic.iter().find(is_for).map(|(_, page)| &**page)
        };
        fixed().or_else(dynamic)
    }
}

impl Manifest {
    /// The page at a path, behind `basePath`, whatever its language; data of it are of the page too.
    /// `None` for files, and for what no page is for.
    pub fn page_at(&self, path: &str) -> Option<String> {
        let base_path = self.base_path().unwrap_or_default();
        let of_data = data::page_at(path, base_path);
        let rest = of_data.as_deref().or_else(|| path.strip_prefix(base_path))?;
        // A catch-all matches them too.
        if rest.starts_with("/_next/") {
            return None;
        }
        let page = self.pages.at(self.without_locale(rest))?;
        Some(match page {
            "/" if !base_path.is_empty() => base_path.to_owned(),
            page => format!("{base_path}{page}"),
        })
    }

    /// A path without its language and its last slash.
    fn without_locale<'a>(&self, path: &'a str) -> &'a str {
        let path = path.strip_suffix('/').unwrap_or(path);
        let first = path.split('/').nth(1).unwrap_or_default();
        let is_locale = self
            .i18n()
            .is_some_and(|i18n| i18n.locales.iter().any(|it| it.eq_ignore_ascii_case(first)));
        let rest = match is_locale {
            true => path.get(1 + first.len()..).unwrap_or_default(),
            false => path,
        };
        if rest.is_empty() { "/" } else { rest }
    }
}

#[derive(Deserialize)]
struct File {
    #[serde(default, rename = "staticRoutes")]
    fixed: Vec<Route>,
    #[serde(default, rename = "dynamicRoutes")]
    dynamic: Vec<Route>,
}

#[derive(Deserialize)]
struct Route {
    page: Box<str>,
    regex: Option<Box<str>>,
}

#[cfg(test)]
mod tests {
    use super::super::Routes;
    use super::super::testing::build;

    /// As of 16.4.6, shortened.
    const MANIFEST: &str = r#"{
        "basePath": "/docs",
        "i18n": {"locales": ["en", "fr"], "defaultLocale": "en"},
        "staticRoutes": [
            {"page": "/", "regex": "^/(?:/)?$"},
            {"page": "/2024/report", "regex": "^/2024/report(?:/)?$"}
        ],
        "dynamicRoutes": [
            {"page": "/blog/[slug]", "regex": "^/blog/([^/]+?)(?:/)?$"},
            {"page": "/odd/[x]", "regex": "("},
            {"page": "/shop/[[...path]]", "regex": "^/shop(?:/(.+?))?(?:/)?$"},
            {"page": "/[...all]", "regex": "^/(.+?)(?:/)?$"}
        ]
    }"#;

    #[test]
    fn a_path_is_of_the_page_that_next_would_take() {
        let (manifest, damages) = build(&[(Routes::FILE, MANIFEST)]);
        assert_eq!(damages, []);
        for (path, page) in [
            ("/docs", Some("/docs")),
            ("/docs/", Some("/docs")),
            ("/docs/fr", Some("/docs")),
            ("/docs/2024/report", Some("/docs/2024/report")),
            ("/docs/blog/a", Some("/docs/blog/[slug]")),
            ("/docs/fr/blog/a/", Some("/docs/blog/[slug]")),
            ("/docs/_next/data/b1/en/blog/a.json", Some("/docs/blog/[slug]")),
            ("/docs/_next/data/b1/index.json", Some("/docs")),
            ("/docs/shop", Some("/docs/shop/[[...path]]")),
            ("/docs/shop/a/b", Some("/docs/shop/[[...path]]")),
            ("/docs/a/b/c", Some("/docs/[...all]")),
            ("/docs/_next/static/a.js", None),
            ("/docs/_next/image", None),
            ("/blog/a", None),
        ] {
            assert_eq!(manifest.page_at(path).as_deref(), page, "{path}");
        }
        assert_eq!(build(&[]).0.page_at("/"), None);
    }
}
