//! A connection in memory, and time that stands still until nothing else can happen.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};
use tower::service_fn;

use super::super::connection::Connection;
use super::super::watch::{Watches, Wish};
use super::super::{Answering, Current, Place};
use crate::body::Body;
use crate::config::ServerConfig;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// Bytes that a connection holds before somebody has to read them.
const BUFFER: usize = 1024;

fn config() -> ServerConfig {
    ServerConfig {
        idle_timeout: Duration::from_secs(30),
        header_timeout: Duration::from_secs(10),
        write_timeout: Duration::from_secs(20),
        body_timeout: Duration::from_secs(15),
        ..ServerConfig::default()
    }
}

fn answers_with(body: &'static [u8]) -> impl Answering {
    service_fn(move |_: Request<Body>| {
        std::future::ready(Ok::<_, Infallible>(Response::new(Body::full(Bytes::from_static(body)))))
    })
}

/// The client's end of a connection that is served by `stack`.
fn connect(stack: impl Answering) -> (DuplexStream, Arc<Watches>) {
    let (client, server) = duplex(BUFFER);
    let watches = Arc::<Watches>::default();
    let permit = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
    let metrics = crate::metrics::Metrics::new(&crate::clock::Clock::system());
    let connection = Connection {
        peer: [192, 0, 2, 1].into(),
        config: Arc::new(config()),
        place: Place::new(permit, metrics.clone()),
        watch: watches.add(),
        metrics,
    };
    tokio::spawn(connection.serve(server, Arc::new(Current::new(stack, config()))));
    (client, watches)
}

/// Everything up to the end of the connection, and how long that took.
async fn until_closed(client: &mut DuplexStream) -> (Vec<u8>, u64) {
    let (began, mut all) = (Instant::now(), Vec::new());
    client.read_to_end(&mut all).await.unwrap();
    (all, began.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_brings_nothing_is_closed_before_its_first_request_and_between_two() {
    let (mut client, _) = connect(answers_with(b"ok"));
    assert_eq!(until_closed(&mut client).await.1, 30);
    let (mut client, _) = connect(answers_with(b"ok"));
    sleep(Duration::from_secs(29)).await;
    client.write_all(REQUEST).await.unwrap();
    let (all, seconds) = until_closed(&mut client).await;
    assert!(all.ends_with(b"ok"));
    assert_eq!(seconds, 30);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_comes_a_byte_at_a_time_is_cut_off() {
    let (mut client, _) = connect(answers_with(b"ok"));
    sleep(Duration::from_secs(5)).await;
    for byte in &REQUEST[..8] {
        client.write_all(&[*byte]).await.unwrap();
        sleep(Duration::from_secs(1)).await;
    }
    let (all, seconds) = until_closed(&mut client).await;
    assert_eq!((all.as_slice(), seconds), (&b""[..], 2), "ten seconds from the first byte");
}

/// The library takes a whole body at once, and the response has been sent as far as it can tell.
#[tokio::test(start_paused = true)]
async fn a_slow_client_may_take_longer_than_the_idle_time_for_a_stored_page() {
    static LARGE: [u8; 100 * BUFFER] = [b'x'; 100 * BUFFER];
    let (mut client, _) = connect(answers_with(&LARGE));
    client.write_all(REQUEST).await.unwrap();
    let mut taken = 0;
    let mut piece = [0; BUFFER];
    while taken < LARGE.len() {
        sleep(Duration::from_secs(2)).await;
        let read = client.read(&mut piece).await.unwrap();
        assert!(read > 0, "cut off after {taken} bytes");
        taken += read;
    }
    let (_, seconds) = until_closed(&mut client).await;
    assert_eq!(seconds, 30, "idle from when it had taken all");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_cut_off() {
    static LARGE: [u8; 100 * BUFFER] = [b'x'; 100 * BUFFER];
    let (mut client, watches) = connect(answers_with(&LARGE));
    client.write_all(REQUEST).await.unwrap();
    sleep(Duration::from_secs(19)).await;
    assert_eq!(watches.count(), 1);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(watches.count(), 0);
    assert!(until_closed(&mut client).await.0.len() <= BUFFER);
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_take_its_time() {
    let slow = service_fn(|_: Request<Body>| async {
        sleep(Duration::from_secs(300)).await;
        Ok::<_, Infallible>(Response::new(Body::full("ok")))
    });
    let (mut client, _) = connect(slow);
    client.write_all(REQUEST).await.unwrap();
    assert!(until_closed(&mut client).await.0.ends_with(b"ok"));
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_stands_still_is_an_error_of_its_body() {
    let reads = service_fn(|request: Request<Body>| async {
        let read = http_body_util::BodyExt::collect(request.into_body()).await;
        let told = read.map_or_else(|error| error.to_string(), |_| "whole".into());
        Ok::<_, Infallible>(Response::new(Body::full(told)))
    });
    let (mut client, _) = connect(reads);
    client.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf").await.unwrap();
    let (all, _) = until_closed(&mut client).await;
    assert!(all.ends_with(b"nothing came for 15s (server.body_timeout)"));
}

#[tokio::test(start_paused = true)]
async fn when_the_process_is_to_end_an_idle_connection_has_one_more_request() {
    let (mut client, watches) = connect(answers_with(b"ok"));
    sleep(Duration::from_secs(1)).await;
    watches.tell(Wish::LastResponse);
    sleep(Duration::from_secs(1)).await;
    client.write_all(REQUEST).await.unwrap();
    let (all, seconds) = until_closed(&mut client).await;
    assert!(String::from_utf8(all).unwrap().contains("connection: close"));
    assert_eq!(seconds, 0);
    let (mut client, watches) = connect(answers_with(b"ok"));
    sleep(Duration::from_secs(1)).await;
    watches.tell(Wish::Close);
    assert_eq!(until_closed(&mut client).await.1, 0);
}

/// It was accepted when the listener closed, and nobody has looked for its request yet.
#[tokio::test(start_paused = true)]
async fn whoever_was_accepted_last_may_still_bring_a_request() {
    let (mut client, watches) = connect(answers_with(b"ok"));
    watches.tell(Wish::Close);
    sleep(Duration::from_millis(200)).await;
    client.write_all(REQUEST).await.unwrap();
    let (all, seconds) = until_closed(&mut client).await;
    assert!(all.ends_with(b"ok"), "{}", String::from_utf8_lossy(&all));
    assert_eq!(seconds, 0);
    let (mut silent, watches) = connect(answers_with(b"ok"));
    watches.tell(Wish::Close);
    assert_eq!(until_closed(&mut silent).await, (Vec::new(), 0));
}
