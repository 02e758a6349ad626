//! The signals that ask a process for something.

use std::future::poll_fn;
use std::io::{self, IsTerminal};
use std::task::{Context, Poll};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// To end: a service manager's signal, the keyboard's two, or that of a terminal which has gone.
    /// One that ended us at once would leave a wrapped server behind.
    End,
    /// To read the configuration again.
    Reload,
}

/// See the module.
pub(super) struct Signals {
    ends: Vec<Signal>,
    hangup: Signal,
    /// The terminal that we were started in, if any.
    terminal: Option<fn() -> bool>,
    /// One that came while nobody could do anything about it.
    waits: bool,
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        let kinds = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::quit()];
        Ok(Self {
            ends: kinds.into_iter().map(signal).collect::<io::Result<_>>()?,
            hangup: signal(SignalKind::hangup())?,
            terminal: STREAMS.into_iter().find(|is_terminal| is_terminal()),
            waits: false,
        })
    }

    /// What the next one asks for.
    pub(super) async fn next(&mut self) -> Asked {
        if std::mem::take(&mut self.waits) {
            return Asked::Reload;
        }
        poll_fn(|cx| self.poll(cx)).await
    }

    /// Ready when one has come that asks to end. What others ask for waits.
    pub(super) async fn end(&mut self) {
        while poll_fn(|cx| self.poll(cx)).await == Asked::Reload {
            self.waits = true;
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Asked> {
        let came = |signal: &mut Signal| signal.poll_recv(cx).is_ready();
        if self.ends.iter_mut().any(came) {
            return Poll::Ready(Asked::End);
        }
        self.hangup.poll_recv(cx).map(|_| self.of_hangup())
    }

    /// SIGHUP has two meanings. Where a terminal has been closed, it has become none.
    fn of_hangup(&self) -> Asked {
        match self.terminal {
            Some(is_terminal) if !is_terminal() => Asked::End,
            _ => Asked::Reload,
        }
    }
}

/// A shell may have led one or two of them elsewhere.
const STREAMS: [fn() -> bool; 3] =
    [|| io::stdin().is_terminal(), || io::stdout().is_terminal(), || io::stderr().is_terminal()];
