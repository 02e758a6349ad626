//! A value, or the word for none.

use std::marker::PhantomData;

use serde_json::{Value as Json, json};

use super::{Text, Wrong};

/// `"auto"`, or a value of the kind.
pub(in crate::config) struct OrAuto<K>(PhantomData<K>);

/// `"off"`, or a value of the kind.
pub(in crate::config) struct OrOff<K>(PhantomData<K>);

impl<K: Text> Text for OrAuto<K> {
    type Value = Option<K::Value>;

    fn parse(text: &str) -> Result<Self::Value, Wrong> {
        parse::<K>("auto", text)
    }

    fn print(value: &Self::Value) -> String {
        print::<K>("auto", value)
    }

    fn schema() -> Json {
        json!({"anyOf": [{"const": "auto"}, K::schema()]})
    }
}

impl<K: Text> Text for OrOff<K> {
    type Value = Option<K::Value>;

    fn parse(text: &str) -> Result<Self::Value, Wrong> {
        parse::<K>("off", text)
    }

    fn print(value: &Self::Value) -> String {
        print::<K>("off", value)
    }

    fn schema() -> Json {
        json!({"anyOf": [{"const": "off"}, K::schema()]})
    }
}

fn parse<K: Text>(word: &'static str, text: &str) -> Result<Option<K::Value>, Wrong> {
    if text == word {
        return Ok(None);
    }
    K::parse(text).map(Some).map_err(|wrong| Wrong::OrWord { wrong: Box::new(wrong), word })
}

fn print<K: Text>(word: &str, value: &Option<K::Value>) -> String {
    value.as_ref().map_or_else(|| format!("\"{word}\""), K::print)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{printed, told};
    use super::super::{Count, Size};
    use super::*;

    #[test]
    fn the_word_is_a_value_of_its_own() {
        assert_eq!(OrAuto::<Size>::parse("auto"), Ok(None));
        assert_eq!(OrOff::<Count>::parse("7"), Ok(Some(7)));
        for text in ["\"auto\"", "\"1GiB\""] {
            assert_eq!(printed::<OrAuto<Size>>(text.trim_matches('"')), text);
        }
        assert_eq!(printed::<OrOff<Count>>("off"), "\"off\"");
        assert_eq!(
            told::<OrOff<Count>>("auto"),
            "\"auto\" is not a whole number; write a number such as 100, or \"off\""
        );
    }
}
