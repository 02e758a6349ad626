//! Why a request was not looked up, and why an answer was not stored, each with its word for
//! `Cache-Status`.

use crate::next::verdict::Unfit;
use crate::policy::storable::NotStorable;

/// Why a request goes straight to the origin, or its answer straight back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bypass {
    /// It asks for another protocol.
    Upgrade,
    /// It is for the origin to judge: `If-Match`, `If-Unmodified-Since`.
    Precondition,
    /// Draft mode.
    Draft,
    /// A bot that gets a rendering of its own.
    Bot,
    /// Next.js may redirect it to the visitor's language.
    Locale,
    /// A GET with a body.
    RequestBody,
    /// Fields of the router that no client of Next.js would send.
    OddRouterHeader,
    /// Middleware runs for its path.
    Middleware,
    /// It asks for a part of what is not stored.
    Range,
}

impl Bypass {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Upgrade,
        Self::Precondition,
        Self::Draft,
        Self::Bot,
        Self::Locale,
        Self::RequestBody,
        Self::OddRouterHeader,
        Self::Middleware,
        Self::Range,
    ];

    /// The token for `Cache-Status`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upgrade => "upgrade",
            Self::Precondition => "precondition",
            Self::Draft => "draft",
            Self::Bot => "bot",
            Self::Locale => "locale",
            Self::RequestBody => "request-body",
            Self::OddRouterHeader => "odd-router-header",
            Self::Middleware => "middleware",
            Self::Range => "range",
        }
    }
}

/// Why an answer was not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unstored {
    /// A rule of HTTP caching.
    Policy(NotStorable),
    /// A fact about Next.js.
    Next(Unfit),
    /// Selected by a field that tells of the client, and that we write ourselves below the cache.
    SelectedByClient,
    /// Larger than `cache.max_entry`.
    TooLarge,
}

impl Unstored {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let policy = NotStorable::ALL.into_iter().map(Self::Policy);
        let next = Unfit::ALL.into_iter().map(Self::Next);
        policy.chain(next).chain([Self::SelectedByClient, Self::TooLarge])
    }

    /// The token for `Cache-Status`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Policy(why) => why.as_str(),
            Self::Next(why) => why.as_str(),
            Self::SelectedByClient => "vary-client",
            Self::TooLarge => "too-large",
        }
    }

    /// Whether other requests for the same key would most likely be told the same. Where the reason
    /// lies in this very request or moment, the next should go on collapsing.
    pub(super) fn concerns_the_key(self) -> bool {
        !matches!(self, Self::Next(Unfit::RscRedirect | Unfit::OtherBuild | Unfit::Failure))
    }

    /// Whether the origin takes back by this what is stored for the key. Where the reason may lie in
    /// this very request or moment, what is stored stays.
    pub(super) fn withdraws(self) -> bool {
        match self {
            Self::Policy(NotStorable::Authorization | NotStorable::SetCookie) => false,
            // A mistake, or the answer to somebody's `Range`; it says nothing of the whole.
            Self::Policy(NotStorable::PartialContent) => false,
            Self::Policy(_) | Self::SelectedByClient | Self::TooLarge => true,
            // A file of a build that is gone from the origin; old pages still ask for it.
            Self::Next(Unfit::MissingAsset) => false,
            Self::Next(Unfit::RscRedirect | Unfit::OtherBuild | Unfit::Failure) => false,
            Self::Next(Unfit::ClassMismatch | Unfit::EmptyDocument) => false,
        }
    }
}
