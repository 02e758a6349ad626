//! Selvedge: the self-hosted edge for Next.js.
//!
//! The path of a request, and the modules on it and beside it (`ARCHITECTURE.md` has all of them):
//!
//! ```text
//! client ─▶ server ─▶ stack [ layer, layer, … ] ─▶ cache ─▶ origin
//!                                                  │  ▲
//!                                 policy, next ◀───┘  └── store
//! ```
//!
//! - [`cli`], [`config`]: what the operator said, checked.
//! - [`server`]: accepts connections, watches their limits, drains them.
//! - [`stack`]: every layer in one list, with the reason for its place.
//! - [`layer`]: what happens to each request, hit or miss.
//! - [`coding`]: makes compressed bodies.
//! - [`cache`]: looks up, decides by asking [`policy`] and [`next`], acts.
//! - [`store`] remembers.
//! - [`vault`]: files of older builds, on disk.
//! - [`origin`]: the connection pool to Next.js, and the wrapped server.
//! - [`interim`]: 1xx, on their way back around the HTTP library.
//! - [`metrics`]: what is counted, and how it is told.
//! - [`traces`]: who waited for what, for a collector of OpenTelemetry.
//! - [`admin`]: health, metrics and invalidation, on an address of its own.
//! - [`build`]: which build answers, and what it says of itself.
//! - [`demo`]: the application of `selvedge demo`.
//! - [`warm`]: pages that are asked for before a visitor asks.
//! - [`verbs`]: what is asked of a running edge from a terminal; [`ask`]: by what client.

pub mod admin;
pub mod alarm;
pub mod ask;
pub mod body;
pub mod build;
pub mod cache;
pub mod cli;
pub mod client;
pub mod clock;
pub mod coding;
pub mod config;
pub mod demo;
pub mod error;
pub mod exit;
pub mod fields;
pub mod interim;
pub mod layer;
pub mod log;
pub mod metrics;
pub mod next;
pub mod origin;
pub mod policy;
pub mod run;
pub mod server;
pub mod stack;
pub mod store;
pub mod traces;
pub mod vault;
pub mod verbs;
pub mod warm;
