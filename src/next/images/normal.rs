//! What of a request for an image counts.
//!
//! The optimizer looks at `url`, `w` and `q`, and at whether `Accept` has one of two types in it.
//! Everything else would only make the same picture be rendered and kept once more.

use std::collections::BTreeMap;

use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue};

/// What the optimizer looks at, in the order in which Next.js writes it. `dpl` is that of the page
/// that shows the picture: after a deploy it may be another under the same name.
const COUNT: [&str; 4] = ["url", "w", "q", "dpl"];

/// The query with what counts and nothing else; `None` if it is so already, or is one that the
/// optimizer refuses (a parameter is missing or repeated): its answer says why.
pub fn query(query: &str) -> Option<String> {
    let mut found = BTreeMap::new();
    for parameter in query.split('&') {
        let name = parameter.split('=').next().unwrap_or_default();
        let Some(place) = COUNT.iter().position(|counts| *counts == name) else { continue };
        if found.insert(place, parameter).is_some() {
            return None;
        }
    }
    if !(0..3).all(|place| found.contains_key(&place)) {
        return None;
    }
    let found: Vec<&str> = found.into_values().collect();
    let normal = found.join("&");
    (normal != query).then_some(normal)
}

/// The types that the optimizer makes, those that are preferred first.
const TYPES: [&str; 2] = ["image/avif", "image/webp"];

/// `Accept` with what counts and nothing else; `None` if it weighs one of the types, which nobody
/// does, and is to be read by the optimizer itself.
///
/// The optimizer takes a type only if its very name is in the field (Next.js 14 to 16), so that a
/// wildcard gets the picture as it is.
pub fn accept(request: &HeaderMap) -> Option<HeaderValue> {
    let mut lines = request.get_all(ACCEPT).iter();
    let line = match (lines.next(), lines.next()) {
        (None, _) => "",
        (Some(line), None) => line.to_str().ok()?,
        (Some(_), Some(_)) => return None,
    };
    let listed = |wanted: &&str| line.split(',').map(str::trim).any(|member| member == *wanted);
    let named = |wanted: &&str| line.contains(wanted);
    if TYPES.iter().filter(|wanted| listed(wanted)).count()
        != TYPES.iter().filter(|wanted| named(wanted)).count()
    {
        return None;
    }
    let mut normal: Vec<&str> = TYPES.into_iter().filter(listed).collect();
    normal.push("*/*;q=0.8");
    HeaderValue::try_from(normal.join(",")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_count_makes_no_other_picture() {
        for (asked, expected) in [
            ("url=%2Fa.png&w=640&q=75", None),
            ("w=640&url=%2Fa.png&q=75", Some("url=%2Fa.png&w=640&q=75")),
            ("url=%2Fa.png&w=640&q=75&x=1", Some("url=%2Fa.png&w=640&q=75")),
            ("dpl=d1&url=%2Fa.png&w=640&q=75", Some("url=%2Fa.png&w=640&q=75&dpl=d1")),
            ("url=%2Fa.png&w=640", None),
            ("url=%2Fa.png&w=640&w=750&q=75", None),
            ("", None),
        ] {
            assert_eq!(query(asked).as_deref(), expected, "{asked}");
        }
    }

    #[test]
    fn browsers_ask_for_the_same_in_many_words() {
        for (asked, expected) in [
            (
                "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
                Some("image/avif,image/webp,*/*;q=0.8"),
            ),
            ("image/webp,image/avif,*/*;q=0.5", Some("image/avif,image/webp,*/*;q=0.8")),
            ("image/webp,*/*", Some("image/webp,*/*;q=0.8")),
            ("*/*", Some("*/*;q=0.8")),
            ("image/webp;q=0.5,image/avif", None),
            ("image/webp;q=0", None),
        ] {
            let mut request = HeaderMap::new();
            request.insert(ACCEPT, HeaderValue::from_static(asked));
            let found = accept(&request);
            assert_eq!(found.as_ref().and_then(|value| value.to_str().ok()), expected, "{asked}");
        }
        assert_eq!(accept(&HeaderMap::new()).unwrap(), "*/*;q=0.8");
    }
}
