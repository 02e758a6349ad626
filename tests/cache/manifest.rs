//! What the edge knows from the application's build, and no response says.

use selvedge::config::{BehindMiddleware, Config, NextConfig};
use selvedge::next::manifest::{Found, Manifest};

use super::support::*;

const ISR: &str = "s-maxage=10, stale-while-revalidate=60";

/// `matcher: '/account/:path*'`, as Next.js 16 writes it.
const ACCOUNT: (&str, &str) = (
    "server/functions-config-manifest.json",
    r#"{"version": 1, "functions": {"/_middleware": {"runtime": "nodejs", "matchers": [{
        "regexp": "^(?:\\/(_next\\/data\\/[^/]{1,}))?\\/account(?:\\/((?:[^\\/#\\?]+?)(?:\\/(?:[^\\/#\\?]+?))*))?(\\.json|\\.rsc|\\.segments\\/.+\\.segment\\.rsc)?[\\/#\\?]?$",
        "originalSource": "/account/:path*"
    }]}}}"#,
);

/// No matcher at all.
const EVERYWHERE: (&str, &str) = (
    "server/functions-config-manifest.json",
    r#"{"version": 1, "functions": {"/_middleware": {"runtime": "nodejs"}}}"#,
);

fn knowing(files: &[(&str, &str)]) -> Edge {
    Edge::knowing(files, &Config::default())
}

#[tokio::test(start_paused = true)]
async fn what_middleware_runs_for_is_neither_stored_nor_shared() {
    let mut edge = knowing(&[ACCOUNT]);
    for path in ["/account", "/account/orders", "/account/../account", "/%61ccount"] {
        for _ in 0..2 {
            let got = edge.miss(get(path), page(ISR, "for you alone")).await;
            assert_eq!(got.story(), "fwd=bypass; detail=middleware", "{path}");
        }
    }
    let visitors = [edge.send(get("/account")), edge.send(get("/account"))];
    assert_eq!(edge.waiting_at_the_origin().await, 2, "nobody waits for another's answer");
    for visitor in visitors {
        edge.origin().await.answer(page(ISR, "for you alone"));
        got(visitor).await;
    }
    let post = request("POST", "/account", &[]);
    edge.miss(post, page(ISR, "posted")).await;
    edge.miss(request("HEAD", "/account", &[]), page(ISR, "")).await;
    edge.miss(get_with("/account", &[("rsc", "1")]), page(ISR, "payload")).await;
    edge.miss(get("/about"), page(ISR, "for all")).await;
    assert_eq!(edge.hit(get("/about")).await.body(), "for all");
}

#[tokio::test(start_paused = true)]
async fn assets_are_kept_wherever_middleware_runs() {
    let mut edge = knowing(&[EVERYWHERE]);
    let script = answer(200, &[("content-type", "application/javascript")], "js");
    edge.miss(get("/_next/static/a.js"), script).await;
    edge.hit(get("/_next/static/a.js")).await;
    let image = "/_next/image?url=%2Fa.png&w=640&q=75";
    edge.miss(get(image), answer(200, &[("cache-control", "max-age=60")], "webp")).await;
    edge.hit(get(image)).await;
    let got = edge.miss(get("/_next/static/../../"), page(ISR, "a page")).await;
    assert_eq!(got.story(), "fwd=bypass; detail=middleware");
}

#[tokio::test(start_paused = true)]
async fn pages_behind_middleware_are_kept_where_the_operator_says_so() {
    let next = NextConfig { middleware: BehindMiddleware::Cache, ..NextConfig::default() };
    let mut edge = Edge::knowing(&[EVERYWHERE], &Config { next, ..Config::default() });
    edge.miss(get("/account"), page(ISR, "for all")).await;
    edge.hit(get("/account")).await;
    let next = NextConfig { enabled: false, ..NextConfig::default() };
    let mut edge = Edge::knowing(&[EVERYWHERE], &Config { next, ..Config::default() });
    edge.miss(get("/account"), page(ISR, "not of Next.js")).await;
    edge.hit(get("/account")).await;
}

#[tokio::test(start_paused = true)]
async fn a_draft_cookie_that_is_made_up_gets_what_everybody_gets() {
    let manifest = r#"{"preview": {"previewModeId": "88febba38d6c8960"}}"#;
    let mut edge = knowing(&[("prerender-manifest.json", manifest)]);
    edge.miss(get("/isr"), page(ISR, "public")).await;
    let with = |cookie| get_with("/isr", &[("cookie", cookie)]);
    for made_up in ["__prerender_bypass=x", "__next_preview_data=x", "__prerender_bypass="] {
        assert_eq!(edge.hit(with(made_up)).await.body(), "public", "{made_up}");
    }
    let draft = || with("theme=x; __prerender_bypass=88febba38d6c8960");
    let got = edge.miss(draft(), page(ISR, "draft")).await;
    assert_eq!((got.body(), got.story()), ("draft", "fwd=bypass; detail=draft"));
    assert_eq!(edge.hit(get("/isr")).await.body(), "public");
}

#[tokio::test(start_paused = true)]
async fn what_clears_a_made_up_draft_cookie_is_for_whoever_has_it() {
    let manifest = r#"{"preview": {"previewModeId": "88febba38d6c8960"}}"#;
    let mut edge = knowing(&[("prerender-manifest.json", manifest)]);
    let made_up = || get_with("/isr", &[("cookie", "__prerender_bypass=x")]);
    // A cold page; others wait for the same.
    let first = edge.send(made_up());
    let leader = edge.origin().await;
    let follower = edge.send(get("/isr"));
    leader.answer(with_the_cookie_cleared("public"));
    assert!(got(first).await.header("set-cookie").starts_with("__prerender_bypass=;"));
    edge.origin().await.answer(page(ISR, "public"));
    assert_eq!(got(follower).await.header("set-cookie"), "");
    assert_eq!(edge.hit(made_up()).await.header("set-cookie"), "");
    // A stale page: it is renewed as nobody asks.
    edge.advance(11);
    edge.hit(made_up()).await;
    let renewal = edge.origin().await;
    assert_eq!(renewal.header("cookie"), None);
    renewal.answer(page(ISR, "new"));
    edge.settle().await;
    assert_eq!(edge.hit(made_up()).await.body(), "new");
}

/// What Next.js answers to a draft cookie that is not its own: the page that everybody gets, with its
/// `s-maxage`, and the order to forget the cookie.
fn with_the_cookie_cleared(body: &'static str) -> http::Response<selvedge::body::Body> {
    let mut response = page(ISR, body);
    let cleared = "__prerender_bypass=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    response.headers_mut().append("set-cookie", cleared.parse().unwrap());
    response
}

#[tokio::test(start_paused = true)]
async fn the_root_is_shared_by_those_who_are_not_sent_to_their_language() {
    let manifest = r#"{"i18n": {"locales": ["en", "fr"], "defaultLocale": "en"}}"#;
    let mut edge = knowing(&[("routes-manifest.json", manifest)]);
    let from = |language| get_with("/", &[("accept-language", language)]);
    let to_french = || answer(307, &[("location", "/fr")], "");
    let got = edge.miss(from("fr-FR,fr;q=0.9,en;q=0.8"), to_french()).await;
    assert_eq!((got.status, got.story()), (307, "fwd=bypass; detail=locale"));
    edge.miss(from("en-US,en;q=0.9"), page(ISR, "in English")).await;
    assert_eq!(edge.hit(get("/")).await.body(), "in English");
    edge.hit(from("en-GB")).await;
    edge.miss(from("fr"), to_french()).await;
    edge.miss(get_with("/", &[("cookie", "NEXT_LOCALE=fr")]), to_french()).await;
    let about = |language| get_with("/about", &[("accept-language", language)]);
    edge.miss(about("fr"), page(ISR, "about")).await;
    edge.hit(about("en")).await;
}

#[tokio::test(start_paused = true)]
async fn an_image_that_would_be_refused_is_refused_here() {
    let manifest = r#"{"images": {"deviceSizes": [640], "imageSizes": [16], "qualities": [75],
        "path": "/_next/image", "loader": "default"}}"#;
    let mut edge = knowing(&[("images-manifest.json", manifest)]);
    for (query, expected) in [
        ("?url=%2Fa.png&w=641&q=75", "\"w\" parameter (width) is not allowed\n"),
        ("?url=%2Fa.png&w=640&q=74", "\"q\" parameter (quality) is not allowed\n"),
        ("?url=%2Fa.png&url=%2Fb.png&w=640&q=75", "\"url\" parameter cannot be an array\n"),
        ("", "\"url\" parameter is required\n"),
    ] {
        let got = edge.hit(get(&format!("/_next/image{query}"))).await;
        assert_eq!((got.status, got.body()), (400, expected), "{query}");
        assert_eq!(got.story(), "detail=image-parameters");
    }
    let head = edge.hit(request("HEAD", "/_next/image", &[])).await;
    assert_eq!((head.status, head.body()), (400, ""));
    let fields = [("cache-control", "max-age=60"), ("content-type", "image/webp")];
    let right = "/_next/image?url=%2Fa.png&w=16&q=75";
    edge.miss(get(right), answer(200, &fields, "webp")).await;
    edge.hit(get(right)).await;
}

#[tokio::test(start_paused = true)]
async fn a_bot_that_gets_a_rendering_of_its_own_neither_finds_nor_leaves_one() {
    // As of 16.4.6 with Cache Components, shortened.
    let manifest = r#"{"routes": {"/": {"experimentalBypassFor": [
        {"type": "header", "key": "next-action"},
        {"type": "header", "key": "user-agent", "value": ".*(?:Slackbot|Twitterbot).*"}
    ]}}}"#;
    let mut edge = knowing(&[("prerender-manifest.json", manifest)]);
    let bot = || get_with("/isr", &[("user-agent", "Mozilla/5.0 (compatible; twitterbot/1.0)")]);
    let for_bots = edge.miss(bot(), page("s-maxage=60", "for bots")).await;
    assert_eq!(for_bots.story(), "fwd=bypass; detail=bot");
    let people = || get_with("/isr", &[("user-agent", "Mozilla/5.0 Chrome/140")]);
    edge.miss(people(), page("s-maxage=60", "for people")).await;
    assert_eq!(edge.hit(people()).await.body(), "for people");
    edge.miss(bot(), page("s-maxage=60", "for bots")).await;
}

#[tokio::test(start_paused = true)]
async fn what_another_build_says_holds_from_then_on() {
    let mut edge = knowing(&[ACCOUNT]);
    edge.miss(get("/about"), page(ISR, "for all")).await;
    edge.hit(get("/about")).await;
    let (now_everywhere, _) = Manifest::read(|name| match name == EVERYWHERE.0 {
        true => Found::Text(EVERYWHERE.1.into()),
        false => Found::Nothing,
    });
    edge.application.set_manifest(now_everywhere);
    let got = edge.miss(get("/contact"), page(ISR, "for you alone")).await;
    assert_eq!(got.story(), "fwd=bypass; detail=middleware");
}
