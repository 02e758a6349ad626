//! A new configuration for an edge that runs: nothing is dropped, neither a connection nor what is
//! stored.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::task::spawn_blocking;
use tracing::{error, info, warn};

use super::manager;
use crate::admin::Access;
use crate::config::{self, Config, Mistakes, Reload, Sources};
use crate::log::Level;
use crate::origin::Origin;
use crate::server::Current;

/// Reads the configuration again, and gives it to all who go by it.
pub(super) struct Reloading<S, B> {
    /// Where it is read from; without it, it stays as it is.
    pub(super) sources: Option<Sources>,
    /// What the edge was started with.
    pub(super) started: Config,
    /// What it goes by.
    pub(super) running: Config,
    pub(super) level: Level,
    pub(super) origin: Origin,
    pub(super) access: Arc<ArcSwap<Access>>,
    pub(super) current: Arc<Current<S>>,
    /// Builds a stack.
    pub(super) build: B,
}

/// Who wants it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// Somebody, who is told also that there is nothing to be done.
    Signal,
    /// A file that is another than before.
    File,
}

impl<S: Clone, B: Fn(&Config) -> S> Reloading<S, B> {
    /// Takes over what is right, and says what became of it.
    pub(super) async fn reload(&mut self, by: By) {
        let Some(sources) = self.sources.clone() else {
            return info!("this edge has no configuration of its own to read again");
        };
        manager::reloading();
        match spawn_blocking(move || config::load(&sources)).await {
            Ok(Ok(loaded)) => {
                let reload = Reload::of(&self.started, &self.running, &loaded.config);
                tell(&reload, by);
                self.apply(reload.config);
            }
            Ok(Err(mistakes)) => refuse(&mistakes),
            // It panicked, which is ours to answer for.
            Err(failed) => error!("the configuration could not be read: {failed}"),
        }
        manager::ready();
    }

    fn apply(&mut self, config: Config) {
        // First, so that what follows is told as wanted.
        self.level.set(&config.log.level);
        self.origin.take_over(config.origin.clone());
        let of_child = self.access.load().of_child.clone();
        let configured = config.admin.token.clone();
        self.access.store(Arc::new(Access { configured, of_child }));
        self.current.replace((self.build)(&config), config.server.clone());
        self.running = config;
    }
}

fn refuse(mistakes: &Mistakes) {
    error!(
        "the configuration is wrong, and the old one stays:\n{}",
        mistakes.to_string().trim_end()
    );
}

fn tell(reload: &Reload, by: By) {
    match reload.applied.as_slice() {
        [] if by == By::Signal => info!("the configuration was read again: nothing to apply"),
        [] => {}
        keys => info!("the configuration was read again: {} applied", keys.join(", ")),
    }
    if !reload.waiting.is_empty() {
        let keys = reload.waiting.join(", ");
        warn!("not before a restart: {keys}; until then the old value stays");
    }
}
