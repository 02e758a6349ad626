//! What is remembered: stored responses by key, several variants to a key.
//!
//! A store knows bytes, not time: whether a stored response may be used is the policy's business,
//! and nothing leaves the store because it grew old. It leaves when memory is short.

mod codings;
mod constants;
mod limit;
mod memory;
mod pool;
mod rare;
mod renewal;
mod section;
mod stored;
mod tags;
mod weight;

pub use codings::{Codable, Coded, Codings, Making};
pub use limit::default_capacity;
pub use memory::MemoryStore;
pub use rare::Rare;
pub use renewal::{Renewal, RenewalGuard};
pub use section::Section;
pub use stored::{Entry, Head, StoredHead, StoredResponse, UntilStored};
pub use tags::{Mark, Tags, Validity};
