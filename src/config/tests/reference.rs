//! `config/selvedge.toml` and the code say the same.

use super::*;

pub(super) use crate::config::schema::REFERENCE;

/// `# key = value`: whoever removes the first two characters has it in force.
fn commented(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix("# ")?.split_once(" = ")?;
    name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_').then_some((name, value))
}

/// What stands in the reference, as `section.key = value`.
fn reference() -> Vec<String> {
    let mut section = "";
    let mut found = Vec::new();
    for line in REFERENCE.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
        } else if let Some((name, value)) = commented(line) {
            found.push(format!("{section}.{name} = {value}"));
        } else {
            assert!(line.is_empty() || line.starts_with('#'), "{line:?} is in force");
        }
    }
    found
}

/// The reference with all its lines in force.
pub(super) fn in_force() -> String {
    let in_force = |line| if commented(line).is_some() { &line[2..] } else { line };
    REFERENCE.lines().map(in_force).collect::<Vec<&str>>().join("\n")
}

#[test]
fn every_key_stands_in_the_reference_with_its_default_and_nothing_else_does() {
    let default = Config::default();
    let said = |key: &keys::Key| format!("{} = {}", key.path, (key.print)(&default));
    assert_eq!(reference(), keys::KEYS.iter().map(said).collect::<Vec<_>>());
}

#[test]
fn the_reference_names_what_waits_for_a_restart() {
    let told = REFERENCE.lines().skip_while(|line| !line.ends_with("wait for a restart:")).skip(1);
    let told: Vec<&str> = told.map_while(|line| line.strip_prefix("#   ")).collect();
    let of_section = |section: &&str| {
        let (waiting, live): (Vec<_>, Vec<_>) =
            keys::in_section(section).partition(|key| key.needs_restart);
        let names: Vec<_> = waiting.iter().map(|key| key.name).collect();
        let names = if live.is_empty() { "all".into() } else { names.join(", ") };
        (!waiting.is_empty()).then(|| format!("{section}: {names}"))
    };
    assert_eq!(told, keys::SECTIONS.iter().filter_map(of_section).collect::<Vec<_>>());
}

#[test]
fn with_all_its_lines_in_force_the_reference_is_the_default() {
    let loaded = judge(&Sources::default(), Some(&file(&in_force()))).unwrap();
    assert_eq!(loaded.config, Config::default());
    assert!(loaded.settings().all(|setting| setting.place.is_some()));
}

#[test]
fn the_reference_fits_a_terminal() {
    let wide: Vec<&str> = REFERENCE.lines().filter(|line| line.len() > 80).collect();
    assert_eq!(wide, [""; 0]);
}
