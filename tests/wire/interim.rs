//! 1xx on its way from the origin to the client, around the HTTP library.

use super::support::*;

const HINT: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nConnection: x-hop\r\nx-hop: 1\r\n\r\n";
const PAGE: &str = "HTTP/1.1 200 OK\r\nCache-Control: s-maxage=100\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn a_hint_comes_before_the_page_is_there_and_is_not_stored() {
    let origin = Origin::new();
    let edge = Edge::before(&origin);
    let mut client = edge.connect();
    client.get("/a");
    let mut connection = origin.accept();
    connection.head();
    connection.send("HTTP/1.1 102 Processing\r\n\r\n");
    assert_eq!(client.head(), "http/1.1 102 processing\r\n\r\n");
    connection.send(HINT);
    assert_eq!(
        client.head(),
        "http/1.1 103 early hints\r\nlink: </a.css>; rel=preload\r\n\r\n",
        "without the fields of the connection"
    );
    connection.send(PAGE);
    assert_eq!(client.response().1, "ok");
    client.get("/a");
    assert!(client.head().starts_with("http/1.1 200 "), "a hit has no hint");
    assert_eq!(client.bytes(2), "ok");
}

#[test]
fn a_hint_that_comes_together_with_the_page_still_comes_first() {
    let origin = Origin::new();
    let edge = Edge::before(&origin);
    for _ in 0..50 {
        let mut client = edge.connect();
        client.send("GET /b HTTP/1.1\r\nHost: a\r\nAuthorization: mine\r\n\r\n");
        let mut connection = origin.accept();
        connection.head();
        connection.send(&format!(
            "{HINT}HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
        ));
        assert!(client.head().starts_with("http/1.1 103 "));
        assert_eq!(client.response().1, "ok");
    }
}

/// The second request is read while the first response still waits for the client.
#[test]
fn in_a_pipeline_each_hint_stands_before_its_own_page_however_slow_the_client() {
    let length = 8 << 20;
    let long = "x".repeat(length);
    let origin = Origin::new();
    let edge = Edge::before(&origin);
    let mut client = edge.connect();
    client.get("/long");
    client.get("/short");
    // Apart from the client: how much of the body the system takes before somebody reads is its affair.
    let upstream = std::thread::spawn(move || {
        let mut connection = origin.accept();
        connection.head();
        connection.send(&format!(
            "{HINT}HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{long}"
        ));
        let mut another = origin.accept();
        another.head();
        another.send(&format!("{HINT}{PAGE}"));
        (connection, another)
    });
    assert!(client.head().starts_with("http/1.1 103 "));
    assert!(client.head().starts_with("http/1.1 200 "));
    assert_eq!(client.bytes(length).len(), length);
    assert!(client.head().starts_with("http/1.1 103 "));
    assert_eq!(client.response().1, "ok");
    drop(upstream.join());
}

#[test]
fn a_client_of_http_1_0_gets_none() {
    let origin = Origin::new();
    let edge = Edge::before(&origin);
    let mut client = edge.connect();
    client.send("GET /a HTTP/1.0\r\nHost: a\r\n\r\n");
    let mut connection = origin.accept();
    connection.head();
    connection.send(&format!("{HINT}{PAGE}"));
    assert!(client.head().starts_with("http/1.0 200 "));
}

#[test]
fn an_expectation_is_answered_once_and_a_hint_goes_its_way_beside() {
    let origin = Origin::new();
    let edge = Edge::before(&origin);
    let mut client = edge.connect();
    client.send("POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    let mut connection = origin.accept();
    connection.head();
    connection.send("HTTP/1.1 100 Continue\r\n\r\n");
    connection.send(HINT);
    let mut heads = [client.head(), client.head()];
    heads.sort();
    assert_eq!(heads[0], "http/1.1 100 continue\r\n\r\n");
    assert!(heads[1].starts_with("http/1.1 103 "));
    client.send("ab");
    assert_eq!(connection.bytes(2), "ab");
    connection.send(PAGE);
    assert_eq!(client.response().1, "ok");
}
