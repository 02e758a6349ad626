//! One fetch at a time for each key: the first request leads, the others follow.
//!
//! ```text
//! nobody ── first request ──▶ waiting ──▶ settled: shared | stored | alone | refused | failed
//!    ▲                                                        │
//!    └────────────── the lease is dropped ────────────────────┘
//! ```
//!
//! The lease is held by the fetch's task, not by the leader's request: a leader whose client leaves
//! does not harm its followers. A lease that is dropped unsettled (the task panicked, the runtime
//! ends) sends its followers on their own way.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use http::StatusCode;
use parking_lot::Mutex;
use tokio::sync::watch;

use super::fill::Fill;
use crate::error::ProxyError;
use crate::store::StoredResponse;

/// What a fetch came to, for those who follow it.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// A response that is being stored; its body may still grow.
    Shared(Arc<Fill>),
    /// The stored response was validated (304), or stands in, for this reason, for an origin that failed.
    Stored(Arc<StoredResponse>, Option<&'static str>),
    /// The answer is for the leader alone.
    Alone,
    /// The origin answered that it failed (5xx): that is the leader's answer, and the next may have
    /// more luck.
    Refused(StatusCode),
    /// The origin gave no answer.
    Failed(ProxyError),
}

/// A request's part in the fetch of its key.
pub(super) enum Role {
    /// Nobody fetches this key: fetch it.
    Leader(Lease),
    /// Somebody does: wait for him.
    Follower(Following),
}

/// The fetches that run.
#[derive(Debug)]
pub(super) struct Flights {
    shards: Box<[Mutex<Shard>]>,
    hasher: foldhash::fast::RandomState,
}

type Shard = HashMap<Box<[u8]>, watch::Receiver<Option<Outcome>>, foldhash::fast::RandomState>;

/// More than the cores of most machines.
const SHARDS: usize = 64;

impl Flights {
    pub(super) fn new() -> Arc<Self> {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Arc::new(Self { shards, hasher: foldhash::fast::RandomState::default() })
    }

    /// Joins the fetch of `key`, or begins it.
    pub(super) fn join(self: &Arc<Self>, key: &[u8]) -> Role {
        let mut shard = self.shard(key).lock();
        if let Some(receiver) = shard.get(key) {
            return Role::Follower(Following(receiver.clone()));
        }
        let (sender, receiver) = watch::channel(None);
        shard.insert(key.into(), receiver);
        Role::Leader(Lease { flights: self.clone(), key: key.into(), sender })
    }

    fn shard(&self, key: &[u8]) -> &Mutex<Shard> {
        let hash = self.hasher.hash_one(key) as usize;
        &self.shards[hash % SHARDS]
    }
}

/// The duty to fetch a key; given up when dropped.
#[derive(Debug)]
pub(super) struct Lease {
    flights: Arc<Flights>,
    key: Box<[u8]>,
    sender: watch::Sender<Option<Outcome>>,
}

impl Lease {
    /// Tells the followers of a response that is there and still grows. The fetch can be joined until
    /// the lease is dropped.
    pub(super) fn share(&self, fill: Arc<Fill>) {
        self.sender.send_replace(Some(Outcome::Shared(fill)));
    }

    /// Tells the followers how the fetch has ended. Whoever comes now begins another.
    pub(super) fn end(self, outcome: Outcome) {
        self.leave();
        self.sender.send_replace(Some(outcome));
    }

    /// Whether anybody waits for the outcome.
    pub(super) fn is_followed(&self) -> bool {
        // One receiver is that of the key, for those who come.
        self.sender.receiver_count() > 1
    }

    fn leave(&self) {
        let mut shard = self.flights.shard(&self.key).lock();
        // After its end somebody else may lead.
        if shard.get(&self.key).is_some_and(|other| other.same_channel(&self.sender.subscribe())) {
            shard.remove(&self.key);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.leave();
    }
}

/// A wait for another's fetch.
#[derive(Debug)]
pub(super) struct Following(watch::Receiver<Option<Outcome>>);

impl Following {
    /// Whether the fetch has told its outcome already.
    pub(super) fn is_settled(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// What the fetch came to.
    pub(super) async fn outcome(mut self) -> Outcome {
        match self.0.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or(Outcome::Alone),
            // The lease was dropped unsettled.
            Err(_) => Outcome::Alone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(flights: &Arc<Flights>) -> Lease {
        match flights.join(b"key") {
            Role::Leader(lease) => lease,
            Role::Follower(_) => panic!("somebody leads already"),
        }
    }

    fn follow(flights: &Arc<Flights>) -> Following {
        match flights.join(b"key") {
            Role::Leader(_) => panic!("nobody leads"),
            Role::Follower(following) => following,
        }
    }

    #[tokio::test]
    async fn followers_learn_what_the_leader_found() {
        let flights = Flights::new();
        let lease = lead(&flights);
        let early = tokio::spawn(follow(&flights).outcome());
        tokio::task::yield_now().await;
        lease.end(Outcome::Failed(ProxyError::Abandoned));
        assert!(matches!(early.await.unwrap(), Outcome::Failed(_)));
        drop(lead(&flights));
    }

    #[tokio::test]
    async fn keys_do_not_wait_for_each_other() {
        let flights = Flights::new();
        let _lease = lead(&flights);
        assert!(matches!(flights.join(b"other"), Role::Leader(_)));
    }

    #[tokio::test]
    async fn a_leader_that_panics_lets_its_followers_go_and_frees_the_key() {
        let flights = Flights::new();
        let lease = lead(&flights);
        let following = follow(&flights);
        let task = tokio::spawn(async move {
            let _held = lease;
            panic!("a defect");
        });
        assert!(task.await.is_err());
        assert!(matches!(following.outcome().await, Outcome::Alone));
        drop(lead(&flights));
    }
}
