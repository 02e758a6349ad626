//! Sees when one of the files that a configuration is made of is another than before.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// Looks at files now and then. Polled, since a file that is mounted, or replaced by way of a link
/// (a ConfigMap), tells nobody; a call of `stat` is next to nothing.
pub(super) struct FileWatch {
    paths: Vec<PathBuf>,
    every: Duration,
    /// Those which were read.
    read: Option<Vec<Print>>,
    /// Some that are perhaps still being written.
    fresh: Option<Vec<Print>>,
}

/// What tells a file from the one before; `None` if there is none.
type Print = Option<(u64, u64, i64, i64, u64)>;

impl FileWatch {
    /// Looks `every` so often; never if that is zero.
    pub(super) fn new(every: Duration) -> Self {
        Self { paths: Vec::new(), every, read: None, fresh: None }
    }

    /// Looks at these from now on.
    pub(super) fn look_at(&mut self, paths: Vec<PathBuf>) {
        if self.paths != paths {
            *self = Self { paths, ..Self::new(self.every) };
        }
    }

    /// Ready when one of them is another than before, and all stand still; the first time for the files
    /// as they are, which may be others than those that were read at the start. Dropped, it has missed
    /// nothing.
    pub(super) async fn changed(&mut self) {
        if self.paths.is_empty() || self.every.is_zero() {
            return std::future::pending().await;
        }
        loop {
            sleep(self.every).await;
            let paths = self.paths.clone();
            let look = move || paths.into_iter().map(print).collect::<Vec<_>>();
            let Ok(prints) = spawn_blocking(look).await else { continue };
            if self.read.as_ref() == Some(&prints) {
                self.fresh = None;
            } else if self.fresh.as_ref() == Some(&prints) {
                self.read = Some(prints);
                return;
            } else {
                self.fresh = Some(prints);
            }
        }
    }
}

fn print(path: PathBuf) -> Print {
    let file = fs::metadata(path).ok()?;
    Some((file.dev(), file.ino(), file.mtime(), file.mtime_nsec(), file.len()))
}
