//! Which requests have an access line, and what it tells.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::Line;
use crate::config::{AccessLog, ClientIp, LogConfig};

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// Columns for people; else an object of JSON.
    pub pretty: bool,
    /// The share of lines that is kept.
    pub sample: f64,
    /// From here on a request is slow.
    pub slow: Duration,
    /// What is told of a client's address.
    pub client_ip: ClientIp,
}

impl Form {
    /// As `config` says; `None` if there are no lines at all.
    pub fn of(config: &LogConfig, is_terminal: bool) -> Option<Self> {
        let pretty = match config.access {
            AccessLog::Off => return None,
            AccessLog::Pretty => true,
            AccessLog::Json => false,
            AccessLog::Auto => is_terminal,
        };
        let LogConfig { sample, slow, client_ip, .. } = *config;
        Some(Self { pretty, sample, slow, client_ip })
    }

    /// Whether a line is written: all that failed or were slow, and of the others a share.
    pub(super) fn keeps(&self, line: &Line<'_>) -> bool {
        self.sample >= 1.0
            || line.status >= 500
            || line.aborted
            || line.error.is_some()
            || line.total >= self.slow
            || fastrand::f64() < self.sample
    }

    /// What is told of an address.
    pub(super) fn client(&self, address: IpAddr) -> Option<IpAddr> {
        shown(self.client_ip, address)
    }
}

/// What is told of an address where so much may be.
pub(crate) fn shown(client_ip: ClientIp, address: IpAddr) -> Option<IpAddr> {
    match client_ip {
        ClientIp::Full => Some(address),
        ClientIp::Truncated => Some(network(address)),
        ClientIp::Off => None,
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => (address & Ipv4Addr::new(255, 255, 255, 0)).into(),
        IpAddr::V6(address) => (address & Ipv6Addr::new(!0, !0, !0, 0, 0, 0, 0, 0)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::RequestId;

    fn form(config: LogConfig) -> Form {
        Form::of(&config, false).unwrap()
    }

    #[test]
    fn a_sample_has_all_that_went_wrong_or_was_slow() {
        let none = form(LogConfig { sample: 0.0, ..LogConfig::default() });
        let id = RequestId::Made(1);
        let line = || Line {
            id: &id,
            client: [192, 0, 2, 1].into(),
            method: "GET",
            path: "/",
            status: 200,
            cache: "hit",
            bytes: 0,
            total: Duration::from_millis(999),
            origin: None,
            aborted: false,
            error: None,
        };
        for (name, line, expected) in [
            ("ordinary", line(), false),
            ("not found", Line { status: 404, ..line() }, false),
            ("failed", Line { status: 502, ..line() }, true),
            ("slow", Line { total: Duration::from_secs(1), ..line() }, true),
            ("broken off", Line { aborted: true, ..line() }, true),
            ("with an error", Line { error: Some("gone".into()), ..line() }, true),
        ] {
            assert_eq!(none.keeps(&line), expected, "{name}");
        }
        assert!(form(LogConfig::default()).keeps(&line()));
        let half = form(LogConfig { sample: 0.5, ..LogConfig::default() });
        let kept = (0..10_000).filter(|_| half.keeps(&line())).count();
        assert!((4_000..6_000).contains(&kept), "{kept}");
    }

    #[test]
    fn an_address_is_told_as_far_as_the_operator_wants() {
        for (kind, address, expected) in [
            (ClientIp::Full, "192.0.2.77", Some("192.0.2.77")),
            (ClientIp::Truncated, "192.0.2.77", Some("192.0.2.0")),
            (ClientIp::Truncated, "2001:db8:1:2:3:4:5:6", Some("2001:db8:1::")),
            (ClientIp::Off, "192.0.2.77", None),
        ] {
            let form = form(LogConfig { client_ip: kind, ..LogConfig::default() });
            let told = form.client(address.parse().unwrap());
            assert_eq!(told, expected.map(|told| told.parse().unwrap()), "{kind:?} {address}");
        }
    }
}
