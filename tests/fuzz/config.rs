//! The configuration's file, as a file.

use std::io::Write;
use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use selvedge::config::{Flag, Sources, load};

/// A file that is gone with the test.
struct TempFile(PathBuf);

impl TempFile {
    fn with(name: &str, content: &[u8]) -> Self {
        let path =
            std::env::temp_dir().join(format!("selvedge-fuzz-{name}-{}.toml", std::process::id()));
        std::fs::File::create(&path).unwrap().write_all(content).unwrap();
        Self(path)
    }

    fn sources(&self) -> Sources {
        Sources { file: Some(self.0.clone()), ..Sources::default() }
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

const REFERENCE: &str = include_str!("../../config/selvedge.toml");

/// The reference's settings, switched on: a file that says every key.
fn every_setting() -> Vec<String> {
    let settings = REFERENCE.lines().filter_map(|line| {
        let setting = line.strip_prefix("# ").filter(|setting| setting.contains(" = "))?;
        let name = setting.split(" = ").next()?;
        let is_key = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        is_key.then_some(setting)
    });
    settings.map(str::to_owned).collect()
}

/// Values of every kind, most of them good for some key.
const VALUES: &[&str] = &[
    "auto",
    "off",
    "on",
    "json",
    "0",
    "1",
    "64",
    "10000",
    "5s",
    "1m30s",
    "0s",
    "300ms",
    "64KiB",
    "8KiB",
    "1GiB",
    "25%",
    "127.0.0.1:0",
    ":8080",
    "[::1]:80",
    "unix:/tmp/x",
    "http://127.0.0.1:3000",
    "/docs",
    "/",
    "10.0.0.0/8",
    "::1",
    "info,selvedge=debug",
    "-1",
    "9999999999999999999s",
    "\u{e4}",
];

proptest! {
    #[test]
    fn a_file_of_any_bytes_is_read_or_refused_in_words(
        lines in vec(prop_oneof![
            4 => select(every_setting()),
            2 => "\\[(server|origin|cache|next|log|admin|child)\\]",
            2 => "[a-z_]{1,9} = (\"[^\"\n]{0,9}\"|[0-9]{1,20}|\\[.{0,9}\\]|true|'.{0,3}')",
            1 => "\\PC{0,12}",
        ], 0..12),
        noise in vec(any::<u8>(), 0..4), at in any::<prop::sample::Index>(),
    ) {
        let mut content = lines.join("\n").into_bytes();
        let at = at.index(content.len() + 1);
        content.splice(at..at, noise);
        let file = TempFile::with("bytes", &content);
        match load(&file.sources()) {
            Ok(loaded) => prop_assert!(loaded.to_string().contains("[server]")),
            Err(mistakes) => {
                let told = mistakes.to_string();
                prop_assert!(told.starts_with("error: "), "{told}");
            }
        }
    }

    #[test]
    fn what_is_printed_of_a_configuration_is_a_file_that_says_the_same(
        given in vec((any::<prop::sample::Index>(), select(VALUES)), 0..5),
    ) {
        let defaults = load(&Sources { origin_unused: true, ..Sources::default() }).unwrap();
        let keys: Vec<_> = defaults.settings().map(|setting| setting.key).collect();
        let flags = given.iter().map(|(key, value)| Flag {
            name: "--set",
            key: keys[key.index(keys.len())].to_owned(),
            value: (*value).to_owned(),
        });
        let sources = Sources { flags: flags.collect(), ..Sources::default() };
        let Ok(loaded) = load(&sources) else { return Ok(()) };
        let file = TempFile::with("printed", loaded.to_string().as_bytes());
        let again = load(&file.sources()).map_err(|mistakes| TestCaseError::fail(mistakes.to_string()))?;
        let said = |loaded: &selvedge::config::Loaded| {
            loaded.settings().map(|setting| (setting.key, setting.value)).collect::<Vec<_>>()
        };
        prop_assert_eq!(said(&again), said(&loaded));
    }
}
