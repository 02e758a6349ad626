//! Networks: a list of `"10.0.0.0/8"`.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Value as Json, json};

use super::{BadValue, Kind, Wrong, list};
use crate::config::given::Given;

/// Networks, in the file as an array of strings, elsewhere with commas between them.
pub(in crate::config) enum Networks {}

impl Kind for Networks {
    type Value = Vec<IpNet>;

    fn read(given: &Given) -> Result<Vec<IpNet>, Vec<BadValue>> {
        list::read(given, network)
    }

    fn print(value: &Vec<IpNet>) -> String {
        list::print(value)
    }

    fn schema() -> Json {
        json!({"type": "array", "items": {"type": "string", "pattern": "^[0-9A-Fa-f.:]+(/[0-9]+)?$"}})
    }
}

fn network(text: &str) -> Result<IpNet, Wrong> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Ok(ip.into());
    }
    let network: IpNet = text.parse().map_err(|_| Wrong::Not {
        text: text.into(),
        what: "a network",
        expected: "an address and its length, such as \"10.0.0.0/8\", or an address",
    })?;
    // Whom to believe is nothing to guess: /8 may be the mistake, and the address as well.
    if network.trunc() != network {
        return Err(Wrong::HostBits {
            text: text.into(),
            network: network.trunc().to_string(),
            host: network.addr().to_string(),
        });
    }
    Ok(network)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::place::Place;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Vec<IpNet>, Vec<String>> {
        let told = |bad: BadValue| format!("{}; {}", bad.wrong, bad.wrong.remedy());
        let given = Given::text(text, Place::variable("X", text));
        Networks::read(&given).map_err(|bad| bad.into_iter().map(told).collect())
    }

    #[test]
    fn networks_and_hosts_are_read() {
        for (text, expected) in [
            ("", "[]"),
            ("10.0.0.0/8", "[\"10.0.0.0/8\"]"),
            ("10.0.0.1, ::1", "[\"10.0.0.1/32\", \"::1/128\"]"),
            ("0.0.0.0/0,fd00::/8", "[\"0.0.0.0/0\", \"fd00::/8\"]"),
        ] {
            assert_eq!(Networks::print(&read(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn every_member_that_is_wrong_is_told() {
        let no_network = "is not a network; write an address and its length, such as \"10.0.0.0/8\", or an address";
        let expected = vec![
            format!("\"lan\" {no_network}"),
            "10.0.0.1/8 is neither a network nor a host; \
             write \"10.0.0.0/8\" for the network or \"10.0.0.1\" for the host"
                .into(),
            format!("\"\" {no_network}"),
            format!("\"::/129\" {no_network}"),
        ];
        assert_eq!(read("lan,::1,10.0.0.1/8,,::/129"), Err(expected));
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "[0-9a-f:./,]{0,20}.?") {
            if let Ok(networks) = read(&text) {
                let texts: Vec<String> = networks.iter().map(IpNet::to_string).collect();
                prop_assert_eq!(read(&texts.join(",")), Ok(networks));
            }
        }
    }
}
