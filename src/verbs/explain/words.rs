//! The words for every reason: the sentence, without its end, and what to change.
//!
//! No match here has a wildcard: who adds a reason writes its sentence.

use super::reason::Event;
use crate::cache::{Bypass, Unstored};
use crate::next::verdict::Unfit;
use crate::policy::reuse::ForwardReason;
use crate::policy::storable::NotStorable;

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

/// Where nobody is told `no-store` about a page, as there is none.
pub(super) const NOT_FOUND: &str = "\
Nothing is at this path, or notFound() was called while the page was rendered for this request. That of a \
prerendered page (`revalidate`, generateStaticParams()) is kept as the page would be.";

/// Where it is said of a redirect.
pub(super) const REDIRECT: &str = "\
redirect() was called while the page was rendered for this request. One that is the same for all belongs \
into redirects() of next.config, with a headers() rule for its Cache-Control; that of a prerendered page \
(`revalidate`) is kept as the page would be.";

pub(super) fn unstored(why: Unstored) -> (&'static str, &'static str) {
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

pub(super) fn bypass(why: Bypass) -> (&'static str, &'static str) {
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

pub(super) fn happened(event: Event) -> (&'static str, &'static str) {
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
