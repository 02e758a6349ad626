//! The binary on the wire: exact bytes from a client, exact bytes from an origin.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![allow(unreachable_pub)]

mod actions;
mod admin;
mod client_side;
mod command_line;
mod dashboard;
mod error_page;
mod explain;
mod framing;
mod health;
mod interim;
mod logs;
mod manifests;
mod metrics;
mod origin_side;
mod reload;
mod review;
mod stop;
mod support;
mod systemd;
#[cfg(feature = "otlp")]
mod traces;
mod vault;
mod verbs;
mod warm;
mod wrapped;
