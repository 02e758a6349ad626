//! Who may change anything on the admin side.

use std::net::IpAddr;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName};

/// What a browser says of the page that asks (Fetch Metadata).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The tokens that are good, any of which will do.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// `admin.token`
    pub configured: Option<String>,
    /// That of the wrapped server, which nobody else knows.
    pub of_child: Option<String>,
}

/// Why somebody may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// He has no good token.
    Token,
    /// He needs none, but must not be a browser.
    ContentType,
    /// He needs none, but has asked by a name that may be anybody's, or as a page of somebody else.
    Host,
    /// He may, but has sent more than so many bytes.
    TooLarge(usize),
}

impl Access {
    /// A new token that cannot be guessed.
    ///
    /// # Errors
    /// The system has no random bytes.
    pub fn new_token() -> std::io::Result<String> {
        let mut bytes = [0; 24];
        let mut source = std::fs::File::open("/dev/urandom")?;
        std::io::Read::read_exact(&mut source, &mut bytes)?;
        Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Whether a request from `peer` may change anything: with a good token; or, where none is
    /// configured, from this machine. Then it must say that it is JSON, which a page in a browser
    /// cannot make it say without asking first.
    pub(super) fn check(&self, headers: &HeaderMap, peer: IpAddr) -> Result<(), Refused> {
        if self.has_token(headers) {
            return Ok(());
        }
        self.check_place(headers, peer)?;
        let kind = headers.get(CONTENT_TYPE).map(|kind| kind.as_bytes());
        match kind.is_some_and(|kind| kind.starts_with(b"application/json")) {
            true => Ok(()),
            false => Err(Refused::ContentType),
        }
    }

    /// Whether a request from `peer` may see what is stored and counted: by the same rule, but that it
    /// needs no media type.
    pub(super) fn may_look(&self, headers: &HeaderMap, peer: IpAddr) -> Result<(), Refused> {
        if self.has_token(headers) { Ok(()) } else { self.check_place(headers, peer) }
    }

    /// Whether whoever has no token needs none.
    fn check_place(&self, headers: &HeaderMap, peer: IpAddr) -> Result<(), Refused> {
        if self.configured.is_some() || !peer.to_canonical().is_loopback() {
            return Err(Refused::Token);
        }
        let is_ours = headers.get(HOST).is_none_or(|host| is_of_this_machine(host.as_bytes()));
        // A page of somebody else cannot read what it asks for, but it can take up all the places.
        let from = headers.get(SEC_FETCH_SITE).map(|site| site.as_bytes());
        let is_own = matches!(from, None | Some(b"same-origin" | b"none"));
        if is_ours && is_own { Ok(()) } else { Err(Refused::Host) }
    }

    /// Whether a request brings one of the tokens.
    pub fn has_token(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(AUTHORIZATION).map(|given| given.as_bytes());
        let Some(given) = given.and_then(|given| given.strip_prefix(b"Bearer ")) else {
            return false;
        };
        let known = self.configured.iter().chain(&self.of_child);
        // All are compared, and in full, so that the time it takes tells nothing.
        known.fold(false, |found, token| found | is_same(token.as_bytes(), given))
    }
}

/// A browser on this machine may be shown a page of a name whose address becomes ours (DNS rebinding).
/// An address has no such owner, and `localhost` is looked up nowhere.
fn is_of_this_machine(host: &[u8]) -> bool {
    let Ok(host) = str::from_utf8(host) else { return false };
    let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let name = match host.rsplit_once(':') {
        Some((name, port)) if is_port(port) => name,
        _ => host,
    };
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    let name = name.to_ascii_lowercase();
    address.parse::<IpAddr>().is_ok() || name == "localhost" || name.ends_with(".localhost")
}

fn is_same(token: &[u8], given: &[u8]) -> bool {
    let differs = token.iter().zip(given).fold(0, |differs, (a, b)| differs | (a ^ b));
    token.len() == given.len() && differs == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_and_this_machine_needs_none_until_one_is_configured() {
        let (here, there) = ([127, 0, 0, 1].into(), [192, 0, 2, 1].into());
        let json = ("content-type", "application/json; charset=utf-8");
        let none = Access { of_child: Some("child".into()), ..Access::default() };
        let configured = Access { configured: Some("secret".into()), ..none.clone() };
        for (name, access, fields, peer, expected) in [
            ("here", &none, vec![json], here, Ok(())),
            ("a browser here", &none, vec![], here, Err(Refused::ContentType)),
            ("elsewhere", &none, vec![json], there, Err(Refused::Token)),
            ("the child", &none, vec![("authorization", "Bearer child")], there, Ok(())),
            ("here, configured", &configured, vec![json], here, Err(Refused::Token)),
            ("the token", &configured, vec![("authorization", "Bearer secret")], there, Ok(())),
            (
                "half of it",
                &configured,
                vec![("authorization", "Bearer sec")],
                here,
                Err(Refused::Token),
            ),
            (
                "more",
                &configured,
                vec![("authorization", "Bearer secrets")],
                here,
                Err(Refused::Token),
            ),
            ("none", &configured, vec![("authorization", "Bearer ")], here, Err(Refused::Token)),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                headers.insert(name, value.parse().unwrap());
            }
            assert_eq!(access.check(&headers, peer), expected, "{name}");
        }
    }

    #[test]
    fn whoever_needs_no_token_asks_by_a_name_that_is_nobodys() {
        let access = Access::default();
        for (host, is_ok) in [
            ("localhost", true),
            ("LOCALHOST:9180", true),
            ("edge.localhost:1", true),
            ("127.0.0.1:9180", true),
            ("[::1]:9180", true),
            ("[::1]", true),
            ("192.0.2.1", true),
            ("rebound.example:9180", false),
            ("localhost.example", false),
            ("127.0.0.1.example", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("host", host.parse().unwrap());
            let expected = if is_ok { Ok(()) } else { Err(Refused::Host) };
            assert_eq!(access.may_look(&headers, [127, 0, 0, 1].into()), expected, "{host}");
            headers.insert("content-type", "application/json".parse().unwrap());
            assert_eq!(access.check(&headers, [127, 0, 0, 1].into()), expected, "{host}");
        }
        let (here, there) = ([127, 0, 0, 1].into(), [192, 0, 2, 1].into());
        assert_eq!(access.may_look(&HeaderMap::new(), there), Err(Refused::Token));
        for (site, expected) in [
            ("same-origin", Ok(())),
            ("none", Ok(())),
            ("same-site", Err(Refused::Host)),
            ("cross-site", Err(Refused::Host)),
        ] {
            let headers = HeaderMap::from_iter([(SEC_FETCH_SITE, site.parse().unwrap())]);
            assert_eq!(access.may_look(&headers, here), expected, "{site}");
        }
    }

    #[test]
    fn no_two_tokens_are_the_same() {
        let (one, other) = (Access::new_token().unwrap(), Access::new_token().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), 48);
    }
}
