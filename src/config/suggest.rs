//! Names that nobody knows, and what was probably meant by them.

use super::keys::{self, KEYS, Key, SECTIONS};
use super::mistake::Problem;

/// A section that there is not.
pub(super) fn section(name: &str) -> Problem {
    let remedy = match nearest(name, SECTIONS.iter().copied()) {
        Some(section) => format!("did you mean [{section}]?"),
        None => sections(),
    };
    Problem::Unknown { what: format!("section [{name}]"), remedy }
}

/// A key that a section of the file has not.
pub(super) fn key_in_section(section: &str, name: &str) -> Problem {
    let meant = similar(section, name).into_iter().map(|key| {
        if key.section == section {
            return format!("{:?}", key.name);
        }
        format!("{:?} in [{}]", key.name, key.section)
    });
    let remedy = did_you_mean(meant).unwrap_or_else(|| {
        let names: Vec<&str> = keys::in_section(section).map(|key| key.name).collect();
        format!("the keys of [{section}] are {}", names.join(", "))
    });
    Problem::Unknown { what: format!("key {name:?} in [{section}]"), remedy }
}

/// A key of the file above all sections.
pub(super) fn key_without_section(name: &str) -> Problem {
    let meant = similar("", name).into_iter();
    let meant = meant.map(|key| format!("{:?} in [{}]", key.name, key.section));
    let remedy = did_you_mean(meant).unwrap_or_else(sections);
    Problem::Unknown { what: format!("key {name:?} outside of the sections"), remedy }
}

/// A key of `--set` that there is not.
pub(super) fn path(path: &str) -> Problem {
    let (section, name) = path.split_once('.').unwrap_or(("", path));
    let meant = similar(section, name).into_iter().map(|key| format!("{:?}", key.path));
    let remedy = did_you_mean(meant).unwrap_or_else(all_keys);
    Problem::Unknown { what: format!("key {path:?}"), remedy }
}

/// A variable `SELVEDGE_…` that there is not.
pub(super) fn variable(name: &str) -> Problem {
    let lower = name.trim_start_matches("SELVEDGE_").to_ascii_lowercase();
    let meant = match lower.as_str() {
        "port" => vec!["SELVEDGE_SERVER_LISTEN".into(), "PORT".into()],
        _ => {
            let (section, key) = lower.split_once('_').unwrap_or(("", &lower));
            // Without its section a name may begin with what looks like one: SELVEDGE_MAX_ENTRY.
            let found = [similar("", &lower), similar(section, key)];
            let found = found.into_iter().find(|keys| !keys.is_empty()).unwrap_or_default();
            found.into_iter().map(Key::variable).collect()
        }
    };
    let remedy = did_you_mean(meant.into_iter()).unwrap_or_else(all_keys);
    Problem::Unknown { what: "such variable".into(), remedy }
}

fn did_you_mean(meant: impl Iterator<Item = String>) -> Option<String> {
    let meant: Vec<String> = meant.collect();
    (!meant.is_empty()).then(|| format!("did you mean {}?", meant.join(" or ")))
}

fn sections() -> String {
    let headers: Vec<String> = SECTIONS.iter().map(|name| format!("[{name}]")).collect();
    format!("the sections are {}", headers.join(", "))
}

fn all_keys() -> String {
    "`selvedge check` without it lists every key".into()
}

/// The keys that may have been meant: the nearest in this section, else the nearest anywhere.
fn similar(section: &str, name: &str) -> Vec<&'static Key> {
    let section = nearest(section, SECTIONS.iter().copied()).unwrap_or_default();
    let nearest_within = nearest(name, keys::in_section(section).map(|key| key.name));
    if let Some(name) = nearest_within {
        return keys::in_section(section).filter(|key| key.name == name).collect();
    }
    let nearest_anywhere = nearest(name, KEYS.iter().map(|key| key.name));
    KEYS.iter().filter(|key| Some(key.name) == nearest_anywhere).collect()
}

/// The known name that is nearest, if one is near enough to be meant: at most a third of the
/// letters differ.
pub(crate) fn nearest<'a>(
    unknown: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = (unknown.chars().count() / 3).max(1);
    let near = known.into_iter().map(|name| (distance(unknown, name), name));
    near.filter(|(distance, _)| *distance <= limit).min().map(|(_, name)| name)
}

/// Levenshtein's distance: how many letters to add, to leave out or to replace.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    // row[n] is the distance from what has been read of `from` to the first n letters of `to`.
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], index + 1);
        for (n, other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[n + 1];
            row[n + 1] = replaced.min(diagonal + 1).min(row[n] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_near_is_suggested() {
        let known = ["listen", "deadline", "max_headers", "max_header_bytes"];
        for (unknown, expected) in [
            ("listen", Some("listen")),
            ("listne", Some("listen")),
            ("dead_line", Some("deadline")),
            ("max_header", Some("max_headers")),
            ("maxheaderbytes", Some("max_header_bytes")),
            ("timeout", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(unknown, known), expected, "{unknown}");
        }
    }

    fn meant(problem: Problem) -> String {
        let remedy = problem.remedy();
        format!("{problem}; {remedy}")
    }

    #[test]
    fn each_source_is_told_in_its_own_words() {
        for (told, expected) in [
            (section("sever"), "there is no section [sever]; did you mean [server]?"),
            (
                section("http"),
                "there is no section [http]; the sections are \
                 [server], [origin], [cache], [compression], [rules], [next], [vault], [warm], [child], [admin], \
                 [errors], [log], [traces]",
            ),
            (
                key_in_section("cache", "max_entri"),
                "there is no key \"max_entri\" in [cache]; did you mean \"max_entry\"?",
            ),
            (
                key_in_section("cache", "deadline"),
                "there is no key \"deadline\" in [cache]; did you mean \"deadline\" in [server]?",
            ),
            (
                key_in_section("admin", "colour"),
                "there is no key \"colour\" in [admin]; the keys of [admin] are listen, token, purge_method",
            ),
            (
                key_without_section("listen"),
                "there is no key \"listen\" outside of the sections; \
                 did you mean \"listen\" in [server] or \"listen\" in [admin]?",
            ),
            (
                path("cach.max_entry"),
                "there is no key \"cach.max_entry\"; did you mean \"cache.max_entry\"?",
            ),
            (
                path("colour"),
                "there is no key \"colour\"; `selvedge check` without it lists every key",
            ),
            (
                variable("SELVEDGE_CACHE_MAX_ENTRI"),
                "there is no such variable; did you mean SELVEDGE_CACHE_MAX_ENTRY?",
            ),
            (
                variable("SELVEDGE_MAX_ENTRY"),
                "there is no such variable; did you mean SELVEDGE_CACHE_MAX_ENTRY?",
            ),
            (
                variable("SELVEDGE_LISTEN"),
                "there is no such variable; \
                 did you mean SELVEDGE_SERVER_LISTEN or SELVEDGE_ADMIN_LISTEN?",
            ),
            (
                variable("SELVEDGE_PORT"),
                "there is no such variable; did you mean SELVEDGE_SERVER_LISTEN or PORT?",
            ),
            (
                variable("SELVEDGE_"),
                "there is no such variable; `selvedge check` without it lists every key",
            ),
        ] {
            assert_eq!(meant(told), expected);
        }
    }

    #[test]
    fn the_key_that_was_meant_is_found() {
        for (section, name, expected) in [
            ("cache", "max_entri", &["cache.max_entry"][..]),
            ("cach", "max_entry", &["cache.max_entry"]),
            ("cache", "deadline", &["server.deadline"]),
            ("cache", "listen", &["server.listen", "admin.listen"]),
            ("nonsense", "deadlin", &["server.deadline"]),
            ("", "base_path", &["next.base_path"]),
            ("cache", "colour", &[]),
        ] {
            let paths: Vec<&str> = similar(section, name).iter().map(|key| key.path).collect();
            assert_eq!(paths, expected, "{section}.{name}");
        }
    }

    proptest! {
        #[test]
        fn the_distance_is_a_distance(a in ".{0,8}", b in ".{0,8}", c in ".{0,8}") {
            prop_assert_eq!(distance(&a, &b), distance(&b, &a));
            prop_assert_eq!(distance(&a, &b) == 0, a == b);
            prop_assert!(distance(&a, &c) <= distance(&a, &b) + distance(&b, &c));
        }
    }
}
