//! What the pages are and say: the application's own `lib/stops.json`.

use std::sync::LazyLock;

use serde::Deserialize;

/// One page of the demo.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stop {
    pub(super) path: String,
    /// For the navigation.
    pub(super) name: String,
    /// For how long the edge keeps it.
    pub(super) kept: String,
    pub(super) title: String,
    pub(super) lead: String,
    /// Its `Cache-Control`.
    pub(super) says: String,
    /// Whether the panel offers to send a crowd.
    #[serde(default)]
    pub(super) crowd: bool,
    /// What to look for.
    pub(super) look: Vec<String>,
}

pub(super) fn stops() -> &'static [Stop] {
    static STOPS: LazyLock<Vec<Stop>> = LazyLock::new(|| {
        // A test reads it too; without pages the demo would answer 404, and nothing worse.
        serde_json::from_str(include_str!("../app/lib/stops.json")).unwrap_or_default()
    });
    &STOPS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_applications_pages_are_read() {
        let paths: Vec<_> = stops().iter().map(|stop| &*stop.path).collect();
        assert_eq!(paths, ["/", "/isr", "/ssr", "/dynamic", "/stream", "/image", "/handlers"]);
    }
}
