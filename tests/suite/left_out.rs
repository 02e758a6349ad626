//! Why a case is not passed: `left-out.toml`, written by hand, held against what is expected.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde::Deserialize;

use super::cases::Cases;

pub const FILE: &str = "tests/suite/left-out.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeftOut {
    /// Not passed even by the letter of the RFC.
    #[serde(default)]
    rfc9111: Vec<Group>,
    /// Passed there, and not in the default profile.
    #[serde(default)]
    default: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    reason: String,
    cases: Vec<String>,
}

/// A line for each case that has no reason, and for each reason that has no case.
pub fn faults(strict: &Cases, default: &Cases) -> String {
    let path = format!("{}/{FILE}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the reasons can be read");
    let given: LeftOut = toml::from_str(&text).unwrap_or_else(|error| panic!("{FILE}: {error}"));
    let never = left_out(strict);
    let lost = left_out(default).difference(&never).copied().collect();
    compare("rfc9111", &never, &given.rfc9111) + &compare("default", &lost, &given.default)
}

fn left_out(cases: &Cases) -> BTreeSet<&str> {
    let left_out = cases.iter().filter(|(_, case)| case.is_left_out());
    left_out.map(|(name, _)| name.as_str()).collect()
}

fn compare(section: &str, wanted: &BTreeSet<&str>, groups: &[Group]) -> String {
    let mut text = String::new();
    let mut given = BTreeSet::new();
    for group in groups {
        if group.reason.trim().is_empty() {
            let _ = writeln!(text, "  [[{section}]] has no reason for {:?}", group.cases);
        }
        for case in &group.cases {
            if !given.insert(case.as_str()) {
                let _ = writeln!(text, "  [[{section}]] names {case} twice");
            }
        }
    }
    for case in wanted.difference(&given) {
        let _ = writeln!(text, "  [[{section}]] has no reason why {case} is not passed");
    }
    for case in given.difference(wanted) {
        let _ = writeln!(text, "  [[{section}]] names {case}, which is not left out here");
    }
    text
}
