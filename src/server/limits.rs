//! The limits of time on a connection that do not depend on what a request is.

use std::task::{Context, Poll};

use tokio::time::Instant;

use super::watch::{Phase, Watch};
use crate::alarm::Alarm;
use crate::config::ServerConfig;

/// Watches one connection; looked at after each turn of its task.
pub(super) struct Limits<'a> {
    config: &'a ServerConfig,
    watch: &'a Watch,
    seen: Option<Seen>,
    alarm: Alarm,
}

/// What was seen at the last look. While it stays the same, so does the deadline.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen {
    changes: u32,
    /// While writing is blocked: how often the client had taken bytes by then. The response may have
    /// been handed over long before; a client that still takes of it is not idle.
    blocked_at: Option<u32>,
}

impl<'a> Limits<'a> {
    pub(super) fn new(config: &'a ServerConfig, watch: &'a Watch) -> Self {
        Self { config, watch, seen: None, alarm: Alarm::default() }
    }

    /// Ready with the name of a limit when it is reached.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<&'static str> {
        let blocked_at = self.watch.is_write_blocked().then(|| self.watch.writes());
        let seen = Seen { changes: self.watch.changes(), blocked_at };
        if self.seen != Some(seen) {
            self.seen = Some(seen);
            self.set_alarm(blocked_at.is_some());
        }
        self.alarm.poll(cx).map(|()| match (blocked_at, self.watch.phase()) {
            (Some(_), _) => "server.write_timeout",
            (None, Phase::Head) => "server.header_timeout",
            (None, Phase::Idle | Phase::Busy) => "server.idle_timeout",
        })
    }

    fn set_alarm(&mut self, is_blocked: bool) {
        let now = Instant::now();
        let limit = match (is_blocked, self.watch.phase()) {
            (true, _) => self.config.write_timeout,
            (false, Phase::Idle) => {
                self.watch.note_idle(now);
                self.config.idle_timeout
            }
            (false, Phase::Head) => self.config.header_timeout,
            (false, Phase::Busy) => return self.alarm.clear(),
        };
        self.alarm.set(now + limit);
    }
}

#[cfg(test)]
mod tests;
