//! `/_next/image`: the optimizer, and what it would refuse anyway.
//!
//! Each width and quality is work for the origin and a place in the store: so what the configuration
//! does not allow is refused here, in the words of Next.js (`image-optimizer.ts`).

mod normal;
mod source;

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

pub use normal::{accept, query};

use super::manifest::Images;

/// What is wrong with a request for an image. Displayed as what the client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A parameter is missing or empty.
    #[error("\"{0}\" parameter is required")]
    Missing(&'static str),
    /// A parameter is there several times.
    #[error("\"{0}\" parameter cannot be an array")]
    Several(&'static str),
    /// No pattern of the configuration allows the source.
    #[error("\"url\" parameter is not allowed")]
    Source,
    /// The width is none of those that are allowed.
    #[error("\"w\" parameter (width) is not allowed")]
    Width,
    /// The quality is none of those that are allowed.
    #[error("\"q\" parameter (quality) is not allowed")]
    Quality,
}

/// Whether a path is that of the optimizer of the application at `base_path`; with `trailingSlash`
/// it ends with one.
pub fn is_optimizer(path: &str, base_path: &str) -> bool {
    let path = path.strip_prefix(base_path).and_then(|path| path.strip_prefix("/_next/image"));
    matches!(path, Some("" | "/"))
}

/// Whether the query of a request to the optimizer is one that it answers.
pub fn check(images: &Images, query: &str) -> Result<(), Refusal> {
    let url = single(query, "url")?;
    if source::is_allowed(&images.sources, &url) == Some(false) {
        return Err(Refusal::Source);
    }
    let width = single(query, "w")?;
    let quality = single(query, "q")?;
    if !number(&width).is_some_and(|width| width > 0 && images.widths.contains(&width)) {
        return Err(Refusal::Width);
    }
    let is_allowed = |quality: &u32| match &images.qualities {
        Some(allowed) => allowed.contains(quality),
        None => (1..=100).contains(quality),
    };
    number(&quality).filter(is_allowed).map(|_| ()).ok_or(Refusal::Quality)
}

/// The one value of a parameter.
fn single<'a>(query: &'a str, name: &'static str) -> Result<Cow<'a, str>, Refusal> {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut values = pairs.filter(|(key, _)| decoded(key) == name).map(|(_, value)| value);
    let value = values.next().map(decoded).filter(|value| !value.is_empty());
    match values.next() {
        Some(_) => Err(Refusal::Several(name)),
        None => value.ok_or(Refusal::Missing(name)),
    }
}

/// As `URLSearchParams` decodes it, except that `+` stays: in none of the names and numbers is a
/// space.
fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

/// As `parseInt` reads it: Next.js 14 takes `640px` for 640. Later versions refuse that themselves.
fn number(text: &str) -> Option<u32> {
    let text = text.trim_start();
    let text = text.strip_prefix('+').unwrap_or(text);
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    let end = digits.find(|digit: char| !digit.is_digit(radix)).unwrap_or(digits.len());
    u32::from_str_radix(&digits[..end], radix).ok()
}

#[cfg(test)]
mod tests {
    use super::super::manifest::ImageSources;
    use super::*;

    #[test]
    fn the_optimizer_has_one_path() {
        for (path, base, expected) in [
            ("/_next/image", "", true),
            ("/_next/image/", "", true),
            ("/docs/_next/image", "/docs", true),
            ("/_next/image", "/docs", false),
            ("/_next/images", "", false),
            ("/_next/image/x", "", false),
        ] {
            assert_eq!(is_optimizer(path, base), expected, "{path} under {base:?}");
        }
    }

    #[test]
    fn what_the_configuration_does_not_allow_is_refused() {
        let of = |qualities: Option<&[u32]>| Images {
            widths: [640, 16].into(),
            qualities: qualities.map(Into::into),
            formats: [].into(),
            path: "/_next/image".into(),
            minimum_cache_ttl: 60,
            sources: ImageSources::default(),
        };
        let (any, strict) = (of(None), of(Some(&[75])));
        for (images, query, expected) in [
            (&strict, "url=%2Fa.png&w=640&q=75", Ok(())),
            (&strict, "q=75&w=16&url=/a.png&dpl=x&foo", Ok(())),
            (&strict, "url=/a&%77=640&q=%375", Ok(())),
            (&strict, "url=/a&w=640&q=76", Err(Refusal::Quality)),
            (&any, "url=/a&w=640&q=76", Ok(())),
            (&any, "url=/a&w=640&q=0", Err(Refusal::Quality)),
            (&any, "url=/a&w=640&q=101", Err(Refusal::Quality)),
            (&any, "url=/a&w=640&q=+75", Ok(())),
            (&strict, "url=/a&w=640&q=0x4b", Ok(())),
            (&any, "url=/a&w=640&q=x75", Err(Refusal::Quality)),
            (&any, "url=/a&w=641&q=75", Err(Refusal::Width)),
            (&any, "url=/a&w=640px&q=75", Ok(())),
            (&any, "url=/a&w=px&q=75", Err(Refusal::Width)),
            (&any, "url=/a&w=-16&q=75", Err(Refusal::Width)),
            (&any, "url=/a&w=99999999999&q=75", Err(Refusal::Width)),
            (&any, "", Err(Refusal::Missing("url"))),
            (&any, "url=&w=640&q=75", Err(Refusal::Missing("url"))),
            (&any, "url=/a&q=75", Err(Refusal::Missing("w"))),
            (&any, "url=/a&w=640", Err(Refusal::Missing("q"))),
            (&any, "url=/a&url=/b&w=640&q=75", Err(Refusal::Several("url"))),
            (&any, "url=/a&w=640&w=16&q=75", Err(Refusal::Several("w"))),
            (&any, "url=/a&w=640&q=75&q=", Err(Refusal::Several("q"))),
        ] {
            assert_eq!(check(images, query), expected, "{query}");
        }
        assert_eq!(Refusal::Missing("w").to_string(), "\"w\" parameter is required");
    }
}
