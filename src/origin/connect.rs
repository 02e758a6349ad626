//! Opens connections to the origin.

use http::HeaderValue;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tracing::debug;

use crate::body::Body;
use crate::config::{OriginAddress, OriginConfig};
use crate::error::ProxyError;

/// The near end of a connection: takes one request at a time.
pub(super) type Sender = http1::SendRequest<Body>;

/// The most fields in an answer's head; Next.js sends some twenty, applications may add cookies.
const MAX_HEADERS: usize = 256;

/// The largest answer's head in bytes; cookies and policies can be long, and Next.js is trusted.
const MAX_HEAD: usize = 256 * 1024;

/// Connects, within `origin.connect_timeout`.
pub(super) async fn connect(
    address: &OriginAddress,
    config: &OriginConfig,
) -> Result<Sender, ProxyError> {
    let limit = config.connect_timeout;
    match timeout(limit, open(address)).await {
        Ok(opened) => opened.map_err(|reason| failed(address, &reason)),
        Err(_) => Err(ProxyError::ConnectTimeout { origin: name(address), limit }),
    }
}

async fn open(address: &OriginAddress) -> Result<Sender, String> {
    match address {
        OriginAddress::Tcp { host, port } => {
            // Resolved each time: in a cluster the address behind a name changes.
            let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(text)?;
            let _ = stream.set_nodelay(true);
            handshake(stream).await
        }
        OriginAddress::Unix(path) => {
            handshake(UnixStream::connect(path).await.map_err(text)?).await
        }
    }
}

async fn handshake<IO>(io: IO) -> Result<Sender, String>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = http1::Builder::new();
    builder.max_headers(MAX_HEADERS).max_buf_size(MAX_HEAD);
    let (sender, connection) = builder.handshake(TokioIo::new(io)).await.map_err(text)?;
    tokio::spawn(async move {
        if let Err(error) = connection.with_upgrades().await {
            debug!(%error, "a connection to the origin ended");
        }
    });
    Ok(sender)
}

/// What a request without a `Host` is told to ask for.
pub(super) fn host(address: &OriginAddress) -> HeaderValue {
    let host = match address {
        OriginAddress::Tcp { host, port } if host.contains(':') => format!("[{host}]:{port}"),
        OriginAddress::Tcp { host, port } => format!("{host}:{port}"),
        OriginAddress::Unix(_) => "localhost".to_owned(),
    };
    HeaderValue::try_from(host).unwrap_or(HeaderValue::from_static("localhost"))
}

fn failed(address: &OriginAddress, reason: &str) -> ProxyError {
    ProxyError::ConnectFailed { origin: name(address), reason: reason.into() }
}

fn name(address: &OriginAddress) -> std::sync::Arc<str> {
    address.to_string().into()
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
