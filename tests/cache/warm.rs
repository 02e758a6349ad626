//! What the edge asks for itself after a deploy.

use std::time::Duration;

use selvedge::config::{Config, WarmConfig};
use selvedge::layer::shed::Waiting;
use selvedge::metrics::Form;
use selvedge::next::manifest::{Found, Manifest};
use selvedge::warm::{Warming, Way};

use super::support::*;

const ISR: &str = "s-maxage=3600, stale-while-revalidate=60";
const NO_STORE: &str = "private, no-cache, no-store, max-age=0, must-revalidate";

/// A build of which these pages are rendered ahead.
const BUILD: [(&str, &str); 3] = [
    ("BUILD_ID", "a"),
    ("routes-manifest.json", r#"{"basePath": "", "deploymentId": "d1"}"#),
    ("prerender-manifest.json", r#"{"routes": {"/": {}, "/blog/a": {}, "/never": {}}}"#),
];

fn edge() -> Edge {
    Edge::knowing(&BUILD, &Config::default())
}

/// The same, built again.
fn second_build() -> Manifest {
    let find = |file: &'static str| match BUILD.iter().find(|(known, _)| *known == file) {
        Some((_, text)) => Found::Text(text.replace("d1", "d2").replace("/never", "/brand-new")),
        None => Found::Nothing,
    };
    Manifest::read(find).0
}

fn begin(edge: &Edge, config: WarmConfig) -> tokio::task::JoinHandle<()> {
    let way = Way::default();
    way.open(edge.cache.clone());
    let warming = Warming {
        config,
        way,
        store: edge.store.clone(),
        application: edge.application.clone(),
        base_path: String::new(),
        waiting: Waiting::default(),
        metrics: edge.metrics.clone(),
    };
    tokio::spawn(warming.run(std::future::ready(())))
}

/// One at a time, so that the order is seen.
fn slowly() -> WarmConfig {
    WarmConfig { after_deploy: true, concurrency: 1, ..WarmConfig::default() }
}

fn payload(body: &'static str) -> http::Response<selvedge::body::Body> {
    let kind = ("content-type", "text/x-component");
    answer(200, &[("cache-control", ISR), ("x-nextjs-prerender", "1"), kind], body)
}

/// An answer that says which deployment it is of.
fn of(id: &str, body: &'static str) -> http::Response<selvedge::body::Body> {
    let mut payload = payload(body);
    payload.headers_mut().insert("x-nextjs-deployment-id", id.parse().unwrap());
    payload
}

/// As the router asks.
fn rsc(path: &str) -> http::Request<selvedge::body::Body> {
    get_with(&format!("{path}?_rsc=1a2b"), &[("rsc", "1")])
}

/// What is asked for next: the path, and whether for a payload.
async fn asked_for(edge: &mut Edge, body: &'static str) -> (String, bool) {
    let exchange = edge.origin().await;
    let is_payload = exchange.header("rsc") == Some("1");
    let uri = exchange.request.uri();
    let path = uri.path().to_owned();
    assert_eq!(exchange.header("host"), Some("example.org"), "{path}");
    assert!(!is_payload || uri.query().is_some_and(|query| query.ends_with("_rsc")), "{uri}");
    exchange.answer(if is_payload { payload(body) } else { page(ISR, body) });
    edge.settle().await;
    (path, is_payload)
}

/// Lets the clock of waits go on.
async fn later(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn after_a_deploy_the_most_visited_pages_are_there_before_their_visitors() {
    let mut edge = edge();
    edge.miss(get("/"), page(ISR, "old")).await;
    edge.miss(get("/blog/a"), page(ISR, "old")).await;
    let kind = ("content-type", "text/html");
    edge.miss(get("/hot?q=1"), answer(200, &[("cache-control", ISR), kind], "old")).await;
    edge.miss(rsc("/hot"), of("d1", "old")).await;
    edge.miss(get("/_next/static/a.js"), answer(200, &[("content-type", "text/javascript")], "a"))
        .await;
    for (path, visits) in [("/blog/a", 3), ("/hot?q=1", 5)] {
        for _ in 0..visits {
            edge.hit(get(path)).await;
        }
    }
    let _warming = begin(&edge, slowly());
    // All is there but what nobody has asked for.
    assert_eq!(asked_for(&mut edge, "first").await, ("/never".into(), false));
    later(60).await;
    edge.origin_is_left_alone().await;
    edge.miss(rsc("/other"), of("d2", "of the new one")).await;
    for expected in ["/hot", "/blog/a", "/", "/never"] {
        assert_eq!(asked_for(&mut edge, "new").await, (expected.into(), false));
    }
    // Then the payloads that had been asked for.
    assert_eq!(asked_for(&mut edge, "new").await, ("/hot".into(), true));
    // The server is there before its files are read.
    later(3).await;
    edge.origin_is_left_alone().await;
    edge.application.set_manifest(second_build());
    assert_eq!(asked_for(&mut edge, "new").await, ("/brand-new".into(), false));
    later(60).await;
    edge.origin_is_left_alone().await;
    let pages = ["/hot?q=1", "/blog/a", "/", "/never", "/brand-new"].map(get);
    for request in pages.into_iter().chain([rsc("/hot")]) {
        assert_eq!(edge.hit(request).await.body(), "new");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_site_it_waits_for_the_first_visitor_and_takes_his() {
    let mut edge = edge();
    let _warming = begin(&edge, slowly());
    later(600).await;
    edge.origin_is_left_alone().await;
    edge.miss(get("/blog/a"), page(ISR, "a")).await;
    for path in ["/", "/never"] {
        assert_eq!(asked_for(&mut edge, "warm").await, (path.into(), false));
    }
    assert_eq!(edge.hit(get("/never")).await.body(), "warm");
}

#[tokio::test(start_paused = true)]
async fn a_site_is_warmed_at_the_start_and_what_may_not_be_kept_is_counted() {
    let mut edge = edge();
    let site = Some("http://example.org".into());
    let _warming = begin(&edge, WarmConfig { site, ..slowly() });
    assert_eq!(asked_for(&mut edge, "warm").await, ("/".into(), false));
    let exchange = edge.origin().await;
    exchange.answer(answer(200, &[("cache-control", NO_STORE)], "dynamic"));
    edge.origin().await.answer(answer(404, &[("cache-control", NO_STORE)], "gone"));
    edge.settle().await;
    let page = edge.metrics.page(Form::of(None), &edge.store);
    for line in [
        "selvedge_warmed_total{result=\"stored\"} 1",
        "selvedge_warmed_total{result=\"not-stored\"} 1",
        "selvedge_warmed_total{result=\"failed\"} 1",
    ] {
        assert!(page.contains(line), "{line} is not in\n{page}");
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_as_gentle_as_it_is_told_and_leaves_an_origin_in_trouble_alone() {
    let mut edge = edge();
    for path in ["/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8", "/9"] {
        edge.miss(get(path), page(ISR, "old")).await;
    }
    let config = WarmConfig { concurrency: 2, rate: 1000, ..WarmConfig::default() };
    edge.miss(rsc("/x"), of("d1", "old")).await;
    edge.miss(rsc("/y"), of("d2", "new")).await;
    let warming = begin(&edge, config);
    later(30).await;
    assert_eq!(edge.waiting_at_the_origin().await, 2);
    let mut asked = 0;
    loop {
        let next = tokio::time::timeout(Duration::from_secs(60), edge.origin()).await;
        let Ok(exchange) = next else { break };
        exchange.answer(answer(503, &[], ""));
        asked += 1;
    }
    assert!((5..=7).contains(&asked), "{asked} of 10");
    warming.abort();
}

#[tokio::test(start_paused = true)]
async fn it_stops_with_the_edge_and_begins_anew_with_the_next_deploy() {
    let mut edge = edge();
    edge.miss(rsc("/x"), of("d1", "old")).await;
    edge.miss(get("/"), page(ISR, "old")).await;
    edge.miss(rsc("/y"), of("d2", "new")).await;
    let warming = begin(&edge, slowly());
    let first = edge.origin().await;
    assert!(!first.is_abandoned());
    // Nobody waits for the answer of the deployment before any more.
    edge.miss(rsc("/z"), of("d3", "newer")).await;
    later(5).await;
    assert!(first.is_abandoned());
    let second = edge.origin().await;
    assert_eq!(second.request.uri().path(), "/");
    warming.abort();
    later(5).await;
    assert!(second.is_abandoned());
    later(60).await;
    edge.origin_is_left_alone().await;
}
