//! Where the suite is: installed from npm, once, or a folder of the caller's.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::npm::{node_is_there, run, target};

/// Both profiles need the same folder.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

const MANIFESTS: [&str; 2] = ["package.json", "package-lock.json"];

/// The suite's sources.
pub struct Suite {
    pub dir: PathBuf,
    /// The origin's program.
    pub server: PathBuf,
    /// Whether it is the release, whose results are known.
    pub is_released: bool,
}

/// The suite to run; `Err` says why there is none.
pub fn suite() -> Result<Suite, String> {
    node_is_there()?;
    if let Some(dir) = std::env::var_os("SUITE_DIR") {
        return Ok(Suite::in_folder(PathBuf::from(dir), false));
    }
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    Ok(Suite::in_folder(install().join("node_modules/http-cache-tests"), true))
}

/// Where logs and the installed suite go.
pub fn folder() -> PathBuf {
    let folder = target().join("cache-suite");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}

impl Suite {
    fn in_folder(dir: PathBuf, is_released: bool) -> Self {
        // Newer sources have their programs in a folder.
        let newer = dir.join("test-engine/server/server.mjs");
        let server = if newer.exists() { newer } else { dir.join("server/server.mjs") };
        assert!(server.exists(), "{} is no folder of http-cache-tests", dir.display());
        Self { dir, server, is_released }
    }
}

fn install() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite");
    let dir = folder();
    let stamp = dir.join(".installed");
    let wanted = MANIFESTS.map(|name| std::fs::read_to_string(source.join(name)).unwrap()).concat();
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return dir;
    }
    let _ = std::fs::remove_file(&stamp);
    for name in MANIFESTS {
        std::fs::copy(source.join(name), dir.join(name)).expect("a file can be copied");
    }
    run(&dir, "npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    std::fs::write(&stamp, wanted).expect("the suite's folder can be written");
    dir
}
