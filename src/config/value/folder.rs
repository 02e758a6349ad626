//! A folder of this machine.

use std::path::PathBuf;

use serde_json::{Value as Json, json};

use super::{Text, Wrong, quoted};

/// A whole path: what a relative one means depends on who starts us, and a wrapped server is often
/// started in the folder of its release.
pub(in crate::config) enum Folder {}

impl Text for Folder {
    type Value = PathBuf;

    fn parse(text: &str) -> Result<PathBuf, Wrong> {
        if text.starts_with('/') && !text.contains('\0') {
            return Ok(text.into());
        }
        Err(Wrong::Not {
            text: text.into(),
            what: "a whole path",
            expected: "it from the root, as in \"/var/cache/selvedge\"",
        })
    }

    fn print(value: &PathBuf) -> String {
        quoted(&value.to_string_lossy())
    }

    fn schema() -> Json {
        json!({"type": "string", "pattern": "^/"})
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{printed, told};
    use super::*;

    #[test]
    fn a_folder_is_named_from_the_root() {
        assert_eq!(printed::<Folder>("/var/cache/a b"), "\"/var/cache/a b\"");
        for text in ["", "vault", "./vault", "~/vault", "/a\0b"] {
            let expected = format!(
                "{text:?} is not a whole path; \
                 write it from the root, as in \"/var/cache/selvedge\""
            );
            assert_eq!(told::<Folder>(text), expected);
        }
    }
}
