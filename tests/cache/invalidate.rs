//! An unsafe request, and what it overtakes.

use super::support::*;

const ISR: &str = "s-maxage=10, stale-while-revalidate=60";

async fn post(edge: &mut Edge, path: &str) {
    let done = edge.miss(request("POST", path, &[]), answer(200, &[], "done")).await;
    assert_eq!(done.status, 200);
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_for_before_is_neither_stored_nor_joined_after() {
    let mut edge = Edge::new();
    let before = edge.send(get("/isr"));
    let old = edge.origin().await;
    post(&mut edge, "/isr").await;
    let after = edge.send(get("/isr"));
    let new = edge.origin().await;
    old.answer(page(ISR, "old"));
    assert_eq!(got(before).await.body(), "old");
    edge.settle().await;
    new.answer(page(ISR, "new"));
    assert_eq!(got(after).await.body(), "new");
    edge.settle().await;
    assert_eq!(edge.hit(get("/isr")).await.body(), "new");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_was_overtaken_does_not_bring_the_old_page_back() {
    for new_head in [304, 200] {
        let mut edge = Edge::new();
        edge.miss(get("/isr"), page(ISR, "old")).await;
        edge.advance(11);
        edge.hit(get("/isr")).await;
        let renewal = edge.origin().await;
        post(&mut edge, "/isr").await;
        let fields = [("etag", "\"v1\""), ("cache-control", ISR), ("content-type", "text/html")];
        renewal.answer(answer(new_head, &fields, if new_head == 200 { "old" } else { "" }));
        edge.settle().await;
        let next = edge.miss(get("/isr"), page(ISR, "new")).await;
        assert_eq!(next.body(), "new", "{new_head}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_request_and_a_server_action_invalidate_nothing() {
    let mut edge = Edge::new();
    edge.miss(get("/isr"), page(ISR, "one")).await;
    edge.miss(request("POST", "/isr", &[]), answer(500, &[], "no")).await;
    let action = request("POST", "/isr", &[("next-action", "abc")]);
    edge.miss(action, answer(200, &[], "done")).await;
    assert_eq!(edge.hit(get("/isr")).await.body(), "one");
}
