//! Refuses what cannot be forwarded as it came: a target or host that can be read in two ways, and a
//! request that comes from ourselves.

use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::{HOST, TRANSFER_ENCODING, VIA};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Uri, Version};
use tower::Service;

use super::Refusable;
use super::forwarded::{is_host, normalised_host};
use super::hop_by_hop;
use super::introduce::Pseudonym;
use crate::body::Body;
use crate::client::{self, Glance};
use crate::error::ProxyError;
use crate::fields::Fields;

/// See the module.
#[derive(Clone, Debug)]
pub struct Admit<S> {
    inner: S,
    pseudonym: Pseudonym,
    origin: Arc<str>,
    known: KnownHost,
}

/// The host that was right last, and whether by https: those who come by one connection mostly ask
/// one host, and it need not be read again.
type KnownHost = Option<(HeaderValue, bool)>;

impl<S> Admit<S> {
    /// Before `inner`; `pseudonym` is our name in `Via`, and `origin` the one that a loop leads by.
    pub fn new(inner: S, pseudonym: Pseudonym, origin: Arc<str>) -> Self {
        Self { inner, pseudonym, origin, known: None }
    }

    fn check(&mut self, request: &mut Request<Body>) -> Result<(), ProxyError> {
        let Glance { fields, https, is_ambiguous } = client::glance(request);
        if is_ambiguous {
            return Err(bad("its head can be read in two ways"));
        }
        check_host(request, https, &mut self.known)?;
        if request.uri().authority().is_some() {
            make_origin_form(request)?;
            check_host(request, https, &mut self.known)?;
        }
        check_path(request)?;
        if fields.may_have(Fields::OF_CONNECTION) && !hop_by_hop::is_only_chunked(request.headers())
        {
            // RFC 9112 section 6.1: what is not understood is refused.
            return Err(bad("the Transfer-Encoding is something else than chunked"));
        }
        if fields.may_have(Fields::OF_CONNECTION) && is_for_two(request) {
            return Err(bad("the body of DELETE and OPTIONS needs a Content-Length"));
        }
        if fields.may_have(Fields::VIA) && is_ours(request.headers(), &self.pseudonym) {
            return Err(ProxyError::Loop { origin: self.origin.clone() });
        }
        Ok(())
    }
}

impl<S> Service<Request<Body>> for Admit<S>
where
    S: Service<Request<Body>, Error = ProxyError>,
{
    type Response = S::Response;
    type Error = ProxyError;
    type Future = Refusable<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProxyError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        match self.check(&mut request) {
            Ok(()) => Refusable::admitted(self.inner.call(request)),
            Err(refusal) => Refusable::refused(refusal),
        }
    }
}

/// RFC 9112 section 3.2.2: absolute-form is rewritten to origin-form, with its authority in the place
/// of `Host`. There is no authority-form without CONNECT, and no CONNECT here: this is no way out into
/// the network (CVE-2026-44578).
fn make_origin_form(request: &mut Request<Body>) -> Result<(), ProxyError> {
    let uri = request.uri();
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(bad("the target is not of http"));
    }
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let host = HeaderValue::try_from(authority)
        .map_err(|_| bad("the target's authority cannot be a Host"))?;
    let path = uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from(path);
    request.headers_mut().insert(HOST, host);
    Ok(())
}

fn check_path(request: &Request<Body>) -> Result<(), ProxyError> {
    let path = request.uri().path();
    let is_asterisk = *request.method() == Method::OPTIONS && path == "*";
    if *request.method() == Method::CONNECT {
        Err(bad("CONNECT is for proxies, and this is a gateway"))
    } else if path.starts_with('/') || is_asterisk {
        Ok(())
    } else {
        Err(bad("the target is no path"))
    }
}

/// RFC 9112 section 3.2: a request of HTTP/1.1 has exactly one `Host`, and a valid one. It goes on
/// in the form that all spellings of it have in common: what the origin makes of it is for all.
fn check_host(
    request: &mut Request<Body>,
    https: bool,
    known: &mut KnownHost,
) -> Result<(), ProxyError> {
    let mut lines = request.headers().get_all(HOST).iter();
    match (lines.next(), lines.next()) {
        (Some(host), None) if is_known(known, host, https) => Ok(()),
        (Some(host), None) if is_host(host.as_bytes()) => {
            match normalised_host(host.as_bytes(), https) {
                Some(normal) => drop(request.headers_mut().insert(HOST, normal)),
                // Not a part of what was read, which would be kept with it.
                None => {
                    *known = HeaderValue::from_bytes(host.as_bytes()).ok().map(|host| (host, https))
                }
            }
            Ok(())
        }
        (Some(_), None) => Err(bad("the Host field is not a host")),
        (Some(_), Some(_)) => Err(bad("there are several Host fields")),
        (None, _) if request.version() < Version::HTTP_11 => Ok(()),
        (None, _) => Err(bad("there is no Host field")),
    }
}

fn is_known(known: &KnownHost, host: &HeaderValue, https: bool) -> bool {
    known.as_ref().is_some_and(|(known, by_https)| known == host && *by_https == https)
}

/// CVE-2026-29057: where `rewrites` lead to another server, Next.js up to 15.5.12 and 16.1.6 forwards a
/// chunked DELETE or OPTIONS with `Content-Length: 0`, and its body as a request of its own.
fn is_for_two(request: &Request<Body>) -> bool {
    matches!(*request.method(), Method::DELETE | Method::OPTIONS)
        && request.headers().contains_key(TRANSFER_ENCODING)
}

/// RFC 9110 section 7.6.3: our own name in `Via` means that the request has been here before.
fn is_ours(headers: &HeaderMap, pseudonym: &Pseudonym) -> bool {
    headers.get_all(VIA).iter().any(|line| {
        line.as_bytes().split(|byte| *byte == b',').any(|member| pseudonym.is_member(member))
    })
}

fn bad(reason: &str) -> ProxyError {
    ProxyError::BadRequest { reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admit(request: http::request::Builder) -> Result<Request<Body>, u16> {
        let mut admit = Admit::new((), Pseudonym::from("selvedge-1"), "http://o".into());
        let mut request = request.body(Body::Empty).unwrap();
        match admit.check(&mut request) {
            Ok(()) => Ok(request),
            Err(refusal) => Err(refusal.status().as_u16()),
        }
    }

    fn get(uri: &str) -> http::request::Builder {
        Request::builder().uri(uri).header("host", "a")
    }

    #[test]
    fn a_target_has_one_form_behind_us() {
        for (name, request, expected) in [
            ("a path", get("/a?b"), Ok(("/a?b", "a"))),
            ("absolute", get("http://b:8080/a?b"), Ok(("/a?b", "b:8080"))),
            ("absolute without a path", get("https://b"), Ok(("/", "b"))),
            ("another scheme", get("ftp://b/a"), Err(400)),
            ("with a user", get("http://u:p@b/a"), Err(400)),
            ("CONNECT", get("b:443").method("CONNECT"), Err(400)),
            ("an authority", get("b:443"), Err(400)),
            ("OPTIONS *", get("*").method("OPTIONS"), Ok(("*", "a"))),
            ("GET *", get("*"), Err(400)),
        ] {
            let found = admit(request);
            let found = found.as_ref().map(|request| {
                (request.uri().to_string(), request.headers()[HOST].to_str().unwrap())
            });
            let found = found.as_ref().map(|(uri, host)| (uri.as_str(), *host)).map_err(|e| **e);
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn there_is_one_host_or_the_request_is_refused() {
        let none = || Request::builder().uri("/");
        for (name, request, admitted) in [
            ("one", none().header("host", "a:80"), true),
            ("none", none(), false),
            ("none in HTTP/1.0", none().version(Version::HTTP_10), true),
            ("two", none().header("host", "a").header("host", "a"), false),
            ("empty", none().header("host", ""), false),
            ("a path in it", none().header("host", "a/b"), false),
            ("none beside a target with one", Request::builder().uri("http://a/"), false),
            ("two beside a target with one", get("http://a/").header("host", "b"), false),
        ] {
            assert_eq!(admit(request).is_ok(), admitted, "{name}");
        }
    }

    #[test]
    fn all_spellings_of_a_host_are_one_behind_us() {
        for (host, expected) in [
            ("Example.ORG:80", "example.org"),
            ("a:", "a"),
            ("a:8080", "a:8080"),
            ("[::1]:80", "[::1]"),
        ] {
            let request = admit(Request::builder().uri("/").header("host", host)).unwrap();
            assert_eq!(request.headers()["host"], expected, "{host}");
        }
    }

    #[test]
    fn a_host_is_known_for_its_scheme_alone() {
        let mut known = None;
        for (host, https, expected) in [
            ("a:80", true, Some("a:80")),
            ("a:80", true, Some("a:80")),
            ("a:80", false, Some("a")),
            ("a:80/b", true, None),
            ("A:80", true, Some("a:80")),
        ] {
            let mut request = Request::new(Body::Empty);
            request.headers_mut().insert(HOST, host.parse().unwrap());
            let found = check_host(&mut request, https, &mut known).ok();
            let found = found.map(|()| request.headers()[HOST].to_str().unwrap());
            assert_eq!(found, expected, "{host}");
        }
    }

    #[test]
    fn a_transfer_coding_that_we_do_not_know_is_refused() {
        assert!(admit(get("/").header("transfer-encoding", "chunked")).is_ok());
        assert_eq!(admit(get("/").header("transfer-encoding", "gzip, chunked")).err(), Some(400));
    }

    #[test]
    fn our_own_request_is_not_forwarded_again() {
        for (via, expected) in [
            ("1.1 varnish", None),
            ("1.1 varnish, 1.1 selvedge-1", Some(508)),
            ("1.1 selvedge-1 (a comment)", Some(508)),
            ("1.1 selvedge-12", None),
            ("1.1 selvedge-2", None),
        ] {
            assert_eq!(admit(get("/").header("via", via)).err(), expected, "{via}");
        }
    }
}
