//! `true` or `false`.

use serde_json::{Value as Json, json};

use super::{Text, Wrong};

/// A thing that is done or not.
pub(in crate::config) enum Switch {}

impl Text for Switch {
    type Value = bool;

    fn parse(text: &str) -> Result<bool, Wrong> {
        text.parse().map_err(|_| Wrong::Not {
            text: text.into(),
            what: "a switch",
            expected: "true or false",
        })
    }

    fn print(value: &bool) -> String {
        value.to_string()
    }

    fn schema() -> Json {
        json!({"type": "boolean"})
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{printed, told};
    use super::*;

    #[test]
    fn a_switch_is_on_or_off() {
        for text in ["true", "false"] {
            assert_eq!(printed::<Switch>(text), text);
        }
        for text in ["yes", "1", "TRUE", ""] {
            let expected = format!("\"{text}\" is not a switch; write true or false");
            assert_eq!(told::<Switch>(text), expected);
        }
    }
}
