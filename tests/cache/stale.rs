//! Always online: what is stored stands in for an origin that fails.

use selvedge::config::CacheConfig;
use std::time::Duration;

use super::support::*;

#[tokio::test(start_paused = true)]
async fn a_stored_page_stands_in_for_a_dead_origin() {
    for cache_control in ["s-maxage=10", "max-age=10", "s-maxage=10, stale-while-revalidate=5"] {
        let mut edge = Edge::new();
        edge.miss(get("/isr"), page(cache_control, "old")).await;
        edge.advance(3600);
        let pending = edge.send(get("/isr"));
        edge.origin().await.fail();
        let got = got(pending).await;
        assert_eq!(got.body(), "old", "{cache_control}");
        assert_eq!(got.story(), "fwd=stale; ttl=-3590; detail=stale-if-error", "{cache_control}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stored_page_stands_in_for_an_error_page() {
    let mut edge = Edge::new();
    edge.miss(get("/isr"), page("s-maxage=10", "old")).await;
    edge.advance(11);
    let got = edge.miss(get("/isr"), answer(503, &[], "oops")).await;
    assert_eq!((got.status, got.body()), (200, "old"));
    assert_eq!(got.story(), "fwd=stale; fwd-status=503; ttl=-1; detail=stale-if-error");
}

#[tokio::test(start_paused = true)]
async fn a_stored_page_does_not_stand_in_where_that_is_forbidden_or_over() {
    let day = 24 * 3600;
    for (cache_control, seconds) in [
        ("s-maxage=10, must-revalidate", 60),
        ("s-maxage=10, proxy-revalidate", 60),
        ("s-maxage=10, stale-if-error=5", 60),
        ("s-maxage=10", day + 60),
    ] {
        let mut edge = Edge::new();
        edge.miss(get("/isr"), page(cache_control, "old")).await;
        edge.advance(seconds);
        let pending = edge.send(get("/isr"));
        edge.origin().await.fail();
        assert!(pending.await.unwrap().is_err(), "{cache_control} after {seconds} s");
    }
}

#[tokio::test(start_paused = true)]
async fn the_default_window_is_configurable() {
    let config = CacheConfig { stale_if_error: Duration::ZERO, ..CacheConfig::default() };
    let mut edge = Edge::with(config);
    edge.miss(get("/isr"), page("s-maxage=10", "old")).await;
    edge.advance(11);
    let got = edge.miss(get("/isr"), answer(503, &[], "oops")).await;
    assert_eq!((got.status, got.body()), (503, "oops"));
}

#[tokio::test(start_paused = true)]
async fn a_stored_page_stands_in_for_head_and_for_conditional_requests_too() {
    for request in [
        request("HEAD", "/isr", &[]),
        get_with("/isr", &[("if-none-match", "\"other\"")]),
        get_with("/isr", &[("authorization", "Basic x"), ("if-none-match", "\"other\"")]),
    ] {
        let mut edge = Edge::new();
        edge.miss(get("/isr"), page("s-maxage=10", "old")).await;
        edge.advance(11);
        let pending = edge.send(request);
        edge.origin().await.fail();
        let got = got(pending).await;
        assert_eq!(got.status, 200);
        assert!(got.story().ends_with("detail=stale-if-error"), "{}", got.story());
    }
}

#[tokio::test(start_paused = true)]
async fn a_follower_whose_leader_failed_falls_back_on_his_own_variant() {
    let mut edge = Edge::new();
    let speaking = |language| get_with("/v", &[("accept-language", language)]);
    let fields = [("cache-control", "s-maxage=10"), ("vary", "accept-language")];
    edge.miss(speaking("en"), answer(200, &fields, "english")).await;
    edge.advance(11);
    let german = edge.send(speaking("de"));
    let exchange = edge.origin().await;
    let english = edge.send(speaking("en"));
    edge.settle().await;
    exchange.fail();
    assert!(german.await.unwrap().is_err());
    assert_eq!(got(english).await.body(), "english");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_was_withdrawn_does_not_come_back_when_the_origin_fails() {
    for answer in [
        answer(404, &[("cache-control", "private, no-store")], "gone"),
        answer(200, &[("cache-control", "private")], "members only"),
        answer(200, &[], "who knows"),
    ] {
        let mut edge = Edge::new();
        edge.miss(get("/v"), page("s-maxage=10", "secret")).await;
        edge.advance(11);
        edge.miss(get("/v"), answer).await;
        let pending = edge.send(get("/v"));
        edge.origin().await.fail();
        assert!(pending.await.unwrap().is_err());
    }
}
