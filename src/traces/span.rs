//! A span: a piece of work within a request, from its beginning until it is dropped.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Request, Response};

use super::parent::Parent;
use super::tracer::Tracer;
use crate::error::ProxyError;
use crate::policy::date::Timestamp;
use crate::policy::status::Status;

/// What was measured, ready to be sent.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) trace: u128,
    pub(super) id: u64,
    pub(super) parent: Option<u64>,
    /// `tracestate`, as it came.
    pub(super) state: Option<HeaderValue>,
    pub(super) name: Cow<'static, str>,
    pub(super) kind: Kind,
    /// Nanoseconds since the epoch, as is `ended`.
    pub(super) began: u64,
    pub(super) ended: u64,
    pub(super) attributes: Vec<(&'static str, Value)>,
    pub(super) has_failed: bool,
}

/// Who does the work, and for whom; the numbers are those of OTLP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// We, for ourselves.
    Internal = 1,
    /// We, for a client.
    Server = 2,
    /// The origin, for us.
    Client = 3,
}

/// What an attribute says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Number(i64),
}

const LONGEST_TEXT: usize = 2048;

impl From<&str> for Value {
    /// No more of it than somebody reads: a target or a field may have tens of kilobytes, spans wait by
    /// the thousand, and collectors refuse what is too large as a whole.
    fn from(text: &str) -> Self {
        Self::Text(text.get(..text.floor_char_boundary(LONGEST_TEXT)).unwrap_or(text).into())
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}

/// When a trace began here, by both clocks: all its spans are dated from there, so that none of them
/// begins before its parent because the wall clock was set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anchor {
    pub(super) wall: Timestamp,
    pub(super) monotonic: Duration,
}

impl Anchor {
    fn nanos(&self, reading: Duration) -> u64 {
        let since = reading.saturating_sub(self.monotonic).as_nanos();
        let wall = u128::from(self.wall.as_millis()) * 1_000_000;
        u64::try_from(wall + since).unwrap_or(u64::MAX)
    }
}

/// The span that further ones are parts of; in the extensions of a request that is told.
#[derive(Clone, Debug)]
pub(super) struct Current {
    pub(super) tracer: Arc<Tracer>,
    pub(super) trace: u128,
    pub(super) span: u64,
    pub(super) anchor: Anchor,
    pub(super) state: Option<HeaderValue>,
}

impl Current {
    /// What the origin is told of it.
    pub(super) fn value(&self) -> HeaderValue {
        Parent { trace: self.trace, span: self.span, is_sampled: true }.value()
    }

    /// A part of it, which begins now.
    pub(super) fn open(&self, name: &'static str, kind: Kind) -> Box<Open> {
        let current = Self { span: fastrand::u64(1..), ..self.clone() };
        let began = self.tracer.clock.monotonic();
        Box::new(Open::new(current, Some(self.span), name.into(), kind, began))
    }
}

/// Work that goes on; told when this is dropped.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) current: Current,
    /// Taken when it ends.
    span: Option<Span>,
}

impl Open {
    pub(super) fn new(
        current: Current,
        parent: Option<u64>,
        name: Cow<'static, str>,
        kind: Kind,
        began: Duration,
    ) -> Self {
        let began = current.anchor.nanos(began);
        let span = Span {
            trace: current.trace,
            id: current.span,
            parent,
            state: current.state.clone(),
            name,
            kind,
            began,
            ended: began,
            attributes: Vec::new(),
            has_failed: false,
        };
        Self { current, span: Some(span) }
    }

    /// Notes something about it.
    pub(super) fn note(&mut self, name: &'static str, value: impl Into<Value>) {
        if let Some(span) = &mut self.span {
            span.attributes.push((name, value.into()));
        }
    }

    /// Notes that it came to nothing, and why (`error.type`).
    pub(super) fn fail(&mut self, why: &str) {
        self.note("error.type", why);
        if let Some(span) = &mut self.span {
            span.has_failed = true;
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(mut span) = self.span.take() {
            let Current { tracer, anchor, .. } = &self.current;
            span.ended = anchor.nanos(tracer.clock.monotonic());
            tracer.queue.put(span);
        }
    }
}

/// Work of the edge within a request, if that is told.
#[derive(Debug, Default)]
pub struct Doing(pub(super) Option<Box<Open>>);

impl Doing {
    /// What is done for a request with these extensions from now on is a part of it.
    pub fn leads(&self, extensions: &mut http::Extensions) {
        if let Some(open) = &self.0 {
            extensions.insert(open.current.clone());
        }
    }

    /// It ended, and this is done next.
    pub fn found(mut self, next: &'static str) {
        if let Some(open) = &mut self.0 {
            open.note("selvedge.cache.next", next);
        }
    }

    /// It ended with an answer, of which `Cache-Status` says this.
    pub fn ended(mut self, status: Option<&Status>) {
        let (Some(open), Some(status)) = (&mut self.0, status) else { return };
        for (name, is_so) in [
            ("selvedge.cache.collapsed", status.collapsed),
            ("selvedge.cache.stored", status.stored),
        ] {
            if is_so {
                open.note(name, "true");
            }
        }
        if let Some(detail) = status.detail {
            open.note("selvedge.cache.detail", detail);
        }
    }

    /// It came to nothing.
    pub fn failed(mut self, why: &str) {
        if let Some(open) = &mut self.0 {
            open.fail(why);
        }
    }
}

/// A question to the origin, if it is told.
#[derive(Debug)]
pub struct Asking(pub(super) Option<Box<Open>>);

impl Asking {
    /// The head of the answer is there, or none will come.
    pub fn answered<B>(mut self, answer: Result<&Response<B>, &ProxyError>) {
        let Some(open) = &mut self.0 else { return };
        match answer {
            Ok(response) => {
                let status = response.status();
                open.note("http.response.status_code", status.as_u16());
                // Semantic conventions: a client's span has failed from 400 on.
                if status.is_client_error() || status.is_server_error() {
                    open.fail(status.as_str());
                }
            }
            Err(error) => open.fail(error.proxy_status()),
        }
    }
}

/// The span that a request is a part of, if it is told.
pub(super) fn current<B>(request: &Request<B>) -> Option<&Current> {
    request.extensions().get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_of_a_text_is_kept_than_somebody_reads() {
        assert_eq!(Value::from("/short"), Value::Text("/short".into()));
        let Value::Text(cut) = Value::from("é".repeat(60_000).as_str()) else { panic!("a text") };
        assert_eq!(cut, "é".repeat(LONGEST_TEXT / 2));
        let Value::Text(cut) = Value::from(format!("x{}", "é".repeat(60_000)).as_str()) else {
            panic!("a text")
        };
        assert_eq!(cut.len(), LONGEST_TEXT - 1, "no half of a letter");
    }
}
