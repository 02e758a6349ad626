//! Lists: in the file an array, elsewhere one text with commas between.

use super::{BadValue, Wrong};
use crate::config::given::{Content, Given};

/// Reads each member; all that are wrong are told.
pub(super) fn read<T>(
    given: &Given,
    member: impl Fn(&str) -> Result<T, Wrong>,
) -> Result<Vec<T>, Vec<BadValue>> {
    let members = match &given.content {
        Content::List(members) => members.clone(),
        Content::Text(text) => {
            let texts = text.split(',').map(str::trim).filter(|_| !text.trim().is_empty());
            texts.map(|text| Given::text(text, given.place.clone())).collect()
        }
        Content::Section => vec![given.clone()],
    };
    let (mut values, mut bad) = (Vec::new(), Vec::new());
    for given in members {
        let value = match &given.content {
            Content::Text(text) => member(text),
            Content::List(_) => Err(Wrong::List),
            Content::Section => Err(Wrong::Section),
        };
        match value {
            Ok(value) => values.push(value),
            Err(wrong) => bad.push(BadValue { place: given.place, wrong }),
        }
    }
    if bad.is_empty() { Ok(values) } else { Err(bad) }
}

/// The list as it stands in a file.
pub(super) fn print<T: std::fmt::Display>(values: &[T]) -> String {
    let members: Vec<String> = values.iter().map(|value| format!("\"{value}\"")).collect();
    format!("[{}]", members.join(", "))
}
