//! What the process exits with, where a wrapped server has not its own say.

/// It was asked to stop, or did what it was asked.
pub const OK: u8 = 0;
/// `selvedge health`: the edge is not well. What Docker takes for unhealthy.
pub const UNHEALTHY: u8 = 1;
/// The command line or the configuration is wrong (`EX_USAGE` of sysexits.h).
pub const USAGE: u8 = 64;
/// An address is taken, or the wrapped server cannot be started (`EX_UNAVAILABLE`).
pub const UNAVAILABLE: u8 = 69;
/// A defect of ours (`EX_SOFTWARE`).
pub const INTERNAL: u8 = 70;
