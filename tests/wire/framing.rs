//! Messages that could be framed in two ways, from either side.
//!
//! Where two parsers on the way disagree about the end of a message, what one takes for a body is a
//! request, or an answer, to the other. So each row says which one reading there is, or that there
//! is none.

mod recorder;
mod requests;
mod responses;
