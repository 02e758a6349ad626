//! Parts that are stored, and what becomes of them.

use super::support::*;

fn part(range: &str, tag: &str, body: &'static str) -> http::Response<selvedge::body::Body> {
    let fields = [("cache-control", "max-age=60"), ("content-range", range), ("etag", tag)];
    answer(206, &fields, body)
}

fn range(value: &str) -> http::Request<selvedge::body::Body> {
    get_with("/file", &[("range", value)])
}

async fn stored(range_of: &str, body: &'static str) -> Edge {
    let mut edge = Edge::strict();
    let first = edge.miss(range("bytes=0-4"), part(range_of, "\"a\"", body)).await;
    assert_eq!(first.story(), "fwd=uri-miss; stored; detail=range");
    edge
}

#[tokio::test(start_paused = true)]
async fn a_stored_part_answers_for_what_lies_within_and_for_nothing_else() {
    let mut edge = stored("bytes 0-4/10", "01234").await;
    for (asked, body, told) in
        [("bytes=0-4", "01234", "bytes 0-4/10"), ("bytes=1-2", "12", "bytes 1-2/10")]
    {
        let got = edge.hit(range(asked)).await;
        assert_eq!((got.status, got.body(), got.header("content-range")), (206, body, told));
    }
    let apart = edge.miss(range("bytes=7-8"), part("bytes 7-8/10", "\"a\"", "78")).await;
    assert_eq!((apart.body(), apart.story()), ("78", "fwd=partial; stored; detail=range"));
}

#[tokio::test(start_paused = true)]
async fn the_rest_is_asked_for_and_the_page_is_whole_from_then_on() {
    let mut edge = stored("bytes 0-4/10", "01234").await;
    let pending = edge.send(get("/file"));
    let rest = edge.origin().await;
    assert_eq!((rest.header("range"), rest.header("if-range")), (Some("bytes=5-"), Some("\"a\"")));
    rest.answer(part("bytes 5-9/10", "\"a\"", "56789"));
    let whole = got(pending).await;
    assert_eq!((whole.status, whole.body()), (200, "0123456789"));
    assert_eq!(whole.header("content-length"), "10");
    assert_eq!(whole.header("content-range"), "");
    assert_eq!(whole.story(), "fwd=partial; fwd-status=206; ttl=60; stored");
    edge.settle().await;
    assert_eq!(edge.hit(get("/file")).await.body(), "0123456789");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_has_changed_meanwhile_is_never_mixed_with_its_old_part() {
    let mut edge = stored("bytes 0-4/10", "01234").await;
    // An origin that ignores If-Range.
    let pending = edge.send(get("/file"));
    edge.origin().await.answer(part("bytes 5-9/10", "\"b\"", "fghij"));
    let again = edge.origin().await;
    assert_eq!(again.header("range"), None, "the whole is asked for");
    again.answer(answer(200, &[("cache-control", "max-age=60"), ("etag", "\"b\"")], "abcdefghij"));
    assert_eq!(got(pending).await.body(), "abcdefghij");

    let mut edge = stored("bytes 0-4/10", "01234").await;
    let fields = [("cache-control", "max-age=60"), ("etag", "\"b\"")];
    let whole = edge.miss(get("/file"), answer(200, &fields, "abcdefghij")).await;
    assert_eq!((whole.status, whole.body()), (200, "abcdefghij"));
    assert_eq!(edge.hit(get("/file")).await.body(), "abcdefghij");
}

#[tokio::test(start_paused = true)]
async fn parts_that_touch_become_one() {
    let mut edge = stored("bytes 0-4/10", "01234").await;
    edge.miss(range("bytes=5-7"), part("bytes 5-7/10", "\"a\"", "567")).await;
    let got = edge.hit(range("bytes=3-6")).await;
    assert_eq!((got.body(), got.header("content-range")), ("3456", "bytes 3-6/10"));
}

#[tokio::test(start_paused = true)]
async fn a_malformed_part_is_passed_on_and_poisons_nothing() {
    for (told, body) in [("bytes 4-9/10", "01234"), ("bytes 0-4/3", "01234"), ("4-9", "01234")] {
        let mut edge = Edge::strict();
        let first = edge.miss(range("bytes=0-4"), part(told, "\"a\"", body)).await;
        assert_eq!((first.status, first.body()), (206, body));
        edge.miss(range("bytes=0-4"), part("bytes 0-4/10", "\"a\"", "01234")).await;
    }
    let mut edge = Edge::strict();
    let whole = answer(200, &[("cache-control", "max-age=60"), ("etag", "\"a\"")], "0123456789");
    let held = edge.send(range("bytes=0-4"));
    let late = edge.origin().await;
    edge.miss(get("/file"), whole).await;
    late.answer(part("bytes 0-4/10", "\"a\"", "xxxxx"));
    got(held).await;
    edge.settle().await;
    assert_eq!(edge.hit(get("/file")).await.body(), "0123456789", "what is whole stays");
}

#[tokio::test(start_paused = true)]
async fn by_default_no_part_is_stored() {
    let mut edge = Edge::new();
    for _ in 0..2 {
        edge.miss(range("bytes=0-4"), part("bytes 0-4/10", "\"a\"", "01234")).await;
    }
}
