//! What is told of one exchange, collected; for machines as it is, for people see `print`.

use http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::reason::{Event, Reason};
use super::words;
use crate::cache::{Appraisal, Seen, Unstored, told};
use crate::policy::reuse::ForwardReason;
use crate::policy::status::Member;
use crate::policy::storable::NotStorable;
use crate::verbs::paper::seconds;

/// An exchange, and what became of it.
#[derive(Debug, Serialize)]
pub struct Account {
    /// What was asked for.
    pub url: String,
    /// Of which kind: the document or its RSC payload.
    pub class: &'static str,
    /// Who was asked.
    pub asked: String,
    /// The status.
    pub status: u16,
    /// The media type, if it was told.
    pub media_type: Option<String>,
    /// In one word, for machines.
    pub outcome: Outcome,
    /// The verdict as a sentence.
    pub verdict: String,
    /// Why the origin was asked, as `Cache-Status` says it.
    pub forwarded: Option<&'static str>,
    /// Why it is not kept, or what else happened, as `Cache-Status` says it.
    pub reason: Option<String>,
    /// What decided.
    pub decided_by: Vec<String>,
    /// What to change.
    pub advice: Option<String>,
    /// The edge's own words.
    pub cache_status: Option<String>,
    /// What the answer said about caching.
    pub answer: Vec<(String, String)>,
    /// What is stored for the request, or would be.
    pub stored: Option<Seen>,
    #[serde(skip)]
    pub(super) happened: Option<String>,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// From the store, fresh.
    Hit,
    /// From the store, too old.
    Stale,
    /// From the origin, and kept.
    Stored,
    /// From the origin, and not kept.
    NotStored,
    /// Nobody but the origin was to answer it.
    Passed,
    /// There is no edge there.
    NoEdge,
}

/// What was asked, and the answer.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// The URL.
    pub url: &'a str,
    /// Who was asked.
    pub asked: String,
    /// Whether an RSC payload was asked for.
    pub rsc: bool,
    /// The request's fields.
    pub request: &'a HeaderMap,
    /// The answer's status.
    pub status: StatusCode,
    /// The answer's fields.
    pub headers: &'a HeaderMap,
}

impl Account {
    fn new(exchange: &Exchange<'_>, outcome: Outcome, verdict: String) -> Self {
        let media_type = exchange.headers.get(http::header::CONTENT_TYPE);
        Self {
            url: exchange.url.to_owned(),
            class: if exchange.rsc { "RSC payload" } else { "document" },
            asked: exchange.asked.clone(),
            status: exchange.status.as_u16(),
            media_type: media_type.map(|kind| String::from_utf8_lossy(kind.as_bytes()).into()),
            outcome,
            verdict,
            forwarded: None,
            reason: None,
            decided_by: Vec::new(),
            advice: None,
            cache_status: None,
            answer: told(exchange.headers),
            stored: None,
            happened: None,
        }
    }

    /// Of what an edge answered; `stored` is what it has for the request now.
    pub fn of_edge(exchange: &Exchange<'_>, stored: Option<Seen>) -> Self {
        let Some(member) = Member::of(exchange.headers) else {
            let verdict = "No edge answered: there is no Cache-Status of Selvedge".into();
            let mut account = Self::new(exchange, Outcome::NoEdge, verdict);
            account.advice = Some(
                "Name the edge with --edge; or, to have Next.js's own answer judged, Next.js with \
                 --origin."
                    .into(),
            );
            return account;
        };
        let reason = member.detail.as_deref().and_then(Reason::of);
        let (outcome, verdict) = verdict(&member, reason);
        let mut account = Self::new(exchange, outcome, verdict);
        account.forwarded = member.fwd.map(ForwardReason::as_str);
        account.happened = member.fwd.map(|why| {
            let waited = if member.collapsed { "; it waited for another's answer" } else { "" };
            format!("{}{waited}", words::forwarded(why))
        });
        account.reason = member.detail.clone();
        account.cache_status = Some(member.text.clone());
        if let Some(reason) = reason {
            account.because(reason, exchange);
        } else if let (Some(detail), false) = (&member.detail, member.hit) {
            account.advice =
                Some(format!("The edge had no answer from Next.js ({detail}): see both logs."));
        }
        account.stored = stored;
        account
    }

    /// Of what an origin answered, as an edge would judge it.
    pub fn of_origin(exchange: &Exchange<'_>, appraisal: Appraisal) -> Self {
        let because = |outcome, reason: Reason| {
            let verdict = format!("Not cached: {}", reason.sentence());
            let mut account = Self::new(exchange, outcome, verdict);
            account.reason = Some(reason.as_str().to_owned());
            account.because(reason, exchange);
            account
        };
        match appraisal {
            Appraisal::Unstored(why) => because(Outcome::NotStored, Reason::Unstored(why)),
            Appraisal::Passed(fwd, why) => {
                let method = Reason::Unstored(Unstored::Policy(NotStorable::Method));
                let reason = why.map_or(method, Reason::Bypass);
                Self { forwarded: Some(fwd.as_str()), ..because(Outcome::Passed, reason) }
            }
            Appraisal::Refused => because(Outcome::Passed, Reason::Event(Event::ImageParameters)),
            Appraisal::Kept(seen) => {
                let verdict = format!("An edge would keep this{}", for_how_long(&seen));
                let account = Self::new(exchange, Outcome::Stored, verdict);
                Self { stored: Some(*seen), ..account }
            }
        }
    }

    fn because(&mut self, reason: Reason, exchange: &Exchange<'_>) {
        self.advice = Some(advice(reason, exchange));
        for name in reason.decided_by() {
            let in_request = matches!(
                reason,
                Reason::Unstored(Unstored::Policy(
                    NotStorable::Authorization | NotStorable::RequestNoStore
                ))
            );
            let fields = if in_request { exchange.request } else { exchange.headers };
            if *name == "authorization" {
                self.decided_by.push("Authorization (of the request)".into());
                continue;
            }
            let shown = told(fields).into_iter().filter(|(told, _)| told == name);
            let plain = || {
                let lines = fields.get_all(*name).iter();
                lines.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            };
            let before = self.decided_by.len();
            self.decided_by.extend(shown.map(|(name, value)| format!("{name}: {value}")));
            if self.decided_by.len() == before {
                self.decided_by.extend(plain().map(|value| format!("{name}: {value}")));
            }
        }
        if self.decided_by.is_empty() && reason.decided_by().len() > 1 {
            self.decided_by.push("there is no Cache-Control, and no Expires".into());
        }
    }

    /// For machines: one object in one line.
    pub fn to_json(&self) -> String {
        // Unreachable alternative: nothing but texts and numbers.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}

/// With a capital and an end.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

fn verdict(member: &Member, reason: Option<Reason>) -> (Outcome, String) {
    let ttl = member.ttl.unwrap_or_default();
    if let Some(Reason::Event(event @ (Event::StaleIfError | Event::Vault))) = reason {
        let sentence = Reason::Event(event).sentence();
        return (Outcome::Stale, sentence_without_end(sentence));
    }
    if member.hit && ttl > 0 {
        let left = seconds(ttl.unsigned_abs());
        return (Outcome::Hit, format!("Cached: it came from the store, fresh for {left} more"));
    }
    if member.hit {
        let verdict =
            "Cached: it came from the store at once, too old, while one request renews it";
        return (Outcome::Stale, verdict.into());
    }
    if member.stored {
        return (
            Outcome::Stored,
            "Cached from now on: the next request gets it from the store".into(),
        );
    }
    if member.is_validated() {
        let verdict = "Cached: Next.js was asked whether what is stored is still good, and it is";
        return (Outcome::Stored, verdict.into());
    }
    if member.is_kept() {
        let verdict = "Cached from now on: somebody else had asked for it just before";
        return (Outcome::Stored, verdict.into());
    }
    match (reason, member.fwd) {
        (Some(reason @ Reason::Bypass(_)), _) => {
            (Outcome::Passed, format!("Not looked up: {}", reason.sentence()))
        }
        (Some(reason), _) => (Outcome::NotStored, format!("Not cached: {}", reason.sentence())),
        (None, Some(why)) => (Outcome::NotStored, format!("Not cached: {}", words::forwarded(why))),
        (None, None) => (Outcome::NotStored, "Not answered by Next.js: the edge itself did".into()),
    }
}

fn sentence_without_end(text: &str) -> String {
    sentence(text).trim_end_matches('.').to_owned()
}

/// What is said to do; in front of `next dev` that is another thing.
fn advice(reason: Reason, exchange: &Exchange<'_>) -> String {
    let is_about_freshness = matches!(
        reason,
        Reason::Unstored(Unstored::Policy(NotStorable::NoStore | NotStorable::NoCache))
    );
    if reason == Reason::Unstored(Unstored::Policy(NotStorable::NoStore)) {
        if exchange.status == StatusCode::NOT_FOUND {
            return words::NOT_FOUND.into();
        }
        if exchange.status.is_redirection() {
            return words::REDIRECT.into();
        }
    }
    let value = exchange.headers.get(http::header::CACHE_CONTROL).map(|value| value.as_bytes());
    let is_dev = matches!(value, Some(b"no-store, must-revalidate" | b"no-cache, must-revalidate"));
    if is_about_freshness && is_dev {
        return "This is how `next dev` answers everything. Ask what `next build` and `next start` \
                serve."
            .into();
    }
    reason.advice().to_owned()
}

fn for_how_long(seen: &Seen) -> String {
    match seen.lifetime.saturating_sub(seen.age) {
        left if left > 0 && !seen.validates_always => format!(", fresh for {}", seconds(left)),
        _ if seen.validates_always => ", and ask each time whether it is still good".into(),
        _ if seen.stale_while_revalidate > 0 => ", and renew it at each use".into(),
        _ => ", to ask by whether it is still good".into(),
    }
}
