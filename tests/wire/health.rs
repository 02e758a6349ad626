//! Whether an edge lives, and whether visitors should be sent to it.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::time::Duration;

use selvedge::config::{self, Sources};

use super::support::*;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn ask(admin: SocketAddr, path: &str) -> (String, String) {
    let mut client = Client::connect(admin);
    client.get(path);
    let (head, body) = client.response();
    (head.lines().next().unwrap().to_owned(), body)
}

#[test]
fn an_edge_is_ready_from_the_origins_first_answer_until_it_is_to_end() {
    let origin = Origin::new();
    let settings = ["server.drain_linger=10s", "server.drain_timeout=20s"];
    let (mut edge, admin) = Edge::with_admin(&origin, &settings);
    let expect = |path, status: &str, told: &str| {
        let (line, body) = ask(admin, path);
        assert!(line.starts_with(&format!("http/1.1 {status} ")), "{path}: {line}");
        assert_eq!(body, told);
    };
    expect("/livez", "200", "alive\n");
    expect("/readyz", "503", "the origin has not answered yet\n");
    let mut probe = origin.accept();
    probe.head();
    probe.send("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n");
    edge.wait_for_log("answers");
    expect("/readyz", "200", "ready\n");

    edge.signal("TERM");
    edge.wait_for_log("drain");
    expect("/readyz", "503", "draining\n");
    expect("/livez", "200", "alive\n");
    // The load balancer has not asked yet.
    let mut client = edge.connect();
    client.get("/a");
    let mut upstream = origin.accept();
    upstream.head();
    upstream.send(OK);
    let (head, body) = client.response();
    assert_eq!((body.as_str(), field(&head, "connection")), ("ok", Some("close")));
}

#[test]
fn whoever_asks_the_admin_side_for_a_head_alone_has_it_or_is_told_how_to_ask() {
    let origin = Origin::new();
    let (_edge, admin) = Edge::with_admin(&origin, &[]);
    for (path, status, allow) in [
        ("/", "200", None),
        ("/livez", "200", None),
        ("/metrics", "200", None),
        ("/entries", "200", None),
        ("/events", "405", Some("get")),
        ("/invalidate", "405", Some("post")),
        ("/log-level", "405", Some("put")),
        ("/nothing", "404", None),
    ] {
        let mut client = Client::connect(admin);
        client.send(&format!("HEAD {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        let head = client.head();
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{path}: {head}");
        assert_eq!(field(&head, "allow"), allow, "{path}");
    }
}

/// The keys exist, their values are good, and the times fit together.
#[test]
fn the_deployment_for_kubernetes_leaves_time_for_a_clean_end() {
    let text = std::fs::read_to_string("config/kubernetes.yaml").unwrap();
    let variables = text.lines().filter_map(|line| {
        let (name, value) = line.trim().strip_prefix("- { name: ")?.split_once(", value: ")?;
        let value = value.strip_suffix(" }")?.trim_matches('"');
        name.starts_with("SELVEDGE_").then(|| (OsString::from(name), OsString::from(value)))
    });
    let environment: Vec<_> = variables.collect();
    assert_eq!(environment.len(), text.matches("name: SELVEDGE_").count());
    let sources = Sources { environment, ..Sources::default() };
    let loaded = config::load(&sources).map_err(|mistakes| mistakes.to_string()).unwrap();
    let config = loaded.config;
    let grace = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("terminationGracePeriodSeconds: ")?.parse().ok());
    let grace = Duration::from_secs(grace.unwrap());
    let needed = config.server.drain_timeout + config.child.stop_timeout;
    assert!(grace > needed, "{grace:?} is not more than {needed:?}");
    // A probe that fails takes the pod out; whoever was sent here before is still served.
    assert!(config.server.drain_linger >= Duration::from_secs(5));
    let admin = config.admin.listen.unwrap();
    assert!(admin.ip().is_unspecified());
    assert!(text.contains(&format!("containerPort: {} }}", admin.port())));
    assert!(text.contains("path: /readyz") && text.contains("path: /livez"));
}
