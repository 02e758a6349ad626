//! The form of an access line: an object of JSON, or columns for people.

use std::io::Write;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use parking_lot::Mutex;

use super::{Form, Writer};
use crate::client::RequestId;
use crate::clock::Clock;
use crate::policy::date::Timestamp;

/// What is told about one request.
#[derive(Debug)]
pub struct Line<'a> {
    /// Its id.
    pub id: &'a RequestId,
    /// The client's address.
    pub client: IpAddr,
    /// Its method.
    pub method: &'a str,
    /// The path and query that were asked for.
    pub path: &'a str,
    /// The status that the client got; 499 if it left before there was one.
    pub status: u16,
    /// Our part of `Cache-Status`.
    pub cache: &'a str,
    /// Bytes of the body that the client was sent.
    pub bytes: u64,
    /// From the request's head to the last byte of the answer.
    pub total: Duration,
    /// From the request to the origin to the head of its answer, where it was asked.
    pub origin: Option<Duration>,
    /// Whether the answer broke off before its end, or the client left.
    pub aborted: bool,
    /// What went wrong.
    pub error: Option<String>,
}

/// Writes access lines; clones write to the same place.
#[derive(Clone, Debug)]
pub struct AccessLogger(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    writer: Writer,
    clock: Clock,
    form: Form,
    second: Mutex<Second>,
}

impl AccessLogger {
    /// Writes to `writer`, in this form.
    pub fn new(writer: Writer, clock: Clock, form: Form) -> Self {
        Self(Arc::new(Shared { writer, clock, form, second: Mutex::default() }))
    }

    /// A reading of the clock, for how long a request takes.
    pub fn monotonic(&self) -> Duration {
        self.0.clock.monotonic()
    }

    /// Writes one line, unless it is left out.
    pub fn write(&self, line: &Line<'_>) {
        let Shared { writer, clock, form, second } = &*self.0;
        if !form.keeps(line) {
            return;
        }
        let client = form.client(line.client);
        let now = clock.now();
        let mut second = second.lock();
        let date = second.date(now);
        writer.write(|buffer| match form.pretty {
            true => pretty(line, date, buffer),
            false => json(line, client, date, now, buffer),
        });
    }
}

/// The date and time of one second, written once for all lines in it.
#[derive(Debug, Default)]
struct Second {
    number: u64,
    date: String,
}

impl Second {
    /// `2026-01-01T00:00:00`
    fn date(&mut self, now: Timestamp) -> &str {
        let number = now.as_millis() / 1000;
        if self.number != number || self.date.is_empty() {
            let time = UNIX_EPOCH + Duration::from_secs(number);
            self.date = humantime::format_rfc3339_seconds(time).to_string();
            self.date.truncate("2026-01-01T00:00:00".len());
            self.number = number;
        }
        &self.date
    }
}

/// Put together by hand, because this is what most requests cost beside their answer.
fn json(line: &Line<'_>, client: Option<IpAddr>, date: &str, now: Timestamp, buffer: &mut Vec<u8>) {
    text(buffer, "{\"time\":\"", date);
    let millis = now.as_millis() % 1000;
    buffer.push(b'.');
    buffer.extend([100, 10, 1].map(|unit| b'0' + (millis / unit % 10) as u8));
    buffer.extend_from_slice(b"Z\",\"id\":\"");
    match line.id {
        // An id that was taken over has nothing that would have to be escaped.
        RequestId::Given(id) => buffer.extend_from_slice(id.as_bytes()),
        RequestId::Made(number) => hexadecimal(buffer, *number),
    }
    if let Some(client) = client {
        buffer.extend_from_slice(b"\",\"client\":\"");
        address(buffer, client);
    }
    text(buffer, "\",\"method\":\"", line.method);
    string(buffer, "\",\"path\":", line.path);
    number(buffer, ",\"status\":", line.status.into());
    string(buffer, ",\"cache\":", line.cache);
    number(buffer, ",\"bytes\":", line.bytes);
    milliseconds(buffer, ",\"ms\":", line.total);
    if let Some(origin) = line.origin {
        milliseconds(buffer, ",\"origin_ms\":", origin);
    }
    if line.aborted {
        buffer.extend_from_slice(b",\"aborted\":true");
    }
    if let Some(error) = &line.error {
        string(buffer, ",\"error\":", error);
    }
    buffer.extend_from_slice(b"}\n");
}

fn text(buffer: &mut Vec<u8>, before: &str, value: &str) {
    buffer.extend_from_slice(before.as_bytes());
    buffer.extend_from_slice(value.as_bytes());
}

fn string(buffer: &mut Vec<u8>, before: &str, value: &str) {
    buffer.extend_from_slice(before.as_bytes());
    let _ = serde_json::to_writer(buffer, value);
}

fn number(buffer: &mut Vec<u8>, before: &str, value: u64) {
    text(buffer, before, itoa::Buffer::new().format(value));
}

/// To the microsecond: `1.234`.
fn milliseconds(buffer: &mut Vec<u8>, before: &str, duration: Duration) {
    let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    number(buffer, before, micros / 1000);
    buffer.push(b'.');
    buffer.extend([100, 10, 1].map(|unit| b'0' + (micros % 1000 / unit % 10) as u8));
}

/// The standard library's way takes four times as long for an IPv4 address.
fn address(buffer: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            let [first, rest @ ..] = address.octets();
            number(buffer, "", first.into());
            rest.into_iter().for_each(|octet| number(buffer, ".", octet.into()));
        }
        // Memory takes whatever is written to it, here and below.
        IpAddr::V6(address) => {
            let _ = write!(buffer, "{address}");
        }
    }
}

fn hexadecimal(buffer: &mut Vec<u8>, number: u128) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = number
        .to_be_bytes()
        .map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    buffer.extend_from_slice(digits.as_flattened());
}

fn pretty(line: &Line<'_>, date: &str, buffer: &mut Vec<u8>) {
    let time = date.split('T').next_back().unwrap_or(date);
    let Line { method, path, status, cache, .. } = line;
    let size = size(line.bytes);
    let total = tenths(line.total);
    let path = path.escape_debug();
    let _ = write!(buffer, "{time} {status} {total:>10} {size:>8}  {method} {path}  {cache}");
    if let Some(origin) = line.origin {
        let _ = write!(buffer, "  (origin {})", tenths(origin));
    }
    if let Some(error) = &line.error {
        let _ = write!(buffer, "  {error}");
    } else if line.aborted {
        let _ = write!(buffer, "  broken off");
    }
    buffer.push(b'\n');
}

fn tenths(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

fn size(bytes: u64) -> String {
    const KIB: f64 = 1024.0;
    let bytes = bytes as f64;
    if bytes < KIB {
        format!("{bytes} B")
    } else if bytes < KIB * KIB {
        format!("{:.1} KiB", bytes / KIB)
    } else {
        format!("{:.1} MiB", bytes / KIB / KIB)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static ID: RequestId = RequestId::Given(http::HeaderValue::from_static("r1"));

    fn line() -> Line<'static> {
        Line {
            id: &ID,
            client: [192, 0, 2, 1].into(),
            method: "GET",
            path: "/a?b=\"c\u{1b}",
            status: 200,
            cache: "hit; ttl=8",
            bytes: 1536,
            total: Duration::from_micros(1234),
            origin: None,
            aborted: false,
            error: None,
        }
    }

    const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_042);

    fn written(line: &Line<'_>, is_pretty: bool) -> String {
        let (mut buffer, mut second) = (Vec::new(), Second::default());
        match is_pretty {
            true => pretty(line, second.date(NOW), &mut buffer),
            false => json(line, Some(line.client), second.date(NOW), NOW, &mut buffer),
        }
        String::from_utf8(buffer).unwrap()
    }

    #[test]
    fn a_line_of_json() {
        assert_eq!(
            written(&line(), false),
            r#"{"time":"2026-01-01T00:00:00.042Z","id":"r1","client":"192.0.2.1","method":"GET","path":"/a?b=\"c\u001b","status":200,"cache":"hit; ttl=8","bytes":1536,"ms":1.234}"#
                .to_owned()
                + "\n"
        );
        let failed = Line {
            origin: Some(Duration::from_millis(2)),
            aborted: true,
            error: Some("gone".into()),
            ..line()
        };
        let end = r#""ms":1.234,"origin_ms":2.000,"aborted":true,"error":"gone"}"#;
        assert!(written(&failed, false).trim_end().ends_with(end));
    }

    #[test]
    fn every_line_of_json_can_be_read_back() {
        let id = RequestId::Made(0xabc);
        let odd =
            Line { id: &id, path: "/\u{7f}\\\n\u{fc}\"", client: "::1".parse().unwrap(), ..line() };
        let read: serde_json::Value = serde_json::from_str(&written(&odd, false)).unwrap();
        assert_eq!(read["id"], format!("{:032x}", 0xabc));
        assert_eq!(read["path"], odd.path);
        assert_eq!(read["client"], "::1");
        assert_eq!(read["ms"], 1.234);
    }

    #[test]
    fn a_new_second_has_its_own_date() {
        let mut second = Second::default();
        let later = NOW.saturating_add(Duration::from_secs(61));
        assert_eq!(second.date(NOW).to_owned(), "2026-01-01T00:00:00");
        assert_eq!(second.date(later), "2026-01-01T00:01:01");
    }

    #[test]
    fn a_line_for_people() {
        assert_eq!(
            written(&line(), true),
            "00:00:00 200     1.2 ms  1.5 KiB  GET /a?b=\\\"c\\u{1b}  hit; ttl=8\n"
        );
        let passed = Line { origin: Some(Duration::from_millis(2)), aborted: true, ..line() };
        assert!(written(&passed, true).ends_with("hit; ttl=8  (origin 2.0 ms)  broken off\n"));
    }
}
