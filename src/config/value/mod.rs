//! The kinds of values: how each is read, and how it is printed in the form of the file.
//!
//! # Invariants
//! - What a kind prints, it reads back as the same value.
//! - Any text can be read: what is wrong is told, with the remedy.
//! - What is read is safe to use: no count of 0, nothing that a library refuses by a panic.

mod address;
mod base_path;
mod build_dir;
mod collector;
mod count;
mod duration;
mod edges;
mod error_page;
mod field_names;
mod filter;
mod folder;
mod list;
mod name;
mod network;
mod optional;
mod origin;
mod parameters;
mod share;
mod site;
mod size;
mod switch;
mod token;
mod word;
mod wrong;

pub(super) use address::{AdminAddress, ListenAddress, port};
pub(super) use base_path::BasePath;
pub(super) use count::Count;
pub(super) use duration::{PositiveTime, Time};
pub(super) use edges::Edges;
pub(super) use field_names::FieldNames;
pub(super) use filter::Filter;
pub(super) use folder::Folder;
pub(super) use name::Name;
pub(super) use network::Networks;
pub(super) use optional::{OrAuto, OrOff};
pub(super) use parameters::Parameters;
pub(super) use share::Share;
pub(super) use site::Site;
pub(super) use size::{HeadSize, Size};
pub(super) use switch::Switch;
pub(super) use token::Token;
pub use wrong::Wrong;

use serde_json::Value as Json;

use super::given::{Content, Given};
use super::place::Place;

/// A kind of values that are given as one text or as a list of them.
pub(super) trait Kind {
    /// What is made of it.
    type Value;

    /// Reads a value; what is wrong with it is told together with where it stands.
    fn read(given: &Given) -> Result<Self::Value, Vec<BadValue>>;

    /// The value as it stands in a file.
    fn print(value: &Self::Value) -> String;

    /// What the file may say, as JSON Schema. It may let something pass that [`read`](Self::read)
    /// refuses, never the other way round for what is written as the reference does.
    fn schema() -> Json;
}

/// A kind of values that are given as one text.
pub(super) trait Text {
    /// What is made of it.
    type Value;

    /// Reads a value.
    fn parse(text: &str) -> Result<Self::Value, Wrong>;

    /// The value as it stands in a file.
    fn print(value: &Self::Value) -> String;

    /// As [`Kind::schema`].
    fn schema() -> Json;
}

impl<T: Text> Kind for T {
    type Value = T::Value;

    fn read(given: &Given) -> Result<Self::Value, Vec<BadValue>> {
        match &given.content {
            Content::Text(text) => T::parse(text),
            Content::List(_) => Err(Wrong::List),
            Content::Section => Err(Wrong::Section),
        }
        .map_err(|wrong| vec![BadValue { place: given.place.clone(), wrong }])
    }

    fn print(value: &Self::Value) -> String {
        T::print(value)
    }

    fn schema() -> Json {
        T::schema()
    }
}

/// A value that cannot be used, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadValue {
    pub(super) place: Place,
    pub(super) wrong: Wrong,
}

/// Text as it stands in a file.
fn quoted(text: &str) -> String {
    toml::Value::String(text.into()).to_string()
}

#[cfg(test)]
mod testing {
    use super::*;
    use crate::config::mistake::Problem;

    /// What is told about a text: what is wrong, and the remedy.
    pub(super) fn told<T: Text>(text: &str) -> String {
        match T::parse(text) {
            Ok(value) => panic!("{text:?} was read as {}", T::print(&value)),
            Err(wrong) => {
                let problem = Problem::Value { key: "a.b", wrong };
                format!("{problem}; {}", problem.remedy())
            }
        }
    }

    /// What a text is printed as once it was read.
    pub(super) fn printed<T: Text>(text: &str) -> String {
        let value = T::parse(text).unwrap_or_else(|wrong| panic!("{text:?}: {wrong}"));
        T::print(&value)
    }
}
