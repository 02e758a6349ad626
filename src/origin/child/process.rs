//! One process of the wrapped server, and all that it starts itself.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use std::os::unix::process::ExitStatusExt;

use rustix::process::{
    Pid, Signal, WaitOptions, kill_process_group, test_kill_process_group, waitpgid,
};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::Command;
use super::output::pass_on;
use crate::exit;
use crate::log::Writer;

/// A running process with a process group of its own: `npx next start` is three processes, and a
/// signal is for all of them. Dropped while it runs, it is killed.
#[derive(Debug)]
pub(super) struct Process {
    child: tokio::process::Child,
    group: Option<Pid>,
    output: Vec<JoinHandle<()>>,
}

impl Process {
    /// Starts `command` with these variables besides our own.
    pub(super) fn start(
        command: &Command,
        environment: Vec<(&'static str, OsString)>,
        (out, err): &(Writer, Writer),
    ) -> io::Result<Self> {
        let Some((program, arguments)) = command.line.split_first() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the command is empty"));
        };
        let mut process = tokio::process::Command::new(program);
        process
            .args(arguments)
            .envs(environment)
            // These were said to us.
            .env_remove("NOTIFY_SOCKET")
            .env_remove("LISTEN_FDNAMES")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(dir) = &command.dir {
            process.current_dir(dir);
        }
        let mut child = process.spawn()?;
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let mut output = Vec::new();
        output.extend(child.stdout.take().map(|stream| pass_on(stream, out.clone())));
        output.extend(child.stderr.take().map(|stream| pass_on(stream, err.clone())));
        Ok(Self { child, group, output })
    }

    /// Waits for its end, and for what it said last; what it started and left behind is killed.
    /// Dropping the future loses nothing.
    pub(super) async fn ended(&mut self) -> Status {
        let status = self.child.wait().await;
        self.last_words().await;
        self.kill();
        self.group = None;
        Status(status.ok())
    }

    /// Waits for its end and that of all it started: of `npx next start` the first to end is npx,
    /// while the server still answers.
    pub(super) async fn all_ended(&mut self) -> Status {
        let status = self.child.wait().await;
        while self.group.is_some_and(lives) {
            sleep(LOOKS_AGAIN).await;
        }
        self.last_words().await;
        self.group = None;
        Status(status.ok())
    }

    async fn last_words(&mut self) {
        // What it started may outlive it, and with it the end of its output.
        while let Some(output) = self.output.pop() {
            let _ = timeout(LAST_WORDS, output).await;
        }
    }

    /// Asks it to end.
    pub(super) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends it.
    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // Fails when all of them have ended already, which is what was wanted.
            let _ = kill_process_group(group, signal);
        }
    }
}

const LAST_WORDS: Duration = Duration::from_millis(500);

/// The system does not tell the end of a process that is not our child.
const LOOKS_AGAIN: Duration = Duration::from_millis(20);

fn lives(group: Pid) -> bool {
    // As the first process of a container we are heir to its orphans.
    while let Ok(Some(_)) = waitpgid(group, WaitOptions::NOHANG) {}
    test_kill_process_group(group).is_ok() && has_running(group)
}

/// Whether a process of the group has not ended. What has, and waits for its heir to look after it,
/// is still one of the group to the system; and a container's first process may never look.
fn has_running(group: Pid) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else { return true };
    let stats = processes.flatten().map(|process| process.path().join("stat"));
    stats.filter_map(|stat| std::fs::read_to_string(stat).ok()).any(|stat| {
        // pid (name) state parent group; the name may have anything in it.
        let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let state = fields.next();
        let of_group = fields.nth(1).and_then(|text| text.parse().ok());
        of_group == Some(group.as_raw_nonzero().get()) && !matches!(state, Some("Z" | "X"))
    })
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// How a process ended; nothing if the system would not tell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Status(Option<ExitStatus>);

impl Status {
    pub(super) fn is_success(self) -> bool {
        self.0.is_some_and(|status| status.success())
    }

    /// The exit code for a process that ends with it: its own, or that which a shell gives to a
    /// signal.
    pub(super) fn code(self) -> u8 {
        let Some(status) = self.0 else { return exit::INTERNAL };
        let code = status.code().or_else(|| status.signal().map(|signal| OF_SIGNAL + signal));
        code.and_then(|code| u8::try_from(code).ok()).unwrap_or(exit::INTERNAL)
    }

    /// The same, where we asked it to end: to end by that very signal is no failure.
    pub(super) fn code_when_asked(self) -> u8 {
        match self.code() {
            // SIGTERM, SIGINT, and SIGKILL when it took too long.
            143 | 130 | 137 => 0,
            code => code,
        }
    }
}

const OF_SIGNAL: i32 = 128;

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(status) => status.fmt(f),
            None => f.write_str("nobody knows how"),
        }
    }
}
