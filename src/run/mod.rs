//! From a configuration to a running edge, and to its end.
//!
//! ```text
//! bind ─▶ wrapped server up ─▶ accept … ─▶ signal, or the server's end ─▶ drain ─▶ server's end
//! ```

mod aids;
mod signals;
mod upstream;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing::info;

use crate::admin::{self, Access, Admin, Dashboard, Readiness};
use crate::build::Application;
use crate::build::files::Files;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::exit;
use crate::layer::error_page::{ErrorPage, PageError, Template};
use crate::log::Logs;
use crate::metrics::Metrics;
use crate::origin::child::{ChildError, Command};
use crate::server::{self, Server};
use crate::stack::{self, Parts};
use crate::store::{self, MemoryStore};
use signals::Signals;
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

/// Runs an edge until a signal asks it to stop, or its wrapped server ends. A second signal cuts
/// draining short.
///
/// `command` is the server to wrap; without one, `origin.url` is where it listens. `serving` is
/// called once, with the address that clients connect to, when the edge begins to accept.
///
/// Gives the exit code: 0, or that of the wrapped server.
///
/// # Errors
/// [`StartError`]
pub async fn run(
    mut config: Config,
    command: Option<Command>,
    logs: &Logs,
    clock: Clock,
    serving: impl FnOnce(SocketAddr),
) -> Result<u8, StartError> {
    let application = Application::default();
    let error_page = error_page(&config, &application)?;
    let mut signals = Signals::new().map_err(StartError::Signals)?;
    let listener = listen(config.server.listen, "server.listen", server::bind)?;
    let readiness = watch::Sender::new(Readiness::WaitsForOrigin);
    let metrics = Metrics::new(&clock);
    let store = MemoryStore::new(capacity(&config), config.cache.max_variants);
    let mut access = Access { configured: config.admin.token.clone(), of_child: None };
    let mut bridge = None;
    let base_path = Arc::<OnceLock<String>>::default();
    if let Some(address) = config.admin.listen {
        let listener = listen(address, "admin.listen", admin::bind)?;
        bridge = command.is_some().then(|| aids::bridge_to(&config, &listener)).flatten();
        access.of_child = bridge.as_ref().map(|bridge| bridge.token.clone());
        let admin = Admin {
            readiness: readiness.subscribe(),
            store: store.clone(),
            metrics: metrics.clone(),
            dashboard: dashboard(&config, command.as_ref(), &application, &clock),
            access: Arc::new(access),
            base_path: base_path.clone(),
            clock: clock.clone(),
            refusals: Arc::default(),
        };
        tokio::spawn(admin::serve(listener, admin));
    }
    let mut upstream = Upstream::new(&config, command.clone(), bridge, logs, &metrics)?;
    tokio::select! {
        code = upstream.begin() => if let Some(code) = code? { return Ok(code) },
        () = signals.next() => return upstream.end().await,
    }
    // Once a wrapped server answers: its command may well have built the application first.
    let files = Files::of(&config.next, command.as_ref()).begin(&application).await;
    if let Some(found) = application.base_path().filter(|_| config.next.base_path.is_empty()) {
        config.next.base_path = found;
    }
    tokio::spawn(files.follow(application.clone()));
    aids::look_for_builds(&config, &upstream.origin, &application, &store);
    let _ = base_path.set(config.next.base_path.clone());
    let seeds =
        command.as_ref().and_then(|command| aids::seeds(command, &config.next, &application));
    let vault = aids::vault(&config, &upstream.origin, seeds, &clock, &metrics);
    let (origin, origin_name) = (upstream.origin.clone(), upstream.address.to_string().into());
    let access_log = logs.access.clone();
    let parts = Parts {
        origin,
        origin_name,
        store,
        vault,
        clock,
        access_log,
        metrics: metrics.clone(),
        error_page,
        application,
    };
    let server = Server::new(stack::build(&config, parts), config.server.clone(), metrics);
    let address = listener.local_addr().unwrap_or(config.server.listen);
    serving(address);
    announce(address, &config, &upstream);
    if config.admin.listen.is_some() {
        upstream.watch(readiness.clone());
    }

    let (stop, cut) = (watch::Sender::new(false), watch::Sender::new(false));
    let mut served =
        tokio::spawn(server.run(listener, is_true(stop.subscribe()), is_true(cut.subscribe())));
    let ended = tokio::select! {
        () = signals.next() => None,
        code = upstream.ended() => Some(code),
    };
    readiness.send_replace(Readiness::Draining);
    upstream.finish();
    stop.send_replace(true);
    tokio::select! {
        _ = &mut served => {}
        () = signals.next() => {
            cut.send_replace(true);
            let _ = served.await;
        }
    }
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

fn error_page(config: &Config, application: &Application) -> Result<ErrorPage, PageError> {
    Ok(match &config.errors.page {
        config::ErrorPage::Own => ErrorPage::Own,
        config::ErrorPage::App => ErrorPage::Application(application.clone()),
        config::ErrorPage::File(path) => ErrorPage::File(Template::load(path)?.into()),
    })
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
