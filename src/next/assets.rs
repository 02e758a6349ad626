//! `/_next/static/**`: files whose names change with their content.
//!
//! Next.js promises `public, max-age=31536000, immutable` for them, yet a `headers()` rule of the
//! application overrides it on the wire. The promise holds here whatever the rule says, except where
//! the origin itself says that nothing may be kept (`next dev`).

use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use percent_encoding::percent_decode_str;

use super::deployment;
use crate::policy::cache_control::ResponseDirectives;

/// What clients are told about an immutable file.
pub const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// For how long an immutable file stays fresh.
pub const IMMUTABLE_LIFETIME: Duration = Duration::from_secs(31_536_000);

const SERVICE_WORKER_ALLOWED: HeaderName = HeaderName::from_static("service-worker-allowed");

/// Whether a path lies under `/_next/static/` of the application at `base_path`, and stays there:
/// Next.js 16 answers `/_next/static/../../api/me` as `/api/me`, encoded dots too.
pub fn is_static(path: &str, base_path: &str) -> bool {
    let file = path.strip_prefix(base_path).and_then(|path| path.strip_prefix(STATIC));
    file.is_some_and(|file| !leads_elsewhere(file))
}

/// What a file is, by the end of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `.js`
    Script,
    /// `.css`
    Style,
    /// `.json`, `.map`
    Json,
    /// `.txt`
    Text,
    /// `.png`
    Image,
    /// `.woff2`
    Font,
    /// `.mp4`
    Media,
    /// Anything else.
    Other,
}

/// Where the files of a build are, below `basePath`.
const STATIC: &str = "/_next/static/";

impl Kind {
    /// Of the file at a path.
    pub fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or_default();
        let extension = name.rsplit_once('.').map(|(_, extension)| extension).unwrap_or_default();
        match extension.to_ascii_lowercase().as_str() {
            "js" | "mjs" | "cjs" => Self::Script,
            "css" => Self::Style,
            "json" | "map" | "webmanifest" => Self::Json,
            "txt" => Self::Text,
            "png" | "jpg" | "jpeg" | "gif" | "webp" | "avif" | "ico" | "svg" | "bmp" => Self::Image,
            "woff" | "woff2" | "ttf" | "otf" | "eot" => Self::Font,
            "mp4" | "webm" | "mp3" | "ogg" | "wav" | "m4a" => Self::Media,
            _ => Self::Other,
        }
    }

    /// Whether an answer is of the type that the name says; of a name that says nothing, whatever no
    /// page or API answers with. Next.js gives no type where it knows none.
    fn has(self, headers: &HeaderMap) -> bool {
        let Some(value) = headers.get(CONTENT_TYPE) else { return true };
        let text = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
        let text = text.trim().to_ascii_lowercase();
        let (kind, name) = text.split_once('/').unwrap_or_default();
        match self {
            Self::Script => matches!(name, "javascript" | "x-javascript"),
            Self::Style => text == "text/css",
            Self::Json => name.ends_with("json"),
            Self::Text => text == "text/plain",
            Self::Image => kind == "image",
            Self::Font => matches!(name, "vnd.ms-fontobject" | "octet-stream") || kind == "font",
            Self::Media => matches!(kind, "video" | "audio"),
            Self::Other => kind != "text" && !name.ends_with("json") && !name.ends_with("xml"),
        }
    }
}

/// Whether a path may be that of a file of another application behind the same host: a zone, with a
/// `basePath` or an `assetPrefix` of its own (`/docs-static/_next/static/…`). It may be a page of ours
/// just as well, so that nothing is believed of it but what the answer says ([`says_immutable`]).
pub fn may_be_of_a_zone(path: &str) -> bool {
    // Asked of every request that goes to the origin, and hardly any is: `split_once` alone takes
    // ten times as long.
    if memchr::memmem::find(path.as_bytes(), STATIC.as_bytes()).is_none() {
        return false;
    }
    let file = path.split_once(STATIC).filter(|(zone, _)| !zone.is_empty());
    file.is_some_and(|(zone, file)| !leads_elsewhere(zone) && !leads_elsewhere(file))
}

fn leads_elsewhere(file: &str) -> bool {
    let mut segments = file.split(['/', '\\']);
    segments.any(|segment| {
        let decoded = percent_decode_str(segment);
        // An encoded slash may make any segment into several.
        let is_odd = |byte| matches!(byte, b'/' | b'\\' | b'%');
        matches!(segment, "." | "..")
            || segment.contains('%') && {
                let decoded: Vec<u8> = decoded.collect();
                matches!(decoded.as_slice(), b"." | b"..") || decoded.into_iter().any(is_odd)
            }
    })
}

/// Whether an answer under `/_next/static/` is an immutable file.
///
/// A service worker keeps its name across builds, and says so by `Service-Worker-Allowed`. An answer
/// with a cookie comes from somebody other than the file server, and so does one of another type than
/// its name says: a page in the place of a file is somebody's apology, or what an attacker has lured a
/// visitor to (cache deception).
pub fn is_immutable(
    kind: Kind,
    status: StatusCode,
    headers: &HeaderMap,
    directives: &ResponseDirectives,
) -> bool {
    matches!(status, StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED)
        && !directives.no_store
        && !directives.no_cache
        && !directives.is_private()
        && !deployment::sets_cookie(headers)
        && !headers.contains_key(SERVICE_WORKER_ALLOWED)
        && kind.has(headers)
}

/// The same where nothing but the answer's own word counts.
pub fn says_immutable(
    kind: Kind,
    status: StatusCode,
    headers: &HeaderMap,
    directives: &ResponseDirectives,
) -> bool {
    directives.immutable
        && directives.public
        && headers.contains_key(CONTENT_TYPE)
        && is_immutable(kind, status, headers, directives)
}

/// Whether an answer under `/_next/static/` with these directives is from `next dev`: version 14 to
/// 16.0 says `no-store, must-revalidate`, later ones `no-cache, must-revalidate`. A production server
/// says neither of itself.
pub fn is_development(directives: &ResponseDirectives) -> bool {
    (directives.no_store || directives.no_cache) && directives.must_revalidate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_static_folder_of_the_application_counts() {
        for (path, base, expected) in [
            ("/_next/static/chunks/a.js", "", true),
            ("/docs/_next/static/a.js", "/docs", true),
            ("/docs/_next/static/a.js", "", false),
            ("/account/_next/static/a.js", "", false),
            ("/_next/staticfile", "", false),
            ("/_next/image", "", false),
            ("/_next/static/../../api/me", "", false),
            ("/_next/static/%2e%2E/%2e%2e/api/me", "", false),
            ("/_next/static/.%2e/api/me", "", false),
            ("/_next/static/..%2fapi/me", "", false),
            ("/_next/static/..\\..\\api\\me", "", false),
            ("/_next/static/%252e%252e/api/me", "", false),
            ("/_next/static/chunks/app/%5Bslug%5D/page-1.js", "", true),
            ("/_next/static/chunks/app/(shop)/...rest-1.js", "", true),
        ] {
            assert_eq!(is_static(path, base), expected, "{path} under {base:?}");
        }
    }

    #[test]
    fn immutable_unless_the_origin_has_a_reason() {
        for (name, status, field, expected) in [
            ("default", 200, ("cache-control", "public, max-age=31536000, immutable"), true),
            ("a headers() rule", 200, ("cache-control", "public, max-age=77"), true),
            ("next dev 16", 200, ("cache-control", "no-cache, must-revalidate"), false),
            ("next dev 14", 200, ("cache-control", "no-store, must-revalidate"), false),
            ("missing chunk", 404, ("x-a", "b"), false),
            ("service worker", 200, ("service-worker-allowed", "/"), false),
            ("a cookie", 200, ("set-cookie", "a=b"), false),
            ("a page of apology", 200, ("content-type", "text/html; charset=utf-8"), false),
            ("an API", 200, ("content-type", "application/json"), false),
            ("a script", 200, ("content-type", "text/javascript"), true),
            ("the cookie of a deployment", 200, ("set-cookie", "__vdpl=d; Path=/"), true),
        ] {
            let mut headers = HeaderMap::new();
            headers.append(field.0, field.1.parse().unwrap());
            let directives = ResponseDirectives::parse(&headers, &[]);
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(
                is_immutable(Kind::Script, status, &headers, &directives),
                expected,
                "{name}"
            );
            assert_eq!(is_development(&directives), name.starts_with("next dev"), "{name}");
        }
    }

    #[test]
    fn a_file_is_of_the_type_that_its_name_says() {
        for (name, media_type, expected) in [
            ("a.js", "application/javascript; charset=UTF-8", true),
            ("a.js", "text/css", false),
            ("a.css", "text/css", true),
            ("a.css", "text/html", false),
            ("a.js.map", "application/json", true),
            ("a.woff2", "font/woff2", true),
            ("a.PNG", "image/png", true),
            ("a.png", "text/x-component", false),
            ("a.bin", "application/octet-stream", true),
            ("a.glb", "model/gltf-binary", true),
            ("a.bin", "text/html", false),
            ("a.html", "text/html", false),
            ("account", "application/json", false),
            ("account;a.js", "text/html", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, media_type.parse().unwrap());
            let path = format!("/_next/static/{name}");
            assert_eq!(Kind::of(&path).has(&headers), expected, "{name} as {media_type}");
        }
    }

    #[test]
    fn a_zone_has_its_files_below_a_prefix_and_is_believed_by_its_own_word() {
        for (path, expected) in [
            ("/blog/_next/static/chunks/a.js", true),
            ("/docs-static/_next/static/chunks/a.js", true),
            ("/a/b/_next/static/a.js", true),
            ("/_next/static/a.js", false),
            ("/blog/../_next/static/a.js", false),
            ("/blog/_next/static/../../account", false),
            ("/account%2f_next/static/a.js", false),
            ("/account/_next%2fstatic/a.js", false),
        ] {
            assert_eq!(may_be_of_a_zone(path), expected, "{path}");
        }
        let says = |cache_control: &str, content_type: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("cache-control", cache_control.parse().unwrap());
            headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
            let directives = ResponseDirectives::parse(&headers, &[]);
            says_immutable(Kind::Script, StatusCode::OK, &headers, &directives)
        };
        assert!(says("public, max-age=31536000, immutable", "application/javascript"));
        assert!(!says("public, max-age=31536000", "application/javascript"));
        assert!(!says("public, max-age=31536000, immutable", "text/html"));
        assert!(!says("private, max-age=31536000, immutable", "application/javascript"));
    }
}
