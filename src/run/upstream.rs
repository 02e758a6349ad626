//! What stands behind the edge: an origin, perhaps one that we run ourselves.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{info, warn};

use super::StartError;
use crate::admin::Readiness;
use crate::config::{Config, OriginAddress};
use crate::exit;
use crate::log::Logs;
use crate::metrics::Metrics;
use crate::origin::Origin;
use crate::origin::child::{Bridge, Child, ChildError, Command, Wanted};

/// See the module.
pub(super) struct Upstream {
    pub(super) address: OriginAddress,
    pub(super) origin: Origin,
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
    pub(super) fn new(
        config: &Config,
        command: Option<Command>,
        bridge: Option<Bridge>,
        logs: &Logs,
        metrics: &Metrics,
    ) -> Result<Self, ChildError> {
        let Some(command) = command else {
            let address = config.origin.url.clone();
            let origin = Origin::new(address.clone(), config.origin.clone(), metrics.clone());
            return Ok(Self { address, origin, child: None });
        };
        let writers = logs.writers();
        let child = Child::new(command, config.child.clone(), bridge, writers, metrics.clone())?;
        let address = child.address();
        let origin = Origin::new(address.clone(), config.origin.clone(), metrics.clone());
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
    pub(super) async fn begin(&mut self) -> Result<Option<u8>, StartError> {
        let Some(Running { task, is_up, .. }) = &mut self.child else { return Ok(None) };
        tokio::select! {
            Ok(_) = is_up.wait_for(|is_up| *is_up) => Ok(None),
            code = task => code_of(code).map(Some),
        }
    }

    /// Keeps `readiness` true to whether the origin has been seen.
    pub(super) fn watch(&self, readiness: watch::Sender<Readiness>) {
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
    pub(super) async fn ended(&mut self) -> Result<u8, StartError> {
        match &mut self.child {
            Some(running) => code_of((&mut running.task).await),
            None => std::future::pending().await,
        }
    }

    /// From now on a wrapped server is not started again.
    pub(super) fn finish(&self) {
        if let Some(running) = &self.child {
            running.wanted.send_replace(Wanted::Finishes);
        }
    }

    /// Ends a wrapped server, and gives its exit code.
    pub(super) async fn end(self) -> Result<u8, StartError> {
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
