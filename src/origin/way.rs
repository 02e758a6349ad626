//! One attempt to reach the origin, and what its failures mean.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustix::io::Errno;
use tokio::net::lookup_host;
use tokio::time::{Instant, timeout, timeout_at};

use crate::config::OriginAddress;
use crate::error::{ProxyError, Unreachable};

/// See the module.
pub(super) struct Way<'a> {
    address: &'a OriginAddress,
    limit: Duration,
    /// When `limit` is over.
    end: Instant,
}

impl<'a> Way<'a> {
    /// To `address`, all within `limit` from now.
    pub(super) fn new(address: &'a OriginAddress, limit: Duration) -> Self {
        Self { address, limit, end: Instant::now() + limit }
    }

    /// The addresses that a name has; an address has itself, and nobody is asked.
    pub(super) async fn resolve(
        &self,
        host: &str,
        port: u16,
    ) -> Result<Vec<SocketAddr>, ProxyError> {
        match timeout_at(self.end, lookup_host((host, port))).await {
            Ok(Ok(found)) => Ok(found.collect()),
            Ok(Err(error)) => {
                let reason = error.to_string();
                let (origin, rcode) = (self.origin(), rcode(&reason));
                Err(ProxyError::NotResolved { origin, rcode, reason: reason.into() })
            }
            Err(_) => Err(ProxyError::ResolveTimeout { origin: self.origin(), limit: self.limit }),
        }
    }

    /// What the first of these addresses gives that lets itself be opened. Each has its share of the
    /// time that is left: one whose machine has gone would take all of it.
    pub(super) async fn first_of<T>(
        &self,
        addresses: &[SocketAddr],
        open: impl AsyncFn(SocketAddr) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut failed = io::Error::other("its name has no address");
        for (place, address) in addresses.iter().enumerate() {
            let left = self.end.saturating_duration_since(Instant::now());
            let others = u32::try_from(addresses.len() - place).unwrap_or(u32::MAX);
            match timeout(left / others, open(*address)).await {
                Ok(Ok(opened)) => return Ok(opened),
                Ok(Err(error)) => failed = error,
                Err(_) => failed = ErrorKind::TimedOut.into(),
            }
        }
        Err(failed)
    }

    /// What comes of opening something there.
    pub(super) async fn open<T>(
        &self,
        opening: impl Future<Output = io::Result<T>>,
    ) -> Result<T, ProxyError> {
        match timeout_at(self.end, opening).await {
            Ok(Err(error)) if error.kind() != ErrorKind::TimedOut => {
                let (why, reason) = (why(&error), error.to_string().into());
                Err(ProxyError::ConnectFailed { origin: self.origin(), why, reason })
            }
            Ok(Ok(open)) => Ok(open),
            // The system's patience, or ours.
            Ok(Err(_)) | Err(_) => {
                Err(ProxyError::ConnectTimeout { origin: self.origin(), limit: self.limit })
            }
        }
    }

    fn origin(&self) -> Arc<str> {
        self.address.to_string().into()
    }
}

fn why(error: &io::Error) -> Unreachable {
    let own = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::NOBUFS];
    let own = own.map(Errno::raw_os_error);
    match error.kind() {
        // A socket of Unix that is not there has nobody behind it.
        ErrorKind::ConnectionRefused | ErrorKind::NotFound => Unreachable::Refused,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            Unreachable::Unroutable
        }
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => Unreachable::BrokenOff,
        // All ports are taken; or it is not allowed.
        ErrorKind::AddrNotAvailable | ErrorKind::PermissionDenied => Unreachable::Own,
        _ if error.raw_os_error().is_some_and(|code| own.contains(&code)) => Unreachable::Own,
        _ => Unreachable::Unavailable,
    }
}

/// What the name server answered, as far as the system's resolver lets one know: it tells by its texts
/// (of glibc, and of musl), whose numbers the standard library keeps to itself. "Try again" may be
/// SERVFAIL, or no answer at all.
fn rcode(reason: &str) -> Option<&'static str> {
    let texts = [
        ("Name or service not known", "NXDOMAIN"),
        ("Name does not resolve", "NXDOMAIN"),
        ("No address associated with hostname", "NOERROR"),
        ("Name has no usable address", "NOERROR"),
    ];
    texts.into_iter().find(|(text, _)| reason.ends_with(text)).map(|(_, rcode)| rcode)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    const LIMIT: Duration = Duration::from_secs(5);

    fn origin() -> OriginAddress {
        OriginAddress::Tcp { host: "next".into(), port: 3000 }
    }

    #[tokio::test]
    async fn each_failure_of_the_system_has_its_kind_and_its_remedy() {
        let address = origin();
        for (error, kind, remedy) in [
            (Errno::CONNREFUSED, "connection_refused", "is not up, or listens elsewhere"),
            (Errno::NOENT, "connection_refused", "origin.url"),
            (Errno::HOSTUNREACH, "destination_ip_unroutable", "network"),
            (Errno::NETUNREACH, "destination_ip_unroutable", "network"),
            (Errno::CONNRESET, "connection_terminated", "does not want us"),
            (Errno::MFILE, "proxy_internal_error", "ulimit -n"),
            (Errno::ADDRNOTAVAIL, "proxy_internal_error", "ports"),
            (Errno::PERM, "proxy_internal_error", "firewall"),
            (Errno::ACCESS, "proxy_internal_error", "permissions"),
            (Errno::TIMEDOUT, "connection_timeout", "origin.connect_timeout"),
            (Errno::INVAL, "destination_unavailable", "check the address"),
        ] {
            let failing = ready(Err::<(), _>(io::Error::from(error)));
            let error = Way::new(&address, LIMIT).open(failing).await.unwrap_err();
            assert_eq!(error.proxy_status(), kind, "{error}");
            assert!(error.to_string().contains(remedy), "{error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_answer_is_waited_for_as_long_as_configured() {
        let address = origin();
        let error = Way::new(&address, LIMIT).open(pending::<io::Result<()>>()).await.unwrap_err();
        assert_eq!((error.proxy_status(), error.status().as_u16()), ("connection_timeout", 504));
        let late = Way { end: Instant::now(), ..Way::new(&address, LIMIT) };
        // A name, so that somebody must be asked.
        let error = late.resolve("next.invalid", 3000).await.unwrap_err();
        assert_eq!((error.proxy_status(), error.status().as_u16()), ("dns_timeout", 504));
        assert!(error.to_string().contains("origin.connect_timeout"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn one_of_several_addresses_that_is_dead_leaves_time_for_the_others() {
        let address = origin();
        let way = Way::new(&address, Duration::from_secs(6));
        let all = ["[::1]:1", "192.0.2.1:2", "192.0.2.2:3"].map(|text| text.parse().unwrap());
        let open = async |address: SocketAddr| match address.port() {
            1 => pending().await,
            2 => Err(io::Error::from(ErrorKind::ConnectionRefused)),
            port => Ok(port),
        };
        let began = Instant::now();
        assert_eq!(way.open(way.first_of(&all, open)).await.unwrap(), 3);
        assert_eq!(began.elapsed().as_secs(), 2);
        let error = way.open(way.first_of(&all[..1], open)).await.unwrap_err();
        assert_eq!(error.proxy_status(), "connection_timeout");
        assert_eq!(began.elapsed().as_secs(), 6, "one alone has all the time");
    }

    #[tokio::test]
    async fn an_address_needs_nobody_and_a_name_that_nobody_has_is_told() {
        let address = origin();
        let way = Way::new(&address, LIMIT);
        let found = way.resolve("::1", 80).await.unwrap();
        assert_eq!(found, ["[::1]:80".parse().unwrap()]);
        // Too long for a label, so that nobody is asked.
        let error = way.resolve(&"a".repeat(64), 80).await.unwrap_err();
        assert_eq!((error.proxy_status(), error.status().as_u16()), ("dns_error", 502));
        assert!(error.to_string().contains("origin.url"), "{error}");
    }

    #[test]
    fn what_the_resolver_says_is_the_name_servers_answer_where_it_can_be_only_that() {
        let told = |text: &str| rcode(&format!("failed to lookup address information: {text}"));
        assert_eq!(told("Name or service not known"), Some("NXDOMAIN"));
        assert_eq!(told("No address associated with hostname"), Some("NOERROR"));
        assert_eq!(told("Temporary failure in name resolution"), None);
    }
}
