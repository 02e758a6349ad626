//! What a verb prints for people: 80 columns, colour only on a terminal.

use std::io::IsTerminal;

/// Columns of a line.
pub const WIDTH: usize = 80;

/// Text in paragraphs with a label each.
#[derive(Debug, Default)]
pub struct Paper {
    text: String,
    is_coloured: bool,
}

/// How something went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As one would wish.
    Good,
    /// As it has to be, or nearly.
    Fair,
    /// Otherwise.
    Poor,
}

impl Paper {
    /// An empty one for standard output, coloured if that is a terminal and `NO_COLOR` is not set.
    pub fn for_stdout() -> Self {
        let is_wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self::new(is_wanted && std::io::stdout().is_terminal())
    }

    /// An empty one.
    pub fn new(is_coloured: bool) -> Self {
        Self { text: String::new(), is_coloured }
    }

    /// What it has become.
    pub fn into_text(self) -> String {
        self.text
    }

    /// A heading in the colour of its tone, and an empty line below.
    pub fn heading(&mut self, tone: Tone, words: &str) {
        let colour = match tone {
            Tone::Good => "32",
            Tone::Fair => "33",
            Tone::Poor => "31",
        };
        for line in lines(words, WIDTH) {
            let painted = self.painted(&format!("1;{colour}"), &line);
            self.text += &format!("{painted}\n");
        }
        self.text.push('\n');
    }

    /// A paragraph: its label, and the words beside it in as many lines as it takes.
    pub fn entry(&mut self, label: &str, words: &str) {
        let padded = format!("{label:<LABEL$}");
        for (index, line) in lines(words, WIDTH - LABEL).into_iter().enumerate() {
            let margin = match index {
                0 => self.painted("2", &padded),
                _ => " ".repeat(LABEL),
            };
            self.text += &format!("{margin}{line}\n");
        }
    }

    fn painted(&self, style: &str, text: &str) -> String {
        match self.is_coloured && !text.trim().is_empty() {
            true => format!("\x1b[{style}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }
}

const LABEL: usize = 10;

/// The words in lines of at most so many columns. A longer word is cut: what servers send has no end.
fn lines(words: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut column = 0;
    for word in words.split_whitespace() {
        let word: Vec<char> = word.chars().filter(|letter| !letter.is_control()).collect();
        for part in word.chunks(width) {
            if column > 0 && column + 1 + part.len() > width {
                lines.push(std::mem::take(&mut line));
                column = 0;
            }
            if column > 0 {
                line.push(' ');
                column += 1;
            }
            line.extend(part);
            column += part.len();
        }
    }
    lines.push(line);
    lines
}

/// Seconds in words: `90 s`, `5 min`, `3 h`, `12 d`, `1 y`.
pub fn seconds(seconds: u64) -> String {
    const STEPS: [(u64, &str); 4] =
        [(365 * 86_400, "y"), (2 * 86_400, "d"), (2 * 3600, "h"), (120, "min")];
    let step = STEPS.into_iter().find(|(from, _)| seconds >= *from);
    match step {
        None => format!("{seconds} s"),
        Some((_, "y")) => format!("{} y", seconds / (365 * 86_400)),
        Some((_, "d")) => format!("{} d", seconds / 86_400),
        Some((_, "h")) => format!("{} h", seconds / 3600),
        Some((_, unit)) => format!("{} {unit}", seconds / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_wider_than_a_terminal() {
        let mut paper = Paper::new(false);
        paper.heading(Tone::Poor, &"word ".repeat(40));
        paper.entry("Label", &format!("{} {}", "word ".repeat(40), "x".repeat(200)));
        let text = paper.into_text();
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.contains("\nLabel     word word"), "{text}");
        assert!(!text.contains('\x1b'));
    }

    #[test]
    fn colour_is_only_where_it_is_wanted_and_what_servers_send_moves_no_cursor() {
        let mut paper = Paper::new(true);
        paper.heading(Tone::Good, "cached");
        paper.entry("Tags", "a\x1b[2Jb");
        let text = paper.into_text();
        assert!(text.starts_with("\x1b[1;32mcached\x1b[0m\n"), "{text:?}");
        assert!(text.ends_with("a[2Jb\n"), "{text:?}");
    }

    #[test]
    fn seconds_are_told_in_a_fitting_unit() {
        for (given, told) in [
            (0, "0 s"),
            (119, "119 s"),
            (300, "5 min"),
            (7200, "2 h"),
            (86_400, "24 h"),
            (31_535_940, "364 d"),
            (31_536_000, "1 y"),
        ] {
            assert_eq!(seconds(given), told);
        }
    }
}
