//! The bridge beside others: no edge, the application's own handler, processes that serve nothing.

use std::path::Path;

use super::client::{get, get_with};
use super::edge::Edge;
use super::invalidations::{act, several};
use super::npm::node_is_there;
use super::server::{Server, bridge, with_bridge};
use super::standalone;
use super::support::free_address;

pub async fn without_an_edge(dir: &Path) {
    let server = Server::start(dir, None, &[]).await;
    for path in ["/isr-slow", "/pp/gsp", "/api/repath"] {
        let answer = get(server.address, path).await;
        assert_eq!(answer.status, 200);
        assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("x-selvedge")));
    }
    assert!(server.said().is_empty(), "{:?}", server.said());
}

pub async fn the_handler_of_the_application(major: u32, dir: &Path) {
    let handler = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bridge/handler.cjs");
    let edge = Edge::start(free_address()).await;
    let more = [("FIXTURE_CACHE_HANDLER", handler.as_path())];
    let server = Server::start(dir, Some(edge.address), &more).await;
    for wanted in ["MISS", "HIT"] {
        let answer = get(server.address, "/isr-fetch").await;
        assert_eq!(answer.header("x-nextjs-cache"), wanted);
        assert!(answer.header("x-selvedge-tags").contains("t1"), "{major}: {:?}", answer.headers);
        assert_eq!(answer.headers.contains_key("x-selvedge-generated"), wanted == "HIT");
    }
    get(server.address, "/api/retag?tag=t1").await;
    assert_eq!(edge.one().list("tags"), ["t1"]);
    assert_eq!(get(server.address, "/isr-fetch").await.header("x-nextjs-cache"), "MISS");
    get(server.address, "/api/revalidate?path=/pp/gsp").await;
    assert_eq!(edge.one().list("paths"), ["/pp/gsp"]);
    let lines = server.lines.lock().unwrap();
    for call in ["set /isr-fetch", "get /isr-fetch", "revalidateTag t1"] {
        assert!(lines.iter().any(|line| line.starts_with(call)), "{major}: no {call} in {lines:?}");
    }
    assert!(
        !lines.iter().any(|line| line.contains("x-selvedge")),
        "{major}: it got ours: {lines:?}"
    );
}

/// Next.js 16 with Cache Components, as a standalone server.
pub async fn cached_components(dir: &Path) {
    let standalone = standalone::build("cached", dir);
    let edge = Edge::start(free_address()).await;
    let address = free_address();
    let mut command = with_bridge("node", Some(edge.address));
    command.arg("server.js").current_dir(&standalone);
    command.env("PORT", address.port().to_string()).env("HOSTNAME", "127.0.0.1");
    let server = Server::run(command, address, "/").await;
    let segment = [("next-router-prefetch", "1"), ("next-router-segment-prefetch", "/_tree")];
    for headers in [&[][..], &segment[..]] {
        let answer = get_with(address, "/", headers).await;
        assert!(answer.header("cache-control").contains("s-maxage=3600"), "{:?}", answer.headers);
        assert!(
            answer.header("x-selvedge-tags").ends_with("deep,t%C3%BCr"),
            "{:?}",
            answer.headers
        );
        assert!(answer.headers.contains_key("x-selvedge-generated"), "{:?}", answer.headers);
    }
    for (path, soft) in [("/write", false), ("/write?profile=max", true)] {
        assert_eq!(get(address, path).await.status, 204);
        let told = edge.one();
        assert_eq!((told.list("tags"), told.soft()), (vec!["t%C3%BCr"], soft));
        // The edge may ask for the page at once, so it is told after the application's handler is.
        let lines = server.lines.lock().unwrap();
        assert!(lines.iter().any(|line| line == "updated t%C3%BCr"), "{lines:?}");
    }
    // `updateTag` of a server action.
    let answer = act(address, "/act", 0).await;
    assert!(matches!(answer.status, 200 | 303), "{}", answer.text());
    several(&edge, "t%C3%BCr");
    drop(server);

    let edge = standalone::behind_the_edge(&standalone, "/").await;
    standalone::is_new_after(edge.address, "/", async || {
        act(edge.address, "/act", 0).await;
    })
    .await;
    standalone::is_new_after(edge.address, "/", async || {
        get(edge.address, "/write").await;
    })
    .await;
}

/// Without Next.js: what can be seen of the bridge by a handler of ours.
#[test]
fn alone() {
    if node_is_there().is_err() {
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bridge/alone.cjs");
    let output = std::process::Command::new("node").arg(script).arg(bridge()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// `NODE_OPTIONS` is inherited by whatever is run.
#[test]
fn in_other_programs() {
    if node_is_there().is_err() {
        return;
    }
    let output = with_bridge("npm", Some(free_address())).arg("--version").output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
