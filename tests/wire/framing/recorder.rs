//! An origin that writes down what it was sent, and reads it as strictly as can be.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

/// A request as the origin saw it.
#[derive(Debug, PartialEq, Eq)]
pub enum Seen {
    Whole(String),
    /// The connection ended before the request did.
    BrokenOff(String),
}

pub struct Recorder {
    pub address: SocketAddr,
    seen: mpsc::Receiver<Seen>,
}

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 2\r\n\r\nok";

impl Recorder {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (record, seen) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let record = record.clone();
                std::thread::spawn(move || serve(stream, &record));
            }
        });
        Self { address, seen }
    }

    /// The next request, without what is said of the client.
    pub fn next(&self) -> Seen {
        self.seen.recv_timeout(Duration::from_secs(20)).expect("nothing reached the origin")
    }
}

fn serve(mut stream: TcpStream, record: &mpsc::Sender<Seen>) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        while let Some(end) = end_of_request(&bytes) {
            let request: Vec<_> = bytes.drain(..end).collect();
            record.send(Seen::Whole(plain(&request))).unwrap();
            stream.write_all(ANSWER).unwrap();
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
    }
    if !bytes.is_empty() {
        // The test may have ended.
        let _ = record.send(Seen::BrokenOff(plain(&bytes)));
    }
}

/// Where the first request ends; panics at what could end in two places.
fn end_of_request(bytes: &[u8]) -> Option<usize> {
    let body = find(bytes, b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..body]).unwrap().to_ascii_lowercase();
    let values = |name: &str| {
        let lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
        lines.filter(|line| line.0 == name).map(|line| line.1.to_owned()).collect::<Vec<_>>()
    };
    match (&*values("content-length"), &*values("transfer-encoding")) {
        ([], []) => Some(body),
        ([length], []) => {
            Some(body + length.parse::<usize>().unwrap()).filter(|end| *end <= bytes.len())
        }
        ([], [coding]) if coding == "chunked" => end_of_chunks(bytes, body),
        framing => panic!("forwarded with {framing:?}"),
    }
}

fn end_of_chunks(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let line = at + find(bytes.get(at..)?, b"\r\n")?;
        let size =
            usize::from_str_radix(std::str::from_utf8(&bytes[at..line]).unwrap(), 16).unwrap();
        if size == 0 {
            return Some(line + find(&bytes[line..], b"\r\n\r\n")? + 4);
        }
        at = line + 2 + size + 2;
    }
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

/// The request without the fields in which the edge introduces the client: they differ each time.
fn plain(request: &[u8]) -> String {
    let request = String::from_utf8_lossy(request);
    let Some((head, body)) = request.split_once("\r\n\r\n") else { return request.into_owned() };
    let told = ["via", "forwarded", "x-forwarded", "x-real-ip", "x-request-id", "traceparent"];
    let lines = head.split("\r\n").filter(|line| !told.iter().any(|name| line.starts_with(name)));
    lines.collect::<Vec<_>>().join("\r\n") + "\r\n\r\n" + body
}
