//! What the operator decided, checked and ready to use: no hidden options, every value in its own type.
//!
//! [`load()`] makes it of what the operator said, or tells him all of his mistakes at once. A value
//! goes this way: its source (`file`, `environment`, the flags in `load`) says what text was given,
//! and where ([`Place`]); the table of `keys` knows its kind; the kind (`value`) reads it; `rules`
//! look at what values may not be together.
//!
//! `config/selvedge.toml` is the reference of every key; a test holds it and [`Config::default`]
//! together.

mod draft;
mod environment;
mod file;
mod given;
mod keys;
mod load;
mod loaded;
mod mistake;
mod place;
mod reload;
mod rules;
mod schema;
mod suggest;
#[cfg(test)]
mod tests;
mod value;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use http::HeaderValue;
use ipnet::IpNet;

use crate::policy::Switches;

pub use load::{Flag, Sources, load};
pub use loaded::{Loaded, Setting};
pub use mistake::{Mistake, Mistakes, Problem};
pub use place::Place;
pub use reload::Reload;
pub use schema::schema;
pub(crate) use suggest::nearest;
pub use value::Wrong;

/// A filter for `log.level`, in its usual form; or what is wrong with it.
///
/// # Errors
/// [`Wrong::Filter`]
pub fn level(text: &str) -> Result<String, Wrong> {
    <value::Filter as value::Text>::parse(text)
}

/// A site, as in `https://shop.example`; or what is wrong with it.
///
/// # Errors
/// [`Wrong::Not`]
pub fn site(text: &str) -> Result<String, Wrong> {
    <value::Site as value::Text>::parse(text)
}

/// The whole configuration.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Config {
    /// The side that faces clients.
    pub server: ServerConfig,
    /// The side that faces Next.js.
    pub origin: OriginConfig,
    /// What is stored, and for how long it is used.
    pub cache: CacheConfig,
    /// What is compressed here.
    pub compression: CompressionConfig,
    /// Where the RFCs leave a choice, or the default departs from them.
    pub rules: Switches,
    /// What cannot be seen from outside about the application.
    pub next: NextConfig,
    /// Files of builds that the origin no longer has.
    pub vault: VaultConfig,
    /// What is asked for before visitors ask.
    pub warm: WarmConfig,
    /// The wrapped server (`selvedge -- COMMAND`).
    pub child: ChildConfig,
    /// Dashboard, health, metrics and invalidation, on their own address.
    pub admin: AdminConfig,
    /// What visitors are told where there is no answer.
    pub errors: ErrorsConfig,
    /// What is written about requests and about ourselves.
    pub log: LogConfig,
    /// What is told of requests to a collector of OpenTelemetry.
    pub traces: TracesConfig,
}

/// `[server]`
#[derive(Clone, Debug, PartialEq)]
pub struct ServerConfig {
    /// Where clients connect.
    pub listen: SocketAddr,
    /// Most client connections at once; further ones wait in the system's queue.
    pub max_connections: usize,
    /// Threads that serve; `None` is one for each core that the process may use.
    pub workers: Option<usize>,
    /// Longest time for a request head to arrive once its first byte has.
    pub header_timeout: Duration,
    /// Longest pause between two requests on a connection, and before the first.
    pub idle_timeout: Duration,
    /// Longest pause in a request body.
    pub body_timeout: Duration,
    /// Longest time for a client to take no bytes of a response that waits for it.
    pub write_timeout: Duration,
    /// Most header lines in a request; more gets 431.
    pub max_headers: usize,
    /// Largest request head in bytes; larger gets 431.
    pub max_header_bytes: usize,
    /// Largest request body in bytes; `None` is any.
    pub max_body: Option<u64>,
    /// Longest time from a request to its response head, all waits and retries included.
    pub deadline: Duration,
    /// Longest time to finish what runs after SIGTERM.
    pub drain_timeout: Duration,
    /// How long an idle connection may still bring a request after SIGTERM.
    pub drain_linger: Duration,
    /// Whether answers tell in `Server-Timing` where their time went.
    pub server_timing: bool,
    /// Peers whose `Forwarded` and `X-Forwarded-*` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// From one look at the configuration file to the next; zero: none.
    pub config_check: Duration,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 8080),
            max_connections: 10_000,
            workers: None,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            body_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(60),
            max_headers: 100,
            max_header_bytes: 64 * 1024,
            max_body: None,
            deadline: Duration::from_secs(90),
            drain_timeout: Duration::from_secs(30),
            drain_linger: Duration::from_secs(1),
            server_timing: false,
            trusted_proxies: Vec::new(),
            config_check: Duration::from_secs(1),
        }
    }
}

/// `[origin]`
#[derive(Clone, Debug, PartialEq)]
pub struct OriginConfig {
    /// Where Next.js listens. Ignored when a command is wrapped.
    pub url: OriginAddress,
    /// Most requests that the origin works at at once; further ones wait here. An answer that has
    /// begun does not count any more, nor does a request with a body.
    pub concurrency: usize,
    /// Most requests that wait for the origin or for its response head; further ones get 503. What is
    /// answered from the store does not count.
    pub max_requests: usize,
    /// Longest wait for the origin's attention.
    pub queue_timeout: Duration,
    /// Longest time to connect.
    pub connect_timeout: Duration,
    /// Longest time from the request sent to the response head.
    pub first_byte_timeout: Duration,
    /// Longest pause in a response body.
    pub body_timeout: Duration,
    /// How long an idle connection is kept. Node closes its side after 5 s.
    pub idle_timeout: Duration,
}

impl Default for OriginConfig {
    fn default() -> Self {
        Self {
            url: OriginAddress::Tcp { host: "127.0.0.1".into(), port: 3000 },
            concurrency: 256,
            max_requests: 5_000,
            queue_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            first_byte_timeout: Duration::from_secs(60),
            body_timeout: Duration::from_secs(300),
            idle_timeout: Duration::from_secs(4),
        }
    }
}

/// Where the origin listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginAddress {
    /// `http://host:port`
    Tcp {
        /// A name or an address (IPv6 without brackets).
        host: String,
        /// The port.
        port: u16,
    },
    /// `unix:/path/to/socket`
    Unix(PathBuf),
}

impl std::str::FromStr for OriginAddress {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        <Self as value::Text>::parse(text)
    }
}

impl OriginAddress {
    /// What a request to it says in `Host`, where nobody else has said it.
    pub fn host(&self) -> HeaderValue {
        let name = self.to_string();
        let host = name.strip_prefix("http://").unwrap_or("localhost");
        HeaderValue::try_from(host).unwrap_or(HeaderValue::from_static("localhost"))
    }
}

impl From<SocketAddr> for OriginAddress {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp { host: address.ip().to_string(), port: address.port() }
    }
}

impl std::fmt::Display for OriginAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "http://[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "http://{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// `[cache]`
#[derive(Clone, Debug, PartialEq)]
pub struct CacheConfig {
    /// Memory for stored responses in bytes; `None` is a quarter of what the machine or cgroup gives.
    pub capacity: Option<u64>,
    /// Memory for responses on their way into the store in bytes; `None` is half of `capacity`.
    pub max_filling: Option<u64>,
    /// Largest stored response in bytes, head and body.
    pub max_entry: u64,
    /// Most variants (`Vary`) kept for one key; the least recently stored goes first.
    pub max_variants: usize,
    /// How long after it became stale a response may stand in when the origin fails and does not say itself.
    pub stale_if_error: Duration,
    /// Whether shared-cache directives are consumed here or passed on to a CDN in front.
    pub client_cache_control: ClientCacheControl,
    /// Most background revalidations at once.
    pub max_revalidations: usize,
    /// Longest time for a background revalidation, its body included.
    pub revalidate_timeout: Duration,
    /// First pause after a failed revalidation; doubles each time, up to `revalidate_backoff_max`.
    pub revalidate_backoff: Duration,
    /// Longest pause after failed revalidations.
    pub revalidate_backoff_max: Duration,
    /// Longest wait of a request for another's fetch of the same key, and longest time for which one
    /// reader of a response that is not stored may hold up others.
    pub collapse_timeout: Duration,
    /// How long it is remembered that a key could not be stored, so that its requests do not queue.
    pub uncacheable_memory: Duration,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            capacity: None,
            max_filling: None,
            max_entry: 16 * 1024 * 1024,
            max_variants: 32,
            stale_if_error: Duration::from_secs(24 * 3600),
            client_cache_control: ClientCacheControl::Edge,
            max_revalidations: 64,
            revalidate_timeout: Duration::from_secs(120),
            revalidate_backoff: Duration::from_secs(1),
            revalidate_backoff_max: Duration::from_secs(60),
            collapse_timeout: Duration::from_secs(30),
            uncacheable_memory: Duration::from_secs(60),
        }
    }
}

/// `[compression]`
#[derive(Clone, Debug, PartialEq)]
pub struct CompressionConfig {
    /// Whether responses are compressed here, and the origin asked for them as they are.
    pub enabled: bool,
    /// The smallest response that is compressed, in bytes.
    pub min_size: u64,
    /// Uses of a stored response in brotli after which it is made as small as it gets; `None` is
    /// never.
    pub best_after: Option<usize>,
}

impl Default for CompressionConfig {
    fn default() -> Self {
        Self { enabled: true, min_size: 1024, best_after: Some(20) }
    }
}

/// What clients see of a response's `Cache-Control`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCacheControl {
    /// Shared-cache directives are consumed at this edge.
    Edge,
    /// The origin's field, untouched.
    Origin,
}

/// `[next]`
#[derive(Clone, Debug, PartialEq)]
pub struct NextConfig {
    /// Whether the origin is Next.js; if not, HTTP alone decides.
    pub enabled: bool,
    /// The application's `basePath`: empty, or starts with `/` and does not end with one.
    pub base_path: String,
    /// Query parameters that do not count for prerendered pages; `None` is our list of those that
    /// only track visitors.
    pub ignored_parameters: Option<Vec<String>>,
    /// Where its build lies, which says what no response says.
    pub dir: BuildDir,
    /// What is done with pages that middleware runs for.
    pub middleware: BehindMiddleware,
    /// From one look at which build answers to the next; zero: none.
    pub build_check: Duration,
    /// Largest body of a server action in bytes; `None` is any.
    pub action_max_body: Option<u64>,
}

impl Default for NextConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            base_path: String::new(),
            ignored_parameters: None,
            dir: BuildDir::Auto,
            middleware: BehindMiddleware::Bypass,
            build_check: Duration::from_millis(250),
            action_max_body: Some(1 << 30),
        }
    }
}

/// `[vault]`
#[derive(Clone, Debug, PartialEq)]
pub struct VaultConfig {
    /// Whether files under `/_next/static/` are kept on disk.
    pub enabled: bool,
    /// Where; `None` is a folder of this user's, named by the port that clients connect to.
    pub dir: Option<PathBuf>,
    /// Room for them in bytes; the least recently used go first.
    pub max_size: u64,
    /// How long after its last use a file is kept.
    pub max_age: Duration,
}

impl Default for VaultConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            dir: None,
            max_size: 1 << 30,
            max_age: Duration::from_secs(7 * 24 * 3600),
        }
    }
}

/// `[warm]`
#[derive(Clone, Debug, PartialEq)]
pub struct WarmConfig {
    /// Whether pages are asked for at the start and after each deploy.
    pub after_deploy: bool,
    /// Where visitors find them, `https://host`; `None` is where they were found before.
    pub site: Option<String>,
    /// Requests at once.
    pub concurrency: usize,
    /// Requests in a second, at most.
    pub rate: usize,
    /// Most pages after one deploy, the most visited first.
    pub max_pages: usize,
}

impl Default for WarmConfig {
    fn default() -> Self {
        Self { after_deploy: false, site: None, concurrency: 2, rate: 20, max_pages: 500 }
    }
}

/// Where the application's build (`.next`) lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildDir {
    /// Where the wrapped server is started; without one, nowhere.
    Auto,
    /// Nowhere: nothing is read.
    Off,
    /// The build itself, or the folder that has it as `.next`.
    At(PathBuf),
}

/// What is done with requests that middleware runs for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BehindMiddleware {
    /// They go to Next.js each time.
    Bypass,
    /// They are answered from the store, and middleware does not run then.
    Cache,
}

/// `[child]`
#[derive(Clone, Debug, PartialEq)]
pub struct ChildConfig {
    /// Longest time for the wrapped server to answer after its start.
    pub start_timeout: Duration,
    /// Longest time for the wrapped server to end after SIGTERM.
    pub stop_timeout: Duration,
    /// First pause before a crashed server is restarted; doubles each time, up to `restart_backoff_max`.
    pub restart_backoff: Duration,
    /// Longest pause before a restart.
    pub restart_backoff_max: Duration,
    /// Whether the bridge is loaded into the wrapped server.
    pub bridge: bool,
    /// The admin sides of other edges that it tells too.
    pub tell: Vec<OriginAddress>,
}

impl Default for ChildConfig {
    fn default() -> Self {
        Self {
            start_timeout: Duration::from_secs(60),
            stop_timeout: Duration::from_secs(10),
            restart_backoff: Duration::from_millis(500),
            restart_backoff_max: Duration::from_secs(30),
            bridge: true,
            tell: Vec::new(),
        }
    }
}

/// `[admin]`
#[derive(Clone, Debug, PartialEq)]
pub struct AdminConfig {
    /// Where health is told; `None` is `off`.
    pub listen: Option<SocketAddr>,
    /// What whoever wants to change anything there must know; `None` where that is this machine's
    /// matter.
    pub token: Option<String>,
    /// Whether `PURGE` with the token, where clients connect, makes what is stored of its URL obsolete.
    pub purge_method: bool,
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self {
            listen: Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9180)),
            token: None,
            purge_method: false,
        }
    }
}

/// `[errors]`
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ErrorsConfig {
    /// What visitors see where there is no answer.
    pub page: ErrorPage,
}

/// What visitors see where there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum ErrorPage {
    /// Our page.
    #[default]
    Own,
    /// That which the application was built with.
    App,
    /// The page in this file.
    File(PathBuf),
}

/// `[log]`
#[derive(Clone, Debug, PartialEq)]
pub struct LogConfig {
    /// What is told about ourselves: a `tracing` filter such as `info` or `selvedge=debug`.
    pub level: String,
    /// One line for each request.
    pub access: AccessLog,
    /// The share of requests that have a line, from 0 to 1; those that failed or were slow have one in
    /// any case.
    pub sample: f64,
    /// What takes longer than this is slow.
    pub slow: Duration,
    /// What is told of a client's address.
    pub client_ip: ClientIp,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            level: "info".into(),
            access: AccessLog::Auto,
            sample: 1.0,
            slow: Duration::from_secs(1),
            client_ip: ClientIp::Full,
        }
    }
}

/// What the access log tells of a client's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientIp {
    /// All of it.
    Full,
    /// Its network: /24 of IPv4, /48 of IPv6.
    Truncated,
    /// Nothing.
    Off,
}

/// The form of the access log, written to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessLog {
    /// `Pretty` on a terminal, else `Json`.
    Auto,
    /// Columns for people.
    Pretty,
    /// One JSON object a line.
    Json,
    /// None.
    Off,
}

/// `[traces]`
#[derive(Clone, Debug, PartialEq)]
pub struct TracesConfig {
    /// Who collects them.
    pub endpoint: Collector,
    /// The share of traces that begin here, from 0 to 1, that are told; whoever brings one decides
    /// himself.
    pub sample: f64,
    /// What this edge is called in them; `None` is what the environment says, or `selvedge`.
    pub service_name: Option<String>,
    /// Most spans that wait to be sent; further ones are lost, and counted.
    pub max_queue: usize,
}

impl Default for TracesConfig {
    fn default() -> Self {
        Self { endpoint: Collector::Auto, sample: 1.0, service_name: None, max_queue: 4096 }
    }
}

/// Who collects traces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Collector {
    /// Who the variables of OpenTelemetry name; else nobody.
    Auto,
    /// Nobody.
    Off,
    /// Who listens there.
    At(Endpoint),
}

/// Where OTLP is spoken over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The server.
    pub address: OriginAddress,
    /// The path that traces are sent to.
    pub path: String,
}
