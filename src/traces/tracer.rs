//! Which requests are told, and what of each.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Request};
use tracing::{info, warn};

use super::export::{self, Exporting, Queue};
use super::parent::{Parent, TRACESTATE};
use super::place::{self, Environment};
use super::serving::{Serving, method};
use super::span::{Anchor, Asking, Current, Doing, Kind, Open, current};
use crate::body::Body;
use crate::client::Client;
use crate::clock::Clock;
use crate::config::{ClientIp, Config, OriginAddress};
use crate::metrics::Metrics;

/// Tells of requests, if there is somebody to tell.
#[derive(Clone, Debug, Default)]
pub struct Traces {
    tracer: Option<Arc<Tracer>>,
    sampler: Sampler,
    client_ip: Option<ClientIp>,
}

/// What all that are told have in common.
#[derive(Debug)]
pub(super) struct Tracer {
    pub(super) queue: Queue,
    pub(super) clock: Clock,
    origin: OriginAddress,
}

/// The share of new traces that are told: those whose numbers are below this, of 2^63. By the number,
/// as OpenTelemetry's `TraceIdRatioBased` does it, so that all who share a trace would decide alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sampler(u64);

impl Sampler {
    fn of(share: f64) -> Self {
        Self((share * (1_u64 << 63) as f64) as u64)
    }

    fn takes(self, trace: u128) -> bool {
        (trace as u64) >> 1 < self.0
    }
}

impl Traces {
    /// Tells the collector that `config` or the environment names of requests for what is at `origin`.
    pub fn begin(
        config: &Config,
        origin: &OriginAddress,
        clock: &Clock,
        metrics: &Metrics,
    ) -> (Self, Exporting) {
        let environment = Environment::read(|name| std::env::var_os(name));
        let place = match place::of(&config.traces, &environment) {
            Ok(Some(place)) => place,
            Ok(None) => return (Self::default(), Exporting::default()),
            Err(why) => {
                warn!("no traces: {why} (traces.endpoint)");
                return (Self::default(), Exporting::default());
            }
        };
        info!("traces go to {}{} as {}", place.endpoint.address, place.endpoint.path, place.name);
        let (queue, exporting) = export::begin(place, config.traces.max_queue, metrics);
        let tracer = Tracer { queue, clock: clock.clone(), origin: origin.clone() };
        (Self { tracer: Some(Arc::new(tracer)), ..Self::default() }.by(config), exporting)
    }

    /// By another configuration, to the same collector.
    #[must_use]
    pub fn by(&self, config: &Config) -> Self {
        Self {
            tracer: self.tracer.clone(),
            sampler: Sampler::of(config.traces.sample),
            client_ip: Some(config.log.client_ip),
        }
    }

    /// A request that began at this reading of the clock; `page_at` says what page of the application it
    /// is for.
    pub fn serving(
        &self,
        request: &mut Request<Body>,
        began: Duration,
        page_at: impl Fn(&str) -> Option<String>,
    ) -> Serving {
        let Some(tracer) = &self.tracer else { return Serving::default() };
        let parent = Parent::of(request.headers());
        let trace = match parent {
            Some(parent) if !parent.is_sampled => return Serving::default(),
            Some(parent) => parent.trace,
            None if self.sampler == Sampler::default() => return Serving::default(),
            None => new_trace(request),
        };
        if parent.is_none() && !self.sampler.takes(trace) {
            return Serving::default();
        }
        let current = Current {
            tracer: tracer.clone(),
            trace,
            span: fastrand::u64(1..),
            anchor: Anchor { wall: tracer.clock.now(), monotonic: began },
            state: parent.and_then(|_| request.headers().get(TRACESTATE).cloned()),
        };
        let (method, _) = method(request.method());
        let route = page_at(request.uri().path());
        // Semantic conventions: the route if it is known, and never a path that a client wrote.
        let name = route.as_ref().map_or(method.into(), |route| format!("{method} {route}").into());
        let parent = parent.map(|parent| parent.span);
        let mut open = Open::new(current, parent, name, Kind::Server, began);
        if let Some(route) = route {
            open.note("http.route", route.as_str());
        }
        request.extensions_mut().insert(open.current.clone());
        Serving::of(open, request, self.client_ip.unwrap_or(ClientIp::Off))
    }

    /// Work for a request.
    pub fn doing<B>(&self, request: &Request<B>, name: &'static str) -> Doing {
        if self.tracer.is_none() {
            return Doing::default();
        }
        Doing(current(request).map(|current| current.open(name, Kind::Internal)))
    }

    /// A request that is sent to the origin now.
    pub fn asking(&self, request: &mut Request<Body>) -> Asking {
        let Some(tracer) = &self.tracer else { return Asking(None) };
        let Some(current) = current(request) else { return Asking(None) };
        let (name, other) = method(request.method());
        let mut open = current.open(name, Kind::Client);
        open.note("http.request.method", if other.is_some() { "_OTHER" } else { name });
        match &tracer.origin {
            OriginAddress::Tcp { host, port } => {
                open.note("server.address", host.as_str());
                open.note("server.port", *port);
                let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
                open.note("url.full", format!("{}{target}", tracer.origin).as_str());
            }
            OriginAddress::Unix(path) => open.note("server.address", &*path.to_string_lossy()),
        }
        request.extensions_mut().insert(open.current.clone());
        Asking(Some(open))
    }

    /// What the origin is told of the trace; `None` where it is told what the client said.
    pub fn told_of<B>(&self, request: &Request<B>) -> Option<HeaderValue> {
        self.tracer.as_ref()?;
        current(request).map(Current::value)
    }

    /// Whether a trace that nobody has begun may begin behind us: a new one that is told has begun
    /// here, and of the others nobody is to tell.
    pub fn samples_new(&self) -> bool {
        self.tracer.is_none()
    }
}

/// The number by which the request is known elsewhere too, if it is a number.
fn new_trace(request: &Request<Body>) -> u128 {
    let number = request.extensions().get::<Client>().and_then(|client| client.id.number());
    number.unwrap_or_else(|| fastrand::u128(1..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_traces_is_told_and_each_is_told_or_not_by_its_number() {
        let told = |share: f64| {
            let sampler = Sampler::of(share);
            let mut random = fastrand::Rng::with_seed(1);
            (0..10_000).filter(|_| sampler.takes(random.u128(1..))).count()
        };
        assert_eq!((told(0.0), told(1.0)), (0, 10_000));
        assert!((900..1100).contains(&told(0.1)), "{}", told(0.1));
        assert!(Sampler::of(1.0).takes(u128::MAX));
        // The upper half of a number does not count.
        assert!(Sampler::of(0.5).takes(7 << 100));
    }
}
