//! What is told of a request to a collector of OpenTelemetry: who waited for what, and for how long.
//!
//! ```text
//! layer::observe ─▶ Serving: the whole request
//! cache          ─▶ Doing: look-up, fetch, renewal ─▶ Asking: the origin   ─▶ queue ─▶ export ─▶ collector
//! ```
//!
//! The context of a request (`Current`) stands in its extensions, and only where it is told: so a
//! request that is not told costs a comparison here, and one look into its extensions in the cache.
//!
//! All this is in a binary that was built with the feature `otlp`. In another the same names stand for
//! nothing (`off`), and no request carries a byte of it.
//!
//! # Invariants
//! - No request waits for a collector: what finds no place in the queue is lost, and counted.
//! - A span ends when it is dropped, so whoever leaves early has one too.

pub mod parent;

#[cfg(feature = "otlp")]
mod export;
#[cfg(feature = "otlp")]
mod json;
#[cfg(not(feature = "otlp"))]
mod off;
#[cfg(feature = "otlp")]
mod place;
#[cfg(feature = "otlp")]
mod serving;
#[cfg(feature = "otlp")]
mod span;
#[cfg(feature = "otlp")]
mod tracer;

#[cfg(not(feature = "otlp"))]
pub use off::{Asking, Doing, Exporting, Serving, Traces};
#[cfg(feature = "otlp")]
pub use {
    export::Exporting,
    serving::Serving,
    span::{Asking, Doing},
    tracer::Traces,
};
