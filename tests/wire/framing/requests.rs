//! What clients send: the ideas are those of the smuggling literature (CL.TE, TE.CL, TE.TE, CL.0,
//! TE.0, TERM.EXT and so on).

use super::recorder::{Recorder, Seen};
use crate::support::*;

/// What must become of what a client sent.
enum Outcome {
    /// A status, the connection's end, and not a byte for the origin.
    Refused(&'static str),
    /// The connection's end, and not a byte for the client or the origin.
    Closed,
    /// The head was good, so the origin may have begun to read; the body is never completed, the
    /// client gets a status, and its connection ends.
    BrokenOff(&'static str),
    /// The origin gets just these requests.
    Forwarded(&'static [&'static str]),
}

use Outcome::{BrokenOff, Closed, Forwarded, Refused};

type Row = (&'static str, &'static [u8], Outcome);

const BAD: Outcome = Refused("400");

fn check(rows: &[Row]) {
    let origin = Recorder::start();
    let edge = Edge::run(&format!("http://{}", origin.address), &[]);
    let may_break_off = rows.iter().any(|row| matches!(row.2, BrokenOff(_)));
    for (name, sent, outcome) in rows {
        let mut client = edge.connect();
        client.send_bytes(sent);
        match outcome {
            Closed => assert_eq!(client.rest(), "", "{name}"),
            Refused(status) | BrokenOff(status) => expect_end(name, &mut client, status),
            Forwarded(requests) => {
                for request in *requests {
                    assert!(client.response().0.starts_with("http/1.1 200 "), "{name}");
                    assert_eq!(origin.next(), Seen::Whole((*request).to_owned()), "{name}");
                }
            }
        }
        let mut next = edge.connect();
        next.get("/next");
        assert_eq!(next.response().1, "ok", "{name}");
        let mut seen = origin.next();
        while may_break_off && matches!(seen, Seen::BrokenOff(_)) {
            seen = origin.next();
        }
        let expected = Seen::Whole("GET /next HTTP/1.1\r\nhost: example.org\r\n\r\n".to_owned());
        assert_eq!(seen, expected, "{name}: and nothing before it");
    }
}

fn expect_end(name: &str, client: &mut Client, status: &str) {
    let answer = client.rest();
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {answer:?}");
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{name}: {answer:?}");
}

/// Behind the head or body in question, a request that must never be read as one.
macro_rules! smuggled {
    ($($part:literal),*) => {
        concat!($($part,)* "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()
    };
}

#[test]
fn a_body_with_two_lengths_is_refused() {
    check(&[
        (
            "CL.TE",
            smuggled!(
                "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
            BAD,
        ),
        (
            "TE.CL",
            smuggled!(
                "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
            ),
            BAD,
        ),
        (
            "CL.TE on a GET",
            smuggled!(
                "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
            BAD,
        ),
        (
            "a length of zero beside chunks",
            smuggled!(
                "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
            BAD,
        ),
        (
            "two lengths",
            smuggled!(
                "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n"
            ),
            BAD,
        ),
        (
            "the same length twice",
            smuggled!(
                "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello"
            ),
            BAD,
        ),
        (
            "the same length twice on a line",
            smuggled!("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello"),
            BAD,
        ),
        (
            "two lengths on a line",
            smuggled!("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 6\r\n\r\nhello"),
            BAD,
        ),
    ]);
}

#[test]
fn a_second_request_is_read_as_strictly_as_the_first() {
    let origin = Recorder::start();
    let edge = Edge::run(&format!("http://{}", origin.address), &[]);
    for first in [
        "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
        "\r\nGET /1 HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ] {
        let mut client = edge.connect();
        client.send(first);
        client.send("POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        client.response();
        assert!(matches!(origin.next(), Seen::Whole(one) if one.contains("/1 ")), "{first}");
        expect_end(first, &mut client, "400");
    }
}

#[test]
fn a_length_is_digits_and_nothing_else() {
    macro_rules! length {
        ($value:literal) => {
            smuggled!("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: ", $value, "\r\n\r\nhello")
        };
    }
    check(&[
        ("a sign", length!("+5"), BAD),
        ("negative", length!("-5"), BAD),
        ("hexadecimal", length!("0x5"), BAD),
        ("a space inside", length!("5 5"), BAD),
        ("empty", length!(""), BAD),
        ("in quotes", length!("\"5\""), BAD),
        ("a fraction", length!("5.0"), BAD),
        ("an underscore", length!("1_0"), BAD),
        ("a parameter", length!("5;"), BAD),
        ("an empty member", length!("5,"), BAD),
        ("more than 64 bits", length!("18446744073709551621"), BAD),
        ("all of 64 bits", length!("18446744073709551615"), Refused("431")),
        ("a vertical tab", length!("\x0b5"), BAD),
        ("a form feed behind", length!("5\x0c"), BAD),
        (
            "another script's digit",
            b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: \xd9\xa5\r\n\r\nhello",
            BAD,
        ),
        ("octal to some", length!("0005"), BAD),
        (
            "white space around it",
            b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: \t 5 \r\n\r\nhello",
            Forwarded(&["POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello"]),
        ),
    ]);
}

#[test]
fn chunked_is_the_one_coding_and_comes_once() {
    macro_rules! coding {
        ($field:literal) => {
            smuggled!("POST /a HTTP/1.1\r\nHost: a\r\n", $field, "\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
        };
    }
    const ONE: Outcome = Forwarded(&[
        "POST /a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n",
    ]);
    check(&[
        ("plain", coding!("Transfer-Encoding: chunked"), ONE),
        ("in capitals", coding!("TRANSFER-ENCODING: CHUNKED"), ONE),
        ("without a space, with a tab behind", coding!("Transfer-Encoding:chunked\t"), ONE),
        ("twice", coding!("Transfer-Encoding: chunked, chunked"), BAD),
        ("on two lines", coding!("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), BAD),
        ("TE.TE", coding!("Transfer-Encoding: chunked\r\nTransfer-encoding: cow"), BAD),
        (
            "TE.TE, the other way",
            coding!("Transfer-Encoding: cow\r\nTransfer-Encoding: chunked"),
            BAD,
        ),
        ("unknown", coding!("Transfer-Encoding: xchunked"), BAD),
        ("identity", coding!("Transfer-Encoding: identity"), BAD),
        ("gzip below", coding!("Transfer-Encoding: gzip, chunked"), BAD),
        ("not last", coding!("Transfer-Encoding: chunked, identity"), BAD),
        ("empty", coding!("Transfer-Encoding: "), BAD),
        ("an empty member", coding!("Transfer-Encoding: ,chunked"), BAD),
        ("a parameter", coding!("Transfer-Encoding: chunked;q=1"), BAD),
        ("in quotes", coding!("Transfer-Encoding: \"chunked\""), BAD),
        ("a vertical tab", coding!("Transfer-Encoding: \x0bchunked"), BAD),
        ("a vertical tab behind", coding!("Transfer-Encoding: chunked\x0b"), BAD),
        ("a file separator", coding!("Transfer-Encoding: \x1cchunked"), BAD),
        ("NUL", coding!("Transfer-Encoding: chunked\0"), BAD),
        ("a space before the colon", coding!("Transfer-Encoding : chunked"), BAD),
        ("a tab before the colon", coding!("Transfer-Encoding\t: chunked"), BAD),
        ("folded", coding!("Transfer-Encoding:\r\n chunked"), BAD),
        ("a space before the name", coding!("X: y\r\n Transfer-Encoding: chunked"), BAD),
        ("behind a lone CR", coding!("X: y\rTransfer-Encoding: chunked"), BAD),
        ("behind a lone LF", coding!("X: y\nTransfer-Encoding: chunked"), BAD),
        (
            "in HTTP/1.0",
            smuggled!(
                "POST /a HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
            ),
            BAD,
        ),
        // Another field, to everybody but CGI; the origin sees no body either.
        (
            "an underscore",
            smuggled!(
                "POST /a HTTP/1.1\r\nHost: a\r\nTransfer_Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"
            ),
            Forwarded(&[
                "POST /a HTTP/1.1\r\nhost: a\r\ntransfer_encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
                "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n",
            ]),
        ),
        // Nominated away, it would leave the body unframed behind us.
        (
            "nominated by Connection",
            smuggled!(
                "POST /a HTTP/1.1\r\nHost: a\r\nConnection: content-length\r\nContent-Length: 5\r\n\r\nhello"
            ),
            Forwarded(&[
                "POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello",
                "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n",
            ]),
        ),
        (
            "chunked, nominated by Connection",
            coding!("Connection: transfer-encoding\r\nTransfer-Encoding: chunked"),
            ONE,
        ),
    ]);
}

#[test]
fn a_bad_chunk_ends_the_connection_and_the_upload_stays_incomplete() {
    macro_rules! chunks {
        ($body:literal) => {
            smuggled!("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", $body)
        };
    }
    const CUT: Outcome = BrokenOff("400");
    check(&[
        ("no digit", chunks!("x\r\nhello\r\n0\r\n\r\n"), CUT),
        ("an empty size", chunks!("\r\nhello\r\n0\r\n\r\n"), CUT),
        ("negative", chunks!("-5\r\nhello\r\n0\r\n\r\n"), CUT),
        ("a sign", chunks!("+5\r\nhello\r\n0\r\n\r\n"), CUT),
        ("0x", chunks!("0x5\r\nhello\r\n0\r\n\r\n"), CUT),
        ("an underscore", chunks!("0_5\r\nhello\r\n0\r\n\r\n"), CUT),
        ("a space before it", chunks!(" 5\r\nhello\r\n0\r\n\r\n"), CUT),
        ("two numbers", chunks!("5 5\r\nhello\r\n0\r\n\r\n"), CUT),
        ("more than 64 bits", chunks!("10000000000000005\r\nhello\r\n0\r\n\r\n"), CUT),
        ("shorter than its data", chunks!("3\r\nhello\r\n0\r\n\r\n"), CUT),
        ("longer than its data", chunks!("6\r\nhello\r\n0\r\n\r\n"), CUT),
        ("a lone LF behind the size", chunks!("5\nhello\r\n0\r\n\r\n"), CUT),
        ("a lone CR behind the size", chunks!("5\rhello\r\n0\r\n\r\n"), CUT),
        ("a lone LF behind the data", chunks!("5\r\nhello\n0\r\n\r\n"), CUT),
        ("TERM.EXT: a lone LF in an extension", chunks!("5;\nhello\r\n0\r\n\r\n"), CUT),
        ("EXT.TERM: a lone CR in an extension", chunks!("5;a\rb\r\nhello\r\n0\r\n\r\n"), CUT),
        ("TERM.SPILL: a wrong end of the data", chunks!("5\r\nhelloXX0\r\n\r\n"), CUT),
        ("a lone CR in the trailers", chunks!("5\r\nhello\r\n0\r\nX: a\rb\r\n\r\n"), CUT),
    ]);
}

#[test]
fn chunks_are_written_anew() {
    macro_rules! chunks {
        ($body:literal) => {
            smuggled!("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", $body)
        };
    }
    const ONE: Outcome = Forwarded(&[
        "POST /a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n",
    ]);
    check(&[
        ("zeros before the size", chunks!("0005\r\nhello\r\n000\r\n\r\n"), ONE),
        ("an extension", chunks!("5;a=b\r\nhello\r\n0;c\r\n\r\n"), ONE),
        (
            "a quoted extension that looks like an end",
            chunks!("5;a=\"\t0\"\r\nhello\r\n0\r\n\r\n"),
            ONE,
        ),
        // RFC 9112 section 7.1.1 has this "bad white space" for recipients to accept.
        ("white space behind the size", chunks!("5 \t;a\r\nhello\r\n0 \r\n\r\n"), ONE),
        (
            "trailers that would be framing",
            chunks!("5\r\nhello\r\n0\r\nContent-Length: 9\r\nHost: b\r\nX: y\r\n\r\n"),
            ONE,
        ),
    ]);
}

#[test]
fn an_endless_extension_is_cut_off() {
    let origin = Recorder::start();
    let edge = Edge::run(&format!("http://{}", origin.address), &[]);
    let mut client = edge.connect();
    client.send("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send(&format!("5;{}", "x".repeat(20_000)));
    expect_end("an extension", &mut client, "400");
    let mut next = edge.connect();
    next.get("/next");
    next.response();
    assert!(!matches!(origin.next(), Seen::Whole(one) if one.contains("/a")));
}

#[test]
fn a_field_line_has_one_reading_or_is_refused() {
    check(&[
        ("a space before the colon", smuggled!("GET /a HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n"), BAD),
        ("folded", smuggled!("GET /a HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n"), BAD),
        ("folded with a tab", smuggled!("GET /a HTTP/1.1\r\nHost: a\r\nX: y\r\n\tz\r\n\r\n"), BAD),
        ("the first line folded", smuggled!("GET /a HTTP/1.1\r\n Host: a\r\n\r\n"), BAD),
        ("no colon", smuggled!("GET /a HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"), BAD),
        ("no name", smuggled!("GET /a HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n"), BAD),
        ("NUL in a value", smuggled!("GET /a HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"), BAD),
        ("NUL in a name", smuggled!("GET /a HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n"), BAD),
        ("DEL in a value", smuggled!("GET /a HTTP/1.1\r\nHost: a\r\nX: a\x7fb\r\n\r\n"), BAD),
        ("a lone CR in a value", smuggled!("GET /a HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"), BAD),
        (
            "a lone CR at the end of a line",
            smuggled!("GET /a HTTP/1.1\r\nHost: a\rX: y\r\n\r\n"),
            BAD,
        ),
        ("two CRs", smuggled!("GET /a HTTP/1.1\r\nHost: a\r\r\n\r\n"), BAD),
        ("a lone LF", smuggled!("GET /a HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"), BAD),
        ("a lone LF behind the request line", smuggled!("GET /a HTTP/1.1\nHost: a\r\n\r\n"), BAD),
        ("a lone LF at the end of the head", smuggled!("GET /a HTTP/1.1\r\nHost: a\r\n\n"), BAD),
        ("a name that is no token", smuggled!("GET /a HTTP/1.1\r\nHost: a\r\nX@: y\r\n\r\n"), BAD),
        (
            "a name with bytes beyond ASCII",
            b"GET /a HTTP/1.1\r\nHost: a\r\nX\xc3\xa4: y\r\n\r\n",
            BAD,
        ),
        // RFC 9110 section 5.5 lets such bytes pass, as data.
        (
            "bytes beyond ASCII in a value",
            "GET /a HTTP/1.1\r\nHost: a\r\nX: \u{e4}\r\n\r\n".as_bytes(),
            Forwarded(&["GET /a HTTP/1.1\r\nhost: a\r\nx: \u{e4}\r\n\r\n"]),
        ),
    ]);
}

#[test]
fn a_request_line_has_one_reading_or_is_refused() {
    check(&[
        ("two spaces", smuggled!("GET  /a HTTP/1.1\r\nHost: a\r\n\r\n"), BAD),
        ("a tab", smuggled!("GET\t/a HTTP/1.1\r\nHost: a\r\n\r\n"), BAD),
        ("a space in the target", smuggled!("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"), BAD),
        ("a request in the target", smuggled!("GET /a HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n"), BAD),
        ("a space behind the version", smuggled!("GET /a HTTP/1.1 \r\nHost: a\r\n\r\n"), BAD),
        ("a space before the method", smuggled!(" GET /a HTTP/1.1\r\nHost: a\r\n\r\n"), BAD),
        ("a fragment", smuggled!("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"), BAD),
        ("a lone CR in the target", smuggled!("GET /a\rb HTTP/1.1\r\nHost: a\r\n\r\n"), BAD),
        ("NUL in the target", smuggled!("GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n"), BAD),
        ("no version", smuggled!("GET /a\r\nHost: a\r\n\r\n"), BAD),
        ("a version in small letters", smuggled!("GET /a http/1.1\r\nHost: a\r\n\r\n"), BAD),
        ("version 1.2", smuggled!("GET /a HTTP/1.2\r\nHost: a\r\n\r\n"), BAD),
        ("version 1.10", smuggled!("GET /a HTTP/1.10\r\nHost: a\r\n\r\n"), BAD),
        ("version 0.9", smuggled!("GET /a HTTP/0.9\r\nHost: a\r\n\r\n"), BAD),
        ("HTTP/2 upon HTTP/1", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Closed),
        ("a target without a slash", smuggled!("GET a HTTP/1.1\r\nHost: a\r\n\r\n"), BAD),
        ("an authority", smuggled!("GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n"), BAD),
        ("CONNECT", smuggled!("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"), BAD),
        ("an asterisk", smuggled!("GET * HTTP/1.1\r\nHost: a\r\n\r\n"), BAD),
        (
            "a scheme without an authority",
            smuggled!("GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n"),
            BAD,
        ),
        ("another scheme", smuggled!("GET file:///etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n"), BAD),
        ("a user in the target", smuggled!("GET http://a@b/ HTTP/1.1\r\nHost: a\r\n\r\n"), BAD),
        (
            "an asterisk for OPTIONS",
            b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
            Forwarded(&["OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n"]),
        ),
        (
            "an absolute target: its authority is the host",
            b"GET http://B:8080/a?b HTTP/1.1\r\nHost: a\r\n\r\n",
            Forwarded(&["GET /a?b HTTP/1.1\r\nhost: b:8080\r\n\r\n"]),
        ),
        (
            "two slashes are a path and no authority",
            b"GET //b/a HTTP/1.1\r\nHost: a\r\n\r\n",
            Forwarded(&["GET //b/a HTTP/1.1\r\nhost: a\r\n\r\n"]),
        ),
    ]);
}

#[test]
fn there_is_one_host_and_it_is_one() {
    check(&[
        ("none", smuggled!("GET /a HTTP/1.1\r\nX: y\r\n\r\n"), BAD),
        ("two", smuggled!("GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), BAD),
        ("the same twice", smuggled!("GET /a HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), BAD),
        (
            "two beside an absolute target",
            smuggled!("GET http://a/a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
            BAD,
        ),
        (
            "none beside an absolute target",
            smuggled!("GET http://a/a HTTP/1.1\r\nX: y\r\n\r\n"),
            BAD,
        ),
        ("a list", smuggled!("GET /a HTTP/1.1\r\nHost: a, b\r\n\r\n"), BAD),
        ("empty", smuggled!("GET /a HTTP/1.1\r\nHost: \r\n\r\n"), BAD),
        ("a path in it", smuggled!("GET /a HTTP/1.1\r\nHost: a/b\r\n\r\n"), BAD),
        ("a user in it", smuggled!("GET /a HTTP/1.1\r\nHost: a@b\r\n\r\n"), BAD),
        ("a space in it", smuggled!("GET /a HTTP/1.1\r\nHost: a b\r\n\r\n"), BAD),
        ("a port that is none", smuggled!("GET /a HTTP/1.1\r\nHost: a:b\r\n\r\n"), BAD),
        ("bytes beyond ASCII", b"GET /a HTTP/1.1\r\nHost: \xc3\xa4\r\n\r\n", BAD),
    ]);
}

#[test]
fn a_body_that_nobody_expects_is_a_body_all_the_same() {
    check(&[
        // CL.0: whoever thinks that a GET has no body finds a request in it.
        (
            "a length on a GET",
            b"GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 38\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n123GET /b HTTP/1.1\r\nHost: a\r\n\r\n",
            Forwarded(&[
                "GET /a HTTP/1.1\r\nhost: a\r\ncontent-length: 38\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n123",
                "GET /b HTTP/1.1\r\nhost: a\r\n\r\n",
            ]),
        ),
        // TE.0
        (
            "chunks on PATCH",
            b"PATCH /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
            Forwarded(&[
                "PATCH /a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
                "GET /b HTTP/1.1\r\nhost: a\r\n\r\n",
            ]),
        ),
        (
            "chunks on GET, which the library would drop",
            smuggled!("GET /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
            Forwarded(&[
                "GET /a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
                "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n",
            ]),
        ),
        // The same behind Next.js (CVE-2026-29057).
        ("chunks on OPTIONS", smuggled!("OPTIONS /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), BAD),
        // 0.CL: a length of nothing stays one.
        (
            "a length of zero",
            b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
            Forwarded(&[
                "POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n",
                "GET /b HTTP/1.1\r\nhost: a\r\n\r\n",
            ]),
        ),
        // Expect-based desync: an expectation is answered here and goes no further.
        ("an expectation that nobody knows", smuggled!("POST /a HTTP/1.1\r\nHost: a\r\nExpect: y 100-continue\r\nContent-Length: 5\r\n\r\nhello"),
            Forwarded(&[
                "POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello",
                "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n",
            ]),
        ),
    ]);
}
