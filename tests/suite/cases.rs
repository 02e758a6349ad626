//! Runs the suite, or some of its cases, and reads the results.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

/// Results by the case's name.
pub type Cases = BTreeMap<String, Case>;

/// What came of a case.
#[derive(Debug, Clone, Deserialize)]
pub struct Case {
    /// `required`, `optimal`, or `check`, which only asks how a cache behaves.
    pub kind: String,
    /// The suite's word for it: `pass`, `optional_fail`, `no`, …
    pub result: String,
    /// What was wrong; empty if nothing was.
    #[serde(default)]
    pub message: String,
}

impl Case {
    pub fn passed(&self) -> bool {
        self.result == "pass"
    }

    /// Whether something that the suite asks of a cache is not there.
    pub fn is_left_out(&self) -> bool {
        self.kind != "check" && !self.passed()
    }

    pub fn is_like(&self, other: &Self) -> bool {
        self.kind == other.kind && self.result == other.result
    }
}

/// The suite's client, and the cache that it asks.
pub struct Runner<'a> {
    pub suite: &'a Path,
    pub base: SocketAddr,
}

impl Runner<'_> {
    pub fn all(&self) -> Cases {
        self.run(&[])
    }

    /// Some cases again.
    pub fn only(&self, names: &[String]) -> Cases {
        let mut results = self.run(names);
        // Those that they depend on have been run too.
        results.retain(|name, _| names.contains(name));
        results
    }

    fn run(&self, names: &[String]) -> Cases {
        let output = Command::new("node")
            .arg("--no-warnings")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/driver.mjs"))
            .arg(self.suite)
            .arg(format!("http://{}", self.base))
            .args(names)
            .output()
            .expect("node can be run");
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the suite could not be run:\n{text}{errors}");
        parse(text.lines().last().unwrap_or_default())
    }
}

fn parse(line: &str) -> Cases {
    #[derive(Deserialize)]
    struct Named {
        id: String,
        #[serde(flatten)]
        case: Case,
    }
    let results: Vec<Named> = serde_json::from_str(line).expect("the driver prints JSON");
    assert!(!results.is_empty(), "the suite has run no case");
    results.into_iter().map(|one| (one.id, one.case)).collect()
}
