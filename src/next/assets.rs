//! `/_next/static/**`: files whose names change with their content.
//!
//! Next.js promises `public, max-age=31536000, immutable` for them, yet a `headers()` rule of the
//! application overrides it on the wire. The promise holds here whatever the rule says, except where
//! the origin itself says that nothing may be kept (`next dev`).

use std::time::Duration;

use http::header::{CONTENT_TYPE, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use percent_encoding::percent_decode_str;

use crate::policy::cache_control::ResponseDirectives;

/// What clients are told about an immutable file.
pub const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// For how long an immutable file stays fresh.
pub const IMMUTABLE_LIFETIME: Duration = Duration::from_secs(31_536_000);

const SERVICE_WORKER_ALLOWED: HeaderName = HeaderName::from_static("service-worker-allowed");

/// Whether a path lies under `/_next/static/` of the application at `base_path`, and stays there:
/// Next.js 16 answers `/_next/static/../../api/me` as `/api/me`, encoded dots too.
pub fn is_static(path: &str, base_path: &str) -> bool {
    let file = path.strip_prefix(base_path).and_then(|path| path.strip_prefix("/_next/static/"));
    file.is_some_and(|file| !leads_elsewhere(file))
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
/// with a cookie comes from somebody other than the file server.
pub fn is_immutable(
    status: StatusCode,
    headers: &HeaderMap,
    directives: &ResponseDirectives,
) -> bool {
    matches!(status, StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED)
        && !directives.no_store
        && !directives.no_cache
        && !directives.is_private()
        && !headers.contains_key(SET_COOKIE)
        && !headers.contains_key(SERVICE_WORKER_ALLOWED)
        && !is_html(headers)
}

/// Whether an answer under `/_next/static/` with these directives is from `next dev`: version 14 to
/// 16.0 says `no-store, must-revalidate`, later ones `no-cache, must-revalidate`. A production server
/// says neither of itself.
pub fn is_development(directives: &ResponseDirectives) -> bool {
    (directives.no_store || directives.no_cache) && directives.must_revalidate
}

/// A page in the place of a file is somebody's apology.
fn is_html(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    content_type.get(..9).is_some_and(|start| start.eq_ignore_ascii_case(b"text/html"))
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
        ] {
            let mut headers = HeaderMap::new();
            headers.append(field.0, field.1.parse().unwrap());
            let directives = ResponseDirectives::parse(&headers, &[]);
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(is_immutable(status, &headers, &directives), expected, "{name}");
            assert_eq!(is_development(&directives), name.starts_with("next dev"), "{name}");
        }
    }
}
