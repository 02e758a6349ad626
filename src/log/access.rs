//! The form of an access line: an object of JSON, or columns for people.

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::Writer;
use crate::client::RequestId;
use crate::clock::Clock;

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
pub struct AccessLogger {
    writer: Writer,
    clock: Clock,
    pretty: bool,
}

impl AccessLogger {
    /// Writes to `writer`, in columns if `pretty`.
    pub fn new(writer: Writer, clock: Clock, pretty: bool) -> Self {
        Self { writer, clock, pretty }
    }

    /// Writes one line.
    pub fn write(&self, line: &Line<'_>) {
        let now = UNIX_EPOCH + Duration::from_millis(self.clock.now().as_millis());
        self.writer.write(|buffer| match self.pretty {
            true => pretty(line, now, buffer),
            false => json(line, now, buffer),
        });
    }
}

/// The fields of a line of JSON, in their order.
#[derive(Serialize)]
struct Fields<'a> {
    time: Shown<humantime::Rfc3339Timestamp>,
    id: Shown<&'a RequestId>,
    client: IpAddr,
    method: &'a str,
    path: &'a str,
    status: u16,
    cache: &'a str,
    bytes: u64,
    ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin_ms: Option<f64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    aborted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// A value that is text in JSON.
struct Shown<T>(T);

impl<T: std::fmt::Display> Serialize for Shown<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

fn json(line: &Line<'_>, now: SystemTime, buffer: &mut Vec<u8>) {
    let fields = Fields {
        time: Shown(humantime::format_rfc3339_millis(now)),
        id: Shown(line.id),
        client: line.client,
        method: line.method,
        path: line.path,
        status: line.status,
        cache: line.cache,
        bytes: line.bytes,
        ms: milliseconds(line.total),
        origin_ms: line.origin.map(milliseconds),
        aborted: line.aborted,
        error: line.error.as_deref(),
    };
    // Numbers and text can always be written to memory.
    let _ = serde_json::to_writer(&mut *buffer, &fields);
    buffer.push(b'\n');
}

/// To the microsecond.
fn milliseconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

fn pretty(line: &Line<'_>, now: SystemTime, buffer: &mut Vec<u8>) {
    use std::io::Write;
    let time = humantime::format_rfc3339_seconds(now).to_string();
    let time = time.get(11..19).unwrap_or(&time);
    let Line { method, path, status, cache, .. } = line;
    let size = size(line.bytes);
    let total = format!("{:.1} ms", milliseconds(line.total));
    let path = path.escape_debug();
    // Memory takes whatever is written to it.
    let _ = write!(buffer, "{time} {status} {total:>10} {size:>8}  {method} {path}  {cache}");
    if let Some(origin) = line.origin {
        let _ = write!(buffer, "  (origin {:.1} ms)", milliseconds(origin));
    }
    if let Some(error) = &line.error {
        let _ = write!(buffer, "  {error}");
    } else if line.aborted {
        let _ = write!(buffer, "  broken off");
    }
    buffer.push(b'\n');
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

    fn written(line: &Line<'_>, form: fn(&Line<'_>, SystemTime, &mut Vec<u8>)) -> String {
        let mut buffer = Vec::new();
        form(line, UNIX_EPOCH + Duration::from_millis(1_767_225_600_042), &mut buffer);
        String::from_utf8(buffer).unwrap()
    }

    #[test]
    fn a_line_of_json() {
        assert_eq!(
            written(&line(), json),
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
        let end = r#""ms":1.234,"origin_ms":2.0,"aborted":true,"error":"gone"}"#;
        assert!(written(&failed, json).trim_end().ends_with(end));
    }

    #[test]
    fn a_line_for_people() {
        assert_eq!(
            written(&line(), pretty),
            "00:00:00 200     1.2 ms  1.5 KiB  GET /a?b=\\\"c\\u{1b}  hit; ttl=8\n"
        );
        let passed = Line { origin: Some(Duration::from_millis(2)), aborted: true, ..line() };
        assert!(written(&passed, pretty).ends_with("hit; ttl=8  (origin 2.0 ms)  broken off\n"));
    }
}
