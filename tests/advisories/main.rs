//! Each advisory of Next.js that a shared cache has to do with: what it gives to an attacker without
//! the edge's rule, and that it gives nothing with it.
//!
//! `table.rs` is the table. Its first part is shown on real versions of Next.js that are vulnerable,
//! built from `app/` by npm (one test for each version); without Node.js these report themselves as
//! skipped, and with `CI=true` that is a failure. Its second part is what no published version shows in a
//! few files: there an origin that is scripted behaves as the advisory says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(missing_docs, unreachable_pub)]
// Parts of what is shared with other tests are not needed here.
#![allow(dead_code)]

#[path = "../next/client.rs"]
mod client;
mod dialogue;
#[path = "../next/fixture.rs"]
mod fixture;
#[path = "../support/next.rs"]
mod next;
#[path = "../support/npm.rs"]
mod npm;
mod real;
mod smuggling;
mod spellings;
#[path = "../support/process.rs"]
mod support;
mod table;
#[path = "../support/tree.rs"]
mod tree;
mod walk;
#[path = "../wire/support.rs"]
mod wire;
