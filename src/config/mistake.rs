//! What is wrong with a configuration, in words that say what to do about it.

use std::fmt;

use super::place::Place;
use super::value::Wrong;

/// All mistakes in all sources. Displayed as text of several lines, ready for a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub(super) Vec<Mistake>);

/// One mistake, and where it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where it was made.
    pub place: Place,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong. Displayed as a sentence without its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A value that cannot be used.
    #[error("{wrong}")]
    Value {
        /// The key, as `section.key`.
        key: &'static str,
        /// What is wrong with the value.
        wrong: Wrong,
    },
    /// A file that cannot be read.
    #[error("cannot be read: {reason}")]
    Unreadable {
        /// What the system said.
        reason: String,
    },
    /// A file far larger than a configuration can be.
    #[error("is larger than {most} bytes")]
    TooLarge {
        /// The most that is read.
        most: u64,
    },
    /// A file that is not TOML, because of a text without quotes.
    #[error("{text} is text, and text stands in quotes")]
    Unquoted {
        /// The text.
        text: String,
    },
    /// A file that is not TOML.
    #[error("this is not TOML: {reason}")]
    Syntax {
        /// What the parser said.
        reason: String,
    },
    /// A file that is not even text.
    #[error("this is not UTF-8")]
    NotUtf8,
    /// A value where a section is wanted.
    #[error("{name:?} is a section, and this is a value")]
    IsSection {
        /// The section.
        name: String,
    },
    /// A name that is none.
    #[error("there is no {what}")]
    Unknown {
        /// A section, key, or variable, and its name as given.
        what: String,
        /// What may have been meant, or what there is.
        remedy: String,
    },
    /// A key that is given by two flags: which of them counts would be a guess.
    #[error("{key} is given twice, by {first} and by {second}")]
    Twice {
        /// The key.
        key: &'static str,
        /// The flag that came first.
        first: &'static str,
        /// The other one.
        second: &'static str,
    },
    /// A value that must not be larger than another.
    #[error("{small} is larger than {large}")]
    Exceeds {
        /// The key that should have the smaller value.
        small: &'static str,
        /// The key that should have the larger value.
        large: &'static str,
        /// Their values, and where they are from.
        values: [String; 2],
    },
    /// Two of our own addresses that are one.
    #[error("admin.listen and server.listen are the same address")]
    SameAddress {
        /// Their values, and where they are from.
        values: [String; 2],
    },
    /// `PURGE` for whoever asks.
    #[error("PURGE is on, and there is no token")]
    PurgeWithoutToken {
        /// The values of `admin.purge_method` and `admin.token`, and where they are from.
        values: [String; 2],
    },
    /// Others that are to be told, and would not listen.
    #[error("child.tell names other edges, and there is no token that they could know")]
    TellWithoutToken {
        /// The values of `child.tell` and `admin.token`, and where they are from.
        values: [String; 2],
    },
    /// Traces of a binary that has none.
    #[error("traces.endpoint is set, and this selvedge was built without traces")]
    WithoutTraces,
    /// An edge that would ask itself.
    #[error("the origin's address is the edge's own")]
    OriginIsEdge {
        /// The values of `server.listen` and `origin.url`, and where they are from.
        values: [String; 2],
    },
}

impl Problem {
    /// What to do about it. A sentence without its end.
    pub fn remedy(&self) -> String {
        match self {
            Self::Value { wrong, .. } => wrong.remedy(),
            Self::Unreadable { .. } => {
                "it is named by a flag or by SELVEDGE_CONFIG; none is needed".into()
            }
            Self::TooLarge { .. } => "is it the right file?".into(),
            Self::Unquoted { text } => format!("write {text:?}"),
            Self::Syntax { .. } => {
                "write [section] and key = value, each on a line of its own, text in quotes".into()
            }
            Self::NotUtf8 => "save the file as UTF-8".into(),
            Self::IsSection { name } => format!("write [{name}], and its keys below"),
            Self::Unknown { remedy, .. } => remedy.clone(),
            Self::Twice { .. } => "leave one of them out".into(),
            Self::Exceeds { values: [small, large], .. } => {
                format!("lower {small}, or raise {large}")
            }
            Self::SameAddress { values: [admin, server] } => {
                format!("change the port of {admin} or of {server}")
            }
            Self::PurgeWithoutToken { values: [_, token] } => {
                format!("set {token} to what `openssl rand -hex 24` prints, or leave PURGE off")
            }
            Self::TellWithoutToken { values: [tell, token] } => format!(
                "set {token} to what `openssl rand -hex 24` prints, the same for all of them, or leave \
                 out {tell}"
            ),
            Self::WithoutTraces => {
                "build it with them (cargo install --path . --features otlp), or leave it out"
                    .into()
            }
            Self::OriginIsEdge { values: [server, origin] } => format!(
                "change the port of {server} or of {origin}; \
                 a wrapped server (selvedge -- COMMAND) gets one of its own"
            ),
        }
    }
}

impl std::error::Error for Mistakes {}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => writeln!(f, "error: 1 mistake in the configuration")?,
            count => writeln!(f, "error: {count} mistakes in the configuration")?,
        }
        self.0.iter().try_for_each(|mistake| write!(f, "\n{mistake}"))
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In a file the line alone does not say which section it is in; elsewhere it names the key.
        let mut heading = format!("{}: ", self.place.pointer());
        if let (Problem::Value { key, .. }, true) = (&self.problem, self.place.is_in_file()) {
            heading += &format!("{key}: ");
        }
        writeln!(f, "{}", wrapped("", &format!("{heading}{}", self.problem)))?;
        for line in self.place.excerpt().into_iter().flatten() {
            writeln!(f, "{INDENT}{line}")?;
        }
        writeln!(f, "{}", wrapped(INDENT, &self.problem.remedy()))
    }
}

const WIDTH: usize = 80;
const INDENT: &str = "    ";

/// The text in lines of at most 80 columns, as far as its words allow. All lines but the first are
/// indented.
fn wrapped(indent: &str, text: &str) -> String {
    let mut lines = indent.to_string();
    let mut column = indent.len();
    for (index, word) in text.split(' ').enumerate() {
        let width = word.chars().count();
        if index > 0 && column + 1 + width > WIDTH {
            lines += "\n";
            lines += INDENT;
            column = INDENT.len();
        } else if index > 0 {
            lines += " ";
            column += 1;
        }
        lines += word;
        column += width;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_at_80_columns() {
        let words = "four ".repeat(30);
        let text = wrapped(INDENT, words.trim_end());
        assert_eq!(text.lines().count(), 2);
        assert!(text.lines().all(|line| line.starts_with(INDENT) && line.len() <= WIDTH));
        assert_eq!(text.split_whitespace().count(), 30);
        let long = "x".repeat(100);
        assert_eq!(wrapped("", &format!("a {long} b")), format!("a\n    {long}\n    b"));
    }
}
