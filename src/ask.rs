//! A small HTTP client: one server, one connection at a time, everything within a time.

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::config::OriginAddress;

/// A way to one server. The connection is kept for the next request where the server lets it.
#[derive(Debug)]
pub struct Line {
    to: OriginAddress,
    patience: Duration,
    open: Option<SendRequest<Full<Bytes>>>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nobody answers at {at} ({reason})")]
pub struct Unanswered {
    /// Where it was asked.
    pub at: OriginAddress,
    /// What happened.
    pub reason: String,
}

impl Line {
    /// A line to `to`. Each request, its whole answer included, may take as long as `patience`.
    pub fn new(to: OriginAddress, patience: Duration) -> Self {
        Self { to, patience, open: None }
    }

    /// Sends a request, its target in origin form, and reads the whole answer, of which at most `most`
    /// bytes are wanted.
    ///
    /// # Errors
    /// Nobody listens, the answer is none, or it is not there in time, or larger than wanted.
    pub async fn ask(
        &mut self,
        request: Request<Full<Bytes>>,
        most: usize,
    ) -> Result<Response<Bytes>, Unanswered> {
        let (to, patience) = (self.to.clone(), self.patience);
        let failed = |reason| Unanswered { at: to, reason };
        match timeout(patience, self.exchange(request, most)).await {
            Ok(answer) => answer.map_err(failed),
            Err(_) => {
                self.open = None;
                Err(failed(format!("nothing for {patience:?}")))
            }
        }
    }

    async fn exchange(
        &mut self,
        mut request: Request<Full<Bytes>>,
        most: usize,
    ) -> Result<Response<Bytes>, String> {
        if !request.headers().contains_key(HOST) {
            request.headers_mut().insert(HOST, host_of(&self.to));
        }
        let answer = match self.open.take() {
            // The server may have closed it meanwhile; all that is asked here may be asked again.
            Some(mut open) => match open.send_request(request.clone()).await {
                Ok(answer) => Ok((open, answer)),
                Err(_) => self.begin(request).await,
            },
            None => self.begin(request).await,
        };
        let (open, answer) = answer?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, most).collect().await.map_err(|error| error.to_string())?;
        self.open = Some(open);
        Ok(Response::from_parts(head, body.to_bytes()))
    }

    async fn begin(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(SendRequest<Full<Bytes>>, Response<hyper::body::Incoming>), String> {
        let mut open = self.connect().await?;
        let answer = open.send_request(request).await.map_err(|error| error.to_string())?;
        Ok((open, answer))
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, String> {
        let text = |error: std::io::Error| error.to_string();
        match &self.to {
            OriginAddress::Tcp { host, port } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(text)?;
                handshake(stream).await
            }
            OriginAddress::Unix(path) => {
                handshake(UnixStream::connect(path).await.map_err(text)?).await
            }
        }
    }
}

/// What a server is called where nobody says otherwise.
pub fn host_of(server: &OriginAddress) -> HeaderValue {
    let name = server.to_string();
    let host = name.strip_prefix("http://").unwrap_or("localhost");
    HeaderValue::try_from(host).unwrap_or(HeaderValue::from_static("localhost"))
}

/// A request to an edge's admin side, with the token if there is one.
pub fn to_admin(
    path: &'static str,
    token: Option<&str>,
    what: &impl Serialize,
) -> Request<Full<Bytes>> {
    // Unreachable alternative: nothing but texts, numbers and switches.
    let mut request = Request::new(Full::from(serde_json::to_vec(what).unwrap_or_default()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = Uri::from_static(path);
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let bearer = token.map(|token| HeaderValue::try_from(format!("Bearer {token}")));
    if let Some(Ok(bearer)) = bearer {
        headers.insert(AUTHORIZATION, bearer);
    }
    request
}

async fn handshake(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<SendRequest<Full<Bytes>>, String> {
    let (sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    Ok(sender)
}
