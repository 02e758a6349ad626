//! The span of a whole request, in the words of OpenTelemetry's semantic conventions for HTTP.

use http::header::USER_AGENT;
use http::response::Parts;
use http::{Method, Request, Version};

use super::span::{Open, Value};
use crate::body::Body;
use crate::client::{self, Client};
use crate::config::ClientIp;
use crate::error::ProxyError;
use crate::log;
use crate::metrics::{Group, Outcome, Story};

/// A request, if it is told. Dropped before it was answered, it tells that the client left.
#[derive(Debug, Default)]
pub struct Serving(Option<Box<Served>>);

#[derive(Debug)]
struct Served {
    open: Open,
    /// What became of it.
    outcome: Outcome,
    bytes: i64,
}

impl Serving {
    pub(super) fn of(mut open: Open, request: &Request<Body>, client_ip: ClientIp) -> Self {
        describe(&mut open, request, client_ip);
        Self(Some(Box::new(Served { open, outcome: Outcome::Left, bytes: 0 })))
    }

    /// Notes the head of its answer.
    pub fn answered(&mut self, head: &Parts, story: Story) {
        let Some(Served { open, outcome, .. }) = self.0.as_deref_mut() else { return };
        *outcome = story.outcome;
        open.note("http.response.status_code", head.status.as_u16());
        open.note("selvedge.class", story.class.label());
        // Semantic conventions: what is the client's own doing is no failure of a server.
        if head.status.is_server_error() {
            let error = head.extensions.get::<ProxyError>().map(ProxyError::proxy_status);
            open.fail(error.unwrap_or(head.status.as_str()));
        }
    }

    /// Notes bytes of the answer's body.
    pub fn sent(&mut self, bytes: usize) {
        if let Some(served) = &mut self.0 {
            served.bytes = served.bytes.saturating_add_unsigned(bytes as u64);
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let Self { open, outcome, bytes } = self;
        open.note("selvedge.cache.result", outcome.group().label());
        if !outcome.reason().is_empty() {
            open.note("selvedge.cache.reason", outcome.reason());
        }
        if outcome.group() == Group::Left {
            open.fail("client_left");
        } else {
            open.note("http.response.body.size", Value::Number(*bytes));
        }
    }
}

fn describe(open: &mut Open, request: &Request<Body>, client_ip: ClientIp) {
    let (name, other) = method(request.method());
    open.note("http.request.method", if other.is_some() { "_OTHER" } else { name });
    if let Some(other) = other {
        open.note("http.request.method_original", other);
    }
    let (https, host) = client::scheme_and_host(request);
    open.note("url.scheme", if https { "https" } else { "http" });
    open.note("url.path", request.uri().path());
    if let Some(query) = request.uri().query() {
        open.note("url.query", query);
    }
    address(open, &String::from_utf8_lossy(host));
    open.note("network.protocol.version", version(request.version()));
    if let Some(agent) = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok()) {
        open.note("user_agent.original", agent);
    }
    let client = Client::of(request);
    if let Some(address) = log::shown(client_ip, client.address()) {
        open.note("client.address", address.to_string().as_str());
    }
    open.note("selvedge.request_id", client.id.to_string().as_str());
}

/// `Host` in two, where it has a port.
fn address(open: &mut Open, host: &str) {
    let port = host.rsplit_once(':');
    let port = port.and_then(|(name, port)| Some((name, port.parse::<u16>().ok()?)));
    match port {
        Some((name, port)) => {
            open.note("server.address", name);
            open.note("server.port", port);
        }
        None if host.is_empty() => {}
        None => open.note("server.address", host),
    }
}

/// What a span is called by its method, and the method itself where it is one that few know: anybody
/// may invent one.
pub(super) fn method(method: &Method) -> (&'static str, Option<&str>) {
    const KNOWN: [&str; 9] =
        ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
    match KNOWN.into_iter().find(|known| *known == method.as_str()) {
        Some(known) => (known, None),
        None => ("HTTP", Some(method.as_str())),
    }
}

fn version(version: Version) -> &'static str {
    if version == Version::HTTP_10 { "1.0" } else { "1.1" }
}
