//! The real server of Next.js, started the same way wherever a test needs one.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use super::support::Process;

/// `next start` in the folder of a built application; it does not answer yet.
pub fn start_next(dir: &Path, address: SocketAddr) -> Process {
    let child = Command::new("node")
        .args(["node_modules/next/dist/bin/next", "start", "-H", "127.0.0.1", "-p"])
        .arg(address.port().to_string())
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("node can be run");
    Process { child, address }
}
