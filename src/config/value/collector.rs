//! Who collects traces: `http://host:4318`, as OpenTelemetry's own variables have it.

use serde_json::{Value as Json, json};

use super::{Text, Wrong, quoted};
use crate::config::{Collector, Endpoint, OriginAddress};

const WORDS: [(&str, Collector); 2] = [("auto", Collector::Auto), ("off", Collector::Off)];

/// What stands behind a collector's base (OTLP specification, "OTLP/HTTP Request").
const TRACES: &str = "/v1/traces";

impl Text for Collector {
    type Value = Self;

    fn parse(text: &str) -> Result<Self, Wrong> {
        if let Some((_, collector)) = WORDS.into_iter().find(|(word, _)| *word == text) {
            return Ok(collector);
        }
        let endpoint = Endpoint::of_base(text).map(Self::At);
        endpoint.ok_or_else(|| Wrong::Not {
            text: text.into(),
            what: "a collector of traces",
            expected: "the base of its address in plain HTTP, as in \"http://127.0.0.1:4318\", or \"auto\" or \"off\"",
        })
    }

    fn print(value: &Self) -> String {
        match value {
            Self::Auto => quoted("auto"),
            Self::Off => quoted("off"),
            Self::At(Endpoint { address, path }) => {
                quoted(&format!("{address}{}", path.strip_suffix(TRACES).unwrap_or(path)))
            }
        }
    }

    fn schema() -> Json {
        json!({"anyOf": [
            {"enum": WORDS.map(|(word, _)| word)},
            {"type": "string", "pattern": "^[Hh][Tt][Tt][Pp]://."},
        ]})
    }
}

impl Endpoint {
    /// Where a collector takes traces, by the base of its address; that may also be the whole.
    pub fn of_base(text: &str) -> Option<Self> {
        let Self { address, path } = Self::of_whole(text)?;
        let base = path.trim_end_matches('/');
        let base = base.strip_suffix(TRACES).unwrap_or(base);
        Some(Self { address, path: format!("{base}{TRACES}") })
    }

    /// The same by the whole address.
    pub fn of_whole(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let address = OriginAddress::parse(&format!("{scheme}://{authority}")).ok()?;
        let is_path = path.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#".contains(&byte));
        let path = if path.is_empty() { "/" } else { path };
        is_path.then(|| Self { address, path: path.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{printed, told};
    use super::*;

    #[test]
    fn a_collector_is_named_by_its_base_or_by_the_whole() {
        for (text, base) in [
            ("auto", "auto"),
            ("off", "off"),
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318"),
            ("http://otel:4318/", "http://otel:4318"),
            ("http://otel:4318/v1/traces", "http://otel:4318"),
            ("HTTP://[::1]:4318/a/b/", "http://[::1]:4318/a/b"),
        ] {
            assert_eq!(printed::<Collector>(text), format!("\"{base}\""));
        }
        let path = |text| Endpoint::of_base(text).unwrap().path;
        assert_eq!(path("http://otel:4318"), "/v1/traces");
        assert_eq!(path("http://otel:4318/otlp"), "/otlp/v1/traces");
        assert_eq!(Endpoint::of_whole("http://otel:4318").unwrap().path, "/");
        assert_eq!(Endpoint::of_whole("http://otel/in?a"), None);
    }

    #[test]
    fn what_is_none_is_told() {
        for text in ["", "4318", "otel:4318", "https://otel", "http://a:b", "http://otel/a b"] {
            assert!(told::<Collector>(text).contains("in plain HTTP, as in"), "{text}");
        }
    }
}
