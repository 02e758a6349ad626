//! `No-Vary-Search`: parameters that do not count.

use super::support::*;

fn tracked(body: &'static str, says: &str) -> http::Response<selvedge::body::Body> {
    answer(200, &[("cache-control", "s-maxage=60"), ("no-vary-search", says)], body)
}

#[tokio::test(start_paused = true)]
async fn a_parameter_that_does_not_count_does_not_make_another_page() {
    let mut edge = Edge::new();
    let says = "params=(\"utm_source\")";
    edge.miss(get("/a?id=1&utm_source=x"), tracked("one", says)).await;
    for same in
        ["/a?id=1", "/a?utm_source=y&id=1", "/a?id=1&utm%5Fsource=z", "/a?id=1&utm_source=x"]
    {
        assert_eq!(edge.hit(get(same)).await.body(), "one", "{same}");
    }
    edge.miss(get("/a?id=2&utm_source=x"), tracked("two", says)).await;
    edge.miss(get("/b?id=1&utm_source=y"), tracked("another path", says)).await;
    assert_eq!(edge.hit(get("/a?id=2")).await.body(), "two");
    assert_eq!(edge.hit(get("/a?id=1")).await.body(), "one");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_says_nothing_is_never_served_for_another_query() {
    let mut edge = Edge::new();
    edge.miss(get("/a?id=1"), page("s-maxage=60", "says nothing")).await;
    edge.miss(get("/a?id=2&x=1"), tracked("ignores x", "params=(\"x\")")).await;
    edge.miss(get("/a?id=1&x=1"), tracked("asked for itself", "params=(\"x\")")).await;
    assert_eq!(edge.hit(get("/a?id=1&x=2")).await.body(), "asked for itself");
    // The application has changed its mind.
    edge.miss(get("/a?id=3"), page("s-maxage=60", "says nothing")).await;
    edge.miss(get("/a?id=2&x=2"), page("s-maxage=60", "says nothing either")).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_invalidated_is_invalidated_under_all_its_names() {
    let mut edge = Edge::new();
    edge.miss(get("/a?x=1"), tracked("old", "params")).await;
    edge.miss(request("POST", "/a?x=2", &[]), answer(200, &[], "done")).await;
    edge.miss(get("/a?x=1"), tracked("new", "params")).await;
}

#[tokio::test(start_paused = true)]
async fn what_only_tracks_visitors_makes_no_other_page_of_a_prerendered_one() {
    let mut edge = Edge::new();
    edge.miss(get("/isr?utm_source=mail&gclid=1"), page("s-maxage=60", "one")).await;
    assert_eq!(edge.hit(get("/isr?fbclid=2")).await.body(), "one");
    assert_eq!(edge.hit(get("/isr?utm_source=x")).await.body(), "one");
    edge.miss(get("/isr?q=1"), page("s-maxage=60", "looked for")).await;
    assert_eq!(edge.hit(get("/isr?q=1&gclid=3")).await.body(), "looked for");
    // A page that is rendered for each request may look at anything.
    let rendered = || answer(200, &[("cache-control", "s-maxage=60")], "for each");
    edge.miss(get("/ssr?gclid=1"), rendered()).await;
    edge.miss(get("/ssr?gclid=2"), rendered()).await;
}

#[tokio::test(start_paused = true)]
async fn a_missing_page_does_not_undo_what_the_others_of_its_path_say() {
    let mut edge = Edge::new();
    edge.miss(get("/a?x=1"), tracked("page", "params=(\"x\")")).await;
    edge.miss(get("/a?q=odd"), answer(404, &[("cache-control", "s-maxage=60")], "none")).await;
    assert_eq!(edge.hit(get("/a?x=2")).await.body(), "page");
}
