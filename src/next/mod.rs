//! Pure facts about Next.js, measured on 14, 15 and 16: no async, no clock, no I/O.

pub mod assets;
pub mod bridge;
pub mod class;
pub mod draft;
pub mod image;
pub mod tracking;
pub mod verdict;
