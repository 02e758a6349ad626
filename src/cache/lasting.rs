//! What outlives a configuration: all that the cache has learned, and all that is under way.

use std::sync::Arc;

use super::budget::Budget;
use super::bytes;
use super::coded::Coder;
use super::collapse::Flights;
use super::epochs::Epochs;
use super::room::Room;
use super::search::Searches;
use super::unstorable::Unstorable;
use crate::config::CacheConfig;
use crate::log::Seldom;
use crate::metrics::Metrics;
use crate::store::MemoryStore;

/// See the module. Clones are the same.
#[derive(Clone, Debug)]
pub struct Lasting {
    pub(super) store: MemoryStore,
    pub(super) coder: Arc<Coder>,
    pub(super) flights: Arc<Flights>,
    pub(super) epochs: Arc<Epochs>,
    pub(super) searches: Arc<Searches>,
    pub(super) room: Arc<Room>,
    pub(super) unstorable: Unstorable,
    pub(super) renewals: Arc<Budget>,
    pub(super) failing: Arc<Seldom>,
}

impl Lasting {
    /// For a cache that keeps what it may in `store`. Of `config` it takes what cannot change while
    /// it runs; how much of that is in use stands in `metrics`.
    pub fn new(store: MemoryStore, config: &CacheConfig, metrics: &Metrics) -> Self {
        let room = bytes(config.max_filling.unwrap_or(store.capacity() / 2));
        Self {
            store,
            coder: Arc::default(),
            flights: Flights::new(),
            epochs: Arc::new(Epochs::new()),
            searches: Arc::new(Searches::new()),
            room: Room::new(room),
            unstorable: Unstorable::new(config.uncacheable_memory),
            renewals: Budget::new(config.max_revalidations, metrics.clone()),
            failing: Arc::default(),
        }
    }
}
