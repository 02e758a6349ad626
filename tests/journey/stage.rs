//! What a story plays on: Next.js with the bridge in it, a counter before it, and the edge's binary.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::client;
use super::counter::Counter;
use super::support::{Process, free_address};

/// Shared by the edge and the bridge.
const TOKEN: &str = "for-the-tests-only";

/// See the module. All of it ends with it.
pub struct Stage {
    pub counter: Counter,
    pub edge: Process,
    server: Option<Process>,
    /// The builds that are not yet deployed.
    next: Vec<PathBuf>,
    /// Where the build that is deployed lies: a link, as releases have it.
    current: PathBuf,
    admin: SocketAddr,
}

impl Stage {
    /// `name` names its folder, for nobody else; the first of `builds` is deployed.
    pub async fn set(name: &str, builds: &[PathBuf]) -> Self {
        // Beside the builds, where their packages are found.
        let folder = builds[0].with_file_name("stages").join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        // What a server keeps on disk in one story is not for another.
        let builds: Vec<_> = builds.iter().map(|build| copied(build, &folder)).collect();
        let (current, admin) = (folder.join("current"), free_address());
        link(&builds[0], &current);
        let server = next_start(&builds[0], admin).await;
        let counter = Counter::before(server.address).await;
        let edge = edge(&folder, counter.address, admin).await;
        counter.take().await;
        let next = builds[1..].to_vec();
        Self { counter, edge, server: Some(server), next, current, admin }
    }

    /// Does what a story asks for, and answers it.
    pub async fn lend_a_hand(&mut self, word: &str) -> Value {
        match word {
            "requests" => json!(self.counter.take().await),
            "deploy" => self.deploy().await,
            "kill" => {
                self.server = None;
                Value::Null
            }
            _ => panic!("a story asks for {word:?}"),
        }
    }

    /// The next build takes the place of this one.
    async fn deploy(&mut self) -> Value {
        let dir = self.next.remove(0);
        let server = next_start(&dir, self.admin).await;
        self.counter.point_at(server.address);
        link(&dir, &self.current);
        self.server = Some(server);
        Value::Null
    }
}

/// A copy of a build, which finds the same packages.
fn copied(build: &Path, folder: &Path) -> PathBuf {
    let copy = folder.join(build.file_name().expect("a build has a name"));
    let copied = Command::new("cp").arg("-r").arg(build).arg(&copy).status();
    assert!(copied.is_ok_and(|status| status.success()), "{} cannot be copied", build.display());
    copy
}

/// Puts a link in its place at once, whatever was there.
fn link(to: &Path, at: &Path) {
    let fresh = at.with_extension("new");
    std::os::unix::fs::symlink(to, &fresh).expect("a link can be made");
    std::fs::rename(fresh, at).expect("a link can be moved");
}

/// `next start`, which tells the edge of invalidations.
async fn next_start(dir: &Path, admin: SocketAddr) -> Process {
    let bridge = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/next/bridge.cjs");
    let address = free_address();
    let mut next = Command::new("node");
    next.arg(dir.join("../../../node_modules/next/dist/bin/next"));
    next.args(["start", "-H", "127.0.0.1", "-p"]);
    next.arg(address.port().to_string()).current_dir(dir);
    next.env("NODE_OPTIONS", format!("--require {}", bridge.display()));
    next.env("SELVEDGE_URL", format!("http://{admin}")).env("SELVEDGE_TOKEN", TOKEN);
    started(next, address).await
}

async fn edge(folder: &Path, origin: SocketAddr, admin: SocketAddr) -> Process {
    let address = free_address();
    let mut edge = Command::new(env!("CARGO_BIN_EXE_selvedge"));
    edge.args(["--listen", &address.to_string(), "--admin", &admin.to_string()]);
    edge.args(["--origin", &format!("http://{origin}")]);
    edge.arg("--next-dir").arg(folder.join("current"));
    edge.env("SELVEDGE_ADMIN_TOKEN", TOKEN).env("SELVEDGE_LOG_ACCESS", "off");
    edge.env("SELVEDGE_VAULT_ENABLED", "true").env("SELVEDGE_VAULT_DIR", folder.join("vault"));
    started(edge, address).await
}

/// A server that has begun to answer.
pub async fn started(mut command: Command, address: SocketAddr) -> Process {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().expect("it can be run");
    let process = Process { child, address };
    for _ in 0..600 {
        // Nothing that a story visits.
        if client::try_get(address, "/robots.txt", &[]).await.is_ok() {
            return process;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing answers at {address} after half a minute");
}
