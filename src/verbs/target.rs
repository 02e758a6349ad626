//! Whom a URL is asked of, and how.

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, HOST, USER_AGENT};
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Request, Uri};
use http_body_util::Full;

use crate::config::{Config, OriginAddress};
use crate::next::class::RSC;
use crate::warm::plan;

/// A field of a request, as `--header` gives it.
pub type Field = (HeaderName, HeaderValue);

/// A URL, and the server that is asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Who is asked.
    pub to: OriginAddress,
    /// The URL as visitors write it.
    pub url: String,
    /// The host that is asked for; `None` for that of `to`.
    host: Option<HeaderValue>,
    path: PathAndQuery,
    is_https: bool,
}

/// What is no target, and what to write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTarget {
    /// It cannot be read.
    #[error("{text:?} is no URL: write https://host/path, percent-encoded, or /path")]
    NoUrl {
        /// What was given.
        text: String,
    },
    /// The edge would take it for another.
    #[error(
        "{text}: the edge here believes others about https (server.trusted_proxies), and not this \
         machine: it would take that for http, which is kept apart. Add {address} to \
         server.trusted_proxies, or ask for http://"
    )]
    Unbelieved {
        /// What was given.
        text: String,
        /// Where the edge sees us come from.
        address: IpAddr,
    },
}

impl Target {
    /// The target of a URL, or of a path alone. `server` is asked if it is given; without it the URL's
    /// own server; and the edge that runs here for what nobody but a TLS terminator answers (https),
    /// and for a path.
    ///
    /// # Errors
    /// [`NoTarget`]
    pub fn of(
        text: &str,
        server: Option<&OriginAddress>,
        config: &Config,
    ) -> Result<Self, NoTarget> {
        let no_url = || NoTarget::NoUrl { text: text.to_owned() };
        let text_without_fragment = text.split('#').next().unwrap_or_default();
        let uri: Uri = text_without_fragment.parse().map_err(|_| no_url())?;
        let path = uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
        let here = || server.cloned().unwrap_or_else(|| edge_here(config));
        let (to, is_https) = match uri.scheme_str() {
            None if text.starts_with('/') => {
                let to = here();
                let url = format!("{to}{path}");
                return Ok(Self { url, to, host: None, path, is_https: false });
            }
            Some("https") => (here(), true),
            Some("http") => {
                let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
                let port = uri.port_u16().unwrap_or(80);
                (server.cloned().unwrap_or(OriginAddress::Tcp { host, port }), false)
            }
            Some(_) | None => return Err(no_url()),
        };
        if let Some(address) = unbelieved(config, &to).filter(|_| is_https) {
            return Err(NoTarget::Unbelieved { text: text.to_owned(), address });
        }
        let authority = uri.authority().ok_or_else(no_url)?;
        let host = HeaderValue::try_from(authority.as_str()).map_err(|_| no_url())?;
        Ok(Self { to, url: text_without_fragment.to_owned(), host: Some(host), path, is_https })
    }

    /// The same server's answer for another path, which it redirected to.
    #[must_use]
    pub fn at(&self, path: PathAndQuery) -> Self {
        Self { path, ..self.clone() }
    }

    /// Whether an edge on this machine is asked: what it has stored is told by its admin side here.
    pub fn is_here(&self, config: &Config) -> bool {
        own_address(config, &self.to).is_some()
    }

    /// Whether visitors come by https.
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// A GET as a browser's, for the document or its RSC payload. `fields` count more than ours.
    pub fn request(&self, rsc: bool, fields: &[Field]) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::default());
        *request.uri_mut() = self.path.clone().into();
        let headers = request.headers_mut();
        let accept = if rsc { plan::ANYTHING } else { plan::DOCUMENT };
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, deflate, br, zstd"));
        headers.insert(USER_AGENT, HeaderValue::from_static(plan::NAME));
        if rsc {
            headers.insert(RSC, HeaderValue::from_static("1"));
        }
        if let Some(host) = &self.host {
            headers.insert(HOST, host.clone());
        }
        if self.is_https {
            // Heard where the edge trusts this machine as a proxy (server.trusted_proxies): then its
            // visitors come so too, and what is stored for them is found.
            headers.insert(FORWARDED_PROTO, HeaderValue::from_static("https"));
        }
        for (name, _) in fields {
            headers.remove(name);
        }
        for (name, value) in fields {
            headers.append(name, value.clone());
        }
        request
    }
}

const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Where the edge of this configuration is reached from the machine that it runs on.
pub fn edge_here(config: &Config) -> OriginAddress {
    let mut listen = config.server.listen;
    if listen.ip().is_unspecified() {
        listen.set_ip(match listen.is_ipv4() {
            true => std::net::Ipv4Addr::LOCALHOST.into(),
            false => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    listen.into()
}

/// Where we come from, if the edge at `to` is the one of this configuration, and believes others about
/// https but not us. One that believes nobody keeps all that comes as http.
fn unbelieved(config: &Config, to: &OriginAddress) -> Option<IpAddr> {
    let own = own_address(config, to)?;
    let OriginAddress::Tcp { port, .. } = to else { return None };
    let trusted = &config.server.trusted_proxies;
    let is_trusted = trusted.is_empty() || trusted.iter().any(|net| net.contains(&own));
    (*port == config.server.listen.port() && !is_trusted).then_some(own)
}

/// Where a server on this machine sees us come from: from the address that it is asked by. `None` for
/// one elsewhere.
fn own_address(config: &Config, to: &OriginAddress) -> Option<IpAddr> {
    let OriginAddress::Tcp { host, .. } = to else { return None };
    if host == "localhost" {
        return Some(Ipv4Addr::LOCALHOST.into());
    }
    let address: IpAddr = host.parse().ok()?;
    (address.is_loopback() || address == config.server.listen.ip()).then_some(address)
}

/// Reads `Name: value`.
///
/// # Errors
/// It is no field: the text says what is wanted.
pub fn field(text: &str) -> Result<Field, &'static str> {
    let wanted = "write NAME: VALUE";
    let (name, value) = text.split_once(':').ok_or(wanted)?;
    Ok((name.trim().parse().map_err(|_| wanted)?, value.trim().parse().map_err(|_| wanted)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str, server: Option<&str>) -> Result<(String, String, String), NoTarget> {
        let server = server.map(|server| server.parse().unwrap());
        let target = Target::of(text, server.as_ref(), &Config::default())?;
        let request = target.request(false, &[]);
        let field = |name: &str| {
            request.headers().get(name).map_or("-", |value| value.to_str().unwrap()).to_owned()
        };
        let host = format!("{} {}", field("host"), field("x-forwarded-proto"));
        Ok((target.to.to_string(), host, request.uri().to_string()))
    }

    #[test]
    fn https_is_not_asked_of_an_edge_that_would_take_it_for_http() {
        let mut config = Config::default();
        let is_asked = |config: &Config, url: &str, server: Option<&str>| {
            let server = server.map(|server| server.parse().unwrap());
            Target::of(url, server.as_ref(), config).is_ok()
        };
        assert!(is_asked(&config, "https://a.example/", None), "nobody is believed");
        config.server.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let error = Target::of("https://a.example/", None, &config).unwrap_err().to_string();
        assert!(error.contains("Add 127.0.0.1 to server.trusted_proxies"), "{error}");
        assert!(is_asked(&config, "http://a.example/", None));
        assert!(is_asked(&config, "/a", None));
        assert!(!is_asked(&config, "https://a.example/", Some("http://localhost:8080")));
        assert!(!is_asked(&config, "https://a.example/", Some("http://[::1]:8080")));
        assert!(is_asked(&config, "https://a.example/", Some("http://127.0.0.1:9090")), "another");
        assert!(is_asked(&config, "https://a.example/", Some("http://10.0.0.7:8080")), "another's");
        config.server.trusted_proxies.push("127.0.0.0/8".parse().unwrap());
        assert!(is_asked(&config, "https://a.example/", None));
    }

    #[test]
    fn what_another_machine_has_stored_is_not_told_here() {
        let mut config = Config::default();
        let is_here = |config: &Config, url: &str, server: Option<&str>| {
            let server = server.map(|server| server.parse().unwrap());
            Target::of(url, server.as_ref(), config).unwrap().is_here(config)
        };
        for (url, server, expected) in [
            ("/a", None, true),
            ("http://localhost:8080/a", None, true),
            ("http://[::1]:8080/a", None, true),
            ("https://a.example/a", None, true),
            ("https://a.example/a", Some("http://10.0.0.7:8080"), false),
            ("http://a.example/a", None, false),
        ] {
            assert_eq!(is_here(&config, url, server), expected, "{url} {server:?}");
        }
        config.server.listen = "10.0.0.7:8080".parse().unwrap();
        assert!(is_here(&config, "/a", Some("http://10.0.0.7:8080")));
    }

    #[test]
    fn a_url_is_asked_of_its_own_server_and_https_of_the_edge_here() {
        let edge = Some("http://edge:80");
        for (text, server, to, host, path) in [
            ("http://a.example/b?c=d#e", None, "http://a.example:80", "a.example -", "/b?c=d"),
            ("http://[::1]:8080", None, "http://[::1]:8080", "[::1]:8080 -", "/"),
            ("https://a.example/b", None, "http://127.0.0.1:8080", "a.example https", "/b"),
            ("https://a.example/b", edge, "http://edge:80", "a.example https", "/b"),
            ("http://a.example/b", edge, "http://edge:80", "a.example -", "/b"),
            ("/b", None, "http://127.0.0.1:8080", "- -", "/b"),
            ("/b", edge, "http://edge:80", "- -", "/b"),
        ] {
            let found = target(text, server).unwrap();
            assert_eq!(found, (to.into(), host.into(), path.into()), "{text}");
        }
        for text in ["", "b", "a.example/b", "ftp://a/b", "/ü ber"] {
            assert!(target(text, None).is_err(), "{text}");
        }
    }

    #[test]
    fn given_fields_count_more_than_ours() {
        let given = field("Accept-Encoding:  identity ").unwrap();
        let target = Target::of("/", None, &Config::default()).unwrap();
        let request = target.request(true, &[given]);
        assert_eq!(request.headers()["accept-encoding"], "identity");
        assert_eq!(request.headers()["rsc"], "1");
        assert!(field("no colon").is_err() && field("na me: x").is_err());
    }
}
