//! Every kind of route, through the edge and without it.

use std::net::SocketAddr;

use super::client::{self, Answer, get, get_with};

pub struct Site {
    pub major: u32,
    pub origin: SocketAddr,
    pub edge: SocketAddr,
}

/// What a second visitor gets.
enum Second {
    Hit,
    /// From the origin, for this reason.
    Passed(&'static str),
}
use Second::{Hit, Passed};

const NO_STORE: Second = Passed("fwd=uri-miss; detail=no-store");
const FAILURE: Second = Passed("fwd=uri-miss; detail=failure");
const SILENT: Second = Passed("fwd=uri-miss; detail=no-explicit-freshness");

/// Path, status, and what a second visitor gets.
fn routes(major: u32) -> Vec<(&'static str, u16, Second)> {
    let since =
        |first: u32, then: Second, before: Second| if major >= first { then } else { before };
    vec![
        ("/", 200, Hit),
        ("/static", 200, Hit),
        ("/static?utm_source=x", 200, Hit),
        ("/isr", 200, Hit),
        ("/isr-slow", 200, Hit),
        ("/isr-fetch", 200, Hit),
        ("/blog/one", 200, Hit),
        ("/blog/fresh1", 200, Hit),
        ("/blog/nf1", 404, Hit),
        ("/stream-isr", 200, Hit),
        ("/perm-redir", 308, Hit),
        ("/hdrcc", 200, Hit),
        ("/dyncc", 200, Hit),
        ("/mwrw", 200, Hit),
        ("/gallery/photo/1", 200, Hit),
        ("/data.txt", 200, Hit),
        ("/api/swr", 200, Hit),
        ("/api/isr", 200, since(15, Hit, SILENT)),
        ("/api/static", 200, since(15, Hit, SILENT)),
        ("/api/vary", 200, Hit),
        ("/api/etag", 200, Hit),
        ("/api/hello?cc=1", 200, Hit),
        ("/pp/gssp", 200, Hit),
        ("/pp/gsp", 200, Hit),
        ("/pp/gsp-norev", 200, Hit),
        ("/pp/ssg-dyn/22", 200, Hit),
        ("/pp/ssg-dyn/nf1", 404, Hit),
        ("/pp/ssg-dyn/rd1", 307, Hit),
        ("/_next/data/fixture/pp/gsp.json", 200, Hit),
        ("/_next/data/fixture/pp/gssp.json", 200, Hit),
        ("/dyn", 200, NO_STORE),
        ("/search?q=1", 200, NO_STORE),
        ("/stream", 200, NO_STORE),
        ("/nf", 404, NO_STORE),
        ("/does/not/exist", 404, NO_STORE),
        ("/strict/zzz", 404, NO_STORE),
        ("/redir", 307, NO_STORE),
        ("/throws", 500, FAILURE),
        ("/mwhdr", 200, Passed("fwd=uri-miss; detail=private")),
        ("/mwcookie", 200, Passed("fwd=uri-miss; detail=set-cookie")),
        ("/api/setcookie", 200, Passed("fwd=uri-miss; detail=set-cookie")),
        ("/api/nostore", 200, SILENT),
        ("/api/hello", 200, SILENT),
        ("/api/errors?s=1", 503, FAILURE),
        ("/old", 308, SILENT),
        ("/old-temp", 307, SILENT),
        ("/isr/", 308, SILENT),
        ("/mwredir", 307, SILENT),
        ("/pp/auto", 200, SILENT),
        ("/pp/gssp-bare", 200, NO_STORE),
        ("/_next/static/chunks/deadbeef.js", 404, Passed("fwd=uri-miss; detail=missing-asset")),
        ("/_next/data/OLDBUILD/pp/gsp.json", 404, NO_STORE),
        ("/_next/image?url=%2Fpic.png&w=640&q=75", 200, Hit),
        ("/_next/image?url=%2Fpic.png&w=641&q=75", 400, SILENT),
    ]
}

/// Two visitors to each route: both get the status; the second gets what he should.
pub async fn stored_or_not(site: &Site) {
    let mut wrong = Vec::new();
    for (path, status, second) in routes(site.major) {
        let visitor =
            [("accept", "text/html,image/webp"), ("accept-encoding", "gzip, deflate, br")];
        let mut first = get_with(site.edge, path, &visitor).await;
        let mut again = get_with(site.edge, path, &visitor).await;
        if again.is_hit() && again.decoded() != first.decoded() {
            // The first found what an earlier check had left, and had it renewed.
            first = again;
            again = get_with(site.edge, path, &visitor).await;
        }
        let right = match second {
            Hit => again.is_hit() && again.decoded() == first.decoded(),
            Passed(story) => again.story() == story,
        };
        if !right || first.status != status || again.status != status {
            wrong.push(format!(
                "{path}: {} then {} `{}`, cache-control `{}`",
                first.status,
                again.status,
                again.header("cache-status"),
                again.header("cache-control"),
            ));
        }
        assert!(!again.header("cache-control").contains("s-maxage"), "{path} leaks s-maxage");
        assert!(!again.header("cache-control").contains("stale-while"), "{path} leaks swr");
    }
    assert!(wrong.is_empty(), "Next.js {}:\n{}", site.major, wrong.join("\n"));
}

/// Status and the fields that a client acts on are those of the origin.
pub async fn same_as_the_origin(site: &Site) {
    for (path, _, _) in routes(site.major) {
        let direct = get(site.origin, path).await;
        let edge = get(site.edge, path).await;
        assert_eq!(edge.status, direct.status, "{path}");
        for field in ["content-type", "location", "content-disposition", "refresh", "x-powered-by"]
        {
            let (edge, direct) = (edge.header(field), direct.header(field));
            let same_place = edge.rsplit("://").next() == direct.rsplit("://").next();
            assert!(
                edge == direct || field == "location" && same_place,
                "{path} {field}: {edge} for {direct}"
            );
        }
        assert_eq!(shape(&edge), shape(&direct), "{path}: another body than the origin's");
    }
}

/// A body without what changes from render to render: digits and hexadecimal runs.
fn shape(answer: &Answer) -> String {
    if !answer.header("content-type").starts_with("text/html") {
        return String::new();
    }
    answer.text().chars().filter(|char| !char.is_ascii_hexdigit()).collect()
}

/// A document is never a payload, nor the reverse, in whatever order they are asked for.
pub async fn payloads_and_documents(site: &Site) {
    let rsc = [("rsc", "1")];
    let segment =
        [("rsc", "1"), ("next-router-prefetch", "1"), ("next-router-segment-prefetch", "/_tree")];
    let odd = [("next-router-prefetch", "1"), ("next-router-segment-prefetch", "/_tree")];
    for path in ["/static", "/isr-slow", "/blog/one", "/dyn", "/hdrcc"] {
        for _ in 0..2 {
            let payload = follow(site.edge, path, &rsc).await;
            assert_eq!(payload.header("content-type"), "text/x-component", "{path}");
            follow(site.edge, path, &segment).await;
            let _ = get_with(site.edge, path, &odd).await;
            let _ = get_with(site.edge, path, &[("rsc", "true")]).await;
            let document = get(site.edge, path).await;
            assert!(document.header("content-type").starts_with("text/html"), "{path}");
            assert!(document.text().contains("<h1 id=\"title\""), "{path}");
        }
    }
    let again = follow(site.edge, "/static", &rsc).await;
    assert!(again.is_hit(), "{}", again.header("cache-status"));
    let from_elsewhere = [("rsc", "1"), ("next-router-state-tree", "%5B%22%22%5D")];
    let other_tree = follow(site.edge, "/static", &from_elsewhere).await;
    assert!(other_tree.is_hit(), "{}", other_tree.header("cache-status"));
}

/// Sends an RSC request as the client of Next.js does: with the `_rsc` that the server asks for.
async fn follow(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Answer {
    let answer = get_with(address, path, headers).await;
    if answer.status != 307 {
        return answer;
    }
    let location = answer.header("location").to_owned();
    assert!(location.contains("_rsc"), "{path} redirects to {location}");
    get_with(address, &location, headers).await
}

pub async fn conditions_and_ranges(site: &Site) {
    let page = get(site.edge, "/static").await;
    let etag = page.header("etag").to_owned();
    let not_modified = get_with(site.edge, "/static", &[("if-none-match", &etag)]).await;
    assert_eq!((not_modified.status, not_modified.body.len()), (304, 0));
    let file = get(site.edge, "/pic.png").await;
    let etag = file.header("etag").to_owned();
    let not_modified = get_with(site.edge, "/pic.png", &[("if-none-match", &etag)]).await;
    assert_eq!(not_modified.status, 304, "a file that is not stored");
    let part = get_with(site.edge, "/pic.png", &[("range", "bytes=0-9")]).await;
    assert_eq!((part.status, &part.body[..]), (206, &file.body[..10]));
    let head = client::send(site.edge, "HEAD", "/static", &[], "").await.unwrap();
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), page.body.len().to_string());
}

pub async fn draft_mode(site: &Site) {
    let on = get(site.edge, "/api/draft").await;
    let cookie = on.header("set-cookie").split(';').next().unwrap().to_owned();
    assert!(cookie.starts_with("__prerender_bypass="), "{cookie}");
    get(site.edge, "/isr").await;
    let draft = get_with(site.edge, "/isr", &[("cookie", &cookie)]).await;
    assert_eq!(draft.story(), "fwd=bypass; detail=draft");
    assert!(draft.text().contains("draft</p>"), "the draft is shown");
    let bogus = get_with(site.edge, "/isr", &[("cookie", "__prerender_bypass=zzz")]).await;
    assert_eq!(bogus.story(), "fwd=bypass; detail=draft");
    assert!(bogus.header("set-cookie").starts_with("__prerender_bypass=;"), "Next.js clears it");
    let public = get(site.edge, "/isr").await;
    assert!(public.text().contains("published</p>"), "nobody else sees it");
    assert_eq!(public.header("set-cookie"), "");
}

/// A form without JavaScript, as a browser sends it: Next.js checks Origin against the host that we
/// forward.
pub async fn server_action(site: &Site) {
    let page = get(site.edge, "/action").await.text();
    let start = page.find("name=\"$ACTION_").expect("a form with an action") + 6;
    let name = page[start..].split('"').next().unwrap();
    let boundary = "----selvedge";
    let body = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n\r\n--{boundary}--\r\n"
    );
    let origin = format!("http://{}", site.edge);
    let content_type = format!("multipart/form-data; boundary={boundary}");
    let headers = [("origin", origin.as_str()), ("content-type", content_type.as_str())];
    let answer = client::send(site.edge, "POST", "/action", &headers, &body).await.unwrap();
    assert!(matches!(answer.status, 200 | 303), "{} {}", answer.status, answer.text());
    assert!(answer.story().starts_with("fwd=method"), "{}", answer.story());
}

/// A page of the build before sends the id of an action that is gone. The answer is Next.js's own, and
/// nobody else's.
pub async fn unknown_action(site: &Site) {
    for path in ["/action", "/static"] {
        let id = format!("40{}", "0".repeat(40));
        let headers = [("next-action", id.as_str()), ("content-type", "text/plain;charset=UTF-8")];
        let ask = |address| client::send(address, "POST", path, &headers, "[]");
        let direct = ask(site.origin).await.unwrap();
        for _ in 0..2 {
            let answer = ask(site.edge).await.unwrap();
            assert_eq!(answer.status, direct.status, "{path}");
            for field in ["content-type", "x-nextjs-action-not-found", "cache-control"] {
                assert_eq!(answer.header(field), direct.header(field), "{path} {field}");
            }
            assert_eq!(answer.story(), "fwd=method", "{path}");
        }
        if site.major >= 15 {
            assert_eq!(direct.status, if site.major == 15 { 404 } else { 409 }, "{path}");
            assert_eq!(direct.header("x-nextjs-action-not-found"), "1", "{path}");
        }
        let page = get(site.edge, path).await;
        assert!(page.status == 200 && page.text().contains("<h1 id=\"title\""), "{path}");
    }
}

/// The first part of a streamed page comes before the last is rendered.
pub async fn streaming(site: &Site) {
    let whole = get(site.edge, "/stream").await.text();
    assert!(whole.contains("</html>"));
    let events = get(site.edge, "/api/sse").await;
    assert_eq!(events.header("content-type").split(';').next(), Some("text/event-stream"));
    assert!(events.text().matches("data:").count() >= 3, "{}", events.text());
}
