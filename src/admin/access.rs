//! Who may look on the admin side, and who may change anything.

use std::net::IpAddr;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue};

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
    Token(BadToken),
    /// He is on another machine, and there is no token that he could have.
    Elsewhere,
    /// He needs none, but must not be a browser.
    ContentType,
    /// He needs none, but has asked by a name that may be anybody's, or as a page of somebody else.
    Host,
    /// He may, but has sent more than so many bytes.
    TooLarge(usize),
}

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadToken {
    /// There is none.
    Missing,
    /// It is another.
    Wrong,
}

impl BadToken {
    /// What whoever asked is told; nothing of what would be right.
    pub fn told(self) -> &'static str {
        match self {
            Self::Missing => {
                "there is no token; send `Authorization: Bearer TOKEN`, the value of admin.token\n"
            }
            Self::Wrong => "the token is wrong; send the value of this edge's admin.token\n",
        }
    }

    /// `WWW-Authenticate` (RFC 6750 section 3: with an error only where there was a token).
    pub fn challenge(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Missing => "Bearer",
            Self::Wrong => "Bearer error=\"invalid_token\"",
        })
    }
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
        let token = self.check_token(headers);
        if token.is_ok() {
            return Ok(());
        }
        self.check_place(headers, peer, token)?;
        let kind = headers.get(CONTENT_TYPE).map(|kind| kind.as_bytes());
        match kind.is_some_and(|kind| kind.starts_with(b"application/json")) {
            true => Ok(()),
            false => Err(Refused::ContentType),
        }
    }

    /// Whether a request from `peer` may see what is stored and counted: by the same rule, but that it
    /// needs no media type.
    pub(super) fn may_look(&self, headers: &HeaderMap, peer: IpAddr) -> Result<(), Refused> {
        match self.check_token(headers) {
            Ok(()) => Ok(()),
            bad => self.check_place(headers, peer, bad),
        }
    }

    /// Whether whoever has no good token needs none.
    fn check_place(
        &self,
        headers: &HeaderMap,
        peer: IpAddr,
        token: Result<(), BadToken>,
    ) -> Result<(), Refused> {
        if self.configured.is_some() {
            return token.map_err(Refused::Token);
        }
        if !peer.to_canonical().is_loopback() {
            return Err(Refused::Elsewhere);
        }
        let is_ours = headers.get(HOST).is_none_or(|host| is_of_this_machine(host.as_bytes()));
        // A page of somebody else cannot read what it asks for, but it can take up all the places.
        let from = headers.get(SEC_FETCH_SITE).map(|site| site.as_bytes());
        let is_own = matches!(from, None | Some(b"same-origin" | b"none"));
        if is_ours && is_own { Ok(()) } else { Err(Refused::Host) }
    }

    /// Whether a request brings one of the tokens.
    ///
    /// # Errors
    /// [`BadToken`]
    pub fn check_token(&self, headers: &HeaderMap) -> Result<(), BadToken> {
        let given = headers.get(AUTHORIZATION).and_then(|given| bearer(given.as_bytes()));
        let given = given.ok_or(BadToken::Missing)?;
        let known = self.configured.iter().chain(&self.of_child);
        // All are compared, and in full, so that the time it takes tells nothing.
        match known.fold(false, |found, token| found | is_same(token.as_bytes(), given)) {
            true => Ok(()),
            false => Err(BadToken::Wrong),
        }
    }
}

/// The token in `Bearer TOKEN`; a scheme is the same in capitals (RFC 9110 section 11.1).
fn bearer(credentials: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = credentials.split_at_checked(b"Bearer ".len())?;
    (scheme.eq_ignore_ascii_case(b"Bearer ") && !token.is_empty()).then_some(token)
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

    const MISSING: Result<(), Refused> = Err(Refused::Token(BadToken::Missing));
    const WRONG: Result<(), Refused> = Err(Refused::Token(BadToken::Wrong));

    #[test]
    fn a_token_opens_and_this_machine_needs_none_until_one_is_configured() {
        let (here, there) = ([127, 0, 0, 1].into(), [192, 0, 2, 1].into());
        let json = ("content-type", "application/json; charset=utf-8");
        let none = Access { of_child: Some("child".into()), ..Access::default() };
        let configured = Access { configured: Some("secret".into()), ..none.clone() };
        for (name, access, fields, peer, expected) in [
            ("here", &none, vec![json], here, Ok(())),
            ("a browser here", &none, vec![], here, Err(Refused::ContentType)),
            ("elsewhere", &none, vec![json], there, Err(Refused::Elsewhere)),
            (
                "elsewhere, with a token",
                &none,
                vec![json, ("authorization", "Bearer secret")],
                there,
                Err(Refused::Elsewhere),
            ),
            ("the child", &none, vec![("authorization", "Bearer child")], there, Ok(())),
            ("here, configured", &configured, vec![json], here, MISSING),
            ("the token", &configured, vec![("authorization", "Bearer secret")], there, Ok(())),
            ("in capitals", &configured, vec![("authorization", "BEARER secret")], there, Ok(())),
            ("another scheme", &configured, vec![("authorization", "Basic c2U6")], here, MISSING),
            ("half of it", &configured, vec![("authorization", "Bearer sec")], here, WRONG),
            ("more", &configured, vec![("authorization", "Bearer secrets")], here, WRONG),
            ("none", &configured, vec![("authorization", "Bearer ")], here, MISSING),
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
        assert_eq!(access.may_look(&HeaderMap::new(), there), Err(Refused::Elsewhere));
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
