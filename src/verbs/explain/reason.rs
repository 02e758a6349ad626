//! Every reason why an answer is not kept, by its token, with the field that decided.

use super::words::{bypass, happened, unstored};
use crate::cache::{Bypass, Unstored};
use crate::next::verdict::Unfit;
use crate::policy::storable::NotStorable;

/// A reason why an answer is not kept, or not from the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The request was not looked up.
    Bypass(Bypass),
    /// The answer was not stored.
    Unstored(Unstored),
    /// Something that happened besides.
    Event(Event),
}

/// What else the edge tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A stored response stood in for a failing origin.
    StaleIfError,
    /// The file of an older build came from the vault.
    Vault,
    /// The request wanted nothing but what is stored.
    OnlyIfCached,
    /// The optimizer of images would refuse it.
    ImageParameters,
    /// The request's own `Cache-Control` would have had it otherwise.
    RequestDirectivesIgnored,
}

impl Event {
    /// The sentence, without its end.
    pub fn sentence(self) -> &'static str {
        happened(self).0
    }

    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::StaleIfError,
        Self::Vault,
        Self::OnlyIfCached,
        Self::ImageParameters,
        Self::RequestDirectivesIgnored,
    ];

    /// The token in `Cache-Status`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StaleIfError => "stale-if-error",
            Self::Vault => "vault",
            Self::OnlyIfCached => "only-if-cached",
            Self::ImageParameters => "image-parameters",
            Self::RequestDirectivesIgnored => "request-directives-ignored",
        }
    }
}

impl Reason {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let unstored = Unstored::all().map(Self::Unstored);
        let bypass = Bypass::ALL.into_iter().map(Self::Bypass);
        unstored.chain(bypass).chain(Event::ALL.into_iter().map(Self::Event))
    }

    /// The one that a token in `Cache-Status` stands for.
    pub fn of(token: &str) -> Option<Self> {
        Self::all().find(|reason| reason.as_str() == token)
    }

    /// Its token.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bypass(why) => why.as_str(),
            Self::Unstored(why) => why.as_str(),
            Self::Event(event) => event.as_str(),
        }
    }

    /// The sentence, without its end.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Bypass(why) => bypass(why).0,
            Self::Unstored(why) => unstored(why).0,
            Self::Event(event) => happened(event).0,
        }
    }

    /// What to change, if one wants it otherwise.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Bypass(why) => bypass(why).1,
            Self::Unstored(why) => unstored(why).1,
            Self::Event(event) => happened(event).1,
        }
    }

    /// The fields that decided: of the answer, or of the request where the reason lies there.
    pub fn decided_by(self) -> &'static [&'static str] {
        const NONE: &[&str] = &[];
        match self {
            Self::Unstored(Unstored::Policy(why)) => match why {
                NotStorable::NoStore
                | NotStorable::Private
                | NotStorable::NoCache
                | NotStorable::NeverFresh
                | NotStorable::NoExplicitFreshness => FRESHNESS,
                NotStorable::SetCookie => &["set-cookie"],
                NotStorable::Authorization => &["authorization", "cache-control"],
                NotStorable::RequestNoStore => &["cache-control"],
                NotStorable::VaryAny => &["vary"],
                NotStorable::Method | NotStorable::Status | NotStorable::PartialContent => NONE,
            },
            Self::Unstored(Unstored::Next(why)) => match why {
                Unfit::ClassMismatch => &["content-type"],
                Unfit::RscRedirect => &["location"],
                Unfit::EmptyDocument => &["content-length"],
                Unfit::OtherBuild => &["x-nextjs-deployment-id"],
                Unfit::MissingAsset | Unfit::Failure => NONE,
            },
            Self::Unstored(Unstored::SelectedByClient) => &["vary"],
            Self::Unstored(Unstored::TooLarge) => &["content-length"],
            Self::Bypass(_) | Self::Event(_) => NONE,
        }
    }
}

const FRESHNESS: &[&str] = &["cdn-cache-control", "cache-control", "expires"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::reuse::ForwardReason;

    #[test]
    fn every_reason_has_its_own_token_sentence_and_advice() {
        let mut tokens = std::collections::BTreeSet::new();
        for reason in Reason::all() {
            assert!(tokens.insert(reason.as_str()), "{reason:?}");
            assert_eq!(Reason::of(reason.as_str()), Some(reason));
            let (sentence, advice) = (reason.sentence(), reason.advice());
            assert!(sentence.len() > 10 && !sentence.ends_with('.'), "{reason:?}: {sentence}");
            assert!(advice.ends_with('.'), "{reason:?}: {advice}");
            assert!(!sentence.contains("  ") && !advice.contains("  "), "{reason:?}");
        }
        assert_eq!(Reason::of("nonsense"), None);
    }

    /// Whoever adds a variant is led here, and from here to the list.
    #[test]
    fn no_reason_is_left_out_of_its_list() {
        let policy = |why| match why {
            NotStorable::Method => 0,
            NotStorable::Status => 1,
            NotStorable::PartialContent => 2,
            NotStorable::NoStore => 3,
            NotStorable::Private => 4,
            NotStorable::NoCache => 5,
            NotStorable::SetCookie => 6,
            NotStorable::Authorization => 7,
            NotStorable::RequestNoStore => 8,
            NotStorable::VaryAny => 9,
            NotStorable::NoExplicitFreshness => 10,
            NotStorable::NeverFresh => 11,
        };
        assert!(NotStorable::ALL.into_iter().map(policy).eq(0..12));
        let next = |why| match why {
            Unfit::ClassMismatch => 0,
            Unfit::RscRedirect => 1,
            Unfit::EmptyDocument => 2,
            Unfit::MissingAsset => 3,
            Unfit::OtherBuild => 4,
            Unfit::Failure => 5,
        };
        assert!(Unfit::ALL.into_iter().map(next).eq(0..6));
        let bypass = |why| match why {
            Bypass::Upgrade => 0,
            Bypass::Precondition => 1,
            Bypass::Draft => 2,
            Bypass::Bot => 3,
            Bypass::Locale => 4,
            Bypass::RequestBody => 5,
            Bypass::OddRouterHeader => 6,
            Bypass::Middleware => 7,
            Bypass::Range => 8,
        };
        assert!(Bypass::ALL.into_iter().map(bypass).eq(0..9));
        let forward = |why| match why {
            ForwardReason::Bypass => 0,
            ForwardReason::Method => 1,
            ForwardReason::UriMiss => 2,
            ForwardReason::VaryMiss => 3,
            ForwardReason::Request => 4,
            ForwardReason::Stale => 5,
            ForwardReason::Partial => 6,
        };
        assert!(ForwardReason::ALL.into_iter().map(forward).eq(0..7));
    }
}
