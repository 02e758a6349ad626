//! What clap cannot understand, and the tips that it cannot give.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Answer;
use crate::config;
use crate::exit;

const VERBS: [&str; 7] = ["demo", "check", "health", "purge", "explain", "warm", "bridge"];

pub(super) fn answer(mut error: clap::Error, arguments: &[OsString]) -> Answer {
    let exit = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => exit::OK,
        _ => exit::USAGE,
    };
    if error.kind() == ErrorKind::UnknownArgument {
        // "To pass it as a value, write two dashes": it would be wrapped as a command.
        error.remove(ContextKind::Suggested);
    }
    let tip = tip(&error, arguments).map_or_else(String::new, |tip| format!("\nTip: {tip}\n"));
    Answer { text: error.to_string() + &tip, exit }
}

fn tip(error: &clap::Error, arguments: &[OsString]) -> Option<String> {
    let ContextValue::String(wrong) = error.get(ContextKind::InvalidArg)? else { return None };
    let in_verb = VERBS.iter().any(|verb| arguments.get(1).is_some_and(|first| first == verb));
    match error.kind() {
        ErrorKind::ArgumentConflict if wrong.starts_with("--origin") => {
            Some("a wrapped server is given a port by the edge, leave --origin out".into())
        }
        ErrorKind::UnknownArgument if VERBS.contains(&wrong.as_str()) => {
            Some(format!("the verb comes first, as in `selvedge {wrong} --listen 8080`"))
        }
        ErrorKind::UnknownArgument if !in_verb && !wrong.starts_with('-') => {
            Some(match config::nearest(wrong, VERBS) {
                Some(verb) => format!("did you mean `selvedge {verb}`?"),
                None => format!(
                    "to wrap a server, write `selvedge -- {wrong} ...`\n     (the verbs are {})",
                    VERBS.join(", ")
                ),
            })
        }
        _ => None,
    }
}
