//! `output: 'standalone'` behind the edge's binary: `selvedge -- node server.js`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::client::get;
use super::npm::run;
use super::server::Server;
use super::support::free_address;

/// Builds one of the applications here with the Next.js of a fixture; gives the folder of its
/// `server.js`.
pub fn build(name: &str, fixture: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bridge").join(name);
    let dir = fixture.join(name);
    let _ = std::fs::remove_dir_all(&dir);
    run(&source, "cp", &["-R", ".", dir.to_str().unwrap()]);
    run(&dir, "node", &["../node_modules/next/dist/bin/next", "build"]);
    dir.join(".next/standalone").join(name)
}

/// The edge around `node server.js`, whose operator has `NODE_OPTIONS` of his own.
pub async fn behind_the_edge(dir: &Path, path: &str) -> Server {
    let address = free_address();
    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bridge/other.cjs");
    let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge"));
    command.args(["--admin", &free_address().to_string(), "--listen", &address.to_string()]);
    command.args(["--", "node", "server.js"]).current_dir(dir);
    command.env("SELVEDGE_VAULT_ENABLED", "false").env("SELVEDGE_LOG_ACCESS", "off");
    command.env("NODE_OPTIONS", format!("--require {}", other.display()));
    let server = Server::run(command, address, path).await;
    let lines = server.lines.lock().unwrap().clone();
    assert!(lines.iter().any(|line| line.ends_with("the other is here")), "{lines:?}");
    server
}

/// A page that is stored, and another one as soon as `change` is answered.
pub async fn is_new_after(edge: SocketAddr, page: &str, change: impl AsyncFnOnce()) {
    get(edge, page).await;
    let old = get(edge, page).await;
    assert!(old.is_hit(), "{page}: {}", old.header("cache-status"));
    change().await;
    let new = get(edge, page).await;
    assert_ne!(new.text(), old.text(), "{page}: {}", new.header("cache-status"));
    let again = get(edge, page).await;
    assert!(again.is_hit() && again.body == new.body, "{page}: {}", again.header("cache-status"));
}

/// Next.js 14 and 15.
pub async fn what_is_invalidated_is_new_at_once(fixture: &Path) {
    let edge = behind_the_edge(&build("standalone", fixture), "/").await;
    for (page, change) in [("/", "/write"), ("/old", "/api/write"), ("/", "/write")] {
        is_new_after(edge.address, page, async || {
            assert_eq!(get(edge.address, change).await.status, 204, "{change}");
        })
        .await;
    }
}
