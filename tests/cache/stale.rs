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

/// Whoever asks why (`selvedge explain`, `selvedge warm`) may be the follower of a visitor.
#[tokio::test(start_paused = true)]
async fn a_follower_is_told_too_that_a_stored_page_stands_in() {
    let mut edge = Edge::new();
    edge.miss(get("/isr"), page("s-maxage=10", "old")).await;
    edge.advance(11);
    let (leader, follower) = (edge.send(get("/isr")), edge.send(get("/isr")));
    let exchange = edge.origin().await;
    edge.settle().await;
    exchange.fail();
    for (asked, is_collapsed) in [(leader, false), (follower, true)] {
        let got = got(asked).await;
        assert_eq!(got.body(), "old");
        assert!(got.story().ends_with("detail=stale-if-error"), "{}", got.story());
        assert_eq!(got.story().contains("collapsed"), is_collapsed, "{}", got.story());
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

#[tokio::test(start_paused = true)]
async fn the_windows_are_exact_to_the_tenth_of_a_second() {
    let mut edge = Edge::new();
    let says = "s-maxage=2, stale-while-revalidate=3, stale-if-error=5";
    edge.miss(get("/a"), page(says, "old")).await;
    edge.advance_millis(1_900);
    edge.hit(get("/a")).await;
    edge.origin_is_left_alone().await;
    edge.advance_millis(100);
    assert_eq!(edge.hit(get("/a")).await.story(), "hit; ttl=0");
    let renewal = edge.origin().await;
    edge.advance_millis(2_900);
    assert_eq!(edge.hit(get("/a")).await.body(), "old", "at 4.9 s");
    edge.advance_millis(100);
    let waiting = edge.send(get("/a"));
    let asked = edge.origin().await;
    asked.fail();
    assert_eq!(got(waiting).await.story(), "fwd=stale; ttl=-3; detail=stale-if-error", "at 5 s");
    edge.advance_millis(1_900);
    let waiting = edge.send(get("/a"));
    edge.origin().await.fail();
    assert_eq!(got(waiting).await.body(), "old", "at 6.9 s");
    edge.advance_millis(100);
    let waiting = edge.send(get("/a"));
    edge.origin().await.fail();
    assert!(waiting.await.unwrap().is_err(), "at 7 s");
    drop(renewal);
}

#[tokio::test(start_paused = true)]
async fn whatever_way_the_origin_fails_a_stored_page_stands_in() {
    use selvedge::error::ProxyError;
    let limit = Duration::from_secs(1);
    let errors = [
        refused(),
        ProxyError::ConnectTimeout { origin: "next".into(), limit },
        ProxyError::PoolExhausted { max: 1, limit },
        ProxyError::FirstByteTimeout { limit },
        ProxyError::ConnectionLost { reason: "reset".into() },
        ProxyError::InvalidResponse { reason: "no HTTP".into() },
    ];
    for error in errors {
        let mut edge = Edge::new();
        edge.miss(get("/a"), page("s-maxage=10", "old")).await;
        edge.advance(20);
        let waiting = edge.send(get("/a"));
        edge.origin().await.fail_with(error.clone());
        assert_eq!(got(waiting).await.body(), "old", "{error}");
    }
    for status in [500, 502, 503, 504, 599] {
        let mut edge = Edge::new();
        edge.miss(get("/a"), page("s-maxage=10", "old")).await;
        edge.advance(20);
        let stood_in = edge.miss(get("/a"), answer(status, &[], "oops")).await;
        let story = format!("fwd=stale; fwd-status={status}; ttl=-10; detail=stale-if-error");
        assert_eq!((stood_in.body(), stood_in.story()), ("old", story.as_str()));
    }
}
