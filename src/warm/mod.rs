//! Pages that are asked for before a visitor asks: which, how gently, and what became of them.
//!
//! ```text
//! selvedge warm ─▶ jobs ─┐                  ┌─▶ an edge, as a visitor
//!                        ├─▶ crew (pace) ───┤
//! a deploy ─▶ plan ──────┘                  └─▶ this edge's own cache (`way`)
//! ```
//!
//! - [`crew`]: asks for many things, a few at a time and no faster than is allowed.
//! - [`outcome`] and [`summary`]: what became of each, and of all.
//! - [`pages`]: what a build has rendered ahead.
//! - [`plan`]: what was stored before a deploy, the most visited first.
//! - [`after_deploy`]: at the start, and each time that another build answers.
//!
//! Not here: what may be kept. The cache treats these requests as any other.

pub mod after_deploy;
pub mod crew;
pub mod outcome;
pub mod pages;
pub mod plan;
pub mod summary;
pub mod way;

use std::time::Duration;

pub use after_deploy::Warming;
pub use outcome::Outcome;
pub use summary::{Group, Summary};
pub use way::Way;

/// For one page, rendered for the first time perhaps.
pub const PATIENCE: Duration = Duration::from_secs(90);
