//! Files that are not under `/_next/static/` of the one application: of other applications behind the
//! same host, and what only looks like them.

use super::dialogue::{Answer, Edge, NO_STORE, answer, chunk, get, gone, refused};
use super::*;

/// An application below a path, one with an `assetPrefix`, and one in both.
const OF_ZONES: [&str; 3] = [
    "/blog/_next/static/chunks/a-1.js",
    "/docs-static/_next/static/chunks/a-1.js",
    "/shop/assets/_next/static/chunks/a-1.js",
];

#[tokio::test]
async fn files_of_each_zone_outlive_their_build_each_for_itself() {
    let scratch = Scratch::new();
    let edge = Edge::new(&scratch);
    for path in OF_ZONES {
        edge.ask(get(path), chunk(path)).await.unwrap();
    }
    for path in OF_ZONES {
        assert_eq!(edge.ask(get(path), gone()).await.unwrap().text(), (200, path));
        assert_eq!(edge.ask(get(path), refused()).await.unwrap().text(), (200, path));
    }
    let of_nobody = "/other/_next/static/chunks/a-1.js";
    assert_eq!(edge.ask(get(of_nobody), gone()).await.unwrap().status, 404);
}

#[tokio::test]
async fn files_that_builds_share_are_kept_as_any_other() {
    let scratch = Scratch::new();
    let edge = Edge::new(&scratch);
    let shared = "/_next/static/immutable/chunks/0a1b2c.js";
    edge.ask(get(shared), chunk("shared")).await.unwrap();
    assert_eq!(edge.ask(get(shared), gone()).await.unwrap().text(), (200, "shared"));
}

fn as_a(content_type: &str, cache_control: &str, body: &'static str) -> Answer {
    answer(200, &[("content-type", content_type), ("cache-control", cache_control)], body)
}

/// Cache deception: a visitor is sent to a page of his under a name that looks like a file's.
#[tokio::test]
async fn a_page_under_the_name_of_a_file_is_never_kept() {
    let scratch = Scratch::new();
    let edge = Edge::new(&scratch);
    const IMMUTABLE: &str = "public, max-age=31536000, immutable";
    for (path, page) in [
        ("/account/_next/static/x.js", as_a("text/html", NO_STORE, "mine")),
        ("/account/_next/static/x.js", as_a("text/html", IMMUTABLE, "mine")),
        ("/account/_next/static/x.js", as_a("application/json", IMMUTABLE, "mine")),
        (
            "/account/_next/static/x.js",
            as_a("application/javascript", "private, immutable", "mine"),
        ),
        (
            "/account/_next/static/x.js",
            as_a("application/javascript", "public, max-age=60", "mine"),
        ),
        ("/account/_next/static/x.js", answer(200, &[("cache-control", IMMUTABLE)], "mine")),
        ("/_next/static/x.js", as_a("text/html", IMMUTABLE, "mine")),
        ("/_next/static/x.css", as_a("application/json", IMMUTABLE, "mine")),
        ("/_next/static/account;x.css", as_a("text/x-component", IMMUTABLE, "mine")),
    ] {
        let told = format!("{path}: {page:?}");
        assert_eq!(edge.ask(get(path), page).await.unwrap().text(), (200, "mine"), "{told}");
        assert_eq!(edge.ask(get(path), gone()).await.unwrap().status, 404, "{told}");
    }
    for path in [
        "/account%2f_next%2fstatic%2fx.js",
        "/account/_next/static%2fx.js",
        "/account/_next/static/..%2f..%2fme.js",
        "/account/x.css",
        "/account;x.css",
    ] {
        edge.ask(get(path), chunk("mine")).await.unwrap();
        assert_eq!(edge.ask(get(path), gone()).await.unwrap().status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_page_that_looks_like_a_file_does_not_pass_for_next_dev() {
    let scratch = Scratch::new();
    let edge = Edge::new(&scratch);
    let file = "/_next/static/chunks/a-1.js";
    edge.ask(get(file), chunk("kept")).await.unwrap();
    let page = as_a("text/html", NO_STORE, "mine");
    edge.ask(get("/account/_next/static/x.js"), page).await.unwrap();
    assert_eq!(edge.ask(get(file), gone()).await.unwrap().text(), (200, "kept"));
}
