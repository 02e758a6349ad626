//! Every layer, outermost first, each with the reason for its place. Order is behaviour.
//!
//! ```text
//!               ┌ forwarded
//!               │ ┌ observe
//!               │ │ ┌ respond ─────────────── above here nothing fails
//!   request ────┼─┼─┼─┬ deadline
//!               │ │ │ │ ┌ admit
//!               │ │ │ │ │ ┌ hop-by-hop
//!               │ │ │ │ │ │ ┌ guard
//!               │ │ │ │ │ │ │ ┌ upload
//!               │ │ │ │ │ │ │ │ ┌ cache ─────── a hit turns back here
//!               │ │ │ │ │ │ │ │ │ ┌ vault ─────── a file that the origin lacks comes from here
//!               │ │ │ │ │ │ │ │ │ │ ┌ hop-by-hop (of the answer)
//!               │ │ │ │ │ │ │ │ │ │ │ ┌ introduce
//!               │ │ │ │ │ │ │ │ │ │ │ │ ┌ shed
//!               └─┴─┴─┴─┴─┴─┴─┴─┴─┴─┴─┴─┴──▶ origin
//! ```
//!
//! Every layer is always ready: whoever has to wait waits in its future. So the listener calls the
//! stack without asking first.

use std::sync::Arc;

use tower::ServiceBuilder;

use crate::build::Application;
use crate::cache::{Cache, Inner, Lasting, Settings, Window};
use crate::clock::Clock;
use crate::config::Config;
use crate::layer::admit::Admit;
use crate::layer::deadline::Deadline;
use crate::layer::error_page::ErrorPage;
use crate::layer::introduce::Pseudonym;
use crate::layer::observe::Observe;
use crate::layer::respond::Respond;
use crate::layer::shed::{Shed, Waiting};
use crate::layer::upload::Upload;
use crate::layer::{forwarded, guard, hop_by_hop, introduce};
use crate::log::AccessLogger;
use crate::metrics::Metrics;
use crate::server::Answering;
use crate::traces::Traces;
use crate::vault::{StandIn, Vault};
use crate::warm::Way;

/// What the stack is built from besides the configuration, and what the next one, of another
/// configuration, goes on with.
#[derive(Clone, Debug)]
pub struct Parts<S> {
    /// The way to Next.js.
    pub origin: S,
    /// The origin's name, as in the configuration.
    pub origin_name: Arc<str>,
    /// What the cache keeps.
    pub lasting: Lasting,
    /// Where files of older builds are kept, if anywhere.
    pub vault: Option<Vault>,
    /// Tells the time.
    pub clock: Clock,
    /// The access log, if there is one.
    pub access_log: Option<AccessLogger>,
    /// Counts.
    pub metrics: Metrics,
    /// What visitors see where there is no answer.
    pub error_page: ErrorPage,
    /// Where the cache is to be looked into.
    pub window: Window,
    /// Where the edge itself asks.
    pub way: Way,
    /// What is known of the application.
    pub application: Application,
    /// Our name in `Via`.
    pub pseudonym: Pseudonym,
    /// Those who wait for the origin.
    pub waiting: Waiting,
    /// Who is told of requests.
    pub traces: Traces,
}

/// Builds the stack. Clones share everything; each connection has one.
pub fn build<S: Inner>(config: &Config, parts: Parts<S>) -> impl Answering + use<S> {
    let Parts { origin, origin_name, lasting, vault, clock, access_log, metrics, .. } = parts;
    let Parts { error_page, application, window, way, pseudonym, waiting, .. } = parts;
    let traces = parts.traces.by(config);
    let trusted: Arc<[_]> = config.server.trusted_proxies.as_slice().into();
    let base_path: Arc<str> = config.next.base_path.as_str().into();
    let deadline = config.server.deadline;
    let max_requests = config.origin.max_requests;
    let (known, named) = (application.clone(), application.clone());
    let of_build = base_path.clone();
    let (observed, introduced) = (traces.clone(), traces.clone());
    let settings = Settings { application, window, traces, ..Settings::from(config) };
    let own_name = pseudonym.clone();
    let observing = metrics.clone();
    let tells_timing = config.server.server_timing;

    ServiceBuilder::new()
        // First, since all below speak of the client: who is it, and what of what was said about it
        // is to be believed?
        .map_request(altered(move |request| forwarded::read(request, &trusted)))
        // Above `respond`, to tell of failures too, and to see just what the client gets.
        .layer_fn(move |inner| {
            let (metrics, log) = (observing.clone(), access_log.clone());
            Observe::new(inner, metrics, log, named.clone(), observed.clone(), tells_timing)
        })
        // Turns failures into responses.
        .layer_fn(move |inner| Respond::new(inner, error_page.clone()))
        // Above everything that may wait. A hit never starts its timer.
        .layer_fn(move |inner| Deadline::new(inner, deadline))
        // Before anything reads target, host or fields: what can be read in two ways is refused.
        .layer_fn(move |inner| Admit::new(inner, own_name.clone(), origin_name.clone()))
        // Before key and Vary: the origin never sees these fields, so nothing may be judged by them.
        .map_request(altered(hop_by_hop::strip_request))
        // Likewise: what only Next.js may say to itself.
        .map_request(altered(move |request| guard::clean(request, &base_path)))
        // Likewise, by what the application's build says.
        .map_request(altered(move |request| guard::name_locale(request, &known, &of_build)))
        // A body that is too large goes no further; a request without one is not looked at.
        .layer_fn(move |inner| Upload::new(inner, config))
        // Answers from the store. All below is the price of a miss.
        .layer_fn(move |inner| {
            let (lasting, clock) = (lasting.clone(), clock.clone());
            let cache = Cache::new(inner, lasting, clock, settings.clone(), metrics.clone());
            // What the edge asks for itself enters here: nobody is to be told of it, or counted.
            way.open(cache.clone());
            cache
        })
        // Below the cache, which then keeps what comes from it; above all else, so that it stands in
        // for each way of having no answer.
        .layer_fn(move |inner| StandIn::new(inner, vault.clone(), config))
        // Below both, so that nothing of a connection is ever stored.
        .map_response(altered(hop_by_hop::strip_answer))
        // Below the cache: costs nothing on a hit, and each background revalidation gets it too.
        .map_request(altered(move |request| introduce::introduce(request, &pseudonym, &introduced)))
        // Below the cache: what is in memory is served however busy the origin is.
        .layer_fn(move |inner| Shed::new(inner, waiting.clone(), max_requests))
        .service(origin)
}

/// A function that gives what it takes, altered.
fn altered<T>(alter: impl Fn(&mut T) + Clone) -> impl Fn(T) -> T + Clone {
    move |mut message| {
        alter(&mut message);
        message
    }
}
