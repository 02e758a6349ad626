//! Everything that can go wrong on the request's path, one variant for each thing that an operator
//! would do differently. `layer::respond` turns them into responses; above it nothing fails.
//!
//! Errors are `Clone`: a leader's failure is told to all its followers.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

/// Why a request got no answer from the origin or the cache.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ProxyError {
    /// The origin's name has no address.
    #[error(
        "the name in origin {origin} cannot be resolved: {reason}; check the name, and the resolver of this machine or container (origin.url)"
    )]
    NotResolved {
        /// The origin as configured.
        origin: Arc<str>,
        /// What the name server answered, where that can be known.
        rcode: Option<&'static str>,
        /// What the system said.
        reason: Arc<str>,
    },
    /// Nobody said in time which address the origin's name has.
    #[error(
        "the name in origin {origin} was not resolved within {limit:?} (origin.connect_timeout); check the resolver of this machine or container"
    )]
    ResolveTimeout {
        /// The origin as configured.
        origin: Arc<str>,
        /// `origin.connect_timeout`.
        limit: Duration,
    },
    /// No connection can be opened to the origin's address.
    #[error("origin {origin} cannot be reached: {reason}; {}", .why.remedy())]
    ConnectFailed {
        /// The origin as configured.
        origin: Arc<str>,
        /// What kind of failure it is.
        why: Unreachable,
        /// What the system said.
        reason: Arc<str>,
    },
    /// The origin did not accept a connection in time.
    #[error(
        "origin {origin} did not accept a connection within {limit:?} (origin.connect_timeout)"
    )]
    ConnectTimeout {
        /// The origin as configured.
        origin: Arc<str>,
        /// `origin.connect_timeout`.
        limit: Duration,
    },
    /// The origin worked at as many requests as it may for too long.
    #[error(
        "the origin works at {max} requests, and none of their places was free within {limit:?} (origin.concurrency, origin.queue_timeout)"
    )]
    PoolExhausted {
        /// `origin.concurrency`.
        max: usize,
        /// `origin.queue_timeout`.
        limit: Duration,
    },
    /// The origin took the request and sent no response head in time.
    #[error("origin sent no response within {limit:?} (origin.first_byte_timeout)")]
    FirstByteTimeout {
        /// `origin.first_byte_timeout`.
        limit: Duration,
    },
    /// The origin answered twice that it failed; this request was waiting for the same answer.
    #[error("origin answered {status} to two requests for the same")]
    OriginFailed {
        /// What it answered.
        status: StatusCode,
    },
    /// The connection broke before a response head came.
    #[error("origin closed the connection before it answered: {reason}")]
    ConnectionLost {
        /// What the HTTP library said.
        reason: Arc<str>,
    },
    /// The origin's answer is not HTTP.
    #[error("origin sent an invalid response: {reason}")]
    InvalidResponse {
        /// What the HTTP library said.
        reason: Arc<str>,
    },
    /// The whole request took too long to reach its response head.
    #[error("no response within {limit:?} (server.deadline)")]
    Deadline {
        /// `server.deadline`.
        limit: Duration,
    },
    /// More requests wait for the origin than may.
    #[error("more than {max} requests wait for the origin (origin.max_requests)")]
    Overloaded {
        /// `origin.max_requests`.
        max: usize,
    },
    /// The request has been through this very process before.
    #[error("request loop: origin {origin} leads back to this edge (seen in Via)")]
    Loop {
        /// The origin as configured.
        origin: Arc<str>,
    },
    /// The client's request cannot be forwarded as it is.
    #[error("bad request: {reason}")]
    BadRequest {
        /// What is wrong with it.
        reason: Arc<str>,
    },
    /// The client stopped sending its body.
    #[error("client sent no more of its body for {limit:?} (server.body_timeout)")]
    ClientBodyTimeout {
        /// `server.body_timeout`.
        limit: Duration,
    },
    /// The client's body is larger than it may be.
    #[error("the request's body has more than {limit} bytes ({key})")]
    BodyTooLarge {
        /// Bytes.
        limit: u64,
        /// The limit's key.
        key: &'static str,
    },
    /// A task of ours ended without an answer (it panicked, or the runtime is closing).
    #[error("the fetch ended without an answer; this is a defect of the edge")]
    Abandoned,
}

/// Why no connection can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// Nobody listens there.
    Refused,
    /// There is no way there.
    Unroutable,
    /// Whoever listens there breaks off at once.
    BrokenOff,
    /// This machine has run out of what it takes, or does not allow it.
    Own,
    /// Anything else.
    Unavailable,
}

impl Unreachable {
    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Refused => "Next.js is not up, or listens elsewhere (origin.url)",
            Self::Unroutable => "check the address, and this machine's network (origin.url)",
            Self::BrokenOff => "what listens there does not want us (origin.url)",
            Self::Own => "it is this machine: `ulimit -n`, ports, permissions, its firewall",
            Self::Unavailable => "check the address (origin.url)",
        }
    }

    /// The error type of RFC 9209 section 2.3.
    fn proxy_status(self) -> &'static str {
        match self {
            Self::Refused => "connection_refused",
            Self::Unroutable => "destination_ip_unroutable",
            Self::BrokenOff => "connection_terminated",
            Self::Own => "proxy_internal_error",
            Self::Unavailable => "destination_unavailable",
        }
    }
}

impl ProxyError {
    /// The status that the client gets.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotResolved { .. }
            | Self::ConnectFailed { .. }
            | Self::ConnectionLost { .. }
            | Self::InvalidResponse { .. } => StatusCode::BAD_GATEWAY,
            Self::ResolveTimeout { .. }
            | Self::ConnectTimeout { .. }
            | Self::FirstByteTimeout { .. }
            | Self::Deadline { .. } => StatusCode::GATEWAY_TIMEOUT,
            Self::PoolExhausted { .. } | Self::Overloaded { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::OriginFailed { status } => *status,
            Self::Loop { .. } => StatusCode::LOOP_DETECTED,
            Self::BadRequest { .. } => StatusCode::BAD_REQUEST,
            Self::ClientBodyTimeout { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Abandoned => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The error type of RFC 9209 section 2.3, for `Proxy-Status` and logs.
    pub fn proxy_status(&self) -> &'static str {
        match self {
            Self::NotResolved { .. } => "dns_error",
            Self::ResolveTimeout { .. } => "dns_timeout",
            Self::ConnectFailed { why, .. } => why.proxy_status(),
            Self::ConnectTimeout { .. } => "connection_timeout",
            Self::PoolExhausted { .. } | Self::Overloaded { .. } => "connection_limit_reached",
            Self::FirstByteTimeout { .. } | Self::Deadline { .. } => "http_response_timeout",
            Self::ConnectionLost { .. } => "connection_terminated",
            Self::InvalidResponse { .. } => "http_protocol_error",
            // Section 2.3.29: this request was not sent. What the others got stands beside it.
            Self::OriginFailed { .. } => "proxy_internal_response",
            Self::Loop { .. } => "proxy_loop_detected",
            Self::BadRequest { .. }
            | Self::ClientBodyTimeout { .. }
            | Self::BodyTooLarge { .. } => "http_request_error",
            Self::Abandoned => "proxy_internal_error",
        }
    }
}

/// Why a body ended before its end. The connection that carried it is closed, so that no reader
/// takes a part for the whole.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BodyError {
    /// The sender broke off.
    #[error("the sender broke off: {0}")]
    Broken(Arc<str>),
    /// The sender sent nothing for too long.
    #[error("nothing came for {limit:?} ({key})")]
    Stalled {
        /// The limit.
        limit: Duration,
        /// Its config key.
        key: &'static str,
    },
    /// The sender sent more than it may.
    #[error("more than {limit} bytes ({key})")]
    TooLarge {
        /// Bytes.
        limit: u64,
        /// The limit's key.
        key: &'static str,
    },
}

impl From<hyper::Error> for BodyError {
    fn from(error: hyper::Error) -> Self {
        Self::Broken(error.to_string().into())
    }
}
