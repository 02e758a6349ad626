//! The address of the origin: `http://host:port` or `unix:/path`.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::{Value as Json, json};

use super::address::port;
use super::{Text, Wrong, quoted};
use crate::config::OriginAddress;

const HTTP_PORT: u16 = 80;

impl Text for OriginAddress {
    type Value = Self;

    fn parse(text: &str) -> Result<Self, Wrong> {
        if let Some(path) = text.strip_prefix("unix:") {
            return socket(text, path);
        }
        let Some((scheme, rest)) = text.split_once("://") else { return Err(schemeless(text)) };
        let (authority, surplus) = authority(rest);
        let is_scheme = !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphabetic());
        let (Some((host, port)), true) = (host_and_port(authority), is_scheme) else {
            return Err(no_origin(text));
        };
        let plain = format!("http://{authority}");
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(Wrong::Scheme { scheme: scheme.into(), plain });
        }
        match surplus {
            Some(part) => Err(Wrong::OriginPart { part, plain }),
            None => Ok(Self::Tcp { host: host.into(), port }),
        }
    }

    fn print(value: &Self) -> String {
        quoted(&value.to_string())
    }

    fn schema() -> Json {
        json!({"type": "string", "pattern": "^([Hh][Tt][Tt][Pp]://.|unix:/)"})
    }
}

/// `unix:/path`, and `unix:///path` as some write it.
fn socket(text: &str, path: &str) -> Result<OriginAddress, Wrong> {
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() || path.contains('\0') {
        return Err(no_origin(text));
    }
    if !path.starts_with('/') {
        return Err(Wrong::RelativeSocket { path: path.into() });
    }
    Ok(OriginAddress::Unix(path.into()))
}

/// A host or a port alone leaves no doubt about what to write.
fn schemeless(text: &str) -> Wrong {
    let plain = match port(text.strip_prefix(':').unwrap_or(text)) {
        Some(port) => format!("http://127.0.0.1:{port}"),
        None if host_and_port(text).is_some() => format!("http://{text}"),
        None => return no_origin(text),
    };
    Wrong::NoScheme { text: text.into(), plain }
}

fn no_origin(text: &str) -> Wrong {
    Wrong::Not {
        text: text.into(),
        what: "the address of an origin",
        expected: "http://host:port or unix:/path, such as \"http://127.0.0.1:3000\"",
    }
}

/// What names host and port, and what stands there besides. A lone slash at the end is nothing.
fn authority(rest: &str) -> (&str, Option<&'static str>) {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    if let Some((_, host)) = authority.rsplit_once('@') {
        return (host, Some("user"));
    }
    let surplus = match tail.as_bytes() {
        [] | [b'/'] => None,
        [b'?', ..] => Some("query"),
        [b'#', ..] => Some("fragment"),
        _ => Some("path"),
    };
    (authority, surplus)
}

fn host_and_port(authority: &str) -> Option<(&str, u16)> {
    let bracketed = authority.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (host, rest) = match bracketed {
        Some((ip, rest)) => (ip.parse::<Ipv6Addr>().is_ok().then_some(ip)?, rest),
        None => {
            let end = authority.find(':').unwrap_or(authority.len());
            let (host, rest) = authority.split_at(end);
            (is_host(host).then_some(host)?, rest)
        }
    };
    let port = match rest {
        "" => HTTP_PORT,
        _ => rest.strip_prefix(':').and_then(port).filter(|port| *port != 0)?,
    };
    Some((host, port))
}

/// A name, or an IPv4 address in full: `http://3000` is neither, though resolvers would take it.
fn is_host(host: &str) -> bool {
    if host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return host.parse::<Ipv4Addr>().is_ok();
    }
    host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{printed, told};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn origins_are_read() {
        for (text, expected) in [
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("HTTP://app", "http://app:80"),
            ("http://my_app.internal:1/", "http://my_app.internal:1"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("http://[::1]", "http://[::1]:80"),
            ("unix:/run/next.sock", "unix:/run/next.sock"),
            ("unix:///run/next.sock", "unix:/run/next.sock"),
        ] {
            assert_eq!(printed::<OriginAddress>(text), format!("\"{expected}\""), "{text}");
        }
        assert_eq!(
            OriginAddress::parse("http://[::1]:3000"),
            Ok(OriginAddress::Tcp { host: "::1".into(), port: 3000 })
        );
    }

    #[test]
    fn what_is_no_origin_is_told_what_to_write() {
        for (text, expected) in [
            (
                "https://app:3000/x",
                "the origin is asked in plain HTTP, as Next.js speaks it; https is not offered; \
                 write \"http://app:3000\"",
            ),
            ("127.0.0.1:3000", "\"127.0.0.1:3000\" has no scheme; write \"http://127.0.0.1:3000\""),
            ("app", "\"app\" has no scheme; write \"http://app\""),
            (":3000", "\":3000\" has no scheme; write \"http://127.0.0.1:3000\""),
            ("3000", "\"3000\" has no scheme; write \"http://127.0.0.1:3000\""),
            ("http://app/docs", "an origin has no path; write \"http://app\""),
            ("http://app?x", "an origin has no query; write \"http://app\""),
            ("http://app/#x", "an origin has no path; write \"http://app\""),
            ("http://app#x", "an origin has no fragment; write \"http://app\""),
            ("http://me:secret@app", "an origin has no user; write \"http://app\""),
            (
                "unix:next.sock",
                "\"next.sock\" is not a whole path; write it from the root, as in \"unix:/run/next.sock\"",
            ),
        ] {
            assert_eq!(told::<OriginAddress>(text), expected);
        }
        for text in [
            "",
            "http://",
            "http://:80",
            "http://a:",
            "http://a:0",
            "http://a:65536",
            "http://a:+1",
            "http://[::1",
            "http://[a]",
            "http://[::1]x",
            "http://a b",
            "http://3000",
            "http://1.2.3",
            "unix:",
            "unix://",
            "http:/a",
            "http:a",
            "://a",
        ] {
            let expected = format!("{text:?} is not the address of an origin");
            assert!(told::<OriginAddress>(text).starts_with(&expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "(http://|unix:|https://|)[a-z0-9.:/?#@\\[\\]]{0,12}.?") {
            if let Ok(origin) = OriginAddress::parse(&text) {
                prop_assert_eq!(OriginAddress::parse(&origin.to_string()), Ok(origin));
            }
        }
    }
}
