//! The vault on disk.
//!
//! ```text
//! DIR/v1/bodies/SHA256     a file's bytes, under their hash: the same in two builds are one
//!        names/SHA256      an entry, under the hash of its path and coding; its modification time
//!                          is the file's last use
//!        new/…             what is being written
//! ```
//!
//! One small file for each entry, and no index beside them: what is asked for is rare enough to be
//! looked up on disk, and so several edges may share a folder, since all that is written comes to its
//! place whole, by a rename. Nothing is synced to disk: what a crash of the machine leaves half
//! written does not have its hash, and is dropped when it is asked for.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tracing::{debug, warn};

use super::Limits;
use super::label::{self, CODINGS, Coding, Entry, Label};
use crate::policy::date::Timestamp;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    pub(super) dir: PathBuf,
    pub(super) bodies: PathBuf,
    pub(super) names: PathBuf,
    pub(super) new: PathBuf,
}

/// A file that is there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) entry: Entry,
    pub(super) body: Bytes,
}

/// Why a file is not there.
#[derive(Debug, thiserror::Error)]
enum Missing {
    #[error("nobody kept it")]
    Unknown,
    #[error("it was last used too long ago")]
    TooOld,
    #[error("{0}")]
    Unreadable(io::Error),
    #[error("{0}")]
    Damaged(&'static str),
}

/// An entry is some hundreds of bytes.
const MAX_ENTRY: u64 = 64 << 10;

impl Folder {
    pub(super) fn new(dir: &Path) -> Self {
        let root = dir.join("v1");
        Self {
            dir: dir.to_owned(),
            bodies: root.join("bodies"),
            names: root.join("names"),
            new: root.join("new"),
        }
    }

    /// Makes the folder, where there is none.
    pub(super) fn prepare(&self) -> io::Result<()> {
        [&self.bodies, &self.names, &self.new].into_iter().try_for_each(fs::create_dir_all)
    }

    /// The file of this path in the first of these codings that there is.
    pub(super) fn find(
        &self,
        path: &str,
        codings: &[Coding],
        limits: Limits,
        now: Timestamp,
    ) -> Option<Found> {
        codings.iter().find_map(|coding| {
            let name = self.names.join(label::entry_name(path, *coding));
            match self.read(&name, limits, now) {
                Ok(found) => {
                    // Fails where the folder can only be read.
                    let _ = touch(&name, now);
                    Some(found)
                }
                Err(Missing::Unknown | Missing::TooOld) => None,
                Err(Missing::Unreadable(error)) => {
                    debug!(path, %error, "a file of the vault cannot be read");
                    None
                }
                Err(Missing::Damaged(why)) => {
                    warn!(path, why, "a damaged file of the vault is dropped");
                    let _ = fs::remove_file(&name);
                    None
                }
            }
        })
    }

    fn read(&self, name: &Path, limits: Limits, now: Timestamp) -> Result<Found, Missing> {
        let (entry, last_use) = self.entry(name)?;
        if now.saturating_since(last_use) >= limits.max_age {
            return Err(Missing::TooOld);
        }
        if entry.length > limits.max_file {
            return Err(Missing::Unknown);
        }
        let path = self.bodies.join(&entry.hash);
        let file = match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(Missing::Damaged("its content is gone"));
            }
            file => file.map_err(Missing::Unreadable)?,
        };
        let mut body = Vec::with_capacity(usize::try_from(entry.length).unwrap_or_default());
        // One byte more than there should be shows that there is more.
        let read = file.take(entry.length + 1).read_to_end(&mut body);
        read.map_err(Missing::Unreadable)?;
        let is_whole = body.len() as u64 == entry.length && label::hash(&[&body]) == entry.hash;
        if !is_whole {
            // Other entries that lead to it would find the same.
            let _ = fs::remove_file(&path);
            return Err(Missing::Damaged("its content is not what was kept"));
        }
        Ok(Found { entry, body: body.into() })
    }

    /// What is written down in this file, and when it was last used.
    fn entry(&self, name: &Path) -> Result<(Entry, Timestamp), Missing> {
        let file = match File::open(name) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(Missing::Unknown),
            file => file.map_err(Missing::Unreadable)?,
        };
        let modified = file.metadata().and_then(|metadata| metadata.modified());
        let modified = modified.map_err(Missing::Unreadable)?;
        let mut text = Vec::new();
        file.take(MAX_ENTRY).read_to_end(&mut text).map_err(Missing::Unreadable)?;
        let entry = Entry::read(&text).ok_or(Missing::Damaged("its entry is not whole"))?;
        // Found under another name it would be served as what it is not.
        let own = label::entry_name(&entry.label.path, entry.label.coding);
        match name.file_name().is_some_and(|name| *name == *own) {
            true => Ok((entry, timestamp(modified))),
            false => Err(Missing::Damaged("its entry is another's")),
        }
    }

    /// Every entry and its last use; those that are damaged are dropped.
    pub(super) fn entries(&self) -> io::Result<Vec<(Entry, Timestamp)>> {
        let mut entries = Vec::new();
        let mut damaged = 0;
        for name in fs::read_dir(&self.names)? {
            let name = name?.path();
            match self.entry(&name) {
                Ok(entry) => entries.push(entry),
                Err(Missing::Damaged(_)) => {
                    damaged += 1;
                    let _ = fs::remove_file(&name);
                }
                // Another edge has dropped it just now, or it belongs to somebody else.
                Err(Missing::Unknown | Missing::TooOld | Missing::Unreadable(_)) => {}
            }
        }
        if damaged > 0 {
            warn!(damaged, "damaged files of the vault are dropped");
        }
        Ok(entries)
    }

    /// The paths of files that were not used for `time`, and are not too old either.
    pub(super) fn unused(
        &self,
        time: Duration,
        max_age: Duration,
        now: Timestamp,
    ) -> io::Result<BTreeSet<String>> {
        let unused = self.entries()?.into_iter().filter(|(_, last_use)| {
            let unused = now.saturating_since(*last_use);
            unused >= time && unused < max_age
        });
        Ok(unused.map(|(entry, _)| entry.label.path).collect())
    }

    /// Notes that a file is used now, in whatever coding.
    pub(super) fn use_now(&self, path: &str, now: Timestamp) {
        for coding in CODINGS {
            // Most are not there; and where the folder can only be read, nothing is noted.
            let _ = touch(&self.names.join(label::entry_name(path, coding)), now);
        }
    }

    /// Keeps a file, used now; tells by how many bytes the folder has grown.
    pub(super) fn keep(&self, label: Label, body: &[u8], now: Timestamp) -> io::Result<u64> {
        let entry = Entry::new(label, body);
        let mut grown = 0;
        let content = self.bodies.join(&entry.hash);
        // Touched, or a sweep that does not know the new entry yet would take it for forgotten. Another
        // edge may have dropped it just now.
        if !has_length(&content, entry.length) || touch(&content, now).is_err() {
            self.write(&content, body, now)?;
            grown += entry.length;
        }
        let name = self.names.join(label::entry_name(&entry.label.path, entry.label.coding));
        let text = entry.text();
        let is_known = fs::read(&name).is_ok_and(|written| written == text);
        if !is_known || touch(&name, now).is_err() {
            self.write(&name, &text, now)?;
            grown += text.len() as u64;
        }
        Ok(grown)
    }

    /// Whether there is a file of this path; one of this length is used now.
    pub(super) fn confirm(&self, path: &str, length: u64, now: Timestamp) -> bool {
        let name = self.names.join(label::entry_name(path, Coding::Identity));
        let Ok((entry, _)) = self.entry(&name) else { return false };
        if entry.length == length {
            // Fails where the folder can only be read.
            let _ = touch(&name, now);
        }
        has_length(&self.bodies.join(&entry.hash), entry.length)
    }

    fn write(&self, to: &Path, bytes: &[u8], now: Timestamp) -> io::Result<()> {
        // Two containers that share the folder may have the same process ids.
        let new = self.new.join(format!("{:x}-{:x}", std::process::id(), fastrand::u64(..)));
        let write = || {
            let mut file = File::create_new(&new)?;
            file.write_all(bytes)?;
            file.set_modified(system_time(now))?;
            fs::rename(&new, to)
        };
        let written = write().or_else(|error| match error.kind() {
            // A cache is anybody's to remove, whole too.
            ErrorKind::NotFound => {
                let _ = fs::remove_file(&new);
                self.prepare().and_then(|()| write())
            }
            _ => Err(error),
        });
        written.inspect_err(|_| {
            let _ = fs::remove_file(&new);
        })
    }
}

fn has_length(file: &Path, length: u64) -> bool {
    fs::metadata(file).is_ok_and(|metadata| metadata.is_file() && metadata.len() == length)
}

fn touch(file: &Path, now: Timestamp) -> io::Result<()> {
    File::open(file)?.set_modified(system_time(now))
}

fn system_time(time: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(time.as_millis())
}

/// Before 1970 nobody used anything.
pub(super) fn timestamp(time: SystemTime) -> Timestamp {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(since.as_millis() as u64)
}
