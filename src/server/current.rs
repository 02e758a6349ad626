//! The stack and the limits that hold just now: a new configuration takes their place while
//! connections go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::config::ServerConfig;

/// What whoever accepts a connection, or takes a request, goes by.
#[derive(Debug)]
pub struct Current<S> {
    /// Of what is in `held`.
    number: AtomicU64,
    held: Mutex<(S, Arc<ServerConfig>)>,
}

/// A stack of one connection's own, and the number that it had.
#[derive(Debug)]
pub(super) struct Own<S> {
    pub(super) stack: S,
    number: u64,
}

impl<S: Clone> Current<S> {
    /// The first ones.
    pub fn new(stack: S, config: ServerConfig) -> Self {
        Self { number: AtomicU64::new(0), held: Mutex::new((stack, Arc::new(config))) }
    }

    /// Others take their place: the stack for each request from now on, the limits for each
    /// connection that is accepted from now on.
    pub fn replace(&self, stack: S, config: ServerConfig) {
        let mut held = self.held.lock();
        let _old = std::mem::replace(&mut *held, (stack, Arc::new(config)));
        self.number.fetch_add(1, Ordering::Relaxed);
        drop(held);
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        self.held.lock().1.clone()
    }

    pub(super) fn own(&self) -> Own<S> {
        let held = self.held.lock();
        Own { stack: held.0.clone(), number: self.number.load(Ordering::Relaxed) }
    }

    /// Whether another has taken its place. One load: every hit asks.
    pub(super) fn is_outdated(&self, own: &Own<S>) -> bool {
        self.number.load(Ordering::Relaxed) != own.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_a_stack_learns_that_there_is_another() {
        let current = Current::new("old", ServerConfig::default());
        let own = current.own();
        assert!(!current.is_outdated(&own));
        let config = ServerConfig { max_headers: 7, ..ServerConfig::default() };
        current.replace("new", config);
        assert!(current.is_outdated(&own));
        let own = current.own();
        assert_eq!((own.stack, current.is_outdated(&own)), ("new", false));
        assert_eq!(current.config().max_headers, 7);
    }
}
