//! Requests that mean the same, or nearly so: whoever asks gets what the origin answers to him, whatever
//! another had asked for before.

use super::dialogue::scripted;
use super::wire::{Client, Edge, field};

/// Shows what it was asked, and lets everybody keep it: nothing could be easier to poison.
fn mirror(head: &str) -> String {
    let line = head.lines().next().unwrap_or_default();
    let said = ["host", "x-forwarded-host", "x-forwarded-proto", "forwarded", "rsc"];
    let fields: Vec<_> = said.iter().map(|name| field(head, name).unwrap_or("-")).collect();
    let body = format!("{line} {}", fields.join(" "));
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nCache-Control: s-maxage=600\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

/// An answer that was made for this very request, by an edge that has seen no other.
fn asked(edge: &Edge, request: &str) -> (String, String) {
    let mut client: Client = edge.connect();
    client.send(&format!("{request}\r\n\r\n"));
    client.response()
}

#[test]
fn nobody_gets_what_another_has_spelled() {
    let url = format!("http://{}", scripted(mirror));
    let visit = "GET /isr HTTP/1.1\r\nHost: example.org";
    let clean = asked(&Edge::run(&url, &[]), visit).1;
    for attack in [
        "GET //isr HTTP/1.1\r\nHost: example.org",
        "GET /isr/ HTTP/1.1\r\nHost: example.org",
        "GET /./isr HTTP/1.1\r\nHost: example.org",
        "GET /%2e%2e/isr HTTP/1.1\r\nHost: example.org",
        "GET /x/../isr HTTP/1.1\r\nHost: example.org",
        "GET /%69sr HTTP/1.1\r\nHost: example.org",
        "GET /ISR HTTP/1.1\r\nHost: example.org",
        "GET /isr? HTTP/1.1\r\nHost: example.org",
        "GET /isr?x HTTP/1.1\r\nHost: example.org",
        "GET /isr?_rsc=x HTTP/1.1\r\nHost: example.org",
        "GET /isr;x HTTP/1.1\r\nHost: example.org",
        "GET /isr%3Fx HTTP/1.1\r\nHost: example.org",
        "GET /isr HTTP/1.1\r\nHost: example.org:8080",
        "GET /isr HTTP/1.1\r\nHost: EXAMPLE.org:80",
        "GET /isr HTTP/1.1\r\nHost: example.org.",
        "GET /isr HTTP/1.1\r\nHost: evil.example",
        "GET http://evil.example/isr HTTP/1.1\r\nHost: example.org",
        "GET http://example.org/isr HTTP/1.1\r\nHost: evil.example",
        "GET /isr HTTP/1.1\r\nHost: example.org\r\nHost: evil.example",
        "GET /isr HTTP/1.1\r\nHost: example.org\r\nX-Forwarded-Host: evil.example",
        "GET /isr HTTP/1.1\r\nHost: example.org\r\nX-Forwarded-Proto: https",
        "GET /isr HTTP/1.1\r\nHost: example.org\r\nX-Forwarded-Port: 1",
        "GET /isr HTTP/1.1\r\nHost: example.org\r\nForwarded: host=evil.example",
        "GET /isr HTTP/1.1\r\nHost: example.org\r\nRsc: 1",
        "GET /isr HTTP/1.1\r\nHost: example.org\r\nRsc: 0",
        "GET /isr HTTP/1.1\r\nHost: example.org\r\nRsc: 1\r\nConnection: rsc",
        "HEAD /isr HTTP/1.1\r\nHost: example.org",
        "POST /isr HTTP/1.1\r\nHost: example.org\r\nContent-Length: 0",
    ] {
        let edge = Edge::run(&url, &[]);
        let mut client = edge.connect();
        client.send(&format!("{attack}\r\n\r\n"));
        client.head();
        for _ in 0..2 {
            assert_eq!(asked(&edge, visit).1, clean, "after {attack:?}");
        }
    }
}

/// What these make of the host ends up in absolute redirects and links.
#[test]
fn the_origin_hears_of_one_host_only() {
    let url = format!("http://{}", scripted(mirror));
    let edge = Edge::run(&url, &[]);
    for (attack, host) in [
        (
            "GET /a HTTP/1.1\r\nHost: Example.ORG:80\r\nX-Forwarded-Host: evil.example",
            "example.org",
        ),
        ("GET http://example.org/b HTTP/1.1\r\nHost: evil.example", "example.org"),
        ("GET /c HTTP/1.1\r\nHost: example.org:\r\nForwarded: host=evil.example", "example.org"),
    ] {
        let body = asked(&edge, attack).1;
        let expected = format!(" {host} {host} http for=127.0.0.1;host={host};proto=http -");
        assert!(body.ends_with(&expected), "{attack:?}: {body}");
    }
}

/// A deploy goes through several servers one by one: one of them does not know the other's build.
#[test]
fn data_of_a_build_that_is_not_there_yet_is_asked_for_again() {
    let missing = "HTTP/1.1 404 Not Found\r\nContent-Type: text/html; charset=utf-8\r\n\
         Cache-Control: private, no-cache, no-store, max-age=0, must-revalidate\r\n\
         Content-Length: 4\r\n\r\nnone";
    let first = std::sync::atomic::AtomicBool::new(true);
    let url = format!(
        "http://{}",
        scripted(move |head: &str| {
            match first.swap(false, std::sync::atomic::Ordering::Relaxed) {
                true => missing.to_owned(),
                false => mirror(head),
            }
        })
    );
    let edge = Edge::run(&url, &[]);
    let data = "GET /_next/data/new/isr.json HTTP/1.1\r\nHost: example.org\r\nx-nextjs-data: 1";
    assert!(asked(&edge, data).0.starts_with("http/1.1 404"));
    assert!(asked(&edge, data).0.starts_with("http/1.1 200"));
    assert!(asked(&edge, data).0.contains("selvedge; hit"));
}
