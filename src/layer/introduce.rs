//! What the origin is told about a request that it gets from us: who the client is, that we stand
//! between, and by what id the request is known.
//!
//! This stands below the cache, because a hit needs none of it. So these fields cannot be among a
//! stored response's selecting fields; see [`tells_of_client`].

use std::net::IpAddr;

use http::header::{Entry, FORWARDED, HOST, VIA};
use http::{HeaderMap, HeaderName, HeaderValue, Request};

use super::forwarded::{
    X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO, X_REAL_IP, is_forwarding,
};
use crate::body::Body;
use crate::client::{Client, REQUEST_ID};
use crate::traces::Traces;
use crate::traces::parent::{Parent, TRACEPARENT, TRACESTATE};

/// Our name in `Via` (RFC 9110 section 7.6.3): another one for each process, so that two edges in a
/// row are not taken for a loop.
#[derive(Clone, Debug)]
pub struct Pseudonym(HeaderValue);

impl Pseudonym {
    /// A new name.
    pub fn new() -> Self {
        Self::from(format!("selvedge-{:08x}", fastrand::u32(..)).as_str())
    }

    /// Whether a member of `Via` is ours: protocol version, name, and perhaps a comment.
    pub(super) fn is_member(&self, member: &[u8]) -> bool {
        let mut words = member.trim_ascii().split(|byte| *byte == b' ');
        let name = self.0.as_bytes().strip_prefix(VERSION).unwrap_or_default();
        words.next().is_some() && words.next() == Some(name)
    }
}

const VERSION: &[u8] = b"1.1 ";

impl Default for Pseudonym {
    fn default() -> Self {
        Self::new()
    }
}

impl From<&str> for Pseudonym {
    fn from(name: &str) -> Self {
        let member = HeaderValue::try_from(format!("1.1 {name}"));
        Self(member.unwrap_or(HeaderValue::from_static("1.1 selvedge")))
    }
}

/// Writes the introduction.
pub fn introduce(request: &mut Request<Body>, pseudonym: &Pseudonym, traces: &Traces) {
    let told = traces.told_of(request);
    // Every request that the listener took has one.
    if let Some(client) = request.extensions().get::<Client>().cloned() {
        let headers = request.headers_mut();
        headers.reserve(MOST_ADDED);
        forwarding(headers, &client);
        headers.insert(REQUEST_ID, client.id.value());
        trace(headers, &client, told, traces.samples_new());
    }
    request.headers_mut().append(VIA, pseudonym.0.clone());
}

/// Fields that a request may be given here.
const MOST_ADDED: usize = 8;

/// Whether a field differs from client to client because it is written here. An answer that was
/// selected by one is for its client alone; that the cache sees no such field does not make all
/// clients alike.
pub fn tells_of_client(name: &HeaderName) -> bool {
    *name == VIA || *name == REQUEST_ID || *name == TRACEPARENT || is_forwarding(name)
}

/// `X-Forwarded-*`, which Next.js and most of what runs in it reads, and `Forwarded` (RFC 7239).
fn forwarding(headers: &mut HeaderMap, client: &Client) {
    let told = client.told.as_deref();
    let https = told.is_some_and(|told| told.https);
    let host = told.and_then(|told| told.host.clone()).or_else(|| headers.get(HOST).cloned());
    if let Some(told) = told {
        for (name, line) in &told.fields {
            headers.append(name, line.clone());
        }
    }
    let peer = text_of(client.peer);
    let element = element(client.peer, &peer, host.as_ref(), https);
    let real = match client.address() {
        address if address == client.peer => peer.clone(),
        address => text_of(address),
    };
    append_to_list(headers, X_FORWARDED_FOR, peer);
    append_to_list(headers, FORWARDED, element);
    headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static(scheme(https)));
    if let Some(real) = value(real) {
        headers.insert(X_REAL_IP, real);
    }
    if let Some(host) = host {
        headers.insert(X_FORWARDED_HOST, host);
    }
}

/// By hand where it is IPv4: the standard library's formatting would be a tenth of what a request
/// costs that passes through.
fn text_of(address: IpAddr) -> Vec<u8> {
    let IpAddr::V4(address) = address else { return address.to_string().into() };
    let mut text = Vec::with_capacity("255.255.255.255".len());
    for (at, octet) in address.octets().into_iter().enumerate() {
        if at > 0 {
            text.push(b'.');
        }
        text.extend_from_slice(itoa::Buffer::new().format(octet).as_bytes());
    }
    text
}

fn scheme(https: bool) -> &'static str {
    if https { "https" } else { "http" }
}

/// One element of `Forwarded` (RFC 7239 section 4), quoted where it must be (section 6).
fn element(peer: IpAddr, address: &[u8], host: Option<&HeaderValue>, https: bool) -> Vec<u8> {
    let (before, after): (&[u8], &[u8]) =
        if peer.is_ipv6() { (b"for=\"[", b"]\"") } else { (b"for=", b"") };
    let host = host.filter(|host| host.to_str().is_ok()).map(HeaderValue::as_bytes);
    let (named, host): (&[u8], _) = host.map_or((b"", &b""[..]), |host| (b";host=", host));
    let quote: &[u8] = if host.iter().copied().all(is_token) { b"" } else { b"\"" };
    let scheme = scheme(https).as_bytes();
    [before, address, after, named, quote, host, quote, b";proto=", scheme].concat()
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// `traceparent`: what is told of the trace here, else the client's own, else a new one.
fn trace(headers: &mut HeaderMap, client: &Client, told: Option<HeaderValue>, is_sampled: bool) {
    let has_parent = Parent::of(headers).is_some();
    if !has_parent {
        // Section 3.3.1.3 of Trace Context: it speaks of a trace that is not this one.
        headers.remove(TRACESTATE);
    }
    if let Some(told) = told {
        headers.insert(TRACEPARENT, told);
    } else if !has_parent {
        // Sampled where nothing is told here, because a trace that begins here unsampled would silence
        // an application whose sampler follows its parent.
        let trace = client.id.number().unwrap_or_else(|| fastrand::u128(1..));
        let new = Parent { trace, span: fastrand::u64(1..), is_sampled };
        headers.insert(TRACEPARENT, new.value());
    }
}

fn append_to_list(headers: &mut HeaderMap, name: HeaderName, member: Vec<u8>) {
    match headers.entry(name) {
        Entry::Vacant(place) => {
            if let Some(member) = value(member) {
                place.insert(member);
            }
        }
        Entry::Occupied(mut lines) => {
            let readable = lines.iter().filter(|line| line.to_str().is_ok());
            let mut list: Vec<_> = readable.map(HeaderValue::as_bytes).collect();
            list.push(&member);
            if let Some(list) = value(list.join(&b", "[..])) {
                lines.insert(list);
            }
        }
    }
}

/// What was put together from values is a value.
fn value(text: Vec<u8>) -> Option<HeaderValue> {
    HeaderValue::try_from(text).ok()
}

#[cfg(test)]
mod tests {
    use super::super::forwarded;
    use super::*;

    fn introduced(peer: &str, fields: &[(&'static str, &str)]) -> HeaderMap {
        let mut request = Request::new(Body::Empty);
        for (name, value) in fields {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        let client = Client::new(peer.parse().unwrap(), request.headers());
        request.extensions_mut().insert(client);
        forwarded::read(&mut request, &["10.0.0.0/8".parse().unwrap()]);
        introduce(&mut request, &Pseudonym::from("selvedge-1"), &Traces::default());
        request.headers().clone()
    }

    #[test]
    fn the_origin_learns_who_asks() {
        for (name, peer, fields, expected) in [
            (
                "a client",
                "192.0.2.1",
                &[("host", "example.org"), ("x-forwarded-for", "6.6.6.6")][..],
                &[
                    ("x-forwarded-for", "192.0.2.1"),
                    ("x-forwarded-host", "example.org"),
                    ("x-forwarded-proto", "http"),
                    ("x-real-ip", "192.0.2.1"),
                    ("forwarded", "for=192.0.2.1;host=example.org;proto=http"),
                    ("via", "1.1 selvedge-1"),
                ][..],
            ),
            (
                "IPv6, a port",
                "2001:db8::1",
                &[("host", "a:80")],
                &[("forwarded", "for=\"[2001:db8::1]\";host=\"a:80\";proto=http")],
            ),
            (
                "through a trusted proxy",
                "10.0.0.1",
                &[
                    ("host", "inner"),
                    ("x-forwarded-for", "192.0.2.1, 10.0.0.2"),
                    ("x-forwarded-proto", "https"),
                    ("x-forwarded-host", "example.org"),
                    ("x-forwarded-port", "443"),
                    ("forwarded", "for=192.0.2.1"),
                    ("via", "2 proxy"),
                ],
                &[
                    ("host", "inner"),
                    ("x-forwarded-for", "192.0.2.1, 10.0.0.2, 10.0.0.1"),
                    ("x-forwarded-proto", "https"),
                    ("x-forwarded-host", "example.org"),
                    ("x-forwarded-port", "443"),
                    ("x-real-ip", "192.0.2.1"),
                    ("forwarded", "for=192.0.2.1, for=10.0.0.1;host=example.org;proto=https"),
                ],
            ),
        ] {
            let headers = introduced(peer, fields);
            for (field, value) in expected {
                let lines: Vec<_> = headers.get_all(*field).iter().collect();
                assert_eq!(lines, [value], "{name}: {field}");
            }
        }
    }

    #[test]
    fn vias_of_others_stay_before_ours() {
        let headers = introduced("192.0.2.1", &[("via", "2 a"), ("via", "1.1 b")]);
        assert!(headers.get_all("via").iter().eq(["2 a", "1.1 b", "1.1 selvedge-1"].iter()));
    }

    #[test]
    fn ids_are_passed_through_or_made() {
        let given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        let headers = introduced("192.0.2.1", &[("traceparent", given), ("x-request-id", "r1")]);
        assert_eq!(headers["traceparent"], given);
        assert_eq!(headers["x-request-id"], "r1");
        let state = ("tracestate", "a=1");
        let headers = introduced("192.0.2.1", &[("traceparent", given), state]);
        assert_eq!(headers["traceparent"], given);
        assert_eq!(headers["tracestate"], "a=1");
        for odd in ["", "00-abc", &given.to_uppercase(), &given.replace('-', "_")] {
            let fields = [("traceparent", odd), ("x-request-id", "\""), state];
            let headers = introduced("192.0.2.1", &fields);
            assert_eq!(headers.get("tracestate"), None);
            let made = headers["traceparent"].to_str().unwrap();
            let id = headers["x-request-id"].to_str().unwrap();
            assert!(made.starts_with(&format!("00-{id}-")), "{made}, {id}");
            assert!(Parent::of(&headers).is_some_and(|parent| parent.is_sampled));
        }
    }
}
