//! What is asked of a running edge from a terminal: is it well, what is to be forgotten, what has
//! become of a request and why, what is to be stored before visitors come?
//!
//! Each verb is a client of its own, over plain HTTP; what is printed is made here, `main` prints it.

pub mod explain;
pub mod health;
pub mod paper;
pub mod purge;
pub mod target;
pub mod warm;
