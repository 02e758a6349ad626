//! Where the vault is.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::config::Config;

/// What the environment says about folders.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    cache_directory: Option<OsString>,
    xdg_cache_home: Option<OsString>,
    home: Option<OsString>,
}

impl Environment {
    /// As a variable's name gives its value.
    pub fn read(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        Self {
            cache_directory: variable("CACHE_DIRECTORY"),
            xdg_cache_home: variable("XDG_CACHE_HOME"),
            home: variable("HOME"),
        }
    }
}

/// The folder that is configured, or one of this user's that bears the port that clients connect to.
///
/// The port and not the origin, since it stays when the application changes: a wrapped server has
/// another port at each start, and often another folder at each release. So no two edges of one
/// machine share a folder unless somebody says so; and if they did, the names under `/_next/static/`
/// change with the content, so that none could be taken for another.
///
/// No folder for temporary files: anybody may make one there in our name.
pub(super) fn of(config: &Config, environment: &Environment) -> Option<PathBuf> {
    if let Some(dir) = &config.vault.dir {
        return Some(dir.clone());
    }
    // XDG Base Directory Specification: a relative path is invalid and to be ignored. In a container
    // whose user has no name, HOME is the root.
    let folder = |value: &Option<OsString>| {
        let path = value.as_ref().map(PathBuf::from);
        path.filter(|path| path.is_absolute() && path.parent().is_some())
    };
    let cache = folder(&environment.cache_directory)
        .or_else(|| folder(&environment.xdg_cache_home).map(|cache| cache.join("selvedge")))
        .or_else(|| folder(&environment.home).map(|home| home.join(".cache/selvedge")))?;
    Some(cache.join("vault").join(config.server.listen.port().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_first_folder_that_is_named_and_the_port() {
        let systemd = ("CACHE_DIRECTORY", "/var/cache/edge");
        let xdg = ("XDG_CACHE_HOME", "/x");
        let home = ("HOME", "/home/a");
        for (variables, expected) in [
            (&[systemd, xdg, home][..], Some("/var/cache/edge/vault/8080")),
            (&[xdg, home], Some("/x/selvedge/vault/8080")),
            (&[("XDG_CACHE_HOME", "x"), home], Some("/home/a/.cache/selvedge/vault/8080")),
            (&[home], Some("/home/a/.cache/selvedge/vault/8080")),
            (&[("HOME", "/")], None),
            (&[("HOME", "")], None),
            (&[], None),
        ] {
            let value = |name: &str| variables.iter().find(|(known, _)| *known == name);
            let environment = Environment::read(|name| value(name).map(|(_, value)| value.into()));
            let place = of(&Config::default(), &environment);
            assert_eq!(place.as_deref(), expected.map(Path::new), "{variables:?}");
        }
    }

    #[test]
    fn a_folder_that_is_configured_is_taken_as_it_is() {
        let mut config = Config::default();
        config.vault.dir = Some("/data".into());
        assert_eq!(of(&config, &Environment::default()), Some("/data".into()));
    }
}
