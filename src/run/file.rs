//! Sees when the configuration file is another than before.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// Looks at a file now and then. Polled, since a file that is mounted, or replaced by way of a link
/// (a ConfigMap), tells nobody; a call of `stat` is next to nothing.
pub(super) struct FileWatch {
    path: Option<PathBuf>,
    every: Duration,
    /// That which was read.
    read: Option<Print>,
    /// One that is perhaps still being written.
    fresh: Option<Print>,
}

/// What tells a file from the one before; `None` if there is none.
type Print = Option<(u64, u64, i64, i64, u64)>;

impl FileWatch {
    /// Looks at `path`, if there is one, `every` so often; never if that is zero.
    pub(super) fn new(path: Option<PathBuf>, every: Duration) -> Self {
        let path = path.filter(|_| !every.is_zero());
        Self { path, every, read: None, fresh: None }
    }

    /// Ready when the file is another than before, and stands still; the first time for the file as
    /// it is, which may be another than the one that was read at the start. Dropped, it has missed
    /// nothing.
    pub(super) async fn changed(&mut self) {
        let Some(path) = self.path.clone() else { return std::future::pending().await };
        loop {
            sleep(self.every).await;
            let path = path.clone();
            let Ok(print) = spawn_blocking(move || print(path)).await else { continue };
            if self.read == Some(print) {
                self.fresh = None;
            } else if self.fresh.replace(print) == Some(print) {
                self.read = Some(print);
                return;
            }
        }
    }
}

fn print(path: PathBuf) -> Print {
    let file = fs::metadata(path).ok()?;
    Some((file.dev(), file.ino(), file.mtime(), file.mtime_nsec(), file.len()))
}
