//! The admin side: invalidation from outside.

use std::net::SocketAddr;

use super::support::*;

const PAGE: &str = "HTTP/1.1 200 OK\r\nCache-Control: s-maxage=100\r\nContent-Type: text/html\r\nx-selvedge-tags: posts\r\nContent-Length: 3\r\n\r\n";

fn invalidate(admin: SocketAddr, fields: &str, body: &str) -> (String, String) {
    let mut client = Client::connect(admin);
    client.send(&format!(
        "POST /invalidate HTTP/1.1\r\nHost: localhost\r\n{fields}Content-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    client.response()
}

const JSON: &str = "Content-Type: application/json\r\n";

#[test]
fn what_is_invalidated_is_fetched_anew_by_the_next_request() {
    let origin = Origin::new();
    let (mut edge, admin) = Edge::with_admin(&origin, &[]);
    // The probe for readiness.
    let mut probe = origin.accept();
    probe.head();
    probe.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    edge.wait_for_log("answers");
    let mut client = edge.connect();
    let mut upstream = None;
    for (body, what) in [
        ("one", r#"{"tags":["posts"]}"#),
        ("two", r#"{"paths":["/a"]}"#),
        ("six", r#"{"prefixes":["/"]}"#),
        ("ten", r#"{"all":true}"#),
    ] {
        client.get("/a");
        let upstream = upstream.get_or_insert_with(|| origin.accept());
        upstream.head();
        upstream.send(&format!("{PAGE}{body}"));
        let (head, got) = client.response();
        assert_eq!((got.as_str(), field(&head, "x-selvedge-tags")), (body, None));
        client.get("/a");
        assert_eq!(client.response().1, body);
        let (head, told) = invalidate(admin, JSON, what);
        assert!(head.starts_with("http/1.1 200 "), "{head}");
        assert!(told.starts_with("{\"invalidated\":") && !told.contains(":0"), "{what}: {told}");
    }
}

#[test]
fn whoever_may_not_is_told_what_is_missing() {
    let origin = Origin::new();
    let (_open, admin) = Edge::with_admin(&origin, &[]);
    let (head, told) = invalidate(admin, "", r#"{"all":true}"#);
    assert!(head.starts_with("http/1.1 415 ") && told.contains("application/json"), "{head}{told}");
    let (head, told) = invalidate(admin, JSON, r#"{"tag":["a"]}"#);
    assert!(head.starts_with("http/1.1 400 ") && told.contains("tags"), "{head}{told}");

    let token = "0123456789abcdef";
    let (mut closed, admin) = Edge::with_admin(&origin, &[&format!("admin.token={token}")]);
    let (head, told) = invalidate(admin, JSON, r#"{"all":true}"#);
    assert!(
        head.starts_with("http/1.1 401 ") && told.contains("there is no token"),
        "{head}{told}"
    );
    assert_eq!(field(&head, "www-authenticate"), Some("bearer"));
    let line = closed.wait_for_log("refused /invalidate: it came without a token");
    assert!(line.contains("127.0.0.1") && line.contains("SELVEDGE_TOKEN"), "{line}");
    let wrong = "Authorization: Bearer fedcba9876543210\r\n";
    let (head, told) = invalidate(admin, wrong, r#"{"all":true}"#);
    assert!(head.starts_with("http/1.1 401 ") && told.contains("the token is wrong"), "{told}");
    assert_eq!(field(&head, "www-authenticate"), Some("bearer error=\"invalid_token\""));
    assert!(!told.contains(token) && !closed.said.iter().any(|line| line.contains(token)));
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let (head, _) = invalidate(admin, &bearer, r#"{"all":true}"#);
    assert!(head.starts_with("http/1.1 200 "), "{head}");
}
