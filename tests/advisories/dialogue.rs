//! What no published version shows in a few files: a scripted origin behaves as the advisory says.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;

use super::table::{BUILD, Rule, SCRIPTED};
use super::walk::{ask, with_the_rule, without_the_rule};
use super::wire::Edge;

#[tokio::test]
async fn what_the_rules_take_away() {
    let build = Build::new();
    for (script, row) in SCRIPTED {
        let origin = scripted(*script);
        let url = format!("http://{origin}");
        let edges = [(Edge::run(&url, &[]), false), (Edge::run(&url, &[&build.setting()]), true)];
        for (edge, knows) in &edges {
            with_the_rule(row, edge.address, *knows, "").await;
        }
        without_the_rule(row, origin, "").await;
        if row.rule == Rule::Cache {
            let trusting = Edge::run(&url, &["next.enabled=false"]);
            ask(trusting.address, row.attack, "").await;
            let answer = ask(trusting.address, row.visit, "").await;
            assert!((row.harm)(&answer), "{}: any cache would do: {answer:?}", row.id);
        }
    }
}

/// A build of Next.js, removed at the end.
struct Build(PathBuf);

impl Build {
    fn new() -> Self {
        let dir = std::env::temp_dir().join(format!("selvedge-advisories-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        BUILD.iter().for_each(|(name, text)| std::fs::write(dir.join(name), text).unwrap());
        Self(dir)
    }

    fn setting(&self) -> String {
        format!("next.dir={}", self.0.display())
    }
}

impl Drop for Build {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An origin that answers by a script, for as long as the test runs.
pub fn scripted<S: Into<String>>(script: impl Fn(&str) -> S + Send + Sync + 'static) -> SocketAddr {
    let script = Arc::new(script);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let script = script.clone();
            std::thread::spawn(move || serve(stream, |head| script(head).into()));
        }
    });
    address
}

fn serve(mut stream: TcpStream, script: impl Fn(&str) -> String) {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        read.extend_from_slice(&buffer[..count]);
        if read.ends_with(b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&read).to_lowercase();
            read.clear();
            if stream.write_all(script(&head).as_bytes()).is_err() {
                return;
            }
        }
    }
}
