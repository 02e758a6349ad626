//! Where a value was given: what an operator has to open, and the line that he will find there.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Where a value was given. Displayed without the column, as in `selvedge.toml:3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    source: Source,
    excerpt: Option<Excerpt>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    File(PathBuf),
    Line {
        file: PathBuf,
        line: usize,
        column: usize,
    },
    /// A variable or a flag: its name is all that there is to find.
    Named(String),
}

/// The line as typed, and which of its characters are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Excerpt {
    line: String,
    mark: Range<usize>,
}

impl Place {
    /// A file as a whole.
    pub(super) fn file(path: &Path) -> Self {
        Self { source: Source::File(path.into()), excerpt: None }
    }

    /// The bytes `span` of a file whose text is `text`. A span over several lines is marked on its
    /// first.
    pub(super) fn in_file(path: &Path, text: &str, span: Range<usize>) -> Self {
        let start = text.floor_char_boundary(span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line = text[line_start..].lines().next().unwrap_or_default();
        let columns = |range: Range<usize>| text[range].chars().count();
        let end =
            text.floor_char_boundary(span.end).clamp(start, start.max(line_start + line.len()));
        let before = columns(line_start..start);
        let source = Source::Line {
            file: path.into(),
            line: text[..line_start].lines().count() + 1,
            column: before + 1,
        };
        Self { source, excerpt: Some(Excerpt::new(line, before..before + columns(start..end))) }
    }

    /// The value of an environment variable.
    pub(super) fn variable(name: &str, value: &str) -> Self {
        Self::named(name, &format!("{name}="), value)
    }

    /// The name of an environment variable.
    pub(super) fn variable_name(name: &str) -> Self {
        let excerpt = Excerpt::new(name, 0..name.chars().count());
        Self { source: Source::Named(name.into()), excerpt: Some(excerpt) }
    }

    /// The value of a flag such as `--listen`.
    pub(super) fn flag(name: &str, value: &str) -> Self {
        Self::named(name, &format!("{name} "), value)
    }

    /// The value of `--set key=value`.
    pub(super) fn set(key: &str, value: &str) -> Self {
        Self::named("--set", &format!("--set {key}="), value)
    }

    /// The key of `--set key=value`.
    pub(super) fn set_key(key: &str, value: &str) -> Self {
        let mark = "--set ".len()..("--set ".len() + key.chars().count());
        let excerpt = Excerpt::new(&format!("--set {key}={value}"), mark);
        Self { source: Source::Named("--set".into()), excerpt: Some(excerpt) }
    }

    fn named(name: &str, before: &str, value: &str) -> Self {
        let start = before.chars().count();
        let mark = start..start + value.chars().count();
        let excerpt = Excerpt::new(&format!("{before}{value}"), mark);
        Self { source: Source::Named(name.into()), excerpt: Some(excerpt) }
    }

    /// Whether the name of the place tells nothing about the key.
    pub(super) fn is_in_file(&self) -> bool {
        matches!(self.source, Source::Line { .. })
    }

    /// Line and column in the file, to sort by.
    pub(super) fn position(&self) -> Option<(usize, usize)> {
        match self.source {
            Source::Line { line, column, .. } => Some((line, column)),
            Source::File(_) | Source::Named(_) => None,
        }
    }

    /// The place with its column, in the form that editors jump to.
    pub(super) fn pointer(&self) -> String {
        match &self.source {
            Source::Line { file, line, column } => format!("{}:{line}:{column}", file.display()),
            Source::File(_) | Source::Named(_) => self.to_string(),
        }
    }

    /// The line and, below it, the carets.
    pub(super) fn excerpt(&self) -> Option<[String; 2]> {
        let Excerpt { line, mark } = self.excerpt.as_ref()?;
        Some([line.clone(), " ".repeat(mark.start) + &"^".repeat(mark.len())])
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::File(path) => path.display().fmt(f),
            Source::Line { file, line, .. } => write!(f, "{}:{line}", file.display()),
            Source::Named(name) => f.write_str(name),
        }
    }
}

impl Excerpt {
    /// Control characters would move the carets away, or do worse to a terminal. Something is
    /// marked even where nothing stands.
    fn new(line: &str, mark: Range<usize>) -> Self {
        let line = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Self { line, mark: mark.start..mark.end.max(mark.start + 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str, span: Range<usize>) -> String {
        let place = Place::in_file(Path::new("f"), text, span);
        let [line, carets] = place.excerpt().unwrap();
        format!("{} |{line}|{carets}|", place.pointer())
    }

    #[test]
    fn the_carets_stand_below_what_is_meant() {
        for (name, text, span, expected) in [
            ("a value", "a = 1\nbb = 22\n", 11..13, "f:2:6 |bb = 22|     ^^|"),
            ("the first line", "a = 1", 0..1, "f:1:1 |a = 1|^|"),
            ("a tab", "\ta = 1", 5..6, "f:1:6 | a = 1|     ^|"),
            ("beyond ASCII", "é = 1", 5..6, "f:1:5 |é = 1|    ^|"),
            ("Windows", "a = 1\r\nb = 2\r\n", 11..12, "f:2:5 |b = 2|    ^|"),
            ("several lines", "a = [\n 1]", 4..9, "f:1:5 |a = [|    ^|"),
            ("nothing, at a line's end", "a =\nb = 1", 3..3, "f:1:4 |a =|   ^|"),
            ("nothing, at the file's end", "[a", 2..2, "f:1:3 |[a|  ^|"),
            ("an empty file", "", 0..0, "f:1:1 ||^|"),
        ] {
            assert_eq!(shown(text, span), expected, "{name}");
        }
    }

    #[test]
    fn variables_and_flags_show_themselves() {
        let place = Place::variable("PORT", "x\u{1b}");
        assert_eq!(place.excerpt().unwrap(), ["PORT=x ", "     ^^"]);
        let place = Place::flag("--listen", "x");
        assert_eq!(place.excerpt().unwrap(), ["--listen x", "         ^"]);
        let place = Place::set("a.b", "");
        assert_eq!(place.excerpt().unwrap(), ["--set a.b=", "          ^"]);
        let place = Place::set_key("a.b", "c");
        assert_eq!(place.excerpt().unwrap(), ["--set a.b=c", "      ^^^"]);
    }

    proptest! {
        #[test]
        fn any_span_of_any_text_can_be_shown(text in "(?s).{0,20}", a in 0..30_usize, b in 0..30_usize) {
            shown(&text, a.min(text.len())..b.max(a));
        }
    }
}
