//! A Next.js server with the bridge in it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::client;
use super::support::{Process, free_address};

/// The token that the servers of these tests send.
pub const TOKEN: &str = "for-tests-only";

pub struct Server {
    pub address: SocketAddr,
    pub lines: Arc<Mutex<Vec<String>>>,
    _process: Process,
}

/// The bridge itself.
pub fn bridge() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/next/bridge.cjs")
}

/// Node.js with the bridge loaded, as the edge starts it.
pub fn with_bridge(program: &str, edge: Option<SocketAddr>) -> Command {
    let mut command = Command::new(program);
    command.env("NODE_OPTIONS", format!("--require {}", bridge().display()));
    command.env("SELVEDGE_TOKEN", TOKEN).env_remove("SELVEDGE_URL");
    if let Some(edge) = edge {
        command.env("SELVEDGE_URL", format!("http://{edge}"));
    }
    command
}

impl Server {
    /// `next start`, with more environment.
    pub async fn start(dir: &Path, edge: Option<SocketAddr>, more: &[(&str, &Path)]) -> Self {
        let address = free_address();
        let mut command = with_bridge("node", edge);
        command.args(["node_modules/next/dist/bin/next", "start", "-H", "127.0.0.1", "-p"]);
        command.arg(address.port().to_string()).current_dir(dir);
        command.envs(more.iter().copied());
        Self::run(command, address, "/api/hello").await
    }

    /// Any command that serves `address`.
    pub async fn run(mut command: Command, address: SocketAddr, path: &str) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("node can be run");
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let process = Process { child, address };
        let lines = Arc::new(Mutex::new(Vec::new()));
        let into = lines.clone();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                into.lock().unwrap().push(line);
            }
        });
        for _ in 0..600 {
            if client::try_get(address, path, &[]).await.is_ok_and(|answer| answer.status == 200) {
                return Self { address, lines, _process: process };
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("nothing answers at {address} after a minute: {:?}", lines.lock().unwrap());
    }

    /// What the bridge has said.
    pub fn said(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap();
        lines.iter().filter(|line| line.starts_with("selvedge:")).cloned().collect()
    }
}
