//! Cache deception: a visitor is sent to a page of his under a name that looks like a file's. What it is
//! called is no reason to store it.

use super::support::*;

const NO_STORE: (&str, &str) =
    ("cache-control", "private, no-cache, no-store, max-age=0, must-revalidate");

const LURES: [&str; 12] = [
    "/account/x.css",
    "/account/x.js",
    "/account;x.css",
    "/account%3bx.css",
    "/account%2fx.css",
    "/account/..%2fx.css",
    "/account/_next/static/x.js",
    "/account/_next/static/chunks/x.css",
    "/account%2f_next%2fstatic%2fx.js",
    "/_next/static/..%2f..%2faccount/x.js",
    "/_next/static/../../account/x.css",
    "/favicon.ico/account",
];

#[tokio::test(start_paused = true)]
async fn a_private_page_is_not_stored_whatever_it_is_called() {
    for lure in LURES {
        for content_type in ["text/html; charset=utf-8", "application/json", "text/css"] {
            for fields in [vec![NO_STORE], vec![]] {
                let mut edge = Edge::new();
                let mine = || {
                    let mut fields = fields.clone();
                    fields.push(("content-type", content_type));
                    answer(200, &fields, "mine")
                };
                let first = edge.miss(get(lure), mine()).await;
                assert!(!first.header("cache-control").contains("public"), "{lure}");
                edge.miss(get(lure), mine()).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn in_the_place_of_a_file_nothing_is_stored_but_a_file() {
    for (name, content_type) in [
        ("x.js", "text/html; charset=utf-8"),
        ("x.js", "application/json"),
        ("x.css", "text/x-component"),
        ("x.png", "text/html"),
        ("x", "application/json"),
        ("account;x.css", "text/html"),
    ] {
        let mut edge = Edge::new();
        let path = format!("/_next/static/{name}");
        let mine = || answer(200, &[("content-type", content_type)], "mine");
        let first = edge.miss(get(&path), mine()).await;
        assert_eq!(first.header("cache-control"), "", "{path} as {content_type}");
        edge.miss(get(&path), mine()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn files_of_zones_are_stored_by_what_they_say_themselves() {
    let mut edge = Edge::new();
    for path in ["/blog/_next/static/a.js", "/docs-static/_next/static/a.js"] {
        let file = |body| {
            let immutable = ("cache-control", "public, max-age=31536000, immutable");
            answer(200, &[immutable, ("content-type", "application/javascript")], body)
        };
        let first = edge.miss(get(path), file("one of them")).await;
        assert_eq!(first.header("cache-control"), "public, max-age=31536000, immutable", "{path}");
        edge.advance(200 * 24 * 3600);
        assert_eq!(edge.hit(get(path)).await.body(), "one of them", "{path}");
        let gone = answer(404, &[NO_STORE], "Not Found");
        let other = path.replace("a.js", "b.js");
        edge.miss(get(&other), gone).await;
        edge.miss(get(&other), file("found")).await;
    }
}
