//! What something is called where others see it.

use serde_json::{Value as Json, json};

use super::{Text, Wrong, quoted};

/// A short text that can be seen.
pub(in crate::config) enum Name {}

const LONGEST: usize = 255;

impl Text for Name {
    type Value = String;

    fn parse(text: &str) -> Result<String, Wrong> {
        let is_seen = !text.trim().is_empty() && !text.chars().any(char::is_control);
        (is_seen && text.len() <= LONGEST).then(|| text.into()).ok_or_else(|| Wrong::Not {
            text: text.into(),
            what: "a name",
            expected: "a name of up to 255 bytes, such as \"shop-edge\"",
        })
    }

    fn print(value: &String) -> String {
        quoted(value)
    }

    fn schema() -> Json {
        json!({"type": "string", "minLength": 1})
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{printed, told};
    use super::*;

    #[test]
    fn a_name_can_be_seen() {
        assert_eq!(printed::<Name>("shop edge"), "\"shop edge\"");
        for text in ["", " ", "a\nb", "x".repeat(256).as_str()] {
            assert!(told::<Name>(text).contains("is not a name; write"), "{text:?}");
        }
    }
}
