//! What the default profile does not do, done to the letter; and what it says about it.

use super::support::*;

fn fresh(fields: &[(&str, &str)], body: &'static str) -> http::Response<selvedge::body::Body> {
    answer(200, &[&[("cache-control", "max-age=60")], fields].concat(), body)
}

#[tokio::test(start_paused = true)]
async fn no_cache_is_stored_and_validated_at_each_use() {
    let mut edge = Edge::strict();
    let fields = [("cache-control", "no-cache, max-age=60"), ("etag", "\"a\"")];
    edge.miss(get("/a"), answer(200, &fields, "one")).await;
    for _ in 0..2 {
        let pending = edge.send(get("/a"));
        let asked = edge.origin().await;
        assert_eq!(asked.header("if-none-match"), Some("\"a\""));
        asked.answer(answer(304, &fields, ""));
        let validated = got(pending).await;
        assert_eq!((validated.status, validated.body()), (200, "one"));
    }
    let pending = edge.send(get("/a"));
    edge.origin().await.fail();
    assert!(
        pending.await.unwrap().is_err(),
        "nothing stands in for an answer that must be asked for"
    );
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_page_with_no_cache_asks_for_himself() {
    let mut edge = Edge::strict();
    let (one, two) = (edge.send(get("/a")), edge.send(get("/a")));
    let fields = [("cache-control", "no-cache"), ("etag", "\"a\"")];
    edge.origin().await.answer(answer(200, &fields, "one"));
    edge.origin().await.answer(answer(200, &fields, "two"));
    let mut bodies = [got(one).await.body().to_owned(), got(two).await.body().to_owned()];
    bodies.sort();
    assert_eq!(bodies, ["one", "two"]);
}

#[tokio::test(start_paused = true)]
async fn fields_for_one_user_reach_him_alone() {
    let mut edge = Edge::strict();
    let says = [("cache-control", "max-age=60, private=\"x-user\", no-cache=\"x-once\"")];
    let fields = [says[0], ("x-user", "ada"), ("x-once", "1"), ("x-all", "1")];
    let first = edge.miss(get("/a"), answer(200, &fields, "one")).await;
    assert_eq!((first.header("x-user"), first.header("x-once")), ("ada", "1"));
    let second = edge.hit(get("/a")).await;
    let seen = (second.header("x-user"), second.header("x-once"), second.header("x-all"));
    assert_eq!(seen, ("", "", "1"));
}

#[tokio::test(start_paused = true)]
async fn a_request_may_ask_for_more_than_fresh() {
    let says = |value: &'static str| get_with("/a", &[("cache-control", value)]);
    for (wish, counts) in [
        ("no-cache", true),
        ("max-age=0", true),
        ("max-age=20", false),
        ("min-fresh=60", true),
        ("min-fresh=10", false),
        ("max-age=0, max-stale", false),
        ("nothing", false),
    ] {
        let mut strict = Edge::strict();
        strict.miss(get("/a"), fresh(&[("etag", "\"a\"")], "one")).await;
        strict.advance(10);
        if counts {
            let again = strict.miss(says(wish), fresh(&[], "two")).await;
            assert_eq!(again.story(), "fwd=request; stored", "{wish}");
        } else {
            assert_eq!(strict.hit(says(wish)).await.story(), "hit; ttl=50", "{wish}");
        }
        let mut default = Edge::new();
        default.miss(get("/a"), fresh(&[], "one")).await;
        default.advance(10);
        let expected = match counts {
            true => "hit; ttl=50; detail=request-directives-ignored",
            false => "hit; ttl=50",
        };
        assert_eq!(default.hit(says(wish)).await.story(), expected, "{wish}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_may_put_up_with_stale_but_not_against_the_origins_word() {
    let says = |value: &'static str| get_with("/a", &[("cache-control", value)]);
    let mut edge = Edge::strict();
    edge.miss(get("/a"), fresh(&[], "one")).await;
    edge.advance(70);
    assert_eq!(edge.hit(says("max-stale=10")).await.body(), "one");
    assert_eq!(edge.hit(says("max-stale")).await.body(), "one");
    edge.miss(says("max-stale=9"), fresh(&[], "two")).await;
    let strict = [("cache-control", "max-age=60, must-revalidate")];
    edge.miss(get("/b"), answer(200, &strict, "one")).await;
    edge.advance(70);
    edge.miss(get_with("/b", &[("cache-control", "max-stale")]), answer(200, &strict, "two")).await;
}

#[tokio::test(start_paused = true)]
async fn only_if_cached_never_reaches_the_origin() {
    let mut edge = Edge::strict();
    let asked = || get_with("/a", &[("cache-control", "only-if-cached")]);
    let none = edge.hit(asked()).await;
    assert_eq!((none.status, none.story()), (504, "fwd=uri-miss; detail=only-if-cached"));
    edge.miss(get("/a"), fresh(&[], "one")).await;
    assert_eq!(edge.hit(asked()).await.body(), "one");
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_post_is_for_gets_if_it_says_so() {
    let mut edge = Edge::strict();
    let post = |path| request("POST", path, &[]);
    edge.miss(get("/a"), fresh(&[], "old")).await;
    let said = edge.miss(post("/a"), fresh(&[("content-location", "/a")], "new")).await;
    assert_eq!(said.story(), "fwd=method; stored");
    assert_eq!(edge.hit(get("/a")).await.body(), "new");
    edge.miss(post("/b"), fresh(&[("content-location", "/elsewhere")], "no")).await;
    edge.miss(get("/b"), fresh(&[], "asked for")).await;
    edge.miss(get("/elsewhere"), fresh(&[], "asked for")).await;
}

#[tokio::test(start_paused = true)]
async fn head_freshens_what_it_agrees_with_and_evicts_what_it_contradicts() {
    let head = || request("HEAD", "/a", &[]);
    let mut edge = Edge::new();
    edge.miss(get("/a"), fresh(&[("etag", "\"a\""), ("x-v", "1")], "one")).await;
    edge.advance(61);
    edge.miss(head(), fresh(&[("etag", "\"a\""), ("x-v", "2")], "")).await;
    let freshened = edge.hit(get("/a")).await;
    assert_eq!((freshened.body(), freshened.header("x-v")), ("one", "2"));
    edge.advance(61);
    edge.miss(head(), fresh(&[("etag", "\"b\"")], "")).await;
    let pending = edge.send(get("/a"));
    let asked = edge.origin().await;
    assert_eq!(asked.header("if-none-match"), None, "it is gone");
    asked.answer(fresh(&[], "two"));
    assert_eq!(got(pending).await.body(), "two");
}

#[tokio::test(start_paused = true)]
async fn a_success_invalidates_what_it_names_on_its_own_host() {
    let mut edge = Edge::strict();
    for path in ["/list", "/new", "/other", "/kept"] {
        edge.miss(get(path), page("s-maxage=60", "old")).await;
    }
    let named = [("location", "/new"), ("content-location", "other")];
    edge.miss(request("POST", "/list", &[]), answer(201, &named, "")).await;
    for path in ["/list", "/new", "/other"] {
        edge.miss(get(path), page("s-maxage=60", "new")).await;
    }
    let elsewhere = [("location", "http://example.com/kept")];
    edge.miss(request("PUT", "/list", &[]), answer(201, &elsewhere, "")).await;
    assert_eq!(edge.hit(get("/kept")).await.body(), "old");
}

#[tokio::test(start_paused = true)]
async fn s_maxage_alone_forbids_to_stand_in_and_permission_beats_it() {
    for (says, stands_in) in [
        ("s-maxage=10", false),
        ("s-maxage=10, stale-if-error=60", true),
        ("max-age=10", true),
        ("max-age=10, must-revalidate", false),
    ] {
        let mut edge = Edge::strict();
        let fields = [("cache-control", says)];
        edge.miss(get("/a"), answer(200, &fields, "old")).await;
        edge.advance(20);
        let pending = edge.send(get("/a"));
        edge.origin().await.fail();
        let answered = pending.await.unwrap();
        assert_eq!(answered.is_ok(), stands_in, "{says}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_say_how_long_is_fresh_for_a_tenth_of_its_age() {
    let modified = [
        ("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT"),
        ("date", "Thu, 01 Jan 2026 00:10:00 GMT"),
    ];
    let mut edge = Edge::strict();
    let first = edge.miss(get("/a"), answer(200, &modified, "one")).await;
    assert_eq!(first.story(), "fwd=uri-miss; stored");
    let mut edge = Edge::strict();
    let refused = edge.miss(get("/a"), answer(403, &modified, "one")).await;
    assert_eq!(refused.story(), "fwd=uri-miss; detail=no-explicit-freshness");
}

#[tokio::test(start_paused = true)]
async fn the_key_is_told_and_the_caches_before_us_are_not_forgotten() {
    let mut config = selvedge::config::Config::default();
    config.rules.status_key = true;
    let mut edge = Edge::of(&config);
    let fields = [("cache-control", "s-maxage=60"), ("cache-status", "inner; fwd=miss")];
    edge.miss(get("/a?b=1"), answer(200, &fields, "one")).await;
    let hit = edge.hit(get("/a?b=1")).await;
    let expected = r#"inner; fwd=miss, selvedge; hit; ttl=60; key="http://example.org/a?b=1 D""#;
    assert_eq!(hit.header("cache-status"), expected);
}
