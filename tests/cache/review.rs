//! What a review of the letter broke.

use super::support::*;

type Response = http::Response<selvedge::body::Body>;

fn says(cache_control: &str, fields: &[(&str, &str)], body: &'static str) -> Response {
    answer(200, &[&[("cache-control", cache_control)], fields].concat(), body)
}

fn part(range: &str, fields: &[(&str, &str)], body: &'static str) -> Response {
    let of_part = [("cache-control", "max-age=60"), ("content-range", range), ("etag", "\"a\"")];
    answer(206, &[&of_part, fields].concat(), body)
}

fn range(value: &str) -> http::Request<selvedge::body::Body> {
    get_with("/file", &[("range", value)])
}

/// To the letter, with the first half of ten bytes in the store.
async fn half(fields: &[(&str, &str)]) -> Edge {
    let mut edge = Edge::strict();
    edge.miss(range("bytes=0-4"), part("bytes 0-4/10", fields, "01234")).await;
    edge
}

#[tokio::test(start_paused = true)]
async fn whoever_joined_by_a_rule_that_the_answer_does_not_repeat_asks_for_himself() {
    let mut edge = Edge::new();
    let rule = [("no-vary-search", "params=(\"x\")")];
    edge.miss(get("/a?x=0&id=1"), says("s-maxage=60", &rule, "does not depend on x")).await;
    let one = edge.send(get("/a?id=2&x=1"));
    let leader = edge.origin().await;
    let two = edge.send(get("/a?id=2&x=2"));
    edge.settle().await;
    leader.answer(says("s-maxage=60", &[], "for x=1"));
    assert_eq!(got(one).await.body(), "for x=1");
    edge.origin().await.answer(says("s-maxage=60", &[], "for x=2"));
    assert_eq!(got(two).await.body(), "for x=2");
}

#[tokio::test(start_paused = true)]
async fn what_is_on_its_way_is_overtaken_under_each_of_its_names() {
    let mut edge = Edge::new();
    let before = edge.send(get("/a?x=1"));
    let old = edge.origin().await;
    edge.miss(request("POST", "/a?x=2", &[]), answer(200, &[], "done")).await;
    old.answer(says("s-maxage=60", &[("no-vary-search", "params")], "old"));
    got(before).await;
    edge.settle().await;
    edge.miss(get("/a?x=2"), says("s-maxage=60", &[], "new")).await;
}

#[tokio::test(start_paused = true)]
async fn payloads_that_say_nothing_do_not_undo_what_documents_say() {
    let mut edge = Edge::new();
    let rule = [("no-vary-search", "params=(\"x\")"), ("content-type", "text/html")];
    let payload = || get_with("/a?x=1", &[("rsc", "1")]);
    edge.miss(get("/a?x=1"), says("s-maxage=60", &rule, "page")).await;
    let kind = [("content-type", "text/x-component")];
    edge.miss(payload(), says("s-maxage=60", &kind, "payload")).await;
    assert_eq!(edge.hit(get("/a?x=2")).await.body(), "page");
    assert_eq!(edge.hit(payload()).await.body(), "payload");
}

#[tokio::test(start_paused = true)]
async fn a_redirect_of_a_post_evicts_no_page() {
    let mut edge = Edge::strict();
    edge.miss(get("/pricing"), says("s-maxage=60", &[], "pricing")).await;
    for status in [301, 302, 307, 308] {
        // Next.js by itself: there is no slash at the end.
        let elsewhere = answer(status, &[("location", "/pricing")], "");
        edge.miss(request("POST", "/pricing/", &[]), elsewhere).await;
        assert_eq!(edge.hit(get("/pricing")).await.body(), "pricing", "{status}");
    }
    edge.miss(request("POST", "/p", &[]), answer(303, &[("location", "/pricing")], "")).await;
    edge.miss(get("/pricing"), says("s-maxage=60", &[], "new")).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_keeps_an_old_page_fresh_by_asking_for_its_head() {
    let head = || request("HEAD", "/a", &[]);
    let mut edge = Edge::new();
    edge.miss(get("/a"), says("s-maxage=10", &[], "old")).await;
    edge.advance(11);
    edge.miss(head(), says("s-maxage=10", &[], "")).await;
    edge.miss(get("/a"), says("s-maxage=10", &[], "new")).await;
}

#[tokio::test(start_paused = true)]
async fn the_head_of_another_coding_evicts_nothing() {
    let mut edge = Edge::new();
    let asks = |method| request(method, "/a", &[("accept-encoding", "gzip")]);
    let coded = [("etag", "\"a\""), ("content-encoding", "gzip"), ("vary", "accept-encoding")];
    edge.miss(asks("GET"), says("s-maxage=10", &coded, "zzz")).await;
    edge.advance(11);
    // The compression of Next.js leaves HEAD alone.
    let plain = [("etag", "\"a\""), ("content-length", "1000"), ("vary", "accept-encoding")];
    edge.miss(asks("HEAD"), says("s-maxage=10", &plain, "")).await;
    edge.advance(11);
    let pending = edge.send(asks("GET"));
    edge.origin().await.fail();
    assert_eq!(got(pending).await.body(), "zzz", "it stands in");
}

#[tokio::test(start_paused = true)]
async fn less_than_the_rest_does_not_make_a_whole() {
    for (first, told, body) in
        [("bytes 0-4/10", "bytes 5-7/10", "567"), ("bytes 0-4/*", "bytes 5-9/*", "56789")]
    {
        let mut edge = Edge::strict();
        edge.miss(range("bytes=0-4"), part(first, &[], "01234")).await;
        let pending = edge.send(get("/file"));
        edge.origin().await.answer(part(told, &[], body));
        edge.origin().await.answer(says("max-age=60", &[("etag", "\"a\"")], "0123456789"));
        let whole = got(pending).await;
        assert_eq!((whole.status, whole.body()), (200, "0123456789"), "{told}");
    }
    let mut edge = half(&[]).await;
    let pending = edge.send(range("bytes=3-8"));
    edge.origin().await.answer(part("bytes 5-6/10", &[], "56"));
    edge.origin().await.answer(part("bytes 3-8/10", &[], "345678"));
    assert_eq!(got(pending).await.body(), "345678");
}

#[tokio::test(start_paused = true)]
async fn only_if_cached_does_not_have_a_part_completed() {
    let mut edge = half(&[]).await;
    let asked = get_with("/file", &[("cache-control", "only-if-cached")]);
    let none = edge.hit(asked).await;
    assert_eq!((none.status, none.story()), (504, "fwd=partial; detail=only-if-cached"));
}

#[tokio::test(start_paused = true)]
async fn the_head_of_what_is_stored_in_part_is_asked_for_as_it_is() {
    let mut edge = half(&[]).await;
    let pending = edge.send(request("HEAD", "/file", &[]));
    let asked = edge.origin().await;
    assert_eq!(asked.header("range"), None);
    asked.answer(says("max-age=60", &[("etag", "\"a\"")], ""));
    assert_eq!(got(pending).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_part_that_nobody_asked_for_is_for_nobody_else() {
    let mut edge = Edge::strict();
    let (one, two) = (edge.send(get("/file")), edge.send(get("/file")));
    edge.origin().await.answer(part("bytes 0-4/10", &[], "01234"));
    edge.origin().await.answer(says("max-age=60", &[], "0123456789"));
    let mut bodies = [got(one).await.body().to_owned(), got(two).await.body().to_owned()];
    bodies.sort();
    assert_eq!(bodies, ["01234", "0123456789"]);
}

#[tokio::test(start_paused = true)]
async fn a_part_does_not_renew_a_whole() {
    let mut edge = Edge::strict();
    let lasts = "max-age=10, stale-while-revalidate=60";
    edge.miss(get("/file"), says(lasts, &[("etag", "\"a\"")], "0123456789")).await;
    edge.advance(11);
    edge.hit(get("/file")).await;
    edge.origin().await.answer(part("bytes 0-4/10", &[], "01234"));
    edge.settle().await;
    let whole = edge.hit(get("/file")).await;
    assert_eq!((whole.status, whole.body()), (200, "0123456789"));
}

#[tokio::test(start_paused = true)]
async fn parts_in_two_codings_are_not_mixed() {
    // One tag for both, and no Vary: Next.js does that.
    let mut edge = half(&[("content-encoding", "gzip")]).await;
    let pending = edge.send(get("/file"));
    edge.origin().await.answer(part("bytes 5-9/10", &[], "fghij"));
    edge.origin().await.answer(says("max-age=60", &[("etag", "\"a\"")], "abcdefghij"));
    assert_eq!(got(pending).await.body(), "abcdefghij");
}

#[tokio::test(start_paused = true)]
async fn what_is_withheld_of_the_newer_part_is_withheld_of_both() {
    let mut edge = half(&[("x-user", "ada")]).await;
    let rest = [("cache-control", "private=\"x-user\""), ("x-user", "bob")];
    edge.miss(range("bytes=5-9"), part("bytes 5-9/10", &rest, "56789")).await;
    let whole = edge.hit(get("/file")).await;
    assert_eq!((whole.body(), whole.header("x-user")), ("0123456789", ""));
}

#[tokio::test(start_paused = true)]
async fn only_a_post_that_succeeded_and_says_for_how_long_is_for_gets() {
    let own = ("content-location", "/a");
    let old = ("last-modified", "Thu, 01 Jan 2015 00:00:00 GMT");
    for (status, fields) in [
        (200, vec![own, old]),
        (200, vec![own, old, ("cache-control", "public")]),
        (404, vec![own, ("cache-control", "max-age=60")]),
        (400, vec![own, ("cache-control", "max-age=60")]),
    ] {
        let mut edge = Edge::strict();
        let said = edge.miss(request("POST", "/a", &[]), answer(status, &fields, "no")).await;
        assert_eq!(said.story(), "fwd=method", "{status} {fields:?}");
        edge.miss(get("/a"), says("max-age=60", &[], "asked for")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_post_that_another_overtook_is_not_stored() {
    let mut edge = Edge::strict();
    let (own, post) = ([("content-location", "/a")], || request("POST", "/a", &[]));
    let slow = edge.send(post());
    let first = edge.origin().await;
    edge.miss(post(), answer(200, &[], "done")).await;
    first.answer(says("max-age=60", &own, "old"));
    assert_eq!(got(slow).await.body(), "old");
    edge.settle().await;
    edge.miss(get("/a"), says("max-age=60", &[], "new")).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_no_part_is_not_said_to_be_stored() {
    for told in ["4-9", "lines 0-4/10", "bytes 0-4/3"] {
        let mut edge = Edge::strict();
        let first = edge.miss(range("bytes=0-4"), part(told, &[], "01234")).await;
        assert_eq!(first.story(), "fwd=uri-miss; detail=range", "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rest_that_is_not_selected_alike_makes_no_page_for_everybody() {
    let mut edge = Edge::strict();
    let of = |cookie: &'static str, range: Option<&'static str>| {
        let mut asked = get_with("/file", &[("cookie", cookie)]);
        if let Some(range) = range {
            asked.headers_mut().insert("range", range.parse().unwrap());
        }
        asked
    };
    let vary = [("vary", "cookie")];
    edge.miss(of("ada", Some("bytes=0-4")), part("bytes 0-4/10", &vary, "01234")).await;
    let pending = edge.send(of("ada", None));
    edge.origin().await.answer(part("bytes 5-9/10", &[], "56789"));
    edge.origin().await.answer(says("max-age=60", &vary, "0123456789"));
    assert_eq!(got(pending).await.body(), "0123456789");
    edge.settle().await;
    edge.miss(of("bob", None), says("max-age=60", &vary, "bob's")).await;
}

#[tokio::test(start_paused = true)]
async fn the_condition_comes_before_the_part_also_where_a_part_is_stored() {
    let mut edge = half(&[]).await;
    let fields = [("range", "bytes=0-4"), ("if-none-match", "\"a\"")];
    let unchanged = edge.hit(get_with("/file", &fields)).await;
    assert_eq!((unchanged.status, unchanged.header("content-range")), (304, ""));
}

#[tokio::test(start_paused = true)]
async fn several_parts_that_are_large_are_not_copied_for_each_visitor() {
    let mut edge = Edge::new();
    let large: &'static str = Box::leak("x".repeat(1 << 20).into_boxed_str());
    edge.miss(get("/file"), says("s-maxage=60", &[], large)).await;
    assert_eq!(edge.hit(range("bytes=0-499999, 500002-999999")).await.status, 200);
    assert_eq!(edge.hit(range("bytes=0-99999, 500002-599999")).await.status, 206);
    assert_eq!(edge.hit(range("bytes=0-999998")).await.status, 206);
}

#[tokio::test(start_paused = true)]
async fn max_stale_widens_max_age_by_no_more_than_it_says() {
    let asks = |wish: &'static str| get_with("/a", &[("cache-control", wish)]);
    let mut edge = Edge::strict();
    edge.miss(get("/a"), says("max-age=60", &[], "one")).await;
    edge.advance(50);
    assert_eq!(edge.hit(asks("max-age=40, max-stale=10")).await.body(), "one");
    edge.miss(asks("max-age=5, max-stale=1"), says("max-age=60", &[], "two")).await;
}

#[tokio::test(start_paused = true)]
async fn a_part_that_nothing_goes_with_makes_way_for_the_whole() {
    let mut edge = Edge::strict();
    edge.miss(range("bytes=0-4"), part("bytes 0-4/10", &[("etag", "W/\"b\"")], "01234")).await;
    let pending = edge.send(get("/file"));
    edge.origin().await.answer(part("bytes 5-9/10", &[("etag", "W/\"b\"")], "56789"));
    edge.origin().await.answer(says("max-age=60", &[], "0123456789"));
    assert_eq!(got(pending).await.story(), "fwd=partial; stored");
    edge.settle().await;
    assert_eq!(edge.hit(get("/file")).await.body(), "0123456789");
}

#[tokio::test(start_paused = true)]
async fn what_a_head_says_beside_a_cookie_is_for_one_visitor() {
    let mut edge = Edge::new();
    let tag = ("etag", "\"a\"");
    edge.miss(get("/a"), says("s-maxage=10", &[tag, ("x-user", "nobody")], "page")).await;
    edge.advance(11);
    let his = [tag, ("set-cookie", "session=ada"), ("x-user", "ada")];
    edge.miss(request("HEAD", "/a", &[]), says("s-maxage=10", &his, "")).await;
    let next =
        edge.miss(get("/a"), answer(304, &[tag, ("cache-control", "s-maxage=10")], "")).await;
    assert_eq!((next.body(), next.header("x-user")), ("page", "nobody"));
}
