use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, VARY};
use http_body_util::BodyExt;

use super::*;
use crate::policy::cache_control::ResponseDirectives;

const NO_STORE: &str = "private, no-cache, no-store, max-age=0, must-revalidate";

fn site() -> (Site, Clock) {
    let clock = Clock::manual(Timestamp::from_secs(1_767_225_600));
    (Site::new(clock.clone()), clock)
}

async fn ask(site: &Site, path: &str, fields: &[(&str, &str)]) -> Response<Body> {
    let mut request = Request::builder().uri(path);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    site.answer(request.body(Body::Empty).unwrap()).await
}

fn field<'a>(response: &'a Response<Body>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

async fn text(response: Response<Body>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_page_says_what_next_says() {
    let (site, _) = site();
    let year = "s-maxage=31536000";
    for (path, status, cache_control, media_type, has_etag) in [
        ("/", 200, year, "text/html; charset=utf-8", true),
        ("/image", 200, year, "text/html; charset=utf-8", true),
        ("/handlers", 200, year, "text/html; charset=utf-8", true),
        (
            "/isr",
            200,
            "s-maxage=10, stale-while-revalidate=31535990",
            "text/html; charset=utf-8",
            true,
        ),
        (
            "/ssr?crowd=1",
            200,
            "public, s-maxage=10, stale-while-revalidate=59",
            "text/html; charset=utf-8",
            true,
        ),
        ("/dynamic", 200, NO_STORE, "text/html; charset=utf-8", false),
        ("/stream", 200, NO_STORE, "text/html; charset=utf-8", false),
        ("/api/time", 200, "s-maxage=5, stale-while-revalidate=30", "application/json", false),
        ("/api/random", 200, "no-store", "application/json", false),
        ("/icon.svg", 200, "public, max-age=0", "image/svg+xml", true),
        (
            "/_next/image?url=%2Fcloth.png&w=1080&q=75",
            200,
            "public, max-age=14400, must-revalidate",
            "image/png",
            true,
        ),
        ("/nothing", 404, NO_STORE, "text/html; charset=utf-8", true),
        ("/_next/static/chunks/0/panel.js", 404, NO_STORE, "text/plain; charset=utf-8", false),
    ] {
        let response = ask(&site, path, &[]).await;
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(field(&response, "cache-control"), cache_control, "{path}");
        assert_eq!(field(&response, "content-type"), media_type, "{path}");
        assert_eq!(response.headers().contains_key(ETAG), has_etag, "{path}");
        assert!(response.headers().contains_key(VARY), "{path}");
    }
}

#[tokio::test]
async fn what_a_page_needs_is_there_for_a_year() {
    let (site, _) = site();
    let page = text(ask(&site, "/", &[]).await).await;
    let start = page.find("/_next/static/").unwrap();
    let path = page[start..].split('"').next().unwrap();
    let panel = page.rsplit('"').find(|part| part.ends_with("/panel.js")).unwrap();
    let explain = panel.replace("panel.js", "explain.js");
    for path in [path, panel, &explain] {
        let response = ask(&site, path, &[]).await;
        assert_eq!(response.status(), 200, "{path}");
        let directives = ResponseDirectives::parse(response.headers(), &[]);
        let media_type = response.headers()[CONTENT_TYPE].to_str().unwrap();
        assert!(
            crate::next::assets::is_immutable(
                crate::next::assets::Kind::of(path),
                response.status(),
                response.headers(),
                &directives
            ),
            "{path}"
        );
        assert!(media_type.starts_with(if path == explain || path == panel {
            "application/javascript"
        } else {
            "text/css"
        }));
    }
}

#[tokio::test]
async fn an_isr_page_is_old_once_and_then_new() {
    let (site, clock) = site();
    let first = ask(&site, "/isr", &[]).await;
    assert_eq!(field(&first, "x-nextjs-cache"), "HIT");
    assert_eq!(first.headers().get_all("x-nextjs-prerender").iter().count(), 2);
    let etag = first.headers()[ETAG].clone();
    clock.advance(Duration::from_secs(10));
    let stale = ask(&site, "/isr", &[]).await;
    assert_eq!(field(&stale, "x-nextjs-cache"), "STALE");
    assert_eq!(stale.headers()[ETAG], etag);
    let renewed = ask(&site, "/isr", &[]).await;
    assert_eq!(field(&renewed, "x-nextjs-cache"), "HIT");
    assert_ne!(renewed.headers()[ETAG], etag);
    assert_eq!(renewed.headers().get_all("x-nextjs-prerender").iter().count(), 1);
}

#[tokio::test]
async fn who_has_a_page_already_gets_a_304() {
    let (site, _) = site();
    let page = ask(&site, "/isr", &[]).await;
    let etag = page.headers()[ETAG].to_str().unwrap().to_owned();
    let response = ask(&site, "/isr", &[(IF_NONE_MATCH.as_str(), &etag)]).await;
    assert_eq!(response.status(), 304);
    assert_eq!(response.headers()[CACHE_CONTROL], page.headers()[CACHE_CONTROL]);
    assert!(!response.headers().contains_key(CONTENT_TYPE));
    assert!(!field(&response, "vary").contains("Accept-Encoding"));
    assert_eq!(text(response).await, "");
}

#[tokio::test(start_paused = true)]
async fn an_rsc_payload_is_not_the_page() {
    let (site, _) = site();
    let redirect = ask(&site, "/isr?a=b", &[("rsc", "1")]).await;
    assert_eq!(redirect.status(), 307);
    assert_eq!(redirect.headers()[LOCATION], "/isr?a=b&_rsc");
    for path in ["/", "/isr", "/dynamic"] {
        let page = ask(&site, path, &[]).await;
        let payload = ask(&site, &format!("{path}?_rsc"), &[("rsc", "1")]).await;
        assert_eq!(field(&payload, "content-type"), "text/x-component", "{path}");
        assert_eq!(payload.headers()[CACHE_CONTROL], page.headers()[CACHE_CONTROL], "{path}");
        assert!(!payload.headers().contains_key(ETAG), "{path}");
    }
    let pages_router = ask(&site, "/ssr?_rsc=x", &[("rsc", "1")]).await;
    assert_eq!(field(&pages_router, "content-type"), "text/html; charset=utf-8");
}

#[tokio::test(start_paused = true)]
async fn a_stream_comes_part_by_part() {
    let (site, _) = site();
    let mut body = ask(&site, "/stream", &[]).await.into_body();
    let mut parts = Vec::new();
    while let Some(frame) = body.frame().await {
        parts.push(String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap());
    }
    let [shell, warp, weft, selvedge] = &*parts else { panic!("{parts:?}") };
    assert!(shell.contains("The warp is on its way"));
    for (part, name) in [(warp, "The warp"), (weft, "The weft"), (selvedge, "The selvedge")] {
        assert!(part.contains(&format!("<li>{name}, ")), "{part}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_comes_back_to_its_owner_only() {
    let (site, _) = site();
    let form = Request::post("/api/name").body(Body::full("name=Ada+%3CL%3E&x=y")).unwrap();
    let response = site.answer(form).await;
    assert_eq!(response.status(), 303);
    let cookie = field(&response, "set-cookie").split(';').next().unwrap().to_owned();
    assert_eq!(cookie, "demo-name=Ada%20%3CL%3E");
    let page = text(ask(&site, "/dynamic", &[("cookie", &cookie)]).await).await;
    assert!(page.contains("Hello, Ada &lt;L&gt;."), "{page}");
    let page = text(ask(&site, "/dynamic", &[]).await).await;
    assert!(page.contains("Hello, whoever you are."));
    let other = Request::delete("/isr").body(Body::Empty).unwrap();
    assert_eq!(site.answer(other).await.status(), 405);
}

#[tokio::test(start_paused = true)]
async fn every_page_says_that_it_is_the_built_in_origin() {
    let (site, _) = site();
    for stop in stops() {
        let page = text(ask(&site, &stop.path, &[]).await).await;
        assert!(page.contains("built-in origin"), "{}", stop.path);
    }
}
