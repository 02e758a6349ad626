//! Sends what has been told to the collector: from a queue with an end, in batches, by a task of its
//! own. Nobody waits for it; at the end of the edge it has a moment for what is left.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::Full;
use serde::Deserialize;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use super::json::{self, Teller};
use super::place::Place;
use super::span::Span;
use crate::ask::Line;
use crate::log::Seldom;
use crate::metrics::{Event, Metrics};

/// Spans of one request to the collector.
const MOST: usize = 512;
/// How long the first span of a batch waits for others.
const GATHERING: Duration = Duration::from_secs(1);
/// Longest time for one request to the collector.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pauses before a batch is sent once more; meanwhile the queue fills.
const PAUSES: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
/// Longest time for what is left when the edge ends.
const LAST: Duration = Duration::from_secs(2);
/// From one word about lost spans to the next.
const SELDOM: Duration = Duration::from_secs(60);
/// Of the collector's answer.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Where spans wait.
#[derive(Debug)]
pub(super) struct Queue {
    sender: mpsc::Sender<Span>,
    metrics: Metrics,
    lost: Seldom,
}

impl Queue {
    /// Takes a span, if there is room.
    pub(super) fn put(&self, span: Span) {
        let Err(refused) = self.sender.try_send(span) else { return };
        self.metrics.count(Event::SpanLost);
        // Closed at the end of the edge, which is no reason for a word.
        let is_full = matches!(refused, TrySendError::Full(_));
        if let Some(count) = self.lost.count().filter(|_| is_full) {
            warn!(
                count,
                "spans are lost: more wait for the collector than may (traces.max_queue, \
                 traces.sample)"
            );
        }
    }
}

/// The task that sends; it ends with the edge.
#[derive(Debug, Default)]
pub struct Exporting(Option<(JoinHandle<()>, watch::Sender<bool>)>);

impl Exporting {
    /// Sends what is left, for a moment.
    pub async fn finish(self) {
        let Some((mut task, stop)) = self.0 else { return };
        stop.send_replace(true);
        if timeout(LAST, &mut task).await.is_err() {
            task.abort();
            debug!("the collector did not take the last spans in time");
        }
    }
}

/// Begins to send to `place` what is put into the queue, which holds `most`.
pub(super) fn begin(place: Place, most: usize, metrics: &Metrics) -> (Queue, Exporting) {
    let (sender, spans) = mpsc::channel(most);
    let stop = watch::Sender::new(false);
    let Place { endpoint, name } = place;
    let instance = format!("{:032x}", fastrand::u128(..));
    let exporter = Exporter {
        spans,
        stop: stop.subscribe(),
        line: Line::new(endpoint.address, PATIENCE),
        path: endpoint.path.parse().unwrap_or(Uri::from_static("/v1/traces")),
        teller: Arc::new(Teller { name, instance }),
        metrics: metrics.clone(),
        failed: Seldom::every(SELDOM),
    };
    let task = tokio::spawn(exporter.run());
    let queue = Queue { sender, metrics: metrics.clone(), lost: Seldom::every(SELDOM) };
    (queue, Exporting(Some((task, stop))))
}

struct Exporter {
    spans: mpsc::Receiver<Span>,
    stop: watch::Receiver<bool>,
    line: Line,
    path: Uri,
    teller: Arc<Teller>,
    metrics: Metrics,
    failed: Seldom,
}

/// Why a batch was not taken.
struct Untaken {
    why: String,
    /// Whether it may be taken later.
    may_be_later: bool,
}

impl Exporter {
    /// Until nobody tells anything any more.
    async fn run(mut self) {
        loop {
            let batch = self.gather().await;
            if batch.is_empty() {
                return;
            }
            self.send(batch).await;
        }
    }

    /// The next spans; none at the end.
    async fn gather(&mut self) -> Vec<Span> {
        let mut batch = Vec::new();
        tokio::select! {
            biased;
            _ = self.spans.recv_many(&mut batch, MOST) => {}
            () = is_true(&mut self.stop) => {
                self.spans.close();
                self.spans.recv_many(&mut batch, MOST).await;
            }
        }
        let mut enough = std::pin::pin!(sleep(GATHERING));
        while (1..MOST).contains(&batch.len()) {
            let room = MOST - batch.len();
            tokio::select! {
                biased;
                more = self.spans.recv_many(&mut batch, room) => if more == 0 { break },
                () = is_true(&mut self.stop) => break,
                () = &mut enough => break,
            }
        }
        batch
    }

    async fn send(&mut self, batch: Vec<Span>) {
        let count = batch.len() as u64;
        let teller = self.teller.clone();
        // Off the threads that serve: it is a millisecond's work and more.
        let written = spawn_blocking(move || json::written(&teller, &batch)).await;
        let body = Bytes::from(written.unwrap_or_default());
        let mut pauses = PAUSES.into_iter();
        let untaken = loop {
            match self.try_send(body.clone()).await {
                Ok(refused) => {
                    let refused = refused.min(count);
                    self.metrics.count_all(Event::SpanSent, count - refused);
                    return self.tell_failed(refused, "it refuses some of them");
                }
                Err(Untaken { why, may_be_later: false }) => break why,
                Err(Untaken { why, .. }) => match pauses.next() {
                    Some(pause) if self.may_go_on_after(pause).await => {}
                    _ => break why,
                },
            }
        };
        self.tell_failed(count, &untaken);
    }

    /// Waits; `false` if the edge is about to end.
    async fn may_go_on_after(&mut self, pause: Duration) -> bool {
        timeout(pause, is_true(&mut self.stop)).await.is_err()
    }

    /// Sends a batch; gives how many of its spans the collector refuses.
    async fn try_send(&mut self, body: Bytes) -> Result<u64, Untaken> {
        let mut request = Request::new(Full::from(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.path.clone();
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        let answer = self.line.ask(request, LONGEST_ANSWER).await;
        let answer =
            answer.map_err(|error| Untaken { why: error.to_string(), may_be_later: true })?;
        match answer.status() {
            status if status.is_success() => Ok(refused(answer.body())),
            status => {
                let may_be_later = matches!(
                    status,
                    StatusCode::TOO_MANY_REQUESTS
                        | StatusCode::BAD_GATEWAY
                        | StatusCode::SERVICE_UNAVAILABLE
                        | StatusCode::GATEWAY_TIMEOUT
                );
                Err(Untaken { why: format!("the collector answers {status}"), may_be_later })
            }
        }
    }

    fn tell_failed(&self, spans: u64, why: &str) {
        if spans == 0 {
            return;
        }
        self.metrics.count_all(Event::SpanFailed, spans);
        if let Some(count) = self.failed.count_all(spans) {
            warn!(count, "the collector did not take spans: {why} (traces.endpoint)");
        }
    }
}

async fn is_true(value: &mut watch::Receiver<bool>) {
    let _ = value.wait_for(|value| *value).await;
}

/// What `partialSuccess` of a collector's answer says.
fn refused(answer: &[u8]) -> u64 {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Partial {
        rejected_spans: serde_json::Value,
    }
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Answer {
        partial_success: Partial,
    }
    let answer: Answer = serde_json::from_slice(answer).unwrap_or_default();
    match answer.partial_success.rejected_spans {
        // A number of 64 bits is a text, and some write it as a number all the same.
        serde_json::Value::String(text) => text.parse().unwrap_or(0),
        value => value.as_u64().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_collector_refuses_is_read_in_both_forms() {
        assert_eq!(refused(b"{}"), 0);
        assert_eq!(refused(b""), 0);
        assert_eq!(refused(br#"{"partialSuccess":{"rejectedSpans":"3"}}"#), 3);
        assert_eq!(refused(br#"{"partialSuccess":{"rejectedSpans":3,"errorMessage":"x"}}"#), 3);
    }
}
