//! What the log tells: a filter of `tracing`.

use tracing_subscriber::EnvFilter;

use serde_json::{Value as Json, json};

use super::{Text, Wrong, quoted};

/// A filter that says what it means.
///
/// `tracing` takes any word that is no level for a part of the program, so that `"inof"` would
/// silence everything but a part of that name. Here such a word has to come with a level.
pub(in crate::config) enum Filter {}

const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];

impl Text for Filter {
    type Value = String;

    fn parse(text: &str) -> Result<String, Wrong> {
        let members = || text.split(',').map(str::trim);
        let is_bad = |member: &&str| !says_a_level(member) || EnvFilter::try_new(member).is_err();
        if let Some(bad) = members().find(is_bad) {
            return Err(Wrong::Filter { text: bad.into() });
        }
        Ok(members().collect::<Vec<_>>().join(","))
    }

    fn print(value: &String) -> String {
        quoted(value)
    }

    fn schema() -> Json {
        json!({"type": "string", "minLength": 1})
    }
}

fn says_a_level(member: &str) -> bool {
    member.contains('=') || LEVELS.iter().any(|level| level.eq_ignore_ascii_case(member))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{printed, told};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_filter_says_a_level_everywhere() {
        for (text, expected) in [
            ("info", "info"),
            ("OFF", "OFF"),
            ("selvedge=debug", "selvedge=debug"),
            ("info, hyper=debug", "info,hyper=debug"),
            ("warn,selvedge[request]=trace", "warn,selvedge[request]=trace"),
        ] {
            assert_eq!(printed::<Filter>(text), format!("\"{expected}\""), "{text}");
        }
        for (text, member) in [
            ("inof", "inof"),
            ("", ""),
            ("info,", ""),
            ("info,hyper", "hyper"),
            ("hyper=loud", "hyper=loud"),
            ("=", "="),
        ] {
            let expected = format!(
                "{member:?} is neither a level nor gives one to a part of the program; \
                 a level is error, warn, info, debug, trace or off; \
                 write \"info\", or \"info,hyper=debug\""
            );
            assert_eq!(told::<Filter>(text), expected);
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "([a-z]{0,3}(=|,|\\[|\\{|\\}|\\]|/|info)){0,4}.?") {
            let _ = Filter::parse(&text);
        }
    }
}
