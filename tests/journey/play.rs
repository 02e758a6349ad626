//! Plays a story: a script that leads a browser, and asks for a hand where it needs one.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use super::fixture::packages;
use super::stage::Stage;

/// Plays `stories/<name>.mjs` at `site`, and gives what it told; it has to end well.
pub async fn play(
    name: &str,
    site: SocketAddr,
    stage: &mut Stage,
    more: &[(&str, &str)],
) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journey/stories");
    let mut node = Command::new("node");
    node.arg(script.join(name).with_extension("mjs")).arg(format!("http://{site}"));
    node.env("PLAYWRIGHT_CORE", packages(16).join("node_modules/playwright-core"));
    node.envs(more.iter().copied());
    node.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut node = node.spawn().expect("node can be run");
    let mut hand = node.stdin.take().expect("a pipe");
    let mut lines = BufReader::new(node.stdout.take().expect("a pipe")).lines();
    let mut told = Vec::new();
    while let Some(line) = lines.next_line().await.expect("text") {
        match line.strip_prefix("? ") {
            Some(word) => {
                let answer = format!("{}\n", stage.lend_a_hand(word).await);
                hand.write_all(answer.as_bytes()).await.expect("the story listens");
            }
            None => {
                eprintln!("{name}: {line}");
                told.push(line);
            }
        }
    }
    let status = node.wait().await.expect("it can be waited for");
    assert!(status.success(), "{name}: {status}\n{}", told.join("\n"));
    told
}
