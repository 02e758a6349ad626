//! What a cache hit costs inside the process: nanoseconds, and instructions under valgrind.
//!
//! ```text
//! cargo bench --bench hit               # both
//! cargo bench --bench hit -- --check    # fails where more instructions are needed than benches/hit.expected says
//! cargo bench --bench hit -- --expect   # writes benches/hit.expected anew
//! ```
//!
//! Nanoseconds are the best of several runs and depend on the machine. Instructions are counted by
//! `valgrind --tool=callgrind` (if it is installed) over two numbers of rounds, the difference of
//! which leaves out everything but the hits; they are the same from run to run, and nearly so from
//! machine to machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
#![allow(clippy::disallowed_methods, missing_docs)]

use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

use futures_util::FutureExt;
use http::{Request, Response};
use selvedge::body::Body;
use selvedge::build::Application;
use selvedge::cache::Lasting;
use selvedge::client::Client;
use selvedge::clock::Clock;
use selvedge::config::Config;
use selvedge::error::ProxyError;
use selvedge::layer::error_page::ErrorPage;
use selvedge::layer::introduce::Pseudonym;
use selvedge::layer::shed::Waiting;
use selvedge::log::{AccessLogger, Form, Writer};
use selvedge::metrics::Metrics;
use selvedge::server::Answering;
use selvedge::stack::{self, Parts};
use selvedge::store::MemoryStore;
use selvedge::traces::Traces;
use tower::{Service, service_fn};

const ROUNDS_VARIABLE: &str = "HIT_ROUNDS";
const CASE_VARIABLE: &str = "HIT_CASE";

/// A kind of hit.
struct Case {
    name: &'static str,
    log: bool,
    fields: &'static [(&'static str, &'static str)],
    status: u16,
}

const BROWSER: (&str, &str) = ("accept-encoding", "gzip, deflate, br, zstd");

const CASES: [Case; 5] = [
    Case { name: "identity", log: false, fields: &[], status: 200 },
    Case { name: "identity, access log", log: true, fields: &[], status: 200 },
    Case { name: "br", log: false, fields: &[BROWSER], status: 200 },
    Case {
        name: "not modified",
        log: false,
        fields: &[("if-none-match", "\"1an4pvdt0yu9vy\"")],
        status: 304,
    },
    Case {
        name: "behind a proxy",
        log: false,
        fields: &[
            BROWSER,
            ("cookie", "theme=dark; session=4711"),
            ("x-forwarded-for", "192.0.2.1"),
            ("x-forwarded-proto", "https"),
        ],
        status: 200,
    },
];

/// More than this beyond what is expected needs a word in the commit, and another expectation.
const MOST_GROWTH: f64 = 1.05;

fn main() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<usize>().ok());
    if let (Some(rounds), Some(case)) = (number(ROUNDS_VARIABLE), number(CASE_VARIABLE)) {
        return hits(rounds as u32, &CASES[case]);
    }
    let word = std::env::args().nth(1).unwrap_or_default();
    match word.as_str() {
        "--check" => check(),
        "--expect" => std::fs::write(EXPECTED, counts()).unwrap(),
        _ => tell(),
    }
}

const EXPECTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/hit.expected");

fn tell() {
    println!("1 KB page, twelve fields, one key, system clock, through the whole stack");
    println!("{:<22} {:>8} {:>14}", "", "ns a hit", "instructions");
    for (at, case) in CASES.iter().enumerate() {
        let instructions = instructions(at).map_or("no valgrind".into(), |count| count.to_string());
        println!("{:<22} {:>8.0} {:>14}", case.name, nanoseconds(case), instructions);
    }
}

/// A line for each case: its instructions, and its name.
fn counts() -> String {
    let count = |at| instructions(at).expect("valgrind is installed");
    CASES.iter().enumerate().map(|(at, case)| format!("{} {}\n", count(at), case.name)).collect()
}

fn check() {
    let (expected, found) = (std::fs::read_to_string(EXPECTED).unwrap(), counts());
    assert_eq!(expected.lines().count(), CASES.len(), "{EXPECTED} has another number of cases");
    let mut has_grown = false;
    for (expected, found) in expected.lines().zip(found.lines()) {
        let number = |line: &str| line.split(' ').next().unwrap().parse::<f64>().unwrap();
        let growth = number(found) / number(expected);
        println!("{found}: {growth:.3} of what is expected");
        has_grown |= growth > MOST_GROWTH;
    }
    if has_grown {
        println!(
            "A hit costs more than it did. If it is worth that, say so in the commit, and run"
        );
        println!("  cargo bench --bench hit -- --expect");
        std::process::exit(1);
    }
}

fn nanoseconds(case: &Case) -> f64 {
    const ROUNDS: u32 = 200_000;
    hits(1000, case);
    let run = || {
        let began = Instant::now();
        hits(ROUNDS, case);
        began.elapsed().as_nanos() as f64 / f64::from(ROUNDS)
    };
    (0..7).map(|_| run()).fold(f64::MAX, f64::min)
}

fn instructions(case: usize) -> Option<u64> {
    let (few, many) = (2_000, 12_000);
    Some((counted(many, case)? - counted(few, case)?) / (many - few))
}

fn counted(rounds: u64, case: usize) -> Option<u64> {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().ok()?)
        .env(ROUNDS_VARIABLE, rounds.to_string())
        .env(CASE_VARIABLE, case.to_string());
    let output = command.output().ok()?;
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = report.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(' ').next()?.parse().ok()
}

/// Fills the cache with one page and asks for it so often, without a runtime: a hit never waits.
fn hits(rounds: u32, case: &Case) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    let mut edge = edge(case.log);
    runtime.block_on(edge.call(request(case))).unwrap();
    // By then what is made of a new page is made.
    runtime.block_on(tokio::time::sleep(std::time::Duration::from_millis(100)));
    for _ in 0..rounds {
        let response = edge.call(black_box(request(case))).now_or_never().expect("a hit").unwrap();
        assert_eq!(response.status().as_u16(), case.status);
        black_box(response);
    }
}

fn edge(log: bool) -> impl Answering {
    let origin = service_fn(|_: Request<Body>| async { Ok::<_, ProxyError>(page()) });
    let config = Config::default();
    let clock = Clock::system();
    let form = Form::of(&config.log, false).unwrap();
    let writer = log.then(|| Writer::new("bench", std::io::sink()));
    let metrics = Metrics::new(&clock);
    let store = MemoryStore::new(1 << 30, config.cache.max_variants);
    let parts = Parts {
        origin,
        origin_name: "http://127.0.0.1:3000".into(),
        lasting: Lasting::new(store, &config.cache, &metrics),
        vault: None,
        metrics,
        error_page: ErrorPage::Own,
        clock: clock.clone(),
        access_log: writer.map(|writer| AccessLogger::new(writer, clock, form)),
        window: selvedge::cache::Window::default(),
        way: selvedge::warm::Way::default(),
        application: Application::default(),
        pseudonym: Pseudonym::new(),
        waiting: Waiting::default(),
        traces: Traces::default(),
    };
    stack::build(&config, parts)
}

fn request(case: &Case) -> Request<Body> {
    let mut request = Request::builder()
        .uri("/isr")
        .header("host", "example.org")
        .header("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
        .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36");
    for (name, value) in case.fields {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::Empty).unwrap();
    let client = Client::new([127, 0, 0, 1].into(), request.headers());
    request.extensions_mut().insert(client);
    request
}

fn page() -> Response<Body> {
    Response::builder()
        .header("x-powered-by", "Next.js")
        .header("cache-control", "s-maxage=31536000")
        .header("content-type", "text/html; charset=utf-8")
        .header("content-length", "1024")
        .header("etag", "\"1an4pvdt0yu9vy\"")
        .header("date", "Tue, 24 Nov 2026 08:00:00 GMT")
        .header(
            "vary",
            "rsc, next-router-state-tree, next-router-prefetch, next-router-segment-prefetch, Accept-Encoding",
        )
        .header("x-nextjs-cache", "HIT")
        .header("x-nextjs-prerender", "1")
        .header("x-nextjs-stale-time", "300")
        .body(Body::full(vec![b'x'; 1024]))
        .unwrap()
}
