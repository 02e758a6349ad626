//! What may be coded at all, and is worth it.

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::policy::{content_length, list};

/// Whether a response may be coded: it has content in identity, of a kind that becomes smaller, of at
/// least `least` bytes as far as its fields tell, and nobody has forbidden it.
pub fn may_be_coded(status: StatusCode, headers: &HeaderMap, least: u64) -> bool {
    has_whole_content(status)
        && !headers.keys().any(forbids_coding)
        && headers.get(CONTENT_TYPE).is_some_and(|kind| becomes_smaller(kind.as_bytes()))
        && content_length(headers).is_none_or(|length| length >= least)
        && !forbids_transformation(headers)
}

fn has_whole_content(status: StatusCode) -> bool {
    !status.is_informational()
        && !matches!(
            status,
            StatusCode::NO_CONTENT
                | StatusCode::RESET_CONTENT
                | StatusCode::PARTIAL_CONTENT
                | StatusCode::NOT_MODIFIED
        )
}

/// Coded already, a part, or with a digest that would be wrong then (RFC 9530).
fn forbids_coding(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "content-encoding"
            | "content-range"
            | "content-digest"
            | "repr-digest"
            | "digest"
            | "content-md5"
    )
}

/// RFC 9111 §5.2.2.6.
fn forbids_transformation(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(CACHE_CONTROL).into_iter().map(HeaderValue::as_bytes);
    let mentioning = lines.filter(|line| list::mentions(line, NO_TRANSFORM));
    mentioning.flat_map(list::members).any(|directive| {
        let name = directive.split(|byte| *byte == b'=').next().unwrap_or_default();
        name.trim_ascii().eq_ignore_ascii_case(NO_TRANSFORM.as_bytes())
    })
}

const NO_TRANSFORM: &str = "no-transform";

/// By its media type. Pictures, films, fonts for the web and archives are compressed already.
fn becomes_smaller(kind: &[u8]) -> bool {
    let essence = kind.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    // Lasts for hours, and an encoder holds hundreds of KiB for as long.
    if essence.eq_ignore_ascii_case(b"text/event-stream") {
        return false;
    }
    let begins =
        |with: &[u8]| essence.get(..with.len()).is_some_and(|part| part.eq_ignore_ascii_case(with));
    let ends = |with: &&[u8]| {
        let at = essence.len().checked_sub(with.len());
        at.and_then(|at| essence.get(at..)).is_some_and(|part| part.eq_ignore_ascii_case(with))
    };
    begins(b"text/")
        || SUFFIXES.iter().any(ends)
        || KINDS.iter().any(|kind| essence.eq_ignore_ascii_case(kind))
}

/// RFC 6839.
const SUFFIXES: [&[u8]; 3] = [b"+json", b"+xml", b"+text"];

/// Those that Next.js compresses too, as far as anybody serves them.
const KINDS: [&[u8]; 17] = [
    b"application/javascript",
    b"application/json",
    b"application/x-javascript",
    b"application/ecmascript",
    b"application/xml",
    b"application/wasm",
    b"application/rtf",
    b"application/x-ndjson",
    b"application/vnd.ms-fontobject",
    b"font/ttf",
    b"font/otf",
    b"application/x-font-ttf",
    b"image/bmp",
    b"image/x-icon",
    b"image/vnd.microsoft.icon",
    b"image/x-ms-bmp",
    b"application/x-sh",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::headers;

    fn may(fields: &[(&str, &str)]) -> bool {
        may_be_coded(StatusCode::OK, &headers(fields), 1024)
    }

    #[test]
    fn texts_become_smaller_and_pictures_do_not() {
        for (kind, expected) in [
            ("text/html; charset=utf-8", true),
            ("TEXT/HTML", true),
            ("text/x-component", true),
            ("application/javascript; charset=UTF-8", true),
            ("application/json", true),
            ("application/manifest+json", true),
            ("image/svg+xml", true),
            ("application/rss+xml", true),
            ("application/wasm", true),
            ("font/ttf", true),
            ("text/event-stream", false),
            ("text/event-stream; charset=utf-8", false),
            ("image/webp", false),
            ("image/png", false),
            ("font/woff2", false),
            ("video/mp4", false),
            ("application/zip", false),
            ("application/octet-stream", false),
            ("", false),
        ] {
            assert_eq!(may(&[("content-type", kind)]), expected, "{kind}");
        }
        assert!(!may(&[]), "what it is, nobody has said");
    }

    #[test]
    fn what_is_forbidden_or_not_worth_it_stays_as_it_is() {
        let html = ("content-type", "text/html");
        for (name, fields, expected) in [
            ("coded already", &[html, ("content-encoding", "gzip")][..], false),
            ("identity, as they say", &[html, ("content-encoding", "identity")], false),
            ("a part", &[html, ("content-range", "bytes 0-1/9")], false),
            ("with a digest", &[html, ("content-digest", "sha-256=:AA==:")], false),
            ("small", &[html, ("content-length", "1023")], false),
            ("just large enough", &[html, ("content-length", "1024")], true),
            ("no-transform", &[html, ("cache-control", "no-transform")], false),
            ("among others", &[html, ("cache-control", "s-maxage=9, No-Transform")], false),
            (
                "on a second line",
                &[html, ("cache-control", "a"), ("cache-control", "no-transform")],
                false,
            ),
            ("as an argument", &[html, ("cache-control", "a=\"no-transform\"")], true),
        ] {
            assert_eq!(may(fields), expected, "{name}");
        }
        for (status, expected) in
            [(200, true), (404, true), (500, true), (204, false), (206, false), (304, false)]
        {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(may_be_coded(status, &headers(&[html]), 0), expected, "{status}");
        }
    }
}
