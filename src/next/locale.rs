//! The redirect from `/` to the visitor's language (`i18n.localeDetection`, Pages Router).
//!
//! Next.js goes by the cookie `NEXT_LOCALE`, then by `Accept-Language`, and says neither on the
//! answer (`get-locale-redirect.ts`, the same in 14, 15 and 16): the default language's page may be
//! kept under `/`, but only for those who would not be sent elsewhere.

use std::cmp::Ordering;

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

use super::cookies;
use super::manifest::I18n;

const COOKIE: &[u8] = b"NEXT_LOCALE";

/// Longer fields are not weighed: no browser sends them.
const LONGEST: usize = 1024;

/// Whether the answer for a path may be such a redirect. What is malformed counts as "may be".
pub fn may_redirect(i18n: &I18n, path: &str, base_path: &str, headers: &HeaderMap) -> bool {
    i18n.locale_detection != Some(false)
        && is_root(path, base_path)
        && may_prefer_another(i18n, headers)
}

fn is_root(path: &str, base_path: &str) -> bool {
    let page = path.strip_prefix(base_path).map(|page| page.trim_matches(['/', '\\']));
    // `/index` is another name of it (`denormalizePagePath`).
    matches!(page, Some("" | "index"))
}

fn may_prefer_another(i18n: &I18n, headers: &HeaderMap) -> bool {
    let of_cookie = of_cookie(headers);
    if !i18n.domains.is_empty() {
        // A domain may be preferred to another, by rules of their own.
        return of_cookie != Ok(None) || headers.contains_key(ACCEPT_LANGUAGE);
    }
    let is_default = |locale: &str| locale.eq_ignore_ascii_case(&i18n.default_locale);
    let Ok(of_cookie) = of_cookie else { return true };
    let is_known = |name: &&str| i18n.locales.iter().any(|known| known.eq_ignore_ascii_case(name));
    if let Some(chosen) = of_cookie.filter(is_known) {
        return !is_default(chosen);
    }
    let lines = headers.get_all(ACCEPT_LANGUAGE).into_iter();
    let Ok(lines) = lines.map(|line| line.to_str()).collect::<Result<Vec<_>, _>>() else {
        return true;
    };
    match preferred(&lines.join(","), &i18n.locales) {
        Ok(preferred) => preferred.is_some_and(|locale| !is_default(locale)),
        Err(Malformed) => true,
    }
}

/// What could be read in two ways.
#[derive(Debug, PartialEq, Eq)]
struct Malformed;

/// The value of the cookie.
fn of_cookie(headers: &HeaderMap) -> Result<Option<&str>, Malformed> {
    let mut values = cookies::all(headers).filter(|(name, _)| *name == COOKIE);
    let (value, None) = (values.next(), values.next()) else { return Err(Malformed) };
    let Some((_, value)) = value else { return Ok(None) };
    let is_plain = value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte));
    let value = std::str::from_utf8(value).ok().filter(|_| is_plain).ok_or(Malformed)?;
    Ok(Some(value).filter(|value| !value.is_empty()))
}

/// A language that is accepted.
struct Range {
    name: String,
    weight: f64,
    /// The place of the locale that it means.
    place: Option<usize>,
}

/// The locale that the field prefers (`accept-header.ts`): the greatest weight, and among equals the
/// first in the order of `locales`.
fn preferred<'a>(field: &str, locales: &'a [Box<str>]) -> Result<Option<&'a str>, Malformed> {
    if field.len() > LONGEST {
        return Err(Malformed);
    }
    let names = names(locales);
    let place = |name: &str| names.iter().find(|known| known.name == name).map(|known| known.place);
    let parts = field.split(',').map(|part| part.replace([' ', '\t'], "").to_ascii_lowercase());
    let mut ranges = Vec::new();
    for part in parts.filter(|part| !part.is_empty()) {
        let (name, weight) = match part.split_once(';') {
            None => (part.as_str(), 1.0),
            Some((name, weight)) => (name, weight_of(weight).ok_or(Malformed)?),
        };
        if name.is_empty() {
            return Err(Malformed);
        }
        ranges.push(Range { name: name.into(), weight, place: place(name) });
    }
    let said: Vec<String> = ranges.iter().map(|range| range.name.clone()).collect();
    ranges.retain(|range| range.weight > 0.0);
    ranges.sort_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| by_place(a, b)));
    Ok(ranges.iter().find_map(|range| match range.name.as_str() {
        "*" => names.iter().find(|known| !said.contains(&known.name)).map(|known| known.locale),
        name => names.iter().find(|known| known.name == name).map(|known| known.locale),
    }))
}

/// Those that mean a locale come first.
fn by_place(a: &Range, b: &Range) -> Ordering {
    let place = |range: &Range| range.place.unwrap_or(usize::MAX);
    place(a).cmp(&place(b))
}

/// `q=0.5`, from 0 to 1.
fn weight_of(parameter: &str) -> Option<f64> {
    let digits = parameter.strip_prefix("q=")?;
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let weight: f64 = digits.parse().ok().filter(|_| is_plain)?;
    (weight == 0.0 || (0.001..=1.0).contains(&weight)).then_some(weight)
}

/// A name that means a locale: its own, or a beginning of it (`en` of `en-US`).
struct Name<'a> {
    name: String,
    locale: &'a str,
    place: usize,
}

fn names(locales: &[Box<str>]) -> Vec<Name<'_>> {
    let mut names: Vec<Name<'_>> = Vec::new();
    let mut place = 0;
    for locale in locales {
        let own = locale.to_ascii_lowercase();
        let mut beginnings = vec![];
        let mut rest = own.as_str();
        while let Some((beginning, _)) = rest.rsplit_once('-') {
            beginnings.push(beginning.to_owned());
            rest = beginning;
        }
        // A locale's own name means it, even if it was the beginning of another before.
        match names.iter_mut().find(|known| known.name == own) {
            Some(known) => (known.locale, known.place) = (locale, place),
            None => names.push(Name { name: own, locale, place }),
        }
        place += 1;
        for name in beginnings {
            if names.iter().all(|known| known.name != name) {
                names.push(Name { name, locale, place });
                place += 1;
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `acceptLanguage()` of next 16.4.6 answers, except that it takes a weight of 2 for 1.
    #[test]
    fn the_preferred_locale_is_the_one_that_next_finds() {
        for (field, locales, expected) in [
            ("", &["en", "fr"][..], Ok(None)),
            ("fr", &["en", "fr"], Ok(Some("fr"))),
            ("en-US,en;q=0.9", &["en", "fr"], Ok(Some("en"))),
            ("fr-CH, fr;q=0.9, en;q=0.8", &["en", "fr"], Ok(Some("fr"))),
            ("fr, en", &["en", "fr"], Ok(Some("en"))),
            ("de, fr;q=0.5", &["en", "fr"], Ok(Some("fr"))),
            ("de", &["en", "fr"], Ok(None)),
            ("*", &["en", "fr"], Ok(Some("en"))),
            ("en;q=0, *", &["en", "fr"], Ok(Some("fr"))),
            ("FR;Q=0.8, de", &["en", "fr"], Ok(Some("fr"))),
            ("en", &["de", "en-US"], Ok(Some("en-US"))),
            ("en", &["en-US", "en"], Ok(Some("en"))),
            ("zh-hant", &["en", "zh-Hant-TW"], Ok(Some("zh-Hant-TW"))),
            ("fr;q=2", &["en", "fr"], Err(Malformed)),
            ("fr;q", &["en", "fr"], Err(Malformed)),
            (";q=1", &["en", "fr"], Err(Malformed)),
        ] {
            let own: Vec<Box<str>> = locales.iter().map(|locale| (*locale).into()).collect();
            assert_eq!(preferred(field, &own), expected, "{field} of {locales:?}");
        }
    }

    fn i18n(detection: Option<bool>, domains: &[&str]) -> I18n {
        let domain = |domain: &&str| super::super::manifest::Domain {
            domain: (*domain).into(),
            default_locale: "fr".into(),
        };
        I18n {
            locales: ["en".into(), "fr".into()].into(),
            default_locale: "en".into(),
            locale_detection: detection,
            domains: domains.iter().map(domain).collect(),
        }
    }

    #[test]
    fn only_those_who_are_not_sent_elsewhere_share_the_root() {
        let plain = i18n(None, &[]);
        for (path, fields, expected) in [
            ("/", &[][..], false),
            ("/", &[("accept-language", "en-GB,en;q=0.9,fr;q=0.8")], false),
            ("/", &[("accept-language", "fr-FR,fr;q=0.9,en;q=0.8")], true),
            ("/", &[("accept-language", "de")], false),
            ("/", &[("accept-language", "de;q=x")], true),
            ("/index", &[("accept-language", "fr")], true),
            ("/fr", &[("accept-language", "fr")], false),
            ("/about", &[("accept-language", "fr")], false),
            ("/", &[("cookie", "a=b; NEXT_LOCALE=fr")], true),
            ("/", &[("cookie", "NEXT_LOCALE=en"), ("accept-language", "fr")], false),
            ("/", &[("cookie", "NEXT_LOCALE=EN")], false),
            ("/", &[("cookie", "NEXT_LOCALE=xx"), ("accept-language", "en")], false),
            ("/", &[("cookie", "NEXT_LOCALE=xx"), ("accept-language", "fr")], true),
            ("/", &[("cookie", "NEXT_LOCALE=en; NEXT_LOCALE=fr")], true),
            ("/", &[("cookie", "NEXT_LOCALE=%66r")], true),
            ("/", &[("accept-language", "en;q=0.5"), ("accept-language", "fr")], true),
        ] {
            let headers = headers(fields);
            assert_eq!(may_redirect(&plain, path, "", &headers), expected, "{path} {fields:?}");
        }
        let french = headers(&[("accept-language", "fr")]);
        assert!(!may_redirect(&i18n(Some(false), &[]), "/", "", &french));
        for (path, expected) in [("/docs", true), ("/docs/", true), ("/", false)] {
            assert_eq!(may_redirect(&plain, path, "/docs", &french), expected, "{path}");
        }
        let domains = i18n(Some(true), &["example.fr"]);
        assert!(may_redirect(&domains, "/", "", &headers(&[("accept-language", "en")])));
        assert!(!may_redirect(&domains, "/", "", &headers(&[])));
    }

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }
}
