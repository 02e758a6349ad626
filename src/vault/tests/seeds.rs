//! What a wrapped server has at its start.

use super::super::keeper::Keeper;
use super::super::seed::Seeds;
use super::*;
use crate::clock::Clock;
use crate::metrics::Metrics;

fn built(scratch: &Scratch, dir: &str) {
    scratch.write(&format!("{dir}.next/BUILD_ID"), "id");
    scratch.write(&format!("{dir}.next/static/chunks/a-1.js"), "a");
    scratch.write(&format!("{dir}.next/static/chunks/app/[slug]/page-1.js"), "page");
    scratch.write(&format!("{dir}.next/static/media/font-1.woff2"), "font");
    scratch.write(&format!("{dir}.next/static/service-worker/sw.js"), "worker");
}

fn paths(seeds: &Seeds) -> Vec<String> {
    let mut paths: Vec<_> = seeds.files().map(|seed| seed.path).collect();
    paths.sort();
    paths
}

#[test]
fn each_file_has_the_path_of_its_url() {
    let scratch = Scratch::new();
    built(&scratch, "");
    std::os::unix::fs::symlink("/etc", scratch.0.join(".next/static/etc")).unwrap();
    let expected = [
        "/docs/_next/static/chunks/a-1.js",
        "/docs/_next/static/chunks/app/[slug]/page-1.js",
        "/docs/_next/static/media/font-1.woff2",
    ];
    assert_eq!(paths(&Seeds::of(&scratch.0, [], "/docs")), expected);
    assert!(paths(&Seeds::of(&scratch.0, [], "/%C3%A9"))[0].starts_with("/é/_next/static/"));
}

#[test]
fn the_folder_is_that_of_the_script_or_of_an_argument_or_ours() {
    let scratch = Scratch::new();
    built(&scratch, "app/");
    let script = scratch.write("app/server.js", "");
    let found = |dir: &str, arguments: &[&str]| {
        let arguments = arguments.iter().map(Path::new);
        !paths(&Seeds::of(&scratch.0.join(dir), arguments, "")).is_empty()
    };
    assert!(found("app", &["server.js"]));
    assert!(found("app", &["node_modules/next/dist/bin/next", "start", "-H", "127.0.0.1"]));
    assert!(found("", &["app/server.js"]));
    assert!(found("elsewhere", &[script.to_str().unwrap()]));
    assert!(found("", &["start", "app"]));
    assert!(!found("", &["start"]));
}

#[test]
fn the_files_of_next_dev_are_no_seeds() {
    let scratch = Scratch::new();
    built(&scratch, "");
    std::fs::remove_file(scratch.0.join(".next/BUILD_ID")).unwrap();
    assert!(paths(&Seeds::of(&scratch.0, [], "")).is_empty());
}

/// A keeper that is driven by hand.
fn keeper(folder: &Folder, seeds: Seeds) -> Keeper {
    let clock = Clock::manual(START);
    let metrics = Metrics::new(&clock);
    Keeper::new(folder.clone(), LIMITS, Some(seeds), clock, metrics)
}

fn seed(keeper: &mut Keeper, now: Timestamp) {
    keeper.tend(now);
    (0..10).for_each(|_| keeper.seed_one(now));
}

#[test]
fn seeds_are_kept_with_their_type_and_count_as_used_at_each_start() {
    let scratch = Scratch::new();
    built(&scratch, "");
    let folder = Folder::new(&scratch.0.join("vault"));
    folder.prepare().unwrap();
    let day = 24 * 3600;
    let start = |now| seed(&mut keeper(&folder, Seeds::of(&scratch.0, [], "")), now);
    start(START);
    let font = "/_next/static/media/font-1.woff2";
    let file = folder.find(font, &[Coding::Identity], LIMITS, START).unwrap();
    assert_eq!(file.entry.label.headers()["content-type"], "font/woff2");
    (1..20).for_each(|days| start(after(days * day)));
    assert_eq!(found(&folder, font, after(20 * day)).as_deref(), Some("font"));
    let chunk = "/_next/static/chunks/a-1.js";
    assert_eq!(found(&folder, chunk, after(26 * day)), None, "too old since day 19");
    let worker = "/_next/static/service-worker/sw.js";
    assert_eq!(found(&folder, worker, START), None);
}

#[test]
fn a_seed_whose_content_was_lost_is_kept_again() {
    let scratch = Scratch::new();
    scratch.write(".next/BUILD_ID", "id");
    scratch.write(".next/static/a-1.js", "a");
    let folder = Folder::new(&scratch.0.join("vault"));
    folder.prepare().unwrap();
    seed(&mut keeper(&folder, Seeds::of(&scratch.0, [], "")), START);
    std::fs::remove_file(only_file(&folder.bodies)).unwrap();
    seed(&mut keeper(&folder, Seeds::of(&scratch.0, [], "")), after(1));
    assert_eq!(found(&folder, "/_next/static/a-1.js", after(2)).as_deref(), Some("a"));
}

#[test]
fn what_the_origin_has_answered_is_not_replaced_by_a_seed() {
    let scratch = Scratch::new();
    built(&scratch, "");
    let folder = Folder::new(&scratch.0.join("vault"));
    folder.prepare().unwrap();
    let chunk = "/_next/static/chunks/a-1.js";
    keep(&folder, chunk, "as answered", START);
    seed(&mut keeper(&folder, Seeds::of(&scratch.0, [], "")), after(1));
    assert_eq!(found(&folder, chunk, after(2)).as_deref(), Some("as answered"));
}
