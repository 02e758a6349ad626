//! `selvedge explain URL`: asks for it, and says in plain words what the edge did and why.
//!
//! Of an edge: its own `Cache-Status`, and what its admin side says is stored. Of Next.js itself: its
//! answer, judged by the very code that an edge judges it by.

mod account;
mod print;
mod reason;
mod words;

use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::Full;

pub use account::{Account, Exchange, Outcome};
pub use reason::{Event, Reason};
pub use words::forwarded;

use super::target::{Field, NoTarget, Target};
use crate::admin::explain::Question;
use crate::ask::{Line, Unanswered, to_admin};
use crate::build::files::Files;
use crate::cache::{Seen, Settings, appraise};
use crate::clock::Clock;
use crate::config::{BuildDir, Config, OriginAddress};
use crate::exit;
use crate::next::verdict;
use crate::policy::status::Member;

/// What is to be explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explain {
    /// A URL, or a path of the edge that runs here.
    pub url: String,
    /// Fields of the request.
    pub headers: Vec<Field>,
    /// Whether the RSC payload is meant, not the document.
    pub rsc: bool,
    /// The edge, if it is not the URL's own server.
    pub edge: Option<OriginAddress>,
    /// Next.js, to be asked without an edge.
    pub origin: Option<OriginAddress>,
    /// The edge's admin side, unless it is that of the configuration.
    pub admin: Option<OriginAddress>,
    /// Whether it is told to a machine.
    pub json: bool,
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum Unexplained {
    /// There is nobody to ask.
    #[error(transparent)]
    NoTarget(#[from] NoTarget),
    /// Nobody answers.
    #[error("{0}; is it running? (--edge names another edge; --origin asks Next.js without one)")]
    Unanswered(#[from] Unanswered),
}

impl Unexplained {
    /// What the process exits with.
    pub fn exit(&self) -> u8 {
        match self {
            Self::NoTarget(_) => exit::USAGE,
            Self::Unanswered(_) => exit::UNAVAILABLE,
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(90);
const ADMIN_PATIENCE: Duration = Duration::from_secs(2);
const LARGEST: usize = 256 << 20;

/// Asks, and says what became of it.
///
/// # Errors
/// [`Unexplained`]
pub async fn explain(
    config: &Config,
    what: &Explain,
    clock: &Clock,
) -> Result<Account, Unexplained> {
    let server = what.origin.as_ref().or(what.edge.as_ref());
    let target = Target::of(&what.url, server, config)?;
    let asked_at = clock.now();
    let (sent, answer) = ask(&target, what).await?;
    let answered_at = clock.now();
    let exchange = Exchange {
        url: &target.url,
        asked: target.to.to_string(),
        rsc: what.rsc,
        request: sent.headers(),
        status: answer.status(),
        headers: answer.headers(),
    };
    if what.origin.is_some() {
        let settings = settings(config).await;
        let appraisal = appraise(&settings, &sent, &answer, asked_at, answered_at);
        return Ok(Account::of_origin(&exchange, appraisal));
    }
    let stored = match Member::of(answer.headers()) {
        Some(_) => look(config, what, &target, &sent).await,
        None => None,
    };
    Ok(Account::of_edge(&exchange, stored))
}

/// The request that was sent, and its answer. Of the body of an edge's there may be no more than the
/// beginning ([`Line::visit`]). Whoever asks for an RSC payload is redirected by Next.js to the right
/// `_rsc`.
async fn ask(
    target: &Target,
    what: &Explain,
) -> Result<(Request<()>, Response<Bytes>), Unanswered> {
    let mut line = Line::new(target.to.clone(), PATIENCE);
    let request = target.request(what.rsc, &what.headers);
    let answer = send(&mut line, request.clone(), what).await?;
    let redirect = verdict::rsc_redirect(answer.status(), answer.headers()).filter(|_| what.rsc);
    let right = redirect.and_then(|location| location.parse::<Uri>().ok());
    let Some(path) = right.and_then(|uri| uri.path_and_query().cloned()) else {
        return Ok((head(&request, &target.to), answer));
    };
    again(&mut line, target, path, what).await
}

async fn again(
    line: &mut Line,
    target: &Target,
    path: PathAndQuery,
    what: &Explain,
) -> Result<(Request<()>, Response<Bytes>), Unanswered> {
    let request = target.at(path).request(what.rsc, &what.headers);
    let answer = send(line, request.clone(), what).await?;
    Ok((head(&request, &target.to), answer))
}

/// An origin's answer is judged, and its size told: for that it has to be whole.
async fn send(
    line: &mut Line,
    request: Request<Full<Bytes>>,
    what: &Explain,
) -> Result<Response<Bytes>, Unanswered> {
    match what.origin {
        Some(_) => line.ask(request, LARGEST).await,
        None => line.visit(request, LARGEST).await,
    }
}

/// The request without its body, and with the host that it was sent with.
fn head(request: &Request<Full<Bytes>>, to: &OriginAddress) -> Request<()> {
    let mut head = Request::new(());
    *head.method_mut() = request.method().clone();
    *head.uri_mut() = request.uri().clone();
    *head.headers_mut() = request.headers().clone();
    if !head.headers().contains_key(HOST) {
        head.headers_mut().insert(HOST, to.host());
    }
    head
}

/// What the edge of this configuration goes by, and what the application's build says, where it is
/// named.
async fn settings(config: &Config) -> Settings {
    let settings = Settings::from(config);
    if matches!(config.next.dir, BuildDir::At(_)) {
        Files::of(&config.next, None).begin(&settings.application).await;
    }
    settings
}

/// What the edge has stored for the request, if its admin side tells us. Of another machine's edge the
/// one here knows nothing.
async fn look(
    config: &Config,
    what: &Explain,
    target: &Target,
    sent: &Request<()>,
) -> Option<Seen> {
    let here = || config.admin.listen.filter(|_| target.is_here(config)).map(OriginAddress::from);
    let admin = what.admin.clone().or_else(here)?;
    let mut line = Line::new(admin, ADMIN_PATIENCE);
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers: Vec<_> =
        sent.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let host = sent.headers().get(HOST).map(text)?;
    // Where the edge believes nobody about https, visitors come by http.
    let schemes = if target.is_https() { &["https", "http"][..] } else { &["http"] };
    for scheme in schemes {
        let url = format!("{scheme}://{host}{}", sent.uri());
        let question = Question { url, headers: headers.clone() };
        let answer = line
            .ask(to_admin("/explain", config.admin.token.as_deref(), &question), LARGEST)
            .await
            .ok()?;
        if let Ok(Some(seen)) = serde_json::from_slice(answer.body()) {
            return Some(seen);
        }
    }
    None
}
