//! Draft mode and preview data: whoever carries one of their cookies sees pages of his own.

use http::HeaderMap;
use http::header::COOKIE;

use super::cookies;
use super::manifest::PreviewId;

const BYPASS: &[u8] = b"__prerender_bypass";
const DATA: &[u8] = b"__next_preview_data";

/// Whether a request is in draft mode, or may be.
///
/// Where the build's id is known, it is if `__prerender_bypass` has it as its value: then any visitor
/// who makes up a cookie gets the page that everybody gets. Preview data (Pages Router) counts for
/// nothing without it (`tryGetPreviewData`). Where the id is not known, both cookies count, valid or
/// not.
pub fn is_draft(headers: &HeaderMap, id: Option<&PreviewId>) -> bool {
    let may_have_any = |line: &[u8]| line.windows(2).any(|pair| pair == b"__");
    // Every draft cookie's name begins so; most cookie lines end here.
    if !headers.get_all(COOKIE).iter().any(|line| may_have_any(line.as_bytes())) {
        return false;
    }
    cookies::all(headers).any(|(name, value)| match id {
        Some(id) => name == BYPASS && id.is(value),
        None => name == BYPASS || name == DATA,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, line.parse().unwrap());
        }
        headers
    }

    #[test]
    fn draft_cookies_are_seen_wherever_they_stand() {
        for (name, lines, expected) in [
            ("none", &[][..], false),
            ("others", &["theme=dark; session=__x"], false),
            ("first", &["__prerender_bypass=abc"], true),
            ("last", &["a=b; __next_preview_data=x.y.z"], true),
            ("no space", &["a=b;__prerender_bypass=1"], true),
            ("second line", &["a=b", "__prerender_bypass=1"], true),
            ("empty value", &["__prerender_bypass="], true),
            ("no value", &["__prerender_bypass"], true),
            ("longer name", &["__prerender_bypass2=1"], false),
            ("in a value", &["a=__prerender_bypass=1"], false),
        ] {
            assert_eq!(is_draft(&with(lines), None), expected, "{name}");
        }
    }

    #[test]
    fn a_known_id_is_the_only_value_that_counts() {
        let id = PreviewId::new("88febba3").unwrap();
        for (lines, expected) in [
            (&["a=b; __prerender_bypass=88febba3"][..], true),
            (&["__prerender_bypass=%388febba3; __next_preview_data=x"], true),
            (&["__prerender_bypass=x; __prerender_bypass=88febba3"], true),
            (&["__prerender_bypass=88febba"], false),
            (&["__prerender_bypass=88febba34"], false),
            (&["__prerender_bypass="], false),
            (&["__next_preview_data=88febba3"], false),
        ] {
            assert_eq!(is_draft(&with(lines), Some(&id)), expected, "{lines:?}");
        }
    }
}
