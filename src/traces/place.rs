//! Who is told, and by what name.

use std::ffi::OsString;

use crate::config::{Collector, Endpoint, TracesConfig};

/// What the environment says about traces, for all programs that can tell them.
#[derive(Clone, Debug, Default)]
pub(super) struct Environment {
    is_disabled: bool,
    base: Option<String>,
    whole: Option<String>,
    protocol: Option<String>,
    service_name: Option<String>,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) endpoint: Endpoint,
    pub(super) name: String,
}

impl Environment {
    /// As a variable's name gives its value. An empty one says nothing.
    pub(super) fn read(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let read = |name: &str| -> Option<String> {
            let value = variable(name)?.to_string_lossy().trim().to_owned();
            (!value.is_empty()).then_some(value)
        };
        let is = |name: &str, word: &str| {
            read(name).is_some_and(|value| value.eq_ignore_ascii_case(word))
        };
        Self {
            is_disabled: is("OTEL_SDK_DISABLED", "true") || is("OTEL_TRACES_EXPORTER", "none"),
            base: read("OTEL_EXPORTER_OTLP_ENDPOINT"),
            whole: read("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
            protocol: read("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
                .or_else(|| read("OTEL_EXPORTER_OTLP_PROTOCOL")),
            service_name: read("OTEL_SERVICE_NAME"),
        }
    }
}

/// Who is told; `None` for nobody. What was said to this edge alone counts for more.
///
/// # Errors
/// What the environment says is nothing that can be used here, which is told.
pub(super) fn of(
    config: &TracesConfig,
    environment: &Environment,
) -> Result<Option<Place>, String> {
    let endpoint = match &config.endpoint {
        Collector::Off => None,
        Collector::At(endpoint) => Some(endpoint.clone()),
        Collector::Auto => of_environment(environment)?,
    };
    let name = config.service_name.as_ref().or(environment.service_name.as_ref());
    let name = name.map_or("selvedge", String::as_str).to_owned();
    Ok(endpoint.map(|endpoint| Place { endpoint, name }))
}

fn of_environment(environment: &Environment) -> Result<Option<Endpoint>, String> {
    let Environment { is_disabled, base, whole, protocol, .. } = environment;
    let (name, value, endpoint) = match (whole, base) {
        _ if *is_disabled => return Ok(None),
        (Some(whole), _) => {
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", whole, Endpoint::of_whole(whole))
        }
        (None, Some(base)) => ("OTEL_EXPORTER_OTLP_ENDPOINT", base, Endpoint::of_base(base)),
        (None, None) => return Ok(None),
    };
    if protocol.as_deref() == Some("grpc") {
        return Err(format!(
            "{name} is for grpc, and OTLP is spoken over HTTP here; name that address of the \
             collector, often its port 4318"
        ));
    }
    match endpoint {
        Some(endpoint) => Ok(Some(endpoint)),
        None => Err(format!(
            "{name} is {value:?}, and plain HTTP is spoken here; name a collector nearby, as in \
             \"http://127.0.0.1:4318\", or say \"off\""
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(config: &TracesConfig, variables: &[(&str, &str)]) -> Result<Option<String>, String> {
        let environment = Environment::read(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.into())
        });
        let place = of(config, &environment)?;
        let told = |Place { endpoint: Endpoint { address, path }, name }| {
            format!("{address}{path} {name}")
        };
        Ok(place.map(told))
    }

    fn found(variables: &[(&str, &str)]) -> Option<String> {
        told(&TracesConfig::default(), variables).unwrap()
    }

    const BASE: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://otel:4318");

    #[test]
    fn the_variables_of_opentelemetry_are_honoured() {
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[("OTEL_SERVICE_NAME", "shop")]), None);
        assert_eq!(found(&[BASE]).unwrap(), "http://otel:4318/v1/traces selvedge");
        let named = [BASE, ("OTEL_SERVICE_NAME", "shop")];
        assert_eq!(found(&named).unwrap(), "http://otel:4318/v1/traces shop");
        let whole = [BASE, ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://tempo:4318/in")];
        assert_eq!(found(&whole).unwrap(), "http://tempo:4318/in selvedge");
        for off in [("OTEL_SDK_DISABLED", "TRUE"), ("OTEL_TRACES_EXPORTER", "none")] {
            assert_eq!(found(&[BASE, off]), None);
        }
        assert_eq!(found(&[("OTEL_EXPORTER_OTLP_ENDPOINT", " ")]), None);
    }

    #[test]
    fn what_is_configured_counts_for_more() {
        let at = Endpoint::of_base("http://127.0.0.1:1").map(Collector::At).unwrap();
        let service_name = Some("edge".into());
        let config = TracesConfig { endpoint: at, service_name, ..TracesConfig::default() };
        let grpc = ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
        let other = [BASE, ("OTEL_SERVICE_NAME", "shop"), grpc];
        assert_eq!(told(&config, &other).unwrap().unwrap(), "http://127.0.0.1:1/v1/traces edge");
        let off = TracesConfig { endpoint: Collector::Off, ..config };
        assert_eq!(told(&off, &other), Ok(None));
    }

    #[test]
    fn what_cannot_be_used_is_told_with_the_remedy() {
        let config = TracesConfig::default();
        let grpc = ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
        assert!(told(&config, &[BASE, grpc]).unwrap_err().contains("4318"));
        let https = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://api.example");
        let why = told(&config, &[https]).unwrap_err();
        assert!(why.contains("OTEL_EXPORTER_OTLP_ENDPOINT is \"https://api.example\""), "{why}");
    }
}
