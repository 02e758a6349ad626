//! The way by which the edge asks for pages itself: into its own cache, below what is counted and told
//! of visitors, and so by the same rules as for them.

use std::sync::Arc;

use http::{Request, Response};
use parking_lot::Mutex;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

use crate::body::Body;
use crate::cache::{Cache, Inner};
use crate::error::ProxyError;
use crate::metrics::Storied;

type Inside = BoxCloneSyncService<Request<Body>, Response<Storied>, ProxyError>;

/// Leads into the cache that was made last, as a new configuration makes another. Clones are the same.
#[derive(Clone, Default)]
pub struct Way(Arc<Mutex<Option<Inside>>>);

impl std::fmt::Debug for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Way")
    }
}

impl Way {
    /// From now on it leads into this cache.
    pub fn open<S: Inner>(&self, cache: Cache<S>) {
        *self.0.lock() = Some(BoxCloneSyncService::new(cache));
    }

    /// Asks; `Err` says why there is no answer.
    pub async fn ask(&self, request: Request<Body>) -> Result<Response<Storied>, String> {
        let inside = self.0.lock().clone().ok_or("the edge has no cache yet")?;
        inside.oneshot(request).await.map_err(|error| error.to_string())
    }
}
