//! What an attack has found once, on either side.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use super::support::*;

const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// An origin whose first connection takes no bytes, ever, once `first` is said over it; all further
/// ones are answered.
fn hangs_once(first: &'static str) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut hangs, _) = listener.accept().unwrap();
        if !first.is_empty() {
            let _ = hangs.read(&mut [0; 1024]).unwrap();
            hangs.write_all(first.as_bytes()).unwrap();
        }
        for stream in listener.incoming().map_while(Result::ok) {
            let mut connection = Client::over(stream);
            connection.head();
            connection.send(PAGE);
        }
    });
    address
}

/// The library writes out what it has begun before it lets go of a connection.
#[test]
fn an_origin_that_hangs_does_not_keep_the_place_of_a_client_who_has_left() {
    let early = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno";
    for (first, status) in [("", "504"), (early, "413")] {
        let edge = Edge::run(
            &format!("http://{}", hangs_once(first)),
            &["server.max_connections=1", "server.body_timeout=1s", "origin.first_byte_timeout=1s"],
        );
        let mut upload = TcpStream::connect(edge.address).unwrap();
        upload.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
        let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n";
        upload.write_all(head.as_bytes()).unwrap();
        while upload.write(&[b'x'; 1 << 16]).is_ok() {}
        let mut upload = Client::over(upload);
        assert!(upload.head().starts_with(&format!("http/1.1 {status} ")));
        drop(upload);
        let mut next = edge.connect();
        next.get("/");
        assert_eq!(next.response().1, "ok", "after {status}");
    }
}

/// What is thrown away of an upload ends after the answer, and outside of the connection's task.
#[test]
fn a_connection_is_idle_after_an_upload_that_nobody_wanted_has_ended() {
    let nowhere = free_address();
    let edge = Edge::run(&format!("http://{nowhere}"), &["server.idle_timeout=500ms"]);
    let mut client = edge.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
    assert!(client.response().0.starts_with("http/1.1 502 "));
    client.send("abcde");
    assert_eq!(client.rest(), "", "and then it is closed");
}

/// RFC 9110 section 8.6: not in any response of 1xx; who counts by it loses the final one.
#[test]
fn a_hint_has_no_length() {
    let origin = Origin::new();
    let edge = Edge::before(&origin);
    let mut client = edge.connect();
    client.get("/a");
    let mut connection = origin.accept();
    connection.head();
    connection.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 5\r\n\r\n");
    connection.send(PAGE);
    assert_eq!(client.head(), "http/1.1 103 early hints\r\nlink: </a>\r\n\r\n");
    assert_eq!(client.response().1, "ok");
}

/// A connection is in use while its client asks again as soon as it has an answer.
#[test]
fn whoever_waits_for_a_place_does_not_get_that_of_a_client_in_use() {
    let settings = ["server.max_connections=1"];
    let edge = Edge::run(&format!("http://{}", Origin::new().always(PAGE)), &settings);
    let mut first = edge.connect();
    let mut second = edge.connect();
    second.get("/");
    for _ in 0..3000 {
        first.get("/");
        assert_eq!(first.response().1, "ok");
    }
    assert_eq!(second.response().1, "ok", "once the first one is idle");
}
