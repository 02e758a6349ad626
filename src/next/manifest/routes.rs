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
}

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
        let plain = build(&[(FILE, r#"{"version": 3, "basePath": ""}"#)]).0.routes.unwrap();
        assert_eq!(plain, Routes::default());
        let (none, damages) = build(&[(FILE, r#"{"i18n": {"locales": "en"}}"#)]);
        assert!(none.routes.is_none());
        assert_eq!((damages.len(), damages[0].file), (1, FILE));
    }
}
