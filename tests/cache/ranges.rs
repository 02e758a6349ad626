//! Parts of what is stored whole.

use super::support::*;

const ISR: &str = "s-maxage=10, stale-while-revalidate=60";

async fn stored() -> Edge {
    let mut edge = Edge::new();
    edge.miss(get("/isr"), page(ISR, "0123456789")).await;
    edge
}

fn range(value: &str) -> http::Request<selvedge::body::Body> {
    get_with("/isr", &[("range", value)])
}

#[tokio::test(start_paused = true)]
async fn a_part_of_a_stored_page_is_served_from_it() {
    let mut edge = stored().await;
    for (asked, body, told) in [
        ("bytes=0-1", "01", "bytes 0-1/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=8-99", "89", "bytes 8-9/10"),
    ] {
        let part = edge.hit(range(asked)).await;
        assert_eq!((part.status, part.body(), part.header("content-range")), (206, body, told));
        assert_eq!(part.header("content-length"), body.len().to_string());
        assert_eq!(part.header("etag"), "\"v1\"");
        assert!(part.story().starts_with("hit"), "{}", part.story());
    }
}

#[tokio::test(start_paused = true)]
async fn several_parts_come_in_one_body_with_their_places() {
    let mut edge = stored().await;
    let parts = edge.hit(range("bytes=0-1, 8-9")).await;
    assert_eq!(parts.status, 206);
    let kind = parts.header("content-type");
    let boundary = kind.strip_prefix("multipart/byteranges; boundary=").expect(kind);
    let body = parts.body();
    assert_eq!(body.matches(boundary).count(), 3, "{body}");
    for part in ["Content-Range: bytes 0-1/10\r\n\r\n01", "Content-Range: bytes 8-9/10\r\n\r\n89"] {
        assert!(body.contains(part), "{body}");
    }
    assert_eq!(parts.header("content-length"), body.len().to_string());
    assert_eq!(parts.header("content-range"), "");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_416_and_what_is_no_range_is_ignored() {
    let mut edge = stored().await;
    let beyond = edge.hit(range("bytes=10-")).await;
    assert_eq!((beyond.status, beyond.body()), (416, ""));
    assert_eq!(beyond.header("content-range"), "bytes */10");
    for odd in ["lines=0-1", "bytes=1-0", "bytes=", "bytes=0-1,2-3,x"] {
        assert_eq!(edge.hit(range(odd)).await.status, 200, "{odd}");
    }
    let head = edge.hit(request("HEAD", "/isr", &[("range", "bytes=0-1")])).await;
    assert_eq!((head.status, head.header("content-length")), (200, "10"));
}

#[tokio::test(start_paused = true)]
async fn a_part_is_for_whoever_has_the_rest_of_this_very_page() {
    let mut edge = stored().await;
    for (tag, status) in [("\"v1\"", 206), ("\"v0\"", 200), ("W/\"v1\"", 200)] {
        let fields = [("range", "bytes=0-1"), ("if-range", tag)];
        assert_eq!(edge.hit(get_with("/isr", &fields)).await.status, status, "{tag}");
    }
    let fields = [("range", "bytes=0-1"), ("if-none-match", "\"v1\"")];
    assert_eq!(edge.hit(get_with("/isr", &fields)).await.status, 304, "RFC 9110 section 13.2.2");
}

#[tokio::test(start_paused = true)]
async fn a_part_of_a_stale_page_is_served_and_the_whole_page_renewed() {
    let mut edge = stored().await;
    edge.advance(11);
    let asked = [("range", "bytes=0-1"), ("if-range", "\"v1\"")];
    assert_eq!(edge.hit(get_with("/isr", &asked)).await.status, 206);
    let renewal = edge.origin().await;
    assert_eq!((renewal.header("range"), renewal.header("if-range")), (None, None));
    renewal.answer(page(ISR, "abcdefghij"));
    edge.settle().await;
    assert_eq!(edge.hit(range("bytes=0-1")).await.body(), "ab");
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_for_a_part_while_the_page_comes_goes_his_own_way() {
    let mut edge = Edge::new();
    let leader = edge.send(get("/isr"));
    let whole = edge.origin().await;
    let part = edge.send(range("bytes=0-1"));
    let alone = edge.origin().await;
    assert_eq!(alone.header("range"), Some("bytes=0-1"));
    let fields = [("cache-control", ISR), ("content-range", "bytes 0-1/10"), ("etag", "\"v1\"")];
    alone.answer(answer(206, &fields, "01"));
    let part = got(part).await;
    assert_eq!((part.status, part.body(), part.story()), (206, "01", "fwd=uri-miss; detail=range"));
    whole.answer(page(ISR, "0123456789"));
    assert_eq!(got(leader).await.body(), "0123456789");
    edge.settle().await;
    assert_eq!(edge.hit(get("/isr")).await.body(), "0123456789");
}
