//! Threads for what nobody waits for: few, behind everything else, and with a bounded queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::mpsc::{SyncSender, sync_channel};

use tracing::{debug, error};

type Work = Box<dyn FnOnce() + Send>;

/// One thread and its queue. It starts with the first work, and ends when the pool is gone.
#[derive(Debug)]
pub(crate) struct Pool {
    name: &'static str,
    length: usize,
    niceness: i32,
    /// `None` when no thread could be had.
    queue: OnceLock<Option<SyncSender<Work>>>,
}

impl Pool {
    /// A pool whose queue holds `length` pieces of work, and whose thread is so much behind all others
    /// (`nice`, up to 19).
    pub(crate) fn new(name: &'static str, length: usize, niceness: i32) -> Self {
        Self { name, length, niceness, queue: OnceLock::new() }
    }

    /// Does this when its turn comes; `false` when the queue is full.
    pub(crate) fn try_do(&self, work: impl FnOnce() + Send + 'static) -> bool {
        let queue = self.queue.get_or_init(|| self.start());
        queue.as_ref().is_some_and(|queue| queue.try_send(Box::new(work)).is_ok())
    }

    fn start(&self) -> Option<SyncSender<Work>> {
        let (queue, works) = sync_channel::<Work>(self.length);
        let niceness = self.niceness;
        let run = move || {
            // On Linux this is the thread's own.
            if let Err(error) = rustix::process::nice(niceness) {
                debug!(%error, "responses are compressed at the usual priority");
            }
            for work in works {
                // What it was to make is not made; the next is.
                if catch_unwind(AssertUnwindSafe(work)).is_err() {
                    error!("the coding of a response panicked: this is a defect of Selvedge");
                }
            }
        };
        let started = std::thread::Builder::new().name(self.name.into()).spawn(run);
        started.inspect_err(|error| debug!(%error, "no thread to compress responses")).ok()?;
        Some(queue)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn more_than_the_queue_holds_is_refused_and_the_rest_is_done_in_turn() {
        let pool = Pool::new("test", 1, 0);
        let (go_on, wait) = channel::<()>();
        let (tell, told) = channel();
        let first = tell.clone();
        assert!(pool.try_do(move || {
            first.send(1).unwrap();
            wait.recv().unwrap();
        }));
        assert_eq!(told.recv(), Ok(1));
        assert!(pool.try_do(move || tell.send(2).unwrap()));
        assert!(!pool.try_do(|| unreachable!("there was no room for it")));
        go_on.send(()).unwrap();
        assert_eq!(told.recv(), Ok(2));
        assert!(pool.try_do(|| panic!("a defect")));
        let (tell, told) = channel();
        while !pool.try_do({
            let tell = tell.clone();
            move || tell.send(3).unwrap()
        }) {
            std::thread::yield_now();
        }
        assert_eq!(told.recv(), Ok(3), "a panic does not end the thread");
        drop((pool, tell));
        assert!(told.recv().is_err(), "the thread has ended");
    }
}
