//! One fetch for a key, however many ask for it.

use std::time::Duration;

use futures_util::FutureExt;
use http_body_util::BodyExt;
use selvedge::config::CacheConfig;
use tower::ServiceExt;

use super::support::*;

const ISR: &str = "s-maxage=10, stale-while-revalidate=60";
const NOSTORE: &str = "private, no-cache, no-store, max-age=0, must-revalidate";

#[tokio::test(start_paused = true)]
async fn a_thousand_visitors_of_a_cold_page_are_one_request() {
    let mut edge = Edge::new();
    let visitors: Vec<_> = (0..1000).map(|_| edge.send(get("/isr"))).collect();
    let exchange = edge.origin().await;
    edge.origin_is_left_alone().await;
    exchange.answer(page(ISR, "one"));
    let mut stories = std::collections::BTreeMap::new();
    for visitor in visitors {
        let got = got(visitor).await;
        assert_eq!(got.body(), "one");
        *stories.entry(got.story().to_owned()).or_insert(0) += 1;
    }
    edge.origin_is_left_alone().await;
    assert_eq!(stories["fwd=uri-miss; stored"], 1, "{stories:?}");
    assert_eq!(stories["fwd=uri-miss; collapsed"], 999, "{stories:?}");
}

#[tokio::test(start_paused = true)]
async fn followers_read_the_body_as_it_grows() {
    let mut edge = Edge::new();
    let leader = edge.send(get("/isr"));
    let head = page(ISR, "").into_parts().0;
    let mut builder = http::Response::builder();
    builder.headers_mut().unwrap().extend(head.headers);
    let pieces = edge.origin().await.answer_slowly(builder);
    pieces.send("first ");
    edge.settle().await;
    let follower = edge.send(get("/isr"));
    edge.settle().await;
    let mut follower = follower.await.unwrap().unwrap().into_body();
    let piece = http_body_util::BodyExt::frame(&mut follower).await.unwrap().unwrap();
    assert_eq!(piece.into_data().unwrap(), "first ", "before the origin has ended");
    pieces.send("last");
    drop(pieces);
    let rest = http_body_util::BodyExt::collect(follower).await.unwrap().to_bytes();
    assert_eq!(rest, "last");
    assert_eq!(got(leader).await.body(), "first last");
    assert_eq!(edge.hit(get("/isr")).await.body(), "first last");
}

#[tokio::test(start_paused = true)]
async fn an_uncacheable_answer_frees_all_followers_at_once_and_the_next_burst_does_not_queue() {
    let mut edge = Edge::new();
    let visitors: Vec<_> = (0..10).map(|_| edge.send(get("/dyn"))).collect();
    let first = edge.origin().await;
    edge.origin_is_left_alone().await;
    let leaders_body =
        first.answer_slowly(http::Response::builder().header("cache-control", NOSTORE));
    assert_eq!(edge.waiting_at_the_origin().await, 9, "before the leader's body has ended");
    for _ in 0..9 {
        edge.origin().await.answer(answer(200, &[("cache-control", NOSTORE)], "mine"));
    }
    drop(leaders_body);
    for visitor in visitors {
        assert!(got(visitor).await.story().starts_with("fwd=uri-miss; detail=no-store"));
    }
    let burst: Vec<_> = (0..5).map(|_| edge.send(get("/dyn"))).collect();
    assert_eq!(edge.waiting_at_the_origin().await, 5);
    drop(burst);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_became_cacheable_is_stored_although_it_was_remembered_as_not() {
    let mut edge = Edge::new();
    edge.miss(get("/x"), answer(200, &[("cache-control", NOSTORE)], "mine")).await;
    edge.miss(get("/x"), page(ISR, "ours")).await;
    assert_eq!(edge.hit(get("/x")).await.body(), "ours");
}

#[tokio::test(start_paused = true)]
async fn a_leader_whose_client_leaves_does_not_harm_its_followers() {
    let mut edge = Edge::new();
    let leader = edge.send(get("/isr"));
    let exchange = edge.origin().await;
    let follower = edge.send(get("/isr"));
    edge.settle().await;
    leader.abort();
    edge.settle().await;
    assert!(!exchange.is_abandoned());
    exchange.answer(page(ISR, "one"));
    assert_eq!(got(follower).await.body(), "one");
    assert_eq!(edge.hit(get("/isr")).await.body(), "one");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_an_uncacheable_page_takes_the_origins_work_along() {
    let mut edge = Edge::new();
    edge.miss(get("/dyn"), answer(200, &[("cache-control", NOSTORE)], "mine")).await;
    let pending = edge.send(get("/dyn"));
    let exchange = edge.origin().await;
    pending.abort();
    edge.settle().await;
    assert!(exchange.is_abandoned());
}

#[tokio::test(start_paused = true)]
async fn a_page_that_nobody_waits_for_any_more_is_given_up_after_a_while() {
    let mut edge = Edge::new();
    let leader = edge.send(get("/isr"));
    let exchange = edge.origin().await;
    leader.abort();
    edge.settle().await;
    assert!(!exchange.is_abandoned());
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(exchange.is_abandoned());
    edge.miss(get("/isr"), page(ISR, "the next one leads")).await;
}

#[tokio::test(start_paused = true)]
async fn a_page_whose_visitor_reloads_is_not_begun_again() {
    let mut edge = Edge::new();
    let first = edge.send(get("/isr"));
    let exchange = edge.origin().await;
    first.abort();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let second = edge.send(get("/isr"));
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(!exchange.is_abandoned());
    exchange.answer(page(ISR, "one"));
    assert_eq!(got(second).await.body(), "one");
}

#[tokio::test(start_paused = true)]
async fn an_origin_that_dies_in_mid_body_leaves_nothing_stored_and_nobody_a_part() {
    let mut edge = Edge::new();
    let leader = edge.send(get("/isr"));
    let follower = edge.send(get("/isr"));
    let exchange = edge.origin().await;
    edge.settle().await;
    let pieces = exchange.answer_slowly(http::Response::builder().header("cache-control", ISR));
    pieces.send("half of it");
    pieces.break_off();
    assert_eq!(got(leader).await.body, None);
    assert_eq!(got(follower).await.body, None);
    edge.miss(get("/isr"), page(ISR, "whole")).await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_the_leader_is_told_to_all_and_asked_again_by_the_next() {
    let mut edge = Edge::new();
    let leader = edge.send(get("/isr"));
    let follower = edge.send(get("/isr"));
    let exchange = edge.origin().await;
    edge.settle().await;
    exchange.fail();
    assert!(leader.await.unwrap().is_err());
    assert!(follower.await.unwrap().is_err());
    edge.origin_is_left_alone().await;
    edge.miss(get("/isr"), page(ISR, "one")).await;
}

#[tokio::test(start_paused = true)]
async fn a_follower_waits_no_longer_than_it_may() {
    let mut edge = Edge::new();
    let leader = edge.send(get("/isr"));
    let slow = edge.origin().await;
    let follower = edge.send(get("/isr"));
    edge.settle().await;
    tokio::time::advance(CacheConfig::default().collapse_timeout + Duration::from_secs(1)).await;
    edge.origin().await.answer(page(ISR, "for the follower"));
    assert_eq!(got(follower).await.body(), "for the follower");
    slow.answer(page(ISR, "for the leader"));
    assert_eq!(got(leader).await.body(), "for the leader");
}

#[tokio::test(start_paused = true)]
async fn a_body_too_large_reaches_everybody_whole_and_is_not_stored() {
    let mut edge = Edge::with(CacheConfig { max_entry: 8, ..CacheConfig::default() });
    let leader = edge.send(get("/big"));
    let follower = edge.send(get("/big"));
    let exchange = edge.origin().await;
    edge.settle().await;
    let pieces = exchange.answer_slowly(http::Response::builder().header("cache-control", ISR));
    for piece in ["12345", "67890", "abcde", "fghij"] {
        pieces.send(piece);
    }
    drop(pieces);
    let (leader, follower) = tokio::join!(got(leader), got(follower));
    assert_eq!(leader.body(), "1234567890abcdefghij");
    assert_eq!(follower.body(), "1234567890abcdefghij");
    let next = edge.send(get("/big"));
    assert_eq!(edge.waiting_at_the_origin().await, 1);
    drop(next);
}

#[tokio::test(start_paused = true)]
async fn requests_with_another_rsc_hash_do_not_wait_for_each_other() {
    let mut edge = Edge::new();
    let wrong = edge.send(get_with("/isr?_rsc=wrong", &[("rsc", "1")]));
    let right = edge.send(get_with("/isr?_rsc=right", &[("rsc", "1")]));
    assert_eq!(edge.waiting_at_the_origin().await, 2);
    let redirect = answer(307, &[("location", "/isr?_rsc=right")], "");
    edge.origin().await.answer(redirect);
    let flight = [("cache-control", ISR), ("content-type", "text/x-component")];
    edge.origin().await.answer(answer(200, &flight, "payload"));
    assert_eq!(got(wrong).await.status, 307);
    assert_eq!(got(right).await.body(), "payload");
    assert_eq!(edge.hit(get_with("/isr?_rsc=wrong", &[("rsc", "1")])).await.body(), "payload");
}

/// His place in the body had been given to him by one who had ended, and was taken away with him.
#[tokio::test(start_paused = true)]
async fn a_follower_who_comes_late_gets_the_whole_body() {
    let mut edge = Edge::new();
    let leader = edge.send(get("/isr"));
    let exchange = edge.origin().await;
    let mut follower = Box::pin(edge.cache.clone().oneshot(get("/isr")));
    assert!(follower.as_mut().now_or_never().is_none());
    exchange.answer(page(ISR, "the whole page"));
    let mut ended = leader.await.unwrap().unwrap().into_body();
    while ended.frame().await.is_some() {}
    let response = follower.await.unwrap();
    drop(ended);
    assert_eq!(read(response).await.body(), "the whole page");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn bursts_on_many_cores_are_one_request_each_and_nobody_gets_a_part() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let origin = tower::service_fn(move |_: http::Request<selvedge::body::Body>| {
        counted.fetch_add(1, Ordering::Relaxed);
        async {
            tokio::task::yield_now().await;
            Ok::<_, selvedge::error::ProxyError>(page(ISR, "the whole page"))
        }
    });
    let (config, clock) = (CacheConfig::default(), selvedge::clock::Clock::system());
    let store = selvedge::store::MemoryStore::new(64 << 20, config.max_variants);
    let metrics = selvedge::metrics::Metrics::new(&clock);
    let settings = selvedge::cache::Settings::default();
    let lasting = selvedge::cache::Lasting::new(store, &config, &metrics);
    let cache = selvedge::cache::Cache::new(origin, lasting, clock, settings, metrics);
    const BURSTS: usize = 500;
    for burst in 0..BURSTS {
        let visitors: Vec<_> = (0..32)
            .map(|_| tokio::spawn(cache.clone().oneshot(get(&format!("/p{burst}")))))
            .collect();
        for visitor in visitors {
            assert_eq!(got(visitor).await.body(), "the whole page");
        }
    }
    assert_eq!(asked.load(Ordering::Relaxed), BURSTS);
}

#[tokio::test(start_paused = true)]
async fn whoever_brings_credentials_waits_for_nobody() {
    let mut edge = Edge::new();
    let with = |token| get_with("/api/me", &[("authorization", token)]);
    let users: Vec<_> = ["a", "b", "c"].into_iter().map(|token| edge.send(with(token))).collect();
    assert_eq!(edge.waiting_at_the_origin().await, 3);
    for _ in &users {
        edge.origin().await.answer(answer(200, &[("content-type", "application/json")], "mine"));
    }
    for user in users {
        assert_eq!(got(user).await.story(), "fwd=uri-miss; detail=no-explicit-freshness");
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_sets_cookies_makes_its_visitors_queue_once_and_not_again() {
    let mut edge = Edge::new();
    let cookie = || answer(200, &[("set-cookie", "a=b"), ("cache-control", ISR)], "mine");
    edge.miss(get("/mwcookie"), cookie()).await;
    let burst: Vec<_> = (0..5).map(|_| edge.send(get("/mwcookie"))).collect();
    assert_eq!(edge.waiting_at_the_origin().await, 5);
    drop(burst);
}

#[tokio::test(start_paused = true)]
async fn a_failing_origin_is_asked_twice_by_a_burst_and_not_a_hundred_times() {
    let mut edge = Edge::new();
    let burst: Vec<_> = (0..100).map(|_| edge.send(get("/isr"))).collect();
    edge.origin().await.answer(answer(503, &[], "busy"));
    let second = edge.origin().await;
    edge.origin_is_left_alone().await;
    second.answer(answer(503, &[], "busy"));
    edge.origin_is_left_alone().await;
    let mut bodies = 0;
    for visitor in burst {
        match visitor.await.unwrap() {
            Ok(response) => bodies += usize::from(read(response).await.body() == "busy"),
            Err(error) => assert_eq!(error.status(), 503),
        }
    }
    assert_eq!(bodies, 2, "the origin's own pages went to those who asked it");
    // And it is not remembered as a reason against collapsing.
    let burst: Vec<_> = (0..100).map(|_| edge.send(get("/isr"))).collect();
    edge.origin().await.answer(answer(500, &[], "oops"));
    edge.origin().await.answer(page(ISR, "well again"));
    let mut well = 0;
    for visitor in burst {
        well += usize::from(got(visitor).await.body() == "well again");
    }
    assert_eq!(well, 99);
}

#[tokio::test(start_paused = true)]
async fn each_variant_has_a_leader_of_its_own() {
    let mut edge = Edge::new();
    let speaking = |language| get_with("/v", &[("accept-language", language)]);
    let english = edge.send(speaking("en"));
    let germans: Vec<_> = (0..50).map(|_| edge.send(speaking("de"))).collect();
    let fields = [("cache-control", ISR), ("vary", "accept-language")];
    edge.origin().await.answer(answer(200, &fields, "english"));
    let german = edge.origin().await;
    edge.origin_is_left_alone().await;
    german.answer(answer(200, &fields, "deutsch"));
    assert_eq!(got(english).await.body(), "english");
    for visitor in germans {
        assert_eq!(got(visitor).await.body(), "deutsch");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_joins_a_fetch_whose_answer_is_no_longer_fresh() {
    let mut edge = Edge::new();
    let leader = edge.send(get("/v"));
    let stream = http::Response::builder().header("cache-control", "s-maxage=10");
    let pieces = edge.origin().await.answer_slowly(stream);
    pieces.send("first ");
    edge.settle().await;
    edge.advance(5);
    let early = edge.send(get("/v"));
    edge.settle().await;
    assert_eq!(early.await.unwrap().unwrap().headers()["age"], "5");
    edge.advance(5);
    let late = edge.send(get("/v"));
    assert_eq!(edge.waiting_at_the_origin().await, 1);
    drop((leader, late));
}
