//! Another build behind an edge that runs.

use std::time::Duration;

use http::{Method, Response};
use selvedge::body::Body;
use selvedge::build::look::Looking;
use selvedge::config::Config;
use selvedge::next::builds::SETTLED;

use super::support::*;

const ISR: &str = "s-maxage=3600, stale-while-revalidate=60";
const NO_STORE: &str = "private, no-cache, no-store, max-age=0, must-revalidate";

/// An edge that looks which build answers, each time that the test lets it.
struct Site {
    edge: Edge,
    looks: Edge,
}

impl Site {
    fn new() -> Self {
        Self::looked_at(None)
    }

    fn looked_at(pause_alone: Option<Duration>) -> Self {
        let (edge, looks) = (Edge::new(), Edge::new());
        let way = looks.way();
        let looking = Looking {
            way: move || way.clone(),
            application: edge.application.clone(),
            store: edge.store.clone(),
            metrics: edge.metrics.clone(),
            base_path: String::new(),
            pause: Duration::from_millis(500),
            pause_alone,
        };
        tokio::spawn(looking.run());
        Self { edge, looks }
    }

    /// One in whose store is a page of build `a`, and which knows that.
    async fn of_a() -> Self {
        Self::new().knowing_a().await
    }

    async fn knowing_a(self) -> Self {
        let mut site = self;
        site.edge.settle().await;
        site.edge.miss(get("/"), page(ISR, "a")).await;
        site.is_asked_for_the_page("a").await;
        site.finds("a", "a").await;
        site
    }

    /// The next question is for a page, to learn the name of its build.
    async fn is_asked_for_the_page(&mut self, build: &str) {
        let exchange = self.question().await;
        assert_eq!((exchange.request.method(), exchange.request.uri().path()), (&Method::GET, "/"));
        assert_eq!(exchange.header("accept-encoding"), Some("identity"));
        assert_eq!(exchange.header("host"), Some("example.org"));
        let document = format!(r#"<p>{{\"b\":\"me\"}}</p>[1,"0:{{\"P\":null,\"b\":\"{build}\",\"#);
        exchange.answer(page(ISR, document.leak()));
    }

    /// The next question is for the file of `asked`; `answering` is the build that answers.
    async fn finds(&mut self, asked: &str, answering: &str) {
        let exchange = loop {
            let exchange = self.question().await;
            if exchange.request.uri().path() != "/_next/static/me/_buildManifest.js" {
                break exchange;
            }
            exchange.answer(lacks());
        };
        assert_eq!(exchange.request.method(), Method::HEAD);
        let path = format!("/_next/static/{asked}/_buildManifest.js");
        assert_eq!(exchange.request.uri().path(), path);
        exchange.answer(if asked == answering { has(&[]) } else { lacks() });
        self.edge.settle().await;
    }

    /// The next question, brought about by a visitor.
    async fn question(&mut self) -> Exchange {
        self.looks.settle().await;
        if self.looks.waiting_at_the_origin().await == 0 {
            drop(self.edge.send(get("/")));
        }
        self.looks.origin().await
    }
}

fn has(more: &[(&str, &str)]) -> Response<Body> {
    let script = ("content-type", "application/javascript; charset=UTF-8");
    let fields = [("cache-control", "public, max-age=31536000, immutable"), script];
    answer(200, &[&fields, more].concat(), "")
}

fn lacks() -> Response<Body> {
    answer(404, &[("cache-control", NO_STORE)], "Not Found")
}

#[tokio::test(start_paused = true)]
async fn a_new_build_is_noticed_and_no_page_of_the_old_one_is_served() {
    let mut site = Site::of_a().await;
    let chunk = || get("/_next/static/chunks/a.js");
    site.edge.miss(chunk(), answer(200, &[("content-type", "text/javascript")], "chunk")).await;
    assert_eq!(site.edge.hit(get("/")).await.body(), "a");
    site.finds("a", "a").await;
    assert_eq!(site.edge.hit(get("/")).await.body(), "a");
    site.finds("a", "b").await;
    site.is_asked_for_the_page("b").await;
    site.finds("b", "b").await;
    let told = serde_json::to_value(site.edge.metrics.reading(&site.edge.store)).unwrap();
    let line = &told["recent"]["invalidations"][0];
    assert_eq!(line["what"], "all pages: a new build answers");
    assert_eq!(line["why"], "build b; 1 response");
    assert_eq!(site.edge.miss(get("/"), page(ISR, "b")).await.body(), "b");
    assert_eq!(site.edge.hit(chunk()).await.body(), "chunk");
    for _ in 0..3 {
        site.finds("b", "b").await;
        assert_eq!(site.edge.hit(get("/")).await.body(), "b");
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_origin_is_away_the_old_pages_are_served() {
    let mut site = Site::of_a().await;
    site.question().await.fail();
    site.edge.settle().await;
    site.edge.advance(3600 + 61);
    let pending = site.edge.send(get("/"));
    site.edge.origin().await.fail();
    assert_eq!(got(pending).await.body(), "a");
    // Somebody in between who has nobody behind him.
    for _ in 0..3 {
        site.question().await.answer(answer(404, &[], "default backend"));
        site.question().await.answer(answer(503, &[("cache-control", "no-store")], ""));
        site.question().await.answer(page(ISR, "a page for every path"));
    }
    let pending = site.edge.send(get("/"));
    site.edge.origin().await.fail();
    assert_eq!(got(pending).await.body(), "a");
}

#[tokio::test(start_paused = true)]
async fn two_builds_in_turn_do_not_empty_the_store_in_turn() {
    let mut site = Site::of_a().await;
    site.finds("a", "b").await;
    site.is_asked_for_the_page("b").await;
    site.finds("b", "b").await;
    site.edge.miss(get("/"), page(ISR, "first")).await;
    for _ in 0..5 {
        site.finds("b", "b").await;
        site.finds("b", "a").await;
        site.is_asked_for_the_page("a").await;
        site.finds("a", "a").await;
        assert_eq!(site.edge.hit(get("/")).await.body(), "first");
    }
    // It may have been of `a`, which answers no longer.
    for _ in 0..SETTLED {
        site.finds("b", "b").await;
    }
    site.edge.miss(get("/"), page(ISR, "second")).await;
    for _ in 0..SETTLED {
        site.finds("b", "b").await;
    }
    assert_eq!(site.edge.hit(get("/")).await.body(), "second");
}

#[tokio::test(start_paused = true)]
async fn a_deployment_is_known_by_its_id_where_the_build_has_the_same() {
    let mut site = Site::new();
    site.edge.settle().await;
    let has = |id: &str| has(&[("x-nextjs-deployment-id", id)]);
    site.edge.miss(get("/"), page(ISR, "d1")).await;
    site.is_asked_for_the_page("same").await;
    site.question().await.answer(lacks());
    for _ in 0..2 {
        let exchange = site.question().await;
        assert_eq!(exchange.header("rsc"), Some("1"), "or Next.js does not say it");
        exchange.answer(has("d1"));
    }
    site.edge.settle().await;
    assert_eq!(site.edge.hit(get("/")).await.body(), "d1");
    site.question().await.answer(has("d2"));
    site.edge.settle().await;
    site.edge.miss(get("/"), page(ISR, "d2")).await;
    // What says that it is of the old one is not stored.
    let old = || {
        let fields = [("x-nextjs-deployment-id", "d1"), ("cache-control", ISR)];
        answer(200, &[fields[0], fields[1], ("content-type", "text/x-component")], "old")
    };
    let rsc = || get_with("/", &[("rsc", "1")]);
    let late = site.edge.miss(rsc(), old()).await;
    assert_eq!(late.story(), "fwd=uri-miss; detail=other-build");
    site.edge.miss(rsc(), old()).await;
    assert_eq!(site.edge.hit(get("/")).await.body(), "d2");
}

#[tokio::test(start_paused = true)]
async fn an_application_below_a_path_that_nobody_told_is_found_by_its_pages() {
    let mut site = Site::new();
    site.edge.settle().await;
    site.edge.miss(get("/docs"), page(ISR, "a")).await;
    let document = r#"<script src="/docs/_next/static/c.js"></script>"buildId":"a","#;
    site.question().await.answer(page(ISR, document));
    site.question().await.answer(lacks());
    for _ in 0..2 {
        let exchange = site.question().await;
        assert_eq!(exchange.request.uri().path(), "/docs/_next/static/a/_buildManifest.js");
        exchange.answer(has(&[]));
    }
}

/// Next.js 16 with a deploymentId: no page says the build's id.
#[tokio::test(start_paused = true)]
async fn where_pages_name_no_build_a_script_of_theirs_tells_the_deployment() {
    let mut site = Site::new();
    site.edge.settle().await;
    let names = |script: &str| {
        let document =
            format!(r#"<link href="/_next/static/a.css"/><script src="{script}?dpl=d">"#);
        page(ISR, document.leak())
    };
    let of = |id: &str| has(&[("x-nextjs-deployment-id", id)]);
    site.edge.miss(get("/"), page(ISR, "d1")).await;
    site.question().await.answer(names("/_next/static/one.js"));
    for _ in 0..2 {
        let exchange = site.question().await;
        assert_eq!(exchange.request.uri().path(), "/_next/static/one.js");
        exchange.answer(of("d1"));
    }
    site.edge.settle().await;
    assert_eq!(site.edge.hit(get("/")).await.body(), "d1");
    site.question().await.answer(lacks());
    site.question().await.answer(names("/_next/static/two.js"));
    let exchange = site.question().await;
    assert_eq!(exchange.request.uri().path(), "/_next/static/two.js");
    exchange.answer(of("d2"));
    site.edge.settle().await;
    site.edge.miss(get("/"), page(ISR, "d2")).await;
}

#[tokio::test(start_paused = true)]
async fn the_first_visitor_after_a_restart_gets_the_new_build() {
    let mut site = Site::of_a().await;
    site.question().await.fail();
    for _ in 0..10 {
        site.looks.origin().await.fail();
    }
    // Nobody has come meanwhile.
    site.looks.origin().await.answer(lacks());
    site.looks.origin().await.answer(page(ISR, r#""buildId":"b","#));
    site.looks.origin().await.answer(has(&[]));
    site.edge.settle().await;
    assert_eq!(site.edge.miss(get("/"), page(ISR, "b")).await.body(), "b");
}

#[tokio::test(start_paused = true)]
async fn without_visitors_the_origin_is_left_alone() {
    let mut site = Site::of_a().await;
    site.looks.settle().await;
    // One more may be owed to the visitor before.
    tokio::time::sleep(Duration::from_secs(5)).await;
    while site.looks.waiting_at_the_origin().await > 0 {
        site.looks.origin().await.answer(has(&[]));
    }
    tokio::time::sleep(Duration::from_secs(3600)).await;
    site.looks.origin_is_left_alone().await;
    let visitors: Vec<_> = (0..100).map(|_| site.edge.send(get("/"))).collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(site.looks.waiting_at_the_origin().await, 1);
    drop(visitors);
}

#[tokio::test(start_paused = true)]
async fn where_its_pages_are_wanted_before_visitors_come_a_new_build_is_noticed_without_them() {
    let site = Site::looked_at(Some(Duration::from_secs(5)));
    let mut site = site.knowing_a().await;
    let retirements = site.edge.application.retirements();
    for _ in 0..5 {
        site.looks.origin().await.answer(has(&[]));
    }
    assert!(!retirements.has_changed().unwrap());
    site.looks.origin().await.answer(lacks());
    site.looks.origin().await.answer(page(ISR, r#""buildId":"b","#));
    site.looks.origin().await.answer(has(&[]));
    site.edge.settle().await;
    assert!(retirements.has_changed().unwrap());
}

/// `experimental.useSkewCookie` puts it on every answer.
const PIN: (&str, &str) = ("set-cookie", "__vdpl=d1; Path=/; HttpOnly");

#[tokio::test(start_paused = true)]
async fn the_cookie_of_a_deployment_is_for_the_one_who_asked_and_keeps_nobody_from_the_page() {
    let mut edge = Edge::new();
    let pinned = || {
        let mut page = page(ISR, "page");
        page.headers_mut().append(PIN.0, PIN.1.parse().unwrap());
        page
    };
    let first = edge.miss(get("/"), pinned()).await;
    assert_eq!((first.header("set-cookie"), first.story()), (PIN.1, "fwd=uri-miss; stored"));
    let with_cookie = |value: &str| get_with("/", &[("cookie", &format!("__vdpl={value}"))]);
    for request in [get("/"), with_cookie("d1"), with_cookie("d0")] {
        let hit = edge.hit(request).await;
        assert_eq!((hit.body(), hit.header("set-cookie")), ("page", ""));
    }
    let chunk = || get("/_next/static/chunks/a.js");
    edge.miss(chunk(), answer(200, &[PIN], "js")).await;
    let hit = edge.hit(chunk()).await;
    assert_eq!(hit.header("cache-control"), "public, max-age=31536000, immutable");
    // Beside another cookie it changes nothing.
    let mut mine = pinned();
    mine.headers_mut().append("set-cookie", "session=1".parse().unwrap());
    let got = edge.miss(get("/mine"), mine).await;
    assert_eq!(got.story(), "fwd=uri-miss; detail=set-cookie");
    let cookies: Vec<_> = got.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, [PIN.1, "session=1"]);
}

#[tokio::test(start_paused = true)]
async fn visitors_who_wait_for_the_same_page_get_it_without_the_cookie() {
    let mut edge = Edge::new();
    let visitors = [edge.send(get("/")), edge.send(get("/"))];
    let fields = [("cache-control", ISR), ("content-type", "text/html"), PIN];
    edge.origin().await.answer(answer(200, &fields, "page"));
    let mut pinned = 0;
    for visitor in visitors {
        let got = got(visitor).await;
        assert_eq!(got.body(), "page");
        pinned += u32::from(got.header("set-cookie") == PIN.1);
    }
    assert_eq!(pinned, 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_asked_gets_his_own_cookies_beside_that_of_a_deployment() {
    let mut config = Config::default();
    config.rules.store_set_cookie = true;
    let mut edge = Edge::of(&config);
    let mut page = page(ISR, "page");
    page.headers_mut().append("set-cookie", "theme=dark".parse().unwrap());
    page.headers_mut().append(PIN.0, PIN.1.parse().unwrap());
    let got = edge.miss(get("/"), page).await;
    let cookies: Vec<_> = got.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["theme=dark", PIN.1]);
    assert_eq!(edge.hit(get("/")).await.header("set-cookie"), "theme=dark");
}
