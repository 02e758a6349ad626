//! The two small applications: installed once, and built once for each build that a journey needs.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::npm::{node_is_there, run, target};
use super::tree::{files, fingerprint};

/// npm and next use all cores; and all builds share one folder of packages.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A build of an application.
#[derive(Clone, Copy, Debug)]
pub struct Build {
    /// The version of Next.js.
    pub major: u32,
    /// The folder of its source, below `tests/journey`.
    pub source: &'static str,
    /// The folder that it is built in, below `target/journey/<major>`.
    pub name: &'static str,
    /// What it is built with, `NAME=value`.
    pub with: &'static str,
}

/// The folder of the built application; `Err` says why there is none.
pub fn build(build: Build) -> Result<PathBuf, String> {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    node_is_there()?;
    let root = packages(build.major);
    let source = sources().join("journey").join(build.source);
    let dir = root.join(build.name);
    let stamp = dir.join(".built");
    let wanted = format!("{build:?}\n{}", fingerprint(&source));
    if std::fs::read_to_string(&stamp).is_ok_and(|built| built == wanted) {
        return Ok(dir);
    }
    let _ = std::fs::remove_dir_all(&dir);
    copy(&source, &dir);
    run(&dir, "env", &[build.with, "node", "../node_modules/next/dist/bin/next", "build"]);
    std::fs::write(stamp, wanted).expect("the fixture's folder can be written");
    Ok(dir)
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// The folder that has the packages of `tests/next-app`; those of 16 have the browser's driver too.
pub fn packages(major: u32) -> PathBuf {
    let source = sources().join("next-app");
    let root = target().join("journey").join(major.to_string());
    let stamp = root.join(".installed");
    let wanted = std::fs::read_to_string(source.join(format!("package-lock-{major}.json")));
    let wanted = wanted.expect("a lock file");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return root;
    }
    std::fs::create_dir_all(&root).expect("a folder can be made");
    for name in ["package", "package-lock"] {
        let (from, to) = (format!("{name}-{major}.json"), format!("{name}.json"));
        std::fs::copy(source.join(from), root.join(to)).expect("a file can be copied");
    }
    run(&root, "npm", &["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    std::fs::write(stamp, wanted).expect("the fixture's folder can be written");
    root
}

/// The same source in another folder.
fn copy(source: &Path, to: &Path) {
    for file in files(source) {
        let to = to.join(&file);
        std::fs::create_dir_all(to.parent().expect("a file has a folder"))
            .expect("a folder can be made");
        std::fs::copy(source.join(&file), to).expect("a file can be copied");
    }
}
