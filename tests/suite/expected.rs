//! The results that are expected: a file for each profile, a line `name kind result` for each case.

use std::path::PathBuf;

use super::cases::{Case, Cases};
use super::process::Profile;

const HEAD: &str = "# What comes of each case of http-cache-tests: its name, its kind, its result.\n\
                    # Written by SUITE_WRITE=1 cargo test --test suite; the reasons are in left-out.toml.\n";

pub fn file(profile: &Profile) -> PathBuf {
    PathBuf::from(format!(
        "{}/tests/suite/expected/{}.txt",
        env!("CARGO_MANIFEST_DIR"),
        profile.name
    ))
}

/// Nothing, if nothing has been written yet.
pub fn read(profile: &Profile) -> Cases {
    let text = std::fs::read_to_string(file(profile)).unwrap_or_default();
    text.lines().filter(|line| !line.starts_with('#')).map(parse).collect()
}

pub fn write(profile: &Profile, results: &Cases) {
    let mut text = HEAD.to_owned();
    for (name, case) in results {
        text.push_str(&format!("{name} {} {}\n", case.kind, case.result));
    }
    std::fs::write(file(profile), text).expect("the expected results can be written");
}

/// The cases whose result is another one than expected.
pub fn differing(expected: &Cases, results: &Cases) -> Vec<String> {
    let other = |(name, case): &(&String, &Case)| {
        expected.get(*name).is_some_and(|expected| !expected.is_like(case))
    };
    results.iter().filter(other).map(|(name, _)| name.clone()).collect()
}

fn parse(line: &str) -> (String, Case) {
    let [name, kind, result] = line.split(' ').collect::<Vec<_>>()[..] else {
        panic!("not `name kind result`: {line}");
    };
    let case = Case { kind: kind.into(), result: result.into(), message: String::new() };
    (name.into(), case)
}
