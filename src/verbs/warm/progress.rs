//! How far it is: a bar on a terminal, a line now and then elsewhere. On standard error, as standard
//! output is for what came out of it.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use crate::clock::Clock;
use crate::verbs::paper::seconds;

/// How far it is.
#[derive(Debug)]
pub struct Progress {
    clock: Clock,
    is_live: bool,
    is_silent: bool,
    total: usize,
    began: Duration,
    told: Duration,
}

/// So often is a bar drawn anew, and a line told.
const FRAME: Duration = Duration::from_millis(100);
const PLAIN: Duration = Duration::from_secs(10);

impl Progress {
    /// For whoever sits at standard error.
    pub fn new(clock: Clock) -> Self {
        let is_live = io::stderr().is_terminal();
        let none = Duration::ZERO;
        Self { clock, is_live, is_silent: false, total: 0, began: none, told: none }
    }

    pub(super) fn begin(&mut self, total: usize) {
        self.total = total;
        self.began = self.clock.monotonic();
        self.told = self.began;
        if !self.is_live {
            self.show(&format!("{total} to ask for …\n"));
        }
    }

    pub(super) fn update(&mut self, done: usize) {
        let now = self.clock.monotonic();
        let pause = if self.is_live { FRAME } else { PLAIN };
        if now.saturating_sub(self.told) < pause && done < self.total {
            return;
        }
        self.told = now;
        let pace = pace(done, self.total, now.saturating_sub(self.began));
        match self.is_live {
            true => self.show(&format!("\r\x1b[K{} {pace}", bar(done, self.total))),
            false if done < self.total => self.show(&format!("{pace}\n")),
            false => {}
        }
    }

    pub(super) fn end(&mut self) {
        if self.is_live {
            self.show("\r\x1b[K");
        }
    }

    /// Whoever does not look is no reason to stop.
    fn show(&mut self, text: &str) {
        if !self.is_silent {
            self.is_silent = io::stderr().write_all(text.as_bytes()).is_err();
        }
    }
}

/// Of a bar.
const CELLS: usize = 30;

fn bar(done: usize, total: usize) -> String {
    let full = (done * CELLS).checked_div(total).unwrap_or(CELLS).min(CELLS);
    format!("{}{}", "█".repeat(full), "░".repeat(CELLS - full))
}

/// `123 of 400, 41/s, 7 s left`
fn pace(done: usize, total: usize, took: Duration) -> String {
    let rate = done as f64 / took.as_secs_f64().max(0.001);
    let left = (total - done.min(total)) as f64 / rate.max(0.001);
    let left = seconds(left.ceil() as u64);
    let rate = if rate < 10.0 { format!("{rate:.1}") } else { format!("{rate:.0}") };
    format!("{done} of {total}, {rate}/s, {left} left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_and_time_left_are_told() {
        assert_eq!(pace(123, 400, Duration::from_secs(3)), "123 of 400, 41/s, 7 s left");
        assert_eq!(pace(1, 1000, Duration::from_secs(2)), "1 of 1000, 0.5/s, 33 min left");
        assert_eq!(pace(4, 4, Duration::from_secs(1)), "4 of 4, 4.0/s, 0 s left");
    }

    #[test]
    fn a_bar_is_as_full_as_it_is_far() {
        for (done, total, full) in [(0, 10, 0), (5, 10, 15), (10, 10, 30), (0, 0, 30)] {
            let bar = bar(done, total);
            assert_eq!(bar.matches('█').count(), full, "{done} of {total}");
            assert_eq!(bar.chars().count(), CELLS);
        }
    }
}
