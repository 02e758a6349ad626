//! What the process exits with, where a wrapped server has not its own say.

/// It was asked to stop, or did what it was asked.
pub const OK: u8 = 0;
/// A verb was understood, and did not succeed: the edge is not well (what Docker takes for unhealthy),
/// or refuses.
pub const FAILED: u8 = 1;
/// The command line or the configuration is wrong (`EX_USAGE` of sysexits.h).
pub const USAGE: u8 = 64;
/// An address is taken, the wrapped server cannot be started, or nobody answers there
/// (`EX_UNAVAILABLE`).
pub const UNAVAILABLE: u8 = 69;
/// A defect of ours (`EX_SOFTWARE`).
pub const INTERNAL: u8 = 70;
