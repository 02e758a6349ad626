//! Where the application's build lies.

use serde_json::{Value as Json, json};

use super::{Text, quoted};
use crate::config::BuildDir;

/// The words for a folder that we look for and for none; any other text names it.
const WORDS: [(&str, BuildDir); 2] = [("auto", BuildDir::Auto), ("off", BuildDir::Off)];

impl Text for BuildDir {
    type Value = Self;

    fn parse(text: &str) -> Result<Self, super::Wrong> {
        if text.trim().is_empty() {
            return Err(super::Wrong::Not {
                text: text.into(),
                what: "a folder",
                expected: "the path of .next, \"auto\" or \"off\"",
            });
        }
        let word = WORDS.into_iter().find(|(word, _)| *word == text);
        Ok(word.map_or_else(|| Self::At(text.into()), |(_, meant)| meant))
    }

    fn print(value: &Self) -> String {
        match value {
            Self::Auto => quoted("auto"),
            Self::Off => quoted("off"),
            Self::At(path) => quoted(&path.to_string_lossy()),
        }
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
    fn a_build_is_looked_for_or_named_or_left_alone() {
        assert_eq!(BuildDir::parse("auto"), Ok(BuildDir::Auto));
        assert_eq!(BuildDir::parse("off"), Ok(BuildDir::Off));
        assert_eq!(BuildDir::parse("./off"), Ok(BuildDir::At("./off".into())));
        for text in ["auto", "off", "/app/.next", "a b\"c"] {
            let again =
                toml::from_str::<toml::Table>(&format!("a = {}", printed::<BuildDir>(text)));
            assert_eq!(again.unwrap()["a"].as_str(), Some(text));
        }
        assert!(told::<BuildDir>(" ").ends_with("write the path of .next, \"auto\" or \"off\""));
    }
}
