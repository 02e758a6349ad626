//! Pages that are asked for before a visitor asks: which, how gently, and what became of them.
//!
//! - [`crew`]: asks for many things, a few at a time and no faster than is allowed.
//! - [`outcome`] and [`summary`]: what became of each, and of all.
//! - [`pages`]: what a build has rendered ahead.
//!
//! Not here: what may be kept. The cache treats these requests as any other.

pub mod crew;
pub mod outcome;
pub mod pages;
pub mod summary;

use std::time::Duration;

pub use outcome::Outcome;
pub use summary::{Group, Summary};

/// For one page, rendered for the first time perhaps.
pub const PATIENCE: Duration = Duration::from_secs(90);
