//! `selvedge warm`, against an origin that answers by path.

use std::io::Write;
use std::net::SocketAddr;
use std::process::Stdio;

use super::support::*;

/// An origin that answers each path by its own name.
fn origin() -> (Origin, SocketAddr) {
    let origin = Origin::new();
    let address = origin.address;
    (origin, address)
}

fn answer(head: &str) -> &'static str {
    let path = head.split_whitespace().nth(1).unwrap();
    let (fields, body) = match path.split('?').next().unwrap() {
        "/sitemap.xml" => (
            "200 OK\r\nCache-Control: no-store\r\nContent-Type: application/xml",
            "<urlset><url><loc>https://shop.example/a</loc></url>\
             <url><loc>https://shop.example/b</loc></url>\
             <url><loc>https://shop.example/dynamic</loc></url>\
             <url><loc>https://shop.example/gone</loc></url></urlset>",
        ),
        "/dynamic" if head.contains("\r\nrsc: 1\r\n") => {
            ("200 OK\r\nCache-Control: private, no-store\r\nContent-Type: text/x-component", "f")
        }
        "/dynamic" => {
            ("200 OK\r\nCache-Control: private, no-store\r\nContent-Type: text/html", "d")
        }
        "/gone" => ("404 Not Found\r\nCache-Control: no-store\r\nContent-Type: text/html", "g"),
        _ if head.contains("\r\nrsc: 1\r\n") => {
            ("200 OK\r\nCache-Control: s-maxage=99\r\nContent-Type: text/x-component", "f")
        }
        _ => ("200 OK\r\nCache-Control: s-maxage=99\r\nContent-Type: text/html", "p"),
    };
    format!("HTTP/1.1 {fields}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).leak()
}

fn edge() -> (Edge, String) {
    let (origin, address) = origin();
    origin.by(answer);
    let edge = Edge::run(&format!("http://{address}"), &[]);
    let at = edge.address.to_string();
    (edge, at)
}

#[test]
fn a_sitemap_is_warmed_for_its_own_host_and_what_was_not_kept_is_told_by_its_reason() {
    let (edge, at) = edge();
    let sitemap = format!("http://{at}/sitemap.xml");
    let args = ["warm", "--sitemap", &sitemap, "--rsc", "--rate", "1000"];
    let (code, told, errors) = run(&args, &[]);
    assert_eq!(code, 1, "{told}{errors}");
    for part in [
        "4 of 8 are kept",
        "4         stored now",
        "2         not cacheable: it is dynamic",
        "such as https://shop.example/dynamic",
        "2         failed: the answer is 404",
        "selvedge explain",
    ] {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
    assert!(errors.contains("8 to ask for"), "{errors}");
    let mut client = edge.connect();
    client.send("GET /a HTTP/1.1\r\nHost: shop.example\r\nAccept-Encoding: gzip\r\n\r\n");
    let (head, body) = client.response();
    assert!(field(&head, "cache-status").unwrap().starts_with("selvedge; hit"), "{head}");
    assert_eq!(body, "p");
}

#[test]
fn paths_and_logs_are_warmed_for_the_site_and_a_second_time_nothing_is_to_do() {
    let (_edge, at) = edge();
    let args = ["warm", "--from-log", "-", "/x", "--site", "https://shop.example", "--edge", &at];
    for (stored, hits) in [(3, 0), (0, 3)] {
        let mut child = selvedge();
        let child = child.args(args).arg("--json").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = child.stderr(Stdio::null()).spawn().unwrap();
        let line = |path| format!("{{\"method\":\"GET\",\"path\":\"{path}\",\"status\":200}}\n");
        let log = [line("/y"), line("/z"), line("/z")].concat();
        child.stdin.take().unwrap().write_all(log.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&told["stored"], &told["hits"]), (&stored.into(), &hits.into()), "{told}");
    }
}

#[test]
fn the_prerendered_pages_of_a_build_are_warmed() {
    let (_edge, at) = edge();
    let dir = std::env::temp_dir().join(format!("selvedge-warm-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let manifest = r#"{"version":4,"routes":{"/isr":{},"/":{},"/_not-found":{}},"dynamicRoutes":{},"preview":{"previewModeId":"x"}}"#;
    std::fs::write(dir.join("prerender-manifest.json"), manifest).unwrap();
    std::fs::write(dir.join("BUILD_ID"), "b").unwrap();
    let manifest = format!("--manifest={}", dir.display());
    let (code, told, errors) = run(&["warm", &manifest, "--edge", &at], &[]);
    std::fs::remove_dir_all(dir).unwrap();
    assert_eq!(code, 0, "{told}{errors}");
    assert!(told.contains("2 of 2 are kept"), "{told}");
}

#[test]
fn nothing_to_do_exits_64_and_nobody_there_69() {
    assert_eq!(run(&["warm"], &[]).0, 64);
    let (code, _, errors) = run(&["warm", "--from-log", "/no/such/file"], &[]);
    assert!(code == 64 && errors.contains("/no/such/file"), "{errors}");
    let nobody = free_address().to_string();
    let pages: Vec<String> = (0..50).map(|number| format!("/{number}")).collect();
    let mut args = vec!["warm", "--edge", &nobody, "--rate", "1000"];
    args.extend(pages.iter().map(String::as_str));
    let (code, told, _) = run(&args, &[]);
    assert_eq!(code, 69, "{told}");
    assert!(told.contains("not asked for any more"), "{told}");
}
