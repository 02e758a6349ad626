//! From what the operator said to a checked [`Config`](super::Config), or to all of his mistakes.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use super::draft::Draft;
use super::file::NamedFile;
use super::given::Given;
use super::mistake::{Mistakes, Problem};
use super::place::Place;
use super::{Loaded, environment, file, keys, rules, suggest};

/// All that the operator said, and not yet checked.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file that a flag names. Without one, `SELVEDGE_CONFIG` may name it; else there is none.
    pub file: Option<PathBuf>,
    /// The whole environment; what is not ours is left alone.
    pub environment: Vec<(OsString, OsString)>,
    /// What flags say, in their order.
    pub flags: Vec<Flag>,
    /// Whether `origin.url` counts for nothing: a wrapped server has an address of its own.
    pub origin_unused: bool,
}

/// A value that a flag gives to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The flag: `--listen`, or `--set`.
    pub name: &'static str,
    /// The key, as `section.key`.
    pub key: String,
    /// The value.
    pub value: String,
}

impl Sources {
    /// The file that is read, if one is.
    pub fn path(&self) -> Option<PathBuf> {
        self.file.clone().or_else(|| environment::file(&self.environment))
    }
}

/// Reads all sources, the weakest first: defaults, file, environment, flags.
pub fn load(sources: &Sources) -> Result<Loaded, Mistakes> {
    judge(sources, sources.path().map(NamedFile::open).as_ref())
}

/// As [`load`], once the file has been read into memory. Pure.
pub(super) fn judge(sources: &Sources, file: Option<&NamedFile>) -> Result<Loaded, Mistakes> {
    let mut draft = Draft::default();
    if let Some(file) = file {
        file::read(&mut draft, file);
    }
    environment::read(&mut draft, &sources.environment);
    read_flags(&mut draft, &sources.flags);
    rules::check(&mut draft, !sources.origin_unused);
    if draft.mistakes.is_empty() { Ok(Loaded::new(draft)) } else { Err(Mistakes(draft.mistakes)) }
}

/// No flag is weaker than another: a key that two of them give is a mistake.
fn read_flags(draft: &mut Draft, flags: &[Flag]) {
    let mut seen: BTreeMap<&'static str, &'static str> = BTreeMap::new();
    for flag in flags {
        let Some(key) = keys::find(&flag.key) else {
            draft.mistake(flag.key_place(), suggest::path(&flag.key));
            continue;
        };
        if let Some(first) = seen.insert(key.path, flag.name) {
            let problem = Problem::Twice { key: key.path, first, second: flag.name };
            draft.mistake(flag.key_place(), problem);
        }
        draft.set(key, &Given::typed(&flag.value, flag.value_place()));
    }
}

impl Flag {
    fn value_place(&self) -> Place {
        match self.name {
            "--set" => Place::set(&self.key, &self.value),
            name => Place::flag(name, &self.value),
        }
    }

    fn key_place(&self) -> Place {
        match self.name {
            "--set" => Place::set_key(&self.key, &self.value),
            name => Place::flag(name, &self.value),
        }
    }
}
