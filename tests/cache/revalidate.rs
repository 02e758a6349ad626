//! Background revalidation: a stale page at once, a new one for the next visitor.

use selvedge::config::CacheConfig;
use std::time::Duration;

use super::support::*;

const ISR: &str = "s-maxage=10, stale-while-revalidate=60";

#[tokio::test(start_paused = true)]
async fn a_stale_page_is_served_at_once_and_renewed_once() {
    let mut edge = Edge::new();
    edge.miss(get("/isr"), page(ISR, "old")).await;
    edge.advance(12);
    for _ in 0..100 {
        let stale = edge.hit(get("/isr")).await;
        assert_eq!((stale.body(), stale.story()), ("old", "hit; ttl=-2"));
        assert_eq!(stale.header("x-nextjs-cache"), "STALE");
    }
    let exchange = edge.origin().await;
    edge.origin_is_left_alone().await;
    assert_eq!(exchange.header("if-none-match"), Some("\"v1\""));
    exchange.answer(page(ISR, "new"));
    edge.settle().await;
    let fresh = edge.hit(get("/isr")).await;
    assert_eq!((fresh.body(), fresh.story()), ("new", "hit; ttl=10"));
}

#[tokio::test(start_paused = true)]
async fn a_304_makes_the_stored_page_fresh_with_the_fields_that_it_brings() {
    let mut edge = Edge::new();
    edge.miss(get("/isr"), page(ISR, "one")).await;
    edge.advance(12);
    edge.hit(get("/isr")).await;
    let fields = [("cache-control", "s-maxage=20"), ("etag", "\"v1\""), ("x-new", "1")];
    edge.origin().await.answer(answer(304, &fields, ""));
    edge.settle().await;
    let fresh = edge.hit(get("/isr")).await;
    assert_eq!((fresh.body(), fresh.story()), ("one", "hit; ttl=20"));
    assert_eq!((fresh.header("x-new"), fresh.header("content-length")), ("1", "3"));
}

#[tokio::test(start_paused = true)]
async fn a_failed_renewal_keeps_the_stale_page_and_backs_off() {
    let mut edge = Edge::new();
    edge.miss(get("/isr"), page(ISR, "old")).await;
    edge.advance(12);
    edge.hit(get("/isr")).await;
    edge.origin().await.fail();
    edge.settle().await;
    edge.hit(get("/isr")).await;
    edge.origin_is_left_alone().await;
    edge.advance(1);
    edge.hit(get("/isr")).await;
    edge.origin().await.answer(answer(500, &[], "oops"));
    edge.settle().await;
    edge.advance(1);
    assert_eq!(edge.hit(get("/isr")).await.body(), "old");
    edge.origin_is_left_alone().await;
    edge.advance(1);
    edge.hit(get("/isr")).await;
    edge.origin().await.answer(page(ISR, "new"));
    edge.settle().await;
    assert_eq!(edge.hit(get("/isr")).await.body(), "new");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_breaks_off_keeps_the_stale_page() {
    let mut edge = Edge::new();
    edge.miss(get("/isr"), page(ISR, "old")).await;
    edge.advance(12);
    edge.hit(get("/isr")).await;
    let pieces =
        edge.origin().await.answer_slowly(http::Response::builder().header("cache-control", ISR));
    pieces.send("ne");
    pieces.break_off();
    edge.settle().await;
    assert_eq!(edge.hit(get("/isr")).await.body(), "old");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_became_private_is_no_longer_served() {
    let mut edge = Edge::new();
    edge.miss(get("/isr"), page(ISR, "old")).await;
    edge.advance(12);
    edge.hit(get("/isr")).await;
    edge.origin().await.answer(answer(200, &[("cache-control", "private, no-store")], "mine"));
    edge.settle().await;
    let next = edge.miss(get("/isr"), page(ISR, "new")).await;
    assert_eq!(next.body(), "new");
}

#[tokio::test(start_paused = true)]
async fn a_304_that_forbids_to_keep_the_page_still_answers_with_the_page() {
    let mut edge = Edge::new();
    edge.miss(get("/isr"), page("s-maxage=10", "old")).await;
    edge.advance(12);
    let fields = [("cache-control", "private, max-age=0"), ("set-cookie", "a=1"), ("x-new", "1")];
    let got = edge.miss(get("/isr"), answer(304, &fields, "")).await;
    assert_eq!((got.status, got.body()), (200, "old"));
    assert_eq!((got.header("set-cookie"), got.header("x-new")), ("a=1", "1"));
    assert_eq!(got.story(), "fwd=stale; detail=private");
    let next = edge.miss(get("/isr"), page(ISR, "new")).await;
    assert_eq!(next.body(), "new");
}

#[tokio::test(start_paused = true)]
async fn renewals_are_bounded_in_number_and_the_pages_stay_stale_meanwhile() {
    let mut edge = Edge::with(CacheConfig { max_revalidations: 2, ..CacheConfig::default() });
    for path in ["/a", "/b", "/c"] {
        edge.miss(get(path), page(ISR, "old")).await;
    }
    edge.advance(12);
    for path in ["/a", "/b", "/c"] {
        edge.hit(get(path)).await;
    }
    assert_eq!(edge.waiting_at_the_origin().await, 2);
    edge.origin().await.answer(page(ISR, "new"));
    edge.settle().await;
    edge.hit(get("/c")).await;
    assert_eq!(edge.waiting_at_the_origin().await, 2, "there is room again");
}

#[tokio::test(start_paused = true)]
async fn stale_at_the_origin_is_stored_as_stale_and_asked_for_again_after_a_second() {
    let mut edge = Edge::new();
    let mut old = page("s-maxage=3600, stale-while-revalidate=9999999", "old");
    old.headers_mut().insert("x-nextjs-cache", "STALE".parse().unwrap());
    edge.miss(get("/isr"), old).await;
    assert_eq!(edge.hit(get("/isr")).await.body(), "old");
    edge.origin_is_left_alone().await;
    edge.advance(1);
    assert_eq!(edge.hit(get("/isr")).await.story(), "hit; ttl=-1");
    edge.origin().await.answer(page("s-maxage=3600", "new"));
    edge.settle().await;
    assert_eq!(edge.hit(get("/isr")).await.story(), "hit; ttl=3600");
}

/// An image of Next.js 14 stays `STALE`, and `must-revalidate` forbids to serve it stale.
#[tokio::test(start_paused = true)]
async fn stale_at_the_origin_and_never_to_be_served_stale_is_fresh_for_a_second() {
    let mut edge = Edge::new();
    let image = || {
        let fields = [
            ("cache-control", "public, max-age=60, must-revalidate"),
            ("etag", "unquoted="),
            ("x-nextjs-cache", "STALE"),
        ];
        answer(200, &fields, "webp")
    };
    edge.miss(get("/_next/image?url=a"), image()).await;
    assert_eq!(edge.hit(get("/_next/image?url=a")).await.story(), "hit; ttl=1");
    edge.advance(1);
    let pending = edge.send(get("/_next/image?url=a"));
    let exchange = edge.origin().await;
    assert_eq!(exchange.header("if-none-match"), Some("unquoted="));
    exchange.answer(answer(304, &[("x-nextjs-cache", "STALE")], ""));
    assert_eq!(got(pending).await.body(), "webp");
    edge.hit(get("/_next/image?url=a")).await;
}

#[tokio::test(start_paused = true)]
async fn a_bare_window_lasts_as_long_as_the_entry() {
    let mut edge = Edge::new();
    edge.miss(get("/isr"), page("s-maxage=10, stale-while-revalidate", "old")).await;
    edge.clock.advance(Duration::from_secs(365 * 24 * 3600));
    assert_eq!(edge.hit(get("/isr")).await.body(), "old");
}

#[tokio::test(start_paused = true)]
async fn past_the_window_the_visitor_waits_for_the_new_page() {
    let mut edge = Edge::new();
    edge.miss(get("/isr"), page(ISR, "old")).await;
    edge.advance(71);
    let visitors: Vec<_> = (0..10).map(|_| edge.send(get("/isr"))).collect();
    let exchange = edge.origin().await;
    edge.origin_is_left_alone().await;
    assert_eq!(exchange.header("if-none-match"), Some("\"v1\""));
    exchange.answer(answer(304, &[("cache-control", ISR)], ""));
    for visitor in visitors {
        let got = got(visitor).await;
        assert_eq!((got.status, got.body()), (200, "old"));
        assert!(got.story().starts_with("fwd=stale;"), "{}", got.story());
    }
    assert_eq!(edge.hit(get("/isr")).await.story(), "hit; ttl=10");
}
