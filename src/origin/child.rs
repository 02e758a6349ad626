//! The wrapped server: `selvedge -- node server.js`.
//!
//! ```text
//! starting ── answers ──▶ up ── ends badly ──▶ pause ──▶ starting ── …
//!    │ ends, or never answers   │ ends well, or is asked to, or ends while the edge drains
//!    ▼ (the first time)         ▼
//!  its exit code, or a failure  its exit code
//! ```
//!
//! While it is not up the rest of the edge goes on: stored pages are served, other requests fail as
//! they do with any origin that is down.

mod bridge;
mod exposure;
mod output;
mod process;

use std::ffi::OsString;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tracing::{error, info, warn};

use super::Origin;
use crate::config::{ChildConfig, OriginAddress};
use crate::exit;
use crate::log::Writer;
use crate::metrics::{Event, Metrics};
pub use bridge::Bridge;
use process::{Process, Status};

/// What is to be run, and where.
#[derive(Clone, Debug)]
pub struct Command {
    /// The program and its arguments.
    pub line: Vec<OsString>,
    /// The folder to run it in; ours if `None`.
    pub dir: Option<PathBuf>,
}

impl Command {
    fn name(&self) -> String {
        self.line.first().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

/// What is wanted of the wrapped server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// It runs; when it crashes, it is started again.
    Runs,
    /// The edge drains: it answers what is under way, and is not started again.
    Finishes,
    /// It ends.
    Ends,
}

/// Why the wrapped server cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// There is no free port for it.
    #[error("no free port on 127.0.0.1 for the wrapped server: {0}")]
    Port(io::Error),
    /// It cannot be started.
    #[error("cannot start `{program}`: {error}")]
    Start {
        /// The program.
        program: String,
        /// What the system said.
        error: io::Error,
    },
    /// It runs, and does not answer.
    #[error(
        "`{program}` did not answer on port {port} within {limit:?} (child.start_timeout); \
         does it listen at PORT and HOSTNAME from its environment?"
    )]
    NoAnswer {
        /// The program.
        program: String,
        /// Where it was told to listen.
        port: u16,
        /// `child.start_timeout`.
        limit: Duration,
    },
}

/// The wrapped server, ready to be run.
#[derive(Debug)]
pub struct Child {
    command: Command,
    config: ChildConfig,
    bridge: Option<Bridge>,
    port: u16,
    /// For its lines: standard output, standard error.
    writers: (Writer, Writer),
    metrics: Metrics,
}

/// How one run ended.
enum End {
    /// By itself, after it was up or before.
    ByItself { status: Status, was_up: bool },
    /// It ran, but did not answer in time.
    NoAnswer,
    /// It was asked to.
    Asked(Status),
}

impl Child {
    /// Will run `command` on a free port, with `bridge` in it, and its output going line by line to
    /// `writers`; `metrics` counts how often it is started again.
    ///
    /// # Errors
    /// [`ChildError::Port`]
    pub fn new(
        command: Command,
        config: ChildConfig,
        bridge: Option<Bridge>,
        writers: (Writer, Writer),
        metrics: Metrics,
    ) -> Result<Self, ChildError> {
        // Free when we looked; whoever takes it in between makes the start fail, loudly.
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr());
        let port = free.map_err(ChildError::Port)?.port();
        Ok(Self { command, config, bridge, port, writers, metrics })
    }

    /// Where it will listen.
    pub fn address(&self) -> OriginAddress {
        OriginAddress::Tcp { host: Ipv4Addr::LOCALHOST.to_string(), port: self.port }
    }

    /// Runs it, again and again when it crashes, until it ends well or is `wanted` to end; tells
    /// `is_up` whether it answers. `origin` is the way to it.
    ///
    /// Gives the exit code that the process should end with: its own, or 0 if it was stopped as
    /// asked.
    ///
    /// # Errors
    /// The first start failed.
    pub async fn run(
        self,
        origin: Origin,
        is_up: watch::Sender<bool>,
        mut wanted: watch::Receiver<Wanted>,
    ) -> Result<u8, ChildError> {
        let mut was_ever_up = false;
        let mut pause = self.config.restart_backoff;
        loop {
            let began = Instant::now();
            let end = self.run_once(&origin, &is_up, &mut wanted).await;
            is_up.send_replace(false);
            let what = match end {
                Ok(End::Asked(status)) => return Ok(status.code_when_asked()),
                Ok(End::ByItself { status, was_up }) => {
                    was_ever_up |= was_up;
                    if !was_ever_up {
                        return Ok(self.ended_before_it_answered(status));
                    }
                    if status.is_success() {
                        return Ok(status.code());
                    }
                    if *wanted.borrow() > Wanted::Runs {
                        // Whoever stops us may have stopped it too: a terminal, or systemd.
                        return Ok(status.code_when_asked());
                    }
                    format!("ended ({status})")
                }
                Ok(End::NoAnswer) if !was_ever_up => return Err(self.no_answer()),
                Ok(End::NoAnswer) => self.no_answer().to_string(),
                Err(error) if !was_ever_up => return Err(error),
                Err(error) => error.to_string(),
            };
            if began.elapsed() > self.config.restart_backoff_max {
                pause = self.config.restart_backoff;
            }
            warn!("the wrapped server {what}; it is started again in {pause:?}");
            tokio::select! {
                () = sleep(pause) => {}
                () = asked(&mut wanted, Wanted::Finishes) => return Ok(exit::OK),
            }
            self.metrics.count(Event::ChildRestarted);
            pause = (pause * 2).min(self.config.restart_backoff_max);
        }
    }

    async fn run_once(
        &self,
        origin: &Origin,
        is_up: &watch::Sender<bool>,
        wanted: &mut watch::Receiver<Wanted>,
    ) -> Result<End, ChildError> {
        let start = |error| ChildError::Start { program: self.command.name(), error };
        let environment = self.environment();
        let mut process =
            Process::start(&self.command, environment, &self.writers).map_err(start)?;
        let began = Instant::now();
        tokio::select! {
            status = process.ended() => return Ok(End::ByItself { status, was_up: false }),
            () = asked(wanted, Wanted::Ends) => return Ok(End::Asked(self.end(process).await)),
            answered = timeout(self.config.start_timeout, origin.answers()) => {
                if answered.is_err() {
                    self.end(process).await;
                    return Ok(End::NoAnswer);
                }
            }
        }
        info!("the wrapped server answers after {:.1} s", began.elapsed().as_secs_f32());
        if exposure::is_exposed(self.port) {
            warn!(
                "the wrapped server listens on every interface, and visitors of port {} go around \
                 the edge; let it listen on 127.0.0.1 alone (`next start -H 127.0.0.1`)",
                self.port
            );
        }
        is_up.send_replace(true);
        tokio::select! {
            status = process.ended() => Ok(End::ByItself { status, was_up: true }),
            () = asked(wanted, Wanted::Ends) => Ok(End::Asked(self.end(process).await)),
        }
    }

    /// Where to listen, and the bridge.
    fn environment(&self) -> Vec<(&'static str, OsString)> {
        let mut environment =
            vec![("PORT", self.port.to_string().into()), ("HOSTNAME", "127.0.0.1".into())];
        if let Some(bridge) = &self.bridge {
            environment.extend(bridge.environment(std::env::var_os("NODE_OPTIONS")));
        }
        environment
    }

    async fn end(&self, mut process: Process) -> Status {
        process.terminate();
        let limit = self.config.stop_timeout;
        if let Ok(status) = timeout(limit, process.all_ended()).await {
            return status;
        }
        warn!("the wrapped server did not end within {limit:?} (child.stop_timeout); it is killed");
        process.kill();
        process.ended().await
    }

    fn ended_before_it_answered(&self, status: Status) -> u8 {
        let (program, port) = (self.command.name(), self.port);
        error!("`{program}` ended ({status}) before it answered on port {port}");
        if status.is_success() { exit::UNAVAILABLE } else { status.code() }
    }

    fn no_answer(&self) -> ChildError {
        ChildError::NoAnswer {
            program: self.command.name(),
            port: self.port,
            limit: self.config.start_timeout,
        }
    }
}

/// Ready once at least `that` is wanted, or nobody will tell any more.
async fn asked(wanted: &mut watch::Receiver<Wanted>, that: Wanted) {
    let _ = wanted.wait_for(|wanted| *wanted >= that).await;
}
