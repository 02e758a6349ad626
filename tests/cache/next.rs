//! What makes it safe to stand before Next.js.

use super::support::*;

const ISR: &str = "s-maxage=10, stale-while-revalidate=60";

fn flight(body: &'static str) -> http::Response<selvedge::body::Body> {
    let mut response = page(ISR, body);
    response.headers_mut().insert("content-type", "text/x-component".parse().unwrap());
    response
}

#[tokio::test(start_paused = true)]
async fn a_payload_is_never_shown_as_the_page() {
    let mut edge = Edge::new();
    edge.miss(get("/isr"), page(ISR, "<html>")).await;
    edge.miss(get_with("/isr?_rsc=a", &[("rsc", "1")]), flight("payload")).await;
    let segment =
        [("rsc", "1"), ("next-router-prefetch", "1"), ("next-router-segment-prefetch", "/_tree")];
    edge.miss(get_with("/isr?_rsc=b", &segment), flight("tree")).await;
    assert_eq!(edge.hit(get("/isr")).await.body(), "<html>");
    assert_eq!(edge.hit(get_with("/isr?_rsc=c", &[("rsc", "1")])).await.body(), "payload");
    assert_eq!(edge.hit(get_with("/isr?_rsc=d", &segment)).await.body(), "tree");
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_the_wrong_type_is_passed_through_and_not_stored() {
    let mut edge = Edge::new();
    let got = edge.miss(get("/isr"), flight("payload")).await;
    assert_eq!((got.body(), got.story()), ("payload", "fwd=uri-miss; detail=class-mismatch"));
    edge.miss(get("/isr"), page(ISR, "<html>")).await;
    let html_for_rsc = edge.miss(get_with("/pp", &[("rsc", "1")]), page(ISR, "<html>")).await;
    assert_eq!(html_for_rsc.story(), "fwd=uri-miss; detail=class-mismatch");
}

#[tokio::test(start_paused = true)]
async fn the_segment_header_without_rsc_does_not_poison_the_page() {
    let mut edge = Edge::new();
    let odd = [("next-router-prefetch", "1"), ("next-router-segment-prefetch", "/_tree")];
    edge.miss(get_with("/isr", &odd), flight("tree")).await;
    edge.miss(get("/isr"), page(ISR, "<html>")).await;
    assert_eq!(edge.hit(get_with("/isr", &odd)).await.body(), "tree");
}

#[tokio::test(start_paused = true)]
async fn the_rsc_hash_is_forwarded_verbatim_and_its_redirect_never_stored() {
    let mut edge = Edge::new();
    let pending = edge.send(get_with("/hdrcc?_rsc=wr%6Fng&q=1", &[("rsc", "1")]));
    let exchange = edge.origin().await;
    assert_eq!(exchange.request.uri().to_string(), "/hdrcc?_rsc=wr%6Fng&q=1");
    let fields = [("cache-control", "public, s-maxage=456"), ("location", "/hdrcc?q=1&_rsc=ok")];
    exchange.answer(answer(307, &fields, ""));
    assert_eq!(got(pending).await.story(), "fwd=uri-miss; detail=rsc-redirect");
    edge.miss(get_with("/hdrcc?q=1&_rsc=ok", &[("rsc", "1")]), flight("payload")).await;
}

#[tokio::test(start_paused = true)]
async fn the_state_tree_does_not_matter_on_prerendered_answers_and_does_on_others() {
    let mut edge = Edge::new();
    let from = |tree| [("rsc", "1"), ("next-router-state-tree", tree)];
    edge.miss(get_with("/isr?_rsc=1", &from("a")), flight("payload")).await;
    assert_eq!(edge.hit(get_with("/isr?_rsc=2", &from("b"))).await.body(), "payload");
    let dynamic = |body| {
        let mut response = flight(body);
        response.headers_mut().remove("x-nextjs-cache");
        response.headers_mut().remove("x-nextjs-prerender");
        response
    };
    edge.miss(get_with("/dyncc?_rsc=1", &from("a")), dynamic("from a")).await;
    edge.miss(get_with("/dyncc?_rsc=2", &from("b")), dynamic("from b")).await;
    assert_eq!(edge.hit(get_with("/dyncc?_rsc=1", &from("a"))).await.body(), "from a");
}

#[tokio::test(start_paused = true)]
async fn an_intercepted_route_keeps_its_variants_apart() {
    let mut edge = Edge::new();
    let photo = |body| {
        let mut response = flight(body);
        response.headers_mut().append("vary", "next-url".parse().unwrap());
        response
    };
    let rsc = |url| [("rsc", "1"), ("next-url", url)];
    edge.miss(get_with("/photo", &rsc("/gallery")), photo("modal")).await;
    edge.miss(get_with("/photo", &rsc("/")), photo("page")).await;
    assert_eq!(edge.hit(get_with("/photo", &rsc("/gallery"))).await.body(), "modal");
    assert_eq!(edge.hit(get_with("/photo", &rsc("/"))).await.body(), "page");
}

#[tokio::test(start_paused = true)]
async fn a_cookie_is_never_stored() {
    let mut edge = Edge::new();
    let with_cookie = || {
        let mut response = page(ISR, "one");
        response.headers_mut().append("set-cookie", "session=1".parse().unwrap());
        response
    };
    let got = edge.miss(get("/mwcookie"), with_cookie()).await;
    assert_eq!(got.header("set-cookie"), "session=1");
    assert_eq!(got.story(), "fwd=uri-miss; detail=set-cookie");
    edge.miss(get("/mwcookie"), with_cookie()).await;
    // A visitor who has the cookie already gets none; his answer may be stored.
    edge.miss(get_with("/mwcookie", &[("cookie", "session=1")]), page(ISR, "one")).await;
    edge.hit(get("/mwcookie")).await;
}

#[tokio::test(start_paused = true)]
async fn draft_mode_neither_reads_nor_writes_the_store() {
    let mut edge = Edge::new();
    let draft = || get_with("/isr", &[("cookie", "theme=x; __prerender_bypass=abc")]);
    edge.miss(draft(), page(ISR, "draft")).await;
    edge.miss(get("/isr"), page(ISR, "public")).await;
    let got = edge.miss(draft(), page(ISR, "draft")).await;
    assert_eq!((got.body(), got.story()), ("draft", "fwd=bypass; detail=draft"));
    assert_eq!(edge.hit(get("/isr")).await.body(), "public");
}

#[tokio::test(start_paused = true)]
async fn what_clears_a_draft_cookie_is_neither_stored_nor_shared() {
    let mut edge = Edge::new();
    // Without the build nobody knows that it is made up.
    let made_up = || get_with("/isr", &[("cookie", "__prerender_bypass=x")]);
    let cleared = || {
        let mut response = page(ISR, "public");
        response.headers_mut().append("set-cookie", "__prerender_bypass=; Path=/".parse().unwrap());
        response
    };
    for _ in 0..2 {
        let got = edge.miss(made_up(), cleared()).await;
        assert_eq!(got.header("set-cookie"), "__prerender_bypass=; Path=/");
    }
    let got = edge.miss(get("/isr"), page(ISR, "public")).await;
    assert_eq!((got.story(), got.header("set-cookie")), ("fwd=uri-miss; stored", ""));
    edge.miss(made_up(), cleared()).await;
    assert_eq!(edge.hit(get("/isr")).await.header("set-cookie"), "");
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_an_action_is_never_stored() {
    let mut edge = Edge::new();
    let action = || request("POST", "/isr", &[("next-action", "40ab")]);
    let gone = [("x-nextjs-action-not-found", "1"), ("cache-control", ISR)];
    for status in [200, 404, 409] {
        for _ in 0..2 {
            let got = edge.miss(action(), answer(status, &gone, "of the action")).await;
            assert_eq!((got.status, got.story()), (status, "fwd=method"));
        }
        edge.miss(get(&format!("/isr?{status}")), page(ISR, "page")).await;
    }
    let got = edge.miss(get("/isr"), page(ISR, "page")).await;
    assert_eq!(got.story(), "fwd=uri-miss; stored");
    edge.miss(action(), answer(200, &[("cache-control", ISR)], "of the action")).await;
    assert_eq!(edge.hit(get("/isr")).await.body(), "page");
}

#[tokio::test(start_paused = true)]
async fn assets_are_immutable_whatever_the_application_says() {
    let mut edge = Edge::new();
    let chunk = "/_next/static/chunks/a.js";
    let script =
        [("cache-control", "public, max-age=77"), ("content-type", "application/javascript")];
    let first = edge.miss(get(chunk), answer(200, &script, "js")).await;
    assert_eq!(first.header("cache-control"), "public, max-age=31536000, immutable");
    edge.advance(200 * 24 * 3600);
    let later = edge.hit(get(chunk)).await;
    assert_eq!(later.header("cache-control"), "public, max-age=31536000, immutable");
}

#[tokio::test(start_paused = true)]
async fn a_missing_chunk_is_never_stored_and_never_replaces_one() {
    let mut edge = Edge::new();
    let gone = || answer(404, &[("cache-control", "s-maxage=31536000")], "Not Found");
    let got = edge.miss(get("/_next/static/chunks/b.js"), gone()).await;
    assert_eq!((got.status, got.story()), (404, "fwd=uri-miss; detail=missing-asset"));
    edge.miss(get("/_next/static/chunks/b.js"), answer(200, &[], "js")).await;
    edge.advance(400 * 24 * 3600);
    edge.hit(get("/_next/static/chunks/b.js")).await;
    edge.origin().await.answer(gone());
    edge.settle().await;
    assert_eq!(edge.hit(get("/_next/static/chunks/b.js")).await.body(), "js");
}

#[tokio::test(start_paused = true)]
async fn next_dev_is_obeyed() {
    let mut edge = Edge::new();
    let dev = || answer(200, &[("cache-control", "no-cache, must-revalidate")], "js");
    let got = edge.miss(get("/_next/static/chunks/a.js"), dev()).await;
    assert_eq!(got.header("cache-control"), "no-cache, must-revalidate");
    edge.miss(get("/_next/static/chunks/a.js"), dev()).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_stored_without_explicit_freshness() {
    for (status, fields) in [
        (308, vec![("location", "/static")]),
        (
            200,
            vec![("content-type", "text/html"), ("last-modified", "Tue, 01 Jan 2019 00:00:00 GMT")],
        ),
        (404, vec![]),
    ] {
        let mut edge = Edge::new();
        edge.miss(get("/old"), answer(status, &fields, "x")).await;
        let again = edge.miss(get("/old"), answer(status, &fields, "x")).await;
        assert_eq!(again.story(), "fwd=uri-miss; detail=no-explicit-freshness", "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn redirects_and_missing_pages_are_stored_as_they_say() {
    for (status, location) in [(308, "/static"), (307, "/static"), (404, "")] {
        let mut edge = Edge::new();
        let fields = [("cache-control", ISR), ("location", location)];
        edge.miss(get("/perm"), answer(status, &fields, "gone")).await;
        assert_eq!(edge.hit(get("/perm")).await.status, status);
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_page_is_never_stored() {
    let mut edge = Edge::new();
    edge.miss(get("/isr"), answer(204, &[("cache-control", ISR)], "")).await;
    let pending = edge.send(get("/isr"));
    // Without Content-Length its emptiness shows at the end only.
    drop(edge.origin().await.answer_slowly(http::Response::builder().header("cache-control", ISR)));
    assert_eq!(got(pending).await.body(), "");
    edge.miss(get("/isr"), page(ISR, "<html>")).await;
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_post_is_never_stored() {
    let mut edge = Edge::new();
    edge.miss(request("POST", "/pp/gsp", &[]), page(ISR, "posted")).await;
    assert_eq!(edge.miss(get("/pp/gsp"), page(ISR, "got")).await.body(), "got");
}

#[tokio::test(start_paused = true)]
async fn a_hash_on_a_document_is_a_parameter_like_any_other() {
    let mut edge = Edge::new();
    edge.miss(get("/api/echo?_rsc=%3Cscript%3E"), page(ISR, "reflected")).await;
    assert_eq!(edge.miss(get("/api/echo"), page(ISR, "clean")).await.body(), "clean");
}

#[tokio::test(start_paused = true)]
async fn only_a_file_of_the_static_folder_is_immutable() {
    for (path, fields) in [
        ("/_next/static/../../api/me", vec![("content-type", "application/json")]),
        ("/_next/static/%2e%2e/%2e%2e/api/me", vec![("content-type", "application/json")]),
        ("/_next/static/chunks/a.js", vec![("content-type", "text/html")]),
    ] {
        let mut edge = Edge::new();
        let got = edge.miss(get(path), answer(200, &fields, "x")).await;
        assert_eq!(got.header("cache-control"), "", "{path}");
        edge.miss(get(path), answer(200, &fields, "x")).await;
    }
    let mut edge = Edge::new();
    let chunk = "/_next/static/chunks/a.js";
    let mine = [("cache-control", "max-age=60")];
    edge.miss(get_with(chunk, &[("authorization", "x")]), answer(200, &mine, "js")).await;
    edge.miss(get(chunk), answer(200, &mine, "js")).await;
}

/// A `headers()` rule gives a page's failures the page's own lifetime.
#[tokio::test(start_paused = true)]
async fn failures_are_never_stored() {
    for status in [500, 502, 503, 401, 403, 407, 429] {
        let mut edge = Edge::new();
        let failure = || answer(status, &[("cache-control", "public, s-maxage=456")], "error");
        edge.miss(get("/dyncc"), failure()).await;
        let got = edge.miss(get("/dyncc"), failure()).await;
        assert_eq!(got.story(), "fwd=uri-miss; detail=failure", "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn data_with_and_without_its_field_are_two() {
    let mut edge = Edge::new();
    let path = "/_next/data/b/pp/gsp.json";
    edge.miss(get(path), answer(200, &[("cache-control", ISR)], "plain")).await;
    let data = [("x-nextjs-data", "1")];
    edge.miss(get_with(path, &data), answer(200, &[("cache-control", ISR)], "data")).await;
    assert_eq!(edge.hit(get(path)).await.body(), "plain");
    assert_eq!(edge.hit(get_with(path, &data)).await.body(), "data");
}

#[tokio::test(start_paused = true)]
async fn the_last_picture_stands_in_for_an_optimizer_that_fails() {
    let mut edge = Edge::new();
    let picture = || get_with("/_next/image?url=%2Fa.png&w=640&q=75", &[("accept", "image/webp")]);
    let fields = [
        ("cache-control", "public, max-age=60, must-revalidate"),
        ("vary", "Accept"),
        ("content-type", "image/webp"),
        ("etag", "unquoted"),
    ];
    edge.miss(picture(), answer(200, &fields, "picture")).await;
    edge.advance(61);
    let failed = edge.miss(picture(), answer(500, &[], "out of memory")).await;
    assert_eq!((failed.status, failed.body()), (200, "picture"));
    let pending = edge.send(picture());
    edge.origin().await.fail();
    assert_eq!(got(pending).await.body(), "picture");
}
