//! What the programs of the rig share: the pages, a server, a client, figures.

pub mod application;
pub mod client;
pub mod figures;
pub mod page;
pub mod serve;
pub mod text;
pub mod timed;
