//! A tiny edge: it writes down what it is told, takes its time, and answers 204.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Long enough that nobody who does not wait for it is taken for one who does.
pub const PAUSE: Duration = Duration::from_millis(300);

/// One request to the edge.
#[derive(Clone, Debug)]
pub struct Told {
    pub request: String,
    pub authorization: String,
    pub body: Value,
}

impl Told {
    pub fn list(&self, name: &str) -> Vec<&str> {
        self.body[name].as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
    }

    pub fn soft(&self) -> bool {
        self.body["soft"].as_bool().unwrap()
    }
}

/// Listens until it is dropped, its connections too.
pub struct Edge {
    pub address: SocketAddr,
    told: Arc<Mutex<Vec<Told>>>,
    tasks: JoinSet<()>,
}

impl Edge {
    pub async fn start(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.expect("the address is free");
        let told = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        let for_task = told.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let told = for_task.clone();
                let service = service_fn(move |request| note(request, told.clone()));
                connections.spawn(async move {
                    let _ =
                        http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, told, tasks }
    }

    /// What it was told, and has answered, since the last call.
    pub fn take(&self) -> Vec<Told> {
        std::mem::take(&mut self.told.lock().unwrap())
    }

    /// What it was told in one request.
    #[track_caller]
    pub fn one(&self) -> Told {
        let told = self.take();
        assert_eq!(told.len(), 1, "{told:?}");
        told.into_iter().next().unwrap()
    }

    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

async fn note(
    request: Request<Incoming>,
    told: Arc<Mutex<Vec<Told>>>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    tokio::time::sleep(PAUSE).await;
    told.lock().unwrap().push(Told {
        request: format!("{} {}", head.method, head.uri),
        authorization: head.headers["authorization"].to_str().unwrap().to_owned(),
        body: serde_json::from_slice(&body).expect("JSON"),
    });
    Ok(Response::builder().status(204).body(Empty::new()).unwrap())
}
