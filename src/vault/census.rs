//! Asks the origin each day which of the files it still has: those count as used.
//!
//! Whoever wants a file that is current gets it from memory, and nothing of that is seen here. So an
//! edge that runs for longer than `vault.max_age` would let go of the very files that the next deploy
//! takes away. What only pages of older builds want is no longer the origin's, and grows old.

use std::time::Duration;

use http::header::USER_AGENT;
use http::{HeaderName, HeaderValue, Method, Request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::time::sleep;
use tower::ServiceExt;
use tracing::debug;

use super::Vault;
use crate::body::Body;
use crate::cache::Inner;
use crate::error::ProxyError;
use crate::next::assets;
use crate::policy::cache_control::ResponseDirectives;

/// After the start there is more to do.
const FIRST: Duration = Duration::from_secs(3600);

const EVERY: Duration = Duration::from_secs(24 * 3600);

/// Files that were used since then need not be asked for: less than a day, so that those of the last
/// census are.
const LATELY: Duration = Duration::from_secs(12 * 3600);

/// Between two questions: some hundreds of files are nothing to be noticed by.
const PAUSE: Duration = Duration::from_millis(50);

/// Takes a census each day, for as long as the edge runs.
pub async fn take<S: Inner>(vault: Vault, origin: S, targets: Vec<HeaderName>) {
    sleep(FIRST).await;
    loop {
        once(&vault, &origin, &targets).await;
        sleep(EVERY).await;
    }
}

pub(super) async fn once<S: Inner>(vault: &Vault, origin: &S, targets: &[HeaderName]) {
    let paths = vault.unused(LATELY).await;
    debug!(files = paths.len(), "the origin is asked which files it still has");
    for path in paths {
        match has(origin, &path, targets).await {
            Ok(true) => vault.use_now(path).await,
            Ok(false) => {}
            // Tomorrow then.
            Err(error) => return debug!(%error, "the origin does not say which files it has"),
        }
        sleep(PAUSE).await;
    }
}

async fn has<S: Inner>(origin: &S, path: &str, targets: &[HeaderName]) -> Result<bool, ProxyError> {
    let target = utf8_percent_encode(path, ENCODED).to_string();
    let Ok(target) = target.parse() else { return Ok(false) };
    let mut request = Request::new(Body::Empty);
    *request.method_mut() = Method::HEAD;
    *request.uri_mut() = target;
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static("selvedge"));
    let response = origin.clone().oneshot(request).await?;
    let headers = response.headers();
    let directives = ResponseDirectives::parse(headers, targets);
    Ok(assets::is_immutable(assets::Kind::of(path), response.status(), headers, &directives))
}

/// As JavaScript's `encodeURIComponent` has it, between slashes.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');
