//! What a cache hit costs inside the process: nanoseconds, and instructions under valgrind.
//!
//! ```text
//! cargo bench --bench hit
//! ```
//!
//! Nanoseconds are the best of several runs and depend on the machine. Instructions are counted by
//! `valgrind --tool=callgrind` (if it is installed) over two numbers of rounds, the difference of
//! which leaves out everything but the hits; they are the same from run to run.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
#![allow(clippy::disallowed_methods, missing_docs)]

use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

use futures_util::FutureExt;
use http::{Request, Response};
use selvedge::body::Body;
use selvedge::build::Application;
use selvedge::client::Client;
use selvedge::clock::Clock;
use selvedge::config::Config;
use selvedge::error::ProxyError;
use selvedge::layer::error_page::ErrorPage;
use selvedge::log::{AccessLogger, Writer};
use selvedge::metrics::Metrics;
use selvedge::server::Answering;
use selvedge::stack::{self, Parts};
use selvedge::store::MemoryStore;
use tower::{Service, service_fn};

const ROUNDS_VARIABLE: &str = "HIT_ROUNDS";
const LOG_VARIABLE: &str = "HIT_LOG";

fn main() {
    if let Some(rounds) = std::env::var(ROUNDS_VARIABLE).ok().and_then(|text| text.parse().ok()) {
        return hits(rounds, std::env::var_os(LOG_VARIABLE).is_some());
    }
    println!("1 KB page, twelve fields, one key, system clock, through the whole stack");
    for (name, log) in [("access log off", false), ("access log on", true)] {
        println!("{name}");
        println!("  {:>8.0} ns a hit (best of 7)", nanoseconds(log));
        match instructions(log) {
            Some(count) => println!("  {count:>8} instructions a hit (callgrind)"),
            None => println!("         - instructions: valgrind is not installed"),
        }
    }
}

fn nanoseconds(log: bool) -> f64 {
    const ROUNDS: u32 = 200_000;
    hits(1000, log);
    let run = || {
        let began = Instant::now();
        hits(ROUNDS, log);
        began.elapsed().as_nanos() as f64 / f64::from(ROUNDS)
    };
    (0..7).map(|_| run()).fold(f64::MAX, f64::min)
}

fn instructions(log: bool) -> Option<u64> {
    let (few, many) = (2_000, 12_000);
    Some((counted(many, log)? - counted(few, log)?) / (many - few))
}

fn counted(rounds: u64, log: bool) -> Option<u64> {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().ok()?)
        .env(ROUNDS_VARIABLE, rounds.to_string());
    if log {
        command.env(LOG_VARIABLE, "1");
    }
    let output = command.output().ok()?;
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = report.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(' ').next()?.parse().ok()
}

/// Fills the cache with one page and asks for it so often, without a runtime: a hit never waits.
fn hits(rounds: u32, log: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    let mut edge = edge(log);
    runtime.block_on(edge.call(request())).unwrap();
    runtime.block_on(tokio::task::yield_now());
    for _ in 0..rounds {
        let response = edge.call(black_box(request())).now_or_never().expect("a hit").unwrap();
        black_box(response);
    }
}

fn edge(log: bool) -> impl Answering {
    let origin = service_fn(|_: Request<Body>| async { Ok::<_, ProxyError>(page()) });
    let config = Config::default();
    let clock = Clock::system();
    let writer = log.then(|| Writer::new("bench", std::io::sink()));
    let parts = Parts {
        origin,
        origin_name: "http://127.0.0.1:3000".into(),
        store: MemoryStore::new(1 << 30, config.cache.max_variants),
        vault: None,
        metrics: Metrics::new(&clock),
        error_page: ErrorPage::Own,
        clock: clock.clone(),
        access_log: writer.map(|writer| AccessLogger::new(writer, clock, false)),
        application: Application::default(),
    };
    stack::build(&config, parts)
}

fn request() -> Request<Body> {
    let mut request = Request::builder()
        .uri("/isr")
        .header("host", "example.org")
        .header("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
        .header("accept-encoding", "gzip, deflate, br, zstd")
        .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36")
        .body(Body::Empty)
        .unwrap();
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
