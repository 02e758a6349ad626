//! What is told, and to whom.

use super::support::*;

const PAGE: &str = "HTTP/1.1 200 OK\r\nCache-Control: s-maxage=100, stale-while-revalidate=50\r\n\
    Content-Length: 4\r\n\r\npage";

#[test]
fn the_level_can_be_set_for_a_while_and_tells_what_a_decision_went_by() {
    let origin = Origin::new();
    let address = origin.address;
    let (mut edge, admin) = Edge::with_admin(&origin, &[]);
    origin.always(PAGE);
    let put = |body: &str| {
        let mut client = Client::connect(admin);
        client.send(&format!(
            "PUT /log-level HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        client.response()
    };
    let (head, told) = put(r#"{"level": "loud"}"#);
    assert!(head.starts_with("http/1.1 400 ") && told.contains("write \"info\""), "{told}");
    let (head, told) = put(r#"{"level": "info,selvedge::cache=debug"}"#);
    assert!(head.starts_with("http/1.1 200 "), "{head}{told}");
    let mut client = edge.connect();
    for _ in 0..2 {
        client.get("/a");
        assert_eq!(client.response().1, "page");
    }
    let line = edge.wait_for_log("a stored response");
    for part in [
        "decision=\"serve\"",
        "lifetime=100s",
        "lifetime_by=\"s-maxage\"",
        "stale_while_revalidate=50s",
        "stale_if_error=86400s",
        "age=",
        "path=\"/a\"",
    ] {
        assert!(line.contains(part), "{part}: {line} ({address})");
    }
    // The configuration says `info` as ever, and is read again.
    edge.signal("HUP");
    edge.wait_for_log("nothing to apply");
    let said_before = edge.said.len();
    client.get("/a");
    client.response();
    edge.signal("TERM");
    edge.exit_code();
    assert!(!edge.said[said_before..].iter().any(|line| line.contains("a stored response")));
}

#[test]
fn whoever_has_no_token_sets_no_level() {
    let (_edge, admin) = Edge::with_admin(&Origin::new(), &["admin.token=0123456789abcdef"]);
    let mut client = Client::connect(admin);
    client.send(
        "PUT /log-level HTTP/1.1\r\nHost: a\r\nContent-Length: 19\r\n\r\n{\"level\": \"debug\"}",
    );
    assert!(client.head().starts_with("http/1.1 401 "));
}

#[test]
fn an_access_line_tells_no_more_of_a_client_than_it_may_and_none_tells_of_a_hit_left_out() {
    let settings = ["log.client_ip=truncated", "log.sample=0.0", "log.slow=1h"];
    let mut edge = Edge::run(&format!("http://{}", Origin::new().always(PAGE)), &settings);
    let mut client = edge.connect();
    client.get("/left-out");
    client.response();
    let mut dead = Edge::run("http://127.0.0.1:1", &settings);
    let mut client = dead.connect();
    client.get("/failed");
    client.head();
    let line = dead.wait_for_log("\"path\":\"/failed\"");
    assert!(line.contains("\"client\":\"127.0.0.0\"") && line.contains("\"status\":502"), "{line}");
    edge.signal("TERM");
    edge.exit_code();
    assert!(!edge.said.iter().any(|line| line.contains("left-out")), "{:?}", edge.said);
}
