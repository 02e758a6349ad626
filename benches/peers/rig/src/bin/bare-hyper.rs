//! `bare-hyper ADDR SIZE KEYS`: the least that a Rust cache server can do. Look up by path,
//! clone the header map, send the bytes. What Selvedge costs above this is Selvedge's own.

use std::sync::Arc;

use hyper::header::{HeaderName, HeaderValue};
use moka::sync::Cache;
use peers_rig::page::Page;
use peers_rig::serve::{not_found, serve, whole};

fn main() {
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().expect("bare-hyper ADDR SIZE KEYS");
    let listen = next().parse().expect("ADDR");
    let size: usize = next().parse().expect("SIZE");
    let keys: u64 = next().parse().expect("KEYS");

    // Twice the room, so that admission never refuses a page.
    let cache: Cache<String, Arc<Page>, foldhash::fast::RandomState> = Cache::builder()
        .max_capacity(keys.saturating_mul(2).max(1_000))
        .build_with_hasher(foldhash::fast::RandomState::default());
    for key in 0..keys {
        let path = format!("/{size}/{key}");
        let mut page = Page::at(&path).expect("a page path");
        // What nginx is told to add as well; the check reads it.
        page.headers.insert(HeaderName::from_static("x-cache"), HeaderValue::from_static("HIT"));
        cache.insert(path, Arc::new(page));
    }

    serve(
        listen,
        || (),
        move |request| {
            let found = cache.get(request.uri().path());
            std::future::ready(found.map_or_else(not_found, |page| whole(&page)))
        },
    );
}
