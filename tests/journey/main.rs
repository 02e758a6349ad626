//! Whole journeys: real applications with Next.js 16 behind the edge's binary, visited with Chromium,
//! and every request counted that gets as far as the origin.
//!
//! Each story is a script in `stories/`; it leads the browser and says what must be true. Here stands
//! what it plays on. Without Node.js or Chromium a test reports itself as skipped; with `CI=true` that is
//! a failure.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(missing_docs, unreachable_pub)]
// Parts of what is shared with other tests are not needed here.
#![allow(dead_code)]

#[path = "../next/client.rs"]
mod client;
mod counter;
mod fixture;
#[path = "../support/npm.rs"]
mod npm;
mod play;
mod stage;
#[path = "../support/process.rs"]
mod support;
#[path = "../support/tree.rs"]
mod tree;

use std::path::{Path, PathBuf};

use fixture::Build;
use play::play;
use stage::Stage;

const A: Build = Build { source: "app", name: "a", with: "BUILD=a" };
const B: Build = Build { source: "app", name: "b", with: "BUILD=b" };
const CACHED: Build = Build { source: "cached", name: "cached", with: "PARTIAL=true" };
const EAGER: Build = Build { source: "cached", name: "eager", with: "PARTIAL=false" };

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
