//! Why a stored response was used, or was not: all that the decision went by, for whoever asks by
//! `log.level = "selvedge::cache=debug"`. Costs a look at a number where nobody does.

use tracing::debug;

use crate::policy::date::Timestamp;
use crate::policy::reuse::Decision;
use crate::store::{StoredResponse, Validity};

/// Tells what was decided about the stored response for `path`.
pub(super) fn decided(
    path: &str,
    stored: &StoredResponse,
    validity: Validity,
    decision: Decision,
    now: Timestamp,
) {
    let freshness = &stored.head.freshness;
    debug!(
        path,
        decision = name(decision),
        reason = reason(decision),
        age = ?freshness.age(now),
        lifetime = ?freshness.lifetime.duration(),
        lifetime_by = freshness.lifetime_by.as_str(),
        stale_while_revalidate = ?freshness.stale_while_revalidate.duration(),
        stale_if_error = ?freshness.stale_if_error.duration(),
        forbids_stale = freshness.forbids_stale,
        validates_always = freshness.validates_always,
        invalidated = ?validity,
        "a stored response"
    );
}

fn name(decision: Decision) -> &'static str {
    match decision {
        Decision::Serve => "serve",
        Decision::ServeStale => "serve and renew",
        Decision::Validate(_) => "validate",
        Decision::Forward(_) => "forward",
    }
}

fn reason(decision: Decision) -> Option<&'static str> {
    match decision {
        Decision::Serve | Decision::ServeStale => None,
        Decision::Validate(reason) | Decision::Forward(reason) => Some(reason.as_str()),
    }
}
