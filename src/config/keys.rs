//! Every key: its kind, and the field of [`Config`] that it sets. The file, the environment, the
//! flags, `selvedge check` and the test of the reference file all go through this one table.

use super::given::Given;
use super::value::{
    AdminAddress, BadValue, BasePath, Count, Edges, FieldNames, Filter, Folder, HeadSize, Kind,
    ListenAddress, Name, Networks, OrAuto, OrOff, Parameters, PositiveTime, Share, Site, Size,
    Switch, Time, Token,
};
use super::{
    AccessLog, AdminConfig, BehindMiddleware, BuildDir, CacheConfig, ChildConfig,
    ClientCacheControl, ClientIp, Collector, CompressionConfig, Config, ErrorPage, ErrorsConfig,
    LogConfig, NextConfig, OriginAddress, OriginConfig, ServerConfig, TracesConfig, VaultConfig,
    WarmConfig,
};
use crate::policy::Switches;

/// One key.
pub(super) struct Key {
    /// `server`
    pub(super) section: &'static str,
    /// `listen`
    pub(super) name: &'static str,
    /// `server.listen`
    pub(super) path: &'static str,
    /// Reads a value into its field.
    pub(super) set: fn(&mut Config, &Given) -> Result<(), Vec<BadValue>>,
    /// The value of the field as it stands in a file.
    pub(super) print: fn(&Config) -> String,
    /// What the file may say, as JSON Schema.
    pub(super) schema: fn() -> serde_json::Value,
    /// Whether a running edge cannot take another value over.
    pub(super) needs_restart: bool,
    /// Gives the field of the second the value of the first.
    pub(super) copy: fn(&Config, &mut Config),
}

macro_rules! keys {
    ($($section:ident: $config:ident { $($name:ident: $kind:ty $(= $restart:ident)?,)* })*) => {
        /// Every key, in the order of the reference.
        pub(super) static KEYS: &[Key] = &[$($(Key {
            section: stringify!($section),
            name: stringify!($name),
            path: concat!(stringify!($section), ".", stringify!($name)),
            set: |config, given| {
                config.$section.$name = <$kind as Kind>::read(given)?;
                Ok(())
            },
            print: |config| <$kind as Kind>::print(&config.$section.$name),
            schema: <$kind as Kind>::schema,
            needs_restart: needs_restart!($($restart)?),
            copy: |from, to| to.$section.$name.clone_from(&from.$section.$name),
        },)*)*];

        /// Every section, in the order of the reference.
        pub(super) const SECTIONS: &[&str] = &[$(stringify!($section)),*];

        // A field of `Config` that is missing in the table does not compile.
        const _: fn(Config) = |Config { $($section: $config { $($name: _,)* },)* }| ();
    };
}

macro_rules! needs_restart {
    () => {
        false
    };
    (restart) => {
        true
    };
}

keys! {
    server: ServerConfig {
        listen: ListenAddress = restart,
        max_connections: Count = restart,
        workers: OrAuto<Count<1024>> = restart,
        header_timeout: PositiveTime,
        idle_timeout: PositiveTime,
        body_timeout: PositiveTime,
        write_timeout: PositiveTime,
        // hyper makes room for as many at each request, and http panics above 24,576.
        max_headers: Count<10_000>,
        max_header_bytes: HeadSize,
        max_body: OrOff<Size>,
        deadline: PositiveTime,
        drain_timeout: Time,
        drain_linger: Time,
        server_timing: Switch,
        trusted_proxies: Networks,
        config_check: Time = restart,
    }
    origin: OriginConfig {
        url: OriginAddress = restart,
        concurrency: Count = restart,
        max_requests: Count,
        queue_timeout: Time,
        connect_timeout: PositiveTime,
        first_byte_timeout: PositiveTime,
        body_timeout: PositiveTime,
        idle_timeout: Time,
    }
    cache: CacheConfig {
        capacity: OrAuto<Size> = restart,
        max_filling: OrAuto<Size> = restart,
        max_entry: Size,
        max_variants: Count = restart,
        stale_if_error: Time,
        client_cache_control: ClientCacheControl,
        max_revalidations: Count = restart,
        revalidate_timeout: PositiveTime,
        revalidate_backoff: PositiveTime,
        revalidate_backoff_max: PositiveTime,
        collapse_timeout: Time,
        uncacheable_memory: Time,
    }
    compression: CompressionConfig {
        enabled: Switch,
        min_size: Size,
        best_after: OrOff<Count>,
    }
    rules: Switches {
        targets: FieldNames = restart,
        heuristic_freshness: Switch,
        request_directives: Switch,
        store_no_cache: Switch,
        store_set_cookie: Switch,
        store_failures: Switch,
        store_post: Switch,
        store_partial: Switch,
        s_maxage_forbids_stale: Switch,
        loose_languages: Switch,
        status_key: Switch,
    }
    next: NextConfig {
        enabled: Switch = restart,
        base_path: BasePath = restart,
        ignored_parameters: OrAuto<Parameters>,
        dir: BuildDir = restart,
        middleware: BehindMiddleware,
        build_check: Time = restart,
        action_max_body: OrOff<Size>,
    }
    vault: VaultConfig {
        enabled: Switch = restart,
        dir: OrAuto<Folder> = restart,
        max_size: Size = restart,
        max_age: PositiveTime = restart,
    }
    warm: WarmConfig {
        after_deploy: Switch = restart,
        site: OrAuto<Site> = restart,
        concurrency: Count<64> = restart,
        rate: Count<10_000> = restart,
        max_pages: Count<100_000> = restart,
    }
    child: ChildConfig {
        start_timeout: PositiveTime = restart,
        stop_timeout: Time = restart,
        restart_backoff: PositiveTime = restart,
        restart_backoff_max: PositiveTime = restart,
        bridge: Switch = restart,
        tell: Edges = restart,
    }
    admin: AdminConfig {
        listen: OrOff<AdminAddress> = restart,
        token: OrOff<Token>,
        purge_method: Switch,
    }
    errors: ErrorsConfig {
        page: ErrorPage,
    }
    log: LogConfig {
        level: Filter,
        access: AccessLog,
        sample: Share,
        slow: Time,
        client_ip: ClientIp,
    }
    traces: TracesConfig {
        endpoint: Collector = restart,
        sample: Share,
        service_name: OrAuto<Name> = restart,
        max_queue: Count = restart,
    }
}

impl Key {
    /// `SELVEDGE_SERVER_LISTEN`
    pub(super) fn variable(&self) -> String {
        format!("SELVEDGE_{}_{}", self.section, self.name).to_ascii_uppercase()
    }
}

/// The key of a path such as `server.listen`.
pub(super) fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// The keys of a section.
pub(super) fn in_section(section: &str) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.section == section)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_leads_to_one_key() {
        let variables: std::collections::BTreeSet<String> =
            KEYS.iter().map(Key::variable).collect();
        assert_eq!(variables.len(), KEYS.len());
    }
}
