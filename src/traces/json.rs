//! Spans in the JSON form of OTLP 1: numbers of 64 bits are texts, ids are hexadecimal.

use http::HeaderValue;
use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};

use super::span::{Span, Value};
use crate::client::hex;

/// Who tells.
#[derive(Clone, Debug)]
pub(super) struct Teller {
    /// `service.name`
    pub(super) name: String,
    /// `service.instance.id`: another one for each process.
    pub(super) instance: String,
}

/// A request to the collector.
pub(super) fn written(teller: &Teller, spans: &[Span]) -> Vec<u8> {
    let text = |key, text: &str| Attribute { key, value: Said::Text(text.to_owned()) };
    let attributes = vec![
        text("service.name", &teller.name),
        text("service.version", VERSION),
        text("service.instance.id", &teller.instance),
        text("telemetry.sdk.language", "rust"),
        text("telemetry.sdk.name", NAME),
        text("telemetry.sdk.version", VERSION),
    ];
    let scope = Scope { name: NAME, version: VERSION };
    let whole = Whole {
        resource_spans: [OfResource {
            resource: Resource { attributes },
            scope_spans: [OfScope { scope, spans: Spans(spans) }],
        }],
    };
    // Unreachable alternative: nothing but texts and numbers.
    serde_json::to_vec(&whole).unwrap_or_default()
}

const NAME: &str = env!("CARGO_PKG_NAME");
const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whole<'a> {
    resource_spans: [OfResource<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OfResource<'a> {
    resource: Resource,
    scope_spans: [OfScope<'a>; 1],
}

#[derive(Serialize)]
struct Resource {
    attributes: Vec<Attribute>,
}

#[derive(Serialize)]
struct OfScope<'a> {
    scope: Scope,
    spans: Spans<'a>,
}

#[derive(Serialize)]
struct Scope {
    name: &'static str,
    version: &'static str,
}

struct Spans<'a>(&'a [Span]);

impl Serialize for Spans<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for span in self.0 {
            list.serialize_element(&Written::of(span))?;
        }
        list.end()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    trace_id: String,
    span_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_state: Option<&'a str>,
    flags: u32,
    name: &'a str,
    kind: u8,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    attributes: Vec<Attribute>,
    status: Ending,
}

#[derive(Serialize)]
struct Attribute {
    key: &'static str,
    value: Said,
}

#[derive(Serialize)]
enum Said {
    #[serde(rename = "stringValue")]
    Text(String),
    #[serde(rename = "intValue")]
    Number(String),
}

/// Nothing, or that it failed.
#[derive(Serialize)]
struct Ending {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u8>,
}

const FAILED: u8 = 2;
const SAMPLED: u32 = 1;

impl<'a> Written<'a> {
    fn of(span: &'a Span) -> Self {
        let attributes = span.attributes.iter().map(|(key, value)| Attribute {
            key,
            value: match value {
                Value::Text(text) => Said::Text(text.clone()),
                Value::Number(number) => Said::Number(number.to_string()),
            },
        });
        Self {
            trace_id: digits(hex::<32>(span.trace)),
            span_id: digits(hex::<16>(span.id.into())),
            parent_span_id: span.parent.map(|parent| digits(hex::<16>(parent.into()))),
            trace_state: span.state.as_ref().map(HeaderValue::to_str).and_then(Result::ok),
            flags: SAMPLED,
            name: &span.name,
            kind: span.kind as u8,
            start_time_unix_nano: span.began.to_string(),
            end_time_unix_nano: span.ended.to_string(),
            attributes: attributes.collect(),
            status: Ending { code: span.has_failed.then_some(FAILED) },
        }
    }
}

fn digits<const N: usize>(digits: [u8; N]) -> String {
    digits.map(char::from).iter().collect()
}

#[cfg(test)]
mod tests {
    use super::super::span::Kind;
    use super::*;

    /// As the examples of the OTLP specification have it.
    #[test]
    fn a_span_is_written_as_collectors_read_it() {
        let span = Span {
            trace: 0x5b8e_fff7_9803_8103_d269_b633_813f_c60c,
            id: 0xeee1_9b7e_c3c1_b174,
            parent: Some(0xeee1_9b7e_c3c1_b173),
            state: Some("a=1,b=2".parse().unwrap()),
            name: "GET".into(),
            kind: Kind::Server,
            began: 1_544_712_660_000_000_000,
            ended: 1_544_712_661_000_000_000,
            attributes: vec![("url.path", "/a".into()), ("server.port", 80_u16.into())],
            has_failed: true,
        };
        let teller = Teller { name: "shop".into(), instance: "1".into() };
        let read: serde_json::Value = serde_json::from_slice(&written(&teller, &[span])).unwrap();
        let resource = &read["resourceSpans"][0]["resource"]["attributes"][0];
        let name = serde_json::json!({"key": "service.name", "value": {"stringValue": "shop"}});
        assert_eq!(resource, &name);
        let scope = &read["resourceSpans"][0]["scopeSpans"][0];
        assert_eq!(scope["scope"]["name"], "selvedge");
        let expected = serde_json::json!({
            "traceId": "5b8efff798038103d269b633813fc60c",
            "spanId": "eee19b7ec3c1b174",
            "parentSpanId": "eee19b7ec3c1b173",
            "traceState": "a=1,b=2",
            "flags": 1,
            "name": "GET",
            "kind": 2,
            "startTimeUnixNano": "1544712660000000000",
            "endTimeUnixNano": "1544712661000000000",
            "attributes": [
                {"key": "url.path", "value": {"stringValue": "/a"}},
                {"key": "server.port", "value": {"intValue": "80"}},
            ],
            "status": {"code": 2},
        });
        assert_eq!(scope["spans"][0], expected);
    }
}
