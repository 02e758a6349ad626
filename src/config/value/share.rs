//! Shares of a whole: `0.25`.

use serde_json::{Value as Json, json};

use super::{Text, Wrong};

/// From 0, none, to 1, all.
pub(in crate::config) enum Share {}

impl Text for Share {
    type Value = f64;

    fn parse(text: &str) -> Result<f64, Wrong> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let share = text.parse().ok().filter(|share| is_plain && (0.0..=1.0).contains(share));
        share.ok_or_else(|| Wrong::Not {
            text: text.into(),
            what: "a share",
            expected: "a number from 0.0, none, to 1.0, all",
        })
    }

    fn print(value: &f64) -> String {
        format!("{value:?}")
    }

    fn schema() -> Json {
        json!({"type": "number", "minimum": 0, "maximum": 1})
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{printed, told};
    use super::*;

    #[test]
    fn a_share_is_a_part_of_one() {
        for (text, expected) in [("1", "1.0"), ("0", "0.0"), ("0.25", "0.25"), ("1.0", "1.0")] {
            assert_eq!(printed::<Share>(text), expected);
        }
        for text in ["", "1.1", "-0.5", "25%", "1e-9", "inf", "NaN", "."] {
            assert!(told::<Share>(text).ends_with("write a number from 0.0, none, to 1.0, all"));
        }
    }
}
