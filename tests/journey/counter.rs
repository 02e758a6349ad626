//! Stands between the edge and Next.js, and writes down each request that gets that far.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1 as client;
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Nobody is on the way to the origin any more when nobody has come for so long.
const QUIET: Duration = Duration::from_millis(300);

/// Listens until it is dropped.
pub struct Counter {
    pub address: SocketAddr,
    notes: Arc<Notes>,
    _accepting: JoinSet<()>,
}

struct Notes {
    origin: Mutex<SocketAddr>,
    seen: Mutex<Vec<String>>,
}

impl Counter {
    pub async fn before(origin: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let notes = Arc::new(Notes { origin: Mutex::new(origin), seen: Mutex::default() });
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, notes.clone()));
        Self { address, notes, _accepting: accepting }
    }

    /// From now on another server answers.
    pub fn point_at(&self, origin: SocketAddr) {
        *self.notes.origin.lock().unwrap() = origin;
    }

    /// What has come since the last call, once nothing more does.
    pub async fn take(&self) -> Vec<String> {
        let mut count = usize::MAX;
        while self.notes.seen.lock().unwrap().len() != count {
            count = self.notes.seen.lock().unwrap().len();
            tokio::time::sleep(QUIET).await;
        }
        std::mem::take(&mut self.notes.seen.lock().unwrap())
    }
}

async fn accept(listener: TcpListener, notes: Arc<Notes>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let notes = notes.clone();
        let service = service_fn(move |request| hand_on(request, notes.clone()));
        connections.spawn(async move {
            // An origin that is not there is a connection that ends without an answer.
            let connection = server::Builder::new().serve_connection(TokioIo::new(stream), service);
            let _ = connection.await;
        });
    }
}

async fn hand_on(
    request: Request<Incoming>,
    notes: Arc<Notes>,
) -> Result<Response<Incoming>, Box<dyn std::error::Error + Send + Sync>> {
    if !is_a_look(&request) {
        notes.seen.lock().unwrap().push(described(&request));
    }
    let origin = *notes.origin.lock().unwrap();
    let stream = TcpStream::connect(origin).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = client::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?)
}

/// The edge itself looks which build answers, as long as there are visitors.
fn is_a_look(request: &Request<Incoming>) -> bool {
    request.method() == http::Method::HEAD && request.uri().path().starts_with("/_next/static/")
}

/// The request line without `_rsc`, and what the client-side router asks for.
fn described(request: &Request<Incoming>) -> String {
    let field = |name: &str| Some(request.headers().get(name)?.to_str().unwrap_or("?"));
    let uri = request.uri().to_string();
    let mut words = vec![request.method().to_string(), uri.split("_rsc").next().unwrap().into()];
    let router = [("rsc", "rsc"), ("next-router-prefetch", "prefetch"), ("next-action", "action")];
    let router =
        router.into_iter().filter_map(|(name, word)| Some(format!("{word}={}", field(name)?)));
    words.extend(router);
    words.extend(field("next-router-segment-prefetch").map(|segment| format!("segment={segment}")));
    words.join(" ")
}
