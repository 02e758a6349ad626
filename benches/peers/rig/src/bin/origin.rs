//! `origin ADDR`: stands for `next start`. Makes each page once, counts what it is asked for, and
//! tells at `GET /__count`: without that count a benchmark of a cache proves nothing.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use peers_rig::{Page, not_found, serve};

static CONNECTIONS: AtomicU64 = AtomicU64::new(0);
static PAGES: AtomicU64 = AtomicU64::new(0);
/// Not pages: a peer's probes of health, say.
static OTHERS: AtomicU64 = AtomicU64::new(0);

fn main() {
    let listen = std::env::args().nth(1).and_then(|arg| arg.parse().ok()).expect("origin ADDR");
    let made: Arc<Mutex<HashMap<String, Arc<Page>>>> = Arc::default();
    serve(listen, count_connection, move |path| {
        if path == "/__count" {
            return counts();
        }
        let mut made = made.lock().expect("one thread");
        if let Some(page) = made.get(path) {
            PAGES.fetch_add(1, Relaxed);
            return page.to_response();
        }
        let Some(page) = Page::at(path) else {
            OTHERS.fetch_add(1, Relaxed);
            return not_found();
        };
        PAGES.fetch_add(1, Relaxed);
        let response = page.to_response();
        made.insert(path.to_owned(), Arc::new(page));
        response
    });
}

fn count_connection() {
    CONNECTIONS.fetch_add(1, Relaxed);
}

fn counts() -> Response<Full<Bytes>> {
    let [connections, pages, others] =
        [&CONNECTIONS, &PAGES, &OTHERS].map(|counter| counter.load(Relaxed));
    let json = format!(r#"{{"connections":{connections},"pages":{pages},"others":{others}}}"#);
    Response::new(Full::from(json))
}
