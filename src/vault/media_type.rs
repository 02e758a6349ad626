//! The media type of a file, as Next.js says it.
//!
//! A table and no crate: what is to be matched is the `send` of Next.js, with its `charset=UTF-8` and
//! its `application/javascript`, so that a file is served alike from wherever it comes.

/// Of a file with this name.
pub(super) fn of(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "js" | "mjs" => "application/javascript; charset=UTF-8",
        "css" => "text/css; charset=UTF-8",
        "json" | "map" => "application/json; charset=UTF-8",
        "txt" => "text/plain; charset=UTF-8",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "otf" => "font/otf",
        "eot" => "application/vnd.ms-fontobject",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "mp3" => "audio/mpeg",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_extension_counts() {
        for (name, expected) in [
            ("a-1.js", "application/javascript; charset=UTF-8"),
            ("a-1.js.map", "application/json; charset=UTF-8"),
            ("A.WOFF2", "font/woff2"),
            ("js", "application/octet-stream"),
            ("a.unknown", "application/octet-stream"),
        ] {
            assert_eq!(of(name), expected, "{name}");
        }
    }
}
