//! Lines on their way out: collected in memory, written by a thread of their own.
//!
//! Whoever writes a line pays for its bytes and no more: no system call, no wait. A reader that is
//! too slow, or a disk that is full, costs lines, which are counted and reported, never requests.

use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tracing::warn;

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
    lost: u64,
    /// Of the last that was lost.
    why_lost: String,
    finishing: bool,
    ended: bool,
}

/// Lines that wait take no more memory than this; further ones are dropped.
const MAX_WAITING: usize = 4 << 20;

/// How long a disk that is full is left alone.
const PAUSE: Duration = Duration::from_secs(1);

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
            state.lose(1, "its reader is too slow");
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
            if !self.put(name, &mut out, &lines) {
                break;
            }
            lines.clear();
        }
        let mut state = self.state.lock();
        state.ended = true;
        state.lines = Vec::new();
        self.ended.notify_all();
    }

    /// Writes lines out, or loses them; false when nobody will read any more.
    fn put(&self, name: &str, out: &mut impl Write, mut lines: &[u8]) -> bool {
        let is_last = self.state.lock().finishing;
        while !lines.is_empty() {
            match out.write(lines) {
                Ok(0) => return false,
                Ok(written) => lines = &lines[written..],
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => {}
                    ErrorKind::BrokenPipe => return false,
                    // Somebody who shares the stream has made it so.
                    ErrorKind::WouldBlock => {
                        self.filled.wait_for(&mut self.state.lock(), GATHERED);
                    }
                    _ => {
                        self.lose(name, lines, &error);
                        // At the end what is told of it would be lost as well, again and again.
                        return !is_last;
                    }
                },
            }
        }
        true
    }

    fn lose(&self, name: &str, lines: &[u8], error: &io::Error) {
        let count = lines.iter().filter(|byte| **byte == b'\n').count() as u64;
        // Into the other log, or into this one for the time after.
        warn!(%error, "the {name} cannot be written");
        let mut state = self.state.lock();
        state.lose(count, &error.to_string());
        if !state.finishing {
            self.filled.wait_for(&mut state, PAUSE);
        }
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
        let lost = std::mem::take(&mut state.lost);
        if lost > 0 {
            let note = format!("{lost} lines of the {name} were lost: {}\n", state.why_lost);
            lines.extend_from_slice(note.as_bytes());
        }
        true
    }
}

impl State {
    fn lose(&mut self, count: u64, why: &str) {
        self.lost += count;
        if self.why_lost != why {
            self.why_lost = why.to_owned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{OnceLock, mpsc};

    /// Hands each write to the test, and waits until the test lets it go on.
    struct Held(mpsc::SyncSender<Vec<u8>>);

    impl Write for Held {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let gone = |_| io::Error::from(ErrorKind::BrokenPipe);
            self.0.send(bytes.to_vec()).map_err(gone)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
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
        // From here on the thread is held by its reader, and takes none of what follows.
        line(&writer, "second\n");
        while !writer.0.state.lock().lines.is_empty() {
            thread::yield_now();
        }
        let long = "x".repeat(1 << 20);
        (0..10).for_each(|_| line(&writer, &long));
        let reader = thread::spawn(move || out.iter().flatten().collect::<Vec<u8>>());
        writer.finish(Duration::from_secs(20));
        let rest = String::from_utf8(reader.join().unwrap()).unwrap();
        assert!(rest.ends_with("5 lines of the test were lost: its reader is too slow\n"));
    }

    /// Answers each write as the test says, and then takes all.
    struct Failing(mpsc::Receiver<ErrorKind>, mpsc::Sender<Vec<u8>>);

    impl Write for Failing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if let Ok(error) = self.0.try_recv() {
                let _ = self.1.send(Vec::new());
                return Err(error.into());
            }
            let first = bytes.len().min(3);
            let _ = self.1.send(bytes[..first].to_vec());
            Ok(first)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn failing(error: ErrorKind) -> (Writer, mpsc::Receiver<Vec<u8>>) {
        let ((errors, error_of), (written, out)) = (mpsc::channel(), mpsc::channel());
        errors.send(error).unwrap();
        (Writer::new("test", Failing(error_of, written)), out)
    }

    #[test]
    fn a_full_disk_costs_the_lines_of_its_time_and_not_the_log() {
        let (writer, out) = failing(ErrorKind::StorageFull);
        line(&writer, "one\ntwo\n");
        assert_eq!(out.recv().unwrap(), b"", "it was tried");
        line(&writer, "three\n");
        writer.finish(Duration::from_secs(20));
        drop(writer);
        let rest = String::from_utf8(out.iter().flatten().collect()).unwrap();
        assert!(rest.starts_with("three\n2 lines of the test were lost: "), "{rest}");
    }

    /// Takes nothing, and complains of that into its own log, as a log of ourselves does.
    #[derive(Clone, Default)]
    struct FullDisk {
        own: Arc<OnceLock<Writer>>,
        asked: Arc<AtomicUsize>,
    }

    impl Write for FullDisk {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            line(self.own.get().unwrap(), "it cannot be written\n");
            Err(ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_disk_that_stays_full_does_not_keep_the_end_busy_with_its_own_complaint() {
        let disk = FullDisk::default();
        let writer = Writer::new("test", disk.clone());
        disk.own.set(writer.clone()).unwrap();
        {
            let mut state = writer.0.state.lock();
            state.finishing = true;
            state.lines.extend_from_slice(b"one\n");
        }
        writer.finish(Duration::from_secs(20));
        assert!(writer.0.state.lock().ended);
        assert_eq!(disk.asked.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_stream_that_takes_nothing_just_now_is_asked_again() {
        let (writer, out) = failing(ErrorKind::WouldBlock);
        line(&writer, "one\ntwo\n");
        writer.finish(Duration::from_secs(20));
        drop(writer);
        assert_eq!(out.iter().flatten().collect::<Vec<u8>>(), b"one\ntwo\n");
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
