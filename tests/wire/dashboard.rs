//! The dashboard, without a browser: who may look, and that what is told is true.

use std::net::SocketAddr;

use serde_json::Value;

use super::support::*;

const PAGE: &str = "HTTP/1.1 200 OK\r\nCache-Control: s-maxage=100\r\nContent-Type: text/html\r\nx-selvedge-tags: posts\r\nContent-Length: 4\r\n\r\npage";
const PRIVATE: &str = "HTTP/1.1 200 OK\r\nCache-Control: private\r\nContent-Length: 2\r\n\r\nme";
const BROKEN: &str = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";

fn answer(head: &str) -> &'static str {
    match head.split("\r\n").next().unwrap() {
        "GET /blog/1 HTTP/1.1" | "GET /blog/2 HTTP/1.1" => PAGE,
        "GET /broken HTTP/1.1" => BROKEN,
        _ => PRIVATE,
    }
}

fn ask(admin: SocketAddr, target: &str, fields: &str) -> Client {
    let mut client = Client::connect(admin);
    client.send(&format!("GET {target} HTTP/1.1\r\n{fields}\r\n"));
    client
}

const HERE: &str = "Host: localhost:9180\r\n";

/// The next event.
fn event(stream: &mut Client) -> Value {
    stream.until(b"data: ");
    serde_json::from_slice(stream.until(b"\n\n").trim_ascii_end()).unwrap()
}

fn entries(admin: SocketAddr, search: &str) -> Value {
    let target = format!("/entries?search={search}");
    let (head, found) = ask(admin, &target, HERE).response();
    assert!(head.starts_with("http/1.1 200 "), "{head}{found}");
    serde_json::from_str(&found).unwrap()
}

/// What is before the last request has been counted when that is answered.
fn used() -> (Edge, Client, SocketAddr) {
    let (mut edge, admin) = Edge::with_admin_before(Origin::new().by(answer), &[]);
    edge.wait_for_log("answers");
    let mut client = edge.connect();
    for path in
        ["/blog/1", "/blog/1", "/blog/1", "/blog/2", "/me?token=secret", "/broken", "/me", "/last"]
    {
        client.get(path);
        client.response();
    }
    (edge, client, admin)
}

#[test]
fn the_page_runs_nothing_but_its_own_script_and_asks_nobody_else() {
    let (_edge, admin) = Edge::with_admin(&Origin::new(), &[]);
    let policies = [(); 2].map(|()| {
        let (head, page) = ask(admin, "/", HERE).response();
        assert_eq!(field(&head, "content-type"), Some("text/html; charset=utf-8"));
        let policy = field(&head, "content-security-policy").unwrap().to_owned();
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
        assert_eq!(page.matches(&format!("nonce=\"{nonce}\"")).count(), 2);
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let elsewhere =
            page.matches("http://").count() - page.matches("http://www.w3.org/").count();
        assert_eq!(
            (elsewhere, page.contains("style=\""), page.contains("onclick")),
            (0, false, false)
        );
        policy
    });
    assert_ne!(policies[0], policies[1]);
}

#[test]
fn what_is_shown_is_what_happened() {
    let (_edge, _client, admin) = used();
    let mut stream = ask(admin, "/events", HERE);
    assert_eq!(field(&stream.head(), "content-type"), Some("text/event-stream"));
    let shown = event(&mut stream);
    let answers = &shown["answers"];
    assert_eq!((&answers["hit"], &shown["readiness"]), (&2.into(), &"ready".into()), "{shown}");
    assert!(answers["miss"].as_u64().unwrap() >= 4, "{shown}");
    assert!(shown["store"]["entries"].as_u64() == Some(2), "{shown}");
    let error = &shown["recent"]["errors"][0];
    assert_eq!(
        (&error["what"], &error["why"]),
        (&"GET /broken".into(), &"the origin answered 500".into())
    );
    let routes = &shown["routes"];
    let route =
        |name| routes["routes"].as_array().unwrap().iter().find(|it| it[0] == name).cloned();
    let blog = route("/blog/[id]").unwrap();
    assert_eq!((&blog[1]["requests"], &blog[1]["hits"]), (&4.into(), &2.into()), "{blog}");
    assert_eq!(route("/me").unwrap()[1]["why"][0], serde_json::json!(["private", 2]), "{routes}");
    assert!(!shown.to_string().contains("secret"), "{shown}");
    // And so on, without the routes.
    assert!(event(&mut stream)["routes"].is_null());
}

#[test]
fn what_is_stored_is_found_by_url_class_and_tag_until_it_is_purged() {
    let (_edge, _client, admin) = used();
    for (search, count) in
        [("", 2), ("%2Fblog%2F1", 1), ("POSTS", 2), ("document", 2), ("rsc", 0), ("nothing", 0)]
    {
        assert_eq!(entries(admin, search)["count"], count, "{search}");
    }
    let found = entries(admin, "%2Fblog%2F1");
    let entry = &found["entries"][0];
    assert_eq!((&entry["path"], &entry["state"]), (&"/blog/1".into(), &"fresh".into()));
    assert_eq!((&entry["lifetime"], &entry["tags"][0]), (&100.into(), &"posts".into()));
    let body = "{\"paths\":[\"/blog/1\"]}";
    let mut client = Client::connect(admin);
    client.send(&format!(
        "POST /invalidate HTTP/1.1\r\n{HERE}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    assert_eq!(client.response().1, "{\"invalidated\":1}\n");
    assert_eq!(entries(admin, "")["count"], 1);
    let shown = event(&mut ask(admin, "/events", HERE));
    let line = &shown["recent"]["invalidations"][0];
    assert_eq!((&line["what"], &line["why"]), (&"/blog/1".into(), &"1 response".into()));
}

#[test]
fn whoever_may_not_look_is_told_nothing() {
    let origin = Origin::new();
    let (_open, admin) = Edge::with_admin(&origin, &[]);
    let token = "0123456789abcdef";
    let (_closed, closed) = Edge::with_admin(&origin, &[&format!("admin.token={token}")]);
    let bearer = format!("{HERE}Authorization: Bearer {token}\r\n");
    for target in ["/entries", "/events"] {
        // A name whose address became ours.
        let (head, _) = ask(admin, target, "Host: rebound.example:9180\r\n").response();
        assert!(head.starts_with("http/1.1 403 "), "{head}");
        let (head, told) = ask(closed, target, HERE).response();
        assert!(head.starts_with("http/1.1 401 ") && told.contains("admin.token"), "{head}{told}");
        let head = ask(closed, target, &bearer).head();
        assert!(head.starts_with("http/1.1 200 "), "{head}");
    }
    let (head, _) = ask(closed, "/", HERE).response();
    assert!(head.starts_with("http/1.1 200 "), "the page asks for the token: {head}");
}

#[test]
fn so_many_may_watch_at_once_and_whoever_leaves_makes_room() {
    let (_edge, admin) = Edge::with_admin(&Origin::new(), &[]);
    let mut watching: Vec<Client> = (0..16).map(|_| ask(admin, "/events", HERE)).collect();
    watching.iter_mut().for_each(|stream| assert!(stream.head().starts_with("http/1.1 200 ")));
    let (head, told) = ask(admin, "/events", HERE).response();
    assert!(head.starts_with("http/1.1 503 ") && told.contains("16 pages"), "{head}{told}");
    watching.pop();
    let is_let_in =
        (0..1000).any(|_| ask(admin, "/events", HERE).head().starts_with("http/1.1 200 "));
    assert!(is_let_in);
}
