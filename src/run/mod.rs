//! From a configuration to a running edge, and to its end.
//!
//! ```text
//! bind ─▶ wrapped server up ─▶ accept … ─▶ signal, or the server's end ─▶ drain ─▶ server's end
//! ```

mod aids;
mod file;
mod manager;
mod reload;
mod signals;
mod sockets;
mod upstream;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing::info;

use crate::admin::{self, Access, Admin, Dashboard, Readiness};
use crate::build::Application;
use crate::build::files::Files;
use crate::cache::{Lasting, Window};
use crate::clock::Clock;
use crate::config::{Config, Sources};
use crate::exit;
use crate::layer::error_page::{ErrorPage, PageError};
use crate::layer::introduce::Pseudonym;
use crate::layer::shed::Waiting;
use crate::log::Logs;
use crate::metrics::Metrics;
use crate::origin::child::{ChildError, Command};
use crate::server::{self, Current, Server};
use crate::stack::{self, Parts};
use crate::store::{self, MemoryStore};
use crate::traces::Traces;
use crate::warm::{Warming, Way};
use file::FileWatch;
use reload::{By, Reloading};
use signals::{Asked, Signals};
pub use sockets::Sockets;
use upstream::Upstream;

/// Why an edge did not begin to serve.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address cannot be listened at.
    #[error("cannot listen on {address}: {error} ({key})")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Its configuration key.
        key: &'static str,
        /// What the system said.
        error: io::Error,
    },
    /// The wrapped server cannot be had.
    #[error(transparent)]
    Child(#[from] ChildError),
    /// The operator's error page cannot be shown.
    #[error(transparent)]
    ErrorPage(#[from] PageError),
    /// Signals cannot be received.
    #[error("cannot receive signals: {0}")]
    Signals(io::Error),
}

impl StartError {
    /// The exit code that says whose business it is.
    pub fn exit(&self) -> u8 {
        match self {
            Self::ErrorPage(_) => exit::USAGE,
            Self::Listen { .. } | Self::Child(_) | Self::Signals(_) => exit::UNAVAILABLE,
        }
    }
}

/// What an edge is started with.
#[derive(Debug)]
pub struct Start {
    /// The configuration.
    pub config: Config,
    /// Where it is read from again when it may have changed; `None` if it never does.
    pub sources: Option<Sources>,
    /// The server to wrap; without one, `origin.url` is where it listens.
    pub command: Option<Command>,
    /// The sockets that are open already.
    pub sockets: Sockets,
}

/// Runs an edge until a signal asks it to stop, or its wrapped server ends. A second signal cuts
/// draining short. Another configuration is taken over meanwhile.
///
/// `serving` is called once, with the address that clients connect to, when the edge begins to accept.
///
/// Gives the exit code: 0, or that of the wrapped server.
///
/// # Errors
/// [`StartError`]
pub async fn run(
    Start { mut config, sources, command, mut sockets }: Start,
    logs: &Logs,
    clock: Clock,
    serving: impl FnOnce(SocketAddr),
) -> Result<u8, StartError> {
    let started = config.clone();
    let application = Application::default();
    let error_page = ErrorPage::of(&config.errors.page, &application)?;
    let mut signals = Signals::new().map_err(StartError::Signals)?;
    let bind = |address| sockets.clients(server::bind, address);
    let listener = listen(config.server.listen, "server.listen", bind)?;
    let readiness = watch::Sender::new(Readiness::WaitsForOrigin);
    let metrics = Metrics::new(&clock);
    let store = MemoryStore::new(capacity(&config), config.cache.max_variants);
    let access = Arc::new(ArcSwap::from_pointee(Access::default()));
    let mut bridge = None;
    let base_path = Arc::<OnceLock<String>>::default();
    let window = Window::default();
    if let Some(address) = config.admin.listen {
        let bind = |address| sockets.admin(admin::bind, address);
        let listener = listen(address, "admin.listen", bind)?;
        bridge = command.is_some().then(|| aids::bridge_to(&config, &listener)).flatten();
        let of_child = bridge.as_ref().map(|bridge| bridge.token.clone());
        access.store(Arc::new(Access { configured: config.admin.token.clone(), of_child }));
        let admin = Admin {
            readiness: readiness.subscribe(),
            store: store.clone(),
            metrics: metrics.clone(),
            dashboard: dashboard(&config, command.as_ref(), &application, &clock),
            access: access.clone(),
            window: window.clone(),
            base_path: base_path.clone(),
            level: logs.level.clone(),
            clock: clock.clone(),
            refusals: Arc::default(),
        };
        tokio::spawn(admin::serve(listener, admin));
    }
    let mut upstream = Upstream::new(&config, command.clone(), bridge, logs, &metrics)?;
    tokio::select! {
        code = upstream.begin() => if let Some(code) = code? { return Ok(code) },
        () = signals.end() => return upstream.end().await,
    }
    // Once a wrapped server answers: its command may well have built the application first.
    let files = Files::of(&config.next, command.as_ref()).begin(&application).await;
    if let Some(found) = application.base_path().filter(|_| config.next.base_path.is_empty()) {
        config.next.base_path = found;
    }
    tokio::spawn(files.follow(application.clone()));
    aids::look_for_builds(&config, &upstream.origin, &application, &store, &metrics);
    let _ = base_path.set(config.next.base_path.clone());
    let seeds =
        command.as_ref().and_then(|command| aids::seeds(command, &config.next, &application));
    let (traces, exporting) = Traces::begin(&config, &upstream.address, &clock, &metrics);
    let parts = Parts {
        origin: upstream.origin.clone(),
        origin_name: upstream.address.to_string().into(),
        lasting: Lasting::new(store.clone(), &config.cache, &metrics),
        window,
        way: Way::default(),
        vault: aids::vault(&config, &upstream.origin, seeds, &clock, &metrics),
        clock,
        access_log: None,
        metrics: metrics.clone(),
        error_page: error_page.clone(),
        application: application.clone(),
        pseudonym: Pseudonym::new(),
        waiting: Waiting::default(),
        traces,
    };
    let warming = Warming {
        config: config.warm.clone(),
        way: parts.way.clone(),
        store,
        application: parts.application.clone(),
        base_path: config.next.base_path.clone(),
        waiting: parts.waiting.clone(),
        metrics: metrics.clone(),
    };
    let build = |config: &Config, error_page: ErrorPage| {
        let access_log = logs.access(&config.log);
        stack::build(config, Parts { access_log, error_page, ..parts.clone() })
    };
    let stack = build(&config, error_page.clone());
    let current = Arc::new(Current::new(stack, config.server.clone()));
    let server = Server::new(current.clone(), metrics);
    let address = listener.local_addr().unwrap_or(config.server.listen);
    serving(address);
    announce(address, &config, &upstream);
    if config.admin.listen.is_some() {
        upstream.watch(readiness.clone());
    }

    let (stop, cut) = (watch::Sender::new(false), watch::Sender::new(false));
    aids::warm(&config, warming, &upstream.origin, is_true(stop.subscribe()));
    let mut served =
        tokio::spawn(server.run(listener, is_true(stop.subscribe()), is_true(cut.subscribe())));
    let mut files = FileWatch::new(config.server.config_check);
    let mut reloading = Reloading {
        sources,
        started,
        running: config,
        error_page,
        refused: None,
        application,
        level: logs.level.clone(),
        origin: upstream.origin.clone(),
        access,
        current,
        build,
    };
    manager::ready();
    let ended = loop {
        files.look_at(reloading.files());
        tokio::select! {
            asked = signals.next() => match asked {
                Asked::End => break None,
                Asked::Reload => reloading.reload(By::Signal).await,
            },
            () = files.changed() => reloading.reload(By::File).await,
            code = upstream.ended() => break Some(code),
        }
    };
    readiness.send_replace(Readiness::Draining);
    manager::stopping();
    upstream.finish();
    stop.send_replace(true);
    tokio::select! {
        _ = &mut served => {}
        () = signals.end() => {
            cut.send_replace(true);
            let _ = served.await;
        }
    }
    exporting.finish().await;
    let code = match ended {
        Some(code) => code,
        None => upstream.end().await,
    };
    info!("stopped");
    code
}

/// Says early what [`run`] would say late: whether the addresses to listen at are free.
///
/// # Errors
/// [`StartError::Listen`]
pub async fn try_addresses(config: &Config) -> Result<(), StartError> {
    listen(config.server.listen, "server.listen", server::bind)?;
    if let Some(address) = config.admin.listen {
        listen(address, "admin.listen", admin::bind)?;
    }
    Ok(())
}

fn listen(
    address: SocketAddr,
    key: &'static str,
    bind: impl FnOnce(SocketAddr) -> io::Result<TcpListener>,
) -> Result<TcpListener, StartError> {
    bind(address).map_err(|error| StartError::Listen { address, key, error })
}

fn dashboard(
    config: &Config,
    command: Option<&Command>,
    application: &Application,
    clock: &Clock,
) -> Dashboard {
    let origin = config.origin.url.to_string();
    let origin = if command.is_some() { "a server of its own" } else { &origin };
    Dashboard::new(application.clone(), origin, clock.now())
}

fn capacity(config: &Config) -> u64 {
    config.cache.capacity.unwrap_or_else(store::default_capacity)
}

fn announce(address: SocketAddr, config: &Config, upstream: &Upstream) {
    info!(
        "listening on http://{address}, in front of {}, with up to {} MiB of memory for responses",
        upstream.address,
        capacity(config) >> 20,
    );
    if let Some(address) = config.admin.listen {
        info!("what happens is shown on http://{address}/, health on /readyz");
    }
}

/// Ready once the value is true.
async fn is_true(mut value: watch::Receiver<bool>) {
    let _ = value.wait_for(|value| *value).await;
}
