//! What real versions show.

use std::path::Path;
use std::time::Duration;

use super::next::start_next;
use super::support::{Process, free_address};
use super::table::REAL;
use super::walk::{with_the_rule, without_the_rule};
use super::wire::{Edge, Origin};
use super::{client, fixture};

const INSIDE: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\ninside";

#[tokio::test]
async fn next_13() {
    check(13).await;
}

#[tokio::test]
async fn next_14() {
    check(14).await;
}

#[tokio::test]
async fn next_15() {
    check(15).await;
}

async fn check(major: u32) {
    let dir = match fixture::build_from("tests/advisories/app", "advisory-fixtures", major) {
        Ok(dir) => dir,
        Err(why) => {
            assert!(std::env::var_os("CI").is_none(), "Next.js {major} was not tested: {why}");
            eprintln!("SKIPPED: Next.js {major} was not tested: {why}");
            return;
        }
    };
    let origin = next_start(&dir).await;
    let inside = Origin::new().always(INSIDE).to_string();
    let build = format!("next.dir={}", dir.display());
    let url = format!("http://{}", origin.address);
    let edges = [(Edge::run(&url, &[]), false), (Edge::run(&url, &[&build]), true)];
    let rows = REAL.iter().filter(|(shown_by, _)| *shown_by == major).map(|(_, row)| row);
    for row in rows {
        // The edges first: some versions keep what the attack leaves behind, for everybody.
        for (edge, knows) in &edges {
            with_the_rule(row, edge.address, *knows, &inside).await;
        }
        without_the_rule(row, origin.address, &inside).await;
    }
}

async fn next_start(dir: &Path) -> Process {
    let address = free_address();
    let process = start_next(dir, address);
    for _ in 0..600 {
        if client::try_get(address, "/isr", &[]).await.is_ok_and(|answer| answer.status == 200) {
            return process;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("nothing answers at {address} after a minute");
}
