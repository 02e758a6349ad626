//! Every reason in plain words, with the field that decided and what to change in the application.
//!
//! No match here has a wildcard: who adds a reason writes its sentence.

use crate::cache::{Bypass, Unstored};
use crate::next::verdict::Unfit;
use crate::policy::reuse::ForwardReason;
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

/// Why the origin was asked, without the end of the sentence.
pub fn forwarded(why: ForwardReason) -> &'static str {
    match why {
        ForwardReason::Bypass => "the edge did not look it up, and asked Next.js",
        ForwardReason::Method => "only GET and HEAD are looked up, so Next.js was asked",
        ForwardReason::UriMiss => "nothing was stored for this URL, so Next.js was asked",
        ForwardReason::VaryMiss => {
            "what is stored for this URL is for requests with other fields (Vary), so Next.js was \
             asked"
        }
        ForwardReason::Request => {
            "what is stored is fresh, but the request's own Cache-Control wanted it anew"
        }
        ForwardReason::Stale => {
            "what was stored is too old, or was invalidated, so Next.js was asked"
        }
        ForwardReason::Partial => {
            "only a part is stored, and not the one that was asked for, so Next.js was asked"
        }
    }
}

/// How Next.js decides, and how to have it otherwise.
const DYNAMIC: &str = "\
Next.js renders a page for each request, and says so, if it reads cookies(), headers(), draftMode() or \
searchParams, calls connection() or unstable_noStore(), fetches with cache: 'no-store', says dynamic = \
'force-dynamic' or revalidate = 0, or has a [parameter] without generateStaticParams(). (`next build` \
marks such pages with ƒ.) Without these, `export const revalidate = 60` keeps it for a minute; with \
cacheComponents, 'use cache' and cacheLife() do. A route handler, getServerSideProps or a headers() rule \
says itself what may be kept: Cache-Control: s-maxage=60, stale-while-revalidate=600.";

/// Where nobody has said anything.
const SILENT: &str = "\
Say for how long. A route handler: `export const revalidate = 60` if it reads nothing of the request, or \
the header on its Response, Cache-Control: s-maxage=60, stale-while-revalidate=600. getServerSideProps: \
res.setHeader with the same. Redirects and files: a headers() rule in next.config. To guess from \
Last-Modified is rules.heuristic_freshness.";

fn unstored(why: Unstored) -> (&'static str, &'static str) {
    match why {
        Unstored::Policy(why) => policy(why),
        Unstored::Next(why) => next(why),
        Unstored::SelectedByClient => (
            "Vary names a field that tells of the client, and each client has another",
            "Leave X-Forwarded-*, Forwarded, Via, x-request-id and traceparent out of Vary. Scheme and \
             host are in the edge's key already.",
        ),
        Unstored::TooLarge => (
            "the answer is larger than cache.max_entry",
            "Raise cache.max_entry, or let whoever stores large files serve them.",
        ),
    }
}

fn policy(why: NotStorable) -> (&'static str, &'static str) {
    match why {
        NotStorable::Method => (
            "the request was not a GET, and only the answers to GET are kept",
            "Read by GET: a page, or the GET of a route handler. Server actions and POST always reach \
             Next.js.",
        ),
        NotStorable::Status => (
            "an answer with this status is for this request alone",
            "Answer with a final status (200, 301, 308, 404, ...) that needs no must-understand.",
        ),
        NotStorable::PartialContent => (
            "the answer is a part (206), and whole ones are kept",
            "Ask once without Range: parts are then served from the whole. Or set \
             rules.store_partial = true.",
        ),
        NotStorable::NoStore => {
            ("it is dynamic: the answer says no-store, so nobody may keep it", DYNAMIC)
        }
        NotStorable::Private => ("it is for one visitor: the answer says private", DYNAMIC),
        NotStorable::NoCache => (
            "it answered no-cache: nobody may use it again without asking",
            "This is how `next dev` answers too. Say s-maxage=60 instead; or set rules.store_no_cache \
             = true, which keeps it and asks each time whether it is still good.",
        ),
        NotStorable::SetCookie => (
            "it sets a cookie, which is one visitor's",
            "Set the cookie only when it changes, in a server action or a route handler, and not on \
             every page: leave the pages out of the matcher of the middleware (proxy.ts) that does. \
             If it is the same for all: rules.store_set_cookie = true.",
        ),
        NotStorable::Authorization => (
            "the request carried Authorization, and the answer does not say that it is for all",
            "If it is the same for all, say public or s-maxage. Else it is right so.",
        ),
        NotStorable::RequestNoStore => (
            "the request itself said no-store",
            "Ask without it, or let visitors not decide: rules.request_directives = false.",
        ),
        NotStorable::VaryAny => (
            "it answered Vary: *, so that no other request can match",
            "Name the fields that count in Vary, or none.",
        ),
        NotStorable::NoExplicitFreshness => {
            ("the answer does not say for how long it may be kept", SILENT)
        }
        NotStorable::NeverFresh => (
            "it is too old the moment it comes, and has nothing to ask by whether it is still good",
            "Give it an s-maxage above 0, a stale-while-revalidate, or an ETag.",
        ),
    }
}

fn next(why: Unfit) -> (&'static str, &'static str) {
    match why {
        Unfit::ClassMismatch => (
            "HTML came where an RSC payload was asked for, or the reverse; kept, it would be shown as \
             the page",
            "Something between edge and page answers for it (a rewrite, a route handler, an error \
             page). Let it look at the rsc header, or leave these paths to the page.",
        ),
        Unfit::RscRedirect => (
            "Next.js redirects to the right _rsc, which the next request has by itself",
            "Nothing: only a client that makes up _rsc sees this.",
        ),
        Unfit::EmptyDocument => (
            "the document is empty; kept, everybody would get the empty page",
            "If it has to be empty, answer 204 from a path of its own. Next.js 15.1 before 15.1.8 does \
             this by mistake (CVE-2025-49826).",
        ),
        Unfit::MissingAsset => (
            "the file is not there, and may be there on the next server",
            "A page of another build asks for it. Let the servers behind one edge have one build, and \
             give the vault a folder that outlives a deploy (vault.dir).",
        ),
        Unfit::OtherBuild => (
            "it is of a build that is on its way out, and a newer one answers already",
            "Nothing, if a deploy is under way. Else let all servers behind this edge have one build.",
        ),
        Unfit::Failure => (
            "the answer is an error of this moment or this visitor",
            "See what Next.js logs. rules.store_failures = true keeps them if they say so.",
        ),
    }
}

fn bypass(why: Bypass) -> (&'static str, &'static str) {
    match why {
        Bypass::Upgrade => {
            ("it asks for another protocol (WebSocket), which is a tunnel", "Nothing.")
        }
        Bypass::Precondition => (
            "it carries If-Match or If-Unmodified-Since, which only Next.js can judge",
            "Ask without them.",
        ),
        Bypass::Draft => (
            "it is in draft mode: the cookie __prerender_bypass or __next_preview_data is there",
            "Leave draft mode (draftMode().disable()). With next.dir the edge knows real drafts from \
             made-up ones.",
        ),
        Bypass::Bot => (
            "it is a bot that gets a rendering of its own (cacheComponents)",
            "Nothing: visitors are served from the store. htmlLimitedBots in next.config says who is \
             one.",
        ),
        Bypass::Locale => (
            "Next.js may redirect it to the visitor's language, which no answer says",
            "Ask for a path with its locale, or say i18n.localeDetection: false in next.config.",
        ),
        Bypass::RequestBody => ("it is a GET with a body", "Ask without a body."),
        Bypass::OddRouterHeader => (
            "its router fields (rsc, next-router-prefetch, ...) are none that Next.js sends",
            "Send each once, with values of the framework.",
        ),
        Bypass::Middleware => (
            "middleware (proxy.ts) runs for this path, and has to see each request",
            "Narrow its `config.matcher` to the paths that need it; without a matcher it covers every \
             page. Or let it be skipped where a page is stored: next.middleware = \"cache\".",
        ),
        Bypass::Range => (
            "a part was asked for, and nothing is stored that it could be cut from",
            "Ask once without Range.",
        ),
    }
}

fn happened(event: Event) -> (&'static str, &'static str) {
    match event {
        Event::StaleIfError => (
            "Next.js failed, and the stored page stands in for it",
            "See what Next.js logs. cache.stale_if_error says for how long a page stands in.",
        ),
        Event::Vault => (
            "the file is of an older build, and came from the vault on disk",
            "Nothing: pages that are still open ask for it.",
        ),
        Event::OnlyIfCached => {
            ("the request wanted nothing but what is stored (only-if-cached)", "Ask without it.")
        }
        Event::ImageParameters => (
            "Next.js would refuse this width, quality or parameter of /_next/image",
            "Allow it in next.config: images.deviceSizes, imageSizes, qualities.",
        ),
        Event::RequestDirectivesIgnored => (
            "the request's own Cache-Control was ignored, so that visitors cannot empty the store",
            "rules.request_directives = true heeds it.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
