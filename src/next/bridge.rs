//! What the bridge tells: a file that is loaded into the Next.js server, and says what plain
//! `next start` keeps to itself.
//!
//! It puts the cache tags and the time of generation on answers, in fields of ours that no client
//! gets, and announces invalidations (`admin`).

use std::borrow::Cow;
use std::sync::Arc;

use http::{HeaderMap, HeaderName};
use percent_encoding::percent_decode_str;

use crate::policy::date::Timestamp;

/// The tags of what is answered, as in `x-next-cache-tags`.
const TAGS: HeaderName = HeaderName::from_static("x-selvedge-tags");
/// When it was generated, in milliseconds since the epoch.
const GENERATED: HeaderName = HeaderName::from_static("x-selvedge-generated");

/// The file.
pub const FILE: &str = include_str!("bridge.cjs");

/// The tag of what has more tags than can be told: any invalidation is one of it.
pub const UNKNOWN: &str = "*";

/// More tags, or longer ones, than Next.js allows are not from it.
const MOST_TAGS: usize = 128;

/// What a stored answer can be invalidated by, besides its key: its page, and what Next.js says.
pub fn tags(path: &str, base_path: &str, headers: &HeaderMap) -> Vec<Arc<str>> {
    let mut tags = vec![of_page(path, base_path).into()];
    for line in headers.get_all(TAGS) {
        let Ok(line) = line.to_str() else { continue };
        let names = line.split(',').map(str::trim).filter(|name| !name.is_empty());
        tags.extend(names.map(Arc::from));
    }
    if tags.len() > MOST_TAGS + 1 {
        tags.truncate(1);
        tags.push(UNKNOWN.into());
    }
    tags
}

/// Whether an answer says what its tags are.
pub fn has_tags(headers: &HeaderMap) -> bool {
    headers.contains_key(TAGS)
}

/// The path in one of Next's own tags, `_N_T_/a`.
pub fn path_of(tag: &str) -> Option<&str> {
    tag.strip_prefix("_N_T_").filter(|path| path.starts_with('/'))
}

/// The tag of a page, by the path of any of its URLs: its document, its payloads and its data have
/// the same.
pub fn of_page(path: &str, base_path: &str) -> String {
    let path = path.strip_prefix(base_path).filter(|rest| is_path(rest)).unwrap_or(path);
    let page = page_of_data(path).unwrap_or(Cow::Borrowed(path));
    let decoded = percent_decode_str(&page).decode_utf8_lossy();
    let page = decoded.trim_end_matches('/');
    format!("path:{}", if page.is_empty() { "/" } else { page })
}

fn is_path(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('/')
}

/// `/_next/data/<build>/a.json` is the data of `/a`, and `index.json` that of `/`.
fn page_of_data(path: &str) -> Option<Cow<'_, str>> {
    let (_, page) = path.strip_prefix("/_next/data/")?.split_once('/')?;
    let page = page.strip_suffix(".json")?;
    Some(if page == "index" { Cow::Borrowed("/") } else { Cow::Owned(format!("/{page}")) })
}

/// When the answer was generated, if that is known and not yet to come.
pub fn generated(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let millis = headers.get(GENERATED)?.to_str().ok()?.parse().ok()?;
    Some(Timestamp::from_millis(millis)).filter(|generated| *generated <= now)
}

/// Takes off what is for us alone.
pub fn strip(headers: &mut HeaderMap) {
    // Most answers have neither, and a look at each name is less than two searches.
    if headers.keys().any(|name| *name == TAGS || *name == GENERATED) {
        headers.remove(TAGS);
        headers.remove(GENERATED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_one_tag_whatever_is_asked_of_it() {
        for (path, expected) in [
            ("/", "path:/"),
            ("/a", "path:/a"),
            ("/a/", "path:/a"),
            ("/%C3%A9", "path:/é"),
            ("/_next/data/b1/a/b.json", "path:/a/b"),
            ("/_next/data/b1/index.json", "path:/"),
            ("/docs/a", "path:/a"),
            ("/docs", "path:/"),
            ("/docs/_next/data/b1/a.json", "path:/a"),
            ("/docsearch", "path:/docsearch"),
        ] {
            assert_eq!(&*of_page(path, "/docs"), expected, "{path}");
        }
        assert_eq!(&*of_page("/docs/a", ""), "path:/docs/a");
    }

    #[test]
    fn tags_are_what_next_says_and_too_many_are_any() {
        let mut headers = HeaderMap::new();
        headers.insert(TAGS, "a, b,,_N_T_/isr".parse().unwrap());
        let told = tags("/isr", "", &headers);
        assert_eq!(
            told.iter().map(|tag| &**tag).collect::<Vec<_>>(),
            ["path:/isr", "a", "b", "_N_T_/isr"]
        );
        let many: Vec<String> = (0..=MOST_TAGS).map(|number| number.to_string()).collect();
        headers.insert(TAGS, many.join(",").parse().unwrap());
        let told = tags("/isr", "", &headers);
        assert_eq!(told.iter().map(|tag| &**tag).collect::<Vec<_>>(), ["path:/isr", "*"]);
    }

    #[test]
    fn what_is_generated_later_than_now_is_not_known() {
        let mut headers = HeaderMap::new();
        let now = Timestamp::from_millis(1000);
        assert_eq!(generated(&headers, now), None);
        for (value, expected) in [("900", Some(900)), ("1001", None), ("x", None), ("-1", None)] {
            headers.insert(GENERATED, value.parse().unwrap());
            assert_eq!(generated(&headers, now), expected.map(Timestamp::from_millis), "{value}");
        }
    }
}
