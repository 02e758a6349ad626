//! Names of fields that answers of Next.js have again and again, and the `http` crate does not know.

use http::HeaderName;

static USUAL: [HeaderName; 12] = [
    HeaderName::from_static("x-nextjs-cache"),
    HeaderName::from_static("x-nextjs-prerender"),
    HeaderName::from_static("x-nextjs-stale-time"),
    HeaderName::from_static("x-nextjs-postponed"),
    HeaderName::from_static("x-nextjs-matched-path"),
    HeaderName::from_static("x-nextjs-rewritten-path"),
    HeaderName::from_static("x-nextjs-rewritten-query"),
    HeaderName::from_static("x-nextjs-deployment-id"),
    HeaderName::from_static("x-powered-by"),
    HeaderName::from_static("permissions-policy"),
    HeaderName::from_static("cross-origin-opener-policy"),
    HeaderName::from_static("cross-origin-resource-policy"),
];

/// The same name. A usual one takes no memory of its own, neither here nor in each copy of it that
/// goes to a client.
pub(super) fn shared(name: &HeaderName) -> HeaderName {
    let usual = USUAL.iter().find(|usual| *usual == name);
    usual.unwrap_or(name).clone()
}
