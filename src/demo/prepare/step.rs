//! Runs npm and next with their progress visible; what they print is shown only when they fail.
//!
//! Each runs in a process group of its own, so that its helpers end with it.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};
use tokio::time::interval;

use super::super::progress::Line;
use super::PrepareError;

/// One command of the preparation.
#[derive(Debug)]
pub(super) struct Step<'a> {
    pub(super) name: &'static str,
    pub(super) program: &'a str,
    pub(super) args: &'a [&'a str],
}

impl Step<'_> {
    /// Runs it in `dir`. Dropped before its end, it is stopped with all that it started.
    pub(super) async fn run(&self, dir: &Path) -> Result<(), PrepareError> {
        let mut tail = Tail::default();
        let ended = self.run_into(&mut tail, dir).await;
        let status = match ended {
            Ok(status) if status.success() => return Ok(()),
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        let output = tail.last_lines();
        let remedy = remedy(&output);
        Err(PrepareError::Step { step: self.name, status, dir: dir.to_owned(), output, remedy })
    }

    async fn run_into(&self, tail: &mut Tail, dir: &Path) -> io::Result<ExitStatus> {
        let (mut output, mut running) = self.start(dir)?;
        let mut line = Line::begin(self.name);
        let mut second = interval(Duration::from_secs(1));
        let mut seconds = 0;
        let mut buffer = [0; 4096];
        let mut is_open = true;
        let status = loop {
            tokio::select! {
                // What was printed before the end is read before the end.
                biased;
                read = output.read(&mut buffer), if is_open => match read {
                    Ok(length) if length > 0 => tail.push(&buffer[..length]),
                    Ok(_) | Err(_) => is_open = false,
                },
                status = running.child.wait() => break status?,
                _ = second.tick() => {
                    line.update(seconds, &tail.last_line());
                    seconds += 1;
                }
            }
        };
        running.group = None;
        let seconds = seconds.saturating_sub(1);
        let outcome = if status.success() { "done" } else { "failed" };
        line.end(&format!("{outcome} after {seconds} s"));
        Ok(status)
    }

    /// Both outputs go into one pipe, so that their order stays.
    fn start(&self, dir: &Path) -> io::Result<(pipe::Receiver, Running)> {
        let (output, input) = io::pipe()?;
        let child = Command::new(self.program)
            .args(self.args)
            .current_dir(dir)
            // NODE_ENV=development, as some have it in their shell, would break the build.
            .env("NODE_ENV", "production")
            .env("NEXT_TELEMETRY_DISABLED", "1")
            .env("NO_COLOR", "1")
            .env_remove("FORCE_COLOR")
            .stdin(Stdio::null())
            .stdout(input.try_clone()?)
            .stderr(input)
            .process_group(0)
            .spawn()?;
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let running = Running { child, group };
        Ok((pipe::Receiver::from_owned_fd(output.into())?, running))
    }
}

/// A process and its group, which ends when this is dropped.
struct Running {
    child: Child,
    /// `None` once the process has ended: its number may be another's then.
    group: Option<Pid>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

const KEPT_BYTES: usize = 16 * 1024;
const SHOWN_LINES: usize = 30;

/// The end of what was printed.
#[derive(Debug, Default)]
struct Tail(VecDeque<u8>);

impl Tail {
    fn push(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
        let excess = self.0.len().saturating_sub(KEPT_BYTES);
        self.0.drain(..excess);
    }

    fn text(&self) -> String {
        let (front, back) = self.0.as_slices();
        String::from_utf8_lossy(&[front, back].concat()).into_owned()
    }

    /// The last line with something in it.
    fn last_line(&self) -> String {
        let text = self.text();
        text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default().to_owned()
    }

    fn last_lines(&self) -> String {
        let text = self.text();
        let lines: Vec<_> = text.trim_end().lines().collect();
        lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
    }
}

/// What may help against a failure that printed this.
fn remedy(output: &str) -> &'static str {
    let says = |words: &[&str]| words.iter().any(|word| output.contains(word));
    if says(&["ENOSPC"]) {
        "The disk is full: make room, or choose another folder with --dir."
    } else if says(&["EACCES", "EPERM", "EROFS"]) {
        "Something may not be written: choose another folder with --dir."
    } else if says(&["ENOTFOUND", "EAI_AGAIN", "ECONN", "ETIMEDOUT", "ENETUNREACH", "CERT", "E40"])
    {
        "npm could not get its packages: is there a network? A proxy or another registry is \
         set with\n`npm config set proxy URL` or `npm config set registry URL`."
    } else {
        "Run `selvedge demo` again: it goes on where this stopped."
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_what_is_printed_is_kept() {
        let mut tail = Tail::default();
        for n in 0..10_000 {
            tail.push(format!("line {n}\n").as_bytes());
        }
        tail.push(b"\n  \n");
        assert!(tail.0.len() <= KEPT_BYTES);
        assert_eq!(tail.last_line(), "line 9999");
        let shown = tail.last_lines();
        assert_eq!(shown.lines().count(), SHOWN_LINES);
        assert!(shown.ends_with("line 9999"));
    }

    #[test]
    fn a_failure_comes_with_a_remedy() {
        for (output, expected) in [
            ("npm error code EAI_AGAIN", "is there a network"),
            ("npm error network request failed, ECONNREFUSED", "is there a network"),
            ("npm error code E404", "is there a network"),
            ("npm error code ENOSPC", "disk is full"),
            ("Error: EACCES: permission denied", "another folder"),
            ("Build failed", "again"),
        ] {
            assert!(remedy(output).contains(expected), "{output}: {}", remedy(output));
        }
    }

    #[tokio::test]
    async fn a_failing_step_shows_both_outputs_in_their_order() {
        let args = ["-c", "echo one; echo two >&2; echo three; exit 3"];
        let step = Step { name: "step", program: "sh", args: &args };
        let error = step.run(&std::env::temp_dir()).await.unwrap_err();
        let PrepareError::Step { status, output, .. } = error else { panic!("{error}") };
        assert_eq!(status, "exit status: 3");
        assert_eq!(output, "one\ntwo\nthree");
    }

    #[tokio::test]
    async fn a_step_that_is_dropped_takes_its_helpers_along() {
        let args = ["-c", "sleep 600 & echo $!; wait"];
        let step = Step { name: "step", program: "sh", args: &args };
        let (mut output, running) = step.start(&std::env::temp_dir()).unwrap();
        let mut buffer = [0; 32];
        let length = output.read(&mut buffer).await.unwrap();
        let helper = std::str::from_utf8(&buffer[..length]).unwrap().trim().parse().unwrap();
        let helper = Pid::from_raw(helper).unwrap();
        assert!(rustix::process::test_kill_process(helper).is_ok());
        drop(running);
        // The pipe ends when nobody is left to write to it.
        assert_eq!(output.read(&mut buffer).await.unwrap(), 0);
    }
}
