//! The application's `basePath`, as Next.js wants it.

use serde_json::{Value as Json, json};

use super::{Text, Wrong, quoted};

/// Empty, or a path that starts with `/` and does not end with one.
pub(in crate::config) enum BasePath {}

impl Text for BasePath {
    type Value = String;

    fn parse(text: &str) -> Result<String, Wrong> {
        let meant = meant(text);
        if meant == text {
            return Ok(meant);
        }
        Err(Wrong::BasePath { text: text.into(), meant })
    }

    fn print(value: &String) -> String {
        quoted(value)
    }

    fn schema() -> Json {
        json!({"type": "string", "pattern": "^(/[^/?#]+)*$"})
    }
}

/// The path in its right form. What cannot stand in the path of a URL is left out.
fn meant(text: &str) -> String {
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let is_part = |c: &char| c.is_ascii_graphic() && !"\"\\<>^`{|}".contains(*c);
    let segments = text[..end].split('/').map(|part| part.chars().filter(is_part).collect());
    let segments = segments.filter(|segment: &String| !segment.is_empty());
    segments.map(|segment| format!("/{segment}")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::told;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn base_paths_are_those_of_next() {
        for text in ["", "/docs", "/a/b", "/%C3%A9"] {
            assert_eq!(BasePath::parse(text), Ok(text.into()));
        }
        for (text, meant) in [
            ("/", ""),
            ("docs", "/docs"),
            ("/docs/", "/docs"),
            ("//docs", "/docs"),
            ("/a//b", "/a/b"),
            ("/a?b", "/a"),
            ("/a b", "/ab"),
            ("/é", ""),
        ] {
            let expected = format!(
                "{text:?} is not a base path; \
                 write the basePath of next.config.js, here probably {meant:?}"
            );
            assert_eq!(told::<BasePath>(text), expected);
        }
    }

    proptest! {
        #[test]
        fn what_is_meant_is_right(text in "[/a?# .]{0,8}.?") {
            let meant = meant(&text);
            prop_assert_eq!(BasePath::parse(&meant), Ok(meant));
        }
    }
}
