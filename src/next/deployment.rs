//! Which build an answer is from, where Next.js says so: on payloads and data, if the application has
//! a `deploymentId`; and else in what a page is made of.

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderName, HeaderValue};
use memchr::memmem;

use super::assets;

const DEPLOYMENT_ID: HeaderName = HeaderName::from_static("x-nextjs-deployment-id");

/// The deployment that an answer is from.
pub fn of(answer: &HeaderMap) -> Option<&str> {
    answer.get(DEPLOYMENT_ID)?.to_str().ok()
}

/// Whether a `Set-Cookie` does no more than name the deployment (`experimental.useSkewCookie` puts it
/// on every answer): it says nothing of the visitor, and is the same for all. For whoever routes by it;
/// Next.js itself does not read it.
pub fn is_pin(set_cookie: &HeaderValue) -> bool {
    set_cookie.as_bytes().starts_with(b"__vdpl=")
}

/// Whether an answer sets any other cookie.
pub fn sets_cookie(answer: &HeaderMap) -> bool {
    answer.get_all(SET_COOKIE).iter().any(|cookie| !is_pin(cookie))
}

/// Takes the lines off that do no more than name the deployment.
pub fn take_pins(answer: &mut HeaderMap) -> HeaderMap {
    let mut pins = HeaderMap::new();
    let lines: Vec<_> = answer.get_all(SET_COOKIE).iter().cloned().collect();
    answer.remove(SET_COOKIE);
    for line in lines {
        let to = if is_pin(&line) { &mut pins } else { &mut *answer };
        to.append(SET_COOKIE, line);
    }
    pins
}

/// Whether a tag is that of a page, which names files of its build. Files and pictures outlive it.
pub fn is_of_a_page(tag: &str) -> bool {
    tag.strip_prefix("path:")
        .is_some_and(|path| !path.contains("/_next/static/") && !path.ends_with("/_next/image"))
}

/// What stands before the build's id in a document: of the App Router in 15 and 16, in 14, and of the
/// Pages Router.
const BEFORE_ID: [&str; 3] = [r#"\"b\":\""#, r#"\"buildId\":\""#, r#""buildId":""#];

/// What a document may mean by its build's id; the first few. An application may write the like for
/// something else: whoever wants to know asks the origin for a file of that build.
pub fn named_in(document: &[u8]) -> Vec<&str> {
    let mut ids = Vec::new();
    for before in BEFORE_ID {
        for at in memmem::find_iter(document, before).take(MOST_IDS) {
            let rest = document.get(at + before.len()..).unwrap_or_default();
            let id = rest.iter().position(|byte| !is_of_id(*byte)).and_then(|end| rest.get(..end));
            let id = id.and_then(|id| std::str::from_utf8(id).ok());
            ids.extend(id.filter(|id| is_id(id) && !ids.contains(id)));
        }
    }
    ids.truncate(MOST_IDS);
    ids
}

const MOST_IDS: usize = 4;

/// The first script of its build that a document names, and what stands before `/_next/static/` there:
/// `/docs` of `/docs/_next/static/…`. `None` where none is named, or they are on another host.
pub fn script_in(document: &[u8]) -> Option<(&str, &str)> {
    memmem::find_iter(document, STATIC).take(MOST_SCRIPTS).find_map(|at| {
        let (before, rest) = document.split_at_checked(at)?;
        let start = before.iter().rposition(|byte| *byte == b'"')? + 1;
        let end = rest.iter().position(|byte| matches!(byte, b'"' | b'?'))?;
        let path = std::str::from_utf8(document.get(start..at + end)?).ok()?;
        let prefix = path.get(..at - start)?;
        let is_here = prefix.is_empty() || prefix.starts_with('/') && is_path(prefix);
        let is_script = path.ends_with(".js") && assets::is_static(path, prefix);
        (is_here && is_script && path.len() <= LONGEST_PATH).then_some((path, prefix))
    })
}

fn is_path(text: &str) -> bool {
    text.split('/').skip(1).all(is_id)
}

const STATIC: &[u8] = b"/_next/static/";

/// A page names its style sheets and fonts too, but scripts as well before long.
const MOST_SCRIPTS: usize = 32;

const LONGEST_PATH: usize = 512;

/// Whether a build's id can be a part of a URL as it stands. `generateBuildId` may give any text; what
/// needs encoding is not looked for.
pub fn is_id(id: &str) -> bool {
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(is_of_id) && !id.starts_with('.')
}

const LONGEST_ID: usize = 128;

fn is_of_id(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
}

/// The path of a file that each build has, and no other build has under this path.
pub fn file_of(build_id: &str, prefix: &str) -> String {
    format!("{prefix}/_next/static/{build_id}/_buildManifest.js")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_belong_to_a_build_and_files_do_not() {
        for (tag, expected) in [
            ("path:/", true),
            ("path:/a", true),
            ("path:/_next/static/chunks/a.js", false),
            ("path:/_next/image", false),
            ("path:/docs-static/_next/static/chunks/a.js", false),
            ("path:/blog/_next/image", false),
            ("path:/_next/images", true),
            ("posts", false),
        ] {
            assert_eq!(is_of_a_page(tag), expected, "{tag}");
        }
    }

    #[test]
    fn a_document_names_scripts_of_its_build() {
        for (document, expected) in [
            (r#"<script src="/_next/static/a.js">"#, Some(("/_next/static/a.js", ""))),
            (
                r#"<link href="/s/_next/static/a.css"/><script src="/s/_next/static/b.js?dpl=d">"#,
                Some(("/s/_next/static/b.js", "/s")),
            ),
            (
                r#"<script src="/_next/static/chunks/app/%5Bslug%5D/page-1.js">"#,
                Some(("/_next/static/chunks/app/%5Bslug%5D/page-1.js", "")),
            ),
            (r#"<script src="https://cdn.example/_next/static/a.js">"#, None),
            (r#"<script src="//cdn.example/_next/static/a.js">"#, None),
            (r#"<script src="/../_next/static/a.js">"#, None),
            (r#"<script src="/_next/static/../../a.js">"#, None),
            (r#"<script src="/_next/static/a.js"#, None),
            ("/_next/static/a.js", None),
            ("", None),
        ] {
            assert_eq!(script_in(document.as_bytes()), expected, "{document}");
        }
    }

    #[test]
    fn the_cookie_that_names_a_deployment_is_told_from_others() {
        let mut answer = HeaderMap::new();
        for line in ["a=b", "__vdpl=d1; Path=/; HttpOnly", "__vdpl2=x"] {
            answer.append(SET_COOKIE, line.parse().unwrap());
        }
        assert!(sets_cookie(&answer));
        let pins = take_pins(&mut answer);
        let lines = |headers: &HeaderMap| headers.get_all(SET_COOKIE).iter().count();
        assert_eq!((lines(&pins), lines(&answer)), (1, 2));
        assert!(!sets_cookie(&pins));
    }

    #[test]
    fn a_document_names_its_build() {
        for (name, document, expected) in [
            ("app, 16", r#"\"p\":\"$undefined\",\"b\":\"b-1_x\"}\n7:C\n"#, &["b-1_x"][..]),
            ("app, 15", r#"push([1,"0:{\"P\":null,\"b\":\"b1\",\"p\":\"\","#, &["b1"]),
            ("app, 14", r#"null,{\"buildId\":\"b1\",\"assetPrefix\":\"\","#, &["b1"]),
            ("pages", r#""query":{},"buildId":"b1","isFallback":false"#, &["b1"]),
            ("with something like it", r#"{\"b\":\"me\"},{\"b\":\"b1\"}"#, &["me", "b1"]),
            ("twice", r#""buildId":"b1","buildId":"b1""#, &["b1"]),
            ("no end", r#""buildId":"b1"#, &[]),
            ("nothing", r#""buildId":"""#, &[]),
            ("a way out", r#""buildId":"../x""#, &[]),
            ("none", "<html>", &[]),
        ] {
            assert_eq!(named_in(document.as_bytes()), expected, "{name}");
        }
        let many: String = (0..99).map(|n| format!(r#""buildId":"{n}","#)).collect();
        assert_eq!(named_in(many.as_bytes()).len(), MOST_IDS);
    }
}
