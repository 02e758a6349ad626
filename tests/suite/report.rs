//! What is told of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::cases::{Case, Cases};
use super::install::Suite;
use super::process::Profile;

/// A line for each case whose result is not the expected one.
pub fn changes(expected: &Cases, results: &Cases) -> String {
    let names: BTreeSet<&String> = expected.keys().chain(results.keys()).collect();
    let lines =
        names.into_iter().filter_map(|name| match (expected.get(name), results.get(name)) {
            (Some(was), Some(is)) if was.is_like(is) => None,
            (Some(was), Some(is)) => Some(changed(name, was, is)),
            (Some(_), None) => Some(format!("  gone: {name}\n")),
            (None, Some(is)) => Some(format!("  new: {name} ({}), {}\n", is.kind, is.result)),
            (None, None) => None,
        });
    lines.collect()
}

fn changed(name: &str, was: &Case, is: &Case) -> String {
    let word = match (was.passed(), is.passed()) {
        (true, false) => "worse",
        (false, true) => "better",
        _ => "other",
    };
    let Case { kind, result, message } = is;
    format!("  {word}: {name} ({kind}), {} -> {result}. {message}\n", was.result)
}

/// How many cases of each kind have which result, and which are not passed.
pub fn score(profile: &Profile, suite: &Suite, results: &Cases) -> String {
    let mut text = format!("{} profile, {}:\n", profile.name, suite.dir.display());
    for (name, case) in results.iter().filter(|(_, case)| case.is_left_out()) {
        let Case { kind, result, message } = case;
        let _ = writeln!(text, "  {kind} {result} {name}. {message}");
    }
    for ((kind, result), count) in counts(results) {
        let _ = writeln!(text, "  {count:4} {kind} {result}");
    }
    text
}

fn counts(results: &Cases) -> BTreeMap<(&str, &str), usize> {
    let mut counts = BTreeMap::new();
    for case in results.values() {
        *counts.entry((case.kind.as_str(), case.result.as_str())).or_default() += 1;
    }
    counts
}
