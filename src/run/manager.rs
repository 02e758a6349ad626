//! What a service manager is told (`sd_notify`), where there is one: `NOTIFY_SOCKET` names it.

use sd_notify::{NotifyState, notify};
use tracing::debug;

/// The edge serves.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// It reads its configuration again; [`ready`] is told afterwards.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => debug!(%error, "the service manager is not told of the reload"),
    }
}

/// It is about to end.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Nobody is kept waiting by a manager that does not listen.
fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = notify(state) {
        debug!(%error, "the service manager could not be told");
    }
}
