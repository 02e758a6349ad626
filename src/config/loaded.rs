//! A checked configuration that still knows where each of its values is from.

use std::collections::BTreeMap;
use std::fmt;

use super::Config;
use super::draft::Draft;
use super::keys::{KEYS, SECTIONS, in_section};
use super::place::Place;

/// A checked configuration. Displayed, it is a file that says the same, in which each line tells
/// where its value is from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    places: BTreeMap<&'static str, Place>,
}

/// The value of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<'a> {
    /// The key, as `section.key`.
    pub key: &'static str,
    /// The value, in the form of the file.
    pub value: String,
    /// Where it is from; `None` is the default.
    pub place: Option<&'a Place>,
}

impl Loaded {
    pub(super) fn new(draft: Draft) -> Self {
        Self { config: draft.config, places: draft.places }
    }

    /// Every key with its value, in the order of the reference.
    pub fn settings(&self) -> impl Iterator<Item = Setting<'_>> {
        KEYS.iter().map(|key| Setting {
            key: key.path,
            value: (key.print)(&self.config),
            place: self.places.get(key.path),
        })
    }
}

/// As wide as the widest default, so that the places stand below each other.
const WIDTH: usize = 31;

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, section) in SECTIONS.iter().enumerate() {
            let blank = if index == 0 { "" } else { "\n" };
            writeln!(f, "{blank}[{section}]")?;
            for key in in_section(section) {
                let setting = format!("{} = {}", key.name, (key.print)(&self.config));
                match self.places.get(key.path) {
                    Some(place) => writeln!(f, "{setting:WIDTH$} # {place}")?,
                    None => writeln!(f, "{setting:WIDTH$} # default")?,
                }
            }
        }
        Ok(())
    }
}
