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
