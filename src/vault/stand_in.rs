//! The layer: asks the origin, and answers from the vault where it has a file no more.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, ETAG};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use pin_project_lite::pin_project;
use smallvec::SmallVec;
use tower::Service;

use super::Vault;
use super::copying::Copied;
use super::folder::Found;
use super::label::{self, Coding, Label};
use crate::body::Body;
use crate::cache::{Inner, Instead};
use crate::config::Config;
use crate::error::ProxyError;
use crate::next::assets::{self, Kind};
use crate::policy::cache_control::ResponseDirectives;
use crate::policy::content_length;
use crate::policy::storable::may_be_shared;

type Answered = Result<Response<Body>, ProxyError>;

/// See the module. Without a vault it does nothing.
#[derive(Clone, Debug)]
pub struct StandIn<S> {
    inner: S,
    vault: Option<Arc<Known>>,
}

/// What does not change from request to request.
#[derive(Debug)]
struct Known {
    vault: Vault,
    base_path: String,
    targets: Vec<HeaderName>,
}

impl<S: Inner> StandIn<S> {
    /// Before `inner`.
    pub fn new(inner: S, vault: Option<Vault>, config: &Config) -> Self {
        let known = |vault| Known {
            vault,
            base_path: config.next.base_path.clone(),
            targets: config.rules.targets.clone(),
        };
        let vault = vault.filter(|_| config.next.enabled);
        Self { inner, vault: vault.map(known).map(Arc::new) }
    }
}

impl<S: Inner> Service<Request<Body>> for StandIn<S> {
    type Response = Response<Body>;
    type Error = ProxyError;
    type Future = StandInFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProxyError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let asked = self.vault.as_ref().and_then(|known| Asked::of(known, &request));
        let answer = self.inner.call(request);
        let answer = match asked {
            None => Answer::Other { answer },
            Some(asked) => {
                Answer::File { answer: Box::pin(async move { asked.judge(answer.await).await }) }
            }
        };
        StandInFuture { answer }
    }
}

pin_project! {
    /// What the origin says, or the vault in its place.
    pub struct StandInFuture<F> {
        #[pin]
        answer: Answer<F>,
    }
}

pin_project! {
    /// Only a file takes an allocation.
    #[project = Projected]
    enum Answer<F> {
        Other { #[pin] answer: F },
        File { answer: Pin<Box<dyn Future<Output = Answered> + Send>> },
    }
}

impl<F: Future<Output = Answered>> Future for StandInFuture<F> {
    type Output = Answered;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answered> {
        match self.project().answer.project() {
            Projected::Other { answer } => answer.poll(cx),
            Projected::File { answer } => answer.as_mut().poll(cx),
        }
    }
}

/// A request for a file.
struct Asked {
    known: Arc<Known>,
    name: String,
    kind: Kind,
    /// It is under the application's own `/_next/static/`; else it may be a zone's, or a page.
    is_ours: bool,
    is_head: bool,
    codings: SmallVec<[Coding; 4]>,
    /// What an answer may be forbidden to others for (RFC 9111 section 3.5).
    credentials: HeaderMap,
}

impl Asked {
    fn of(known: &Arc<Known>, request: &Request<Body>) -> Option<Self> {
        let (method, uri, headers) = (request.method(), request.uri(), request.headers());
        let is_read = matches!(*method, Method::GET | Method::HEAD);
        let is_ours = assets::is_static(uri.path(), &known.base_path);
        if !is_read || !is_ours && !assets::may_be_of_a_zone(uri.path()) {
            return None;
        }
        let credentials = headers.get_all(AUTHORIZATION).into_iter();
        Some(Self {
            known: known.clone(),
            name: label::name(uri.path(), uri.query())?,
            kind: Kind::of(uri.path()),
            is_ours,
            is_head: *method == Method::HEAD,
            codings: Coding::accepted(headers),
            credentials: credentials.map(|value| (AUTHORIZATION, value.clone())).collect(),
        })
    }

    async fn judge(self, answer: Answered) -> Answered {
        let origin = match &answer {
            Ok(response) if is_missing(response.status()) => Ok(response.status()),
            Err(error) if is_no_answer(error) => Err(error.clone()),
            Ok(response) if response.status() == StatusCode::OK => {
                return answer.map(|response| self.copied(response));
            }
            Ok(_) | Err(_) => return answer,
        };
        match self.known.vault.find(&self.name, &self.codings).await {
            Some(found) => {
                self.known.vault.note_served();
                Ok(stand_in(found, self.is_head, origin))
            }
            None => answer,
        }
    }

    /// The same answer, and a copy of it on its way to the vault if that may be.
    fn copied(self, response: Response<Body>) -> Response<Body> {
        let Known { vault, targets, .. } = &*self.known;
        let headers = response.headers();
        let directives = ResponseDirectives::parse(headers, targets);
        if self.is_ours {
            vault.note_development(assets::is_development(&directives));
        }
        let is_file = if self.is_ours { assets::is_immutable } else { assets::says_immutable };
        let may_be_kept = !self.is_head
            && is_file(self.kind, response.status(), headers, &directives)
            && may_be_shared(&self.credentials, &directives);
        let label = may_be_kept.then(|| Label::of(self.name, headers)).flatten();
        let length = content_length(headers);
        match label.and_then(|label| vault.copying(label, length)) {
            Some(copy) => response.map(|body| Body::stream(Copied::new(body, copy))),
            None => response,
        }
    }
}

/// Whether the origin has no file, or not just now. Next.js answers 400 for one that it knew at its
/// start and that was taken away since, as `next build` in the folder of a running server does.
fn is_missing(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND) || status.is_server_error()
}

/// Whether it was for the origin that there is no answer, and not for the client.
fn is_no_answer(error: &ProxyError) -> bool {
    match error {
        ProxyError::NotResolved { .. }
        | ProxyError::ResolveTimeout { .. }
        | ProxyError::ConnectFailed { .. }
        | ProxyError::ConnectTimeout { .. }
        | ProxyError::PoolExhausted { .. }
        | ProxyError::FirstByteTimeout { .. }
        | ProxyError::OriginFailed { .. }
        | ProxyError::ConnectionLost { .. }
        | ProxyError::InvalidResponse { .. }
        | ProxyError::Overloaded { .. } => true,
        ProxyError::Deadline { .. }
        | ProxyError::Loop { .. }
        | ProxyError::BadRequest { .. }
        | ProxyError::ClientBodyTimeout { .. }
        | ProxyError::BodyTooLarge { .. }
        | ProxyError::Abandoned => false,
    }
}

/// What was kept, as the origin gave it.
fn stand_in(found: Found, is_head: bool, origin: Result<StatusCode, ProxyError>) -> Response<Body> {
    let Found { entry, body } = found;
    let mut headers = entry.label.headers();
    headers.insert(CACHE_CONTROL, assets::IMMUTABLE);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    if !headers.contains_key(ETAG) {
        // Only what was found on disk has none. A hash of the content is a strong one.
        let tag = HeaderValue::try_from(format!("\"{}\"", &entry.hash[..TAG_DIGITS]));
        headers.extend(tag.ok().map(|tag| (ETAG, tag)));
    }
    let body = if is_head { Body::Empty } else { Body::full(body) };
    let mut response = Response::new(body);
    *response.headers_mut() = headers;
    response.extensions_mut().insert(Instead { detail: "vault", origin });
    response
}

const TAG_DIGITS: usize = 32;
