//! A server on one thread.

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::page::Page;

/// The answer as it goes to the client; `Date` and `Content-Length` are hyper's work.
pub fn whole(page: &Page) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(page.body.clone()));
    *response.headers_mut() = page.headers.clone();
    response
}

pub fn not_found() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// # Panics
/// Where the system has no thread or timer left.
pub fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a current_thread runtime")
}

/// Serves HTTP/1.1 on one thread for ever. `on_connection` is called once per connection.
///
/// # Panics
/// Where the address cannot be listened on.
pub fn serve<A, F, B>(listen: SocketAddr, on_connection: impl Fn(), answer: A)
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    runtime().block_on(async {
        let listener = TcpListener::bind(listen).await.expect("a free listen address");
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            stream.set_nodelay(true).ok();
            on_connection();
            let answer = answer.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let answered = answer(request);
                async move { Ok::<_, Infallible>(answered.await) }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    })
}
