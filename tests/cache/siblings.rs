//! A page's document and its payloads are renewed together.

use http::Response;
use selvedge::body::Body;

use super::support::*;

const ISR: &str = "s-maxage=10, stale-while-revalidate=600";

fn payload(path: &str) -> http::Request<Body> {
    get_with(path, &[("rsc", "1")])
}

fn flight(body: &'static str) -> Response<Body> {
    let mut response = page(ISR, body);
    response.headers_mut().insert("content-type", "text/x-component".parse().unwrap());
    response
}

/// The document is stored 5 s before the payload.
async fn with_both() -> Edge {
    let mut edge = Edge::new();
    edge.miss(get("/a"), page(ISR, "document 1")).await;
    edge.advance(5);
    edge.miss(payload("/a"), flight("payload 1")).await;
    edge.miss(payload("/b"), flight("another page")).await;
    edge.advance(6);
    edge
}

/// Asks for what is too old, so that it is renewed behind with this.
async fn renew(edge: &mut Edge, request: http::Request<Body>, old: &str, new: Response<Body>) {
    assert_eq!(edge.hit(request).await.body(), old);
    edge.origin().await.answer(new);
    edge.settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_new_document_makes_the_payload_of_the_old_one_stale() {
    let mut edge = with_both().await;
    assert_eq!(edge.hit(payload("/a")).await.story(), "hit; ttl=4");
    edge.origin_is_left_alone().await;
    renew(&mut edge, get("/a"), "document 1", page(ISR, "document 2")).await;
    renew(&mut edge, payload("/a"), "payload 1", flight("payload 2")).await;
    assert_eq!(edge.hit(payload("/a")).await.body(), "payload 2");
    assert_eq!(edge.hit(payload("/b")).await.body(), "another page");
    // It was renewed because the document was, which is not renewed for it again.
    for _ in 0..3 {
        assert_eq!(edge.hit(get("/a")).await.body(), "document 2");
        assert_eq!(edge.hit(payload("/a")).await.body(), "payload 2");
    }
    edge.origin_is_left_alone().await;
}

#[tokio::test(start_paused = true)]
async fn each_period_costs_one_question_for_each_though_no_two_answers_are_alike() {
    let mut edge = with_both().await;
    let mut asked = 0;
    for second in 0..100 {
        edge.advance(1);
        for request in [get("/a"), payload("/a")] {
            let is_payload = request.headers().contains_key("rsc");
            edge.hit(request).await;
            while edge.waiting_at_the_origin().await > 0 {
                asked += 1;
                let body: &'static str = format!("{second} {asked}").leak();
                let answer = if is_payload { flight(body) } else { page(ISR, body) };
                edge.origin().await.answer(answer);
                edge.settle().await;
            }
        }
    }
    assert!((18..=22).contains(&asked), "asked {asked} times in ten periods");
}

#[tokio::test(start_paused = true)]
async fn what_is_the_same_again_or_depends_on_the_request_makes_nothing_stale() {
    let mut edge = with_both().await;
    renew(&mut edge, get("/a"), "document 1", answer(304, &[("etag", "\"v1\"")], "")).await;
    assert_eq!(edge.hit(payload("/a")).await.story(), "hit; ttl=4");
    edge.origin_is_left_alone().await;

    let mut edge = Edge::new();
    let dynamic = |body| {
        let kind = ("content-type", "text/html");
        answer(200, &[("cache-control", ISR), kind], body)
    };
    edge.miss(get("/search?q=1"), dynamic("one")).await;
    edge.advance(5);
    edge.miss(get("/search?q=2"), dynamic("two")).await;
    edge.advance(6);
    renew(&mut edge, get("/search?q=1"), "one", dynamic("one again")).await;
    assert_eq!(edge.hit(get("/search?q=2")).await.story(), "hit; ttl=4");
    edge.origin_is_left_alone().await;
}
