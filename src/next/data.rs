//! `/_next/data/<build>/…`: what the Pages Router's own client asks for.

use super::manifest::{Domain, I18n};

const PREFIX: &str = "/_next/data/";

/// Whether a path is one of data, of the application at `base_path`.
pub fn is_asked(path: &str, base_path: &str) -> bool {
    path.strip_prefix(base_path).is_some_and(|path| path.starts_with(PREFIX))
}

/// The path of the page whose data a path asks for, without `basePath` and with its locale if it has
/// one. `None` for all other paths.
pub fn page_at(path: &str, base_path: &str) -> Option<String> {
    let (_, page) = parts(path, base_path)?;
    Some(if page == "index" { "/".to_owned() } else { format!("/{page}") })
}

/// The build and the page of a data request.
fn parts<'a>(path: &'a str, base_path: &str) -> Option<(&'a str, &'a str)> {
    let rest = path.strip_prefix(base_path)?.strip_prefix(PREFIX)?;
    let (build, page) = rest.split_once('/')?;
    Some((build, page.strip_suffix(".json")?))
}

/// The path of a data request with the locale that it leaves out: the default of `host`. `None` for
/// all other paths.
///
/// Next.js takes a missing locale for the default one, but up to 15.5.17 and 16.2.5 only after it has
/// looked whether middleware covers the path: `/_next/data/b/secret.json` gets past a matcher for
/// `/secret` (CVE-2026-44573). Its own client never leaves it out.
pub fn with_locale(i18n: &I18n, host: &[u8], path: &str, base_path: &str) -> Option<String> {
    let (build, page) = parts(path, base_path)?;
    let first = page.split('/').next().unwrap_or_default();
    if i18n.locales.iter().any(|locale| locale.eq_ignore_ascii_case(first)) {
        return None;
    }
    let locale = default_locale(i18n, host);
    let page = if page == "index" { String::new() } else { format!("/{page}") };
    Some(format!("{base_path}{PREFIX}{build}/{locale}{page}.json"))
}

/// As `detectDomainLocale` finds it: ports do not count.
fn default_locale<'a>(i18n: &'a I18n, host: &[u8]) -> &'a str {
    let host = without_port(host);
    let is_asked =
        |domain: &&Domain| without_port(domain.domain.as_bytes()).eq_ignore_ascii_case(host);
    let domain = i18n.domains.iter().find(is_asked);
    domain.map_or(&i18n.default_locale, |domain| &domain.default_locale)
}

fn without_port(host: &[u8]) -> &[u8] {
    host.split(|byte| *byte == b':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_that_is_left_out_is_the_default_one() {
        let i18n = I18n {
            locales: ["en".into(), "fr".into()].into(),
            default_locale: "en".into(),
            locale_detection: None,
            domains: [Domain { domain: "example.fr:8080".into(), default_locale: "fr".into() }]
                .into(),
        };
        for (host, path, base_path, expected) in [
            ("a", "/_next/data/b/secret.json", "", Some("/_next/data/b/en/secret.json")),
            ("a", "/_next/data/b/blog/x.json", "", Some("/_next/data/b/en/blog/x.json")),
            ("a", "/_next/data/b/index.json", "", Some("/_next/data/b/en.json")),
            ("a", "/_next/data/b/index/index.json", "", Some("/_next/data/b/en/index/index.json")),
            ("a", "/_next/data/b/english.json", "", Some("/_next/data/b/en/english.json")),
            ("a", "/_next/data/b/en/secret.json", "", None),
            ("a", "/_next/data/b/FR/secret.json", "", None),
            ("a", "/_next/data/b/fr.json", "", None),
            ("a", "/secret", "", None),
            ("a", "/_next/data/b/secret", "", None),
            ("a", "/_next/data/secret.json", "", None),
            ("a", "/docs/_next/data/b/x.json", "/docs", Some("/docs/_next/data/b/en/x.json")),
            ("a", "/_next/data/b/x.json", "/docs", None),
            ("Example.FR", "/_next/data/b/x.json", "", Some("/_next/data/b/fr/x.json")),
            ("example.fr:80", "/_next/data/b/x.json", "", Some("/_next/data/b/fr/x.json")),
        ] {
            let found = with_locale(&i18n, host.as_bytes(), path, base_path);
            assert_eq!(found.as_deref(), expected, "{host} {path} under {base_path:?}");
        }
    }
}
