//! Addresses to listen on.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde_json::{Value as Json, json};

use super::{Text, Wrong};

/// Where clients connect. A port alone (`"8080"`, `":8080"`) is open to everyone: that is what the
/// edge is for.
pub(in crate::config) enum ListenAddress {}

/// Where health is told. Whom it is open to has to be said.
pub(in crate::config) enum AdminAddress {}

impl Text for ListenAddress {
    type Value = SocketAddr;

    fn parse(text: &str) -> Result<SocketAddr, Wrong> {
        if let Some(port) = bare_port(text) {
            return Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port));
        }
        let expected = "an address and a port, such as \"0.0.0.0:8080\", or a port";
        socket_address(text, 8080, expected)
    }

    fn print(value: &SocketAddr) -> String {
        format!("\"{value}\"")
    }

    fn schema() -> Json {
        json!({"anyOf": [
            {"type": "string", "pattern": r"^((\[[^\]]+\]|[0-9.]+)?:)?[0-9]+$"},
            {"type": "integer", "minimum": 0, "maximum": u16::MAX},
        ]})
    }
}

impl Text for AdminAddress {
    type Value = SocketAddr;

    fn parse(text: &str) -> Result<SocketAddr, Wrong> {
        if let Some(port) = bare_port(text) {
            return Err(Wrong::BarePort { text: text.into(), port });
        }
        socket_address(text, 9180, "an address and a port, such as \"127.0.0.1:9180\"")
    }

    fn print(value: &SocketAddr) -> String {
        format!("\"{value}\"")
    }

    fn schema() -> Json {
        json!({"type": "string", "pattern": r"^(\[[^\]]+\]|[0-9.]+):[0-9]+$"})
    }
}

/// `8080` or `:8080`
fn bare_port(text: &str) -> Option<u16> {
    port(text.strip_prefix(':').unwrap_or(text))
}

/// A port in decimal digits.
pub(in crate::config) fn port(text: &str) -> Option<u16> {
    // `parse` alone would take a plus sign.
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn socket_address(
    text: &str,
    default_port: u16,
    expected: &'static str,
) -> Result<SocketAddr, Wrong> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    if let Ok(ip) = text.parse() {
        return Err(Wrong::NoPort { ip, port: default_port });
    }
    if let Some((host, port)) = named(text) {
        return Err(Wrong::Name { host: host.into(), port });
    }
    Err(Wrong::Not { text: text.into(), what: "an address with a port", expected })
}

/// `host:port`, where the host has a letter and nothing that no name has.
fn named(text: &str) -> Option<(&str, u16)> {
    let (host, digits) = text.split_once(':')?;
    let is_name = host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        && host.bytes().any(|b| b.is_ascii_alphabetic());
    is_name.then_some((host, port(digits)?))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{printed, told};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_read() {
        for (text, expected) in [
            ("0.0.0.0:8080", "\"0.0.0.0:8080\""),
            ("[::]:8080", "\"[::]:8080\""),
            ("[::1]:80", "\"[::1]:80\""),
            ("127.0.0.1:0", "\"127.0.0.1:0\""),
            ("8080", "\"0.0.0.0:8080\""),
            (":8080", "\"0.0.0.0:8080\""),
        ] {
            assert_eq!(printed::<ListenAddress>(text), expected, "{text}");
        }
        assert_eq!(printed::<AdminAddress>("0.0.0.0:9180"), "\"0.0.0.0:9180\"");
    }

    #[test]
    fn what_is_no_address_is_told_what_to_write() {
        let no_address = "is not an address with a port; write an address and a port, such as \"0.0.0.0:8080\", or a port";
        for (text, expected) in [
            ("127.0.0.1", "127.0.0.1 has no port; write \"127.0.0.1:8080\"".into()),
            ("::1", "::1 has no port; write \"[::1]:8080\"".into()),
            (
                "localhost:9000",
                "\"localhost\" is a name, and an address is wanted; write \"127.0.0.1:9000\""
                    .into(),
            ),
            (
                "edge.example:80",
                "\"edge.example\" is a name, and an address is wanted; \
                 write \"0.0.0.0:80\", or the address of one interface"
                    .into(),
            ),
            ("", format!("\"\" {no_address}")),
            ("+80", format!("\"+80\" {no_address}")),
            ("65536", format!("\"65536\" {no_address}")),
            ("0.0.0.0:65536", format!("\"0.0.0.0:65536\" {no_address}")),
            ("http://0.0.0.0:80", format!("\"http://0.0.0.0:80\" {no_address}")),
            ("false", format!("\"false\" {no_address}")),
        ] {
            assert_eq!(told::<ListenAddress>(text), expected);
        }
        assert_eq!(
            told::<AdminAddress>(":9180"),
            "\":9180\" does not say to whom it is open; \
             write \"127.0.0.1:9180\" for this machine, or \"0.0.0.0:9180\" for everyone"
        );
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "[a-z0-9.:\\[\\]]{0,20}.?") {
            let _ = (ListenAddress::parse(&text), AdminAddress::parse(&text));
        }

        #[test]
        fn what_is_printed_is_read_back(ip: IpAddr, port: u16) {
            let address = SocketAddr::new(ip, port);
            let printed = ListenAddress::print(&address);
            prop_assert_eq!(ListenAddress::parse(printed.trim_matches('"')), Ok(address));
        }
    }
}
