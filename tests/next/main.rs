//! The real thing: Next.js 16, 15 and 14, built from `tests/next-app` by npm, behind the edge's binary.
//!
//! One test for each version, because one build and one server serve all its checks. Without Node.js
//! a test reports itself as skipped; with `CI=true` that is a failure.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(missing_docs, unreachable_pub)]

mod bridge;
mod browser;
mod client;
mod codings;
mod deploys;
mod fixture;
mod images;
mod life;
mod manifests;
#[path = "../support/next.rs"]
mod next;
#[path = "../support/npm.rs"]
mod npm;
mod process;
mod routes;
#[path = "../support/process.rs"]
mod support;
#[path = "../support/tree.rs"]
mod tree;

use process::{bridged, edge, free_address, next_start, wrapped};

async fn check(major: u32) {
    let dir = match fixture::build(major) {
        Ok(dir) => dir,
        Err(why) => {
            assert!(std::env::var_os("CI").is_none(), "Next.js {major} was not tested: {why}");
            eprintln!("SKIPPED: Next.js {major} was not tested: {why}");
            return;
        }
    };
    let origin = next_start(&dir, free_address()).await;
    let edge = edge(origin.address).await;
    let site = routes::Site { major, origin: origin.address, edge: edge.address };
    routes::same_as_the_origin(&site).await;
    routes::stored_or_not(&site).await;
    routes::payloads_and_documents(&site).await;
    routes::conditions_and_ranges(&site).await;
    routes::draft_mode(&site).await;
    routes::server_action(&site).await;
    routes::unknown_action(&site).await;
    routes::streaming(&site).await;
    codings::the_same_in_each_coding(&site).await;
    codings::a_page_for_one_is_coded_too(&site).await;
    life::a_cold_page_is_rendered_once(&site).await;
    life::a_stale_page_is_renewed_behind(&site).await;
    images::one_render_for_a_crowd(&site).await;
    images::a_tag_without_quotes_is_one(&site).await;
    images::nothing_is_refused_that_next_accepts(&site, &dir).await;
    drop(edge);
    drop(origin);
    life::the_origin_dies_and_comes_back(&dir).await;
    let vault = life::empty(dir.join("vault"));
    let wrapped = wrapped(&dir, &vault).await;
    manifests::what_no_response_says(wrapped.address).await;
    life::wrapped_server(wrapped).await;
    life::old_files_outlive_their_build(&dir, &vault).await;
    let bridged = bridged(&dir).await;
    bridge::what_the_application_invalidates_is_new_at_once(bridged.address).await;
    bridge::age_counts_from_when_next_made_the_page(bridged.address).await;
    bridge::what_next_serves_stale_is_soon_a_real_answer(bridged.address).await;
    browser::a_visit(major, bridged.address).await;
}

/// Another build behind an edge that is not restarted with it.
async fn check_deploys(major: u32) {
    let builds = fixture::build(major).and_then(|one| Ok((one, fixture::build_again(major)?)));
    match builds {
        Ok((one, other)) => {
            deploys::the_new_build_is_seen(&one, &other).await;
            deploys::two_builds_in_turn(&one, &other).await;
            deploys::the_first_visitor_finds_his_page_stored(&one, &other).await;
        }
        Err(why) => {
            assert!(std::env::var_os("CI").is_none(), "deployments were not tested: {why}");
            eprintln!("SKIPPED: deployments of Next.js {major} were not tested: {why}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deploys_of_16() {
    check_deploys(16).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deploys_of_15() {
    check_deploys(15).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deploys_of_14() {
    check_deploys(14).await;
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
