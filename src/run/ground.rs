//! What is there before Next.js answers, and stays to the end. The admin side is served from it at
//! once: somebody may ask what is being waited for.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::{aids, capacity};
use crate::admin::{self, Access, Admin, Dashboard, Readiness};
use crate::build::Application;
use crate::build::files::Files;
use crate::cache::Window;
use crate::clock::Clock;
use crate::config::Config;
use crate::layer::error_page::{ErrorPage, PageError};
use crate::log::Level;
use crate::metrics::Metrics;
use crate::origin::child::{Bridge, Command};
use crate::store::MemoryStore;

/// See the module.
pub(super) struct Ground {
    pub(super) application: Application,
    pub(super) error_page: ErrorPage,
    pub(super) readiness: watch::Sender<Readiness>,
    pub(super) metrics: Metrics,
    pub(super) store: MemoryStore,
    pub(super) access: Arc<ArcSwap<Access>>,
    pub(super) window: Window,
    pub(super) clock: Clock,
    base_path: Arc<OnceLock<String>>,
}

impl Ground {
    pub(super) fn new(config: &Config, clock: Clock) -> Result<Self, PageError> {
        let application = Application::default();
        Ok(Self {
            error_page: ErrorPage::of(&config.errors.page, &application)?,
            application,
            readiness: watch::Sender::new(Readiness::WaitsForOrigin),
            metrics: Metrics::new(&clock),
            store: MemoryStore::new(capacity(config), config.cache.max_variants),
            access: Arc::default(),
            window: Window::default(),
            clock,
            base_path: Arc::default(),
        })
    }

    /// Serves the admin side; gives what a wrapped server, if there is one, is told of it.
    pub(super) fn serve_admin(
        &self,
        listener: TcpListener,
        config: &Config,
        command: Option<&Command>,
        level: &Level,
    ) -> Option<Bridge> {
        let bridge = command.and_then(|_| aids::bridge_to(config, &listener));
        let of_child = bridge.as_ref().map(|bridge| bridge.token.clone());
        self.access.store(Arc::new(Access { configured: config.admin.token.clone(), of_child }));
        let admin = Admin {
            readiness: self.readiness.subscribe(),
            store: self.store.clone(),
            metrics: self.metrics.clone(),
            dashboard: self.dashboard(config, command),
            access: self.access.clone(),
            window: self.window.clone(),
            base_path: self.base_path.clone(),
            level: level.clone(),
            clock: self.clock.clone(),
            refusals: Arc::default(),
        };
        tokio::spawn(admin::serve(listener, admin));
        bridge
    }

    fn dashboard(&self, config: &Config, command: Option<&Command>) -> Dashboard {
        let origin = config.origin.url.to_string();
        let origin = if command.is_some() { "a server of its own" } else { &origin };
        Dashboard::new(self.application.clone(), origin, self.clock.now())
    }

    /// Reads what the application's build says of itself, as far as it can be found, and follows it from
    /// now on. To be called once a wrapped server answers: its command may well have built the
    /// application first.
    pub(super) async fn learn(&self, config: &mut Config, command: Option<&Command>) {
        let files = Files::of(&config.next, command).begin(&self.application).await;
        let found = self.application.base_path();
        if let Some(found) = found.filter(|_| config.next.base_path.is_empty()) {
            config.next.base_path = found;
        }
        let _ = self.base_path.set(config.next.base_path.clone());
        tokio::spawn(files.follow(self.application.clone(), config.next.base_path.clone()));
    }
}
