//! A small HTTP client: one server, one connection at a time, everything within a time.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, timeout_at};

use crate::config::OriginAddress;
use crate::policy::status::Member;

/// A way to one server. The connection is kept for the next request where the server lets it.
#[derive(Debug)]
pub struct Line {
    to: OriginAddress,
    patience: Duration,
    open: Option<SendRequest<Full<Bytes>>>,
}

/// An answer whose body is still to come, and what it comes over.
type Answered = (SendRequest<Full<Bytes>>, Response<Incoming>);

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
        let end = Instant::now() + self.patience;
        let (open, answer) = self.head(request, end).await?;
        let (head, body) = answer.into_parts();
        let body = match timeout_at(end, Limited::new(body, most).collect()).await {
            Ok(Ok(body)) => body,
            Ok(Err(error)) => return Err(self.failed(error.to_string())),
            Err(_) => {
                let reason =
                    format!("the answer began, and did not end within {:?}", self.patience);
                return Err(self.failed(reason));
            }
        };
        self.open = Some(open);
        Ok(Response::from_parts(head, body.to_bytes()))
    }

    /// The same as a visitor, who need not see all: a body that the edge stores is read to its end, so
    /// that what breaks off is noticed. Of another no more is read than comes in a second: it may never
    /// end.
    ///
    /// # Errors
    /// Nobody listens, or there is no answer in time, or the end of what is stored is not.
    pub async fn visit(
        &mut self,
        request: Request<Full<Bytes>>,
        most: usize,
    ) -> Result<Response<Bytes>, Unanswered> {
        let end = Instant::now() + self.patience;
        let (open, answer) = self.head(request, end).await?;
        let (head, body) = answer.into_parts();
        let is_stored = Member::of(&head.headers).is_some_and(|member| member.stored);
        match read(Limited::new(body, most), is_stored, end).await {
            Ok((bytes, is_whole)) => {
                self.open = is_whole.then_some(open);
                Ok(Response::from_parts(head, bytes))
            }
            Err(reason) => Err(self.failed(reason)),
        }
    }

    async fn head(
        &mut self,
        request: Request<Full<Bytes>>,
        end: Instant,
    ) -> Result<Answered, Unanswered> {
        match timeout_at(end, self.send(request)).await {
            Ok(answer) => answer.map_err(|reason| self.failed(reason)),
            Err(_) => Err(self.failed(format!("nothing for {:?}", self.patience))),
        }
    }

    fn failed(&self, reason: String) -> Unanswered {
        Unanswered { at: self.to.clone(), reason }
    }

    async fn send(&mut self, mut request: Request<Full<Bytes>>) -> Result<Answered, String> {
        if !request.headers().contains_key(HOST) {
            request.headers_mut().insert(HOST, self.to.host());
        }
        match self.open.take() {
            // The server may have closed it meanwhile; all that is asked here may be asked again.
            Some(mut open) => match open.send_request(request.clone()).await {
                Ok(answer) => Ok((open, answer)),
                Err(_) => self.begin(request).await,
            },
            None => self.begin(request).await,
        }
    }

    async fn begin(&self, request: Request<Full<Bytes>>) -> Result<Answered, String> {
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

/// For so long from its head on what is not stored is read, once something of it has come.
const A_MOMENT: Duration = Duration::from_secs(1);

/// What comes of a body, and whether that is all of it.
async fn read<B>(mut body: B, is_stored: bool, mut end: Instant) -> Result<(Bytes, bool), String>
where
    B: http_body::Body<Data = Bytes, Error: std::fmt::Display> + Unpin,
{
    let enough = Instant::now() + A_MOMENT;
    let mut bytes = BytesMut::new();
    loop {
        match timeout_at(end, body.frame()).await {
            Ok(None) => return Ok((bytes.freeze(), true)),
            Ok(Some(Ok(frame))) => {
                bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
                end = if is_stored { end } else { end.min(enough) };
            }
            Ok(Some(Err(error))) if is_stored => return Err(error.to_string()),
            Err(_) if is_stored => return Err("it does not end".into()),
            Ok(Some(Err(_))) | Err(_) => return Ok((bytes.freeze(), false)),
        }
    }
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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http_body::Frame;
    use http_body_util::StreamBody;
    use tokio_stream::StreamExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_may_never_end_is_not_waited_for_unless_it_is_being_stored() {
        let events = || {
            let every = tokio::time::interval(Duration::from_millis(300));
            let events = tokio_stream::wrappers::IntervalStream::new(every);
            let frame = |_| Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"event")));
            StreamBody::new(events.map(frame))
        };
        let began = Instant::now();
        let end = || Instant::now() + Duration::from_secs(90);
        let (bytes, is_whole) = read(events(), false, end()).await.unwrap();
        assert_eq!((bytes.len(), is_whole), (4 * "event".len(), false));
        assert_eq!(began.elapsed(), A_MOMENT);
        assert!(read(events(), true, end()).await.is_err());
        assert_eq!(began.elapsed(), A_MOMENT + Duration::from_secs(90));
        let short = read(Full::new(Bytes::from_static(b"all")), false, end()).await;
        assert_eq!(short.unwrap(), (Bytes::from_static(b"all"), true));
    }
}
