//! Notices request heads that could be read in two ways, in the bytes as they come.
//!
//! The HTTP library settles such a head by itself and does not tell: `Transfer-Encoding` beats
//! `Content-Length`, two equal lengths are one, a lone LF ends a line, a fragment is dropped. What we
//! forward is unambiguous then; but whoever stands before us may have read the head the other way,
//! and sees another request in what follows it (RFC 9112 section 11.2). So the messages of a
//! connection are followed here once more, just far enough to know where the heads are.
//!
//! Nothing is refused here: that a request is ambiguous goes along with it (`client`), to `layer::admit`. Where
//! the thread is lost, because a message is none, all that follows counts as ambiguous.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The first request of a connection that is ambiguous, counted from one; greater than any until
/// there is one.
#[derive(Debug)]
pub(super) struct Verdict(AtomicU64);

impl Default for Verdict {
    fn default() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }
}

impl Verdict {
    /// Whether the connection's request with this number is ambiguous. Its bytes have come by then.
    pub(super) fn is_ambiguous(&self, number: u64) -> bool {
        number >= self.0.load(Ordering::Relaxed)
    }
}

/// Where in its messages a connection is.
#[derive(Debug)]
pub(super) struct Heads {
    at: At,
    head: Head,
    /// Heads that were complete.
    count: u64,
    /// A line whose end has not come.
    begun: Vec<u8>,
    longest: usize,
    verdict: Arc<Verdict>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Head,
    /// So many bytes of a body, and then a head.
    Body(u64),
    ChunkSize,
    /// So many bytes, those of the line end included, and then the size of the next chunk.
    Chunk(u64),
    Trailer,
    Lost,
}

/// What is known of a head.
#[derive(Debug, Default)]
struct Head {
    has_begun: bool,
    is_odd: bool,
    framing: Option<Framing>,
}

#[derive(Clone, Copy, Debug)]
enum Framing {
    Length(u64),
    Chunked,
}

impl Heads {
    /// At the beginning of a connection; a line longer than `longest` is none.
    pub(super) fn new(longest: usize, verdict: Arc<Verdict>) -> Self {
        let (at, head) = (At::Head, Head::default());
        Self { at, head, count: 0, begun: Vec::new(), longest, verdict }
    }

    /// Looks at the next bytes.
    pub(super) fn look(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = match self.at {
                At::Lost => return,
                At::Head | At::ChunkSize | At::Trailer => self.line(bytes),
                At::Body(left) => self.skip(bytes, left, At::Body, At::Head),
                At::Chunk(left) => self.skip(bytes, left, At::Chunk, At::ChunkSize),
            }
        }
    }

    fn skip<'a>(&mut self, bytes: &'a [u8], left: u64, rest: fn(u64) -> At, then: At) -> &'a [u8] {
        let taken = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
        let left = left - taken as u64;
        self.at = if left == 0 { then } else { rest(left) };
        bytes.get(taken..).unwrap_or_default()
    }

    /// Takes one line, or what there is of it.
    fn line<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        if self.is_between_requests() && bytes.first().is_some_and(|first| !may_begin(*first)) {
            self.lose();
            return b"";
        }
        // Every head passes here, and `memchr` takes half the time that the standard library does.
        let length = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
        let (line, rest) = bytes.split_at_checked(length).unwrap_or((bytes, b""));
        let is_whole = line.ends_with(b"\n");
        if is_whole && self.begun.is_empty() {
            self.end_of_line(line);
        } else if self.begun.len() + line.len() > self.longest {
            self.lose();
        } else {
            self.begun.extend_from_slice(line);
            if is_whole {
                let line = std::mem::take(&mut self.begun);
                self.end_of_line(&line);
            }
        }
        rest
    }

    fn is_between_requests(&self) -> bool {
        self.at == At::Head && !self.head.has_begun && self.begun.is_empty()
    }

    fn end_of_line(&mut self, line: &[u8]) {
        let text = line.strip_suffix(b"\r\n");
        match (self.at, text) {
            (At::Head, _) => self.line_of_head(line, text),
            (At::ChunkSize, Some(text)) => self.chunk(text),
            (At::Trailer, Some(b"")) => self.at = At::Head,
            (At::Trailer, Some(_)) => {}
            // The library takes such a line for something else than we might.
            (At::ChunkSize | At::Trailer, None) => self.lose(),
            (At::Body(_) | At::Chunk(_) | At::Lost, _) => {}
        }
    }

    fn line_of_head(&mut self, line: &[u8], text: Option<&[u8]>) {
        match (self.head.has_begun, line) {
            // RFC 9112 section 2.2: empty lines before a request are ignored.
            (false, b"\r\n" | b"\n") => {}
            (false, line) => self.head.begin(line, text.is_some()),
            (true, b"\r\n" | b"\n") => self.end_of_head(text.is_some()),
            (true, line) => self.head.field(line, text),
        }
    }

    fn end_of_head(&mut self, has_cr: bool) {
        let head = std::mem::take(&mut self.head);
        if head.is_odd || !has_cr {
            return self.lose();
        }
        self.count += 1;
        self.at = match head.framing {
            None | Some(Framing::Length(0)) => At::Head,
            Some(Framing::Length(length)) => At::Body(length),
            Some(Framing::Chunked) => At::ChunkSize,
        };
    }

    /// RFC 9112 section 7.1: hexadecimal digits, and perhaps extensions. The library refuses what is
    /// none.
    fn chunk(&mut self, line: &[u8]) {
        let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let digits = line.get(..digits).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.map(|digits| u64::from_str_radix(digits, 16)) {
            Some(Ok(0)) => self.at = At::Trailer,
            Some(Ok(size)) => self.at = At::Chunk(size.saturating_add(2)),
            Some(Err(_)) | None => self.lose(),
        }
    }

    /// The request whose head is being read, or would be the next, is ambiguous, and nothing can be
    /// said of those behind it.
    fn lose(&mut self) {
        self.at = At::Lost;
        self.begun = Vec::new();
        self.verdict.0.store(self.count + 1, Ordering::Relaxed);
    }
}

impl Head {
    fn begin(&mut self, line: &[u8], has_cr: bool) {
        self.has_begun = true;
        // RFC 9112 section 3.2: no form of a target has a fragment.
        self.is_odd = !has_cr || line.contains(&b'#');
    }

    fn field(&mut self, line: &[u8], text: Option<&[u8]>) {
        self.is_odd |= text.is_none();
        let framing = match line.first() {
            Some(b'c' | b'C') => value(line, b"content-length:").map(|value| self.length(value)),
            Some(b't' | b'T') => value(line, b"transfer-encoding:").map(|_| Framing::Chunked),
            Some(_) | None => None,
        };
        if let Some(framing) = framing {
            self.is_odd |= self.framing.replace(framing).is_some();
        }
    }

    /// What is no length is refused by the library.
    fn length(&mut self, value: &[u8]) -> Framing {
        let digits = value.trim_ascii();
        // `010` is ten by RFC 9110 section 8.6, and eight to a C library that is left the choice.
        self.is_odd |= digits.len() > 1 && digits.starts_with(b"0");
        let length = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        Framing::Length(length.unwrap_or(u64::MAX))
    }
}

/// RFC 9112 section 3: a request begins with a token, or with the end of an empty line. The library
/// refuses what does not; what a connection was upgraded to (each frame of a WebSocket) need not be
/// followed, nor kept.
fn may_begin(byte: u8) -> bool {
    byte.is_ascii_graphic() || matches!(byte, b'\r' | b'\n')
}

/// A field's value, if this is its line; `name` is in lower case and has its colon.
fn value<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (start, value) = line.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GET: &str = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
    const BOTH: &str = "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n";

    /// The number of the first ambiguous request.
    fn first_ambiguous(pieces: &[&[u8]]) -> Option<u64> {
        let verdict = Arc::new(Verdict::default());
        let mut heads = Heads::new(1000, verdict.clone());
        pieces.iter().for_each(|piece| heads.look(piece));
        (1..9).find(|number| verdict.is_ambiguous(*number))
    }

    fn of_text(text: &str) -> Option<u64> {
        first_ambiguous(&[text.as_bytes()])
    }

    #[test]
    fn a_head_that_can_be_read_in_two_ways_is_noticed() {
        for (name, fields, expected) in [
            ("none", "", None),
            ("a length", "Content-Length: 0\r\n", None),
            ("both", BOTH, Some(1)),
            ("both, the other way", "transfer-encoding:chunked\r\nCONTENT-LENGTH: 3\r\n", Some(1)),
            ("a length twice", "Content-Length: 3\r\nContent-Length: 3\r\n", Some(1)),
            ("an octal length", "Content-Length: 010\r\n", Some(1)),
            ("codings twice", "Transfer-Encoding: a\r\nTransfer-Encoding: chunked\r\n", Some(1)),
            ("a lone LF", "X: a\nContent-Length: 3\r\n", Some(1)),
            ("a name that begins alike", "Content-Length: 0\r\nContent-Lengths: 3\r\n", None),
        ] {
            let request = format!("POST /a HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
            assert_eq!(of_text(&request), expected, "{name}");
        }
        assert_eq!(of_text("GET /a#b HTTP/1.1\r\n\r\n"), Some(1), "a fragment");
        assert_eq!(of_text("\r\n\nGET /a HTTP/1.1\r\n\r\n"), None, "empty lines before it");
    }

    #[test]
    fn what_a_body_says_is_no_head() {
        let inside = format!("GET / HTTP/1.1\r\n{BOTH}\r\n");
        let length = inside.len();
        for (name, request) in [
            ("by length", format!("Content-Length: {length}\r\n\r\n{inside}")),
            (
                "chunked",
                format!(
                    "Transfer-Encoding: chunked\r\n\r\n2;x=\"y\"\r\n\n\n\r\n{length:X}\r\n{inside}\r\n00\r\n{BOTH}\r\n"
                ),
            ),
        ] {
            let request = format!("POST /a HTTP/1.1\r\n{request}");
            assert_eq!(of_text(&format!("{GET}{request}{GET}")), None, "{name}");
            assert_eq!(of_text(&format!("{request}{GET}{inside}")), Some(3), "{name}");
        }
    }

    #[test]
    fn behind_what_cannot_be_followed_nothing_is_believed() {
        let chunked = "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        for body in ["x\r\n", "\r\n", "2;\nok\r\n", "0\r\nX: a\n\r\n", "fffffffffffffffff\r\n"] {
            assert_eq!(of_text(&format!("{chunked}{body}")), Some(2), "{body:?}");
        }
        let frame = [b"GET /a HTTP/1.1\r\n\r\n", &b"\x81\x85"[..], &[b'x'; 99], GET.as_bytes()];
        assert_eq!(first_ambiguous(&frame), Some(2), "a WebSocket");
        let endless = [[b'x'; 600]; 2];
        assert_eq!(first_ambiguous(&[&endless[0], &endless[1]]), Some(1), "a line without end");
    }

    proptest! {
        #[test]
        fn how_the_bytes_are_cut_makes_no_difference(
            parts in proptest::collection::vec(prop_oneof![
                Just(GET.to_owned()),
                Just("POST / HTTP/1.1\r\n".to_owned()), Just("\r\n".to_owned()), Just("\n".to_owned()),
                Just(BOTH.to_owned()), "Content-Length: [0-9]\r\n(\r\n)?", "[0-9a]\r\n",
                Just("Transfer-Encoding: chunked\r\n\r\n".to_owned()), "[a-z\r\n]{0,9}",
            ], 0..9),
            cut in 1..20_usize,
        ) {
            let whole = parts.concat().into_bytes();
            let pieces: Vec<_> = whole.chunks(cut).collect();
            prop_assert_eq!(first_ambiguous(&pieces), first_ambiguous(&[&whole]));
        }
    }
}
