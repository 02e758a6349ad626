//! `selvedge health`: asks a running edge whether it is ready, so that an image needs no curl.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::HOST;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Why an edge is not healthy.
#[derive(Debug, thiserror::Error)]
pub enum Unhealthy {
    /// Nobody answers at its admin address.
    #[error(
        "nobody answers at {address} ({reason}); is it running, and is admin.listen {address}?"
    )]
    NoAnswer {
        /// Where it was asked.
        address: SocketAddr,
        /// What happened.
        reason: String,
    },
    /// It answers that it is not ready.
    #[error("not ready: {reason}")]
    NotReady {
        /// What it said.
        reason: String,
    },
}

const PATIENCE: Duration = Duration::from_secs(2);

/// Asks `/readyz` at `address`; within two seconds.
///
/// # Errors
/// [`Unhealthy`]
pub async fn health(address: SocketAddr) -> Result<(), Unhealthy> {
    let no_answer = |reason| Unhealthy::NoAnswer { address, reason };
    match timeout(PATIENCE, ask(address)).await {
        Err(_) => Err(no_answer(format!("nothing for {PATIENCE:?}"))),
        Ok(Err(reason)) => Err(no_answer(reason)),
        Ok(Ok((true, _))) => Ok(()),
        Ok(Ok((false, reason))) => Err(Unhealthy::NotReady { reason }),
    }
}

/// Whether it is ready, and what it said.
async fn ask(address: SocketAddr) -> Result<(bool, String), String> {
    let text = |error: hyper::Error| error.to_string();
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(text)?;
    tokio::spawn(connection);
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.uri_mut() = http::Uri::from_static("/readyz");
    if let Ok(host) = http::HeaderValue::try_from(address.to_string()) {
        request.headers_mut().insert(HOST, host);
    }
    let response = sender.send_request(request).await.map_err(text)?;
    let is_ready = response.status().is_success();
    let body = response.into_body().collect().await.map_err(text)?.to_bytes();
    Ok((is_ready, String::from_utf8_lossy(&body).trim().to_owned()))
}
