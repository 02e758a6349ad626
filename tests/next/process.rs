//! The processes of a test: the edge's binary, and Next.js behind it.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::client;
use super::next::start_next;
pub use super::support::{Process, free_address};

impl Process {
    /// SIGTERM, and the exit code.
    pub fn terminate(&mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(&pid).status().is_ok_and(|status| status.success()));
        self.child.wait().expect("a child can be waited for").code()
    }
}

/// `next start`, by itself.
pub async fn next_start(dir: &Path, address: SocketAddr) -> Process {
    let process = start_next(dir, address);
    answers(address, "/api/hello").await;
    process
}

/// The edge in front of `origin`.
pub async fn edge(origin: SocketAddr) -> Process {
    in_front(selvedge(), origin).await
}

/// The same with a vault.
pub async fn edge_with(vault: &Path, origin: SocketAddr) -> Process {
    in_front(with_vault(selvedge(), vault), origin).await
}

async fn in_front(mut edge: Command, origin: SocketAddr) -> Process {
    let address = free_address();
    let child = edge
        .args(["--admin", "off", "--listen", &address.to_string()])
        .args(["--origin", &format!("http://{origin}")])
        .spawn()
        .expect("the edge can be run");
    let process = Process { child, address };
    answers(address, "/api/hello").await;
    process
}

/// The same, that knows the build in `dir`.
pub async fn edge_that_knows(origin: SocketAddr, dir: &Path) -> Process {
    let address = free_address();
    let child = selvedge()
        .args(["--admin", "off", "--listen", &address.to_string()])
        .args(["--origin", &format!("http://{origin}")])
        .args(["--set", &format!("next.dir={}", dir.display())])
        .spawn()
        .expect("the edge can be run");
    let process = Process { child, address };
    answers(address, "/api/hello").await;
    process
}

/// The same, that asks for its pages itself after a deploy.
pub async fn edge_that_warms(origin: SocketAddr, dir: &Path, admin: SocketAddr) -> Process {
    let address = free_address();
    let child = selvedge()
        .args(["--admin", &admin.to_string(), "--listen", &address.to_string()])
        .args(["--origin", &format!("http://{origin}"), "--set", "warm.after_deploy=true"])
        .args(["--set", "warm.rate=1000", "--set", &format!("next.dir={}", dir.display())])
        .spawn()
        .expect("the edge can be run");
    let process = Process { child, address };
    answers(address, "/api/hello").await;
    process
}

/// The edge with a vault, in front of nobody.
pub async fn alone(vault: &Path) -> Process {
    let address = free_address();
    let child = with_vault(selvedge(), vault)
        .args(["--admin", "off", "--listen", &address.to_string()])
        .args(["--origin", &format!("http://{}", free_address())])
        .spawn()
        .expect("the edge can be run");
    let process = Process { child, address };
    for _ in 0..600 {
        if client::try_get(address, "/", &[]).await.is_ok() {
            return process;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("nothing answers at {address} after a minute");
}

fn with_vault(mut edge: Command, vault: &Path) -> Command {
    edge.env("SELVEDGE_VAULT_ENABLED", "true").env("SELVEDGE_VAULT_DIR", vault);
    edge
}

/// The edge with a vault, around `next start`.
pub async fn wrapped(dir: &Path, vault: &Path) -> Process {
    let address = free_address();
    let child = with_vault(selvedge(), vault)
        .args(["--admin", "off", "--listen", &address.to_string(), "--"])
        .args(["node", "node_modules/next/dist/bin/next", "start"])
        .current_dir(dir)
        .spawn()
        .expect("the edge can be run");
    let process = Process { child, address };
    answers(address, "/api/hello").await;
    process
}

/// The edge with its admin side, and so with the bridge, around `next start`.
pub async fn bridged(dir: &Path) -> Process {
    let address = free_address();
    let child = selvedge()
        .args(["--admin", &free_address().to_string(), "--listen", &address.to_string(), "--"])
        .args(["node", "node_modules/next/dist/bin/next", "start"])
        .current_dir(dir)
        .spawn()
        .expect("the edge can be run");
    let process = Process { child, address };
    answers(address, "/api/hello").await;
    process
}

fn selvedge() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge"));
    // Nothing of a test stays behind in the folders of whoever runs it.
    command.env("SELVEDGE_LOG_ACCESS", "off").env("SELVEDGE_VAULT_ENABLED", "false");
    command.stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Waits until a server answers.
pub async fn answers(address: SocketAddr, path: &str) {
    for _ in 0..600 {
        if client::try_get(address, path, &[]).await.is_ok_and(|answer| answer.status == 200) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("nothing answers at {address} after a minute");
}

/// Whether nobody listens at an address.
pub fn is_free(address: SocketAddr) -> bool {
    TcpListener::bind(address).is_ok()
}
