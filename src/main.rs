//! The binary: reads the command line, and does what it says.

use std::io::{self, Write};
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::available_parallelism;
use std::time::Duration;

use selvedge::cli::{self, Answer, Invocation, Purge};
use selvedge::clock::Clock;
use selvedge::config::{self, Config, OriginAddress, Sources};
use selvedge::demo::{self, BuiltinOrigin, PrepareError, Prepared};
use selvedge::exit;
use selvedge::log::Logs;
use selvedge::origin::child::{ChildError, Command};
use selvedge::run::{self, Sockets, Start, StartError};
use selvedge::verbs;
use selvedge::verbs::explain::Explain;
use selvedge::verbs::paper::Paper;
use selvedge::verbs::warm::{Progress, Warm};
use tokio::runtime::{self, Runtime};

#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    match cli::read(std::env::args_os(), std::env::vars_os().collect()) {
        Err(answer) => say(&answer),
        Ok(Invocation::Bridge) => {
            say(&Answer { text: selvedge::next::bridge::FILE.into(), exit: exit::OK })
        }
        Ok(Invocation::Schema) => say(&Answer { text: config::schema(), exit: exit::OK }),
        Ok(Invocation::Check(sources)) => say(&cli::check(&sources)),
        Ok(Invocation::Health(sources)) => with_config(&sources, health),
        Ok(Invocation::Purge { sources, purge }) => {
            with_config(&sources, |config| self::purge(&config, purge))
        }
        Ok(Invocation::Explain { sources, explain }) => {
            with_config(&sources, |config| self::explain(&config, &explain))
        }
        Ok(Invocation::Warm { sources, warm }) => {
            with_config(&sources, |config| self::warm(&config, &warm))
        }
        Ok(Invocation::Run { sources, command }) => {
            with_config(&sources, |config| serve(config, sources.clone(), command))
        }
        Ok(Invocation::Demo { sources, dir }) => with_config(&sources, |config| demo(config, dir)),
    }
}

fn with_config(sources: &Sources, then: impl FnOnce(Config) -> ExitCode) -> ExitCode {
    match config::load(sources) {
        Ok(loaded) => then(loaded.config),
        Err(mistakes) => fail(&mistakes, exit::USAGE),
    }
}

fn serve(config: Config, sources: Sources, command: Vec<std::ffi::OsString>) -> ExitCode {
    let command = (!command.is_empty()).then_some(Command { line: command, dir: None });
    let sockets = match Sockets::take() {
        Ok(sockets) => sockets,
        Err(error) => {
            return fail(
                &format!("selvedge: a socket that was handed over: {error} (LISTEN_FDS)\n"),
                exit::UNAVAILABLE,
            );
        }
    };
    in_runtime(&config.clone(), async |logs: &Logs, clock| {
        let start = Start { config, sources: Some(sources), command, sockets };
        run::run(start, logs, clock, |_| ()).await
    })
}

/// The small application of the binary, behind the edge; without Node.js, what stands in for it.
fn demo(config: Config, dir: Option<PathBuf>) -> ExitCode {
    let dir = dir.unwrap_or_else(|| demo::default_dir(|name| std::env::var_os(name)));
    in_runtime(&config.clone(), async |logs: &Logs, clock| {
        run::try_addresses(&config).await?;
        match demo::prepare(&dir).await {
            Ok(prepared) => real_demo(config, &prepared, logs, clock).await,
            Err(PrepareError::Stopped) => Ok(exit::OK),
            Err(error) => {
                tell(logs, &format!("\n  {error}\n\n  So the built-in origin stands in.\n"));
                builtin_demo(config, logs, clock).await
            }
        }
    })
}

async fn real_demo(
    config: Config,
    prepared: &Prepared,
    logs: &Logs,
    clock: Clock,
) -> Result<u8, StartError> {
    let command = Command { line: prepared.command.clone(), dir: Some(prepared.dir.clone()) };
    let serving = |address| tell(logs, &demo::tour(address, true));
    run::run(demo_of(config, Some(command)), logs, clock, serving).await
}

async fn builtin_demo(mut config: Config, logs: &Logs, clock: Clock) -> Result<u8, StartError> {
    let bound = BuiltinOrigin::bind(clock.clone()).await;
    let bound = bound.and_then(|origin| Ok((origin.address()?, origin)));
    let (address, origin) = bound.map_err(|error| StartError::Child(ChildError::Port(error)))?;
    config.origin.url = OriginAddress::Tcp { host: address.ip().to_string(), port: address.port() };
    tokio::spawn(origin.serve());
    let serving = |address| tell(logs, &demo::tour(address, false));
    run::run(demo_of(config, None), logs, clock, serving).await
}

/// What a demonstration is started with: nothing that could change.
fn demo_of(config: Config, command: Option<Command>) -> Start {
    Start { config, sources: None, command, sockets: Sockets::default() }
}

/// In order with what the logs say.
fn tell(logs: &Logs, text: &str) {
    logs.writers().0.write(|buffer| buffer.extend_from_slice(text.as_bytes()));
}

/// Runs `work` with threads and logs as configured, and ends with its exit code.
fn in_runtime(
    config: &Config,
    work: impl AsyncFnOnce(&Logs, Clock) -> Result<u8, StartError>,
) -> ExitCode {
    let runtime = match threads(config.server.workers) {
        Ok(runtime) => runtime,
        Err(error) => return no_threads(&error),
    };
    let clock = Clock::system();
    let logs = Logs::open(&config.log, &clock);
    let ended = runtime.block_on(work(&logs, clock));
    // What still runs was cut off on purpose, and each has its line in the log; a name that is being
    // resolved must not hold us up.
    runtime.shutdown_timeout(CUTTING_OFF);
    let exit = ended.unwrap_or_else(|error| {
        // Not around the log: it may hold standard error, and somebody else hold it up.
        logs.writers().1.write(|buffer| buffer.extend(format!("selvedge: {error}\n").bytes()));
        error.exit()
    });
    drop(logs);
    ExitCode::from(exit)
}

const CUTTING_OFF: Duration = Duration::from_millis(500);

fn threads(workers: Option<usize>) -> io::Result<Runtime> {
    let workers = workers.or_else(|| available_parallelism().ok().map(NonZero::get)).unwrap_or(1);
    let mut builder = match workers {
        // Nobody to share work with: a hit costs a seventh less (benches/README.md).
        1 => runtime::Builder::new_current_thread(),
        _ => runtime::Builder::new_multi_thread(),
    };
    builder.worker_threads(workers).event_interval(EVENT_INTERVAL);
    builder.enable_all().thread_name("selvedge").build()
}

/// After so many polls of tasks the scheduler asks the system who has sent something. Tokio's own number
/// is 61: while large bodies are on their way a poll takes a tenth of a millisecond, and news would wait
/// for 6.
const EVENT_INTERVAL: u32 = 16;

fn health(config: Config) -> ExitCode {
    let Some(address) = config.admin.listen else {
        let why = "selvedge: admin.listen is off; name the edge's admin side with --admin\n";
        return fail(&why, exit::USAGE);
    };
    match wait(verbs::health::health(address.into())) {
        Err(code) => code,
        Ok(Ok(())) => say(&Answer { text: "ready\n".into(), exit: exit::OK }),
        Ok(Err(error)) => fail(&format!("selvedge: {error}\n"), exit::FAILED),
    }
}

fn purge(config: &Config, Purge { what, admin, json }: Purge) -> ExitCode {
    let Some(admin) = admin.or_else(|| config.admin.listen.map(OriginAddress::from)) else {
        let why = "selvedge: admin.listen is off; name the edge's admin side with --admin\n";
        return fail(&why, exit::USAGE);
    };
    match wait(verbs::purge::purge(admin, config.admin.token.as_deref(), &what)) {
        Err(code) => code,
        Ok(Ok(count)) if json => {
            say(&Answer { text: format!("{{\"invalidated\":{count}}}\n"), exit: exit::OK })
        }
        Ok(Ok(count)) => {
            say(&Answer { text: verbs::purge::told(count, what.soft), exit: exit::OK })
        }
        Ok(Err(error)) => fail(&format!("selvedge: {error}\n"), error.exit()),
    }
}

fn explain(config: &Config, what: &Explain) -> ExitCode {
    match wait(verbs::explain::explain(config, what, &Clock::system())) {
        Err(code) => code,
        Ok(Err(error)) => fail(&format!("selvedge: {error}\n"), error.exit()),
        Ok(Ok(account)) => {
            let text = match what.json {
                true => account.to_json(),
                false => account.print(Paper::for_stdout()),
            };
            say(&Answer { text, exit: exit::OK })
        }
    }
}

fn warm(config: &Config, what: &Warm) -> ExitCode {
    let progress = Progress::new(Clock::system());
    match wait(verbs::warm::warm(config, what, progress)) {
        Err(code) => code,
        Ok(Err(error)) => fail(&format!("selvedge: {error}\n"), error.exit()),
        Ok(Ok(summary)) => {
            let text = match what.json {
                true => summary.to_json(),
                false => summary.print(Paper::for_stdout()),
            };
            // What came out is an answer, however it ended.
            let _ = io::stdout().write_all(text.as_bytes());
            ExitCode::from(summary.exit())
        }
    }
}

/// Waits on this thread for what a verb asks.
fn wait<T>(asking: impl Future<Output = T>) -> Result<T, ExitCode> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| no_threads(&error))?;
    let answer = runtime.block_on(asking);
    // A name that is being resolved must not hold us up.
    runtime.shutdown_background();
    Ok(answer)
}

fn no_threads(error: &io::Error) -> ExitCode {
    let remedy =
        "raise the limit of processes or open files (ulimit -u, ulimit -n; TasksMax, pids)";
    fail(&format!("selvedge: no threads to run on: {error}; {remedy}\n"), exit::UNAVAILABLE)
}

fn fail(why: &impl std::fmt::Display, exit: u8) -> ExitCode {
    say(&Answer { text: why.to_string(), exit })
}

/// A closed stream is no reason to change the exit code.
fn say(answer: &Answer) -> ExitCode {
    let text = answer.text.as_bytes();
    let _ = match answer.exit {
        exit::OK => io::stdout().write_all(text),
        _ => io::stderr().write_all(text),
    };
    ExitCode::from(answer.exit)
}
