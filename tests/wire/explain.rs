//! `selvedge explain`, of an edge and of an origin.

use std::net::SocketAddr;

use super::support::*;

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nx-selvedge-tags: posts\r\n";

/// An origin that answers every request so.
fn origin(fields: &str) -> (SocketAddr, Origin, &'static str) {
    let origin = Origin::new();
    let answer = format!("{HEAD}{fields}Content-Length: 4\r\n\r\npage");
    (origin.address, origin, answer.leak())
}

/// What is said of an edge in front of such an origin, in words and as JSON.
fn explained(fields: &str, settings: &[&str], options: &[&str]) -> (String, serde_json::Value) {
    let (_, origin, answer) = origin(fields);
    let (edge, admin) = Edge::with_admin(&origin, settings);
    origin.always(answer);
    let (url, admin) = (format!("http://{}/a", edge.address), admin.to_string());
    let args = [&["explain", &url, "--admin", &admin], options].concat();
    let (code, words, errors) = run(&args, &[]);
    assert_eq!((code, errors.as_str()), (0, ""));
    assert!(words.lines().all(|line| line.chars().count() <= 80), "{words}");
    assert!(!words.contains('\x1b'), "{words}");
    let (_, json, _) = run(&[&args[..], &["--json"]].concat(), &[]);
    (words, serde_json::from_str(&json).unwrap())
}

#[test]
fn a_kept_page_is_told_with_its_times_tags_variant_and_what_next_said() {
    let isr = "Cache-Control: s-maxage=60, stale-while-revalidate=600\r\nVary: Accept-Language\r\n";
    let (words, json) = explained(isr, &[], &[]);
    for part in [
        "Cached from now on",
        "Nothing was stored for this URL",
        "selvedge; fwd=uri-miss; stored",
        "s-maxage=60, stale-while-revalidate=600",
        "fresh for 60 s, then served for 10 min",
        "accept-language absent (the only one)",
        "path:/a, posts",
    ] {
        assert!(words.contains(part), "{part} is not in\n{words}");
    }
    assert_eq!(json["outcome"], "hit");
    assert_eq!(json["stored"]["lifetime"], 60);
    assert_eq!(json["stored"]["tags"][1], "posts");
}

#[test]
fn the_codings_in_which_a_body_is_stored_are_told_with_their_sizes() {
    let origin = Origin::new();
    let (edge, admin) = Edge::with_admin(&origin, &[]);
    let body = "a page of many words; ".repeat(200);
    let fields = "Cache-Control: s-maxage=60\r\n";
    let answer = format!("{HEAD}{fields}Content-Length: {}\r\n\r\n{body}", body.len());
    origin.always(answer.leak());
    let (url, admin) = (format!("http://{}/a", edge.address), admin.to_string());
    let args = ["explain", &url, "--admin", &admin];
    // Brotli is made in any case, by a thread that nobody waits for.
    let mut codings = Vec::new();
    let is_of_br = |held: &serde_json::Value| held["coding"] == "br";
    poll("brotli is there", || {
        let (_, json, _) = run(&[&args[..], &["--json"]].concat(), &[]);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        codings = json["stored"]["codings"].as_array().cloned().unwrap_or_default();
        codings.iter().any(is_of_br)
    });
    assert_eq!((&codings[0]["coding"], &codings[0]["bytes"]), (&"identity".into(), &4400.into()));
    let of_br = codings.iter().find(|held| is_of_br(held)).unwrap();
    assert!(of_br["bytes"].as_u64().unwrap() < 200, "{of_br}");
    let (_, words, _) = run(&args, &[]);
    assert!(words.contains("Body      identity 4400 B; br "), "{words}");
}

#[test]
fn a_page_that_is_not_kept_is_told_with_the_field_that_decided_and_a_remedy() {
    let (words, json) = explained("Cache-Control: private, no-store\r\n", &[], &[]);
    for part in ["Not cached: it is dynamic", "Because", "private, no-store", "cookies()"] {
        assert!(words.contains(part), "{part} is not in\n{words}");
    }
    assert_eq!((&json["outcome"], &json["reason"]), (&"not-stored".into(), &"no-store".into()));
    let cookie = "Cache-Control: s-maxage=9\r\nSet-Cookie: sid=secret; Path=/\r\n";
    let (words, _) = explained(cookie, &[], &[]);
    assert!(words.contains("set-cookie: sid=…") && !words.contains("secret"), "{words}");
    let draft = ["--header", "Cookie: __prerender_bypass=x"];
    let (words, json) = explained("Cache-Control: s-maxage=9\r\n", &[], &draft);
    assert!(words.contains("draft mode"), "{words}");
    assert_eq!(json["outcome"], "passed");
}

#[test]
fn next_itself_is_judged_as_the_edge_would() {
    for (fields, outcome, part) in [
        ("Cache-Control: s-maxage=60\r\n", "stored", "An edge would keep this, fresh for 60 s"),
        ("Cache-Control: no-store, must-revalidate\r\n", "not-stored", "`next dev`"),
        ("", "not-stored", "there is no Cache-Control"),
        ("Cache-Control: s-maxage=9\r\nVary: *\r\n", "not-stored", "vary: *"),
    ] {
        let (address, origin, answer) = origin(fields);
        origin.always(answer);
        let address = address.to_string();
        let args = ["explain", "/a", "--origin", &address];
        let (code, words, errors) = run(&args, &[]);
        assert_eq!((code, errors.as_str()), (0, ""));
        assert!(words.contains(part), "{part} is not in\n{words}");
        let (_, json, _) = run(&[&args[..], &["--json"]].concat(), &[]);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["outcome"], outcome, "{fields}");
        let (_, json, _) = run(&["explain", "/a", "--edge", &address, "--json"], &[]);
        assert!(json.contains("\"no-edge\""), "{json}");
    }
}

#[test]
fn what_is_stored_is_told_to_whoever_has_the_token() {
    let token = "0123456789abcdef";
    let isr = "Cache-Control: s-maxage=60\r\n";
    let (words, _) = explained(isr, &[&format!("admin.token={token}")], &[]);
    assert!(words.contains("Cached from now on") && !words.contains("posts"), "{words}");
}

#[test]
fn nobody_there_exits_69_and_no_url_64() {
    let nobody = format!("http://{}/", free_address());
    let (code, _, errors) = run(&["explain", &nobody], &[]);
    assert_eq!(code, 69);
    assert!(errors.contains("--edge") && errors.contains("--origin"), "{errors}");
    assert_eq!(run(&["explain", "shop.example/a"], &[]).0, 64);
}
