//! What came out of it: how many are kept, and why the others are not.

use std::time::Duration;

use serde::Serialize;

use super::Outcome;
use crate::verbs::paper::seconds;

/// What came out of it.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// How many were to be asked for.
    pub total: usize,
    /// How many were.
    pub asked: usize,
    /// How many are stored now and were not.
    pub stored: usize,
    /// How many were stored already.
    pub hits: usize,
    /// How many were too old, and are renewed.
    pub renewed: usize,
    /// How many have no RSC payload.
    pub without_payload: usize,
    /// Those that nobody may keep, by reason.
    pub not_stored: Vec<Group>,
    /// Those that failed, by what they failed at.
    pub failed: Vec<Group>,
    /// How many requests had no answer at all.
    pub unanswered: usize,
    /// How long it took, in seconds.
    #[serde(serialize_with = "as_seconds")]
    pub took: Duration,
}

/// Pages of which the same is to be said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Group {
    /// What: a token of `Cache-Status`, or words.
    pub why: String,
    /// How many.
    pub count: usize,
    /// The first of them.
    pub example: String,
}

fn as_seconds<S: serde::Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((took.as_secs_f64() * 1000.0).round() / 1000.0)
}

/// What servers say is not without end.
const MOST_GROUPS: usize = 50;

impl Summary {
    /// Before anything was asked for.
    pub fn new(total: usize) -> Self {
        Self {
            total,
            asked: 0,
            stored: 0,
            hits: 0,
            renewed: 0,
            without_payload: 0,
            not_stored: Vec::new(),
            failed: Vec::new(),
            unanswered: 0,
            took: Duration::ZERO,
        }
    }

    /// Notes what became of a page.
    pub fn note(&mut self, page: &str, outcome: Outcome) {
        self.asked += 1;
        match outcome {
            Outcome::Hit => self.hits += 1,
            Outcome::Renewed => self.renewed += 1,
            Outcome::Stored => self.stored += 1,
            Outcome::NoPayload => self.without_payload += 1,
            Outcome::NotStored(why) => group(&mut self.not_stored, why, page),
            Outcome::Failed(why) | Outcome::Trouble(why) => group(&mut self.failed, why, page),
            Outcome::Unanswered(why) => {
                self.unanswered += 1;
                group(&mut self.failed, format!("no answer: {why}"), page);
            }
        }
    }

    /// How many are kept now.
    pub fn kept(&self) -> usize {
        self.stored + self.hits + self.renewed
    }

    /// In a line, for the log.
    pub fn line(&self) -> String {
        let counts = [
            (self.stored, "stored now"),
            (self.hits, "stored already"),
            (self.renewed, "renewed"),
            (self.without_payload, "without an RSC payload"),
            (self.total - self.asked.min(self.total), "not asked for, as Next.js is in trouble"),
        ];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        let counts = counts.map(|(count, what)| format!("{count} {what}"));
        let groups = |groups: &[Group], what: &str| -> Vec<String> {
            let told = groups.iter().map(|Group { why, count, example }| {
                format!("{count} {what} ({why}, such as {example})")
            });
            told.take(MOST_TOLD).collect()
        };
        let unkept = groups(&self.not_stored, "not cacheable");
        let told = counts.chain(unkept).chain(groups(&self.failed, "failed"));
        let told = told.collect::<Vec<_>>().join(", ");
        let took = seconds(self.took.as_secs_f64().round() as u64);
        format!("{} of {} are kept: {told}; it took {took}", self.kept(), self.total)
    }
}

/// What is told of reasons that are too many.
const OTHERS: &str = "other reasons";

/// A line in a log ends somewhere.
const MOST_TOLD: usize = 5;

/// The largest first, those that came first first.
fn group(groups: &mut Vec<Group>, why: String, page: &str) {
    let is_known = |why: &str| groups.iter().any(|group| group.why == why);
    let has_room = groups.len() + 1 < MOST_GROUPS;
    let why = if is_known(&why) || has_room { why } else { OTHERS.to_owned() };
    match groups.iter_mut().find(|group| group.why == why) {
        Some(group) => group.count += 1,
        None => groups.push(Group { why, count: 1, example: page.to_owned() }),
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_that_are_too_many_are_counted_together_and_not_to_another() {
        let mut summary = Summary::new(0);
        (0..3 * MOST_GROUPS).for_each(|page| {
            summary.note(&format!("/{page}"), Outcome::Failed(format!("reason {page}")));
            summary.note("/a", Outcome::Failed("reason 0".into()));
        });
        assert_eq!(summary.failed.len(), MOST_GROUPS);
        let count = |why| summary.failed.iter().find(|group| group.why == why).unwrap().count;
        assert_eq!(count("reason 0"), 1 + 3 * MOST_GROUPS);
        assert_eq!(count("reason 1"), 1);
        assert_eq!(count(OTHERS), 2 * MOST_GROUPS + 1);
    }

    #[test]
    fn a_line_tells_how_many_are_kept_and_why_the_others_are_not() {
        let mut summary = Summary::new(7);
        for (page, outcome) in [
            ("/a", Outcome::Stored),
            ("/b", Outcome::Hit),
            ("/c", Outcome::NotStored("no-store".into())),
            ("/d", Outcome::NotStored("no-store".into())),
            ("/e", Outcome::Trouble("the answer is 503".into())),
            ("/f", Outcome::Unanswered("refused".into())),
        ] {
            summary.note(page, outcome);
        }
        assert_eq!(
            summary.line(),
            "2 of 7 are kept: 1 stored now, 1 stored already, 1 not asked for, as Next.js is in trouble, \
             2 not cacheable (no-store, such as /c), 1 failed (the answer is 503, such as /e), \
             1 failed (no answer: refused, such as /f); it took 0 s"
        );
    }
}
