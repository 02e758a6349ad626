//! The thread that writes to the folder, and keeps it in order.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tracing::{debug, info, warn};

use super::folder::Folder;
use super::label::{Coding, Label};
use super::seed::{Files, Seed, Seeds};
use super::{Limits, VaultError, media_type};
use crate::clock::Clock;
use crate::metrics::{Gauge, Metrics};
use crate::policy::date::Timestamp;

/// What the thread is to do.
#[derive(Debug)]
pub(super) enum Message {
    /// Keep a file.
    Keep(Box<Parcel>),
    /// Tell when all before is done.
    #[cfg(test)]
    Tell(std::sync::mpsc::Sender<()>),
}

/// A file on its way to the folder.
#[derive(Debug)]
pub(super) struct Parcel {
    pub(super) label: Label,
    pub(super) body: Vec<u8>,
    /// Free again when the file is written.
    pub(super) room: OwnedSemaphorePermit,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Keeper {
    folder: Folder,
    limits: Limits,
    clock: Clock,
    /// What is yet to be kept of a wrapped server's files.
    seeding: Option<Files>,
    /// Bytes in the folder since the last sweep, as far as we know.
    size: u64,
    /// Files likewise, each coding for itself.
    files: u64,
    metrics: Metrics,
    sweep_at: Timestamp,
    is_failing: bool,
}

/// Files grow too old, and other edges write to the folder too.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

impl Keeper {
    pub(super) fn new(
        folder: Folder,
        limits: Limits,
        seeds: Option<Seeds>,
        clock: Clock,
        metrics: Metrics,
    ) -> Self {
        Self {
            folder,
            limits,
            clock,
            seeding: seeds.as_ref().map(Seeds::files),
            size: 0,
            files: 0,
            metrics,
            sweep_at: Timestamp::default(),
            is_failing: false,
        }
    }

    /// Runs until nobody can send any more. Without a folder it ends at once, and nothing is kept.
    pub(super) fn run(mut self, queue: &Receiver<Message>) {
        if let Err(error) = self.folder.prepare() {
            return say(&self.refused(error));
        }
        info!("files of older builds are kept in {} (vault.dir)", self.folder.dir.display());
        loop {
            self.tend(self.clock.now());
            match self.next(queue) {
                Ok(Message::Keep(parcel)) => self.keep(*parcel, self.clock.now()),
                #[cfg(test)]
                Ok(Message::Tell(done)) => {
                    let _ = done.send(());
                }
                Err(RecvTimeoutError::Timeout) => self.seed_one(self.clock.now()),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn refused(&self, error: io::Error) -> VaultError {
        let dir = self.folder.dir.clone();
        match self.folder.names.is_dir() {
            true => VaultError::ReadOnly { dir, error },
            false => VaultError::Folder { dir, error },
        }
    }

    /// Seeds wait until there is nothing else to do.
    fn next(&self, queue: &Receiver<Message>) -> Result<Message, RecvTimeoutError> {
        if self.seeding.is_none() {
            return queue.recv_timeout(SWEEP_EVERY);
        }
        queue.try_recv().map_err(|error| match error {
            TryRecvError::Empty => RecvTimeoutError::Timeout,
            TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
        })
    }

    /// Does what is due.
    pub(super) fn tend(&mut self, now: Timestamp) {
        if now >= self.sweep_at || self.size > self.limits.max_size {
            self.sweep_at = now.saturating_add(SWEEP_EVERY);
            match self.folder.sweep(self.limits, now) {
                Ok(swept) => {
                    (self.size, self.files) = (swept.size, swept.left as u64);
                    self.tell();
                    if swept.dropped > 0 {
                        debug!(?swept, "old files of the vault are dropped");
                    }
                }
                Err(error) => self.failed(error),
            }
        }
    }

    fn keep(&mut self, parcel: Parcel, now: Timestamp) {
        let Parcel { label, body, room } = parcel;
        let path = label.path.clone();
        let kept = self.folder.keep(label, &body, now);
        drop(room);
        if self.note(kept) {
            debug!(path, "kept in the vault");
        }
    }

    /// Keeps one file of the seeds, unless it is there. One that differs from what is kept under its
    /// path is left to the origin: what it answers counts.
    pub(super) fn seed_one(&mut self, now: Timestamp) {
        let Some(seeding) = &mut self.seeding else { return };
        let Some(Seed { file, path }) = seeding.next() else {
            self.seeding = None;
            return debug!("the wrapped server's files are in the vault");
        };
        let Ok(body) = self.read_new(&file, &path, now) else {
            return debug!(path, "a file of the wrapped server cannot be read");
        };
        let Some(body) = body else { return };
        let fields = vec![("content-type".to_owned(), media_type::of(&path).to_owned())];
        let kept = self.folder.keep(Label { path, coding: Coding::Identity, fields }, &body, now);
        if !self.note(kept) {
            // The next would fare no better.
            self.seeding = None;
        }
    }

    /// The content of a file that is not kept yet.
    fn read_new(&self, file: &Path, path: &str, now: Timestamp) -> io::Result<Option<Vec<u8>>> {
        let file = File::open(file)?;
        let length = file.metadata()?.len();
        let is_odd = length == 0 || length > self.limits.max_file;
        if is_odd || self.folder.confirm(path, length, now) {
            return Ok(None);
        }
        let mut body = Vec::new();
        file.take(length).read_to_end(&mut body)?;
        Ok(Some(body))
    }

    /// Counts what was kept; says once that nothing can be, and once that it can again.
    fn note(&mut self, kept: io::Result<u64>) -> bool {
        match kept {
            Ok(grown) => {
                self.size += grown;
                self.files += u64::from(grown > 0);
                self.tell();
                if std::mem::take(&mut self.is_failing) {
                    info!("files of builds are kept again");
                }
                true
            }
            Err(error) => {
                self.failed(error);
                false
            }
        }
    }

    fn tell(&self) {
        self.metrics.set(Gauge::VaultBytes, self.size);
        self.metrics.set(Gauge::VaultFiles, self.files);
    }

    fn failed(&mut self, error: io::Error) {
        if !std::mem::replace(&mut self.is_failing, true) {
            say(&VaultError::ReadOnly { dir: self.folder.dir.clone(), error });
        }
    }
}

/// A container without a place for it is as it should be; a disk that fails is not.
fn say(error: &VaultError) {
    match error {
        VaultError::NoPlace | VaultError::Folder { .. } => info!("{error}"),
        VaultError::ReadOnly { .. } | VaultError::Thread(_) => warn!("{error}"),
    }
}
