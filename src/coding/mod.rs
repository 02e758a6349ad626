//! Makes content codings: of a whole body, or of one on its way.
//!
//! - `encoder`: the one door to the libraries.
//! - `stream`: a body that is coded while it is sent.
//! - `pool`: threads for what nobody waits for.
//!
//! Not here: what may be coded, and who takes what (`policy::coding`); what is kept of it
//! (`store::codings`).

pub(crate) mod encoder;
pub(crate) mod pool;
pub(crate) mod stream;
