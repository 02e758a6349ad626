//! Dialogues between a client, the cache and a scripted origin.
//!
//! Nothing here sleeps or opens a socket: the test answers for the origin and moves the clock.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod builds;
mod coding;
mod collapse;
mod deception;
mod hit;
mod invalidate;
mod letter;
mod manifest;
mod next;
mod parts;
mod ranges;
mod revalidate;
mod review;
mod search;
mod siblings;
mod stale;
mod support;
mod tags;
mod warm;
