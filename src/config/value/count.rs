//! Counts: whole numbers from 1 to a most.

use serde_json::{Value as Json, json};

use super::{Text, Wrong};

/// A count. What is counted is always a limit, and none of them makes sense as 0. A million is more
/// than anything here needs; what the libraries refuse by a panic begins far above.
pub(in crate::config) enum Count<const MOST: usize = 1_000_000> {}

impl<const MOST: usize> Text for Count<MOST> {
    type Value = usize;

    fn parse(text: &str) -> Result<usize, Wrong> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            let expected = "a number such as 100";
            return Err(Wrong::Not { text: text.into(), what: "a whole number", expected });
        }
        match text.parse().unwrap_or(usize::MAX) {
            0 => {
                let why = "zero would let nothing through";
                Err(Wrong::TooLittle { text: text.into(), least: "1".into(), why })
            }
            number if number > MOST => {
                Err(Wrong::TooMuch { text: text.into(), most: MOST.to_string() })
            }
            number => Ok(number),
        }
    }

    fn print(value: &usize) -> String {
        value.to_string()
    }

    fn schema() -> Json {
        json!({"type": "integer", "minimum": 1, "maximum": MOST})
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{printed, told};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn counts_are_whole_numbers_within_bounds() {
        assert_eq!(printed::<Count>("1"), "1");
        assert_eq!(printed::<Count>("1000000"), "1000000");
        assert_eq!(printed::<Count<9>>("009"), "9");
        for (text, expected) in [
            ("", "\"\" is not a whole number; write a number such as 100"),
            ("many", "\"many\" is not a whole number; write a number such as 100"),
            ("-1", "\"-1\" is not a whole number; write a number such as 100"),
            ("1.5", "\"1.5\" is not a whole number; write a number such as 100"),
            ("0", "0 is too little; write at least 1: zero would let nothing through"),
            ("10", "10 is too much; write at most 9"),
            ("99999999999999999999999", "99999999999999999999999 is too much; write at most 9"),
        ] {
            assert_eq!(told::<Count<9>>(text), expected);
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "[0-9]{0,25}.?") {
            let _ = Count::<1_000_000>::parse(&text);
        }
    }
}
