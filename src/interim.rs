//! Interim responses (1xx) on their way from the origin to a client (RFC 9110 section 15.2).
//!
//! The HTTP library has no call for them, so their bytes go around it, straight to the client's
//! connection. That is safe at one moment only: behind all bytes of the response before, and before
//! the first byte of the final one. The first is when the library flushes, for it does so with its own
//! buffer empty; and for the second the final response is held back until they are sent. See
//! `server/wire.rs` and `server/connection.rs`.
//!
//! Requests of a connection come one after the other: whoever still speaks of an earlier one, a
//! background revalidation for example, is not heard.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;

use http::{HeaderMap, StatusCode};
use parking_lot::Mutex;

/// The interim responses that wait on one connection.
#[derive(Debug, Default)]
pub struct Interims {
    /// Whether anything waits; looked at without the lock.
    waits: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The request that is being answered, counted from one; its final response may have come.
    request: u64,
    is_open: bool,
    /// Bytes that are not sent yet.
    bytes: Vec<u8>,
    /// Bytes taken for this request so far.
    taken: usize,
    waker: Option<Waker>,
}

/// The most that one request's interim responses may take; further ones are dropped.
const MOST: usize = 16 * 1024;

impl Interims {
    /// Begins a request; gives the way to its client.
    pub fn begin(self: &Arc<Self>) -> InterimSink {
        let mut state = self.state.lock();
        state.request += 1;
        state.is_open = true;
        state.taken = 0;
        InterimSink { interims: self.clone(), request: state.request }
    }

    /// The final response has come: no interim one may follow. Tells whether some are still to be
    /// sent before it.
    pub fn end(&self) -> bool {
        self.state.lock().is_open = false;
        self.waits()
    }

    /// Whether bytes are to be sent.
    pub fn waits(&self) -> bool {
        self.waits.load(Ordering::Acquire)
    }

    /// Whom to wake when bytes are to be sent, and when all are sent.
    pub fn wake_by(&self, waker: &Waker) {
        self.state.lock().waker = Some(waker.clone());
    }

    /// Sends with `write`, which takes some bytes and tells how many; its result when it does not
    /// take any, `None` when all are sent.
    pub fn send<E>(&self, mut write: impl FnMut(&[u8]) -> Result<usize, E>) -> Option<E> {
        let mut state = self.state.lock();
        while !state.bytes.is_empty() {
            match write(&state.bytes) {
                Ok(written) => {
                    let written = written.min(state.bytes.len());
                    state.bytes.drain(..written);
                }
                Err(stop) => return Some(stop),
            }
        }
        self.waits.store(false, Ordering::Release);
        // Somebody may hold the final response back until now.
        state.wake();
        None
    }
}

impl State {
    fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }
}

/// Takes the interim responses to one request.
#[derive(Clone, Debug)]
pub struct InterimSink {
    interims: Arc<Interims>,
    request: u64,
}

impl InterimSink {
    /// Passes an interim response on, if the client still waits for its final one. `headers` are
    /// without those of the connection.
    ///
    /// 100 is not passed on: the expectation that it answers was answered here. Nor is 101, which is
    /// final.
    pub fn pass_on(&self, status: StatusCode, headers: &HeaderMap) {
        if !status.is_informational() || matches!(status.as_u16(), 100 | 101) {
            return;
        }
        let mut state = self.interims.state.lock();
        if state.request != self.request || !state.is_open {
            return;
        }
        let head = written(status, headers);
        state.taken += head.len();
        if state.taken > MOST {
            return;
        }
        state.bytes.extend_from_slice(&head);
        self.interims.waits.store(true, Ordering::Release);
        state.wake();
    }
}

/// RFC 9112 section 4: a status line and the fields.
fn written(status: StatusCode, headers: &HeaderMap) -> Vec<u8> {
    let reason = status.canonical_reason().unwrap_or_default();
    let mut head = format!("HTTP/1.1 {} {reason}\r\n", status.as_str()).into_bytes();
    for (name, value) in headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(sink: &InterimSink, value: &'static str) {
        let mut headers = HeaderMap::new();
        headers.insert("link", value.parse().unwrap());
        sink.pass_on(StatusCode::EARLY_HINTS, &headers);
    }

    fn sent(interims: &Interims) -> String {
        let mut all = Vec::new();
        let stopped = interims.send(|bytes| {
            let some = bytes.len().min(7);
            all.extend_from_slice(&bytes[..some]);
            Ok::<_, ()>(some)
        });
        assert_eq!(stopped, None);
        String::from_utf8(all).unwrap()
    }

    #[test]
    fn they_come_out_in_order_and_once() {
        let interims = Arc::new(Interims::default());
        let sink = interims.begin();
        sink.pass_on(StatusCode::PROCESSING, &HeaderMap::new());
        hint(&sink, "<a>");
        assert!(interims.end());
        let expected =
            "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n";
        assert_eq!(sent(&interims), expected);
        assert!(!interims.end());
        assert_eq!(sent(&interims), "");
    }

    #[test]
    fn whoever_is_late_is_not_heard() {
        let interims = Arc::new(Interims::default());
        let first = interims.begin();
        assert!(!interims.end());
        hint(&first, "<after the final response>");
        let second = interims.begin();
        hint(&first, "<during the next request>");
        assert!(!interims.waits());
        hint(&second, "<now>");
        assert!(interims.waits());
    }

    #[test]
    fn what_is_answered_here_or_final_or_too_much_is_not_passed_on() {
        let interims = Arc::new(Interims::default());
        let sink = interims.begin();
        for status in [100, 101, 200] {
            sink.pass_on(StatusCode::from_u16(status).unwrap(), &HeaderMap::new());
        }
        assert!(!interims.waits());
        (0..1000).for_each(|_| hint(&sink, "<a>; rel=preload"));
        assert!(sent(&interims).len() <= MOST);
    }

    #[test]
    fn what_a_slow_client_does_not_take_stays() {
        let interims = Arc::new(Interims::default());
        hint(&interims.begin(), "<a>");
        let mut first = true;
        let stopped =
            interims.send(|_| if std::mem::take(&mut first) { Ok(3) } else { Err("full") });
        assert_eq!(stopped, Some("full"));
        assert!(interims.waits());
        assert!(sent(&interims).starts_with("P/1.1 103"));
    }
}
