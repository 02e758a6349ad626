//! The signals that ask a process to end.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// A service manager's, the keyboard's two, and that of a terminal which is closed. A signal that
/// ended us at once would leave a wrapped server behind.
pub(super) struct Signals(Vec<Signal>);

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        let kinds = [
            SignalKind::terminate(),
            SignalKind::interrupt(),
            SignalKind::quit(),
            SignalKind::hangup(),
        ];
        kinds.into_iter().map(signal).collect::<io::Result<_>>().map(Self)
    }

    /// Ready when one has come.
    pub(super) async fn next(&mut self) {
        let any = poll_fn(|cx| {
            let came = |signal: &mut Signal| signal.poll_recv(cx).is_ready();
            if self.0.iter_mut().any(came) { Poll::Ready(()) } else { Poll::Pending }
        });
        any.await;
    }
}
