//! A secret that is sent in a header field.

use serde_json::{Value as Json, json};

use super::{Text, Wrong, quoted};

/// At least sixteen visible characters of ASCII.
pub(in crate::config) enum Token {}

const SHORTEST: usize = 16;

impl Text for Token {
    type Value = String;

    fn parse(text: &str) -> Result<String, Wrong> {
        let is_usable = text.len() >= SHORTEST && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_usable.then(|| text.into()).ok_or_else(|| Wrong::Not {
            text: text.into(),
            what: "a token",
            expected: "at least 16 characters without spaces, such as `openssl rand -hex 24` prints",
        })
    }

    fn print(value: &String) -> String {
        quoted(value)
    }

    fn schema() -> Json {
        json!({"type": "string", "minLength": SHORTEST, "pattern": "^[!-~]+$"})
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{printed, told};
    use super::*;

    #[test]
    fn a_token_cannot_be_guessed_and_can_be_sent() {
        assert_eq!(printed::<Token>("0123456789abcdef"), "\"0123456789abcdef\"");
        for text in ["", "short", "0123456789 abcdef", "0123456789abcdé…"] {
            assert!(told::<Token>(text).contains("openssl rand"), "{text}");
        }
    }
}
