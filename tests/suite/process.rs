//! The processes of a run: the suite's origin, and the edge before it.

use std::fs::File;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::install::{Suite, folder};
use super::support::{Process, free_address};

/// How the edge is configured.
pub struct Profile {
    pub name: &'static str,
    arguments: &'static [&'static str],
}

impl Profile {
    /// By the letter of RFC 9111.
    pub const RFC9111: Self = Self {
        name: "rfc9111",
        arguments: &["--config", concat!(env!("CARGO_MANIFEST_DIR"), "/config/rfc9111.toml")],
    };
    /// As it is without any configuration.
    pub const DEFAULT: Self = Self { name: "default", arguments: &[] };
}

/// The suite's origin: one for both profiles, since it keeps what it is told by a random name for each
/// case. Whoever lets go of it last ends it.
pub fn origin(suite: &Suite) -> Arc<Process> {
    static RUNNING: Mutex<Weak<Process>> = Mutex::new(Weak::new());
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(origin) = running.upgrade() {
        return origin;
    }
    let address = free_address();
    let mut node = Command::new("node");
    node.arg(&suite.server)
        .current_dir(&suite.dir)
        .env("npm_config_protocol", "http")
        .env("npm_config_port", address.port().to_string())
        .env("npm_config_pidfile", folder().join("origin.pid"));
    let origin = Arc::new(start(node, "origin", address));
    *running = Arc::downgrade(&origin);
    origin
}

/// The edge in front of `origin`.
pub fn edge(origin: SocketAddr, profile: &Profile) -> Process {
    let address = free_address();
    let mut edge = Command::new(env!("CARGO_BIN_EXE_selvedge"));
    edge.args(["--admin", "off", "--listen", &address.to_string()])
        .args(["--origin", &format!("http://{origin}")])
        .args(profile.arguments)
        .env("SELVEDGE_LOG_ACCESS", "off")
        .env("SELVEDGE_VAULT_ENABLED", "false");
    start(edge, profile.name, address)
}

fn start(mut command: Command, name: &str, address: SocketAddr) -> Process {
    let log = folder().join(format!("{name}.log"));
    let output = File::create(&log).expect("a log can be written");
    command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
    let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut process = Process { child, address };
    accepts(&mut process, &log);
    process
}

/// Waits until a connection is accepted.
fn accepts(process: &mut Process, log: &PathBuf) {
    let said = || std::fs::read_to_string(log).unwrap_or_default();
    for _ in 0..300 {
        if TcpStream::connect(process.address).is_ok() {
            return;
        }
        if let Ok(Some(status)) = process.child.try_wait() {
            panic!("{} ended at once, {status}:\n{}", log.display(), said());
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
    panic!("nothing accepts at {} after half a minute:\n{}", process.address, said());
}
