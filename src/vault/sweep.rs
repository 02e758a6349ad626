//! Makes the folder as small and as young as it is to be.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Limits;
use super::folder::{Folder, timestamp};
use super::label::{Entry, entry_name};
use crate::policy::date::Timestamp;

/// What a sweep found and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Swept {
    /// Entries that are left.
    pub(super) left: usize,
    /// Entries that were dropped.
    pub(super) dropped: usize,
    /// Bytes that are left.
    pub(super) size: u64,
}

/// What no entry leads to may be so because its entry is being written by another edge.
const MAY_BE_YOUNG: Duration = Duration::from_secs(3600);

/// A full folder loses an eighth: or each further file would cost a look at all of them.
const SPARE: u64 = 8;

impl Folder {
    /// Drops what was not used for too long, then what was used the longest ago, until the rest has
    /// room; and what a crash or another edge has left behind.
    pub(super) fn sweep(&self, limits: Limits, now: Timestamp) -> io::Result<Swept> {
        let mut entries = self.entries()?;
        let all = entries.len();
        entries.retain(|(entry, last_use)| {
            let is_used = now.saturating_since(*last_use) < limits.max_age;
            if !is_used {
                self.forget(entry);
            }
            is_used
        });
        // The oldest last, to be taken from there.
        entries.sort_by(|(a, used_a), (b, used_b)| {
            used_b.cmp(used_a).then_with(|| a.label.path.cmp(&b.label.path))
        });
        let mut bodies = self.bodies(&entries, now)?;
        let sum = |entries: &[(Entry, Timestamp)]| -> u64 {
            entries.iter().map(|(entry, _)| entry.text().len() as u64).sum()
        };
        let mut size = bodies.values().map(|body| body.length).sum::<u64>() + sum(&entries);
        if size > limits.max_size {
            let wanted = limits.max_size - limits.max_size / SPARE;
            while size > wanted {
                let Some((oldest, _)) = entries.pop() else { break };
                self.forget(&oldest);
                size -= oldest.text().len() as u64;
                if let Some(body) = bodies.get_mut(&oldest.hash) {
                    body.users -= 1;
                    if body.users == 0 {
                        size -= body.length;
                        let _ = fs::remove_file(self.bodies.join(&oldest.hash));
                    }
                }
            }
        }
        remove_forgotten(&self.new, now)?;
        Ok(Swept { left: entries.len(), dropped: all - entries.len(), size })
    }

    fn forget(&self, entry: &Entry) {
        let name = entry_name(&entry.label.path, entry.label.coding);
        // Another edge may have done so just now.
        let _ = fs::remove_file(self.names.join(name));
    }

    /// Every body that these entries lead to, or that is too young to be dropped.
    fn bodies(
        &self,
        entries: &[(Entry, Timestamp)],
        now: Timestamp,
    ) -> io::Result<HashMap<String, Content>> {
        let mut users: HashMap<&str, usize> = HashMap::new();
        entries.iter().for_each(|(entry, _)| *users.entry(&entry.hash).or_default() += 1);
        let mut bodies = HashMap::new();
        for (path, metadata) in files(&self.bodies)? {
            let hash = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let users = users.get(&*hash).copied().unwrap_or_default();
            if users == 0 && is_forgotten(&metadata, now) {
                let _ = fs::remove_file(path);
            } else {
                bodies.insert(hash, Content { length: metadata.len(), users });
            }
        }
        Ok(bodies)
    }
}

struct Content {
    length: u64,
    /// Entries that lead to it.
    users: usize,
}

fn remove_forgotten(dir: &Path, now: Timestamp) -> io::Result<()> {
    for (path, metadata) in files(dir)? {
        if is_forgotten(&metadata, now) {
            let _ = fs::remove_file(path);
        }
    }
    Ok(())
}

fn is_forgotten(metadata: &Metadata, now: Timestamp) -> bool {
    let modified = metadata.modified().map(timestamp).unwrap_or_default();
    now.saturating_since(modified) >= MAY_BE_YOUNG
}

/// The files of a folder. One that is gone since is left out.
fn files(dir: &Path) -> io::Result<Vec<(PathBuf, Metadata)>> {
    let mut files = Vec::new();
    for file in fs::read_dir(dir)? {
        let file = file?;
        if let Ok(metadata) = file.metadata().and_then(|found| {
            let is_file = found.is_file();
            is_file.then_some(found).ok_or_else(|| io::ErrorKind::InvalidInput.into())
        }) {
            files.push((file.path(), metadata));
        }
    }
    Ok(files)
}
