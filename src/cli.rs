//! The command line: what the operator may type, and what he is told about it.
//!
//! Nothing is printed and nothing is started here: [`read`] says what is to be done, and `main` does
//! it.

mod explain;
mod help;
mod mistyped;
mod purge;
#[cfg(test)]
mod tests;
mod warm;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::build::Application;
use crate::config::{self, Flag, OriginAddress, Sources};
use crate::exit;
use crate::layer::error_page::ErrorPage;
use crate::verbs::explain::Explain;
use crate::verbs::warm::Warm;
pub use purge::Purge;

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Invocation {
    /// Serve.
    Run {
        /// What was said about the configuration.
        sources: Sources,
        /// The server to wrap, program first; empty if there is none.
        command: Vec<OsString>,
    },
    /// `demo`: serve a small application that the binary brings along.
    Demo {
        /// What was said about the configuration.
        sources: Sources,
        /// Where to unpack it, unless that is left to us.
        dir: Option<PathBuf>,
    },
    /// `check`: see [`check`].
    Check(Sources),
    /// `check --schema`: print the configuration's JSON Schema.
    Schema,
    /// `health`: ask the edge that runs at `admin.listen`.
    Health(Sources),
    /// `purge`: tell the edge what is obsolete.
    Purge {
        /// What was said about the configuration.
        sources: Sources,
        /// What is to be purged.
        purge: Purge,
    },
    /// `explain`: say what becomes of a request, and why.
    Explain {
        /// What was said about the configuration.
        sources: Sources,
        /// What is to be explained.
        explain: Explain,
    },
    /// `warm`: have many pages stored before visitors ask for them.
    Warm {
        /// What was said about the configuration.
        sources: Sources,
        /// What is to be warmed.
        warm: Warm,
    },
    /// `bridge`: print the file that tells the edge what a Next.js server invalidates.
    Bridge,
}

/// Something to say instead of serving: on standard output if `exit` is [`exit::OK`], else on
/// standard error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The text, with the end of its last line.
    pub text: String,
    /// The code to exit with.
    pub exit: u8,
}

/// Reads the command line, the name of the program included. `--help`, `--version` and what cannot
/// be understood have their answer at once.
pub fn read(
    arguments: impl IntoIterator<Item = OsString>,
    environment: Vec<(OsString, OsString)>,
) -> Result<Invocation, Answer> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let typed = CommandLine::try_parse_from(&arguments)
        .map_err(|error| mistyped::answer(error, &arguments))?;
    if arguments.last().is_some_and(|last| last == "--") {
        return Err(mistyped::answer(no_command(), &arguments));
    }
    let sources = |options: Options, origin: Option<String>, origin_unused| Sources {
        file: options.config.clone(),
        environment,
        flags: options.flags(origin),
        origin_unused,
    };
    Ok(match typed.verb {
        Some(Verb::Bridge) => Invocation::Bridge,
        None => {
            let Serve { options, origin, command } = typed.serve;
            Invocation::Run { sources: sources(options, origin, !command.is_empty()), command }
        }
        Some(Verb::Demo { options, dir }) => {
            Invocation::Demo { sources: sources(options, None, true), dir }
        }
        Some(Verb::Check { schema: true, .. }) => Invocation::Schema,
        Some(Verb::Check { file, schema: false, serve: Serve { options, origin, command } }) => {
            let sources = sources(options, origin, !command.is_empty());
            Invocation::Check(Sources { file: file.or(sources.file), ..sources })
        }
        Some(Verb::Health { admin, config }) => {
            let options = Options { admin, config, ..Options::default() };
            Invocation::Health(sources(options, None, true))
        }
        Some(Verb::Explain { explain, config }) => {
            let options = Options { config, ..Options::default() };
            Invocation::Explain { sources: sources(options, None, true), explain: explain.into() }
        }
        Some(Verb::Warm { warm, config }) => {
            let options = Options { config, ..Options::default() };
            Invocation::Warm { sources: sources(options, None, true), warm: warm.into() }
        }
        Some(Verb::Purge { purge, config }) => {
            let options = Options { config, ..Options::default() };
            Invocation::Purge { sources: sources(options, None, true), purge: purge.into() }
        }
    })
}

/// A script whose variable is empty, say: whoever writes `--` wants a server to be wrapped.
fn no_command() -> clap::Error {
    let what = "no command after `--`; write the server to wrap there, or leave `--` out";
    CommandLine::command().error(ErrorKind::MissingRequiredArgument, what)
}

/// `selvedge check`: every key, its value, and where that is from; or all mistakes.
pub fn check(sources: &Sources) -> Answer {
    let loaded = match config::load(sources) {
        Ok(loaded) => loaded,
        Err(mistakes) => return Answer { text: mistakes.to_string(), exit: exit::USAGE },
    };
    match ErrorPage::of(&loaded.config.errors.page, &Application::default()) {
        Ok(_) => Answer { text: loaded.to_string(), exit: exit::OK },
        Err(error) => Answer { text: format!("error: {error}\n"), exit: exit::USAGE },
    }
}

#[derive(Parser)]
#[command(
    name = "selvedge",
    version,
    about = help::ABOUT,
    override_usage = "selvedge [OPTIONS] [-- COMMAND...]\n       selvedge VERB [OPTIONS]",
    after_help = help::AFTER,
    subcommand_help_heading = "Verbs",
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
struct CommandLine {
    #[command(flatten)]
    serve: Serve,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Args)]
struct Serve {
    #[command(flatten)]
    options: Options,
    /// Where Next.js listens [default: http://127.0.0.1:3000]
    #[arg(long, value_name = "URL", conflicts_with = "command", display_order = 2)]
    origin: Option<String>,
    /// The server to wrap; it is given a port, watched and restarted
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

#[derive(Args, Default)]
struct Options {
    /// Where clients connect [default: 0.0.0.0:8080]
    #[arg(long, value_name = "ADDR", display_order = 1)]
    listen: Option<String>,
    /// The admin side, or "off" [default: 127.0.0.1:9180]
    #[arg(long, value_name = "ADDR", display_order = 3)]
    admin: Option<String>,
    /// The build [default: .next of a wrapped server]
    #[arg(long, value_name = "DIR", display_order = 4)]
    next_dir: Option<String>,
    /// A configuration file; without one, the defaults hold
    #[arg(long, value_name = "FILE", display_order = 5)]
    config: Option<PathBuf>,
    /// Any key of the configuration, any number of times
    #[arg(long, value_name = "KEY=VALUE", display_order = 6, value_parser = setting)]
    set: Vec<(String, String)>,
}

#[derive(Subcommand)]
enum Verb {
    /// A small Next.js app behind the edge, and a tour of what to look at
    #[command(after_help = help::AFTER_DEMO)]
    Demo {
        #[command(flatten)]
        options: Options,
        /// Where to unpack the app [default: a cache folder]
        #[arg(long, value_name = "DIR", display_order = 0)]
        dir: Option<PathBuf>,
    },
    /// Says whether the configuration is right, and where each value is from
    #[command(after_help = help::AFTER_CHECK)]
    Check {
        /// A configuration file
        #[arg(conflicts_with = "config")]
        file: Option<PathBuf>,
        /// Prints the JSON Schema of the file instead, for editors
        #[arg(long, display_order = 0)]
        schema: bool,
        #[command(flatten)]
        serve: Serve,
    },
    /// Asks the edge that runs here whether it is well
    #[command(after_help = help::AFTER_HEALTH)]
    Health {
        /// The admin side [default: 127.0.0.1:9180]
        #[arg(long, value_name = "ADDR")]
        admin: Option<String>,
        /// The configuration file that the edge was started with
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Makes what is stored of pages or tags obsolete
    #[command(after_help = help::AFTER_PURGE, override_usage = help::USE_PURGE)]
    Purge {
        #[command(flatten)]
        purge: purge::Typed,
        /// The edge's configuration file
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Says in plain words why a page is cached, or is not
    #[command(after_help = help::AFTER_EXPLAIN, override_usage = help::USE_EXPLAIN)]
    Explain {
        #[command(flatten)]
        explain: explain::Typed,
        /// The edge's configuration file
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Fills the cache after a deploy, and tells what could not be cached
    #[command(after_help = help::AFTER_WARM, override_usage = help::USE_WARM)]
    Warm {
        #[command(flatten)]
        warm: warm::Typed,
        /// The edge's configuration file
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Prints the file that tells the edge what a Next.js server invalidates
    #[command(after_help = help::AFTER_BRIDGE)]
    Bridge,
}

impl Options {
    fn flags(self, origin: Option<String>) -> Vec<Flag> {
        let named = [
            ("--listen", "server.listen", self.listen),
            ("--origin", "origin.url", origin),
            ("--admin", "admin.listen", self.admin),
            ("--next-dir", "next.dir", self.next_dir),
        ];
        let named = named
            .into_iter()
            .filter_map(|(name, key, value)| Some(Flag { name, key: key.into(), value: value? }));
        let set = self.set.into_iter().map(|(key, value)| Flag { name: "--set", key, value });
        named.chain(set).collect()
    }
}

/// Where a server listens: `host:port`, `http://host:port` or `unix:/path`.
fn address(text: &str) -> Result<OriginAddress, String> {
    let whole = match text {
        _ if text.contains("://") || text.starts_with("unix:") => text.to_owned(),
        _ => format!("http://{text}"),
    };
    whole.parse().map_err(|wrong: config::Wrong| format!("\n  {wrong};\n  {}", wrong.remedy()))
}

fn setting(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').ok_or("write section.key=value")?;
    Ok((key.trim().into(), value.into()))
}
