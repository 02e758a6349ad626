//! What is asked of a running edge from a terminal: is it well, what is to be forgotten?
//!
//! Each verb is a client of its own, over plain HTTP; what is printed is made here, `main` prints it.

pub mod ask;
pub mod health;
pub mod purge;
