//! Which build of the application answers, and when the stored pages of others are to go.
//!
//! A payload of another build makes each browser load the page anew, and a page of it asks for files
//! that are gone. So once a new build answers, nothing of the older ones is served.
//!
//! While one build takes another's place, both may answer in turn for minutes (a rolling deployment),
//! and most answers do not say which build they are from. What is done about that:
//!
//! - A build that has never answered before is the newest: it is current at once, and all stored pages
//!   go. Each build is new but once, so that two that answer in turn do not empty the store in turn.
//! - While older ones still answer, what is stored may be theirs. So once they have not been met for
//!   [`SETTLED`] looks in a row, all stored pages go once more: twice for a rolling deployment, and
//!   once for any other.
//! - An older build is current again (a roll-back) when it alone was met for as many looks, or when
//!   the origin was away altogether in between: then nothing answers in turn.
//!
//! A look is a question of our own over a connection of its own ([`crate::build`]). What visitors bring
//! home counts where no look has met a build yet: over kept connections it comes from the same server
//! again and again, and behind one host there may be several applications, each with deployments of its
//! own (zones).

use std::collections::VecDeque;

/// The builds that have answered.
#[derive(Debug, Default)]
pub struct Builds {
    current: Option<Box<str>>,
    /// All that were current, the latest last.
    known: VecDeque<Box<str>>,
    /// Whether one that is not current has answered since it is.
    is_mixed: bool,
    /// Whether a look has ever met one.
    has_met: bool,
    /// Looks in a row that met the current one, and others.
    met: u32,
    missed: u32,
    was_away: bool,
}

/// Why all stored pages are of another build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A new one answers.
    New,
    /// An older one is back.
    Back,
    /// Older ones answered in between, and do so no longer.
    Settled,
}

/// Looks in a row that settle who answers: with four a second half a minute. If one of ten servers
/// still has the other build, it is met in that time but for once in 300,000 times.
pub const SETTLED: u32 = 120;

/// While one replaces another both answer; more than a few are never about.
const MOST: usize = 32;

impl Builds {
    /// Whether a build has been met before, and is not the current one.
    pub fn is_outdated(&self, id: &str) -> bool {
        self.has_met && self.is_known(id) && !self.is_current(id)
    }

    /// Whether this build answers now.
    pub fn is_current(&self, id: &str) -> bool {
        self.current.as_deref() == Some(id)
    }

    /// The build that answers now, if it has a name.
    pub fn current(&self) -> Option<&str> {
        self.current.as_deref()
    }

    /// An answer to a visitor is from this build; why the stored pages go now, if they do.
    pub fn told(&mut self, id: &str) -> Option<Why> {
        if !self.has_met && !self.is_known(id) {
            return self.begin(id);
        }
        if self.is_outdated(id) {
            self.note_other();
        }
        None
    }

    /// A look has met this build; why the stored pages go now, if they do.
    pub fn met(&mut self, id: &str) -> Option<Why> {
        let was_away = std::mem::take(&mut self.was_away);
        self.has_met = true;
        if !self.is_known(id) {
            return self.begin(id);
        }
        if !self.is_current(id) {
            self.missed += 1;
            if was_away || self.missed >= SETTLED {
                self.make_current(id);
                return Some(Why::Back);
            }
            self.note_other();
            return None;
        }
        self.missed = 0;
        self.met = self.met.saturating_add(1);
        if self.is_mixed && self.met >= SETTLED {
            self.is_mixed = false;
            return Some(Why::Settled);
        }
        None
    }

    /// A look has met a build that is not the current one, and whose name cannot be found out; why the
    /// stored pages go now, if they do.
    pub fn met_nameless(&mut self) -> Option<Why> {
        let was_away = std::mem::take(&mut self.was_away);
        self.current.as_ref()?;
        self.missed += 1;
        // It may be one of those that are known, and then it is on its way out.
        if self.known.len() > 1 && !was_away && self.missed < SETTLED {
            self.note_other();
            return None;
        }
        self.current = None;
        self.is_mixed = false;
        Some(Why::New)
    }

    /// A look has met nobody at all.
    pub fn met_nobody(&mut self) {
        self.was_away = true;
    }

    fn is_known(&self, id: &str) -> bool {
        self.known.iter().any(|known| **known == *id)
    }

    fn begin(&mut self, id: &str) -> Option<Why> {
        let is_first = self.known.is_empty();
        let is_nameless = self.current.is_none();
        if self.known.len() == MOST {
            self.known.pop_front();
        }
        self.known.push_back(id.into());
        let is_mixed = is_nameless && self.is_mixed;
        self.make_current(id);
        // Where the one before had gone nameless, its pages went then; those that came back since go
        // when all is settled.
        self.is_mixed = is_mixed;
        if is_first || is_nameless { None } else { Some(Why::New) }
    }

    fn make_current(&mut self, id: &str) {
        self.current = Some(id.into());
        self.is_mixed = false;
        (self.met, self.missed) = (0, 0);
    }

    fn note_other(&mut self) {
        self.is_mixed = true;
        self.met = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: Option<Why> = Some(Why::New);

    fn running(id: &str) -> Builds {
        let mut builds = Builds::default();
        assert_eq!(builds.met(id), None, "nothing was stored before");
        builds
    }

    #[test]
    fn a_deployment_empties_the_store_once() {
        let mut builds = running("a");
        builds.met_nobody();
        assert_eq!(builds.met("b"), NEW);
        for _ in 0..10 * SETTLED {
            assert_eq!(builds.met("b"), None);
        }
        assert!(builds.is_current("b"));
    }

    #[test]
    fn a_rolling_deployment_empties_the_store_twice() {
        let mut builds = running("a");
        let mut turns = vec![builds.met("b")];
        for round in 0..1000 {
            turns.push(builds.met(if round % 3 == 0 { "b" } else { "a" }));
            turns.push(builds.told("a"));
        }
        turns.extend((0..1000).map(|_| builds.met("b")));
        turns.retain(Option::is_some);
        assert_eq!(turns, [NEW, Some(Why::Settled)]);
    }

    #[test]
    fn an_older_build_is_current_again_when_it_alone_answers() {
        let mut builds = running("a");
        assert_eq!(builds.met("b"), NEW);
        for _ in 1..SETTLED {
            assert_eq!(builds.met("a"), None);
        }
        assert_eq!(builds.met("a"), Some(Why::Back));
        builds.met_nobody();
        assert_eq!(builds.met("b"), Some(Why::Back), "at once where the origin was away");
    }

    #[test]
    fn one_that_was_away_and_comes_back_is_the_same() {
        let mut builds = running("a");
        builds.met_nobody();
        assert_eq!(builds.met("a"), None);
        assert_eq!(builds.met("b"), NEW);
        assert_eq!(builds.met("a"), None, "it was not away since");
    }

    #[test]
    fn a_nameless_build_is_new_unless_it_may_be_an_old_one() {
        let mut builds = running("a");
        assert_eq!(builds.met_nameless(), NEW);
        assert_eq!(builds.met_nameless(), None, "once");
        assert_eq!(builds.met("b"), None, "so that was its name");
        assert_eq!(builds.met_nameless(), None, "it may be `a`");
        let turns: Vec<_> = (0..SETTLED).map(|_| builds.met_nameless()).collect();
        assert_eq!(turns.iter().filter(|turn| **turn == NEW).count(), 1);
    }

    #[test]
    fn what_an_old_build_brought_back_while_the_new_had_no_name_goes_too() {
        let mut builds = running("a");
        assert_eq!(builds.met_nameless(), NEW);
        assert_eq!(builds.met("a"), None);
        let turns: Vec<_> = (0..=SETTLED).map(|_| builds.met("b")).collect();
        let retired: Vec<_> = turns.into_iter().filter(Option::is_some).collect();
        assert_eq!(retired, [Some(Why::Settled)]);
    }

    #[test]
    fn what_visitors_bring_home_counts_where_nobody_looks() {
        let mut builds = Builds::default();
        let turns = ["a", "b", "a", "b", "a"].map(|id| builds.told(id));
        assert_eq!(turns, [None, NEW, None, None, None]);
        assert!(!builds.is_outdated("a"), "nobody knows");
    }

    #[test]
    fn another_application_behind_the_same_host_is_no_other_build() {
        let mut builds = running("a");
        for _ in 0..10 * SETTLED {
            assert_eq!(builds.told("zone"), None);
            assert_eq!(builds.met("a"), None);
        }
        assert!(!builds.is_outdated("zone"));
        assert_eq!(builds.met("b"), NEW);
        assert!(builds.is_outdated("a") && !builds.is_outdated("b"));
    }

    #[test]
    fn no_more_builds_are_remembered_than_can_be_about() {
        let mut builds = Builds::default();
        for number in 0..1000 {
            builds.told(&number.to_string());
        }
        assert_eq!(builds.known.len(), MOST);
    }
}
