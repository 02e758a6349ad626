//! Where visitors find an application: `"https://shop.example"`.

use serde_json::{Value as Json, json};

use super::{Text, Wrong, quoted};

/// Scheme and host, perhaps with a port, and no path.
pub(in crate::config) enum Site {}

impl Text for Site {
    type Value = String;

    fn parse(text: &str) -> Result<String, Wrong> {
        let site = text.strip_suffix('/').unwrap_or(text);
        let host = site.strip_prefix("https://").or_else(|| site.strip_prefix("http://"));
        let is_of_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
        match host.is_some_and(|host| !host.is_empty() && host.bytes().all(is_of_host)) {
            // As visitors' requests are spelt too.
            true => Ok(site.to_ascii_lowercase()),
            false => Err(Wrong::Not {
                text: text.into(),
                what: "a site",
                expected: "scheme and host as in \"https://shop.example\"",
            }),
        }
    }

    fn print(value: &String) -> String {
        quoted(value)
    }

    fn schema() -> Json {
        json!({"type": "string", "pattern": "^https?://[-._:\\[\\]0-9A-Za-z]+/?$"})
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{printed, told};
    use super::*;

    #[test]
    fn a_site_is_a_scheme_and_a_host() {
        for (text, expected) in [
            ("https://shop.example", "\"https://shop.example\""),
            ("https://Shop.example/", "\"https://shop.example\""),
            ("http://127.0.0.1:8080", "\"http://127.0.0.1:8080\""),
            ("http://[::1]:8080", "\"http://[::1]:8080\""),
        ] {
            assert_eq!(printed::<Site>(text), expected);
        }
        for text in ["", "shop.example", "https://", "ftp://a", "https://a/b", "https://a?b"] {
            let expected = format!(
                "{text:?} is not a site; write scheme and host as in \"https://shop.example\""
            );
            assert_eq!(told::<Site>(text), expected);
        }
    }
}
