//! What happened last that an operator would want to read, word for word: a few lines, and no more
//! for a storm of them.

use std::collections::VecDeque;

use parking_lot::Mutex;
use serde::Serialize;

use super::Metrics;

/// Lines of each kind that are kept.
const MOST: usize = 24;

/// Longer texts are cut.
const LONGEST: usize = 240;

/// The last lines of each kind, the newest last.
#[derive(Debug, Default)]
pub(super) struct Recent {
    invalidations: Mutex<VecDeque<Line>>,
    errors: Mutex<VecDeque<Line>>,
}

/// Something that happened, and how often in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Line {
    /// When it did last, in milliseconds since the epoch.
    at: u64,
    what: String,
    why: String,
    times: u64,
}

/// How many were invalidated, for [`Metrics::note_invalidation`].
pub fn responses(count: usize) -> String {
    format!("{count} {}", if count == 1 { "response" } else { "responses" })
}

/// The last invalidations and errors, the newest first.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Lines {
    invalidations: Vec<Line>,
    errors: Vec<Line>,
}

impl Metrics {
    /// Notes what was invalidated, and how many responses that were.
    pub fn note_invalidation(&self, what: &str, why: &str) {
        self.note(&self.0.recent.invalidations, what, why);
    }

    /// Notes what was asked for in vain, and why.
    pub fn note_error(&self, what: &str, why: &str) {
        self.note(&self.0.recent.errors, what, why);
    }

    fn note(&self, lines: &Mutex<VecDeque<Line>>, what: &str, why: &str) {
        let at = self.0.clock.now().as_millis();
        let mut lines = lines.lock();
        let (what, why) = (cut(what), cut(why));
        let known = lines.iter().position(|line| line.what == what && line.why == why);
        let before = known.and_then(|place| lines.remove(place)).map_or(0, |line| line.times);
        if lines.len() == MOST {
            lines.pop_front();
        }
        lines.push_back(Line { at, what: what.into(), why: why.into(), times: before + 1 });
    }
}

impl Recent {
    pub(super) fn lines(&self) -> Lines {
        let newest_first =
            |lines: &Mutex<VecDeque<Line>>| lines.lock().iter().rev().cloned().collect();
        Lines {
            invalidations: newest_first(&self.invalidations),
            errors: newest_first(&self.errors),
        }
    }
}

fn cut(text: &str) -> &str {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::policy::date::Timestamp;

    #[test]
    fn the_same_again_is_one_line_and_old_lines_go() {
        let metrics = Metrics::new(&Clock::manual(Timestamp::from_secs(1)));
        metrics.note_error("GET /a", "refused");
        metrics.note_error("GET /b", "refused");
        metrics.note_error("GET /a", "refused");
        metrics.note_invalidation("tag posts", "3 responses");
        let lines = metrics.0.recent.lines();
        assert_eq!(lines.invalidations.len(), 1);
        let told: Vec<_> = lines.errors.iter().map(|line| (&*line.what, line.times)).collect();
        assert_eq!(told, [("GET /a", 2), ("GET /b", 1)]);
        (0..100).for_each(|number| metrics.note_error(&format!("GET /{number}"), "timeout"));
        metrics.note_error(&"é".repeat(1000), "");
        let lines = metrics.0.recent.lines().errors;
        assert_eq!((lines.len(), lines[0].what.chars().count()), (MOST, LONGEST));
    }
}
