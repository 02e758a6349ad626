//! The wrapped server: `selvedge -- node server.js`.
//!
//! ```text
//! starting ── answers ──▶ up ── ends badly ──▶ pause ──▶ starting ── …
//!    │ ends, or never answers   │ ends well, or is asked to
//!    ▼ (the first time)         ▼
//!  its exit code, or a failure  its exit code
//! ```
//!
//! While it is not up the rest of the edge goes on: stored pages are served, other requests fail as
//! they do with any origin that is down.

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
use tracing::{info, warn};

use super::Origin;
use crate::config::{ChildConfig, OriginAddress};
use crate::log::Writer;
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
    port: u16,
    /// For its lines: standard output, standard error.
    writers: (Writer, Writer),
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
    /// Will run `command` on a free port, with its output going line by line to `writers`.
    ///
    /// # Errors
    /// [`ChildError::Port`]
    pub fn new(
        command: Command,
        config: ChildConfig,
        writers: (Writer, Writer),
    ) -> Result<Self, ChildError> {
        // Free when we looked; whoever takes it in between makes the start fail, loudly.
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr());
        let port = free.map_err(ChildError::Port)?.port();
        Ok(Self { command, config, port, writers })
    }

    /// Where it will listen.
    pub fn address(&self) -> OriginAddress {
        OriginAddress::Tcp { host: Ipv4Addr::LOCALHOST.to_string(), port: self.port }
    }

    /// Runs it, again and again when it crashes, until it ends well or `stop` becomes true; tells
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
        mut stop: watch::Receiver<bool>,
    ) -> Result<u8, ChildError> {
        let mut was_ever_up = false;
        let mut pause = self.config.restart_backoff;
        loop {
            let began = Instant::now();
            let end = self.run_once(&origin, &is_up, &mut stop).await;
            is_up.send_replace(false);
            let what = match end {
                Ok(End::Asked(status)) => return Ok(status.code_when_asked()),
                Ok(End::ByItself { status, was_up }) => {
                    was_ever_up |= was_up;
                    if status.is_success() || !was_ever_up {
                        return Ok(status.code());
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
                () = asked(&mut stop) => return Ok(0),
            }
            pause = (pause * 2).min(self.config.restart_backoff_max);
        }
    }

    async fn run_once(
        &self,
        origin: &Origin,
        is_up: &watch::Sender<bool>,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<End, ChildError> {
        let start = |error| ChildError::Start { program: self.command.name(), error };
        let mut process = Process::start(&self.command, self.port, &self.writers).map_err(start)?;
        let began = Instant::now();
        tokio::select! {
            status = process.ended() => return Ok(End::ByItself { status, was_up: false }),
            () = asked(stop) => return Ok(End::Asked(self.end(process).await)),
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
            () = asked(stop) => Ok(End::Asked(self.end(process).await)),
        }
    }

    async fn end(&self, mut process: Process) -> Status {
        process.terminate();
        let limit = self.config.stop_timeout;
        if let Ok(status) = timeout(limit, process.ended()).await {
            return status;
        }
        warn!("the wrapped server did not end within {limit:?} (child.stop_timeout); it is killed");
        process.kill();
        process.ended().await
    }

    fn no_answer(&self) -> ChildError {
        ChildError::NoAnswer {
            program: self.command.name(),
            port: self.port,
            limit: self.config.start_timeout,
        }
    }
}

/// Ready once `stop` is true, or will never be told.
async fn asked(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
