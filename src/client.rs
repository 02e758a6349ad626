//! Who asks: what is known about the client of a request.
//!
//! The listener puts a [`Client`] into each request's extensions; `layer::forwarded` adds what a
//! trusted proxy said about it. All later rooms ask here, never the fields that anyone may send.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use http::header::HOST;
use http::{HeaderMap, HeaderName, HeaderValue, Request};

use crate::fields::Fields;
use crate::interim::InterimSink;

/// `x-request-id`
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The client of one request.
#[derive(Clone, Debug)]
pub struct Client {
    /// The other end of the connection.
    pub peer: IpAddr,
    /// Which fields the request may have.
    pub fields: Fields,
    /// Whether the request's head could be read in two ways.
    pub is_ambiguous: bool,
    /// By what the request is known.
    pub id: RequestId,
    /// What a trusted proxy before us said; `None` if the peer is no such proxy.
    pub told: Option<Arc<Told>>,
    /// Takes interim responses; `None` if the client would not understand them.
    pub interims: Option<InterimSink>,
}

/// What a trusted proxy said about a request that it passed on.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The client's own address, where one can be read from the chain.
    pub address: Option<IpAddr>,
    /// Whether the client came by https.
    pub https: bool,
    /// The host that the client asked for, where that differs from `Host`.
    pub host: Option<HeaderValue>,
    /// The fields in which all this was said, to be passed on with our own part appended.
    pub fields: HeaderMap,
}

impl Client {
    /// The client at `peer`, who sent a request with these fields.
    pub fn new(peer: IpAddr, headers: &HeaderMap) -> Self {
        let fields = Fields::of(headers);
        let id = match fields.may_have(Fields::REQUEST_ID) {
            true => RequestId::of(headers),
            false => RequestId::made(),
        };
        Self { peer, fields, is_ambiguous: false, id, told: None, interims: None }
    }

    /// The client of a request. One that no listener took (a test's) comes from nowhere.
    pub fn of<B>(request: &Request<B>) -> Self {
        let found = request.extensions().get::<Self>().cloned();
        found.unwrap_or_else(|| Self::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), request.headers()))
    }

    /// The client's address: the peer's, or the one that a trusted proxy tells.
    pub fn address(&self) -> IpAddr {
        self.told.as_ref().and_then(|told| told.address).unwrap_or(self.peer)
    }
}

/// By what a request is known in logs, pages and to the origin. Cheap until it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestId {
    /// The client's own.
    Given(HeaderValue),
    /// Ours, shown as 32 hexadecimal digits.
    Made(u128),
}

impl RequestId {
    /// The id of a request with these fields: its own `x-request-id` if that is usable, else a new
    /// one.
    pub fn of(headers: &HeaderMap) -> Self {
        match headers.get(REQUEST_ID) {
            Some(given) if is_usable_id(given) => Self::Given(given.clone()),
            Some(_) | None => Self::made(),
        }
    }

    /// One that nobody has had.
    pub fn made() -> Self {
        Self::Made(fastrand::u128(1..))
    }

    /// Its number, if it was made by us; never zero.
    pub fn number(&self) -> Option<u128> {
        match self {
            Self::Given(_) => None,
            Self::Made(number) => Some(*number),
        }
    }

    /// The field's value.
    pub fn value(&self) -> HeaderValue {
        match self {
            Self::Given(value) => value.clone(),
            // Unreachable alternative: digits are a field's value.
            Self::Made(number) => HeaderValue::from_bytes(&hex::<32>(*number))
                .unwrap_or(HeaderValue::from_static("0")),
        }
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Given(value) => f.write_str(value.to_str().unwrap_or_default()),
            Self::Made(number) => {
                f.write_str(str::from_utf8(&hex::<32>(*number)).unwrap_or_default())
            }
        }
    }
}

/// The last `N` hexadecimal digits of a number. By hand: every request that goes to the origin takes
/// some, and the standard library's formatting costs more than the look-up in the store.
pub fn hex<const N: usize>(mut number: u128) -> [u8; N] {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        let value = (number & 0xf) as u8;
        *digit = if value < 10 { b'0' + value } else { b'a' + value - 10 };
        number >>= 4;
    }
    digits
}

/// Ids end up in logs and pages: short, and without what could break a line or a quote.
fn is_usable_id(id: &HeaderValue) -> bool {
    let safe = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:+/=@".contains(byte);
    (1..=MAX_ID).contains(&id.len()) && id.as_bytes().iter().all(safe)
}

const MAX_ID: usize = 128;

/// What several questions have in common: each look into a request's extensions has its price.
#[derive(Clone, Copy, Debug)]
pub struct Glance {
    /// [`fields`]
    pub fields: Fields,
    /// [`is_https`]
    pub https: bool,
    /// [`Client::is_ambiguous`]
    pub is_ambiguous: bool,
}

/// One look at the client of a request.
pub fn glance<B>(request: &Request<B>) -> Glance {
    let client = request.extensions().get::<Client>();
    Glance {
        fields: fields_of(client, request),
        https: client.and_then(|client| client.told.as_deref()).is_some_and(|told| told.https),
        is_ambiguous: client.is_some_and(|client| client.is_ambiguous),
    }
}

/// Which fields a request may have.
pub fn fields<B>(request: &Request<B>) -> Fields {
    fields_of(request.extensions().get(), request)
}

fn fields_of<B>(client: Option<&Client>, request: &Request<B>) -> Fields {
    let found = client.map(|client| client.fields);
    // Whoever adds a field on the way to the store must say so, or it would not be seen.
    debug_assert!(found.is_none_or(|found| found.covers(Fields::of(request.headers()))));
    found.unwrap_or_else(|| Fields::of(request.headers()))
}

/// By what a request is known.
pub fn request_id<B>(request: &Request<B>) -> RequestId {
    let found = request.extensions().get::<Client>().map(|client| client.id.clone());
    found.unwrap_or_else(|| RequestId::of(request.headers()))
}

/// [`is_https`] and [`host`].
pub fn scheme_and_host<B>(request: &Request<B>) -> (bool, &[u8]) {
    let told = told(request);
    let host = told.and_then(|told| told.host.as_ref()).or_else(|| request.headers().get(HOST));
    (told.is_some_and(|told| told.https), host.map_or(b"", HeaderValue::as_bytes))
}

/// Whether the client came by https. Without TLS of our own, only a trusted proxy can say so.
pub fn is_https<B>(request: &Request<B>) -> bool {
    told(request).is_some_and(|told| told.https)
}

/// The host that the client asked for, with its port if it gave one; empty if it gave none at all.
pub fn host<B>(request: &Request<B>) -> &[u8] {
    scheme_and_host(request).1
}

fn told<B>(request: &Request<B>) -> Option<&Told> {
    request.extensions().get::<Client>().and_then(|client| client.told.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_taken_over_only_if_it_breaks_nothing() {
        let long = "x".repeat(MAX_ID + 1);
        for (given, is_taken) in [
            ("req-1_2.3:4+5/6=@", true),
            ("", false),
            ("two words", false),
            ("quote\"", false),
            ("<script>", false),
            (&long, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, given.parse().unwrap());
            let id = RequestId::of(&headers);
            assert_eq!(id.to_string() == given, is_taken, "{given}");
            assert_eq!(id.number().is_none(), is_taken, "{given}");
        }
    }

    #[test]
    fn a_made_id_has_32_digits() {
        let number = 0x0123_4567_89ab_cdef_0011_2233_4455_66fe;
        assert_eq!(RequestId::Made(number).to_string(), format!("{number:032x}"));
        assert_eq!(hex::<4>(0x1_00ff), *b"00ff");
        assert_eq!(RequestId::Made(0xab).to_string(), format!("{}ab", "0".repeat(30)));
    }
}
