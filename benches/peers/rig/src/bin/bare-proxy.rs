//! `bare-proxy ADDR ORIGIN`: the least that a proxy can do which has hyper on both sides: an idle
//! connection is taken, the request goes out as it came, and the answer back. What Selvedge costs above
//! this is Selvedge's own.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use peers_rig::serve::serve;
use tokio::net::TcpStream;

type Sender = SendRequest<Incoming>;
type Idle = Arc<Mutex<Vec<Sender>>>;

fn main() {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<SocketAddr>().expect("ADDR"));
    let mut next = || args.next().expect("bare-proxy ADDR ORIGIN");
    let (listen, origin) = (next(), next());
    let idle = Idle::default();
    serve(listen, || (), move |request| pass(request, origin, idle.clone()));
}

async fn pass(request: Request<Incoming>, origin: SocketAddr, idle: Idle) -> Response<Answer> {
    let found = idle.lock().expect("nobody panics").pop();
    let mut sender = match found {
        Some(sender) if sender.is_ready() => sender,
        _ => connect(origin).await,
    };
    let answer = sender.send_request(request).await.expect("the origin answers");
    answer.map(|body| Answer { body, sender: Some(sender), idle })
}

async fn connect(origin: SocketAddr) -> Sender {
    let stream = TcpStream::connect(origin).await.expect("the origin listens");
    stream.set_nodelay(true).ok();
    let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("a connection");
    tokio::spawn(connection);
    sender
}

/// A body that gives its connection back when it has ended.
struct Answer {
    body: Incoming,
    sender: Option<Sender>,
    idle: Idle,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if self.body.is_end_stream()
            && let Some(sender) = self.sender.take()
        {
            self.idle.lock().expect("nobody panics").push(sender);
        }
        Poll::Ready(frame.map(|frame| Ok(frame.expect("the origin's whole body"))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
