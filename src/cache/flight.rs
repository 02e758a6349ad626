//! Which requests may share a fetch.

use http::header::{ACCEPT_ENCODING, AUTHORIZATION};
use http::{HeaderName, Request};

use super::lookup::Target;
use super::settings::Settings;
use crate::body::Body;
use crate::policy::cache_control::RequestDirectives;
use crate::policy::key::{KeyBuf, rsc_parameter};

/// Whether a request may lead others or follow them. Credentials get answers of their own, and
/// whoever has them should not wait for anybody's; nor should whoever has wishes of his own that
/// count.
pub(super) fn may_share(request: &Request<Body>, settings: &Settings) -> bool {
    let headers = request.headers();
    let is_ordinary = || RequestDirectives::parse(headers).is_empty();
    !headers.contains_key(AUTHORIZATION)
        && (!settings.rules.switches.request_directives || is_ordinary())
}

/// The name of a fetch. Those share one that ask for the same key since its last invalidation, want
/// the same codings if the origin makes them, and have an `_rsc` that Next.js would judge alike.
pub(super) fn key(request: &Request<Body>, target: &Target, settings: &Settings) -> KeyBuf {
    let mut flight = target.key.clone();
    flight.extend_from_slice(&target.epoch.to_bytes());
    // Which tags the answer has, nobody knows yet.
    flight.extend_from_slice(&target.since.to_be_bytes());
    if !settings.compression.enabled {
        add(&mut flight, request, &ACCEPT_ENCODING);
    }
    flight.push(b'\n');
    flight.extend_from_slice(rsc_parameter(request.uri().query()).unwrap_or_default().as_bytes());
    flight
}

/// Narrows the name of a fetch by what its answer turned out to be selected by.
pub(super) fn narrow<'a>(
    flight: &mut KeyBuf,
    request: &Request<Body>,
    names: impl Iterator<Item = &'a HeaderName>,
) {
    names.for_each(|name| add(flight, request, name));
}

fn add(flight: &mut KeyBuf, request: &Request<Body>, name: &HeaderName) {
    for line in request.headers().get_all(name) {
        flight.push(b'\n');
        flight.extend_from_slice(line.as_bytes());
    }
    flight.push(b'\n');
}
