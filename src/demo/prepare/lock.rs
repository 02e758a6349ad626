//! Two demos may run from one folder; only one may change it, and only while none runs.
//!
//! The system releases a lock when its process ends, however it ends.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::sleep;

use super::super::progress::Line;
use super::{PrepareError, cannot_write};

pub(super) const NAME: &str = ".selvedge-lock";

const POLL: Duration = Duration::from_millis(200);
/// An installation on a slow line takes minutes.
const PATIENCE_WITH_A_BUILD: Duration = Duration::from_secs(15 * 60);
/// Two demos that begin at once look at the folder for a moment; one that runs stays.
const PATIENCE_WITH_A_RUN: Duration = Duration::from_secs(3);

/// A demo folder's lock; dropped, it is released.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    dir: PathBuf,
}

impl Lock {
    pub(super) fn open(dir: &Path) -> Result<Self, PrepareError> {
        let path = dir.join(NAME);
        let open = File::options().write(true).create(true).truncate(false).open(&path);
        let file = open.map_err(|error| cannot_write(&path, error))?;
        Ok(Self { file, dir: dir.to_owned() })
    }

    /// Nobody may change the folder now; waits for whoever does.
    pub(super) async fn share(&mut self) -> Result<(), PrepareError> {
        self.wait(PATIENCE_WITH_A_BUILD, File::try_lock_shared).await
    }

    /// Nobody else may use the folder now; fails if somebody goes on doing so.
    pub(super) async fn own(&mut self) -> Result<(), PrepareError> {
        self.wait(PATIENCE_WITH_A_RUN, File::try_lock).await
    }

    async fn wait(
        &mut self,
        patience: Duration,
        try_lock: fn(&File) -> Result<(), TryLockError>,
    ) -> Result<(), PrepareError> {
        // A second lock on the same handle is not defined.
        let _ = self.file.unlock();
        let mut line = None;
        let mut waited = Duration::ZERO;
        loop {
            match try_lock(&self.file) {
                // Some network file systems have no locks; two demos at once are rare enough there.
                Ok(()) | Err(TryLockError::Error(_)) => return Ok(()),
                Err(TryLockError::WouldBlock) if waited >= patience => {
                    return Err(PrepareError::InUse { dir: self.dir.clone() });
                }
                Err(TryLockError::WouldBlock) => {
                    line.get_or_insert_with(|| Line::begin("another demo uses the folder"))
                        .update(waited.as_secs(), "");
                    sleep(POLL).await;
                    waited += POLL;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Scratch;
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn many_use_a_folder_and_one_changes_it_alone() {
        let dir = Scratch::new("lock");
        std::fs::create_dir_all(&dir.0).unwrap();
        let [mut one, mut two, mut three] = [(); 3].map(|()| Lock::open(&dir.0).unwrap());
        one.share().await.unwrap();
        two.share().await.unwrap();
        assert!(matches!(three.own().await, Err(PrepareError::InUse { .. })));
        drop(one);
        drop(two);
        three.own().await.unwrap();
        let mut four = Lock::open(&dir.0).unwrap();
        assert!(matches!(four.share().await, Err(PrepareError::InUse { .. })));
        three.share().await.unwrap();
        four.share().await.unwrap();
    }
}
