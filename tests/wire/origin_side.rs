//! What the origin does, and what becomes of it.

use std::io::{Read, Write};

use super::support::*;

const KEEP: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn a_connection_to_the_origin_is_used_again() {
    let origin = Origin::new();
    let edge = Edge::before(&origin);
    let mut client = edge.connect();
    client.get("/1");
    let mut connection = origin.accept();
    connection.head();
    connection.send(KEEP);
    client.response();
    client.get("/2");
    assert!(connection.head().starts_with("get /2 "));
    connection.send(KEEP);
    client.response();
}

#[test]
fn a_connection_that_died_idle_is_replaced_and_nobody_notices() {
    let origin = Origin::new();
    let edge = Edge::before(&origin);
    let mut client = edge.connect();
    client.get("/1");
    let mut connection = origin.accept();
    connection.head();
    connection.send(KEEP);
    client.response();
    client.get("/2");
    // The origin takes the request and closes without a byte: as Node does when its timer was faster.
    connection.head();
    drop(connection);
    let mut second = origin.accept();
    assert!(second.head().starts_with("get /2 "));
    second.send(KEEP);
    assert_eq!(client.response().1, "ok");
}

#[test]
fn a_post_is_not_sent_twice() {
    let origin = Origin::new();
    let edge = Edge::before(&origin);
    let mut client = edge.connect();
    client.get("/1");
    let mut connection = origin.accept();
    connection.head();
    connection.send(KEEP);
    client.response();
    client.send("POST /2 HTTP/1.1\r\nHost: example.org\r\nContent-Length: 3\r\n\r\nabc");
    connection.head();
    assert_eq!(connection.bytes(3), "abc");
    drop(connection);
    let (head, _) = client.response();
    assert!(head.starts_with("http/1.1 502 "), "{head}");
}

#[test]
fn a_body_cut_short_is_not_taken_for_a_whole_one() {
    for (name, answer) in [
        (
            "content-length",
            "HTTP/1.1 200 OK\r\nCache-Control: s-maxage=9\r\nContent-Length: 10\r\n\r\nhalf",
        ),
        (
            "chunked",
            "HTTP/1.1 200 OK\r\nCache-Control: s-maxage=9\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        ),
        ("not stored", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
    ] {
        let origin = Origin::new();
        let edge = Edge::before(&origin);
        let mut client = edge.connect();
        client.get("/a");
        let mut connection = origin.accept();
        connection.head();
        connection.send(answer);
        drop(connection);
        let got = client.rest();
        assert!(!got.ends_with("0\r\n\r\n"), "{name}: it looks whole: {got:?}");
        let mut next = edge.connect();
        next.get("/a");
        let mut connection = origin.accept();
        connection.head();
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole");
        assert_eq!(next.response().1, "whole", "{name}: nothing was stored");
    }
}

#[test]
fn a_stream_is_passed_on_piece_by_piece() {
    let origin = Origin::new();
    let edge = Edge::before(&origin);
    let mut client = edge.connect();
    client.get("/sse");
    let mut connection = origin.accept();
    connection.head();
    connection.send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    client.head();
    for piece in ["one", "two", "six"] {
        connection.send(&format!("3\r\n{piece}\r\n"));
        assert_eq!(client.bytes(8), format!("3\r\n{piece}\r\n"));
    }
    connection.send("0\r\n\r\n");
    assert_eq!(client.bytes(5), "0\r\n\r\n");
}

#[test]
fn an_upload_is_streamed_and_the_expectation_answered_here() {
    let origin = Origin::new();
    let edge = Edge::before(&origin);
    let mut client = edge.connect();
    client.send("POST /up HTTP/1.1\r\nHost: example.org\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n");
    let mut connection = origin.accept();
    let head = connection.head();
    assert_eq!(field(&head, "expect"), None);
    assert!(client.head().starts_with("http/1.1 100 "));
    client.send("3\r\nabc\r\n");
    assert_eq!(connection.bytes(8), "3\r\nabc\r\n", "before the upload has ended");
    client.send("0\r\n\r\n");
    assert_eq!(connection.bytes(5), "0\r\n\r\n");
    connection.send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    assert!(client.head().starts_with("http/1.1 201 "));
}

#[test]
fn head_and_204_and_304_end_where_their_head_ends() {
    let origin = Origin::new();
    let edge = Edge::before(&origin);
    let mut client = edge.connect();
    client.send("HEAD /a HTTP/1.1\r\nHost: example.org\r\n\r\n");
    let mut connection = origin.accept();
    connection.head();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    assert_eq!(field(&client.head(), "content-length"), Some("1000"));
    for status in ["204 No Content", "304 Not Modified"] {
        client.send("DELETE /a HTTP/1.1\r\nHost: example.org\r\n\r\n");
        connection.head();
        connection.send(&format!("HTTP/1.1 {status}\r\n\r\n"));
        assert!(client.head().contains(&status.to_ascii_lowercase()));
    }
}

#[test]
fn trailers_reach_a_client_that_takes_them() {
    let origin = Origin::new();
    let edge = Edge::before(&origin);
    let mut client = edge.connect();
    client.send("GET /a HTTP/1.1\r\nHost: example.org\r\nTE: trailers\r\nConnection: TE\r\n\r\n");
    let mut connection = origin.accept();
    connection.head();
    connection.send("HTTP/1.1 200 OK\r\nTrailer: x-sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n");
    assert_eq!(field(&client.head(), "trailer"), Some("x-sum"));
    let rest = String::from_utf8(client.until(b"\r\n\r\n")).unwrap().to_ascii_lowercase();
    assert_eq!(rest, "2\r\nok\r\n0\r\nx-sum: 7\r\n\r\n");
}

#[test]
fn an_upgraded_connection_carries_bytes_both_ways() {
    let origin = Origin::new();
    let edge = Edge::before(&origin);
    let mut client = edge.connect();
    client.send("GET /ws HTTP/1.1\r\nHost: example.org\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\nSec-WebSocket-Key: k\r\n\r\n");
    let mut connection = origin.accept();
    let head = connection.head();
    assert_eq!(field(&head, "upgrade"), Some("echo/1"));
    assert_eq!(field(&head, "connection"), Some("upgrade"));
    connection.send(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\nhello",
    );
    let head = client.head();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    assert_eq!(field(&head, "upgrade"), Some("echo/1"));
    assert_eq!(client.bytes(5), "hello");
    client.send("to the origin");
    assert_eq!(connection.bytes(13), "to the origin");
    connection.send("to the client");
    assert_eq!(client.bytes(13), "to the client");
    drop(connection);
    assert_eq!(client.rest(), "");
}

#[test]
fn an_origin_that_does_not_answer_in_time_is_a_504_and_a_dead_one_a_502() {
    let origin = Origin::new();
    let edge =
        Edge::run(&format!("http://{}", origin.address), &["origin.first_byte_timeout=300ms"]);
    let mut client = edge.connect();
    client.get("/slow");
    let _silent = origin.accept();
    let (head, body) = client.response();
    assert!(head.starts_with("http/1.1 504 "), "{head}");
    assert!(field(&head, "proxy-status").unwrap().contains("http_response_timeout"), "{head}");
    assert!(body.contains("504"), "{body}");
    drop(origin);
    client.get("/dead");
    let (head, _) = client.response();
    assert!(head.starts_with("http/1.1 502 "), "{head}");
}

#[test]
fn the_origin_may_be_a_unix_socket() {
    let path = std::env::temp_dir().join(format!("selvedge-wire-{}.sock", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let edge = Edge::run(&format!("unix:{}", path.display()), &[]);
    let mut client = edge.connect();
    client.get("/a");
    let (mut connection, _) = listener.accept().unwrap();
    let mut buffer = [0; 4096];
    let read = connection.read(&mut buffer).unwrap();
    assert!(buffer[..read].starts_with(b"GET /a HTTP/1.1\r\n"));
    connection.write_all(KEEP.as_bytes()).unwrap();
    assert_eq!(client.response().1, "ok");
    std::fs::remove_file(path).unwrap();
}
