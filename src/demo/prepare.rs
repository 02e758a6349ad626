//! Unpacks, installs and builds the demo application; what is there already is left alone.
//!
//! The folder may be in any state: half unpacked, half installed, of another version of Selvedge, in
//! use by another demo. What was done is witnessed by stamps that are written at a step's end and
//! removed before anything that they vouch for is touched.

mod lock;
mod node;
mod step;
mod unpack;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use tokio::signal::unix::{SignalKind, signal};

use super::files::FILES;
use super::progress::say;
use lock::Lock;
use step::Step;
use unpack::Changes;

/// The demo application, built and ready to start.
///
/// While it lives, no other demo changes the folder: keep it as long as the application runs.
#[derive(Debug)]
pub struct Prepared {
    /// Its folder.
    pub dir: PathBuf,
    /// The command that starts it there; it listens at `PORT`, on the loopback interface only.
    pub command: Vec<OsString>,
    _in_use: Lock,
}

/// Why there is no demo application. [`BuiltinOrigin`](super::BuiltinOrigin) can stand in for it.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// Node.js or npm is missing or too old.
    #[error("{0}")]
    NoNode(String),
    /// The folder has something else in it.
    #[error(
        "{} is not empty, and no demo lives there; choose another folder with --dir", dir.display()
    )]
    Foreign {
        /// The folder.
        dir: PathBuf,
    },
    /// The demo of another version of Selvedge runs from the folder.
    #[error(
        "another demo uses {}; stop it, or choose another folder with --dir", dir.display()
    )]
    InUse {
        /// The folder.
        dir: PathBuf,
    },
    /// A file or folder cannot be written.
    #[error("cannot write {}: {error}; choose another folder with --dir", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// npm or next failed.
    #[error("{step} failed ({status}) in {}:\n\n{output}\n\n{remedy}", dir.display())]
    Step {
        /// What was run.
        step: &'static str,
        /// How it ended.
        status: String,
        /// Where.
        dir: PathBuf,
        /// The last lines of what it printed.
        output: String,
        /// What may help.
        remedy: &'static str,
    },
    /// Stopped by a signal, as by Ctrl-C; what ran is stopped too.
    #[error("stopped")]
    Stopped,
}

const NEXT: &str = "node_modules/next/dist/bin/next";
/// No package's own scripts: none of them is needed, and nobody asked for them. Without a network,
/// npm says so after 11 s, not after 70.
const NPM_CI: [&str; 6] = [
    "ci",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    "--fetch-retry-mintimeout=1000",
];
const BUILD_ID: &str = ".next/BUILD_ID";
const INSTALLED: &str = ".selvedge-installed";
const BUILT: &str = ".selvedge-built";

/// A home folder may be shared by machines of several kinds, and what npm installs is not.
const MACHINE: &str = std::env::consts::OS;
const ARCHITECTURE: &str = std::env::consts::ARCH;

/// Prepares the demo in `dir`, telling its progress on standard output.
///
/// From here on SIGINT, SIGTERM and SIGHUP no longer end the process by themselves.
pub async fn prepare(dir: &Path) -> Result<Prepared, PrepareError> {
    // Dropping the preparation ends what it started.
    tokio::select! {
        prepared = prepare_in(dir) => prepared,
        () = stopped() => Err(PrepareError::Stopped),
    }
}

/// Where the demo lives unless said otherwise: the user's cache folder.
pub fn default_dir(env: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    // XDG Base Directory Specification: a relative path is invalid and to be ignored.
    let set = |name: &str| env(name).map(PathBuf::from).filter(|path| path.is_absolute());
    set("XDG_CACHE_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".cache")))
        .unwrap_or_else(std::env::temp_dir)
        .join("selvedge")
        .join("demo")
}

async fn prepare_in(dir: &Path) -> Result<Prepared, PrepareError> {
    let version = node::version().await?;
    let dir = &std::path::absolute(dir).map_err(|error| cannot_write(dir, error))?;
    say(&format!("Node.js {version}; the demo lives in {}", dir.display()));
    unpack::claim(dir)?;
    let mut lock = Lock::open(dir)?;
    // Between our build and our use another version's demo may come.
    for _ in 0..2 {
        lock.share().await?;
        if is_ready(dir) {
            let command = ["node", NEXT, "start", "-H", "127.0.0.1"].map(Into::into).to_vec();
            return Ok(Prepared { dir: dir.to_owned(), command, _in_use: lock });
        }
        lock.own().await?;
        build(dir).await?;
    }
    Err(PrepareError::InUse { dir: dir.to_owned() })
}

fn is_ready(dir: &Path) -> bool {
    Changes::find(dir, FILES).is_empty()
        && [INSTALLED, BUILT].iter().all(|stamp| is_stamped(dir, stamp))
        && [NEXT, BUILD_ID].iter().all(|file| dir.join(file).is_file())
}

async fn build(dir: &Path) -> Result<(), PrepareError> {
    let changes = Changes::find(dir, FILES);
    let install = changes.concern("package.json")
        || changes.concern("package-lock.json")
        || !is_stamped(dir, INSTALLED)
        || !dir.join(NEXT).is_file();
    if install {
        remove(&dir.join(INSTALLED))?;
    }
    remove(&dir.join(BUILT))?;
    changes.apply(dir)?;
    if install {
        node::has_npm().await?;
        say("installs Next.js from npm, once (some 350 MB on disk)");
        Step { name: "npm ci", program: "npm", args: &NPM_CI }.run(dir).await?;
        stamp(dir, INSTALLED)?;
    }
    match std::fs::remove_dir_all(dir.join(".next")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(cannot_write(&dir.join(".next"), error));
        }
        Ok(()) | Err(_) => {}
    }
    Step { name: "next build", program: "node", args: &[NEXT, "build"] }.run(dir).await?;
    stamp(dir, BUILT)
}

fn is_stamped(dir: &Path, stamp: &str) -> bool {
    std::fs::read_to_string(dir.join(stamp)).is_ok_and(|text| text == stamp_text())
}

fn stamp(dir: &Path, stamp: &str) -> Result<(), PrepareError> {
    write(&dir.join(stamp), stamp_text().as_bytes())
}

fn stamp_text() -> String {
    format!("{MACHINE} {ARCHITECTURE}\n")
}

fn write(path: &Path, content: &[u8]) -> Result<(), PrepareError> {
    std::fs::write(path, content).map_err(|error| cannot_write(path, error))
}

fn remove(path: &Path) -> Result<(), PrepareError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot_write(path, error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn cannot_write(path: &Path, error: io::Error) -> PrepareError {
    PrepareError::Write { path: path.to_owned(), error }
}

/// Ends when the process is asked to.
async fn stopped() {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = kinds.map(signal) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}

#[cfg(test)]
mod testing {
    use std::path::PathBuf;

    /// A folder's name; the folder goes when the test ends.
    pub(super) struct Scratch(pub(super) PathBuf);

    impl Scratch {
        pub(super) fn new(name: &str) -> Self {
            let name = format!("selvedge-demo-{name}-{}", std::process::id());
            let path = std::env::temp_dir().join(name);
            let _ = std::fs::remove_dir_all(&path);
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_lives_in_the_users_cache_folder() {
        for (name, xdg, home, expected) in [
            ("both", Some("/x"), Some("/h"), "/x/selvedge/demo"),
            ("home alone", None, Some("/h"), "/h/.cache/selvedge/demo"),
            ("an empty one is none", Some(""), Some("/h"), "/h/.cache/selvedge/demo"),
            ("a relative one is invalid", Some("x"), Some("/h"), "/h/.cache/selvedge/demo"),
        ] {
            let env = |variable: &str| match variable {
                "XDG_CACHE_HOME" => xdg.map(OsString::from),
                "HOME" => home.map(OsString::from),
                _ => None,
            };
            assert_eq!(default_dir(env), Path::new(expected), "{name}");
        }
        assert!(default_dir(|_| None).starts_with(std::env::temp_dir()));
    }
}
