//! `routes-manifest.json`: where the application stands, and in which languages.

use serde::Deserialize;

use super::{Damage, Found, parsed};

const FILE: &str = "routes-manifest.json";

/// What is known of the application as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Routes {
    /// Its `basePath`: empty, or as in `/docs`.
    pub base_path: Box<str>,
    /// Its languages, in the Pages Router.
    pub i18n: Option<I18n>,
    /// Which deployment it is, if it says so.
    pub deployment_id: Option<Box<str>>,
    /// Its rewrites: by phase, or in one list.
    rewrites: Rewrites,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Rewrites {
    #[serde(rename_all = "camelCase")]
    ByPhase {
        #[serde(default)]
        before_files: Box<[Rewrite]>,
    },
    Afterwards(Box<[Rewrite]>),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Rewrite {
    source: Box<str>,
}

impl Default for Rewrites {
    fn default() -> Self {
        Self::ByPhase { before_files: Box::default() }
    }
}

/// What Next.js writes behind an `assetPrefix` that is a path, to find its own files there.
const FILES_BELOW: &str = "/_next/:path+";

/// `i18n` of `next.config.js`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct I18n {
    /// All locales.
    pub locales: Box<[Box<str>]>,
    /// That of a path without one.
    pub default_locale: Box<str>,
    /// Whether the visitor's own is looked for at `/`; it is unless this is `false`.
    pub locale_detection: Option<bool>,
    /// Domains with a default of their own.
    #[serde(default)]
    pub domains: Box<[Domain]>,
}

/// A domain with a default locale of its own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Domain {
    /// Its name, perhaps with a port.
    pub domain: Box<str>,
    /// The locale of its paths without one.
    pub default_locale: Box<str>,
}

impl Routes {
    /// The name of the file.
    pub const FILE: &str = FILE;

    /// Reads the manifest; `None` if there is none, or it is damaged.
    pub(super) fn read(found: Found, damages: &mut Vec<Damage>) -> Option<Self> {
        parsed(found).unwrap_or_else(|wrong| {
            damages.push(Damage { file: FILE, wrong });
            None
        })
    }

    /// What stands before `/_next/static/` in URLs of its files, where that is a path: its
    /// `assetPrefix`, else its `basePath`.
    pub fn asset_prefix(&self) -> &str {
        let Rewrites::ByPhase { before_files } = &self.rewrites else { return &self.base_path };
        let mut sources = before_files.iter().map(|rewrite| &*rewrite.source);
        sources.find_map(|source| source.strip_suffix(FILES_BELOW)).unwrap_or(&self.base_path)
    }

    /// The locales that a path without one may mean, one for each domain.
    pub(super) fn default_locales(&self) -> Box<[Box<str>]> {
        let Some(i18n) = &self.i18n else { return Box::default() };
        let of_domains = i18n.domains.iter().map(|domain| domain.default_locale.clone());
        std::iter::once(i18n.default_locale.clone()).chain(of_domains).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::build;
    use super::*;

    /// As of 16.4.6, shortened.
    #[test]
    fn files_stand_behind_the_asset_prefix() {
        for (rewrites, expected) in [
            (
                r#"{"beforeFiles": [{"source": "/docs-static/_next/:path+",
                    "destination": "/docs/_next/:path+", "regex": "^x$"}], "fallback": []}"#,
                "/docs-static",
            ),
            (r#"{"beforeFiles": [{"source": "/a", "destination": "/b"}]}"#, "/docs"),
            (r#"{"afterFiles": []}"#, "/docs"),
            (r#"[{"source": "/a"}]"#, "/docs"),
        ] {
            let text = format!(r#"{{"basePath": "/docs", "rewrites": {rewrites}}}"#);
            let (manifest, damages) = build(&[(FILE, &text)]);
            assert_eq!(damages, []);
            assert_eq!(manifest.routes.unwrap().asset_prefix(), expected, "{rewrites}");
        }
    }

    #[test]
    fn base_path_languages_and_deployment_are_known() {
        let text = r#"{
            "version": 3, "basePath": "/docs", "redirects": [], "deploymentId": "d1",
            "i18n": {
                "locales": ["en", "fr"], "defaultLocale": "en",
                "domains": [{"domain": "example.fr", "defaultLocale": "fr", "http": true}]
            }
        }"#;
        let (manifest, damages) = build(&[(FILE, text)]);
        assert_eq!(damages, []);
        let routes = manifest.routes.unwrap();
        assert_eq!((&*routes.base_path, routes.deployment_id.as_deref()), ("/docs", Some("d1")));
        assert_eq!(*routes.default_locales(), ["en".into(), "fr".into()]);
        assert_eq!(routes.asset_prefix(), "/docs");
        let plain = build(&[(FILE, r#"{"version": 3, "basePath": ""}"#)]).0.routes.unwrap();
        assert_eq!(plain, Routes::default());
        let (none, damages) = build(&[(FILE, r#"{"i18n": {"locales": "en"}}"#)]);
        assert!(none.routes.is_none());
        assert_eq!((damages.len(), damages[0].file), (1, FILE));
    }
}
