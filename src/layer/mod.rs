//! What is done to each request, hit or miss; `stack` has the order and the reasons for it.
//!
//! Most layers are plain functions that alter a request. Those that wait or may refuse are
//! services of their own.
//!
//! Not here: caching (`cache`), and connections (`server`, `origin`).

mod access_log;
pub mod admit;
pub mod deadline;
pub mod error_page;
pub mod forwarded;
pub mod guard;
pub mod hop_by_hop;
pub mod introduce;
pub mod observe;
mod refusable;
pub mod respond;
mod server_timing;
pub mod shed;
pub mod upload;

use http::{HeaderMap, HeaderName};
pub use refusable::Refusable;
use smallvec::SmallVec;

/// Removes every field whose name satisfies `unwanted`. Most requests have none, and pay for one
/// look at each name.
fn remove_fields(headers: &mut HeaderMap, unwanted: impl Fn(&HeaderName) -> bool) {
    let found: SmallVec<[HeaderName; 4]> =
        headers.keys().filter(|name| unwanted(name)).cloned().collect();
    for name in found {
        headers.remove(name);
    }
}
