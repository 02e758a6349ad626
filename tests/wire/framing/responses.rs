//! What origins send: an answer has one end, and its connection carries another only after that.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::support::*;

/// What the client must get.
enum Outcome {
    Bad,
    /// This body, whole, with none of the origin's framing.
    Passed(&'static str),
    /// At most this much of it, perhaps not even the head, and then the end of a connection that
    /// should have brought more.
    CutShort(&'static str),
}

use Outcome::{Bad, CutShort, Passed};

/// What the origin does when it has answered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Waits,
    Closes,
}

use Then::{Closes, Waits};

/// Answers `/odd` with the bytes of a row, and everything else properly; says in `X-Nth` how many
/// requests have come over the connection.
struct Odd {
    address: SocketAddr,
    row: Arc<Mutex<(&'static [u8], Then)>>,
}

impl Odd {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let row = Arc::new(Mutex::new((&b""[..], Waits)));
        let shared = row.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let row = shared.clone();
                std::thread::spawn(move || serve(stream, &row));
            }
        });
        Self { address, row }
    }
}

fn serve(mut stream: TcpStream, row: &Mutex<(&'static [u8], Then)>) -> Option<()> {
    for nth in 1.. {
        let head = read_head(&mut stream)?;
        if head.starts_with("GET /next") {
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\nX-Nth: {nth}\r\n\r\nnext"
            );
            return stream.write_all(answer.as_bytes()).ok();
        } else {
            let (answer, then) = *row.lock();
            stream.write_all(answer).ok()?;
            if then == Closes {
                return None;
            }
        }
    }
    None
}

fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

type Row = (&'static str, &'static [u8], Then, Outcome);

fn check(method: &str, rows: &[Row]) {
    let origin = Odd::start();
    let edge = Edge::run(&format!("http://{}", origin.address), &["log.access=off"]);
    for (at, (name, answer, then, outcome)) in rows.iter().enumerate() {
        let ask = |method: &str| {
            let mut client = edge.connect();
            let target = format!("/odd/{at}");
            client.send(&format!(
                "{method} {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            ));
            client.rest()
        };
        *origin.row.lock() = (answer, *then);
        expect(name, &ask(method), outcome);
        let mut next = edge.connect();
        next.get("/next");
        let (head, body) = next.response();
        assert_eq!(body, "next", "{name}: nothing of one answer is in the next");
        assert_eq!(field(&head, "x-nth"), Some("1"), "{name}: its connection is not used again");
        if matches!(outcome, Bad | CutShort(_)) {
            *origin.row.lock() = (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole", Closes);
            expect(&format!("{name}: not stored"), &ask("GET"), &Passed("whole"));
        }
    }
}

fn expect(name: &str, answer: &str, outcome: &Outcome) {
    if matches!(outcome, CutShort(_)) && answer.is_empty() {
        return;
    }
    let (head, body) =
        answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{name}: {answer:?}"));
    let head = head.to_ascii_lowercase();
    let is_chunked = field(&head, "transfer-encoding") == Some("chunked");
    assert!(is_chunked || !head.contains("transfer-encoding"), "{name}: {head}");
    assert!(!is_chunked || field(&head, "content-length").is_none(), "{name}: {head}");
    match outcome {
        Bad => assert!(head.starts_with("http/1.1 502 "), "{name}: {answer:?}"),
        Passed(whole) if is_chunked => {
            assert_eq!(chunks(body), (whole.to_string(), true), "{name}")
        }
        Passed(whole) => assert_eq!(body, *whole, "{name}: {head}"),
        CutShort(part) if is_chunked => {
            let (got, is_whole) = chunks(body);
            assert!(part.starts_with(&got) && !is_whole, "{name}: {answer:?}");
        }
        CutShort(part) => {
            let length = field(&head, "content-length").unwrap().parse::<usize>().unwrap();
            assert!(part.starts_with(body) && length > part.len(), "{name}: {answer:?}");
        }
    }
}

/// What chunks carry, and whether there is a last one.
fn chunks(mut body: &str) -> (String, bool) {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return (whole, true);
        }
        whole.push_str(&rest[..size]);
        body = &rest[size + 2..];
    }
    (whole, false)
}

/// Every row may be stored, as far as caching goes.
macro_rules! answer {
    ($status:literal, $($part:literal),*) => {
        concat!("HTTP/1.1 ", $status, "\r\nCache-Control: s-maxage=100\r\n", $($part),*).as_bytes()
    };
}

#[test]
fn an_answer_with_two_lengths_is_not_passed_on() {
    check("GET", &[
        ("CL and TE", answer!("200 OK", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"), Waits, Bad),
        ("TE and CL", answer!("200 OK", "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n"), Waits, Bad),
        ("CL and an unknown coding", answer!("200 OK", "Transfer-Encoding: garbage\r\nContent-Length: 2\r\n\r\nok"), Closes, Bad),
        ("two lengths", answer!("200 OK", "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!"), Waits, Bad),
        ("the same length twice", answer!("200 OK", "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok"), Waits, Bad),
        ("the same length twice on a line", answer!("200 OK", "Content-Length: 2, 2\r\n\r\nok"), Waits, Bad),
        ("negative", answer!("200 OK", "Content-Length: -2\r\n\r\nok"), Waits, Bad),
        ("a sign", answer!("200 OK", "Content-Length: +2\r\n\r\nok"), Waits, Bad),
        ("hexadecimal", answer!("200 OK", "Content-Length: 0x2\r\n\r\nok"), Waits, Bad),
        ("empty", answer!("200 OK", "Content-Length: \r\n\r\nok"), Closes, Bad),
        ("more than 64 bits", answer!("200 OK", "Content-Length: 18446744073709551618\r\n\r\nok"), Waits, Bad),
        ("chunks in HTTP/1.0", b"HTTP/1.0 200 OK\r\nCache-Control: s-maxage=100\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", Closes, Bad),
    ]);
}

#[test]
fn a_coding_that_changes_the_bytes_is_not_passed_on_and_one_that_is_none_is() {
    check(
        "GET",
        &[
            // What Node sends when a handler sets the field.
            (
                "unknown",
                answer!("200 OK", "Transfer-Encoding: garbage\r\n\r\nok"),
                Closes,
                Passed("ok"),
            ),
            (
                "identity",
                answer!("200 OK", "Transfer-Encoding: identity\r\n\r\nok"),
                Closes,
                Passed("ok"),
            ),
            (
                "two unknown",
                answer!("200 OK", "Transfer-Encoding: a\r\nTransfer-Encoding: b\r\n\r\nok"),
                Closes,
                Passed("ok"),
            ),
            ("gzip", answer!("200 OK", "Transfer-Encoding: gzip\r\n\r\nok"), Closes, Bad),
            ("x-gzip", answer!("200 OK", "Transfer-Encoding: X-GZIP\r\n\r\nok"), Closes, Bad),
            (
                "deflate below chunks",
                answer!(
                    "200 OK",
                    "Transfer-Encoding: deflate, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
                ),
                Waits,
                Bad,
            ),
            (
                "chunked twice",
                answer!(
                    "200 OK",
                    "Transfer-Encoding: chunked, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
                ),
                Waits,
                Bad,
            ),
            (
                "chunked not last",
                answer!(
                    "200 OK",
                    "Transfer-Encoding: chunked, garbage\r\n\r\n2\r\nok\r\n0\r\n\r\n"
                ),
                Closes,
                Bad,
            ),
            (
                "an unknown one below chunks",
                answer!(
                    "200 OK",
                    "Transfer-Encoding: garbage, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
                ),
                Waits,
                Bad,
            ),
            (
                "a vertical tab",
                answer!("200 OK", "Transfer-Encoding: \x0bchunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
                Closes,
                Bad,
            ),
        ],
    );
}

#[test]
fn a_bad_chunk_of_the_origins_cuts_the_answer_short() {
    macro_rules! chunks {
        ($($body:literal),*) => { answer!("200 OK", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", $($body),*) };
    }
    const CUT: Outcome = CutShort("ok");
    check(
        "GET",
        &[
            ("no digit", chunks!("x\r\nab\r\n0\r\n\r\n"), Waits, CUT),
            ("negative", chunks!("-2\r\nab\r\n0\r\n\r\n"), Waits, CUT),
            ("a lone LF behind the size", chunks!("2\nab\r\n0\r\n\r\n"), Waits, CUT),
            ("a lone LF in an extension", chunks!("2;\nab\r\n0\r\n\r\n"), Waits, CUT),
            ("more than 64 bits", chunks!("10000000000000002\r\nab\r\n0\r\n\r\n"), Waits, CUT),
            ("no last chunk", chunks!(""), Closes, CUT),
            ("half a last chunk", chunks!("0\r\n"), Closes, CUT),
            ("longer than its data", chunks!("3\r\nab\r\n0\r\n\r\n"), Waits, CutShort("okab\r")),
        ],
    );
}

#[test]
fn a_head_that_is_none_is_a_502() {
    check(
        "GET",
        &[
            ("HTTP/0.9", b"<html>ok</html>", Closes, Bad),
            ("another protocol", b"SSH-2.0-OpenSSH_9.9\r\n", Waits, Bad),
            ("another version", b"HTTP/2.0 200 OK\r\n\r\n", Waits, Bad),
            ("no status", b"HTTP/1.1 OK\r\n\r\n", Waits, Bad),
            ("a status of four digits", b"HTTP/1.1 2000 OK\r\n\r\n", Waits, Bad),
            ("folded", answer!("200 OK", "X: a\r\n b\r\nContent-Length: 2\r\n\r\nok"), Waits, Bad),
            ("NUL", answer!("200 OK", "X: a\0b\r\nContent-Length: 2\r\n\r\nok"), Waits, Bad),
            (
                "a lone CR",
                answer!("200 OK", "X: a\rContent-Length: 9\r\nContent-Length: 2\r\n\r\nok"),
                Waits,
                Bad,
            ),
            (
                "a space before the colon",
                answer!("200 OK", "Content-Length : 2\r\n\r\nok"),
                Waits,
                Bad,
            ),
            (
                "101 that nobody asked for",
                answer!("101 Switching Protocols", "Connection: upgrade\r\nUpgrade: x\r\n\r\n"),
                Waits,
                Bad,
            ),
            ("half a head", answer!("200 OK", "Content-Le"), Closes, Bad),
            ("nothing", b"", Closes, Bad),
        ],
    );
}

#[test]
fn what_comes_behind_an_answer_belongs_to_nobody() {
    check(
        "GET",
        &[
            (
                "more than its length",
                answer!(
                    "200 OK",
                    "Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
                ),
                Waits,
                Passed("ok"),
            ),
            (
                "behind chunks",
                answer!(
                    "200 OK",
                    "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
                ),
                Waits,
                Passed("ok"),
            ),
            (
                "behind no body",
                answer!("200 OK", "Content-Length: 0\r\n\r\nevil"),
                Waits,
                Passed(""),
            ),
            (
                "204 with a body",
                answer!("204 No Content", "Content-Length: 4\r\n\r\nevil"),
                Waits,
                Passed(""),
            ),
            (
                "204 with a body unannounced",
                answer!("204 No Content", "\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"),
                Waits,
                Passed(""),
            ),
            (
                "204 with a length alone",
                answer!("204 No Content", "Content-Length: 4\r\n\r\n"),
                Waits,
                Passed(""),
            ),
            (
                "204 with chunks",
                answer!(
                    "204 No Content",
                    "Transfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n"
                ),
                Waits,
                Passed(""),
            ),
            (
                "304 with a body",
                answer!("304 Not Modified", "Content-Length: 4\r\n\r\nevil"),
                Waits,
                Passed(""),
            ),
            (
                "304 with chunks announced",
                answer!("304 Not Modified", "Transfer-Encoding: chunked\r\n\r\n"),
                Waits,
                Passed(""),
            ),
        ],
    );
    check(
        "HEAD",
        &[
            (
                "HEAD with a body",
                answer!("200 OK", "Content-Length: 4\r\n\r\nevil"),
                Waits,
                Passed(""),
            ),
            (
                "HEAD with chunks",
                answer!("200 OK", "Transfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n"),
                Waits,
                Passed(""),
            ),
        ],
    );
}

#[test]
fn an_answer_of_http_1_0_ends_with_its_connection_or_its_length() {
    check(
        "GET",
        &[
            ("by its connection", b"HTTP/1.0 200 OK\r\n\r\nok", Closes, Passed("ok")),
            (
                "by its length",
                b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
                Waits,
                Passed("ok"),
            ),
            ("HTTP/1.1 by its connection", answer!("200 OK", "\r\nok"), Closes, Passed("ok")),
            (
                "shorter than its length",
                answer!("200 OK", "Content-Length: 3\r\n\r\nok"),
                Closes,
                CutShort("ok"),
            ),
        ],
    );
}

/// hyper reads it so, and there is no other way to read it; what goes on is written anew.
#[test]
fn a_lone_lf_in_an_answer_ends_its_line() {
    let origin = Origin::new();
    let edge = Edge::before(&origin);
    let mut client = edge.connect();
    client.get("/a");
    let mut connection = origin.accept();
    connection.head();
    connection.send("HTTP/1.1 200 OK\nX: a\nContent-Length: 2\n\nok");
    let (head, body) = client.response();
    assert_eq!((field(&head, "x"), body.as_str()), (Some("a"), "ok"));
}

/// What the origin did not read of an upload, it may take for the next request.
#[test]
fn a_connection_that_answered_before_the_upload_had_ended_is_not_used_again() {
    let origin = Origin::new();
    let edge = Edge::before(&origin);
    let mut client = edge.connect();
    client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234");
    let mut first = origin.accept();
    first.head();
    assert_eq!(first.bytes(5), "01234");
    first.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    assert_eq!(client.response().1, "ok");
    client.send("56789");
    let mut next = edge.connect();
    next.get("/b");
    let mut second = origin.accept();
    second.head();
    second.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    assert_eq!(next.response().1, "ok");
}
