//! `selvedge demo`: the edge at work with nothing prepared.
//!
//! With Node.js 20.9 or newer and npm, a small Next.js application that the binary carries (`app/`)
//! is unpacked into a cache folder, installed, built, and started wrapped ([`prepare()`]). Without, a
//! small origin in the binary answers with Next's real headers instead ([`BuiltinOrigin`]).

mod builtin;
mod files;
mod prepare;
mod progress;
mod tour;

pub use builtin::BuiltinOrigin;
pub use prepare::{PrepareError, Prepared, default_dir, prepare};
pub use tour::tour;
