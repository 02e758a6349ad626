//! The configuration file as JSON Schema: for editors, which complete keys and show what they mean.

use serde_json::{Map, Value, json};

use super::Config;
use super::keys::{self, Key, SECTIONS};

/// What editors show of a key stands where operators read it.
pub(super) const REFERENCE: &str = include_str!("../../config/selvedge.toml");

/// The whole file, as JSON Schema (draft 7), with the end of its last line.
pub fn schema() -> String {
    let sections: Map<_, _> = SECTIONS.iter().map(|name| ((*name).into(), section(name))).collect();
    let whole = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Selvedge",
        "type": "object",
        "additionalProperties": false,
        "properties": sections,
    });
    format!("{whole:#}\n")
}

fn section(name: &str) -> Value {
    let keys: Map<_, _> =
        keys::in_section(name).map(|key| (key.name.into(), described(key))).collect();
    let description = said(&format!("[{name}]"));
    json!({
        "type": "object",
        "description": description,
        "additionalProperties": false,
        "properties": keys,
    })
}

fn described(key: &Key) -> Value {
    let mut schema = (key.schema)();
    let line = format!("{} = {}", key.name, (key.print)(&Config::default()));
    let section = REFERENCE.find(&format!("\n[{}]\n", key.section)).unwrap_or_default();
    let mut description = said_in(&REFERENCE[section..], &format!("# {line}"));
    if key.needs_restart {
        description.push_str(" Another value waits for a restart.");
    }
    if let Value::Object(schema) = &mut schema {
        schema.insert("description".into(), description.into());
        let default = toml::from_str::<Map<_, _>>(&line).ok();
        schema.extend(default.into_iter().flatten().map(|(_, value)| ("default".into(), value)));
    }
    schema
}

fn said(line: &str) -> String {
    said_in(REFERENCE, line)
}

/// The comment above a line.
fn said_in(text: &str, line: &str) -> String {
    let before = text.lines().take_while(|other| *other != line).collect::<Vec<_>>();
    let comment = before.iter().rev().map_while(|line| line.strip_prefix("# "));
    let mut words: Vec<&str> = comment.collect();
    words.reverse();
    words.join(" ")
}
