//! Draft mode and preview data: whoever carries one of their cookies sees pages of his own.

use http::HeaderMap;
use http::header::COOKIE;

const COOKIES: [&[u8]; 2] = [b"__prerender_bypass", b"__next_preview_data"];

/// Whether the request carries a draft or preview cookie, valid or not: an invalid one gets a page
/// with `s-maxage` and two clearing `Set-Cookie` lines, which is nobody else's either.
pub fn is_draft(headers: &HeaderMap) -> bool {
    headers.get_all(COOKIE).iter().any(|line| {
        let line = line.as_bytes();
        // Every draft cookie's name begins so; most cookie lines end here.
        line.windows(2).any(|pair| pair == b"__")
            && line.split(|byte| *byte == b';').any(is_draft_cookie)
    })
}

fn is_draft_cookie(pair: &[u8]) -> bool {
    let pair = pair.trim_ascii();
    COOKIES.iter().any(|name| {
        pair.strip_prefix(*name)
            .is_some_and(|rest| rest.trim_ascii_start().first().is_none_or(|b| *b == b'='))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draft_cookies_are_seen_wherever_they_stand() {
        for (name, lines, expected) in [
            ("none", vec![], false),
            ("others", vec!["theme=dark; session=__x"], false),
            ("first", vec!["__prerender_bypass=abc"], true),
            ("last", vec!["a=b; __next_preview_data=x.y.z"], true),
            ("no space", vec!["a=b;__prerender_bypass=1"], true),
            ("second line", vec!["a=b", "__prerender_bypass=1"], true),
            ("empty value", vec!["__prerender_bypass="], true),
            ("longer name", vec!["__prerender_bypass2=1"], false),
            ("in a value", vec!["a=__prerender_bypass=1"], false),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(COOKIE, line.parse().unwrap());
            }
            assert_eq!(is_draft(&headers), expected, "{name}");
        }
    }
}
