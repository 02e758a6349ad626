//! A page's document, its payloads and its data are rendered together, and are renewed together.
//!
//! Next.js renders them in one go, but each is stored by itself, at a time of its own: once one is of
//! a newer rendering, the others are of an older one until their own time is over, and a visitor who
//! navigates gets another page than one who loads. So when one turns out to be newer, the others are
//! stale: each is served once more and renewed behind.
//!
//! Whatever is renewed because another was makes none stale in its turn. So a rendering costs each of
//! them one question, and two that never agree (a page that differs with each answer) do not chase
//! each other for ever.

use std::sync::Arc;

use super::{Inner, Shared};
use crate::next::verdict;
use crate::store::{StoredResponse, Validity};

impl<S: Inner> Shared<S> {
    /// Makes the siblings of `new` stale, if it is another rendering than the `old` one in its place.
    pub(super) fn outdate_siblings(
        &self,
        old: Option<&Arc<StoredResponse>>,
        new: &Arc<StoredResponse>,
    ) {
        let now = self.clock.now();
        let Some(old) = old.filter(|old| old.mark.validity(now) == Validity::Valid) else { return };
        let is_rendered_ahead =
            self.settings.next.enabled && verdict::is_prerendered(&new.head.headers.to_headers());
        let is_whole = old.head.rare.part().is_none() && new.head.rare.part().is_none();
        if is_rendered_ahead && is_whole && old.body != new.body {
            let page = new.head.tags.first().map_or("", AsRef::as_ref);
            self.store.outdate_others(page, new);
        }
    }
}
