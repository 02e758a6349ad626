//! Files of builds that the origin no longer has.
//!
//! A page that is open in a browser asks for the files of the build that it is from, also after a
//! deploy; without them it breaks (`ChunkLoadError`). So every file under `/_next/static/` that the
//! origin gives, and those that a wrapped server has at its start, are kept on disk, and stand in when
//! the origin says 404, fails, or does not answer.
//!
//! ```text
//!            ┌─ 200 ────▶ to the client, and a copy ─▶ queue ─▶ keeper (a thread) ─▶ folder
//! stand_in ─▶ origin
//!            └─ 404, 5xx, no answer ─▶ folder: has it? ─ yes ▶ 200, immutable
//!                                                      └ no ─▶ what the origin said
//! ```
//!
//! - [`StandIn`]: the layer; `copying`: a body that is copied on its way.
//! - [`census`]: which files does the origin still have?
//! - `keeper` writes, sweeps and seeds; `seed` finds what a wrapped server has.
//! - `folder` and `sweep` know the disk; `label` how a file is called and served; `place` where.
//!
//! # Invariants
//! - No worker of the runtime waits for the disk. Reading has a time limit; what cannot be written
//!   just now is not kept.
//! - Nothing leaves the folder unless its length and SHA-256 are what was written down: so no write
//!   has to be synced, and none of a crash, a full disk or another edge does harm.
//! - Nobody but the origin decides what is current: it is always asked first.
//!
//! Not here: what an immutable file is (`next::assets`).

pub mod census;
mod copying;
mod folder;
mod keeper;
mod label;
mod media_type;
mod place;
mod seed;
mod stand_in;
mod sweep;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tracing::debug;

use crate::clock::Clock;
use crate::config::Config;
use crate::metrics::{Event, Metrics};
use copying::Copying;
use folder::{Folder, Found};
use keeper::{Keeper, Message};
use label::{Coding, Label};
pub use place::Environment;
pub use seed::Seeds;
pub use stand_in::{StandIn, StandInFuture};

/// Why there is no vault, or none that is written to.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Nothing says where it may be.
    #[error(
        "files of older builds are not kept: CACHE_DIRECTORY, XDG_CACHE_HOME and HOME name no folder \
         (vault.dir)"
    )]
    NoPlace,
    /// The folder cannot be made.
    #[error("files of older builds are not kept: cannot use {dir}: {error} (vault.dir)")]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The folder can be read and not written.
    #[error("no more files of builds are kept: cannot write to {dir}: {error} (vault.dir)")]
    ReadOnly {
        /// The folder.
        dir: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// There is no thread for it.
    #[error("files of older builds are not kept: no thread to keep them: {0} (ulimit -u)")]
    Thread(io::Error),
}

/// Bounds of what is kept.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Bytes of one file: `cache.max_entry`.
    max_file: u64,
    /// Bytes of all files: `vault.max_size`.
    max_size: u64,
    /// Since a file's last use: `vault.max_age`.
    max_age: Duration,
}

/// The way to the folder. Clones share everything; when the last is gone, its thread ends.
#[derive(Clone, Debug)]
pub struct Vault(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    folder: Folder,
    limits: Limits,
    clock: Clock,
    queue: SyncSender<Message>,
    /// Bytes that may be on their way to the folder.
    room: Arc<Semaphore>,
    readers: Arc<Semaphore>,
    /// What the origin last gave was from `next dev`.
    is_development: AtomicBool,
    metrics: Metrics,
}

/// Files that wait to be written; a page of Next.js has some dozens of them.
const MAX_QUEUE: usize = 512;

/// Bytes of files that are being copied or wait to be written.
const MAX_ROOM: usize = 64 << 20;

/// Files that are read at once: some for each of a few visitors who come back at the same time.
const MAX_READERS: usize = 16;

/// A disk that takes longer is not waited for; the client gets what the origin said.
const PATIENCE: Duration = Duration::from_secs(1);

impl Vault {
    /// A vault as configured, with a thread that first keeps what `seeds` finds; what it has and serves
    /// is counted in `metrics`.
    ///
    /// # Errors
    /// [`VaultError`]; the edge can do without.
    pub fn open(
        config: &Config,
        environment: &Environment,
        seeds: Option<Seeds>,
        clock: Clock,
        metrics: Metrics,
    ) -> Result<Self, VaultError> {
        let dir = place::of(config, environment).ok_or(VaultError::NoPlace)?;
        let folder = Folder::new(&dir);
        let limits = Limits {
            max_file: config.cache.max_entry.min(config.vault.max_size).min(MAX_ROOM as u64),
            max_size: config.vault.max_size,
            max_age: config.vault.max_age,
        };
        let (queue, parcels) = sync_channel(MAX_QUEUE);
        let keeper = Keeper::new(folder.clone(), limits, seeds, clock.clone(), metrics.clone());
        std::thread::Builder::new()
            .name("selvedge vault".into())
            .spawn(move || keeper.run(&parcels))
            .map_err(VaultError::Thread)?;
        Ok(Self(Arc::new(Shared {
            folder,
            limits,
            clock,
            queue,
            room: Arc::new(Semaphore::new(MAX_ROOM)),
            readers: Arc::new(Semaphore::new(MAX_READERS)),
            is_development: AtomicBool::new(false),
            metrics,
        })))
    }

    /// The file of this path in the first of these codings that there is. Not while the origin is
    /// `next dev`, where a file is missing because its code was changed just now.
    async fn find(&self, path: &str, codings: &[Coding]) -> Option<Found> {
        let shared = self.0.clone();
        if shared.is_development.load(Ordering::Relaxed) {
            return None;
        }
        let (path, codings) = (path.to_owned(), codings.to_vec());
        let found = timeout(PATIENCE, async move {
            // Its place goes along: a disk that hangs holds so many threads and no more.
            let place = shared.readers.clone().acquire_owned().await.ok()?;
            let read = move || {
                let _place = place;
                shared.folder.find(&path, &codings, shared.limits, shared.clock.now())
            };
            spawn_blocking(read).await.ok().flatten()
        });
        found.await.unwrap_or_else(|_| {
            debug!("the vault did not answer within {PATIENCE:?}");
            None
        })
    }

    /// The paths of files that were not used for so long, and are not too old either.
    async fn unused(&self, time: Duration) -> BTreeSet<String> {
        let shared = self.0.clone();
        let max_age = shared.limits.max_age;
        let look = move || shared.folder.unused(time, max_age, shared.clock.now());
        let looked = spawn_blocking(look).await.unwrap_or_else(|_| Ok(BTreeSet::new()));
        looked.unwrap_or_else(|error| {
            debug!(%error, "the vault cannot be read");
            BTreeSet::new()
        })
    }

    /// Notes that a file is used now, in whatever coding.
    async fn use_now(&self, path: String) {
        let shared = self.0.clone();
        let note = move || shared.folder.use_now(&path, shared.clock.now());
        // A panic of the thread would be told by itself.
        let _ = spawn_blocking(note).await;
    }

    /// A copy of a file that comes now; `None` if it is too large.
    fn copying(&self, label: Label, length: Option<u64>) -> Option<Copying> {
        let is_small = length.is_none_or(|length| length <= self.0.limits.max_file);
        is_small.then(|| Copying::new(self.clone(), label, length))
    }

    fn note_served(&self) {
        self.0.metrics.count(Event::VaultServed);
    }

    fn note_development(&self, is_development: bool) {
        self.0.is_development.store(is_development, Ordering::Relaxed);
    }
}
