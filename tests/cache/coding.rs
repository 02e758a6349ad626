//! What is compressed, once, and who gets it.

use std::sync::LazyLock;
use std::time::Duration;

use selvedge::config::{CompressionConfig, Config};

use super::support::*;

const CHROME: (&str, &str) = ("accept-encoding", "gzip, deflate, br, zstd");
const SAFARI: (&str, &str) = ("accept-encoding", "gzip, deflate, br");
const CURL: (&str, &str) = ("accept-encoding", "gzip");

static PAGE: LazyLock<String> = LazyLock::new(|| {
    (0..400).map(|number| format!("<li class=\"item\">{}</li>\n", number * number)).collect()
});

static OTHER: LazyLock<String> = LazyLock::new(|| PAGE.replace("item", "thing"));

fn long_page() -> Response {
    page("s-maxage=10", &PAGE)
}

type Response = http::Response<selvedge::body::Body>;

/// Asks until the answer is as it should be: codings are made in threads that no test drives.
async fn until(edge: &mut Edge, asked: (&str, &str), is_right: impl Fn(&Got) -> bool) -> Got {
    let mut tries = 0;
    loop {
        let got = edge.hit(get_with("/isr", &[asked])).await;
        if is_right(&got) {
            return got;
        }
        tries += 1;
        assert!(tries < 30_000, "it never came: {:?}", got.headers);
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

async fn until_coded(edge: &mut Edge, asked: (&str, &str), coding: &str) -> Got {
    until(edge, asked, |got| got.header("content-encoding") == coding).await
}

#[tokio::test(start_paused = true)]
async fn the_origin_is_asked_once_for_identity_and_each_client_gets_what_it_takes() {
    let mut edge = Edge::new();
    let first = edge.send(get_with("/isr", &[CHROME]));
    let exchange = edge.origin().await;
    assert_eq!(exchange.header("accept-encoding"), Some("identity"));
    exchange.answer(long_page());
    let first = got(first).await;
    assert_eq!((first.header("content-encoding"), first.body()), ("zstd", PAGE.as_str()));
    edge.settle().await;

    let plain = edge.hit(get("/isr")).await;
    assert_eq!((plain.header("content-encoding"), plain.body()), ("", PAGE.as_str()));
    assert_eq!(plain.length.to_string(), plain.header("content-length"));
    for (client, coding) in [(CHROME, "br"), (SAFARI, "br"), (CURL, "gzip")] {
        let coded = until_coded(&mut edge, client, coding).await;
        assert_eq!(coded.body(), PAGE.as_str(), "{coding}");
        assert_eq!(coded.length.to_string(), coded.header("content-length"), "{coding}");
        assert!(coded.length * 2 < PAGE.len(), "{coding}: {}", coded.length);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_coding() {
    let mut edge = Edge::new();
    edge.miss(get("/isr"), long_page()).await;
    let early = edge.hit(get_with("/isr", &[CURL])).await;
    assert_eq!((early.status, early.body()), (200, PAGE.as_str()));
    until_coded(&mut edge, CURL, "gzip").await;
    // Its own is not made yet, and this one it takes too.
    let chrome = edge.hit(get_with("/isr", &[CHROME])).await;
    assert_ne!(chrome.header("content-encoding"), "");
}

#[tokio::test(start_paused = true)]
async fn what_came_coded_to_the_first_is_kept_for_the_next() {
    let mut edge = Edge::new();
    let first = edge.miss(get_with("/isr", &[CURL]), long_page()).await;
    let next = edge.hit(get_with("/isr", &[CURL])).await;
    assert_eq!(next.header("content-encoding"), "gzip");
    assert_eq!((first.length, first.header("content-length")), (next.length, ""));
}

#[tokio::test(start_paused = true)]
async fn those_who_take_other_codings_follow_the_same_fetch() {
    let mut edge = Edge::new();
    let clients: Vec<_> = [CHROME, SAFARI, CURL, CURL, ("accept-encoding", "identity")]
        .into_iter()
        .map(|client| edge.send(get_with("/isr", &[client])))
        .collect();
    edge.origin().await.answer(long_page());
    let mut codings = Vec::new();
    for client in clients {
        let got = got(client).await;
        assert_eq!(got.body(), PAGE.as_str());
        codings.push(got.header("content-encoding").to_owned());
    }
    assert_eq!(codings, ["zstd", "gzip", "gzip", "gzip", ""]);
    edge.origin_is_left_alone().await;
}

#[tokio::test(start_paused = true)]
async fn a_page_that_streams_does_not_stand_still_in_the_encoder() {
    for (cache_control, story) in [("s-maxage=10", "stored"), ("no-store", "no-store")] {
        for client in [CHROME, CURL, ("accept-encoding", "br")] {
            let mut edge = Edge::new();
            let pending = edge.send(get_with("/slow", &[client]));
            let head = http::Response::builder()
                .header("cache-control", cache_control)
                .header("content-type", "text/html");
            let pieces = edge.origin().await.answer_slowly(head);
            let response = pending.await.unwrap().unwrap();
            assert!(response.headers().contains_key("content-encoding"), "{client:?}");
            let told = response.headers()["cache-status"].to_str().unwrap();
            assert!(told.contains(story), "{told}");
            let mut reading = Reading::of(response);
            for (piece, all) in [("<h1>first", "<h1>first"), ("second", "<h1>firstsecond")] {
                pieces.send(piece);
                assert_eq!(reading.more().await, all, "{client:?} {cache_control}");
            }
            drop(pieces);
            assert_eq!(reading.rest().await.as_deref(), Some("<h1>firstsecond"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_coded_body_breaks_off_with_its_source() {
    for cache_control in ["s-maxage=10", "no-store"] {
        let mut edge = Edge::new();
        let pending = edge.send(get_with("/slow", &[CHROME]));
        let head = http::Response::builder()
            .header("cache-control", cache_control)
            .header("content-type", "text/html");
        let pieces = edge.origin().await.answer_slowly(head);
        let mut reading = Reading::of(pending.await.unwrap().unwrap());
        pieces.send("half");
        reading.more().await;
        pieces.break_off();
        assert_eq!(reading.rest().await, None, "{cache_control}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_for_one_alone_is_coded_too() {
    let mut edge = Edge::new();
    let fields = [
        ("cache-control", "private, no-store"),
        ("content-type", "text/html"),
        ("etag", "\"p\""),
        ("content-length", "11"),
    ];
    let small = edge.miss(get_with("/me", &[CHROME]), answer(200, &fields, "hello, you!")).await;
    assert_eq!((small.header("content-encoding"), small.header("etag")), ("", "\"p\""));
    let large = answer(200, &fields[..3], &PAGE);
    let large = edge.miss(get_with("/me", &[CHROME]), large).await;
    assert_eq!((large.header("content-encoding"), large.header("etag")), ("zstd", "W/\"p\""));
    assert_eq!((large.body(), large.header("vary")), (PAGE.as_str(), "Accept-Encoding"));
    let plain = edge.miss(get("/me"), answer(200, &fields[..3], &PAGE)).await;
    assert_eq!((plain.header("content-encoding"), plain.header("etag")), ("", "\"p\""));
    assert_eq!(plain.header("vary"), "Accept-Encoding");
}

#[tokio::test(start_paused = true)]
async fn what_gains_nothing_or_is_forbidden_stays_as_it_is() {
    for (name, extra) in [
        ("a picture", &[("content-type", "image/webp")][..]),
        ("a font", &[("content-type", "font/woff2")]),
        ("a stream of events", &[("content-type", "text/event-stream")]),
        ("of no known kind", &[]),
        ("no-transform", &[("content-type", "text/html"), ("cache-control", "no-transform")]),
        ("coded otherwise", &[("content-type", "text/html"), ("content-encoding", "x-own")]),
        ("small", &[("content-type", "text/html"), ("content-length", "1000")]),
    ] {
        let mut edge = Edge::new();
        let mut fields = vec![("cache-control", "s-maxage=10"), ("etag", "\"a\"")];
        fields.extend(extra);
        let body = if name == "small" { &PAGE[..1000] } else { &PAGE };
        let coding = extra.iter().find(|(name, _)| *name == "content-encoding");
        let coding = coding.map_or("", |(_, coding)| coding);
        let miss = edge.miss(get_with("/isr", &[CHROME]), answer(200, &fields, body)).await;
        let hit = edge.hit(get_with("/isr", &[CHROME])).await;
        for got in [miss, hit] {
            assert_eq!(
                (got.header("content-encoding"), got.header("etag")),
                (coding, "\"a\""),
                "{name}"
            );
            assert_eq!((got.body(), got.header("vary")), (body, ""), "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_origin_codes_all_the_same_is_kept_as_it_is() {
    let mut edge = Edge::new();
    let coded = |body| {
        let fields = [
            ("cache-control", "s-maxage=10"),
            ("content-type", "text/html"),
            ("content-encoding", "x-own"),
            ("vary", "accept-encoding"),
        ];
        answer(200, &fields, body)
    };
    edge.miss(get_with("/isr", &[CHROME]), coded("for chrome")).await;
    edge.miss(get_with("/isr", &[CURL]), coded("for curl")).await;
    assert_eq!(edge.hit(get_with("/isr", &[CHROME])).await.body(), "for chrome");
    assert_eq!(edge.hit(get_with("/isr", &[CURL])).await.body(), "for curl");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_has_a_coded_page_gets_a_304_for_it() {
    let mut edge = Edge::new();
    edge.miss(get_with("/isr", &[CURL]), long_page()).await;
    let coded = edge.hit(get_with("/isr", &[CURL])).await;
    assert_eq!(coded.header("etag"), "W/\"v1\"");
    for tag in ["W/\"v1\"", "\"v1\""] {
        for (client, own) in [(CURL, "W/\"v1\""), (("accept-encoding", "identity"), "\"v1\"")] {
            let got = edge.hit(get_with("/isr", &[client, ("if-none-match", tag)])).await;
            assert_eq!((got.status, got.header("etag"), got.length), (304, own, 0));
            assert_eq!(got.header("vary"), VARY_16);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn parts_are_of_identity_alone() {
    let mut edge = Edge::new();
    edge.miss(get_with("/isr", &[CURL]), long_page()).await;
    let part = edge.hit(get_with("/isr", &[CURL, ("range", "bytes=0-3")])).await;
    assert_eq!((part.status, part.body(), part.header("etag")), (206, "<li ", "\"v1\""));
    assert_eq!(part.header("content-encoding"), "");
    let fields = [CURL, ("range", "bytes=0-3"), ("if-range", "W/\"v1\"")];
    let whole = edge.hit(get_with("/isr", &fields)).await;
    assert_eq!((whole.status, whole.body(), whole.header("etag")), (200, PAGE.as_str(), "\"v1\""));
}

#[tokio::test(start_paused = true)]
async fn head_tells_of_the_coded_page() {
    let mut edge = Edge::new();
    edge.miss(get_with("/isr", &[CURL]), long_page()).await;
    let get = edge.hit(get_with("/isr", &[CURL])).await;
    let head = edge.hit(request("HEAD", "/isr", &[CURL])).await;
    assert_eq!((head.status, head.length), (200, 0));
    for name in ["content-encoding", "content-length", "etag", "vary"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_refuses_identity_gets_a_coding_as_soon_as_there_is_one() {
    let mut edge = Edge::new();
    let picky = ("accept-encoding", "gzip, identity;q=0");
    let first = edge.miss(get_with("/isr", &[picky]), long_page()).await;
    assert_eq!(first.header("content-encoding"), "gzip");
    assert_eq!(edge.hit(get_with("/isr", &[picky])).await.header("content-encoding"), "gzip");
    // There is nothing that he takes: better this than a 406.
    let lost = edge.hit(get_with("/isr", &[("accept-encoding", "identity;q=0, *;q=0")])).await;
    assert_eq!((lost.status, lost.body()), (200, PAGE.as_str()));
}

#[tokio::test(start_paused = true)]
async fn a_304_keeps_the_codings_and_new_content_has_its_own() {
    let mut edge = Edge::new();
    edge.miss(get_with("/isr", &[CURL]), long_page()).await;
    edge.advance(11);
    let pending = edge.send(get_with("/isr", &[CURL]));
    let exchange = edge.origin().await;
    assert_eq!(exchange.header("if-none-match"), Some("\"v1\""));
    assert_eq!(exchange.header("accept-encoding"), Some("identity"));
    exchange.answer(answer(304, &[("etag", "\"v1\""), ("cache-control", "s-maxage=10")], ""));
    assert_eq!(got(pending).await.header("content-encoding"), "gzip");
    edge.settle().await;
    let kept = edge.hit(get_with("/isr", &[CURL])).await;
    assert_eq!((kept.header("content-encoding"), kept.body()), ("gzip", PAGE.as_str()));
    assert_eq!(kept.header("etag"), "W/\"v1\"");

    edge.advance(11);
    edge.miss(get("/isr"), page("s-maxage=10", &OTHER)).await;
    assert_eq!(edge.hit(get_with("/isr", &[CURL])).await.body(), OTHER.as_str());
    assert_eq!(until_coded(&mut edge, CURL, "gzip").await.body(), OTHER.as_str());
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_hot_becomes_as_small_as_it_gets() {
    let mut edge = Edge::new();
    edge.miss(get("/isr"), long_page()).await;
    let quick = until_coded(&mut edge, SAFARI, "br").await.length;
    until(&mut edge, SAFARI, |got| got.length < quick).await;
    assert_eq!(edge.hit(get_with("/isr", &[CHROME])).await.body(), PAGE.as_str());
}

#[tokio::test(start_paused = true)]
async fn codings_count_in_the_memory_that_the_store_takes() {
    let mut edge = Edge::new();
    edge.miss(get("/isr"), long_page()).await;
    let plain = edge.store.weight();
    let gzip = until_coded(&mut edge, CURL, "gzip").await.length as u64;
    // The coding is seen a moment before it is weighed.
    let store = edge.store.clone();
    until(&mut edge, CURL, |_| store.weight() >= plain + gzip).await;
    assert_eq!(edge.store.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn switched_off_all_is_as_the_origin_has_it() {
    let compression = CompressionConfig { enabled: false, ..CompressionConfig::default() };
    let mut edge = Edge::of(&Config { compression, ..Config::default() });
    let pending = edge.send(get_with("/isr", &[CHROME]));
    let exchange = edge.origin().await;
    assert_eq!(exchange.header("accept-encoding"), Some("zstd, br, gzip"));
    exchange.answer(long_page());
    assert_eq!(got(pending).await.header("content-encoding"), "");
    edge.settle().await;
    assert_eq!(edge.hit(get_with("/isr", &[CHROME])).await.header("content-encoding"), "");
    assert_eq!(edge.miss(get("/isr"), long_page()).await.story(), "fwd=vary-miss; stored");
}
