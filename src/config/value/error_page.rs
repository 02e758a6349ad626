//! Which page visitors see where there is no answer.

use serde_json::{Value as Json, json};

use super::{Text, Wrong, quoted};
use crate::config::ErrorPage;

/// The words for ours and for the application's; any other text names a file, by its whole path.
const WORDS: [(&str, ErrorPage); 2] = [("own", ErrorPage::Own), ("app", ErrorPage::App)];

impl Text for ErrorPage {
    type Value = Self;

    fn parse(text: &str) -> Result<Self, Wrong> {
        if let Some((_, page)) = WORDS.into_iter().find(|(word, _)| *word == text) {
            return Ok(page);
        }
        if text.starts_with('/') && !text.contains('\0') {
            return Ok(Self::File(text.into()));
        }
        Err(Wrong::Not {
            text: text.into(),
            what: "an error page",
            expected: "\"own\", \"app\", or the whole path of a file, as in \"/etc/selvedge/error.html\"",
        })
    }

    fn print(value: &Self) -> String {
        match value {
            Self::Own => quoted("own"),
            Self::App => quoted("app"),
            Self::File(path) => quoted(&path.to_string_lossy()),
        }
    }

    fn schema() -> Json {
        json!({"anyOf": [
            {"enum": WORDS.map(|(word, _)| word)},
            {"type": "string", "pattern": "^/"},
        ]})
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{printed, told};
    use super::*;

    #[test]
    fn a_page_is_ours_or_the_applications_or_a_file_from_the_root() {
        assert_eq!(ErrorPage::parse("app"), Ok(ErrorPage::App));
        for text in ["own", "app", "/a b.html"] {
            assert_eq!(printed::<ErrorPage>(text), format!("\"{text}\""));
        }
        for text in ["", "error.html", "/a\0b"] {
            assert!(told::<ErrorPage>(text).contains("is not an error page; write \"own\""));
        }
    }
}
