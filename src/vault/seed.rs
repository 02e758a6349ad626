//! What a wrapped server has in `.next/static`.

use std::fs;
use std::path::{Path, PathBuf};

use super::label;

/// Where a wrapped server may have its files.
#[derive(Clone, Debug)]
pub struct Seeds {
    /// Folders that may hold `.next`, the most likely first.
    dirs: Vec<PathBuf>,
    prefix: String,
}

/// A file, and the path of its URL, decoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seed {
    pub(super) file: PathBuf,
    pub(super) path: String,
}

impl Seeds {
    /// Of a server that is started in `dir` with these arguments: the folder of a script among them
    /// (`node /app/server.js`, which goes there itself), one that is named (`next start web`), and
    /// `dir`.
    pub fn of<'a>(dir: &Path, arguments: impl IntoIterator<Item = &'a Path>, prefix: &str) -> Self {
        let mut dirs = Vec::new();
        for argument in arguments {
            let path = dir.join(argument);
            dirs.extend(path.parent().map(Path::to_owned));
            dirs.push(path);
        }
        dirs.push(dir.to_owned());
        Self { dirs, prefix: prefix.to_owned() }
    }

    /// The files that are there.
    pub(super) fn files(&self) -> Files {
        let built = self.dirs.iter().map(|dir| dir.join(".next")).find(|next| is_built(next));
        let Some(built) = built else { return Files::default() };
        let prefix = label::name(&self.prefix, None).unwrap_or_default();
        let path = format!("{prefix}/_next/static");
        Files { folders: vec![(built.join("static"), path)], ..Files::default() }
    }
}

/// `next build` leaves its id; `next dev` removes it, and its files bear no hash of their content.
fn is_built(next: &Path) -> bool {
    next.join("BUILD_ID").is_file() && next.join("static").is_dir()
}

/// A walk through a folder, one file at a time.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Folders that are yet to be looked at, each with its path.
    folders: Vec<(PathBuf, String)>,
    found: Vec<Seed>,
}

impl Iterator for Files {
    type Item = Seed;

    fn next(&mut self) -> Option<Seed> {
        while self.found.is_empty() {
            let (folder, path) = self.folders.pop()?;
            // What cannot be read is not kept; the server itself may have more to say about it.
            self.look(&folder, &path);
        }
        self.found.pop()
    }
}

impl Files {
    fn look(&mut self, folder: &Path, path: &str) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else {
                continue;
            };
            let path = format!("{path}/{name}");
            // Neither is followed where it leads out of the folder: a link is of no kind.
            if kind.is_file() {
                self.found.push(Seed { file: entry.path(), path });
            } else if kind.is_dir() && name != SERVICE_WORKER {
                self.folders.push((entry.path(), path));
            }
        }
    }
}

/// A service worker keeps its name across builds; over HTTP it says so itself (`next::assets`).
const SERVICE_WORKER: &str = "service-worker";
