//! Pure facts about Next.js, measured on 14, 15 and 16: no async, no clock, no I/O.

pub mod assets;
pub mod bridge;
pub mod builds;
pub mod class;
mod cookies;
pub mod data;
pub mod deployment;
pub mod draft;
pub mod images;
pub mod locale;
pub mod manifest;
pub mod tracking;
pub mod verdict;
