//! The environment: each key as `SELVEDGE_<SECTION>_<KEY>`, and `PORT`.
//!
//! Variables of ours that nobody knows are mistakes. Not ours, though they begin like that:
//! - `SELVEDGE_CONFIG`, the path of the file;
//! - `SELVEDGE_URL` and `SELVEDGE_TOKEN`, which the bridge reads: whoever runs a verb from the server's
//!   environment has them too;
//! - what Kubernetes tells every pod about a service by the name of `selvedge` or `selvedge-…`.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::draft::Draft;
use super::given::Given;
use super::keys::{KEYS, Key};
use super::mistake::Problem;
use super::place::Place;
use super::suggest;
use super::value::{Wrong, port};

/// The path of the file, unless a flag names one.
const FILE: &str = "SELVEDGE_CONFIG";

/// What begins like ours, and is no key.
const OTHERS: [&str; 3] = [FILE, "SELVEDGE_URL", "SELVEDGE_TOKEN"];

/// Hosting platforms tell with it where to listen. It changes the port and leaves the address.
const PORT: &str = "PORT";

/// The file that the environment names. An empty name is none, as `${FILE:-}` makes it.
pub(super) fn file(environment: &[(OsString, OsString)]) -> Option<PathBuf> {
    let (_, path) = environment.iter().find(|(name, path)| name == FILE && !path.is_empty())?;
    Some(path.into())
}

/// Reads the variables that are ours.
pub(super) fn read(draft: &mut Draft, environment: &[(OsString, OsString)]) {
    let mut variables: BTreeMap<_, &OsStr> = environment
        .iter()
        .map(|(name, value)| (name.to_string_lossy(), value.as_os_str()))
        .filter(|(name, _)| name == PORT || name.starts_with("SELVEDGE_"))
        .filter(|(name, _)| !OTHERS.contains(&name.as_ref()))
        .collect();
    if let Some(value) = variables.remove(PORT) {
        read_port(draft, value);
    }
    for key in KEYS {
        let name = key.variable();
        if let Some(value) = variables.remove(name.as_str()) {
            read_key(draft, key, &name, value);
        }
    }
    for (name, value) in variables {
        if !is_service_link(&name, &value.to_string_lossy()) {
            draft.mistake(Place::variable_name(&name), suggest::variable(&name));
        }
    }
}

fn read_key(draft: &mut Draft, key: &'static Key, name: &str, value: &OsStr) {
    match value.to_str() {
        Some(text) => draft.set(key, &Given::typed(text, Place::variable(name, text))),
        None => {
            let place = Place::variable(name, &value.to_string_lossy());
            draft.mistake(place, Problem::Value { key: key.path, wrong: Wrong::NotUtf8 });
        }
    }
}

/// An empty `PORT` says nothing, as everywhere: it is not a variable of ours.
fn read_port(draft: &mut Draft, value: &OsStr) {
    let text = value.to_string_lossy();
    let place = Place::variable(PORT, &text);
    let key = "server.listen";
    match port(&text) {
        Some(port) => {
            draft.config.server.listen.set_port(port);
            draft.places.insert(key, place);
        }
        None if text.is_empty() => {}
        None => {
            let expected = "a number up to 65535, or do without it";
            let wrong = Wrong::Not { text: text.into(), what: "a port", expected };
            draft.mistake(place, Problem::Value { key, wrong });
        }
    }
}

/// Whether Kubernetes made the variable: `SELVEDGE_SERVICE_HOST`, `SELVEDGE_PORT=tcp://10.0.0.1:80`,
/// `SELVEDGE_ADMIN_PORT_9180_TCP_ADDR`, … No key has such a name. They are there unless
/// `enableServiceLinks: false` stands in the pod's specification.
fn is_service_link(name: &str, value: &str) -> bool {
    if name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT") {
        return true;
    }
    // SELVEDGE_SERVICE_PORT_HTTP: a port that has a name.
    if name.contains("_SERVICE_PORT_") {
        return port(value).is_some();
    }
    let Some((_, after)) = name.rsplit_once("_PORT_") else {
        return name.ends_with("_PORT") && value.contains("://");
    };
    let mut parts = after.split('_');
    parts.next().is_some_and(|number| port(number).is_some())
        && parts.next().is_some_and(|protocol| ["TCP", "UDP", "SCTP"].contains(&protocol))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(variables: &[(&str, &str)]) -> Draft {
        let mut draft = Draft::default();
        let pairs = variables.iter().map(|(name, value)| (name.into(), value.into()));
        read(&mut draft, &pairs.collect::<Vec<_>>());
        draft
    }

    #[test]
    fn only_variables_of_ours_are_read() {
        let draft = read_all(&[
            ("PATH", "/bin"),
            ("selvedge_nonsense", "1"),
            ("SELVEDGES", "1"),
            ("SELVEDGE_CONFIG", "f"),
            ("SELVEDGE_URL", "http://127.0.0.1:9180"),
            ("SELVEDGE_TOKEN", "secret"),
            ("SELVEDGE_CACHE_CAPACITY", "1GiB"),
        ]);
        assert_eq!(draft.mistakes, []);
        assert_eq!(draft.config.cache.capacity, Some(1 << 30));
    }

    #[test]
    fn what_kubernetes_says_about_services_is_no_mistake() {
        let draft = read_all(&[
            ("SELVEDGE_PORT", "tcp://10.0.0.11:80"),
            ("SELVEDGE_PORT_80_TCP", "tcp://10.0.0.11:80"),
            ("SELVEDGE_PORT_80_TCP_ADDR", "10.0.0.11"),
            ("SELVEDGE_PORT_80_TCP_PORT", "80"),
            ("SELVEDGE_PORT_80_TCP_PROTO", "tcp"),
            ("SELVEDGE_SERVICE_HOST", "10.0.0.11"),
            ("SELVEDGE_SERVICE_PORT", "80"),
            ("SELVEDGE_SERVICE_PORT_HTTP", "80"),
            ("SELVEDGE_ADMIN_PORT", "tcp://10.0.0.11:80"),
            ("SELVEDGE_ADMIN_SERVICE_HOST", "10.0.0.11"),
        ]);
        assert_eq!(draft.mistakes, []);
    }

    #[test]
    fn what_only_looks_like_that_is_one() {
        for (name, value) in [
            ("SELVEDGE_PORT", "8080"),
            ("SELVEDGE_PORT_X", "80"),
            ("SELVEDGE_PORT_80_HTTP", "80"),
            ("SELVEDGE_SERVICE_PORT_X", "x"),
            ("SELVEDGE_", ""),
        ] {
            assert_eq!(read_all(&[(name, value)]).mistakes.len(), 1, "{name}");
        }
    }

    #[test]
    fn port_sets_the_port_alone() {
        let listen = |variables: &[(&str, &str)]| {
            let draft = read_all(variables);
            (draft.config.server.listen.to_string(), draft.mistakes.len())
        };
        for (port, expected, mistakes) in [
            ("3000", "0.0.0.0:3000", 0),
            ("", "0.0.0.0:8080", 0),
            ("tcp://10.0.0.1", "0.0.0.0:8080", 1),
            ("65536", "0.0.0.0:8080", 1),
        ] {
            assert_eq!(listen(&[("PORT", port)]), (expected.into(), mistakes), "{port}");
        }
        let both = [("PORT", "3000"), ("SELVEDGE_SERVER_LISTEN", "127.0.0.1:1")];
        assert_eq!(listen(&both), ("127.0.0.1:1".into(), 0));
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_are_told() {
        use std::os::unix::ffi::OsStrExt;
        let mut draft = Draft::default();
        let strange = OsStr::from_bytes(b"\xff").to_os_string();
        let variables = [
            ("SELVEDGE_LOG_LEVEL".into(), strange.clone()),
            (OsStr::from_bytes(b"SELVEDGE_\xff").into(), "".into()),
            ("PORT".into(), strange.clone()),
            (strange, "".into()),
        ];
        read(&mut draft, &variables);
        assert_eq!(draft.mistakes.len(), 3);
    }
}
