//! What is stored is served, and tells so.

use selvedge::config::{CompressionConfig, Config};

use super::support::*;

#[tokio::test(start_paused = true)]
async fn a_page_with_s_maxage_is_fetched_once_and_served_while_fresh() {
    let mut edge = Edge::new();
    let first = edge.miss(get("/isr"), page("s-maxage=10", "one")).await;
    assert_eq!(first.story(), "fwd=uri-miss; stored");
    assert_eq!((first.body(), first.header("x-nextjs-cache")), ("one", "MISS"));
    edge.advance(4);
    let second = edge.hit(get("/isr")).await;
    assert_eq!(second.story(), "hit; ttl=6");
    assert_eq!((second.body(), second.header("age")), ("one", "4"));
    assert_eq!(second.header("x-nextjs-cache"), "HIT");
    assert_eq!(second.header("content-length"), "3");
}

#[tokio::test(start_paused = true)]
async fn a_request_with_conditions_is_answered_304_from_the_store() {
    let mut edge = Edge::new();
    let cold = edge.send(get_with("/isr", &[("if-none-match", "\"v1\"")]));
    let exchange = edge.origin().await;
    assert_eq!(exchange.header("if-none-match"), None, "the answer is for others too");
    exchange.answer(page("s-maxage=10", "one"));
    let cold = got(cold).await;
    assert_eq!((cold.status, cold.body()), (304, ""));
    let warm = edge.hit(get_with("/isr", &[("if-none-match", "\"v0\", W/\"v1\"")])).await;
    assert_eq!((warm.status, warm.header("etag")), (304, "\"v1\""));
    let changed = edge.hit(get_with("/isr", &[("if-none-match", "\"v0\"")])).await;
    assert_eq!((changed.status, changed.body()), (200, "one"));
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_not_stored_still_gets_its_304() {
    let mut edge = Edge::new();
    let file = || {
        let fields = [("cache-control", "public, max-age=0"), ("etag", "W/\"f\"")];
        answer(200, &fields, "file")
    };
    let conditional = || get_with("/pic.png", &[("if-none-match", "W/\"f\"")]);
    let first = edge.miss(conditional(), file()).await;
    assert_eq!((first.status, first.body()), (304, ""));
    // Remembered as not storable: from now on the origin answers the condition itself.
    let pending = edge.send(conditional());
    let exchange = edge.origin().await;
    assert_eq!(exchange.header("if-none-match"), Some("W/\"f\""));
    exchange.answer(answer(304, &[("etag", "W/\"f\"")], ""));
    assert_eq!(got(pending).await.status, 304);
}

#[tokio::test(start_paused = true)]
async fn head_is_answered_from_a_stored_get_without_its_body() {
    let mut edge = Edge::new();
    edge.miss(get("/isr"), page("s-maxage=10", "one")).await;
    let head = edge.hit(request("HEAD", "/isr", &[])).await;
    assert_eq!((head.status, head.body(), head.header("content-length")), (200, "", "3"));
}

#[tokio::test(start_paused = true)]
async fn head_alone_stores_nothing() {
    let mut edge = Edge::new();
    edge.miss(request("HEAD", "/isr", &[]), page("s-maxage=10", "")).await;
    edge.miss(get("/isr"), page("s-maxage=10", "one")).await;
}

#[tokio::test(start_paused = true)]
async fn each_coding_of_the_origins_is_a_variant_however_the_client_writes_it() {
    let compression = CompressionConfig { enabled: false, ..CompressionConfig::default() };
    let mut edge = Edge::of(&Config { compression, ..Config::default() });
    let chrome = [("accept-encoding", "gzip, deflate, br, zstd")];
    let firefox = [("accept-encoding", "zstd;q=0.9,br, gzip;q=0.8")];
    edge.miss(get_with("/isr", &chrome), page("s-maxage=10", "for browsers")).await;
    assert_eq!(edge.hit(get_with("/isr", &firefox)).await.body(), "for browsers");
    let curl = edge.miss(get("/isr"), page("s-maxage=10", "for curl")).await;
    assert_eq!(curl.story(), "fwd=vary-miss; stored");
    assert_eq!(edge.hit(get("/isr")).await.body(), "for curl");
    assert_eq!(edge.hit(get_with("/isr", &chrome)).await.body(), "for browsers");
}

#[tokio::test(start_paused = true)]
async fn clients_do_not_see_what_is_meant_for_shared_caches() {
    for (origin, client) in [
        ("s-maxage=10, stale-while-revalidate=31535990", "max-age=0, must-revalidate"),
        ("public, s-maxage=10, stale-while-revalidate=59", "public, max-age=0, must-revalidate"),
        ("public, max-age=123, s-maxage=456", "public, max-age=123"),
        ("public, max-age=600", "public, max-age=600"),
    ] {
        let mut edge = Edge::new();
        let miss = edge.miss(get("/"), page(origin, "x")).await;
        assert_eq!(miss.header("cache-control"), client, "miss of {origin}");
        assert_eq!(edge.hit(get("/")).await.header("cache-control"), client, "hit of {origin}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_host_is_another_page() {
    let mut edge = Edge::new();
    edge.miss(get("/"), page("s-maxage=10", "one")).await;
    let mut other = get("/");
    other.headers_mut().insert("host", "shop.example.org".parse().unwrap());
    assert_eq!(edge.miss(other, page("s-maxage=10", "two")).await.body(), "two");
}

#[tokio::test(start_paused = true)]
async fn a_successful_unsafe_request_invalidates_its_uri_and_a_server_action_does_not() {
    let mut edge = Edge::new();
    edge.miss(get("/api"), page("s-maxage=100", "old")).await;
    edge.miss(request("POST", "/api", &[]), answer(500, &[], "")).await;
    edge.hit(get("/api")).await;
    edge.miss(request("POST", "/api", &[("next-action", "a1")]), answer(200, &[], "")).await;
    edge.hit(get("/api")).await;
    edge.miss(request("POST", "/api", &[]), answer(200, &[], "")).await;
    assert_eq!(edge.miss(get("/api"), page("s-maxage=100", "new")).await.body(), "new");
}

#[tokio::test(start_paused = true)]
async fn the_age_that_the_origin_tells_reaches_the_first_visitor_too() {
    let mut edge = Edge::new();
    let fields = [("cache-control", "max-age=200"), ("age", "100")];
    assert_eq!(edge.miss(get("/v"), answer(200, &fields, "x")).await.header("age"), "100");
    assert_eq!(edge.hit(get("/v")).await.header("age"), "100");
}

#[tokio::test(start_paused = true)]
async fn conditions_that_only_the_origin_can_judge_are_its() {
    let mut edge = Edge::new();
    let pending = edge.send(get_with("/v", &[("if-match", "\"other\"")]));
    let exchange = edge.origin().await;
    assert_eq!(exchange.header("if-match"), Some("\"other\""));
    exchange.answer(answer(412, &[], ""));
    assert_eq!(got(pending).await.status, 412);
}

/// `Date` stands in for `Last-Modified` on stored responses alone.
#[tokio::test(start_paused = true)]
async fn a_dynamic_page_is_not_unmodified_because_of_its_date() {
    let mut edge = Edge::new();
    let date = "Thu, 01 Jan 2026 00:00:00 GMT";
    let fields = [("cache-control", "no-store"), ("date", date)];
    let request = get_with("/dyn", &[("if-modified-since", date)]);
    assert_eq!(edge.miss(request, answer(200, &fields, "new")).await.status, 200);
}
