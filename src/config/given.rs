//! A value as the operator gave it: its text, and where that stands. No meaning yet.

use super::place::Place;

/// A value as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) content: Content,
    pub(super) place: Place,
}

/// What was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// The text of a variable, a flag, or of a single value in the file: there `30` and `"30"` are
    /// the same, as they have to be elsewhere.
    Text(String),
    /// The members of an array in the file.
    List(Vec<Given>),
    /// `[server.listen]`, `listen = { … }`.
    Section,
}

impl Given {
    /// A text and its place.
    pub(super) fn text(text: &str, place: Place) -> Self {
        Self { content: Content::Text(text.into()), place }
    }

    /// What a variable or a flag says. The end of a line and quotes around the whole are left out:
    /// an `--env-file` or a habit from TOML brings them along, and no value begins and ends so.
    pub(super) fn typed(text: &str, place: Place) -> Self {
        let text = text.trim();
        let inner =
            ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
        Self::text(inner.unwrap_or(text), place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_quotes_around_the_whole_are_left_out() {
        for (text, expected) in [
            ("30s", "30s"),
            ("\"30s\"", "30s"),
            ("'30s'", "30s"),
            ("\"30s", "\"30s"),
            ("\"30s'", "\"30s'"),
            ("\"", "\""),
            ("\"\"", ""),
            (" 30s\n", "30s"),
        ] {
            let given = Given::typed(text, Place::variable("X", text));
            assert_eq!(given.content, Content::Text(expected.into()), "{text}");
        }
    }
}
