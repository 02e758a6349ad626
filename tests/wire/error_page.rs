//! What visitors see where there is no answer.

use std::fs;
use std::path::PathBuf;

use super::support::*;

/// A folder that is gone with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("selvedge-{name}-{}", std::process::id()));
        fs::create_dir_all(dir.join("server/pages")).unwrap();
        Self(dir)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Nobody listens there.
fn nowhere() -> String {
    format!("http://{}", free_address())
}

fn page(settings: &[&str]) -> String {
    let edge = Edge::run(&nowhere(), settings);
    let mut client = edge.connect();
    client.send("GET /a HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\nX-Request-Id: r1\r\n\r\n");
    let (head, body) = client.response();
    assert!(head.starts_with("http/1.1 502 "), "{head}");
    assert_eq!(field(&head, "content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(field(&head, "cache-control"), Some("no-store"));
    assert_eq!(field(&head, "x-request-id"), Some("r1"));
    body
}

#[test]
fn a_visitor_sees_our_page_or_the_operators_or_the_applications() {
    let scratch = Scratch::new("error-page");
    let own = page(&[]);
    assert!(own.contains("<h1>502 Bad Gateway</h1>") && own.contains("Request r1"), "{own}");

    let file = scratch.write("error.html", "<h1>Sorry: {{status}}</h1>{{request_id}}");
    assert_eq!(page(&[&format!("errors.page={file}")]), "<h1>Sorry: 502</h1>r1");

    scratch.write("BUILD_ID", "b1");
    scratch.write("server/pages/500.html", "<h1>Our shop is closed</h1>");
    let dir = format!("next.dir={}", scratch.0.display());
    assert_eq!(page(&["errors.page=app", &dir]), "<h1>Our shop is closed</h1>");
    assert!(page(&["errors.page=app"]).contains("<h1>502 Bad Gateway</h1>"));
}

#[test]
fn a_page_that_cannot_be_shown_is_a_mistake_at_the_start() {
    let scratch = Scratch::new("wrong-page");
    let file = scratch.write("error.html", "<p>\n{{sttaus}}");
    for (page, told) in [
        (file.as_str(), "error.html:2: {{sttaus}} is not known"),
        ("/nonexistent/error.html", "cannot read the error page /nonexistent/error.html"),
        ("error.html", "is not an error page"),
    ] {
        let (code, _, errors) =
            run(&["--listen", "127.0.0.1:0", "--set", &format!("errors.page={page}")], &[]);
        assert_eq!(code, 64, "{errors}");
        assert!(errors.contains(told) && errors.contains("errors.page"), "{errors}");
        let (code, _, errors) = run(&["check", "--set", &format!("errors.page={page}")], &[]);
        assert!(code == 64 && errors.contains(told), "{errors}");
    }
}
