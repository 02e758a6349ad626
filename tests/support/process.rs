//! A process of a test. It ends with its handle, and so when the test panics.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running process that is stopped when dropped.
pub struct Process {
    /// The process itself.
    pub child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Process {
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let pid = self.child.id().to_string();
        // The edge ends its wrapped server on SIGTERM; it would leave it behind on SIGKILL.
        let _ = Command::new("kill").arg(&pid).stderr(Stdio::null()).status();
        for _ in 0..100 {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::park_timeout(Duration::from_millis(100));
        }
        self.kill();
    }
}

/// An address that nobody listens at.
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address")
}
