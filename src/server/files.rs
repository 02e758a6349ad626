//! Each connection is an open file, and the system allows a process so many.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// Files that are open besides connections: logs, timers, listeners, whatever a library needs.
const OTHERS: u64 = 64;

/// Raises the limit as far as it may be raised, and gives the number of client connections that it
/// leaves room for: at most `wanted`. Each may need one to the origin too.
pub(super) fn affordable(wanted: usize) -> usize {
    let Some(files) = raised() else { return wanted };
    let room = usize::try_from(files.saturating_sub(OTHERS) / 2).unwrap_or(usize::MAX).max(1);
    // A little less than wanted is nothing to act upon.
    if room < wanted / 2 {
        warn!(
            "the system allows {files} open files (`ulimit -n`), enough for {room} connections at \
             once instead of {wanted} (server.max_connections)"
        );
    }
    room.min(wanted)
}

/// The limit once it is raised; `None` if there is none.
fn raised() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: maximum, maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => maximum,
        Err(_) => current,
    }
}
