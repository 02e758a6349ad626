//! One fetch for a key, however many ask for it.

use std::time::Duration;

use selvedge::config::CacheConfig;

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
