//! What Next.js says through the bridge: tags, their invalidation, and the time of generation.

use std::time::Duration;

use selvedge::store::Validity;

use super::support::*;

const ISR: &str = "s-maxage=60, stale-while-revalidate=600";

fn tagged(tags: &str, body: &'static str) -> http::Response<selvedge::body::Body> {
    let mut response = page(ISR, body);
    response.headers_mut().insert("x-selvedge-tags", tags.parse().unwrap());
    response
}

#[tokio::test(start_paused = true)]
async fn the_next_reader_of_an_invalidated_tag_waits_for_the_new_page() {
    let mut edge = Edge::new();
    edge.miss(get("/a"), tagged("posts,_N_T_/a", "old")).await;
    edge.miss(get_with("/a", &[("rsc", "1")]), flight("posts,_N_T_/a", "old payload")).await;
    edge.miss(get("/b"), tagged("users", "other")).await;
    assert_eq!(edge.store.invalidate("posts", Validity::Obsolete), 2);
    let new = edge.miss(get("/a"), tagged("posts", "new")).await;
    assert_eq!((new.body(), new.story()), ("new", "fwd=stale; stored"));
    edge.miss(get_with("/a", &[("rsc", "1")]), flight("posts", "new payload")).await;
    assert_eq!(edge.hit(get("/a")).await.body(), "new");
    assert_eq!(edge.hit(get("/b")).await.body(), "other");
}

fn flight(tags: &str, body: &'static str) -> http::Response<selvedge::body::Body> {
    let mut response = tagged(tags, body);
    response.headers_mut().insert("content-type", "text/x-component".parse().unwrap());
    response
}

#[tokio::test(start_paused = true)]
async fn a_softly_invalidated_page_is_served_once_more_and_renewed_behind() {
    let mut edge = Edge::new();
    edge.miss(get("/a"), tagged("posts", "old")).await;
    edge.store.invalidate("posts", Validity::Stale);
    assert_eq!(edge.hit(get("/a")).await.body(), "old");
    edge.origin().await.answer(tagged("posts", "new"));
    edge.settle().await;
    assert_eq!(edge.hit(get("/a")).await.body(), "new");
    edge.origin_is_left_alone().await;
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_an_invalidation_overtook_does_not_leave_the_page_stale_for_good() {
    for by_all in [false, true] {
        let mut edge = Edge::new();
        edge.miss(get("/a"), tagged("posts", "old")).await;
        edge.store.invalidate("posts", Validity::Stale);
        edge.hit(get("/a")).await;
        let overtaken = edge.origin().await;
        match by_all {
            // It was not meant, but who knows what of a renewal that is under way?
            true => edge.store.invalidate_all(|name| name == "users", Validity::Stale),
            false => edge.store.invalidate("posts", Validity::Stale),
        };
        overtaken.answer(tagged("posts", "overtaken"));
        edge.settle().await;
        assert_eq!(edge.hit(get("/a")).await.body(), "old");
        edge.origin().await.answer(tagged("posts", "new"));
        edge.settle().await;
        assert_eq!(edge.hit(get("/a")).await.body(), "new");
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_be_stale_for_so_long_is_not_served_to_whoever_comes_later() {
    let mut edge = Edge::new();
    edge.miss(get("/a"), tagged("posts", "old")).await;
    edge.miss(get("/b"), tagged("posts", "old")).await;
    let until = edge.clock.now().saturating_add(Duration::from_secs(30));
    edge.store.invalidate("posts", Validity::StaleUntil(until));
    edge.advance(29);
    assert_eq!(edge.hit(get("/a")).await.body(), "old");
    edge.origin().await.answer(tagged("posts", "new"));
    edge.advance(1);
    assert_eq!(edge.hit(get("/a")).await.body(), "new");
    assert_eq!(edge.miss(get("/b"), tagged("posts", "new")).await.story(), "fwd=stale; stored");
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_for_before_never_brings_the_old_page_back() {
    let mut edge = Edge::new();
    let before = edge.send(get("/a"));
    let old = edge.origin().await;
    edge.store.invalidate("posts", Validity::Obsolete);
    let after = edge.send(get("/a"));
    let new = edge.origin().await;
    old.answer(tagged("posts", "old"));
    assert_eq!(got(before).await.body(), "old", "who asked before may have it");
    new.answer(tagged("posts", "new"));
    assert_eq!(got(after).await.body(), "new", "who asked after does not join");
    edge.settle().await;
    assert_eq!(edge.hit(get("/a")).await.body(), "new");

    edge.advance(61);
    edge.hit(get("/a")).await;
    let renewal = edge.origin().await;
    edge.store.invalidate("posts", Validity::Obsolete);
    renewal.answer(tagged("posts", "old"));
    edge.settle().await;
    edge.miss(get("/a"), tagged("posts", "newest")).await;
}

#[tokio::test(start_paused = true)]
async fn an_invalidated_page_does_not_stand_in_for_a_dead_origin() {
    let mut edge = Edge::new();
    edge.miss(get("/a"), tagged("posts", "old")).await;
    edge.store.invalidate("posts", Validity::Obsolete);
    let pending = edge.send(get("/a"));
    edge.origin().await.fail();
    assert!(pending.await.unwrap().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_page_is_invalidated_by_its_path_with_all_that_belongs_to_it() {
    let mut edge = Edge::new();
    let data = "/_next/data/build/a.json";
    edge.miss(get("/a?x=1"), page(ISR, "old")).await;
    edge.miss(get(data), answer(200, &[("cache-control", ISR)], "{}")).await;
    assert_eq!(edge.store.invalidate("path:/a", Validity::Obsolete), 2);
    edge.miss(get("/a?x=1"), page(ISR, "new")).await;
    edge.miss(get(data), answer(200, &[("cache-control", ISR)], "{1}")).await;
}

#[tokio::test(start_paused = true)]
async fn tags_outlive_a_304_that_tells_none() {
    let mut edge = Edge::new();
    edge.miss(get("/a"), tagged("posts", "old")).await;
    edge.advance(61);
    edge.hit(get("/a")).await;
    edge.origin().await.answer(answer(304, &[("etag", "\"v1\""), ("cache-control", ISR)], ""));
    edge.settle().await;
    assert_eq!(edge.hit(get("/a")).await.story(), "hit; ttl=60");
    assert_eq!(edge.store.invalidate("posts", Validity::Obsolete), 1);
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_counts_what_is_stored_and_nothing_that_was_before() {
    let mut edge = Edge::new();
    for _ in 0..50 {
        edge.miss(get("/a"), tagged("posts", "a page")).await;
        edge.miss(get("/b"), tagged("posts", "another")).await;
        edge.advance(61);
        // Both are renewed: the map lets go of the ones before when it likes.
        for path in ["/a", "/b"] {
            edge.hit(get(path)).await;
            edge.origin().await.answer(tagged("posts", "renewed"));
            edge.settle().await;
        }
        assert_eq!(edge.store.invalidate("posts", Validity::Stale), 2);
        assert_eq!(
            edge.store.invalidate("posts", Validity::Obsolete),
            2,
            "they were good for more"
        );
        assert_eq!(edge.store.invalidate("posts", Validity::Obsolete), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn age_counts_from_when_next_made_the_page_and_no_client_sees_our_fields() {
    let mut edge = Edge::new();
    let made = edge.clock.now().as_millis() - 50_000;
    let aged = || {
        let mut response = tagged("posts", "made before");
        response.headers_mut().insert("x-selvedge-generated", made.to_string().parse().unwrap());
        response
    };
    let first = edge.miss(get("/a"), aged()).await;
    assert_eq!((first.header("age"), first.header("x-selvedge-tags")), ("50", ""));
    let second = edge.hit(get("/a")).await;
    assert_eq!((second.story(), second.header("x-selvedge-generated")), ("hit; ttl=10", ""));
    let mut private = tagged("posts", "mine");
    private.headers_mut().insert("cache-control", "private".parse().unwrap());
    let passed = edge.miss(get("/b"), private).await;
    assert_eq!(passed.header("x-selvedge-tags"), "");
}

#[tokio::test(start_paused = true)]
async fn what_next_serves_stale_has_its_true_age_and_a_real_answer_follows() {
    let mut edge = Edge::new();
    let mut old = tagged("posts", "old");
    let made = edge.clock.now().as_millis() - 300_000;
    old.headers_mut().insert("x-nextjs-cache", "STALE".parse().unwrap());
    old.headers_mut().insert("x-selvedge-generated", made.to_string().parse().unwrap());
    let first = edge.miss(get("/a"), old).await;
    assert_eq!((first.body(), first.header("age")), ("old", "300"));
    edge.advance(1);
    assert_eq!(edge.hit(get("/a")).await.header("age"), "301");
    let mut new = tagged("posts", "new");
    new.headers_mut().insert("x-nextjs-cache", "HIT".parse().unwrap());
    let made = edge.clock.now().as_millis() - 1000;
    new.headers_mut().insert("x-selvedge-generated", made.to_string().parse().unwrap());
    edge.origin().await.answer(new);
    edge.settle().await;
    let renewed = edge.hit(get("/a")).await;
    assert_eq!((renewed.body(), renewed.header("age")), ("new", "1"));
}

#[tokio::test(start_paused = true)]
async fn once_a_new_deployment_answers_no_page_of_the_old_one_is_served() {
    let of = |id: &'static str, body| {
        let mut payload = flight("posts", body);
        payload.headers_mut().insert("x-nextjs-deployment-id", id.parse().unwrap());
        payload
    };
    let rsc = |path| get_with(path, &[("rsc", "1")]);
    let mut edge = Edge::new();
    let chunk = || get("/_next/static/chunks/a.js");
    edge.miss(chunk(), answer(200, &[("content-type", "text/javascript")], "a chunk")).await;
    edge.miss(get("/a"), page(ISR, "old page")).await;
    edge.miss(rsc("/a"), of("d1", "old payload")).await;
    edge.miss(rsc("/b"), of("d1", "another")).await;
    assert_eq!(edge.hit(rsc("/a")).await.body(), "old payload");
    edge.miss(rsc("/c"), of("d2", "of the new one")).await;
    edge.miss(rsc("/a"), of("d2", "new payload")).await;
    edge.miss(get("/a"), page(ISR, "new page")).await;
    assert_eq!(edge.hit(chunk()).await.body(), "a chunk");
    // While both answer, the store is not emptied again and again.
    edge.miss(rsc("/d"), of("d1", "late")).await;
    assert_eq!(edge.hit(get("/a")).await.body(), "new page");
}
