//! Whole configurations: what is read, which source counts, and what mistakes look like.

mod docs;
mod precedence;
mod reference;
mod rendering;
mod schema;

use super::file::NamedFile;
use super::load::judge;
use super::*;

/// A file that stands nowhere.
fn file(text: &str) -> NamedFile {
    NamedFile { path: "selvedge.toml".into(), content: Ok(text.into()) }
}

fn sources(environment: &[(&str, &str)], flags: &[Flag]) -> Sources {
    let environment = environment.iter().map(|(name, value)| (name.into(), value.into()));
    Sources { environment: environment.collect(), flags: flags.to_vec(), ..Sources::default() }
}

fn flag(name: &'static str, key: &str, value: &str) -> Flag {
    Flag { name, key: key.into(), value: value.into() }
}

fn set(key: &str, value: &str) -> Flag {
    flag("--set", key, value)
}
