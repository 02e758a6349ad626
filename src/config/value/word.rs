//! Values that are one of a few words.

use serde_json::{Value as Json, json};

use super::{Text, Wrong};
use crate::config::{AccessLog, BehindMiddleware, ClientCacheControl, ClientIp};

/// A type whose values are a few words.
pub(in crate::config) trait Word: Copy + PartialEq + 'static {
    /// Every value and its word.
    const WORDS: &'static [(&'static str, Self)];
}

impl Word for ClientCacheControl {
    const WORDS: &'static [(&'static str, Self)] =
        &[("edge", Self::Edge), ("origin", Self::Origin)];
}

impl Word for BehindMiddleware {
    const WORDS: &'static [(&'static str, Self)] =
        &[("bypass", Self::Bypass), ("cache", Self::Cache)];
}

impl Word for AccessLog {
    const WORDS: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("pretty", Self::Pretty), ("json", Self::Json), ("off", Self::Off)];
}

impl Word for ClientIp {
    const WORDS: &'static [(&'static str, Self)] =
        &[("full", Self::Full), ("truncated", Self::Truncated), ("off", Self::Off)];
}

impl<W: Word> Text for W {
    type Value = Self;

    fn parse(text: &str) -> Result<Self, Wrong> {
        let known = W::WORDS.iter().find(|(word, _)| *word == text);
        known.map(|(_, value)| *value).ok_or_else(|| Wrong::Word {
            text: text.into(),
            known: W::WORDS.iter().map(|(word, _)| *word).collect(),
        })
    }

    fn print(value: &Self) -> String {
        let word = W::WORDS.iter().find(|(_, known)| known == value);
        format!("\"{}\"", word.map_or("", |(word, _)| word))
    }

    fn schema() -> Json {
        let words: Vec<_> = W::WORDS.iter().map(|(word, _)| *word).collect();
        json!({"enum": words})
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{printed, told};
    use super::*;

    #[test]
    fn every_value_has_its_word() {
        for word in ["auto", "pretty", "json", "off"] {
            assert_eq!(printed::<AccessLog>(word), format!("\"{word}\""));
        }
        for word in ["edge", "origin"] {
            assert_eq!(printed::<ClientCacheControl>(word), format!("\"{word}\""));
        }
        for word in ["bypass", "cache"] {
            assert_eq!(printed::<BehindMiddleware>(word), format!("\"{word}\""));
        }
        for word in ["full", "truncated", "off"] {
            assert_eq!(printed::<ClientIp>(word), format!("\"{word}\""));
        }
        // A new value without a word does not compile here, and then is thought of above.
        let _ = |log: AccessLog| match log {
            AccessLog::Auto | AccessLog::Pretty | AccessLog::Json | AccessLog::Off => {}
        };
        let _ = |control: ClientCacheControl| match control {
            ClientCacheControl::Edge | ClientCacheControl::Origin => {}
        };
        let _ = |ip: ClientIp| match ip {
            ClientIp::Full | ClientIp::Truncated | ClientIp::Off => {}
        };
        let _ = |middleware: BehindMiddleware| match middleware {
            BehindMiddleware::Bypass | BehindMiddleware::Cache => {}
        };
    }

    #[test]
    fn another_word_is_told_which_there_are() {
        for (told, expected) in [
            (
                told::<AccessLog>("JSON"),
                "\"JSON\" is not known here; write \"auto\", \"pretty\", \"json\" or \"off\"",
            ),
            (
                told::<ClientCacheControl>(""),
                "\"\" is not known here; write \"edge\" or \"origin\"",
            ),
        ] {
            assert_eq!(told, expected);
        }
    }
}
