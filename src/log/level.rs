//! How much is told about ourselves: can be changed while an edge runs.

use std::fmt;
use std::sync::Arc;

use tracing_subscriber::EnvFilter;

/// Sets what is told; clones set the same.
#[derive(Clone)]
pub struct Level(Arc<dyn Fn(EnvFilter) -> bool + Send + Sync>);

impl Level {
    /// Set by `apply`, which says whether it could.
    pub(super) fn new(apply: impl Fn(EnvFilter) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(apply))
    }

    /// Tells from now on what `level` says, a checked value of `log.level`. False if another log has
    /// been there before ours, as in a test.
    pub fn set(&self, level: &str) -> bool {
        (self.0)(filter(level))
    }
}

impl fmt::Debug for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Level")
    }
}

/// Checked with the configuration.
pub(super) fn filter(level: &str) -> EnvFilter {
    EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"))
}
