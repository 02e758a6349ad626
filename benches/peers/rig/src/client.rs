//! An HTTP/1.1 client that costs little: it shares its core with the origin, and the time at which a
//! byte came is what it is there for.

use std::io::{self, Error, ErrorKind};
use std::net::SocketAddr;
use std::time::Instant;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that is kept alive.
pub struct Connection {
    stream: TcpStream,
    buffer: BytesMut,
}

/// What was answered, the body apart.
pub struct Answer {
    pub status: u16,
    pub head: Vec<u8>,
    pub first_byte: Instant,
    pub body: u64,
}

enum Framing {
    Length(u64),
    Chunked,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> io::Result<Connection> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, buffer: BytesMut::with_capacity(16 * 1024) })
    }

    pub async fn ask(&mut self, request: &[u8], each: impl FnMut(&[u8])) -> io::Result<Answer> {
        self.send(request).await?;
        self.answer(each).await
    }

    pub async fn send(&mut self, request: &[u8]) -> io::Result<()> {
        self.stream.write_all(request).await
    }

    /// The next answer; `each` gets the parts of its body as they come.
    pub async fn answer(&mut self, mut each: impl FnMut(&[u8])) -> io::Result<Answer> {
        if self.buffer.is_empty() {
            self.more().await?;
        }
        let first_byte = Instant::now();
        let (status, framing, length) = loop {
            if let Some(found) = head(&self.buffer)? {
                break found;
            }
            self.more().await?;
        };
        let head = self.buffer.split_to(length).to_vec();
        let body = match framing {
            Framing::Length(length) => self.take(length, &mut each).await?,
            Framing::Chunked => self.chunks(&mut each).await?,
        };
        Ok(Answer { status, head, first_byte, body })
    }

    async fn chunks(&mut self, each: &mut impl FnMut(&[u8])) -> io::Result<u64> {
        let mut whole = 0;
        loop {
            let line = self.line().await?;
            let digits = line.split(';').next().unwrap_or_default().trim();
            let length =
                u64::from_str_radix(digits, 16).map_err(|_| broken("a chunk without a length"))?;
            whole += self.take(length, each).await?;
            // After the last chunk there are no trailers here, only the empty line.
            self.line().await?;
            if length == 0 {
                return Ok(whole);
            }
        }
    }

    async fn take(&mut self, length: u64, each: &mut impl FnMut(&[u8])) -> io::Result<u64> {
        let mut left = length;
        while left > 0 {
            if self.buffer.is_empty() {
                self.more().await?;
            }
            let part = self.buffer.len().min(left as usize);
            each(&self.buffer[..part]);
            self.buffer.advance(part);
            left -= part as u64;
        }
        Ok(length)
    }

    async fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.buffer.split_to(end + 2);
                return Ok(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            self.more().await?;
        }
    }

    /// At most `limit` bytes of whatever is there, for who does not care what they mean.
    pub async fn some(&mut self, limit: usize) -> io::Result<usize> {
        let mut part = vec![0; limit];
        self.stream.read(&mut part).await
    }

    async fn more(&mut self) -> io::Result<()> {
        self.buffer.reserve(16 * 1024);
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(broken("closed before the end of an answer")),
            _ => Ok(()),
        }
    }
}

/// Status, framing and length of the head, once all of it is there.
fn head(buffer: &[u8]) -> io::Result<Option<(u16, Framing, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(buffer).map_err(|error| broken(&error.to_string()))?;
    let httparse::Status::Complete(length) = parsed else { return Ok(None) };
    let status = response.code.unwrap_or_default();
    let value = |name: &str| {
        let found = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| String::from_utf8_lossy(header.value).into_owned())
    };
    let framing = if status == 304 || status == 204 {
        Framing::Length(0)
    } else if value("transfer-encoding").is_some() {
        Framing::Chunked
    } else {
        let length = value("content-length").and_then(|length| length.parse().ok());
        Framing::Length(length.ok_or_else(|| broken("an answer without a length"))?)
    };
    Ok(Some((status, framing, length)))
}

/// The request for a line of a file of requests: the path, then header fields, tabs between.
pub fn request(line: &str, address: SocketAddr) -> Bytes {
    let mut parts = line.split('\t');
    let path = parts.next().unwrap_or("/");
    let fields: String = parts.map(|field| format!("{field}\r\n")).collect();
    Bytes::from(format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{fields}\r\n"))
}

/// All requests of such a file.
pub fn requests(file: &str, address: SocketAddr) -> io::Result<Vec<Bytes>> {
    let text = std::fs::read_to_string(file)?;
    Ok(text.lines().map(|line| request(line, address)).collect())
}

pub fn broken(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what.to_owned())
}
