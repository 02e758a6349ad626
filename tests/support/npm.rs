//! What tests need that install things from npm.

use std::path::{Path, PathBuf};
use std::process::Command;

/// `Err` says what is missing.
pub fn node_is_there() -> Result<(), String> {
    for program in ["node", "npm"] {
        let found = Command::new(program).arg("--version").output();
        if !found.is_ok_and(|output| output.status.success()) {
            return Err(format!("{program} is not installed"));
        }
    }
    Ok(())
}

/// Cargo's target folder: nothing is installed among the sources.
pub fn target() -> PathBuf {
    // target/debug/deps/next-… -> target
    let exe = std::env::current_exe().expect("a test has a path");
    exe.ancestors().nth(3).expect("a test lies in target/debug/deps").to_owned()
}

/// Runs a program to its end, which has to be a good one.
pub fn run(dir: &Path, program: &str, args: &[&str]) {
    let output = Command::new(program)
        .args(args)
        .current_dir(dir)
        .env("NEXT_TELEMETRY_DISABLED", "1")
        .output()
        .unwrap_or_else(|error| panic!("{program} cannot be run: {error}"));
    assert!(
        output.status.success(),
        "{program} {args:?} failed in {}:\n{}{}",
        dir.display(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
}
