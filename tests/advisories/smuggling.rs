//! CVE-2026-29057: a DELETE whose body is chunked becomes two requests behind Next.js.

use super::dialogue::scripted;
use super::wire::Edge;

const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone";

#[test]
fn what_next_would_make_two_requests_of_is_refused() {
    let edge = Edge::run(&format!("http://{}", scripted(|_: &str| ANSWER)), &[]);
    let inner = "GET /inner HTTP/1.1\r\nHost: example.org\r\n\r\n";
    let chunked =
        format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{inner}\r\n0\r\n\r\n", inner.len());
    for (method, rest, status) in [
        ("DELETE", chunked.as_str(), 400),
        ("OPTIONS", &chunked, 400),
        ("POST", &chunked, 200),
        ("DELETE", "Content-Length: 0\r\n\r\n", 200),
        ("DELETE", "\r\n", 200),
        ("OPTIONS", "\r\n", 200),
    ] {
        let mut client = edge.connect();
        client.send(&format!("{method} /outside HTTP/1.1\r\nHost: example.org\r\n{rest}"));
        let head = client.head();
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{method} {rest:?}: {head}");
    }
}
