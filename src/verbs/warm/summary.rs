//! What came out of it: how many are kept, and why the others are not.

use std::time::Duration;

use serde::Serialize;

use super::Outcome;
use crate::exit;
use crate::policy::reuse::ForwardReason;
use crate::verbs::explain::{Reason, forwarded};
use crate::verbs::paper::{Paper, Tone, seconds};

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
    pub(super) fn new(total: usize) -> Self {
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

    pub(super) fn note(&mut self, page: &str, outcome: Outcome) {
        self.asked += 1;
        match outcome {
            Outcome::Hit => self.hits += 1,
            Outcome::Renewed => self.renewed += 1,
            Outcome::Stored => self.stored += 1,
            Outcome::NoPayload => self.without_payload += 1,
            Outcome::NotStored(why) => group(&mut self.not_stored, why, page),
            Outcome::Failed(why) => group(&mut self.failed, why, page),
            Outcome::Unanswered(why) => {
                self.unanswered += 1;
                group(&mut self.failed, format!("no answer: {why}"), page);
            }
        }
    }

    /// What the process exits with.
    pub fn exit(&self) -> u8 {
        match self {
            _ if self.asked > 0 && self.unanswered == self.asked => exit::UNAVAILABLE,
            _ if self.failed.is_empty() && self.asked == self.total => exit::OK,
            _ => exit::FAILED,
        }
    }

    /// For machines: one object in one line.
    pub fn to_json(&self) -> String {
        // Unreachable alternative: nothing but texts and numbers.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }

    /// For people.
    pub fn print(&self, mut paper: Paper) -> String {
        let kept = self.stored + self.hits + self.renewed;
        let tone = match self.exit() {
            exit::OK if kept > 0 => Tone::Good,
            exit::OK => Tone::Fair,
            _ => Tone::Poor,
        };
        let took = seconds(self.took.as_secs_f64().round() as u64);
        let verdict = format!("{kept} of {} are kept; it took {took}.", self.asked);
        paper.heading(tone, &verdict);
        for (count, words) in [
            (self.stored, "stored now"),
            (self.hits, "were stored already"),
            (self.renewed, "were too old, and are renewed"),
            (self.without_payload, "have no RSC payload: they are not of the app router"),
        ] {
            if count > 0 {
                paper.entry(&count.to_string(), words);
            }
        }
        for Group { why, count, example } in &self.not_stored {
            paper.entry(&count.to_string(), &format!("not cacheable: {}", sentence(why)));
            paper.entry("", &format!("such as {example}"));
        }
        for Group { why, count, example } in &self.failed {
            paper.entry(&count.to_string(), &format!("failed: {why}"));
            paper.entry("", &format!("such as {example}"));
        }
        if self.asked < self.total {
            let left = (self.total - self.asked).to_string();
            paper.entry(&left, "not asked for any more, as nobody answers");
        }
        if !self.not_stored.is_empty() {
            paper.entry("", "");
            paper.entry("To do", "`selvedge explain URL` says what to change.");
        }
        paper.into_text().lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }
}

fn sentence(token: &str) -> String {
    let fwd = || ForwardReason::ALL.into_iter().find(|why| why.as_str() == token);
    match Reason::of(token) {
        Some(reason) => reason.sentence().to_owned(),
        None => fwd().map_or_else(|| token.to_owned(), |why| forwarded(why).to_owned()),
    }
}

/// The largest first, those that came first first.
fn group(groups: &mut Vec<Group>, why: String, page: &str) {
    let known = groups.iter().position(|group| group.why == why);
    let others = (groups.len() >= MOST_GROUPS).then_some(MOST_GROUPS - 1);
    match known.or(others) {
        Some(place) => groups[place].count += 1,
        None => groups.push(Group { why, count: 1, example: page.to_owned() }),
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_grouped_with_an_example_and_the_exit_code_says_how_it_went() {
        let mut summary = Summary::new(6);
        for (page, outcome) in [
            ("/a", Outcome::Stored),
            ("/b", Outcome::Failed("the answer is 404 Not Found".into())),
            ("/c", Outcome::NotStored("no-store".into())),
            ("/d", Outcome::NotStored("set-cookie".into())),
            ("/e", Outcome::NotStored("set-cookie".into())),
        ] {
            summary.note(page, outcome);
        }
        assert_eq!(summary.exit(), exit::FAILED);
        let text = summary.print(Paper::new(false));
        assert!(text.starts_with("1 of 5 are kept; it took 0 s.\n"), "{text}");
        let (cookie, store) = (text.find("sets a cookie").unwrap(), text.find("no-store").unwrap());
        assert!(cookie < store, "{text}");
        for part in ["such as /d", "failed: the answer is 404", "such as /b", "1         not asked"]
        {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        let mut well = Summary::new(2);
        well.note("/a", Outcome::Hit);
        well.note("/b", Outcome::NotStored("no-store".into()));
        assert_eq!(well.exit(), exit::OK);
        let mut away = Summary::new(1);
        away.note("/a", Outcome::Unanswered("refused".into()));
        assert_eq!(away.exit(), exit::UNAVAILABLE);
    }
}
