//! The side that faces clients: accepts connections, watches their limits, drains them at the end.
//!
//! Not here: what a request means.

mod connection;
mod current;
mod drain;
mod files;
mod heads;
mod limits;
mod receiving;
mod watch;
mod wire;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tower::Service;
use tracing::warn;

use crate::body::Body;
use crate::error::BodyError;
use crate::log::Seldom;
use crate::metrics::{Event, Metrics};
use connection::Connection;
pub use current::Current;
pub use drain::Drained;
use watch::Watches;

/// What the listener needs of the stack: an answer to every request. It must always be ready.
pub trait Answering:
    Service<Request<Body>, Response = Response<Self::Body>, Error = Infallible, Future: Send>
    + Clone
    + Send
    + 'static
{
    /// The body of its answers.
    type Body: http_body::Body<Data = bytes::Bytes, Error = BodyError> + Send;
}

impl<S, B> Answering for S
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible, Future: Send>
        + Clone
        + Send
        + 'static,
    B: http_body::Body<Data = bytes::Bytes, Error = BodyError> + Send,
{
    type Body = B;
}

/// A client's place among `server.max_connections`, counted for as long as it is taken: free again when
/// its last clone is dropped. What a connection was upgraded to keeps it.
#[derive(Clone, Debug)]
pub struct Place {
    _taken: Arc<Taken>,
}

#[derive(Debug)]
struct Taken {
    _permit: OwnedSemaphorePermit,
    metrics: Metrics,
}

impl Place {
    fn new(permit: OwnedSemaphorePermit, metrics: Metrics) -> Self {
        metrics.count(Event::ClientConnected);
        Self { _taken: Arc::new(Taken { _permit: permit, metrics }) }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.metrics.count(Event::ClientLeft);
    }
}

/// Takes the address to listen at; connections wait until they are accepted.
///
/// # Errors
/// Those of the system: the address is taken, or not ours, or not allowed.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restarted process takes over although old connections linger in TIME_WAIT.
    socket.set_reuseaddr(true)?;
    // Accepted sockets inherit it: the far end of a tunnel may vanish without a word.
    socket.set_keepalive(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The system takes as much of it as it allows (`net.core.somaxconn`).
const BACKLOG: u32 = 4096;

/// Accepts connections and serves them.
#[derive(Debug)]
pub struct Server<S> {
    current: Arc<Current<S>>,
    max_connections: usize,
    places: Arc<Semaphore>,
    watches: Arc<Watches>,
    metrics: Metrics,
}

impl<S: Answering> Server<S> {
    /// Serves with a stack, within the limits of its configuration, and of the system: where that
    /// allows fewer open files than `server.max_connections` takes, there are fewer connections. They
    /// are counted in `metrics`.
    pub fn new(current: Arc<Current<S>>, metrics: Metrics) -> Self {
        let max_connections = files::affordable(current.config().max_connections);
        let places = Arc::new(Semaphore::new(max_connections));
        Self { current, max_connections, places, watches: Arc::default(), metrics }
    }

    /// Accepts until `stop` is ready, then drains; ends when all connections have ended, or when
    /// `server.drain_timeout` is over, or when `cut` is ready.
    pub async fn run(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
        cut: impl Future<Output = ()>,
    ) -> Drained {
        tokio::select! {
            () = stop => {}
            () = self.accept_all(&listener) => {}
        }
        self.drain(listener, cut).await
    }

    async fn accept_all(&self, listener: &TcpListener) {
        let (full, failing) = (Seldom::default(), Seldom::default());
        loop {
            let place = self.place(&full).await;
            match listener.accept().await {
                Ok((stream, peer)) => self.begin(stream, peer, place),
                Err(error) => recover(&error, &failing).await,
            }
        }
    }

    /// A place for the next connection, before it is accepted: it waits in the system's queue.
    async fn place(&self, full: &Seldom) -> OwnedSemaphorePermit {
        loop {
            if let Ok(permit) = self.places.clone().try_acquire_owned() {
                return permit;
            }
            self.make_room(full);
            // Whoever becomes idle in the meantime is found the next time round.
            if let Ok(Ok(permit)) = timeout(LOOKS_AGAIN, self.places.clone().acquire_owned()).await
            {
                return permit;
            }
        }
    }

    fn make_room(&self, full: &Seldom) {
        self.watches.close_idle(MAKES_ROOM);
        if full.count().is_some() {
            let max = self.max_connections;
            warn!(
                "all {max} connections are in use; idle ones are closed, and further clients wait \
                 (server.max_connections)"
            );
        }
    }

    fn begin(&self, stream: TcpStream, peer: SocketAddr, permit: OwnedSemaphorePermit) {
        // A head and a short body go out together anyway; what is streamed must not be held back.
        let _ = stream.set_nodelay(true);
        let watch = self.watches.add();
        let connection = Connection {
            peer: peer.ip().to_canonical(),
            config: self.current.config(),
            place: Place::new(permit, self.metrics.clone()),
            watch,
            metrics: self.metrics.clone(),
        };
        tokio::spawn(connection.serve(stream, self.current.clone()));
    }
}

/// Idle connections that are closed at a time when all are in use.
const MAKES_ROOM: usize = 16;

/// How soon it is seen that one more has become idle.
const LOOKS_AGAIN: Duration = Duration::from_millis(100);

/// Most errors of `accept` concern one connection. When the process has no file descriptor left,
/// trying again at once would only burn the processor.
async fn recover(error: &io::Error, failing: &Seldom) {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    if matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
        return;
    }
    if let Some(times) = failing.count() {
        warn!(%error, times, "connections cannot be accepted; trying again (is `ulimit -n` enough?)");
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
}
