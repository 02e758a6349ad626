//! The table.
//!
//! Not in it, since the edge has no rule for them, and only a newer Next.js helps: CVE-2025-55182 (React2Shell),
//! the other advisories about decoding a server action, CVE-2026-27978 (`Origin: null`), CVE-2025-55173
//! (pictures that are none, of a server that `remotePatterns` allows) and the AVIF decoder. Of
//! CVE-2026-44575 (`/page.rsc`) the edge only sees to it that nobody else gets what middleware covers.
//! CVE-2026-29057 is in `smuggling.rs`.

use super::client::Answer;

/// An advisory, or a weakness without one.
pub struct Advisory {
    pub id: &'static str,
    /// What an attacker gains by it.
    pub gain: &'static str,
    /// What the attacker sends: `{inside}` is the address of a server that only the origin should reach,
    /// `{port}` the port of the server that is asked.
    pub attack: Ask,
    /// What an ordinary visitor asks for afterwards.
    pub visit: Ask,
    /// Whether an answer is the one that nobody should get.
    pub harm: fn(&Answer) -> bool,
    /// Whether a cache that goes by the answer's own headers would keep it.
    pub would_be_kept: bool,
    pub rule: Rule,
}

/// A request.
#[derive(Clone, Copy)]
pub struct Ask {
    pub target: &'static str,
    pub fields: &'static [(&'static str, &'static str)],
}

/// Where the edge's rule stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    /// `layer::guard` (or `forwarded`, or `admit`): the origin never sees it.
    Guard,
    /// The same, where the edge knows the application's build.
    GuardWithBuild,
    /// `next::class` and `next::verdict`: the attacker gets what he asked for, and nobody else does.
    Cache,
}

/// What a scripted origin answers to a request's head, which is given in lower case.
pub type Script = fn(&str) -> &'static str;

const fn plain(target: &'static str) -> Ask {
    Ask { target, fields: &[] }
}

const fn with(target: &'static str, fields: &'static [(&'static str, &'static str)]) -> Ask {
    Ask { target, fields }
}

const SUBREQUEST: &str = "middleware:middleware:middleware:middleware:middleware";

/// What real versions show: the major version (`app/package-*.json` has the whole of it) first. In the
/// order in which they are asked: after CVE-2024-46982 a server gives all what the attacker left.
pub const REAL: &[(u32, Advisory)] = &[
    (
        13,
        Advisory {
            id: "CVE-2023-46298",
            gain: "an empty page, without Cache-Control",
            attack: with("/pp/ssr", &[("x-middleware-prefetch", "1")]),
            visit: plain("/pp/ssr"),
            harm: |answer| answer.text() == "{}",
            would_be_kept: false,
            rule: Rule::Guard,
        },
    ),
    (
        13,
        Advisory {
            id: "CVE-2026-44576",
            gain: "an RSC payload in the place of the page",
            attack: with("/isr", &[("rsc", "yes")]),
            visit: plain("/isr"),
            harm: is_payload,
            would_be_kept: true,
            rule: Rule::Guard,
        },
    ),
    (
        13,
        Advisory {
            id: "CVE-2026-44573",
            gain: "data that middleware protects",
            attack: plain("/_next/data/build/secret.json"),
            visit: plain("/_next/data/build/en/secret.json"),
            harm: is_for_members,
            would_be_kept: true,
            rule: Rule::GuardWithBuild,
        },
    ),
    (
        14,
        Advisory {
            id: "?__nextLocale",
            gain: "a page in a language that there is not",
            attack: plain("/pp/ssr?__nextLocale=evil&__nextDefaultLocale=evil"),
            visit: plain("/pp/ssr"),
            harm: |answer| answer.text().contains("lang=\"evil\""),
            would_be_kept: false,
            rule: Rule::Guard,
        },
    ),
    (
        14,
        Advisory {
            id: "CVE-2024-46982, CVE-2025-32421",
            gain: "one visitor's data, as the page of all",
            attack: with("/pp/ssr?__nextDataReq=1", &[("x-now-route-matches", "1")]),
            visit: plain("/pp/ssr"),
            harm: |answer| answer.text().starts_with("{\"pageProps\""),
            would_be_kept: true,
            rule: Rule::Guard,
        },
    ),
    (
        14,
        Advisory {
            id: "x-invoke-status",
            gain: "an error in the place of the page",
            attack: with("/isr", &[("x-invoke-status", "404")]),
            visit: plain("/isr"),
            harm: |answer| answer.status == 404,
            would_be_kept: false,
            rule: Rule::Guard,
        },
    ),
    (
        14,
        Advisory {
            id: "CVE-2025-57822",
            gain: "what a server answers that only the origin reaches",
            attack: with("/reflect", &[("location", "http://{inside}/")]),
            visit: plain("/isr"),
            harm: |answer| answer.text().contains("inside"),
            would_be_kept: false,
            rule: Rule::Guard,
        },
    ),
    (
        14,
        Advisory {
            id: "CVE-2025-57752",
            gain: "a picture that was made for somebody else",
            attack: with(PICTURE, &[("cookie", "session=alice"), ("authorization", "Basic YTph")]),
            visit: plain(PICTURE),
            harm: |answer| answer.text().contains("alice"),
            would_be_kept: false,
            rule: Rule::Guard,
        },
    ),
    (
        15,
        Advisory {
            id: "CVE-2025-29927",
            gain: "pages that middleware protects",
            attack: with("/admin", &[("x-middleware-subrequest", SUBREQUEST)]),
            visit: plain("/admin"),
            harm: is_for_members,
            would_be_kept: true,
            rule: Rule::Guard,
        },
    ),
    (
        15,
        Advisory {
            id: "CVE-2026-44572",
            gain: "a redirect that leads nowhere",
            attack: with("/old", &[("x-nextjs-data", "1")]),
            visit: plain("/old"),
            harm: |answer| !answer.headers.contains_key("location"),
            would_be_kept: false,
            rule: Rule::Guard,
        },
    ),
    (
        15,
        Advisory {
            id: "X-Forwarded-Proto",
            gain: "a redirect to where nobody listens",
            attack: with("/old", &[("x-forwarded-proto", "https"), ("x-forwarded-host", "evil")]),
            visit: plain("/old"),
            harm: |answer| !answer.header("location").starts_with("http://localhost"),
            would_be_kept: false,
            rule: Rule::Guard,
        },
    ),
    (
        15,
        Advisory {
            id: "CVE-2025-49826",
            gain: "nothing at all, in the place of the page",
            attack: with(
                "/isr",
                &[
                    ("rsc", "1"),
                    ("next-router-prefetch", "1"),
                    ("next-router-segment-prefetch", "/x"),
                ],
            ),
            visit: plain("/isr"),
            harm: |answer| answer.status == 204,
            would_be_kept: true,
            rule: Rule::Cache,
        },
    ),
];

/// What a scripted origin shows.
pub const SCRIPTED: &[(Script, Advisory)] = &[
    (
        |head| if head.contains("\nrsc: 1") { PAYLOAD } else { PAGE },
        Advisory {
            id: "CVE-2025-49005",
            gain: "an RSC payload in the place of the page, since its answer lacks Vary",
            attack: with("/isr", &[("rsc", "1")]),
            visit: plain("/isr"),
            harm: is_payload,
            would_be_kept: true,
            rule: Rule::Cache,
        },
    ),
    (
        |head| if head.contains("segment-prefetch") { SEGMENT } else { PAYLOAD },
        Advisory {
            id: "CVE-2026-44582",
            gain: "a segment in the place of the payload, by a collision of `_rsc`",
            attack: with(
                "/isr?_rsc=1abcd",
                &[("rsc", "1"), ("next-router-segment-prefetch", "/_tree")],
            ),
            visit: with("/isr?_rsc=1abcd", &[("rsc", "1")]),
            harm: |answer| answer.text() == "segment",
            would_be_kept: true,
            rule: Rule::Cache,
        },
    ),
    (
        |head| if head.contains("resume") { DEADLOCK } else { PAGE },
        Advisory {
            id: "CVE-2026-44579, CVE-2026-27979",
            gain: "a render that never ends",
            attack: with("/isr", &[("next-resume", "1"), ("x-next-resume-state-length", "1")]),
            visit: plain("/isr"),
            harm: is_failure,
            would_be_kept: false,
            rule: Rule::Guard,
        },
    ),
    (
        |head| if head.contains("xtpslug") { MEMBERS } else { PAGE },
        Advisory {
            id: "CVE-2026-44574",
            gain: "a page that middleware protects, as a parameter of another",
            attack: plain("/blog/one?a=b&%6extPslug=admin"),
            visit: plain("/blog/one?a=b"),
            harm: is_for_members,
            would_be_kept: true,
            rule: Rule::Guard,
        },
    ),
    (
        |head| if head.starts_with("get http:") { INSIDE } else { PAGE },
        Advisory {
            id: "CVE-2026-44578",
            gain: "what a server answers that only the origin reaches",
            attack: with(
                "http://127.0.0.1:1/",
                &[("connection", "upgrade"), ("upgrade", "websocket")],
            ),
            visit: plain("/"),
            harm: |answer| answer.text() == "inside",
            would_be_kept: false,
            rule: Rule::Guard,
        },
    ),
    (
        |head| if head.contains("revalidate") { FRESH } else { PAGE },
        Advisory {
            id: "x-prerender-revalidate",
            gain: "as many renders as he likes, if he knows the build's secret",
            attack: with(
                "/isr",
                &[
                    ("x-prerender-revalidate", "secret"),
                    ("x-prerender-revalidate-if-generated", "1"),
                    ("x-next-revalidated-tags", "a"),
                    ("x-next-revalidate-tag-token", "secret"),
                ],
            ),
            visit: plain("/isr"),
            harm: |answer| answer.header("x-nextjs-cache") == "REVALIDATED",
            would_be_kept: true,
            rule: Rule::Guard,
        },
    ),
    (
        |head| if head.starts_with(ONE_PICTURE) { PAGE } else { FRESH },
        Advisory {
            id: "CVE-2026-27980",
            gain: "as many pictures on the origin's disk as he likes",
            attack: with(
                "/_next/image?w=640&url=%2Fa.png&x=1&q=75",
                &[("accept", "text/x, image/webp, image/*;q=0.1")],
            ),
            visit: with("/_next/image?url=%2Fa.png&w=640&q=75", &[("accept", "image/webp")]),
            harm: |answer| answer.header("x-nextjs-cache") == "REVALIDATED",
            would_be_kept: true,
            rule: Rule::Guard,
        },
    ),
    (
        |head| if head.contains("w=640&") { PAGE } else { DEADLOCK },
        Advisory {
            id: "CVE-2025-59471, CVE-2026-44577",
            gain: "the origin's memory, by pictures of any size",
            attack: plain("/_next/image?url=%2Fa.png&w=99999&q=75"),
            visit: plain("/_next/image?url=%2Fa.png&w=640&q=75"),
            harm: is_failure,
            would_be_kept: false,
            rule: Rule::GuardWithBuild,
        },
    ),
];

/// What the edges know that know the application's build.
pub const BUILD: &[(&str, &str)] = &[
    ("BUILD_ID", "b"),
    (
        "images-manifest.json",
        r#"{"images": {"deviceSizes": [640], "imageSizes": [], "path": "/_next/image"}}"#,
    ),
];

const ONE_PICTURE: &str = "get /_next/image?url=%2fa.png&w=640&q=75 http/1.1";
const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\
    Cache-Control: s-maxage=600\r\nx-nextjs-cache: HIT\r\nContent-Length: 4\r\n\r\npage";
const FRESH: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\
    Cache-Control: s-maxage=600\r\nx-nextjs-cache: REVALIDATED\r\nContent-Length: 4\r\n\r\npage";
const PAYLOAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/x-component\r\n\
    Cache-Control: s-maxage=600\r\nx-nextjs-cache: HIT\r\nContent-Length: 7\r\n\r\npayload";
const SEGMENT: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/x-component\r\n\
    Cache-Control: s-maxage=600\r\nx-nextjs-cache: HIT\r\nContent-Length: 7\r\n\r\nsegment";
const MEMBERS: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\
    Cache-Control: s-maxage=600\r\nx-nextjs-cache: HIT\r\nContent-Length: 11\r\n\r\nfor members";
const INSIDE: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\ninside";
const DEADLOCK: &str = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";

fn is_failure(answer: &Answer) -> bool {
    answer.status == 500
}

/// One of its own for each server that is asked, since Next.js would answer from its own cache.
const PICTURE: &str = "/_next/image?url=%2Fapi%2Fpicture%3F{port}&w=640&q=75";

fn is_payload(answer: &Answer) -> bool {
    answer.header("content-type").starts_with("text/x-component")
}

fn is_for_members(answer: &Answer) -> bool {
    answer.text().contains("for members")
}
