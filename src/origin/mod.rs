//! The way to Next.js: connections that are kept, bounded and replaced, upgrades, and the wrapped
//! server.
//!
//! Not here: caching. This room has never heard of it.

mod arriving;
pub mod child;
mod connect;
mod exchange;
mod framing;
mod pool;
mod probe;
mod upgrade;
mod way;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::HOST;
use http::{Method, Request, Response, Uri};
use http_body::Body as _;
use tower::Service;
use tracing::debug;

use crate::body::{Body, Progress};
use crate::config::{OriginAddress, OriginConfig};
use crate::error::ProxyError;
use crate::metrics::{Event, Metrics};
use arriving::arriving;
use connect::Sender;
use exchange::{Answer, Failure, exchange};
use framing::Afterwards;
use pool::Pool;
use upgrade::Near;

/// The origin as a tower service; clones share its connections.
#[derive(Clone, Debug)]
pub struct Origin {
    pool: Arc<Pool>,
}

impl Origin {
    /// The origin at `address`, within the limits of `config`; its connections are counted in
    /// `metrics`. Nothing is connected yet.
    pub fn new(address: OriginAddress, config: OriginConfig, metrics: Metrics) -> Self {
        Self { pool: Arc::new(Pool::new(address, config, metrics)) }
    }

    /// A way of its own to the same origin: it shares no connection with others, and so may meet
    /// another of the servers that stand behind one address.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self { pool: Arc::new(self.pool.apart()) }
    }

    /// Goes by other limits of time from now on; address and `concurrency` stay.
    pub fn take_over(&self, config: OriginConfig) {
        self.pool.take_over(config);
    }

    /// Waits until the origin answers a request, whatever it says.
    pub async fn answers(&self) {
        probe::until_it_answers(&self.pool).await;
    }
}

impl Service<Request<Body>> for Origin {
    type Response = Response<Body>;
    type Error = ProxyError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, ProxyError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ProxyError>> {
        // Whoever has to wait for a connection waits in the call, for as long as he may.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(send(self.pool.clone(), request))
    }
}

async fn send(pool: Arc<Pool>, mut request: Request<Body>) -> Result<Response<Body>, ProxyError> {
    let near = Near::of(&mut request);
    let upload = Progress::watch(request.body_mut());
    prepare(&mut request, pool.address());
    // An upload takes as long as its client likes, and the origin hardly works meanwhile: a place for
    // each would be a way to take them all.
    let place = if upload.is_none() { Some(pool.place().await?) } else { None };
    let (answer, sender) = ask(&pool, request, upload.as_ref()).await?;
    drop(place);
    if answer.status() == http::StatusCode::SWITCHING_PROTOCOLS {
        return near.join(answer, sender);
    }
    let (parts, body) = answer.into_parts();
    let mut afterwards = framing::check(parts.status, &parts.headers)?;
    if upload.is_some_and(|upload| !upload.has_ended()) {
        // Who answers before an upload has ended may take the rest of it for a request.
        afterwards = Afterwards::Close;
    }
    let body = arriving(body, sender, pool, afterwards);
    Ok(Response::from_parts(parts, body))
}

/// Sends over a connection that is there, or a new one.
///
/// Node closes idle connections when its own timer says so, which may be just when a request is on
/// its way. RFC 9110 section 9.2.2: such a request is sent once more if it was never read, or if
/// sending it twice does no harm.
async fn ask(
    pool: &Pool,
    request: Request<Body>,
    upload: Option<&Progress>,
) -> Result<(Answer, Sender), ProxyError> {
    let limit = pool.first_byte_timeout();
    let Some(sender) = pool.idle() else {
        let sender = pool.connect().await?;
        return exchange(sender, request, limit, upload).await.map_err(|failure| failure.error);
    };
    let copy = repeatable(&request);
    match exchange(sender, request, limit, upload).await {
        Err(Failure { is_dead: true, unsent, error }) if unsent.is_some() || copy.is_some() => {
            pool.count(Event::OriginDied);
            debug!(%error, "an idle connection had died; the request is sent over a new one");
            let again = unsent.map_or_else(|| copy.unwrap_or_default(), |unsent| *unsent);
            let sender = pool.connect().await?;
            exchange(sender, again, limit, upload).await.map_err(|failure| failure.error)
        }
        answer => answer.map_err(|failure| failure.error),
    }
}

/// A copy of a request that may be sent twice: it has no body, and its method is idempotent.
fn repeatable(request: &Request<Body>) -> Option<Request<Body>> {
    let is_idempotent = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE | Method::PUT | Method::DELETE
    );
    if !is_idempotent || !request.body().is_end_stream() {
        return None;
    }
    let mut copy = Request::new(Body::Empty);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    *copy.headers_mut() = request.headers().clone();
    Some(copy)
}

/// The request in the form of HTTP/1.1: a target in origin-form, and a `Host`.
fn prepare(request: &mut Request<Body>, address: &OriginAddress) {
    *request.version_mut() = http::Version::HTTP_11;
    if let (Some(_), Some(path)) = (request.uri().authority(), request.uri().path_and_query()) {
        *request.uri_mut() = Uri::from(path.clone());
    }
    // HTTP/1.0 clients may send none.
    if !request.headers().contains_key(HOST) {
        request.headers_mut().insert(HOST, address.host());
    }
}
