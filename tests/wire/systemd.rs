//! As systemd starts it: with a socket that is open already, and somebody to tell how it is.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::support::*;

const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage";

/// The socket of a service manager, removed at the end.
struct Manager(UnixDatagram, PathBuf);

impl Manager {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("selvedge-notify-{name}-{}", std::process::id()));
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self(socket, path)
    }

    fn told(&self) -> String {
        let mut buffer = [0; 1024];
        let length = self.0.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.1);
    }
}

/// Hands `socket` over as the first after the usual three, as systemd does.
fn with_socket(socket: &TcpListener, origin: SocketAddr) -> Command {
    let hand_over = "exec 3<&0 </dev/null; export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$@\"";
    let mut command = Command::new("sh");
    command
        .args(["-c", hand_over, "sh", env!("CARGO_BIN_EXE_selvedge")])
        .args(["--origin", &format!("http://{origin}")])
        .stdin(Stdio::from(OwnedFd::from(socket.try_clone().unwrap())))
        .env("NO_COLOR", "1")
        .env("SELVEDGE_VAULT_ENABLED", "false");
    command
}

#[test]
fn whoever_comes_while_no_edge_runs_is_answered_by_the_next() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let origin = Origin::new().always(PAGE);
    for _ in 0..2 {
        let mut early = Client::connect(address);
        early.get("/a");
        let mut edge = Edge::start(with_socket(&socket, origin), &[]);
        assert!(
            edge.said.iter().any(|line| line.contains(&address.to_string())),
            "{:?}",
            edge.said
        );
        assert_eq!(early.response().1, "page");
        drop(early);
        edge.signal("TERM");
        assert_eq!(edge.exit_code(), Some(0));
    }
}

#[test]
fn the_service_manager_is_told_how_it_is() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let manager = Manager::new("states");
    let mut command = with_socket(&socket, Origin::new().always(PAGE));
    command.env("NOTIFY_SOCKET", &manager.1);
    let edge = Edge::start(command, &[]);
    assert_eq!(manager.told(), "READY=1\n");
    edge.signal("HUP");
    let told = manager.told();
    assert!(told.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{told}");
    assert_eq!(manager.told(), "READY=1\n");
    edge.signal("TERM");
    assert_eq!(manager.told(), "STOPPING=1\n");
}

#[test]
fn what_is_no_socket_is_told() {
    let mut command = Command::new("sh");
    command.args(["-c", "exec 3</dev/null; export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$0\""]);
    let output = command.arg(env!("CARGO_BIN_EXE_selvedge")).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(69), "{told}");
    assert!(told.contains("fd 3 is not a socket (LISTEN_FDS)"), "{told}");
}
