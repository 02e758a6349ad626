//! Notices that another build of the application answers.
//!
//! A payload of an older build makes each browser load the page anew, and a page of it asks for files
//! that are gone: so nothing of it is served any more once the new one has been seen.

use std::collections::VecDeque;

use http::HeaderValue;
use parking_lot::Mutex;

/// The deployments that have answered, the latest last.
#[derive(Debug, Default)]
pub(super) struct Deployments(Mutex<VecDeque<HeaderValue>>);

/// While one replaces another both answer; more than a few are never about.
const MOST: usize = 32;

impl Deployments {
    /// Whether this deployment has never answered before, and another has. Each is new but once, so
    /// that two that answer in turn do not empty the store in turn.
    pub(super) fn is_new(&self, id: &HeaderValue) -> bool {
        let mut seen = self.0.lock();
        if seen.contains(id) {
            return false;
        }
        let is_first = seen.is_empty();
        if seen.len() == MOST {
            seen.pop_front();
        }
        seen.push_back(id.clone());
        !is_first
    }
}
