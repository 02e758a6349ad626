//! What `selvedge demo` tells on standard output while it prepares.

use std::io::{self, IsTerminal, Write};

/// Columns that are there on any terminal; a longer live line would wrap and could not be replaced.
const COLUMNS: usize = 79;

/// Tells one line.
pub(super) fn say(line: &str) {
    show(&format!("  {line}\n"));
}

/// Something that takes a while: on a terminal one line that is replaced as it goes on, elsewhere a
/// line at its beginning and one at its end. Dropped before its end, it leaves no half line.
#[derive(Debug)]
pub(super) struct Line {
    name: String,
    is_live: bool,
    is_open: bool,
}

impl Line {
    pub(super) fn begin(name: &str) -> Self {
        let is_live = io::stdout().is_terminal();
        if !is_live {
            say(&format!("{name} …"));
        }
        Self { name: name.to_owned(), is_live, is_open: false }
    }

    /// Tells how far it is.
    pub(super) fn update(&mut self, seconds: u64, detail: &str) {
        if self.is_live {
            let text = live(&self.name, seconds, detail);
            show(&format!("\r\x1b[K{text}"));
            self.is_open = true;
        }
    }

    /// Tells how it ended.
    pub(super) fn end(mut self, outcome: &str) {
        self.close();
        say(&format!("{}: {outcome}", self.name));
    }

    fn close(&mut self) {
        if std::mem::take(&mut self.is_open) {
            show("\r\x1b[K");
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.close();
    }
}

fn live(name: &str, seconds: u64, detail: &str) -> String {
    let printable = detail.chars().filter(|character| !character.is_control());
    format!("  {name} … {seconds} s  ").chars().chain(printable).take(COLUMNS).collect()
}

/// A closed standard output is no reason to stop.
fn show(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_line_fits_a_terminal_and_moves_no_cursor() {
        assert_eq!(
            live("npm ci", 3, "added\x1b[1m 22 packages\r"),
            "  npm ci … 3 s  added[1m 22 packages"
        );
        assert_eq!(live("npm ci", 3, &"ä".repeat(200)).chars().count(), COLUMNS);
    }
}
