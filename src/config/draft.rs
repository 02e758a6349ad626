//! A configuration while its sources are being read, the weakest first.

use std::collections::BTreeMap;

use super::Config;
use super::given::Given;
use super::keys::Key;
use super::mistake::{Mistake, Problem};
use super::place::Place;

/// What has been read so far.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) config: Config,
    /// Where the value of a key is from, unless it is the default.
    pub(super) places: BTreeMap<&'static str, Place>,
    pub(super) mistakes: Vec<Mistake>,
}

impl Draft {
    /// Takes a value in the place of what a weaker source said.
    pub(super) fn set(&mut self, key: &'static Key, given: &Given) {
        match (key.set)(&mut self.config, given) {
            Ok(()) => {
                self.places.insert(key.path, given.place.clone());
            }
            Err(bad_values) => {
                for bad in bad_values {
                    let problem = Problem::Value { key: key.path, wrong: bad.wrong };
                    self.mistake(bad.place, problem);
                }
            }
        }
    }

    pub(super) fn mistake(&mut self, place: Place, problem: Problem) {
        self.mistakes.push(Mistake { place, problem });
    }
}
