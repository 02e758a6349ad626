//! From a configuration to a running edge, and to its end.
//!
//! ```text
//! bind ─▶ wrapped server up ─▶ accept … ─▶ signal, or the server's end ─▶ drain ─▶ server's end
//! ```

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{info, warn};

use crate::admin::{self, Access, Admin, Readiness};
use crate::clock::Clock;
use crate::config::{Config, NextConfig, OriginAddress};
use crate::exit;
use crate::log::Logs;
use crate::manifests;
use crate::next::manifest::Manifest;
use crate::origin::Origin;
use crate::origin::child::{Bridge, Child, ChildError, Command, Wanted};
use crate::server::{self, Server};
use crate::stack::{self, Parts};
use crate::store::{self, MemoryStore};
use crate::vault::{Environment, Seeds, Vault, census};

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
    /// Signals cannot be received.
    #[error("cannot receive signals: {0}")]
    Signals(io::Error),
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
    config: Config,
    command: Option<Command>,
    logs: &Logs,
    clock: Clock,
    serving: impl FnOnce(SocketAddr),
) -> Result<u8, StartError> {
    let mut signals = Signals::new().map_err(StartError::Signals)?;
    let listener = listen(config.server.listen, "server.listen", server::bind)?;
    let readiness = watch::Sender::new(Readiness::WaitsForOrigin);
    let store = MemoryStore::new(capacity(&config), config.cache.max_variants);
    let mut access = Access { configured: config.admin.token.clone(), of_child: None };
    let mut bridge = None;
    if let Some(address) = config.admin.listen {
        let listener = listen(address, "admin.listen", admin::bind)?;
        bridge = command.is_some().then(|| bridge_to(&config, &listener)).flatten();
        access.of_child = bridge.as_ref().map(|bridge| bridge.token.clone());
        let admin = Admin {
            readiness: readiness.subscribe(),
            store: store.clone(),
            access: Arc::new(access),
            base_path: config.next.base_path.as_str().into(),
        };
        tokio::spawn(admin::serve(listener, admin));
    }
    let seeds = command.as_ref().and_then(|command| seeds(command, &config.next));
    let mut upstream = Upstream::new(&config, command.clone(), bridge, logs)?;
    tokio::select! {
        code = upstream.begin() => if let Some(code) = code? { return Ok(code) },
        () = signals.next() => return upstream.end().await,
    }
    let kept = Kept { store, vault: vault(&config, &upstream.origin, seeds, &clock) };
    // Once a wrapped server answers: its command may well have built the application first.
    let manifest = manifests::load(&config.next, command.as_ref()).await;
    let server = server(&config, &upstream, kept, logs, clock, manifest);
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

/// What is kept for visitors: in memory, and on disk.
struct Kept {
    store: MemoryStore,
    vault: Option<Vault>,
}

fn server(
    config: &Config,
    upstream: &Upstream,
    kept: Kept,
    logs: &Logs,
    clock: Clock,
    manifest: Option<Arc<Manifest>>,
) -> Server<impl server::Answering + use<>> {
    let parts = Parts {
        origin: upstream.origin.clone(),
        origin_name: upstream.address.to_string().into(),
        store: kept.store,
        vault: kept.vault,
        clock,
        access_log: logs.access.clone(),
        manifest,
    };
    Server::new(stack::build(config, parts), config.server.clone())
}

/// What a wrapped server is told, so that it can say what it invalidates.
fn bridge_to(config: &Config, admin: &TcpListener) -> Option<Bridge> {
    if !config.child.bridge || !config.next.enabled {
        return None;
    }
    let bridge = admin.local_addr().and_then(Bridge::to);
    bridge
        .inspect_err(|error| {
            warn!(
                "no bridge to the wrapped server: {error}; pages stay as they are until their \
                 revalidate time is over, whatever revalidateTag says"
            );
        })
        .ok()
}

/// Where files of older builds are kept; visitors are served without it too.
fn vault(config: &Config, origin: &Origin, seeds: Option<Seeds>, clock: &Clock) -> Option<Vault> {
    if !config.vault.enabled || !config.next.enabled {
        return None;
    }
    let environment = Environment::read(|name| std::env::var_os(name));
    let vault = Vault::open(config, &environment, seeds, clock.clone())
        .inspect_err(|error| info!("{error}"))
        .ok()?;
    let targets = config.rules.targets.clone();
    tokio::spawn(census::take(vault.clone(), origin.clone(), targets));
    Some(vault)
}

/// Where a wrapped server may have files for the vault.
fn seeds(command: &Command, next: &NextConfig) -> Option<Seeds> {
    let dir = command.dir.clone().or_else(|| std::env::current_dir().ok())?;
    let arguments = command.line.iter().skip(1).map(Path::new);
    Some(Seeds::of(&dir, arguments, &next.base_path))
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
        info!("health is told on http://{address}/readyz");
    }
}

/// Ready once the value is true.
async fn is_true(mut value: watch::Receiver<bool>) {
    let _ = value.wait_for(|value| *value).await;
}

/// The signals that ask a process to end: a service manager's, the keyboard's two, and that of a
/// terminal which is closed. A signal that ended us at once would leave a wrapped server behind.
struct Signals(Vec<Signal>);

impl Signals {
    fn new() -> io::Result<Self> {
        let kinds = [
            SignalKind::terminate(),
            SignalKind::interrupt(),
            SignalKind::quit(),
            SignalKind::hangup(),
        ];
        kinds.into_iter().map(signal).collect::<io::Result<_>>().map(Self)
    }

    async fn next(&mut self) {
        let any = poll_fn(|cx| {
            let came = |signal: &mut Signal| signal.poll_recv(cx).is_ready();
            if self.0.iter_mut().any(came) { Poll::Ready(()) } else { Poll::Pending }
        });
        any.await;
    }
}

/// What stands behind the edge: an origin, perhaps one that we run ourselves.
struct Upstream {
    address: OriginAddress,
    origin: Origin,
    child: Option<Running>,
}

/// The wrapped server's task.
struct Running {
    task: JoinHandle<Result<u8, ChildError>>,
    is_up: watch::Receiver<bool>,
    wanted: watch::Sender<Wanted>,
}

/// After this long without an answer, an operator should know why his visitors get none.
const WORTH_A_WORD: Duration = Duration::from_secs(2);

impl Upstream {
    fn new(
        config: &Config,
        command: Option<Command>,
        bridge: Option<Bridge>,
        logs: &Logs,
    ) -> Result<Self, ChildError> {
        let Some(command) = command else {
            let address = config.origin.url.clone();
            let origin = Origin::new(address.clone(), config.origin.clone());
            return Ok(Self { address, origin, child: None });
        };
        let child = Child::new(command, config.child.clone(), bridge, logs.writers())?;
        let address = child.address();
        let origin = Origin::new(address.clone(), config.origin.clone());
        let (is_up, wanted) = (watch::Sender::new(false), watch::Sender::new(Wanted::Runs));
        let running = Running {
            is_up: is_up.subscribe(),
            task: tokio::spawn(child.run(origin.clone(), is_up, wanted.subscribe())),
            wanted,
        };
        Ok(Self { address, origin, child: Some(running) })
    }

    /// Waits until a wrapped server answers; gives its exit code if it ends before. Another origin
    /// may come up when it likes.
    async fn begin(&mut self) -> Result<Option<u8>, StartError> {
        let Some(Running { task, is_up, .. }) = &mut self.child else { return Ok(None) };
        tokio::select! {
            Ok(_) = is_up.wait_for(|is_up| *is_up) => Ok(None),
            code = task => code_of(code).map(Some),
        }
    }

    /// Keeps `readiness` true to whether the origin has been seen.
    fn watch(&self, readiness: watch::Sender<Readiness>) {
        if self.child.is_some() {
            readiness.send_replace(Readiness::Ready);
            return;
        }
        let (origin, address) = (self.origin.clone(), self.address.clone());
        tokio::spawn(async move {
            let mut answers = std::pin::pin!(origin.answers());
            if tokio::time::timeout(WORTH_A_WORD, &mut answers).await.is_err() {
                warn!(
                    "{address} does not answer yet; until it does, visitors get 502 (origin.url)"
                );
                answers.await;
            }
            info!("{address} answers");
            readiness.send_if_modified(|readiness| {
                let first = *readiness == Readiness::WaitsForOrigin;
                if first {
                    *readiness = Readiness::Ready;
                }
                first
            });
        });
    }

    /// Waits for the end of a wrapped server; for ever where there is none.
    async fn ended(&mut self) -> Result<u8, StartError> {
        match &mut self.child {
            Some(running) => code_of((&mut running.task).await),
            None => std::future::pending().await,
        }
    }

    /// From now on a wrapped server is not started again.
    fn finish(&self) {
        if let Some(running) = &self.child {
            running.wanted.send_replace(Wanted::Finishes);
        }
    }

    /// Ends a wrapped server, and gives its exit code.
    async fn end(self) -> Result<u8, StartError> {
        let Some(running) = self.child else { return Ok(exit::OK) };
        running.wanted.send_replace(Wanted::Ends);
        code_of(running.task.await)
    }
}

fn code_of(
    ended: Result<Result<u8, ChildError>, tokio::task::JoinError>,
) -> Result<u8, StartError> {
    match ended {
        Ok(code) => Ok(code?),
        // Its task panicked; it was killed with it.
        Err(_) => Ok(exit::INTERNAL),
    }
}
