//! From a configuration to a running edge, and to its end.
//!
//! ```text
//! bind ─▶ wrapped server up ─▶ accept … ─▶ signal, or the server's end ─▶ drain ─▶ server's end
//! ```

mod aids;
mod file;
mod ground;
mod manager;
mod reload;
mod signals;
mod sockets;
mod upstream;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::info;

use crate::admin::{self, Readiness};
use crate::cache::Lasting;
use crate::clock::Clock;
use crate::config::{Config, Sources};
use crate::exit;
use crate::layer::error_page::{ErrorPage, PageError};
use crate::layer::introduce::Pseudonym;
use crate::layer::shed::Waiting;
use crate::log::Logs;
use crate::origin::Origin;
use crate::origin::child::{ChildError, Command};
use crate::server::{self, Current, Drained, Server};
use crate::stack::{self, Parts};
use crate::store;
use crate::traces::Traces;
use crate::warm::{Warming, Way};
use file::FileWatch;
use ground::Ground;
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
    mut start: Start,
    logs: &Logs,
    clock: Clock,
    serving: impl FnOnce(SocketAddr),
) -> Result<u8, StartError> {
    let Start { config, command, sockets, .. } = &mut start;
    let ground = Ground::new(config, clock)?;
    aids::tell_of_token(config);
    let mut signals = Signals::new().map_err(StartError::Signals)?;
    let bind = |address| sockets.clients(server::bind, address);
    let listener = listen(config.server.listen, "server.listen", bind)?;
    let mut bridge = None;
    if let Some(address) = config.admin.listen {
        let bind = |address| sockets.admin(admin::bind, address);
        let listener = listen(address, "admin.listen", bind)?;
        bridge = ground.serve_admin(listener, config, command.as_ref(), &logs.level);
    }
    let mut upstream = Upstream::new(config, command.clone(), bridge, logs, &ground.metrics)?;
    tokio::select! {
        code = upstream.begin() => if let Some(code) = code? { return Ok(code) },
        () = signals.end() => return upstream.end().await,
    }
    serve(start, Open { ground, listener, upstream, signals }, logs, serving).await
}

/// What is open when the origin may be asked.
struct Open {
    ground: Ground,
    listener: TcpListener,
    upstream: Upstream,
    signals: Signals,
}

/// Serves, to the end.
async fn serve(
    Start { mut config, sources, command, .. }: Start,
    Open { ground, listener, mut upstream, mut signals }: Open,
    logs: &Logs,
    serving: impl FnOnce(SocketAddr),
) -> Result<u8, StartError> {
    let started = config.clone();
    ground.learn(&mut config, command.as_ref()).await;
    let (traces, exporting) =
        Traces::begin(&config, &upstream.address, &ground.clock, &ground.metrics);
    let parts = parts(&ground, &config, &upstream, command.as_ref(), traces);
    let warming = warming(&ground, &config, &parts);
    let build = |config: &Config, error_page: ErrorPage| {
        let access_log = logs.access(&config.log);
        stack::build(config, Parts { access_log, error_page, ..parts.clone() })
    };
    let stack = build(&config, ground.error_page.clone());
    let current = Arc::new(Current::new(stack, config.server.clone()));
    let server = Server::new(current.clone(), ground.metrics.clone());
    let address = listener.local_addr().unwrap_or(config.server.listen);
    serving(address);
    announce(address, &config, &upstream);
    if config.admin.listen.is_some() {
        upstream.watch(ground.readiness.clone());
    }
    let (stop, cut) = (watch::Sender::new(false), watch::Sender::new(false));
    aids::look_for_builds(&ground, &config, &upstream.origin);
    aids::warm(&config, warming, &upstream.origin, is_true(stop.subscribe()));
    let served =
        tokio::spawn(server.run(listener, is_true(stop.subscribe()), is_true(cut.subscribe())));
    let reloading = Reloading {
        sources,
        started,
        running: config,
        error_page: ground.error_page,
        refused: None,
        application: ground.application,
        level: logs.level.clone(),
        origin: upstream.origin.clone(),
        access: ground.access,
        current,
        build,
    };
    let ended = until_the_end(reloading, &mut signals, &mut upstream).await;
    ground.readiness.send_replace(Readiness::Draining);
    manager::stopping();
    upstream.finish();
    stop.send_replace(true);
    drained(served, cut, signals).await;
    exporting.finish().await;
    let code = match ended {
        Some(code) => code,
        None => upstream.end().await,
    };
    info!("stopped");
    code
}

fn parts(
    ground: &Ground,
    config: &Config,
    upstream: &Upstream,
    command: Option<&Command>,
    traces: Traces,
) -> Parts<Origin> {
    let Ground { application, error_page, metrics, store, window, clock, .. } = ground;
    let origin = &upstream.origin;
    let seeds = command.and_then(|command| aids::seeds(command, &config.next, application));
    Parts {
        origin: origin.clone(),
        origin_name: upstream.address.to_string().into(),
        lasting: Lasting::new(store.clone(), &config.cache, metrics),
        window: window.clone(),
        way: Way::default(),
        vault: aids::vault(config, origin, seeds, clock, metrics),
        clock: clock.clone(),
        access_log: None,
        metrics: metrics.clone(),
        error_page: error_page.clone(),
        application: application.clone(),
        pseudonym: Pseudonym::new(),
        waiting: Waiting::default(),
        traces,
    }
}

fn warming(ground: &Ground, config: &Config, parts: &Parts<Origin>) -> Warming {
    Warming {
        config: config.warm.clone(),
        way: parts.way.clone(),
        store: ground.store.clone(),
        application: ground.application.clone(),
        base_path: config.next.base_path.clone(),
        waiting: parts.waiting.clone(),
        metrics: ground.metrics.clone(),
    }
}

/// Takes over other configurations until the edge is to end; gives what the wrapped server's end means
/// if that is why.
async fn until_the_end<S: Clone>(
    mut reloading: Reloading<S, impl Fn(&Config, ErrorPage) -> S>,
    signals: &mut Signals,
    upstream: &mut Upstream,
) -> Option<Result<u8, StartError>> {
    let mut files = FileWatch::new(reloading.started.server.config_check);
    manager::ready();
    loop {
        files.look_at(reloading.files());
        tokio::select! {
            asked = signals.next() => match asked {
                Asked::End => return None,
                Asked::Reload => reloading.reload(By::Signal).await,
            },
            () = files.changed() => reloading.reload(By::File).await,
            code = upstream.ended() => return Some(code),
        }
    }
}

/// Waits until all have their answers, or somebody asks for the end once more.
async fn drained(mut served: JoinHandle<Drained>, cut: watch::Sender<bool>, mut signals: Signals) {
    tokio::select! {
        _ = &mut served => {}
        () = signals.end() => {
            cut.send_replace(true);
            let _ = served.await;
        }
    }
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
