//! Where pictures may come from: `domains`, `remotePatterns` and `localPatterns`.
//!
//! Next.js reads the `url` by the rules of browsers, which repair much. Whatever these rules would
//! change is not judged here but left to Next.js: nothing is refused that it would have accepted.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use crate::next::manifest::{ImageSources, Pattern, RemoteSource};

/// Whether pictures may come from a `url`; `None` if that is for Next.js to say.
pub(super) fn is_allowed(sources: &ImageSources, url: &str) -> Option<bool> {
    if url.starts_with("//") {
        return None;
    }
    if url.starts_with('/') {
        let Some(patterns) = &sources.local else { return Some(true) };
        let (path, search) = path_and_search(url)?;
        return any(patterns.iter().map(|pattern| {
            all([same(pattern.search.as_deref(), search), matches(&pattern.path, path)])
        }));
    }
    let remote = Remote::parse(url)?;
    if sources.domains.iter().any(|domain| **domain == *remote.host) {
        return Some(true);
    }
    any(sources.remote.iter().map(|pattern| remote.is_of(pattern)))
}

/// A URL of another server, in the form that browsers give it.
struct Remote<'a> {
    scheme: &'a str,
    host: Cow<'a, str>,
    port: &'a str,
    path: &'a str,
    search: &'a str,
}

impl<'a> Remote<'a> {
    fn parse(url: &'a str) -> Option<Self> {
        let (scheme, rest) =
            url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
        let (path, search) = path_and_search(rest)?;
        Some(Self {
            scheme,
            host: host_of(host)?,
            port: port_of(port, scheme)?,
            path: if path.is_empty() { "/" } else { path },
            search,
        })
    }

    fn is_of(&self, pattern: &RemoteSource) -> Option<bool> {
        all([
            same(pattern.protocol.as_deref(), self.scheme),
            same(pattern.port.as_deref(), self.port),
            same(pattern.search.as_deref(), self.search),
            matches(&pattern.host, &self.host),
            matches(&pattern.path, self.path),
        ])
    }
}

/// A host as it is written everywhere.
fn host_of(host: &str) -> Option<Cow<'_, str>> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if host.is_empty() || !host.bytes().all(is_plain) {
        return None;
    }
    // Browsers take what ends with a number for an address, and have many spellings for it.
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    if last.starts_with(|first: char| first.is_ascii_digit()) && host.parse::<Ipv4Addr>().is_err() {
        return None;
    }
    Some(match host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(host.to_ascii_lowercase()),
        false => Cow::Borrowed(host),
    })
}

fn port_of<'a>(port: &'a str, scheme: &str) -> Option<&'a str> {
    match (port, scheme) {
        ("" | "80", "http") | ("" | "443", "https") => Some(""),
        _ if port.starts_with('0') => None,
        _ if !port.bytes().all(|byte| byte.is_ascii_digit()) => None,
        _ => port.parse::<u16>().ok().map(|_| port),
    }
}

/// What stands before `?` and from it on; `None` if a browser would write it in another way. A `+` is a
/// space in a query, and may be either here.
fn path_and_search(text: &str) -> Option<(&str, &str)> {
    let text = text.split('#').next().unwrap_or_default();
    let (path, search) = text.split_at(text.find('?').unwrap_or(text.len()));
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~!$&()*,;=:@%?".contains(&byte);
    let leads_elsewhere = |segment: &str| {
        let segment = segment.to_ascii_lowercase().replace("%2e", ".");
        matches!(segment.as_str(), "." | "..")
    };
    if !text.bytes().all(is_plain) || path.split('/').any(leads_elsewhere) {
        return None;
    }
    Some((path, if search == "?" { "" } else { search }))
}

/// What a pattern does not say, it does not ask for.
fn same(said: Option<&str>, found: &str) -> Option<bool> {
    Some(said.is_none_or(|said| said == found))
}

/// A pattern that could not be read may match.
fn matches(pattern: &Option<Pattern>, text: &str) -> Option<bool> {
    pattern.as_ref()?.matches(text)
}

/// `None` is "perhaps".
fn all<const N: usize>(answers: [Option<bool>; N]) -> Option<bool> {
    if answers.contains(&Some(false)) {
        return Some(false);
    }
    answers.iter().all(Option::is_some).then_some(true)
}

fn any(answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut found = Some(false);
    for answer in answers {
        match answer {
            Some(true) => return answer,
            None => found = None,
            Some(false) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::next::manifest::{Found, Manifest};

    /// As Next.js 16 writes `domains: ['plain.example']`, `remotePatterns` of `https` with
    /// `**.pictures.example` and `/public/**` and of `cdn-*.example` with port 8080, and
    /// `localPatterns` of `/photos/**` with `search: ''` and of `/photos/any.png`.
    const MANIFEST: &str = r#"{"images": {
        "deviceSizes": [640], "imageSizes": [], "path": "/_next/image",
        "domains": ["plain.example"],
        "remotePatterns": [
            {
                "protocol": "https", "port": "", "search": "",
                "hostname": "^(?:(?!\\.)(?:(?:(?!(?:^|\\/)\\.).)*?)\\.pictures\\.example\\/?)$",
                "pathname": "^(?:\\/public(?:\\/(?!\\.{1,2}(?:\\/|$))(?:(?:(?!(?:^|\\/)\\.{1,2}(?:\\/|$)).)*?)|$))$"
            },
            {
                "port": "8080",
                "hostname": "^(?:^(?:cdn\\-[^/]*?\\.example)$)$",
                "pathname": "^(?:(?!(?:^|\\/)\\.{1,2}(?:\\/|$))(?:(?:(?!(?:^|\\/)\\.{1,2}(?:\\/|$)).)*?)\\/?)$"
            }
        ],
        "localPatterns": [
            {
                "search": "",
                "pathname": "^(?:\\/photos(?:\\/(?!\\.{1,2}(?:\\/|$))(?:(?:(?!(?:^|\\/)\\.{1,2}(?:\\/|$)).)*?)|$))$"
            },
            {"pathname": "^(?:\\/photos\\/any\\.png)$"}
        ]
    }}"#;

    fn sources(manifest: &str) -> ImageSources {
        let (manifest, damages) = Manifest::read(|name| match name {
            "images-manifest.json" => Found::Text(manifest.into()),
            _ => Found::Nothing,
        });
        assert!(damages.len() < 2, "{damages:?}");
        manifest.images.unwrap().sources
    }

    #[test]
    fn what_no_pattern_allows_is_not_allowed() {
        let sources = sources(MANIFEST);
        for (url, expected) in [
            ("https://plain.example/a.png", Some(true)),
            ("http://PLAIN.example:81/any?x#y", Some(true)),
            ("https://plain.example.evil/a.png", Some(false)),
            ("https://a.pictures.example/public/x/y.png", Some(true)),
            ("https://a.b.pictures.example:443/public", Some(true)),
            ("https://a.pictures.example/public/x.png?", Some(true)),
            ("https://a.pictures.example/public/x.png?v=1", Some(false)),
            ("https://a.pictures.example/private/x.png", Some(false)),
            ("http://a.pictures.example/public/x.png", Some(false)),
            ("https://a.pictures.example:444/public/x.png", Some(false)),
            ("https://pictures.example/public/x.png", Some(false)),
            ("http://cdn-1.example:8080/x?y=z", Some(true)),
            ("http://cdn-1.example/x", Some(false)),
            ("http://10.0.0.1/x", Some(false)),
            ("http://169.254.169.254", Some(false)),
            ("/photos/a.png", Some(true)),
            ("/photos/a.png?v=1", Some(false)),
            ("/photos/any.png?v=1", Some(true)),
            ("/other.png", Some(false)),
        ] {
            assert_eq!(is_allowed(&sources, url), expected, "{url}");
        }
    }

    #[test]
    fn what_browsers_would_write_otherwise_is_for_next_to_say() {
        let sources = sources(MANIFEST);
        for url in [
            "https://user@evil.example/a.png",
            "https:/evil.example/a.png",
            "HTTPS://evil.example/a.png",
            "https://evil.example\\@plain.example/",
            "https://ev\u{131}l.example/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://127.1/",
            "https://[::1]/",
            "https://evil.example:0443/",
            "https://evil.example:99999/",
            "https://evil.example/../public/x",
            "https://evil.example/%2E./x",
            "https://evil.example/a b",
            "ftp://evil.example/",
            "//evil.example/",
            "/other/../photos/a.png",
            "/other%2fa b",
            "/a+b.png",
            "data:image/png,x",
            "",
        ] {
            assert_eq!(is_allowed(&sources, url), None, "{url}");
        }
    }

    #[test]
    fn without_patterns_the_application_itself_is_allowed_and_nobody_else() {
        let plain = r#"{"images": {"deviceSizes": [], "imageSizes": [], "path": ""}}"#;
        let sources = sources(plain);
        assert_eq!(is_allowed(&sources, "/any.png?x"), Some(true));
        assert_eq!(is_allowed(&sources, "https://example.org/"), Some(false));
    }

    #[test]
    fn a_pattern_that_cannot_be_read_may_allow_anything() {
        let damaged = MANIFEST.replace("cdn\\\\-", "(");
        assert_ne!(damaged, MANIFEST);
        let sources = sources(&damaged);
        assert_eq!(is_allowed(&sources, "http://evil.example:8080/"), None);
        assert_eq!(is_allowed(&sources, "http://evil.example/"), Some(false));
    }
}
