//! Lines on their way out: collected in memory, written by a thread of their own.
//!
//! Whoever writes a line pays for its bytes and no more: no system call, no wait. A reader that is
//! too slow costs lines, which are counted and reported, never requests.

use std::io::Write;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// The near end; clones write to the same place.
#[derive(Clone, Debug)]
pub struct Writer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Something is there to be written, or nothing more will be.
    filled: Condvar,
    /// The thread has ended.
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<u8>,
    dropped: u64,
    finishing: bool,
    ended: bool,
}

/// Lines that wait take no more memory than this; further ones are dropped.
const MAX_WAITING: usize = 4 << 20;

/// Lines that come within this time are written together, in one system call.
const GATHERED: Duration = Duration::from_millis(20);

impl Writer {
    /// Writes to `out`; `name` is what it is called when lines had to be dropped.
    pub fn new(name: &'static str, out: impl Write + Send + 'static) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            filled: Condvar::new(),
            ended: Condvar::new(),
        });
        let far_end = shared.clone();
        let started = thread::Builder::new()
            .name(format!("selvedge {name}"))
            .spawn(move || far_end.write_out(name, out));
        if started.is_err() {
            // Without a thread there is no log; requests are served all the same.
            shared.state.lock().ended = true;
        }
        Self(shared)
    }

    /// Adds what `line` appends to the buffer that it is given.
    pub fn write(&self, line: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.0.state.lock();
        if state.ended {
            return;
        }
        if state.lines.len() > MAX_WAITING {
            state.dropped += 1;
            return;
        }
        let was_empty = state.lines.is_empty();
        line(&mut state.lines);
        if was_empty {
            self.0.filled.notify_one();
        }
    }

    /// Writes what is there and ends; waits for that no longer than `patience`.
    pub fn finish(&self, patience: Duration) {
        let mut state = self.0.state.lock();
        state.finishing = true;
        self.0.filled.notify_one();
        let still_running = |state: &mut State| !state.ended;
        self.0.ended.wait_while_for(&mut state, still_running, patience);
    }
}

impl Shared {
    fn write_out(&self, name: &str, mut out: impl Write) {
        let mut lines = Vec::new();
        while self.take(name, &mut lines) {
            if out.write_all(&lines).and_then(|()| out.flush()).is_err() {
                // Nobody reads any more (a closed pipe, say).
                break;
            }
            lines.clear();
        }
        let mut state = self.state.lock();
        state.ended = true;
        state.lines = Vec::new();
        self.ended.notify_all();
    }

    /// Waits for lines and takes them; false when there are none and none will come.
    fn take(&self, name: &str, lines: &mut Vec<u8>) -> bool {
        let mut state = self.state.lock();
        while state.lines.is_empty() {
            if state.finishing {
                return false;
            }
            self.filled.wait(&mut state);
        }
        if !state.finishing {
            self.filled.wait_for(&mut state, GATHERED);
        }
        std::mem::swap(&mut state.lines, lines);
        let dropped = std::mem::take(&mut state.dropped);
        if dropped > 0 {
            let note =
                format!("{dropped} lines of the {name} were dropped: its reader is too slow\n");
            lines.extend_from_slice(note.as_bytes());
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// Hands each write to the test, and waits until the test lets it go on.
    struct Held(mpsc::SyncSender<Vec<u8>>);

    impl Write for Held {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let gone = |_| std::io::Error::other("the reader is gone");
            self.0.send(bytes.to_vec()).map_err(gone)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn held() -> (Writer, mpsc::Receiver<Vec<u8>>) {
        let (sender, receiver) = mpsc::sync_channel(0);
        (Writer::new("test", Held(sender)), receiver)
    }

    fn line(writer: &Writer, text: &str) {
        writer.write(|buffer| buffer.extend_from_slice(text.as_bytes()));
    }

    #[test]
    fn lines_come_out_whole_and_in_order_and_the_last_ones_too() {
        let (writer, out) = held();
        (0..1000).for_each(|number| line(&writer, &format!("{number}\n")));
        let reader = thread::spawn(move || out.iter().flatten().collect::<Vec<u8>>());
        writer.finish(Duration::from_secs(20));
        let all = String::from_utf8(reader.join().unwrap()).unwrap();
        assert!(all.lines().eq((0..1000).map(|number| number.to_string())));
    }

    #[test]
    fn a_slow_reader_costs_lines_and_is_told_how_many() {
        let (writer, out) = held();
        line(&writer, "first\n");
        assert_eq!(out.recv().unwrap(), b"first\n");
        let long = "x".repeat(1 << 20);
        (0..10).for_each(|_| line(&writer, &long));
        let reader = thread::spawn(move || out.iter().flatten().collect::<Vec<u8>>());
        writer.finish(Duration::from_secs(20));
        let rest = String::from_utf8(reader.join().unwrap()).unwrap();
        assert!(rest.ends_with("5 lines of the test were dropped: its reader is too slow\n"));
    }

    #[test]
    fn a_reader_that_has_gone_ends_the_log_and_nothing_else() {
        let (writer, out) = held();
        drop(out);
        line(&writer, "nobody reads this");
        writer.finish(Duration::from_secs(20));
        line(&writer, "nor this");
        assert!(writer.0.state.lock().ended);
    }
}
