//! Names of query parameters: `"utm_source,gclid"`.

use serde_json::{Value as Json, json};

use super::{Text, Wrong, quoted};

/// Names with commas between; empty for none.
pub(in crate::config) enum Parameters {}

impl Text for Parameters {
    type Value = Vec<String>;

    fn parse(text: &str) -> Result<Vec<String>, Wrong> {
        let names = text.split(',').map(str::trim).filter(|_| !text.trim().is_empty());
        let is_name = |name: &str| !name.is_empty() && !name.contains(['&', '=', '#', '?', ' ']);
        let names: Vec<String> = names.map(String::from).collect();
        if names.iter().all(|name| is_name(name)) {
            return Ok(names);
        }
        Err(Wrong::Not {
            text: text.into(),
            what: "a list of query parameters",
            expected: "their names with commas between, such as \"utm_source,gclid\"",
        })
    }

    fn print(value: &Vec<String>) -> String {
        quoted(&value.join(","))
    }

    fn schema() -> Json {
        json!({"type": "string", "pattern": "^[^&=#?]*$"})
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{printed, told};
    use super::*;

    #[test]
    fn names_stand_between_commas() {
        assert_eq!(printed::<Parameters>("gclid, utm_source"), "\"gclid,utm_source\"");
        assert_eq!(printed::<Parameters>(""), "\"\"");
        for text in ["a=b", "a,,b", "a&b"] {
            assert!(told::<Parameters>(text).contains("utm_source,gclid"), "{text}");
        }
    }
}
