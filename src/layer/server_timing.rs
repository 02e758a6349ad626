//! `Server-Timing`: where the time to an answer's head went, for the developer tools of a browser.

use std::fmt::Write;
use std::time::Duration;

use http::response::Parts;
use http::{HeaderName, HeaderValue};

use crate::cache::OriginTime;
use crate::metrics::Outcome;

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Adds a line of ours: what `elapsed` was spent with, here and at the origin. Lines of the origin's
/// own stay.
pub(super) fn add(head: &mut Parts, elapsed: Duration, outcome: Outcome) {
    let origin = head.extensions.get::<OriginTime>().map(|origin| origin.0);
    let here = elapsed.saturating_sub(origin.unwrap_or_default());
    let mut value = format!("edge;dur={}, cache;desc={}", millis(here), outcome.group().label());
    if let Some(origin) = origin {
        // Writing to a string does not fail.
        let _ = write!(value, ", origin;dur={}", millis(origin));
    }
    if let Ok(value) = HeaderValue::try_from(value) {
        head.headers.append(SERVER_TIMING, value);
    }
}

/// To the microsecond.
fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Response;

    #[test]
    fn the_time_here_is_what_was_not_spent_at_the_origin() {
        let ms = Duration::from_millis;
        for (origin, outcome, expected) in [
            (None, Outcome::Hit, "edge;dur=30, cache;desc=hit"),
            (Some(ms(25)), Outcome::UriMiss, "edge;dur=5, cache;desc=miss, origin;dur=25"),
            (Some(ms(31)), Outcome::Collapsed, "edge;dur=0, cache;desc=collapsed, origin;dur=31"),
        ] {
            let app = ("server-timing", "app;dur=1");
            let (mut head, ()) =
                Response::builder().header(app.0, app.1).body(()).unwrap().into_parts();
            head.extensions.extend(
                origin
                    .map(|origin| {
                        let mut extensions = http::Extensions::new();
                        extensions.insert(OriginTime(origin));
                        extensions
                    })
                    .unwrap_or_default(),
            );
            add(&mut head, ms(30), outcome);
            let lines: Vec<_> = head.headers.get_all(SERVER_TIMING).iter().collect();
            assert_eq!(lines, ["app;dur=1", expected]);
        }
    }
}
