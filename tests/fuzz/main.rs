//! Random messages against every parser that a client or the origin can reach.
//!
//! A value is put together from what a grammar knows, bent here and there, and from raw bytes: noise
//! alone is turned away at the first byte. Next to "it never panics" each test states the strongest
//! thing that is true of its parser. What the modules' own tests state already is not repeated here.
//!
//! `cargo test` runs a few hundred cases of each. For longer:
//!
//! ```text
//! PROPTEST_CASES=200000 cargo test --release --test fuzz
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod cache_control;
mod config;
mod differential;
mod grammar;
mod selecting;
mod storing;
mod text;
