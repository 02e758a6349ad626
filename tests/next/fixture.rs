//! Installs and builds a Next.js application for one major version, once.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::npm::{node_is_there, run, target};
use super::tree::{files, fingerprint};

/// npm and next use all cores; two at a time would only be in each other's way.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The folder of the built application in `tests/next-app`; `Err` says why there is none.
pub fn build(major: u32) -> Result<PathBuf, String> {
    build_from("tests/next-app", "next-fixtures", major)
}

/// The same of the application in `source`, below the folder `name` of Cargo's target.
pub fn build_from(source: &str, name: &str, major: u32) -> Result<PathBuf, String> {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    node_is_there()?;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
    let dir = target().join(name).join(major.to_string());
    let stamp = dir.join(".built");
    let wanted = format!("{major}\n{}", fingerprint(&source));
    if std::fs::read_to_string(&stamp).is_ok_and(|built| built == wanted) {
        return Ok(dir);
    }
    let _ = std::fs::remove_file(&stamp);
    lay_out(&source, &dir, major);
    run(&dir, "npm", &["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    run(&dir, "node", &["node_modules/next/dist/bin/next", "build"]);
    std::fs::write(&stamp, wanted).expect("the fixture's folder can be written");
    Ok(dir)
}

/// Another build of the same application: the same files, and another build id.
pub fn build_again(major: u32) -> Result<PathBuf, String> {
    let first = build(major)?;
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let dir = first.with_file_name(format!("{major}-{SECOND}"));
    let stamp = dir.join(".built-again");
    let wanted = std::fs::read_to_string(first.join(".built")).expect("the first one was built");
    if std::fs::read_to_string(&stamp).is_ok_and(|built| built == wanted) {
        return Ok(dir);
    }
    let _ = std::fs::remove_dir_all(&dir);
    let (from, to) = (first.to_str().expect("a path is text"), dir.to_str().expect("so is this"));
    // Half a gigabyte of packages, which nobody changes.
    run(&first, "cp", &["-al", from, to]);
    std::fs::remove_dir_all(dir.join(".next")).expect("the first build's files can go");
    let next = ["FIXTURE_BUILD_ID=second", "node", "node_modules/next/dist/bin/next", "build"];
    run(&dir, "env", &next);
    std::fs::write(&stamp, wanted).expect("the fixture's folder can be written");
    Ok(dir)
}

/// The build id of the second build; that of the first is `fixture`.
pub const SECOND: &str = "second";

fn lay_out(source: &Path, dir: &Path, major: u32) {
    for folder in ["app", "pages", "lib", "public"] {
        let _ = std::fs::remove_dir_all(dir.join(folder));
    }
    for file in files(source) {
        let Some(name) = name_for(&file, major) else { continue };
        let to = dir.join(name);
        std::fs::create_dir_all(to.parent().expect("a file has a folder"))
            .expect("a folder can be made");
        std::fs::copy(source.join(&file), to).expect("a file can be copied");
    }
}

/// Where a source file goes; `None` for those of other versions.
fn name_for(file: &Path, major: u32) -> Option<PathBuf> {
    let name = file.to_str().expect("names are text");
    let named = |stem: &str, becomes: &str| {
        let own = name == format!("{stem}-{major}.json");
        let some = name.starts_with(&format!("{stem}-")) && name.ends_with(".json");
        if own {
            Some(Some(becomes.into()))
        } else if some {
            Some(None)
        } else {
            None
        }
    };
    if let Some(answer) =
        named("package-lock", "package-lock.json").or_else(|| named("package", "package.json"))
    {
        return answer;
    }
    // Next.js 16 calls the middleware a proxy.
    Some(if name == "middleware.js" && major >= 16 { "proxy.js".into() } else { file.into() })
}
