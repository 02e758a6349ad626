//! The bridge (`src/next/bridge.cjs`) in real Next.js servers, before a tiny edge that notes what it is told.
//!
//! One test for each version, as in `tests/next`, whose application this is. Without Node.js a test
//! reports itself as skipped; with `CI=true` that is a failure.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(missing_docs, unreachable_pub)]
// Parts of what is shared with other tests are not needed here; real waits are measured.
#![allow(dead_code, clippy::disallowed_methods)]

#[path = "../next/client.rs"]
mod client;
mod edge;
#[path = "../next/fixture.rs"]
mod fixture;
mod invalidations;
#[path = "../support/npm.rs"]
mod npm;
mod others;
mod responses;
mod server;
mod standalone;
#[path = "../support/process.rs"]
mod support;
#[path = "../support/tree.rs"]
mod tree;

use std::path::PathBuf;

use edge::Edge;
use server::Server;
use support::free_address;

pub struct Site {
    pub major: u32,
    pub server: Server,
    pub edge: Edge,
}

fn fixture(major: u32) -> Option<PathBuf> {
    match fixture::build(major) {
        Ok(dir) => Some(dir),
        Err(why) => {
            assert!(std::env::var_os("CI").is_none(), "Next.js {major} was not tested: {why}");
            eprintln!("SKIPPED: Next.js {major} was not tested: {why}");
            None
        }
    }
}

async fn check(major: u32) {
    let Some(dir) = fixture(major) else { return };
    let edge = Edge::start(free_address()).await;
    let server = Server::start(&dir, Some(edge.address), &[]).await;
    let site = Site { major, server, edge };
    responses::warm(&site).await;
    responses::pages(&site).await;
    responses::payloads_and_segments(&site).await;
    responses::route_handlers(&site).await;
    responses::pages_router(&site).await;
    responses::not_cached(&site).await;
    invalidations::from_route_handlers(&site).await;
    invalidations::not_a_byte_before(&site).await;
    invalidations::from_server_actions(&site).await;
    invalidations::on_demand(&site).await;
    invalidations::nobody_listens(site).await;
    others::without_an_edge(&dir).await;
    others::the_handler_of_the_application(major, &dir).await;
    if major >= 16 {
        others::cached_components(&dir).await;
    } else {
        standalone::what_is_invalidated_is_new_at_once(&dir).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn next_16() {
    check(16).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn next_15() {
    check(15).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn next_14() {
    check(14).await;
}
