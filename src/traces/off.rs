//! The same names in a binary without traces: nothing is told, and nothing is there.

use std::time::Duration;

use http::response::Parts;
use http::{HeaderValue, Request, Response};

use crate::body::Body;
use crate::clock::Clock;
use crate::config::{Config, OriginAddress};
use crate::error::ProxyError;
use crate::metrics::{Metrics, Story};
use crate::policy::status::Status;

/// Tells nothing.
#[derive(Clone, Debug, Default)]
pub struct Traces(());

/// A request of which nothing is told.
#[derive(Debug, Default)]
pub struct Serving(());

/// Work of which nothing is told.
#[derive(Debug, Default)]
pub struct Doing(());

/// A question of which nothing is told.
#[derive(Debug)]
pub struct Asking;

/// Sends nothing.
#[derive(Debug)]
pub struct Exporting;

impl Traces {
    /// Nothing to tell.
    pub fn begin(_: &Config, _: &OriginAddress, _: &Clock, _: &Metrics) -> (Self, Exporting) {
        (Self(()), Exporting)
    }

    /// By another configuration.
    #[must_use]
    pub fn by(&self, _: &Config) -> Self {
        self.clone()
    }

    /// The same.
    #[inline]
    pub fn serving(
        &self,
        _: &mut Request<Body>,
        _: Duration,
        _: impl Fn(&str) -> Option<String>,
    ) -> Serving {
        Serving(())
    }

    /// The same.
    #[inline]
    pub fn doing<B>(&self, _: &Request<B>, _: &'static str) -> Doing {
        Doing(())
    }

    /// The same.
    #[inline]
    pub fn asking(&self, _: &mut Request<Body>) -> Asking {
        Asking
    }

    /// What the origin is told of the trace; `None` where it is told what the client said.
    #[inline]
    pub fn told_of<B>(&self, _: &Request<B>) -> Option<HeaderValue> {
        None
    }

    /// Whether a trace that nobody has begun may begin behind us.
    #[inline]
    pub fn samples_new(&self) -> bool {
        true
    }
}

impl Serving {
    /// Nothing.
    #[inline]
    pub fn answered(&mut self, _: &Parts, _: Story) {}

    /// Nothing.
    #[inline]
    pub fn sent(&mut self, _: usize) {}
}

impl Doing {
    /// Nothing.
    #[inline]
    pub fn leads(&self, _: &mut http::Extensions) {}

    /// Nothing.
    #[inline]
    pub fn found(self, _: &'static str) {}

    /// Nothing.
    #[inline]
    pub fn ended(self, _: Option<&Status>) {}

    /// Nothing.
    #[inline]
    pub fn failed(self, _: &str) {}
}

impl Asking {
    /// Nothing.
    #[inline]
    pub fn answered<B>(self, _: Result<&Response<B>, &ProxyError>) {}
}

impl Exporting {
    /// Nothing to wait for.
    pub async fn finish(self) {}
}
