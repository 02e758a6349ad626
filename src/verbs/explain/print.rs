//! An account for people: what decided first, then what is kept, then what to do.

use super::account::{Account, Outcome, sentence};
use crate::cache::{Seen, Standing};
use crate::verbs::paper::{Paper, Tone, seconds};

impl Account {
    /// For people.
    pub fn print(&self, mut paper: Paper) -> String {
        let tone = match self.outcome {
            Outcome::Hit | Outcome::Stored => Tone::Good,
            Outcome::Stale | Outcome::Passed => Tone::Fair,
            Outcome::NotStored | Outcome::NoEdge => Tone::Poor,
        };
        paper.heading(tone, &format!("{}.", self.verdict));
        paper.entry("Asked", &format!("{} ({}), at {}", self.url, self.class, self.asked));
        let kind = self.media_type.as_ref().map_or_else(String::new, |kind| format!(", {kind}"));
        paper.entry("Answer", &format!("{}{kind}", self.status));
        if let Some(happened) = &self.happened {
            paper.entry("Edge", &sentence(happened));
        }
        if let Some(text) = &self.cache_status {
            paper.entry(if self.happened.is_some() { "" } else { "Edge" }, text);
        }
        for (index, line) in self.decided_by.iter().enumerate() {
            paper.entry(if index == 0 { "Because" } else { "" }, line);
        }
        match &self.stored {
            Some(seen) => print_stored(&mut paper, seen),
            None => {
                let lines = self.answer.iter().map(|(name, value)| format!("{name}: {value}"));
                let lines = lines.filter(|line| !self.decided_by.contains(line));
                for (index, line) in lines.enumerate() {
                    paper.entry(if index == 0 { "Fields" } else { "" }, &line);
                }
            }
        }
        if let Some(advice) = &self.advice {
            paper.entry("", "");
            paper.entry("To do", advice);
        }
        paper.into_text().lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }
}

fn print_stored(paper: &mut Paper, seen: &Seen) {
    for (index, (name, value)) in seen.origin.iter().enumerate() {
        paper.entry(if index == 0 { "Next.js" } else { "" }, &format!("{name}: {value}"));
    }
    paper.entry("Kept", &kept(seen));
    match seen.validity {
        Standing::Valid => {}
        Standing::Stale => {
            let why = "Counts as stale: invalidated softly, or the page was rendered anew since.";
            paper.entry("", why);
        }
        Standing::Obsolete => paper.entry("", "Invalidated: the next request asks Next.js."),
    }
    if !seen.selected_by.is_empty() {
        let fields = seen.selected_by.iter().map(|(name, value)| match value.as_str() {
            "" => format!("{name} absent"),
            _ => format!("{name}: {value}"),
        });
        let fields = fields.collect::<Vec<_>>().join("; ");
        let others = match seen.variants {
            1 => "the only one".to_owned(),
            count => format!("one of {count}"),
        };
        paper.entry("Variant", &format!("{fields} ({})", others));
    }
    paper.entry("Body", &body(seen));
    paper.entry("Tags", &seen.tags.join(", "));
    paper.entry("Key", &seen.key);
}

fn kept(seen: &Seen) -> String {
    if seen.validates_always {
        return "asked about at each use (no-cache).".into();
    }
    let mut kept = format!("{} old; fresh for {}", seconds(seen.age), seconds(seen.lifetime));
    if seen.stale_while_revalidate > 0 {
        kept += &format!(
            ", then served for {} while one request renews it",
            seconds(seen.stale_while_revalidate)
        );
    }
    if seen.stale_if_error > 0 {
        kept += &format!("; if Next.js fails, for {} more", seconds(seen.stale_if_error));
    }
    kept + "."
}

fn body(seen: &Seen) -> String {
    let held = seen.codings.iter().map(|held| {
        let best = if held.is_best { ", as small as it gets" } else { "" };
        format!("{} {} B{best}", held.coding, held.bytes)
    });
    match seen.codings.is_empty() {
        false => held.collect::<Vec<_>>().join("; "),
        // An older edge does not tell.
        true => format!("{} B", seen.bytes),
    }
}
