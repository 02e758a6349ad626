//! Sockets that whoever starts us has opened already (systemd, `LISTEN_FDS`): they are there before
//! us and after us, so that no client is refused while an edge is replaced by another.

use std::io;
use std::net::{SocketAddr, TcpListener};

use listenfd::ListenFd;

/// What was handed over.
#[derive(Debug, Default)]
pub struct Sockets {
    clients: Option<TcpListener>,
    admin: Option<TcpListener>,
}

/// The name of the socket that is the admin side's (`FileDescriptorName=`); another is for clients.
const ADMIN: &str = "admin";

impl Sockets {
    /// Takes what the environment tells of. To be called before there are threads, since it takes it
    /// out of the environment as well.
    ///
    /// # Errors
    /// One of them is no socket for TCP; or there are two for the same.
    pub fn take() -> io::Result<Self> {
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut handed = ListenFd::from_env();
        let mut sockets = Self::default();
        let names = names.split(':').chain(std::iter::repeat(""));
        for (index, name) in (0..handed.len()).zip(names) {
            let socket = handed.take_tcp_listener(index)?;
            let place = if name == ADMIN { &mut sockets.admin } else { &mut sockets.clients };
            if place.is_some() {
                let why = "two sockets for the same; name that of the admin side \"admin\"";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
            }
            *place = socket;
        }
        Ok(sockets)
    }

    /// The one that clients connect to: handed over, or opened by `bind`.
    pub(super) fn clients(&mut self, bind: Bind, address: SocketAddr) -> Listener {
        listener(self.clients.take(), bind, address)
    }

    /// The same for the admin side.
    pub(super) fn admin(&mut self, bind: Bind, address: SocketAddr) -> Listener {
        listener(self.admin.take(), bind, address)
    }
}

type Bind = fn(SocketAddr) -> Listener;
type Listener = io::Result<tokio::net::TcpListener>;

fn listener(handed: Option<TcpListener>, bind: Bind, address: SocketAddr) -> Listener {
    let Some(socket) = handed else { return bind(address) };
    socket.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(socket)
}
