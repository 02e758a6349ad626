//! What clients send, and what they get.

use super::support::*;

const PAGE: &str = "HTTP/1.1 200 OK\r\nCache-Control: s-maxage=100\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\npage";

#[test]
fn a_connection_carries_several_requests_also_pipelined() {
    let edge = Edge::run(&format!("http://{}", Origin::new().always(PAGE)), &[]);
    let mut client = edge.connect();
    client.get("/a");
    assert_eq!(client.response().1, "page");
    // It is stored just after its last byte.
    poll("the page is stored", || {
        client.get("/a");
        field(&client.response().0, "cache-status").unwrap().starts_with("selvedge; hit;")
    });
    client.send(
        "GET /a HTTP/1.1\r\nHost: example.org\r\n\r\nHEAD /a HTTP/1.1\r\nHost: example.org\r\n\r\n\
         GET /a HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n",
    );
    let (head, body) = client.response();
    assert!(field(&head, "cache-status").unwrap().starts_with("selvedge; hit; ttl="));
    assert_eq!(body, "page");
    let head = client.head();
    assert_eq!(field(&head, "content-length"), Some("4"), "HEAD");
    let (head, body) = client.response();
    assert_eq!((field(&head, "connection"), body.as_str()), (Some("close"), "page"));
    assert_eq!(client.rest(), "");
}

#[test]
fn what_is_no_http_is_refused_and_the_connection_closed() {
    let edge = Edge::run(&format!("http://{}", Origin::new().always(PAGE)), &[]);
    let many = "X: y\r\n".repeat(200);
    let large = "x".repeat(100_000);
    for (name, request, status) in [
        ("no version", "GET /\r\n\r\n".to_owned(), "400"),
        ("no host", "GET / HTTP/1.1\r\n\r\n".to_owned(), "400"),
        ("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_owned(), "400"),
        ("a space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n".to_owned(), "400"),
        ("too many fields", format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"), "431"),
        ("too large", format!("GET / HTTP/1.1\r\nHost: a\r\nX: {large}\r\n\r\n"), "431"),
    ] {
        let mut client = edge.connect();
        client.send(&request);
        let answer = client.rest();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {answer:?}");
    }
}

#[test]
fn a_slow_head_is_cut_off() {
    let origin = format!("http://{}", Origin::new().always(PAGE));
    let edge = Edge::run(&origin, &["server.header_timeout=300ms", "server.idle_timeout=60s"]);
    let mut slow = edge.connect();
    slow.send("GET / HTTP/1.1\r\nHost: exam");
    let answer = slow.rest();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer:?}");
    let mut other = edge.connect();
    other.get("/a");
    assert_eq!(other.response().1, "page");
}

#[test]
fn an_idle_connection_is_closed() {
    let origin = format!("http://{}", Origin::new().always(PAGE));
    let edge = Edge::run(&origin, &["server.idle_timeout=300ms"]);
    let mut client = edge.connect();
    client.get("/a");
    client.response();
    assert_eq!(client.rest(), "");
}

#[test]
fn at_the_connection_cap_the_next_one_waits_and_the_log_says_so() {
    let origin = Origin::new();
    let mut edge = Edge::run(&format!("http://{}", origin.address), &["server.max_connections=1"]);
    let mut first = edge.connect();
    first.get("/a");
    let mut asked = origin.accept();
    asked.head();
    let mut second = edge.connect();
    second.get("/a");
    edge.wait_for_log("server.max_connections");
    asked.send(PAGE);
    assert_eq!(first.response().1, "page");
    assert_eq!(second.response().1, "page");
}

#[test]
fn at_the_connection_cap_a_client_that_only_keeps_alive_makes_room() {
    let origin = format!("http://{}", Origin::new().always(PAGE));
    let mut edge = Edge::run(&origin, &["server.max_connections=1"]);
    let mut first = edge.connect();
    first.get("/a");
    first.response();
    let mut second = edge.connect();
    second.get("/a");
    assert_eq!(second.response().1, "page");
    assert_eq!(first.rest(), "");
    edge.wait_for_log("server.max_connections");
}

#[test]
fn an_answer_that_comes_before_the_upload_has_ended_reaches_its_client() {
    let (nobody, length) = (free_address(), 16 << 20);
    let edge = Edge::run(&format!("http://{nobody}"), &["origin.connect_timeout=100ms"]);
    let mut client = edge.connect();
    client.send(&format!("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"));
    client.send(&"x".repeat(length));
    assert!(client.head().starts_with("http/1.1 502 "));
}

#[test]
fn what_only_the_framework_may_say_does_not_reach_it() {
    let origin = Origin::new();
    let edge = Edge::before(&origin);
    let mut client = edge.connect();
    client.send(
        "GET /a?__nextDataReq=1&q=1 HTTP/1.1\r\nHost: example.org\r\nx-middleware-subrequest: a\r\n\
         X-Forwarded-For: 6.6.6.6\r\nx-forwarded-host: evil\r\nConnection: x-drop, keep-alive\r\n\
         x-drop: 1\r\nx-kept: 1\r\n\r\n",
    );
    let mut asked = origin.accept();
    let head = asked.head();
    assert!(head.starts_with("get /a?q=1 http/1.1\r\n"), "{head}");
    assert_eq!(field(&head, "x-middleware-subrequest"), None);
    assert_eq!(field(&head, "x-drop"), None);
    assert_eq!(field(&head, "x-kept"), Some("1"));
    assert_eq!(field(&head, "x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(field(&head, "x-forwarded-host"), Some("example.org"));
    assert_eq!(field(&head, "x-forwarded-proto"), Some("http"));
    assert_eq!(field(&head, "forwarded"), Some("for=127.0.0.1;host=example.org;proto=http"));
    assert!(field(&head, "via").unwrap().starts_with("1.1 selvedge"));
    assert!(field(&head, "x-request-id").is_some());
    assert!(field(&head, "traceparent").is_some());
}

#[test]
fn a_trusted_proxy_is_believed() {
    let origin = Origin::new();
    let address = format!("http://{}", origin.address);
    let edge = Edge::run(&address, &["server.trusted_proxies=127.0.0.0/8"]);
    let mut client = edge.connect();
    client.send(
        "GET /a HTTP/1.1\r\nHost: inner\r\nX-Forwarded-For: 6.6.6.6, 7.7.7.7\r\n\
         X-Forwarded-Proto: https\r\nX-Forwarded-Host: example.org\r\n\r\n",
    );
    let head = origin.accept().head();
    assert_eq!(field(&head, "x-forwarded-for"), Some("6.6.6.6, 7.7.7.7, 127.0.0.1"));
    assert_eq!(field(&head, "x-forwarded-proto"), Some("https"));
    assert_eq!(field(&head, "x-forwarded-host"), Some("example.org"));
}

#[test]
fn the_access_log_tells_what_happened() {
    let mut edge = Edge::run(&format!("http://{}", Origin::new().always(PAGE)), &[]);
    let mut client = edge.connect();
    client.send("GET /a\"b?c HTTP/1.1\r\nHost: example.org\r\nX-Request-Id: r1\r\n\r\n");
    client.response();
    let line = edge.wait_for_log("\"r1\"");
    for part in [
        "\"method\":\"GET\"",
        "\"path\":\"/a\\\"b?c\"",
        "\"status\":200",
        "uri-miss",
        "\"bytes\":4",
        "127.0.0.1",
    ] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    client.get("/a\"b?c");
    client.response();
    assert!(edge.wait_for_log("hit").contains("hit; ttl="));
}
