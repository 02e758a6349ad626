//! Whole journeys: real applications of Next.js behind the edge's binary, visited with Chromium,
//! and every request counted that gets as far as the origin.
//!
//! Each story is a script in `stories/`; it leads the browser and says what must be true. Here stands
//! what it plays on. Without Node.js or Chromium a test reports itself as skipped; with `CI=true` that is
//! a failure.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(missing_docs, unreachable_pub)]
// Parts of what is shared with other tests are not needed here; real waits are measured.
#![allow(dead_code, clippy::disallowed_methods)]

#[path = "../next/client.rs"]
mod client;
mod counter;
mod dashboard;
mod fixture;
#[path = "../support/npm.rs"]
mod npm;
mod play;
mod stage;
mod streams;
#[path = "../support/process.rs"]
mod support;
#[path = "../support/tree.rs"]
mod tree;

use std::path::{Path, PathBuf};

use fixture::Build;
use play::play;
use stage::Stage;

const A: Build = Build { major: 16, source: "app", name: "a", with: "BUILD=a" };
const A_ON_15: Build = Build { major: 15, ..A };
const A_ON_14: Build = Build { major: 14, ..A };
const B: Build = Build { major: 16, source: "app", name: "b", with: "BUILD=b" };
const CACHED: Build = Build { major: 16, source: "cached", name: "cached", with: "PARTIAL=true" };
const EAGER: Build = Build { major: 16, source: "cached", name: "eager", with: "PARTIAL=false" };

/// The folders of these builds, if all is there that the tests need.
fn built(builds: &[Build]) -> Option<Vec<PathBuf>> {
    let built =
        chromium().and_then(|()| builds.iter().map(|build| fixture::build(*build)).collect());
    match built {
        Ok(folders) => Some(folders),
        Err(why) => {
            assert!(std::env::var_os("CI").is_none(), "nothing was tested: {why}");
            eprintln!("SKIPPED: nothing was tested: {why}");
            None
        }
    }
}

fn chromium() -> Result<(), String> {
    let path = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".into());
    if Path::new(&path).exists() { Ok(()) } else { Err(format!("{path} is not there")) }
}

/// Plays one story through the edge, with more environment.
async fn story(name: &str, builds: &[Build], more: &[(&str, &str)]) {
    let Some(folders) = built(builds) else { return };
    let mut stage = Stage::set(&format!("{name}-{}", builds[0].name), &folders).await;
    play(name, stage.edge.address, &mut stage, more).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_visitors_cost_what_one_does() {
    story("crowd", &[A], &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_prefetches_is_calm_for_the_second_visitor() {
    story("storm", &[A], &[("STORY_PATH", "/list")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_it_was_with_next_15_and_14() {
    for build in [A_ON_15, A_ON_14] {
        story("storm", &[build], &[("STORY_PATH", "/list")]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_it_is_with_cache_components() {
    story("storm", &[CACHED], &[("STORY_PATH", "/"), ("STORY_SHELLS", "1")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn and_without_partial_prefetching() {
    story("storm", &[EAGER], &[("STORY_PATH", "/")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_writes_all_read() {
    story("write", &[A], &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_writes_all_read_with_cache_components() {
    story("edit", &[CACHED], &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_is_its_editors() {
    story("draft", &[A], &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deploy_under_open_pages() {
    story("deploy", &[A, B], &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_origin_dies_while_somebody_reads() {
    story("dead", &[A], &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_over_time_is_handed_on_as_it_comes() {
    let Some(folders) = built(&[A, CACHED]) else { return };
    let stage = Stage::set("streams-a", &folders[..1]).await;
    streams::server_sent_events(&stage).await;
    streams::what_is_done_after_an_answer(&stage).await;
    let stage = Stage::set("streams-cached", &folders[1..]).await;
    streams::a_page_with_holes(&stage).await;
    streams::a_shell_is_stored_and_its_page_is_not(&stage).await;
}

/// `cargo test --test journey figures -- --ignored --nocapture`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "figures for benches/README.md, and no check"]
async fn figures() {
    let Some(folders) = built(&[A]) else { return };
    let mut stage = Stage::set("figures", &folders).await;
    play("crowd", stage.edge.address, &mut stage, &[]).await;
    let mut stage = Stage::set("figures-without", &folders).await;
    // Chromium renews what Next.js lets it hold stale, and such requests are never seen to end.
    let without = [("STORY_WITHOUT", "1"), ("STORY_PATIENCE", "600")];
    play("crowd", stage.counter.address, &mut stage, &without).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_runs_it_sees_what_it_does() {
    if built(&[]).is_some() {
        let told = dashboard::is_looked_at().await;
        assert_eq!(told.matches("ok ").count(), 7, "{told}");
    }
}
