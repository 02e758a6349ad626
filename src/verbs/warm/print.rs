//! A summary for people, for machines, and as an exit code.

use crate::exit;
use crate::policy::reuse::ForwardReason;
use crate::verbs::explain::{Reason, forwarded};
use crate::verbs::paper::{Paper, Tone, seconds};
use crate::warm::{Group, Summary};

impl Summary {
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
        let kept = self.kept();
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
            paper.entry(&left, "not asked for any more, as the server is in trouble");
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warm::Outcome;

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
