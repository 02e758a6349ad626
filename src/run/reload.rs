//! A new configuration for an edge that runs: nothing is dropped, neither a connection nor what is
//! stored.

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::task::spawn_blocking;
use tracing::{error, info, warn};

use super::manager;
use crate::admin::Access;
use crate::build::Application;
use crate::config::{self, Config, Reload, Sources};
use crate::layer::error_page::ErrorPage;
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
    /// What visitors see where there is no answer.
    pub(super) error_page: ErrorPage,
    /// Why what was read last is not in force.
    pub(super) refused: Option<Refused>,
    pub(super) application: Application,
    pub(super) level: Level,
    pub(super) origin: Origin,
    pub(super) access: Arc<ArcSwap<Access>>,
    pub(super) current: Arc<Current<S>>,
    /// Builds a stack.
    pub(super) build: B,
}

/// Something that cannot be taken over.
#[derive(PartialEq, Eq)]
pub(super) struct Refused {
    why: String,
    /// The error page, if that is what is wrong: it may be put right.
    page: Option<PathBuf>,
}

/// Who wants it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// Somebody, who is told also that there is nothing to be done.
    Signal,
    /// A file that is another than before.
    File,
}

impl<S: Clone, B: Fn(&Config, ErrorPage) -> S> Reloading<S, B> {
    /// The files that it is made of.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let Some(sources) = &self.sources else { return Vec::new() };
        let refused = self.refused.as_ref().and_then(|refused| refused.page.clone());
        let page = refused.or_else(|| file_of(&self.running.errors.page));
        sources.path().into_iter().chain(page).collect()
    }

    /// Takes over what is right, and says what became of it.
    pub(super) async fn reload(&mut self, by: By) {
        let Some(sources) = self.sources.clone() else {
            return info!("this edge has no configuration of its own to read again");
        };
        manager::reloading();
        let application = self.application.clone();
        match spawn_blocking(move || read(&sources, &application)).await {
            Ok(Ok((config, page))) => {
                let mut reload = Reload::of(&self.started, &self.running, &config);
                if page.differs(&self.error_page) && !reload.applied.contains(&PAGE) {
                    // The file is the same, and says something else.
                    reload.applied.push(PAGE);
                }
                tell(&reload, by);
                self.apply(reload.config, page);
            }
            Ok(Err(refused)) => self.refuse(refused, by),
            // It panicked, which is ours to answer for.
            Err(failed) => error!("the configuration could not be read: {failed}"),
        }
        manager::ready();
    }

    fn apply(&mut self, config: Config, page: ErrorPage) {
        // First, so that what follows is told as wanted.
        self.level.set(&config.log.level);
        self.origin.take_over(config.origin.clone());
        let of_child = self.access.load().of_child.clone();
        let configured = config.admin.token.clone();
        self.access.store(Arc::new(Access { configured, of_child }));
        let stack = (self.build)(&config, page.clone());
        self.current.replace(stack, config.server.clone());
        (self.running, self.error_page, self.refused) = (config, page, None);
    }

    fn refuse(&mut self, refused: Refused, by: By) {
        let is_told = by == By::File && self.refused.as_ref() == Some(&refused);
        if !is_told {
            let why = refused.why.trim_end();
            error!("the configuration is wrong, and the old one stays:\n{why}");
        }
        self.refused = Some(refused);
    }
}

const PAGE: &str = "errors.page";

/// What the sources say now.
fn read(sources: &Sources, application: &Application) -> Result<(Config, ErrorPage), Refused> {
    let config = config::load(sources)
        .map_err(|mistakes| Refused { why: mistakes.to_string(), page: None })?
        .config;
    match ErrorPage::of(&config.errors.page, application) {
        Ok(page) => Ok((config, page)),
        Err(error) => Err(Refused { why: error.to_string(), page: file_of(&config.errors.page) }),
    }
}

fn file_of(page: &config::ErrorPage) -> Option<PathBuf> {
    match page {
        config::ErrorPage::File(path) => Some(path.clone()),
        config::ErrorPage::Own | config::ErrorPage::App => None,
    }
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
