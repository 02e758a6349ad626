//! What became of one page that was asked for.

use http::{HeaderMap, StatusCode};

use crate::cache::Unstored;
use crate::next::verdict::Unfit;
use crate::policy::status::Member;
use crate::verbs::explain::{Event, Reason};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was stored already.
    Hit,
    /// It was stored, too old, and is renewed now.
    Renewed,
    /// It is stored now.
    Stored,
    /// It is no page of the app router: HTML came where its RSC payload was asked for.
    NoPayload,
    /// It is not, for this reason, by its token.
    NotStored(String),
    /// The answer is that there is none, or no edge's.
    Failed(String),
    /// The answer is one of a server in trouble.
    Trouble(String),
    /// There is no answer.
    Unanswered(String),
}

impl Outcome {
    /// Whether it says that the server is in trouble.
    pub fn is_trouble(&self) -> bool {
        matches!(self, Self::Trouble(_) | Self::Unanswered(_))
    }
}

/// What an answer to a request for a document or an RSC payload says.
pub fn of(status: StatusCode, headers: &HeaderMap, is_payload: bool) -> Outcome {
    let Some(member) = Member::of(headers) else {
        return Outcome::Failed("no edge answered: there is no Cache-Status of Selvedge".into());
    };
    let reason = member.detail.as_deref().and_then(Reason::of);
    if reason == Some(Reason::Event(Event::StaleIfError)) {
        return Outcome::Trouble(Event::StaleIfError.sentence().into());
    }
    let is_payload_missing = reason == Some(Reason::Unstored(Unstored::Next(Unfit::ClassMismatch)));
    // A prerendered page may well be one that is not there.
    let is_kept = member.is_kept();
    match member {
        _ if status.is_server_error() && !is_kept => {
            Outcome::Trouble(format!("the answer is {status}"))
        }
        _ if status.is_client_error() && !is_kept => {
            Outcome::Failed(format!("the answer is {status}"))
        }
        _ if is_payload && is_payload_missing => Outcome::NoPayload,
        Member { hit: true, ttl: Some(ttl), .. } if ttl <= 0 => Outcome::Renewed,
        Member { hit: true, .. } => Outcome::Hit,
        Member { stored: true, .. } => Outcome::Stored,
        _ if member.is_validated() => Outcome::Renewed,
        _ if is_kept => Outcome::Stored,
        Member { detail: Some(detail), .. } => Outcome::NotStored(detail),
        Member { fwd, .. } => {
            Outcome::NotStored(fwd.map_or("unknown", |fwd| fwd.as_str()).to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: u16, text: &str, is_payload: bool) -> Outcome {
        let mut headers = HeaderMap::new();
        headers.insert("cache-status", text.parse().unwrap());
        of(StatusCode::from_u16(status).unwrap(), &headers, is_payload)
    }

    #[test]
    fn what_became_of_a_page_is_read_from_what_the_edge_says() {
        for (status, text, expected) in [
            (200, "selvedge; hit; ttl=8", Outcome::Hit),
            (200, "selvedge; hit; ttl=-8", Outcome::Renewed),
            (200, "selvedge; fwd=uri-miss; stored", Outcome::Stored),
            (200, "selvedge; fwd=uri-miss; collapsed", Outcome::Stored),
            (
                200,
                "selvedge; fwd=stale; collapsed; ttl=-30; detail=stale-if-error",
                Outcome::Trouble(Event::StaleIfError.sentence().into()),
            ),
            (200, "selvedge; fwd=stale; fwd-status=304; ttl=9", Outcome::Renewed),
            (200, "selvedge; fwd=uri-miss; detail=no-store", Outcome::NotStored("no-store".into())),
            (200, "selvedge; fwd=bypass", Outcome::NotStored("bypass".into())),
            (404, "selvedge; fwd=uri-miss; stored", Outcome::Stored),
            (
                404,
                "selvedge; fwd=uri-miss; detail=no-store",
                Outcome::Failed("the answer is 404 Not Found".into()),
            ),
            (
                503,
                "selvedge; fwd=uri-miss; detail=failure",
                Outcome::Trouble("the answer is 503 Service Unavailable".into()),
            ),
            (
                200,
                "selvedge; fwd=stale; detail=stale-if-error",
                Outcome::Trouble(Event::StaleIfError.sentence().into()),
            ),
        ] {
            assert_eq!(outcome(status, text, false), expected, "{text}");
        }
        let html = "selvedge; fwd=uri-miss; detail=class-mismatch";
        assert_eq!(outcome(200, html, true), Outcome::NoPayload);
        assert!(matches!(outcome(200, html, false), Outcome::NotStored(_)));
        assert!(matches!(of(StatusCode::OK, &HeaderMap::new(), false), Outcome::Failed(_)));
    }
}
