//! Server actions: streamed both ways, and bounded.

use super::support::*;

const ACTION: &str = "POST /a HTTP/1.1\r\nHost: a\r\nNext-Action: 40ab\r\n";

#[test]
fn an_action_is_streamed_both_ways() {
    let origin = Origin::new();
    let edge = Edge::before(&origin);
    let mut client = edge.connect();
    client.send(&format!("{ACTION}Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n"));
    let mut upstream = origin.accept();
    upstream.head();
    upstream.until(b"one\r\n");
    client.send("3\r\ntwo\r\n0\r\n\r\n");
    upstream.until(b"two\r\n0\r\n\r\n");
    upstream.send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/x-component\r\nCache-Control: no-cache, no-store\r\n\
         Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n",
    );
    let head = client.head();
    assert_eq!(field(&head, "cache-status"), Some("selvedge; fwd=method"));
    client.until(b"first\r\n");
    upstream.send("4\r\nlast\r\n0\r\n\r\n");
    client.until(b"last\r\n0\r\n\r\n");
}

#[test]
fn an_action_that_is_too_large_is_refused_and_other_uploads_are_not() {
    let origin = Origin::new();
    let edge = Edge::run(&format!("http://{}", origin.address), &["next.action_max_body=8B"]);
    let mut client = edge.connect();
    client.send(&format!("{ACTION}Content-Length: 9\r\n\r\n123456789"));
    let (head, _) = client.response();
    assert!(head.starts_with("http/1.1 413 "), "{head}");
    assert_eq!(field(&head, "cache-control"), Some("no-store"));

    // It does not say how long it is: Next.js has the beginning, and never the end.
    let mut client = edge.connect();
    client.send(&format!("{ACTION}Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n"));
    let mut upstream = origin.accept();
    upstream.until(b"12345\r\n");
    client.send("5\r\n67890\r\n0\r\n\r\n");
    let (head, _) = client.response();
    assert!(head.starts_with("http/1.1 413 "), "{head}");
    assert!(!upstream.rest().contains("0\r\n\r\n"));

    let mut client = edge.connect();
    client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n123456789");
    let mut upstream = origin.accept();
    upstream.until(b"123456789");
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    assert_eq!(client.response().1, "ok");
}

#[test]
fn no_upload_is_larger_than_the_operator_says() {
    let origin = Origin::new();
    let edge = Edge::run(&format!("http://{}", origin.address), &["server.max_body=8B"]);
    let mut client = edge.connect();
    client.send("PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n123456789");
    assert!(client.response().0.starts_with("http/1.1 413 "));
}
