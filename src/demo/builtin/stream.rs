//! Bodies that come in chunks: all at once, or as `/stream` does it, the shell first and each part
//! when it is ready, put in its place by a line of script in the manner of React.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use tokio::time::{Sleep, sleep};

use crate::clock::Clock;
use crate::error::BodyError;
use crate::policy::date::Timestamp;

/// The parts, and how many milliseconds after the start each is ready.
const PARTS: [(&str, u64); 3] = [("The warp", 500), ("The weft", 1100), ("The selvedge", 2000)];

/// What stands in the parts' places until they come.
pub(super) fn places() -> String {
    let place = |(i, (name, _)): (usize, &(&str, u64))| {
        format!("<li class=\"waiting\" id=\"place-{i}\">{name} is on its way</li>")
    };
    let places: String = PARTS.iter().enumerate().map(place).collect();
    format!("<ol class=\"parts\">{places}</ol>")
}

/// A body without a length.
pub(super) struct Chunks {
    first: Option<Bytes>,
    parts: VecDeque<Part>,
    pause: Option<Pin<Box<Sleep>>>,
}

/// A part of `/stream` that is still to come.
struct Part {
    number: usize,
    name: &'static str,
    after: Duration,
    start: Timestamp,
    clock: Clock,
}

impl Chunks {
    /// All there is.
    pub(super) fn one(content: impl Into<Bytes>) -> Self {
        let content = Some(content.into()).filter(|content| !content.is_empty());
        Self { first: content, parts: VecDeque::new(), pause: None }
    }

    /// The shell of `/stream`, and the parts behind it.
    pub(super) fn stream(shell: String, clock: &Clock) -> Self {
        let start = clock.now();
        let part = |(number, (name, millis)): (usize, &(&'static str, u64))| {
            let after = Duration::from_millis(*millis);
            Part { number, name, after, start, clock: clock.clone() }
        };
        let parts = PARTS.iter().enumerate().map(part).collect();
        Self { first: Some(shell.into()), parts, pause: None }
    }
}

impl Part {
    fn pause(&self) -> Duration {
        self.after.saturating_sub(self.clock.now().saturating_since(self.start))
    }

    fn html(&self) -> String {
        let Self { number, name, .. } = self;
        let millis = self.clock.now().saturating_since(self.start).as_millis();
        format!(
            "<template id=\"part-{number}\"><li>{name}, {millis} ms later</li></template>\
             <script>document.getElementById(\"place-{number}\")\
             .replaceWith(document.getElementById(\"part-{number}\").content)</script>"
        )
    }
}

impl http_body::Body for Chunks {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let chunks = &mut *self;
        if let Some(first) = chunks.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        let Some(part) = chunks.parts.front() else {
            return Poll::Ready(None);
        };
        let pause = chunks.pause.get_or_insert_with(|| Box::pin(sleep(part.pause())));
        ready!(pause.as_mut().poll(cx));
        let html = part.html();
        chunks.parts.pop_front();
        chunks.pause = None;
        Poll::Ready(Some(Ok(Frame::data(html.into()))))
    }
}
