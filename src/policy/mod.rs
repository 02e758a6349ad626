//! The rules of HTTP caching, pure: no clock, no I/O, no async; `now` is an argument.

pub mod date;
