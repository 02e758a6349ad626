//! Files of a build that is gone: on disk, over restarts of the edge.

use std::path::PathBuf;
use std::process::Command;

use super::support::*;

const CHUNK: &str = "/_next/static/chunks/a-1.js";
const BUILT: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/javascript; charset=UTF-8\r\n\
                     Cache-Control: public, max-age=31536000, immutable\r\nETag: W/\"3-1\"\r\n\
                     Vary: Accept-Encoding\r\nContent-Length: 3\r\n\r\nold";
const DEPLOYED: &str = "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\
                        Cache-Control: private, no-cache, no-store, max-age=0, must-revalidate\r\n\
                        Content-Length: 9\r\n\r\nNot Found";

/// A folder of the test's own.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("selvedge-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// An edge with its vault here.
    fn edge(&self) -> Command {
        let mut command = selvedge();
        let dir = self.0.join("vault");
        command.args([
            "--set",
            "vault.enabled=true",
            "--set",
            "log.level=info,selvedge::vault=debug",
        ]);
        command.args(["--set", &format!("vault.dir={}", dir.display())]);
        command
    }

    fn before(&self, origin: std::net::SocketAddr) -> Edge {
        let mut command = self.edge();
        command.args(["--origin", &format!("http://{origin}")]);
        Edge::start(command, &[])
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn get(edge: &Edge, path: &str) -> (String, String) {
    let mut client = edge.connect();
    client.get(path);
    client.response()
}

#[test]
fn a_chunk_outlives_the_deploy_and_a_restart_of_the_edge() {
    let scratch = Scratch::new("deploy");
    let mut edge = scratch.before(Origin::new().always(BUILT));
    assert_eq!(get(&edge, CHUNK).1, "old");
    edge.wait_for_log("kept in the vault");
    edge.signal("TERM");
    assert_eq!(edge.exit_code(), Some(0));

    let edge = scratch.before(Origin::new().always(DEPLOYED));
    let (head, body) = get(&edge, CHUNK);
    assert_eq!(body, "old");
    for (name, value) in [
        ("content-type", "application/javascript; charset=utf-8"),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("etag", "w/\"3-1\""),
        ("cache-status", "selvedge; fwd=uri-miss; fwd-status=404; stored; detail=vault"),
    ] {
        assert_eq!(field(&head, name), Some(value), "{head}");
    }
    let (head, body) = get(&edge, CHUNK);
    assert!(field(&head, "cache-status").unwrap().contains("hit"), "{head}");
    assert_eq!(body, "old");
    assert!(get(&edge, "/_next/static/chunks/never.js").0.starts_with("http/1.1 404 "));
    assert!(get(&edge, "/page").0.starts_with("http/1.1 404 "));

    let edge = scratch.before(free_address());
    assert_eq!(get(&edge, CHUNK).1, "old", "nobody listens behind");
}

#[test]
fn what_a_wrapped_server_has_is_kept_though_nobody_asked_for_it() {
    let scratch = Scratch::new("seeds");
    scratch.write("app/.next/BUILD_ID", "one");
    scratch.write("app/.next/static/chunks/app/[slug]/page-1.js", "page");
    let mut command = scratch.edge();
    command.current_dir(scratch.0.join("app")).env(super::wrapped::IS_SERVER, "1");
    let server = super::wrapped::server();
    let server: Vec<&str> =
        std::iter::once("--").chain(server.iter().map(String::as_str)).collect();
    let mut edge = Edge::start(command, &server);
    let seeded = "the wrapped server's files are in the vault";
    // It may be so before anybody can connect.
    if !edge.said.iter().any(|line| line.contains(seeded)) {
        edge.wait_for_log(seeded);
    }
    edge.signal("TERM");
    assert_eq!(edge.exit_code(), Some(0));

    let edge = scratch.before(Origin::new().always(DEPLOYED));
    let (head, body) = get(&edge, "/_next/static/chunks/app/%5Bslug%5D/page-1.js");
    assert_eq!(body, "page");
    let media_type = field(&head, "content-type");
    assert_eq!(media_type, Some("application/javascript; charset=utf-8"), "{head}");
}

#[test]
fn without_a_place_the_edge_says_so_and_serves() {
    let origin = Origin::new().always(BUILT);
    for (dir, words) in [
        ("vault.dir=/proc/selvedge", "cannot use /proc/selvedge"),
        ("vault.dir=auto", "CACHE_DIRECTORY, XDG_CACHE_HOME and HOME name no folder"),
    ] {
        let mut command = selvedge();
        command.args(["--origin", &format!("http://{origin}"), "--set", "vault.enabled=true"]);
        command.args(["--set", dir]).env("HOME", "/");
        command.env_remove("XDG_CACHE_HOME").env_remove("CACHE_DIRECTORY");
        let mut edge = Edge::start(command, &[]);
        assert_eq!(get(&edge, CHUNK).1, "old");
        edge.signal("TERM");
        assert_eq!(edge.exit_code(), Some(0));
        let told = edge.said.iter().filter(|line| line.contains(words)).count();
        assert_eq!(told, 1, "{words:?} in {:?}", edge.said);
    }
}
