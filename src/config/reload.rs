//! From one configuration to the next, while an edge runs: what takes effect, and what does not yet.

use super::Config;
use super::keys::{KEYS, Key};
use super::rules;

/// What becomes of a configuration that is read again.
#[derive(Clone, Debug, PartialEq)]
pub struct Reload {
    /// What an edge is to go by from now on.
    pub config: Config,
    /// The keys that have another value now.
    pub applied: Vec<&'static str>,
    /// The keys that are to have another value, and keep the one they have until a restart.
    pub waiting: Vec<&'static str>,
}

impl Reload {
    /// What becomes of `new` in an edge that was started with `started` and goes by `running`. (The
    /// two differ in what an edge finds out by itself, such as the application's `basePath`.)
    pub fn of(started: &Config, running: &Config, new: &Config) -> Self {
        let mut config = new.clone();
        let is_other = |key: &Key, than: &Config| (key.print)(than) != (key.print)(new);
        let (mut applied, mut waiting) = (Vec::new(), Vec::new());
        for key in KEYS {
            if key.needs_restart {
                (key.copy)(running, &mut config);
            }
            match key.needs_restart {
                true if is_other(key, started) => waiting.push(key.path),
                false if is_other(key, running) => applied.push(key.path),
                _ => {}
            }
        }
        // A new value beside an old one that stays.
        rules::keep_order(&mut config);
        Self { config, applied, waiting }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_can_change_does_and_what_cannot_is_named_and_stays() {
        let started = Config::default();
        let mut running = started.clone();
        running.next.base_path = "/found".into();
        let mut new = started.clone();
        new.server.deadline = Duration::from_secs(7);
        new.log.level = "debug".into();
        new.server.listen = ([127, 0, 0, 1], 1).into();
        new.vault.max_size = 1;
        let reload = Reload::of(&started, &running, &new);
        assert_eq!(reload.applied, ["server.deadline", "log.level"]);
        assert_eq!(reload.waiting, ["server.listen", "vault.max_size"]);
        let expected = Config {
            server: crate::config::ServerConfig {
                deadline: new.server.deadline,
                ..started.server.clone()
            },
            log: new.log.clone(),
            ..running.clone()
        };
        assert_eq!(reload.config, expected);
        let again = Reload::of(&started, &reload.config, &new);
        assert_eq!((again.applied.len(), again.waiting.len()), (0, 2), "it still waits");
    }

    #[test]
    fn a_value_that_stays_is_heeded_by_those_that_change() {
        let mut started = Config::default();
        (started.cache.capacity, started.cache.max_entry) = (Some(1000), 1000);
        let mut new = started.clone();
        (new.cache.capacity, new.cache.max_entry) = (Some(9000), 9000);
        let reload = Reload::of(&started, &started, &new);
        assert_eq!(
            (reload.config.cache.capacity, reload.config.cache.max_entry),
            (Some(1000), 1000)
        );
    }
}
