//! What became of a request, in as few bytes as a hit can afford to carry up through the layers.
//!
//! Only enums: whoever counts has a place for each value, and no client can invent another.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::StatusCode;
use http_body::{Frame, SizeHint};

use crate::body::Body;
use crate::error::{BodyError, ProxyError};
use crate::policy::reuse::ForwardReason;
use crate::policy::status::Status;

/// What was asked for, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Story {
    /// What was asked for.
    pub class: Class,
    /// What became of it.
    pub outcome: Outcome,
}

/// An answer's body with its story. In the extensions of the answer the story would cost a hit two
/// allocations.
#[derive(Debug)]
pub struct Storied {
    /// The body.
    pub body: Body,
    /// What it is the answer to.
    pub story: Story,
}

impl http_body::Body for Storied {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident $label:literal,)*) => {
        /// What is asked for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Class { $($(#[$doc])* $name,)* }

        impl Class {
            /// Each, in the order of its number.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name in labels.
            pub fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }
        }
    };
}

classes! {
    /// HTML, or whatever else a browser shows.
    Document "document",
    /// An RSC payload.
    Rsc "rsc",
    /// A segment of one.
    Segment "segment",
    /// Data of the Pages Router.
    Data "data",
    /// A file under `/_next/static/`.
    Static "static",
    /// The image optimizer.
    Image "image",
    /// Other methods, upgrades, and whatever failed.
    Other "other",
}

macro_rules! outcomes {
    ($($group:ident $label:literal { $($name:ident $reason:literal,)* })*) => {
        /// How the cache answered; what latencies are told apart by.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each is the label of its variants in `Outcome`")]
        pub enum Group { $($group,)* }

        impl Group {
            /// Each, in the order of its number.
            pub const ALL: &[Self] = &[$(Self::$group),*];

            /// Its name in labels.
            pub fn label(self) -> &'static str {
                match self { $(Self::$group => $label,)* }
            }
        }

        /// What became of a request: how the cache answered, and why.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the labels beside them are all there is to say")]
        pub enum Outcome { $($($name,)*)* }

        impl Outcome {
            /// Each, in the order of its number.
            pub const ALL: &[Self] = &[$($(Self::$name),*),*];

            /// How the cache answered.
            pub fn group(self) -> Group {
                match self { $($(Self::$name)|* => Group::$group,)* }
            }

            /// Why; empty where the group says it all.
            pub fn reason(self) -> &'static str {
                match self { $($(Self::$name => $reason,)*)* }
            }
        }
    };
}

outcomes! {
    Hit "hit" { Hit "", }
    Stale "stale" { Stale "stale-while-revalidate", }
    Miss "miss" {
        UriMiss "uri-miss",
        VaryMiss "vary-miss",
        Expired "stale",
        Request "request",
        Partial "partial",
    }
    Revalidated "revalidated" { Revalidated "stale", }
    Collapsed "collapsed" { Collapsed "", }
    StandIn "stand-in" { StaleIfError "stale-if-error", Vault "vault", }
    Bypass "bypass" {
        Method "method",
        Middleware "middleware",
        Draft "draft",
        Bot "bot",
        Locale "locale",
        RequestBody "request-body",
        Upgrade "upgrade",
        Precondition "precondition",
        OddRouterHeader "odd-router-header",
        OtherBypass "other",
    }
    Refused "refused" { ImageParameters "image-parameters", OnlyIfCached "only-if-cached", }
    Error "error" {
        DnsError "dns_error",
        DnsTimeout "dns_timeout",
        ConnectionRefused "connection_refused",
        Unroutable "destination_ip_unroutable",
        Unavailable "destination_unavailable",
        ConnectionTimeout "connection_timeout",
        ConnectionLimit "connection_limit_reached",
        ResponseTimeout "http_response_timeout",
        ConnectionTerminated "connection_terminated",
        ProtocolError "http_protocol_error",
        InternalResponse "proxy_internal_response",
        RequestError "http_request_error",
        Loop "proxy_loop_detected",
        InternalError "proxy_internal_error",
    }
    Purge "purge" { Purged "", }
    Left "left" { Left "", }
}

impl Outcome {
    /// What `Cache-Status` says of a request that was answered.
    pub fn of(status: &Status) -> Self {
        match (status.detail, status.fwd) {
            (Some("stale-if-error"), _) => Self::StaleIfError,
            (Some("vault"), _) => Self::Vault,
            _ if status.hit && status.ttl.is_some_and(|ttl| ttl <= 0) => Self::Stale,
            _ if status.hit => Self::Hit,
            _ if status.collapsed => Self::Collapsed,
            (_, Some(ForwardReason::Stale))
                if status.fwd_status == Some(StatusCode::NOT_MODIFIED) =>
            {
                Self::Revalidated
            }
            (Some("only-if-cached"), _) => Self::OnlyIfCached,
            (detail, Some(ForwardReason::Bypass)) => Self::bypass(detail.unwrap_or_default()),
            (_, Some(reason)) => Self::miss(reason),
            (_, None) => Self::ImageParameters,
        }
    }

    fn miss(reason: ForwardReason) -> Self {
        match reason {
            ForwardReason::Bypass => Self::OtherBypass,
            ForwardReason::Method => Self::Method,
            ForwardReason::UriMiss => Self::UriMiss,
            ForwardReason::VaryMiss => Self::VaryMiss,
            ForwardReason::Request => Self::Request,
            ForwardReason::Stale => Self::Expired,
            ForwardReason::Partial => Self::Partial,
        }
    }

    /// By the word that `Cache-Status` has for it.
    fn bypass(detail: &str) -> Self {
        let mut bypasses = Self::ALL.iter().filter(|outcome| outcome.group() == Group::Bypass);
        let found = bypasses.find(|outcome| outcome.reason() == detail);
        found.copied().unwrap_or(Self::OtherBypass)
    }
}

impl From<&ProxyError> for Outcome {
    /// By the word that `Proxy-Status` has for it.
    fn from(error: &ProxyError) -> Self {
        let mut errors = Self::ALL.iter().filter(|outcome| outcome.group() == Group::Error);
        let found = errors.find(|outcome| outcome.reason() == error.proxy_status());
        found.copied().unwrap_or(Self::InternalError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Unreachable;
    use std::time::Duration;

    #[test]
    fn what_cache_status_says_has_a_place() {
        let miss = || Status { fwd: Some(ForwardReason::UriMiss), ..Status::default() };
        let bypass = |detail| Status {
            fwd: Some(ForwardReason::Bypass),
            detail: Some(detail),
            ..Status::default()
        };
        for (status, cache, reason) in [
            (Status { hit: true, ttl: Some(1), ..Status::default() }, "hit", ""),
            (
                Status { hit: true, ttl: Some(0), ..Status::default() },
                "stale",
                "stale-while-revalidate",
            ),
            (miss(), "miss", "uri-miss"),
            (Status { detail: Some("no-store"), ..miss() }, "miss", "uri-miss"),
            (Status { collapsed: true, ..miss() }, "collapsed", ""),
            (Status { detail: Some("stale-if-error"), ..miss() }, "stand-in", "stale-if-error"),
            (Status { detail: Some("vault"), ..miss() }, "stand-in", "vault"),
            (
                Status {
                    fwd: Some(ForwardReason::Stale),
                    fwd_status: Some(StatusCode::NOT_MODIFIED),
                    ..Status::default()
                },
                "revalidated",
                "stale",
            ),
            (bypass("middleware"), "bypass", "middleware"),
            (bypass("something new"), "bypass", "other"),
            (Status { fwd: Some(ForwardReason::Method), ..Status::default() }, "bypass", "method"),
            (
                Status { detail: Some("image-parameters"), ..Status::default() },
                "refused",
                "image-parameters",
            ),
        ] {
            let outcome = Outcome::of(&status);
            assert_eq!((outcome.group().label(), outcome.reason()), (cache, reason), "{status:?}");
        }
    }

    #[test]
    fn every_number_is_the_place_in_its_list() {
        assert!(Outcome::ALL.iter().enumerate().all(|(place, it)| *it as usize == place));
        assert!(Group::ALL.iter().enumerate().all(|(place, it)| *it as usize == place));
        assert!(Class::ALL.iter().enumerate().all(|(place, it)| *it as usize == place));
    }

    #[test]
    fn every_error_has_a_place_of_its_own_kind() {
        let failed =
            |why| ProxyError::ConnectFailed { origin: "o".into(), why, reason: "r".into() };
        for error in [
            ProxyError::Abandoned,
            ProxyError::Overloaded { max: 1 },
            ProxyError::Loop { origin: "o".into() },
            ProxyError::InvalidResponse { reason: "r".into() },
            ProxyError::ResolveTimeout { origin: "o".into(), limit: Duration::ZERO },
            ProxyError::NotResolved { origin: "o".into(), rcode: None, reason: "r".into() },
            failed(Unreachable::Refused),
            failed(Unreachable::Unroutable),
            failed(Unreachable::BrokenOff),
            failed(Unreachable::Own),
            failed(Unreachable::Unavailable),
        ] {
            assert_eq!(Outcome::from(&error).reason(), error.proxy_status());
        }
    }
}
