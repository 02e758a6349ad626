//! Who the client is, where proxies stand before us: by `X-Forwarded-*`, which all of them send.
//! `Forwarded` (RFC 7239) is added to, and not read.
//!
//! Whatever these fields say comes off the request: anybody may send them. What a trusted proxy said
//! is kept in the [`Client`], and `layer::introduce` tells the origin. So neither a key nor a `Vary`
//! ever sees what a stranger claims.

use std::net::IpAddr;
use std::sync::Arc;

use http::header::{FORWARDED, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use ipnet::IpNet;

use super::remove_fields;
use crate::body::Body;
use crate::client::{Client, Told};
use crate::fields::Fields;

/// `x-forwarded-for`
pub const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// `x-forwarded-host`
pub const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
/// `x-forwarded-proto`
pub const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// `x-real-ip`
pub const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Takes the forwarding fields off a request, and keeps what they say if its peer is in `trusted`.
pub fn read(request: &mut Request<Body>, trusted: &[IpNet]) {
    let client = request.extensions().get::<Client>();
    let fields = client.map_or_else(|| Fields::of(request.headers()), |client| client.fields);
    if client.is_some_and(|client| is_trusted(client.peer, trusted)) {
        let told = Some(Arc::new(told(request.headers(), trusted)));
        if let Some(client) = request.extensions_mut().get_mut::<Client>() {
            client.told = told;
        }
    }
    if fields.may_have(Fields::FORWARDING) {
        remove_fields(request.headers_mut(), is_forwarding);
    }
}

/// Whether a field tells of a client behind a proxy.
pub fn is_forwarding(name: &HeaderName) -> bool {
    *name == FORWARDED || *name == X_REAL_IP || name.as_str().starts_with("x-forwarded-")
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|net| net.contains(&address))
}

fn told(headers: &HeaderMap, trusted: &[IpNet]) -> Told {
    let mut fields = HeaderMap::new();
    for (name, line) in headers.iter().filter(|(name, _)| is_forwarding(name)) {
        fields.append(name, line.clone());
    }
    // The leftmost speaks of the client itself; Next.js reads it so too.
    let https = first_member(headers, &X_FORWARDED_PROTO)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
    let host = first_member(headers, &X_FORWARDED_HOST).filter(|host| is_host(host.as_bytes()));
    let host = host.and_then(|host| {
        let normal = normalised_host(host.as_bytes(), https);
        normal.or_else(|| HeaderValue::from_str(host).ok())
    });
    Told {
        address: client_address(headers, trusted),
        https,
        host: host.filter(|host| headers.get(HOST) != Some(host)),
        fields,
    }
}

/// The first address from the right that is no trusted proxy: each proxy appends who came to it, and
/// what stands left of an untrusted one may be invented.
fn client_address(headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let mut found = None;
    for member in members(headers, &X_FORWARDED_FOR).collect::<Vec<_>>().into_iter().rev() {
        // Beyond what is no address nothing can be believed.
        let address = parse_address(member)?;
        found = Some(address);
        if !is_trusted(address, trusted) {
            break;
        }
    }
    found
}

/// An address with or without a port, IPv6 with or without brackets.
fn parse_address(text: &str) -> Option<IpAddr> {
    let address = text.parse().ok().or_else(|| {
        let with_port = text.parse::<std::net::SocketAddr>().ok();
        with_port.map(|address| address.ip())
    });
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    address.or_else(bracketed).map(|address: IpAddr| address.to_canonical())
}

fn members<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|member| !member.is_empty())
}

fn first_member<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    members(headers, name).next()
}

/// Whether these bytes are a host with an optional port (RFC 3986 section 3.2.2): what could end a
/// line, a key's part or a URL's authority is not.
pub fn is_host(host: &[u8]) -> bool {
    let end = match host.strip_prefix(b"[") {
        Some(literal) => literal.iter().position(|byte| *byte == b']').map(|end| end + 2),
        None => Some(host.iter().position(|byte| *byte == b':').unwrap_or(host.len())),
    };
    let Some((name, port)) = end.and_then(|end| host.split_at_checked(end)) else { return false };
    let is_port = matches!(port, [] | [b':', ..]) && port.iter().skip(1).all(u8::is_ascii_digit);
    is_name(name) && is_port
}

fn is_name(name: &[u8]) -> bool {
    let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_~%!$&'()*+;=".contains(byte);
    let in_address = |byte: &u8| byte.is_ascii_hexdigit() || b":.".contains(byte);
    match name {
        [b'[', address @ .., b']'] => !address.is_empty() && address.iter().all(in_address),
        name => !name.is_empty() && name.iter().all(in_name),
    }
}

/// The one spelling of a host: in lower case, without its scheme's own port or an empty one (RFC 9110
/// section 4.2.3). `None` if it is spelt so already.
pub fn normalised_host(host: &[u8], https: bool) -> Option<HeaderValue> {
    let port: &[u8] = if https { b":443" } else { b":80" };
    let without = host.strip_suffix(port).or_else(|| host.strip_suffix(b":")).unwrap_or(host);
    if without.len() == host.len() && !host.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    HeaderValue::from_bytes(&without.to_ascii_lowercase()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(peer: [u8; 4], fields: &[(&'static str, &str)]) -> Request<Body> {
        let mut request = Request::new(Body::Empty);
        for (name, value) in fields {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        let client = Client::new(peer.into(), request.headers());
        request.extensions_mut().insert(client);
        request
    }

    fn trusted() -> Vec<IpNet> {
        vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]
    }

    #[test]
    fn a_strangers_claims_are_dropped() {
        let fields = [
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-port", "1"),
            ("x-real-ip", "1.2.3.4"),
            ("forwarded", "for=1.2.3.4"),
            ("host", "example.org"),
        ];
        let mut request = request([192, 0, 2, 1], &fields);
        read(&mut request, &trusted());
        assert!(request.headers().keys().eq(["host"].iter()));
        assert_eq!(crate::client::host(&request), b"example.org");
        assert!(!crate::client::is_https(&request));
        let client = request.extensions().get::<Client>().unwrap();
        assert_eq!(client.address(), client.peer);
    }

    #[test]
    fn a_trusted_proxy_is_believed_about_scheme_and_host() {
        let fields = [
            ("x-forwarded-host", "example.org, inner"),
            ("x-forwarded-proto", "HTTPS"),
            ("host", "inner"),
        ];
        let mut request = request([10, 0, 0, 1], &fields);
        read(&mut request, &trusted());
        assert_eq!(crate::client::host(&request), b"example.org");
        assert!(crate::client::is_https(&request));
    }

    #[test]
    fn the_client_is_the_rightmost_address_that_is_no_proxy_of_ours() {
        let peer = IpAddr::from([10, 0, 0, 1]);
        for (name, lines, expected) in [
            ("nothing said", &[][..], "10.0.0.1"),
            ("one", &["192.0.2.7"], "192.0.2.7"),
            ("invented before it", &["6.6.6.6, 192.0.2.7"], "192.0.2.7"),
            ("through two of ours", &["192.0.2.7, 10.0.0.2"], "192.0.2.7"),
            ("on two lines", &["192.0.2.7", "10.0.0.2"], "192.0.2.7"),
            ("ours alone", &["10.0.0.9, 10.0.0.2"], "10.0.0.9"),
            ("with a port", &["192.0.2.7:1234"], "192.0.2.7"),
            ("IPv6", &["2001:db8::1"], "2001:db8::1"),
            ("IPv6 with a port", &["[2001:db8::1]:80, fd00::2"], "2001:db8::1"),
            ("IPv6 in brackets", &["[2001:db8::1]"], "2001:db8::1"),
            ("IPv4 in IPv6", &["::ffff:192.0.2.7"], "192.0.2.7"),
            ("no address", &["192.0.2.7, unknown"], "10.0.0.1"),
        ] {
            let fields: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
            let mut request = request([10, 0, 0, 1], &fields);
            read(&mut request, &trusted());
            let client = request.extensions().get::<Client>().unwrap();
            assert_eq!(client.address(), expected.parse::<IpAddr>().unwrap(), "{name}");
            assert_eq!(client.peer, peer);
        }
    }

    #[test]
    fn a_host_holds_nothing_that_could_end_it() {
        for (host, expected) in [
            ("example.org", true),
            ("example.org:8080", true),
            ("[2001:db8::1]:80", true),
            ("", false),
            ("a/b", false),
            ("a b", false),
            ("a@b", false),
            ("a\\b", false),
            ("a?b", false),
            ("a#b", false),
            ("a,b", false),
            ("a:", true),
            ("a:b", false),
            ("a:1:2", false),
            (":80", false),
            ("a]", false),
            ("[::1", false),
            ("[]", false),
            ("[::1]80", false),
            ("[a.example]", false),
        ] {
            assert_eq!(is_host(host.as_bytes()), expected, "{host}");
        }
    }
}
