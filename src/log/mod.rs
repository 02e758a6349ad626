//! What is told about requests (standard output) and about ourselves (standard error).
//!
//! Neither holds up a request: both go through a [`Writer`], whose thread alone may block.

mod access;
mod form;
mod level;
mod seldom;
#[cfg(test)]
pub(crate) mod testing;
mod writer;

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

pub use access::{AccessLogger, Line};
pub use form::Form;
#[cfg(feature = "otlp")]
pub(crate) use form::shown;
pub use level::Level;
pub use seldom::Seldom;
pub use writer::Writer;

use crate::clock::Clock;
use crate::config::LogConfig;

/// The two logs; what they still hold is written when this is dropped.
#[derive(Debug)]
pub struct Logs {
    /// What is told about ourselves.
    pub level: Level,
    output: Writer,
    errors: Writer,
    clock: Clock,
}

impl Logs {
    /// Opens both logs, and directs `tracing` to standard error.
    pub fn open(config: &LogConfig, clock: &Clock) -> Self {
        let output = writer("access log", io::stdout().as_fd());
        let errors = writer("log", io::stderr().as_fd());
        let level = direct_tracing(config, errors.clone());
        Self { level, output, errors, clock: clock.clone() }
    }

    /// Writes access lines as `config` says; `None` when they are off.
    pub fn access(&self, config: &LogConfig) -> Option<AccessLogger> {
        let form = Form::of(config, io::stdout().is_terminal())?;
        Some(AccessLogger::new(self.output.clone(), self.clock.clone(), form))
    }

    /// A writer of whole lines to standard output, and one to standard error.
    pub fn writers(&self) -> (Writer, Writer) {
        (self.output.clone(), self.errors.clone())
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        // A reader that does not read any more must not keep us from ending.
        self.output.finish(LAST_WORDS);
        self.errors.finish(LAST_WORDS);
    }
}

const LAST_WORDS: Duration = Duration::from_secs(1);

/// Around the library's own buffer and lock, which whoever hangs in a write would hold.
fn writer(name: &'static str, stream: BorrowedFd<'_>) -> Writer {
    match stream.try_clone_to_owned() {
        Ok(stream) => Writer::new(name, File::from(stream)),
        Err(_) => Writer::new(name, io::sink()),
    }
}

fn direct_tracing(config: &LogConfig, errors: Writer) -> Level {
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(level::filter(&config.level))
        .with_ansi(io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .with_target(false)
        .with_writer(Lines(errors))
        .with_filter_reloading();
    let handle = subscriber.reload_handle();
    // A second edge in one process (a test) keeps the first one's log.
    let _ = subscriber.try_init();
    Level::new(move |filter| handle.reload(filter).is_ok())
}

/// Each event of `tracing` is one write.
struct Lines(Writer);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Event;

    fn make_writer(&'a self) -> Event {
        Event(self.0.clone())
    }
}

struct Event(Writer);

impl io::Write for Event {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(|buffer| buffer.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
