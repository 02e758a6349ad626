//! Background revalidation: a stale page at once, a new one for the next visitor.

use selvedge::config::CacheConfig;
use selvedge::store::Validity;
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

/// A purge of everything, a restart of the origin, a sweep of a crawler an hour ago: all pages at once.
#[tokio::test(start_paused = true)]
async fn ten_thousand_pages_that_expire_together_do_not_stampede_and_the_hottest_are_renewed_first()
{
    const HOT: usize = 100;
    let mut edge = Edge::new();
    for page_number in 0..10_000 {
        edge.miss(get(&format!("/{page_number}")), page(ISR, "old")).await;
    }
    edge.advance(12);
    let mut random = fastrand::Rng::with_seed(7);
    let (mut renewed, mut most) = (std::collections::HashSet::new(), Vec::new());
    while (0..HOT).any(|hot| !renewed.contains(&hot)) {
        for _ in 0..200 {
            // Every other visitor comes for one of the hundred.
            let page_number =
                if random.bool() { random.usize(..HOT) } else { random.usize(HOT..10_000) };
            edge.hit(get(&format!("/{page_number}"))).await;
        }
        most.push(edge.waiting_at_the_origin().await);
        for _ in 0..most.last().copied().unwrap_or_default() {
            let exchange = edge.origin().await;
            let page_number = exchange.request.uri().path()[1..].parse::<usize>().unwrap();
            assert!(renewed.insert(page_number), "asked for once each");
            exchange.answer(page("s-maxage=3600", "new"));
            edge.settle().await;
        }
        assert!(most.len() < 1_000, "{most:?}");
    }
    assert_eq!(most[..4], [8, 8, 8, 8][..], "{most:?}");
    assert!(most.iter().all(|most| *most <= 64), "{most:?}");
    let cold = renewed.iter().filter(|page_number| **page_number >= HOT).count();
    assert!(cold < 1_000, "of 9,900 others, {cold} were renewed meanwhile");
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

/// Whatever the one visitor is told who happens to meet a stale page: the page of all others stays.
#[tokio::test(start_paused = true)]
async fn what_is_said_to_one_visitor_does_not_take_the_page_from_the_others() {
    let html = ("content-type", "text/html");
    for (name, refusal) in [
        ("a cookie", answer(200, &[("cache-control", ISR), ("set-cookie", "s=1"), html], "x")),
        ("too many requests", answer(429, &[], "slow down")),
        ("not allowed", answer(403, &[("cache-control", ISR)], "no")),
        ("empty", answer(200, &[("cache-control", ISR), ("content-length", "0")], "")),
        (
            "a payload",
            answer(200, &[("cache-control", ISR), ("content-type", "text/x-component")], "f"),
        ),
    ] {
        let mut edge = Edge::new();
        edge.miss(get("/isr"), page(ISR, "one")).await;
        edge.advance(11);
        edge.hit(get("/isr")).await;
        edge.origin().await.answer(refusal);
        edge.settle().await;
        assert_eq!(edge.hit(get("/isr")).await.body(), "one", "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_is_renewed_as_nobody_in_particular() {
    let mut edge = Edge::new();
    edge.miss(get("/isr"), page(ISR, "one")).await;
    edge.advance(11);
    let member = [("cookie", "session=1"), ("authorization", "Basic x")];
    edge.hit(get_with("/isr", &member)).await;
    let exchange = edge.origin().await;
    assert_eq!((exchange.header("cookie"), exchange.header("authorization")), (None, None));
    exchange.answer(page(ISR, "two"));
    edge.settle().await;
    assert_eq!(edge.hit(get("/isr")).await.body(), "two");
}

/// Middleware that gives everybody a session: only whoever has one gets a page that may be kept.
#[tokio::test(start_paused = true)]
async fn where_nobody_is_given_a_cookie_the_visitor_is_asked_for_who_has_it() {
    let mut edge = Edge::new();
    let member = [("cookie", "session=1")];
    edge.miss(get_with("/isr", &member), page(ISR, "one")).await;
    edge.advance(11);
    edge.hit(get_with("/isr", &member)).await;
    let cookie = answer(200, &[("cache-control", ISR), ("set-cookie", "session=2")], "x");
    edge.origin().await.answer(cookie);
    let again = edge.origin().await;
    assert_eq!(again.header("cookie"), Some("session=1"));
    again.answer(page(ISR, "two"));
    edge.settle().await;
    assert_eq!(edge.hit(get("/isr")).await.body(), "two");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_with_a_wrong_hash_follows_to_the_right_one() {
    let mut edge = Edge::new();
    let flight = |body| {
        let mut response = page(ISR, body);
        response.headers_mut().insert("content-type", "text/x-component".parse().unwrap());
        response
    };
    let rsc = [("rsc", "1")];
    edge.miss(get_with("/isr?_rsc=right", &rsc), flight("one")).await;
    edge.advance(11);
    edge.hit(get_with("/isr?_rsc=wrong", &rsc)).await;
    edge.origin().await.answer(answer(307, &[("location", "/isr?_rsc=right")], ""));
    let again = edge.origin().await;
    assert_eq!(again.request.uri(), "/isr?_rsc=right");
    again.answer(flight("two"));
    edge.settle().await;
    assert_eq!(edge.hit(get_with("/isr?_rsc=right", &rsc)).await.body(), "two");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_never_ends_is_given_up_and_tried_again() {
    let mut edge = Edge::new();
    edge.miss(get("/isr"), page(ISR, "one")).await;
    edge.advance(11);
    edge.hit(get("/isr")).await;
    let stream = http::Response::builder().header("cache-control", ISR);
    let pieces = edge.origin().await.answer_slowly(stream);
    pieces.send("a");
    edge.settle().await;
    tokio::time::advance(CacheConfig::default().revalidate_timeout).await;
    edge.settle().await;
    edge.advance(2);
    edge.hit(get("/isr")).await;
    edge.origin().await.answer(page(ISR, "two"));
    edge.settle().await;
    assert_eq!(edge.hit(get("/isr")).await.body(), "two");
}

#[tokio::test(start_paused = true)]
async fn a_slow_fetch_does_not_put_its_old_answer_in_the_place_of_a_newer_one() {
    let mut edge = Edge::new();
    let made = |date, body| {
        let mut response = page(ISR, body);
        response.headers_mut().insert("date", http::HeaderValue::from_static(date));
        response
    };
    let leader = edge.send(get("/isr"));
    let slow = edge.origin().await;
    let follower = edge.send(get("/isr"));
    edge.settle().await;
    tokio::time::advance(CacheConfig::default().collapse_timeout).await;
    edge.advance(30);
    edge.origin().await.answer(made("Thu, 01 Jan 2026 00:00:30 GMT", "newer"));
    got(follower).await;
    edge.settle().await;
    slow.answer(made("Thu, 01 Jan 2026 00:00:00 GMT", "older"));
    assert_eq!(got(leader).await.body(), "older");
    edge.settle().await;
    assert_eq!(edge.hit(get("/isr")).await.body(), "newer");
}

#[tokio::test(start_paused = true)]
async fn a_page_takes_the_place_of_the_one_before_though_its_server_has_a_slower_clock() {
    let made = |date, body| {
        let mut response = page(ISR, body);
        response.headers_mut().insert("date", http::HeaderValue::from_static(date));
        response
    };
    for by_tag in [None, Some(Validity::Stale), Some(Validity::Obsolete)] {
        let mut edge = Edge::new();
        edge.miss(get("/isr"), made("Thu, 01 Jan 2026 00:01:00 GMT", "old")).await;
        match by_tag {
            Some(to) => assert_eq!(edge.store.invalidate("path:/isr", to), 1),
            None => edge.advance(11),
        }
        let pending = edge.send(get("/isr"));
        edge.origin().await.answer(made("Thu, 01 Jan 2026 00:00:00 GMT", "new"));
        got(pending).await;
        edge.settle().await;
        assert_eq!(edge.hit(get("/isr")).await.body(), "new", "{by_tag:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn where_there_is_no_room_to_renew_a_page_it_stays() {
    let config = CacheConfig { max_filling: Some(8), ..CacheConfig::default() };
    let mut edge = Edge::with(config);
    edge.miss(get("/isr"), page(ISR, "old")).await;
    let other = edge.send(get("/other"));
    let response = http::Response::builder().header("cache-control", "s-maxage=60");
    let pieces = edge.origin().await.answer_slowly(response);
    pieces.send("6bytes");
    edge.advance(11);
    edge.hit(get("/isr")).await;
    edge.origin().await.answer(page(ISR, "newer"));
    edge.settle().await;
    assert_eq!(edge.hit(get("/isr")).await.body(), "old");
    drop((other, pieces));
}
