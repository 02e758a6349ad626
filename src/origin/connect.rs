//! Opens connections to the origin.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream, UnixStream};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};
use tracing::debug;

use super::way::Way;
use crate::body::Body;
use crate::config::{OriginAddress, OriginConfig};
use crate::error::ProxyError;
use crate::metrics::{Event, Metrics};

/// The near end of a connection: takes one request at a time.
#[derive(Debug)]
pub(super) struct Sender {
    pub(super) http: http1::SendRequest<Body>,
    /// Tells the connection's task when nobody holds this end any more.
    _held: oneshot::Sender<Infallible>,
    _counted: Arc<Counted>,
}

/// An open connection, counted until nobody has a hold of it: neither its task, nor whoever goes on
/// with what it was upgraded to.
#[derive(Debug)]
struct Counted(Metrics);

impl Counted {
    fn new(metrics: Metrics) -> Arc<Self> {
        metrics.count(Event::OriginOpened);
        Arc::new(Self(metrics))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.count(Event::OriginClosed);
    }
}

/// The most fields in an answer's head; Next.js sends some twenty, applications may add cookies.
const MAX_HEADERS: usize = 256;

/// The largest answer's head in bytes; cookies and policies can be long, and Next.js is trusted.
const MAX_HEAD: usize = 256 * 1024;

/// Connects, within `origin.connect_timeout`.
pub(super) async fn connect(
    address: &OriginAddress,
    config: &OriginConfig,
    metrics: &Metrics,
) -> Result<Sender, ProxyError> {
    let way = Way::new(address, config.connect_timeout);
    let limit = config.first_byte_timeout;
    match address {
        OriginAddress::Tcp { host, port } => {
            // Resolved each time: in a cluster the address behind a name changes.
            let found = way.resolve(host, *port).await?;
            let stream = way.open(way.first_of(&found, open)).await?;
            way.open(handshake(stream, limit, metrics.clone())).await
        }
        OriginAddress::Unix(path) => {
            let stream = way.open(UnixStream::connect(path)).await?;
            way.open(handshake(stream, limit, metrics.clone())).await
        }
    }
}

async fn open(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // The far end of a tunnel may vanish without a word.
    socket.set_keepalive(true)?;
    let stream = socket.connect(address).await?;
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// `limit` is how long the connection may stand still once nobody waits for an answer over it.
pub(super) async fn handshake<IO>(io: IO, limit: Duration, metrics: Metrics) -> io::Result<Sender>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = http1::Builder::new();
    builder.max_headers(MAX_HEADERS).max_buf_size(MAX_HEAD);
    let (http, connection) = builder.handshake(TokioIo::new(io)).await.map_err(io::Error::other)?;
    let (held, released) = oneshot::channel();
    let counted = Counted::new(metrics);
    let own = counted.clone();
    tokio::spawn(async move {
        let _own = own;
        let mut connection = pin!(connection.with_upgrades());
        let ended = tokio::select! {
            // Each exchange comes by three times; there is nothing to be fair to.
            biased;
            ended = &mut connection => Some(ended),
            Err(_) = released => until_it_stands_still(connection, limit).await,
        };
        match ended {
            Some(Ok(())) => {}
            Some(Err(error)) => debug!(%error, "a connection to the origin ended"),
            None => debug!("a connection to the origin is cut: it takes no bytes"),
        }
    });
    Ok(Sender { http, _held: held, _counted: counted })
}

/// The connection's end; `None` when nothing has moved over it for `limit`.
///
/// The library writes out what it has begun before it ends. An origin that hangs takes none of it: the
/// connection would stay for ever, and with it the rest of an upload and its client's connection.
async fn until_it_stands_still<C: Future>(
    mut connection: Pin<&mut C>,
    limit: Duration,
) -> Option<C::Output> {
    let mut silence = pin!(sleep(limit));
    poll_fn(|cx| {
        if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
            return Poll::Ready(Some(ended));
        }
        if silence.as_mut().poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        // Whatever else wakes us moves it: an upload takes as long as it likes.
        silence.as_mut().reset(Instant::now() + limit);
        silence.as_mut().poll(cx).map(|()| None)
    })
    .await
}
