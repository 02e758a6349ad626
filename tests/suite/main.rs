//! The field's HTTP cache test suite (`http-cache-tests` of npm), run against the edge's binary: in the
//! profile that keeps to RFC 9111, and in the default one.
//!
//! Each case's result is compared with `expected/`, so that a regression fails by its name, and an
//! improvement too until it is written down: `SUITE_WRITE=1 cargo test --test suite`. Why a case is not
//! passed is in `left-out.toml`.
//!
//! `SUITE_DIR=/path cargo test --test suite` runs a checkout of newer sources (of
//! <https://github.com/http-tests/cache-tests>, after `npm ci`) instead, tells the score, and compares
//! nothing.
//!
//! Without Node.js the cases report themselves as skipped; with `CI=true` that is a failure.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(missing_docs, unreachable_pub)]

mod cases;
mod expected;
mod install;
mod left_out;
#[path = "../support/npm.rs"]
mod npm;
mod process;
mod report;
#[path = "../support/process.rs"]
mod support;

use std::io::Write;

use cases::{Cases, Runner};
use process::Profile;

/// How often a case that differs is run again. The suite measures with real time, and a busy machine is
/// late. It also sends a hundred PUT requests at once, and an invalidation may overtake the fetch of
/// another key (see `Epochs` of the cache): one case in some thousand is then not stored.
const REPEATS: usize = 2;

#[test]
fn rfc9111() {
    check(&Profile::RFC9111);
}

#[test]
fn default_profile() {
    check(&Profile::DEFAULT);
}

#[test]
fn what_is_left_out_has_its_reason() {
    if writing() {
        tell("what is expected is being written: run again for the reasons of what is left out");
        return;
    }
    let strict = expected::read(&Profile::RFC9111);
    let default = expected::read(&Profile::DEFAULT);
    let faults = left_out::faults(&strict, &default);
    assert!(faults.is_empty(), "{} is not up to date:\n{faults}", left_out::FILE);
}

fn check(profile: &Profile) {
    let suite = match install::suite() {
        Ok(suite) => suite,
        Err(why) => {
            assert!(std::env::var_os("CI").is_none(), "the cache suite was not run: {why}");
            tell(&format!("SKIPPED: the cache suite was not run: {why}"));
            return;
        }
    };
    let origin = process::origin(&suite);
    let edge = process::edge(origin.address, profile);
    let runner = Runner { suite: &suite.dir, base: edge.address };
    let mut results = runner.all();
    if suite.is_released {
        repeat_what_differs(profile, &mut results, &runner);
        compare(profile, &results);
    } else {
        tell(&report::score(profile, &suite, &results));
    }
}

fn repeat_what_differs(profile: &Profile, results: &mut Cases, runner: &Runner<'_>) {
    let expected = expected::read(profile);
    for _ in 0..REPEATS {
        let differing = expected::differing(&expected, results);
        if differing.is_empty() {
            return;
        }
        let changes = report::changes(&expected, results);
        tell(&format!("{}: repeats what differs:\n{changes}", profile.name));
        results.extend(runner.only(&differing));
    }
}

fn compare(profile: &Profile, results: &Cases) {
    let changes = report::changes(&expected::read(profile), results);
    if changes.is_empty() {
        return;
    }
    if writing() {
        expected::write(profile, results);
        tell(&format!("{}: written:\n{changes}", profile.name));
        return;
    }
    panic!(
        "profile {}: not as in {}:\n{changes}\
         If it should be so: SUITE_WRITE=1 cargo test --test suite writes it down, \
         and {} says why a case is left out.",
        profile.name,
        expected::file(profile).display(),
        left_out::FILE,
    );
}

fn writing() -> bool {
    std::env::var_os("SUITE_WRITE").is_some()
}

/// Said in any case: `println!` would be heard of a failing test only.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
