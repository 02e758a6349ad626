//! What the application invalidates is gone from the edge when its answer comes.

use std::path::Path;

use super::client::get;
use super::process::bridged;

/// `selvedge -- node … next start`, with the bridge that comes along by itself.
pub async fn what_the_application_invalidates_is_new_at_once(dir: &Path) {
    let edge = bridged(dir).await;
    for (page, change) in [
        ("/isr-fetch", "/api/retag?tag=t1"),
        ("/isr-fetch", "/api/repath?path=/isr-fetch"),
        ("/pp/gsp-norev", "/api/revalidate?path=/pp/gsp-norev"),
    ] {
        let old = get(edge.address, page).await;
        assert_eq!(old.header("x-selvedge-tags"), "", "{page}: for us alone");
        let kept = get(edge.address, page).await;
        assert!(kept.is_hit(), "{page}: {}", kept.header("cache-status"));
        let said = get(edge.address, change).await;
        assert_eq!(said.status, 200, "{change}: {}", said.text());
        let new = get(edge.address, page).await;
        assert_ne!(new.body, kept.body, "{change}: {}", new.header("cache-status"));
        let kept = get(edge.address, page).await;
        assert!(kept.is_hit(), "{page}: {}", kept.header("cache-status"));
    }
}
