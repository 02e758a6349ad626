//! Whether others than us can reach the wrapped server.
//!
//! It is told to listen on the loopback interface, by `HOSTNAME`; `node server.js` of a standalone
//! build does, `next start` does not. Whoever then reaches its port goes around the edge.

/// Whether something listens at `port` on more than the loopback interface, as far as the system
/// tells.
pub(super) fn is_exposed(port: u16) -> bool {
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| std::fs::read_to_string(table).ok())
        .any(|table| lists_exposed(&table, port))
}

const LISTENING: &str = "0A";
const LOOPBACK: [&str; 3] = [
    "0100007F",
    // ::1, and 127.0.0.1 as an IPv6 address.
    "00000000000000000000000001000000",
    "0000000000000000FFFF00000100007F",
];

/// A table of sockets has a line each: number, local address, remote address, state, …
fn lists_exposed(table: &str, port: u16) -> bool {
    table.lines().skip(1).any(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let local = fields.next().and_then(|local| local.split_once(':'));
        let is_listening = fields.nth(1) == Some(LISTENING);
        local.is_some_and(|(address, at)| {
            is_listening && at == format!("{port:04X}") && !LOOPBACK.contains(&address)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn only_listeners_beyond_loopback_count() {
        let table = |address: &str, state: &str| {
            format!(
                "  sl  local_address rem_address   st\n   0: {address} 00000000:0000 {state} 0\n"
            )
        };
        for (address, state, expected) in [
            ("00000000:1F90", "0A", true),
            ("00000000000000000000000000000000:1F90", "0A", true),
            ("0200000A:1F90", "0A", true),
            ("0100007F:1F90", "0A", false),
            ("00000000000000000000000001000000:1F90", "0A", false),
            ("0000000000000000FFFF00000100007F:1F90", "0A", false),
            ("00000000:1F91", "0A", false),
            ("00000000:1F90", "01", false),
        ] {
            assert_eq!(lists_exposed(&table(address, state), 8080), expected, "{address} {state}");
        }
    }

    #[test]
    fn the_systems_own_table_is_read() {
        for (address, expected) in [("127.0.0.1:0", false), ("0.0.0.0:0", true)] {
            let listener = TcpListener::bind(address).unwrap();
            assert_eq!(is_exposed(listener.local_addr().unwrap().port()), expected, "{address}");
        }
    }
}
