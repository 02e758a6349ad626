//! The folder by itself, and dialogues through the layer. Time is an argument or a clock that the test
//! drives.

mod dialogue;
mod disk;
mod seeds;
mod zones;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Limits;
use super::folder::Folder;
use super::label::{Coding, Label};
use crate::policy::date::Timestamp;

/// 2026-01-01T00:00:00Z
const START: Timestamp = Timestamp::from_secs(1_767_225_600);

const LIMITS: Limits =
    Limits { max_file: 1 << 20, max_size: 1 << 20, max_age: Duration::from_secs(7 * 24 * 3600) };

/// A folder of the test's own.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("selvedge-vault-{}-{count}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    fn folder(&self) -> Folder {
        let folder = Folder::new(&self.0);
        folder.prepare().unwrap();
        folder
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn after(seconds: u64) -> Timestamp {
    START.saturating_add(Duration::from_secs(seconds))
}

fn label(path: &str, coding: Coding) -> Label {
    let fields = vec![("content-type".to_owned(), "text/css".to_owned())];
    Label { path: path.to_owned(), coding, fields }
}

fn keep(folder: &Folder, path: &str, body: &str, now: Timestamp) {
    folder.keep(label(path, Coding::Identity), body.as_bytes(), now).unwrap();
}

/// What is found under a path, in plain bytes.
fn found(folder: &Folder, path: &str, now: Timestamp) -> Option<String> {
    let found = folder.find(path, &[Coding::Identity], LIMITS, now)?;
    Some(String::from_utf8(found.body.to_vec()).unwrap())
}

fn only_file(dir: &Path) -> PathBuf {
    let mut files = std::fs::read_dir(dir).unwrap();
    let file = files.next().expect("a file").unwrap().path();
    assert!(files.next().is_none(), "more than one file in {}", dir.display());
    file
}

fn count(dir: &Path) -> usize {
    std::fs::read_dir(dir).unwrap().count()
}
