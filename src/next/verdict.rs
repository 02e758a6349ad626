//! What an answer of Next.js means for a shared cache beyond what its `Cache-Control` says.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderName, StatusCode};

use super::class::{Class, PREFETCH, RSC, SEGMENT, STATE_TREE};

/// `x-nextjs-cache`
pub const NEXT_CACHE: HeaderName = HeaderName::from_static("x-nextjs-cache");
const PRERENDER: HeaderName = HeaderName::from_static("x-nextjs-prerender");

/// Why an answer is not kept although its headers would allow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// HTML where an RSC payload was asked for, or the reverse: kept, it would be shown as the page.
    ClassMismatch,
    /// The redirect to the right `_rsc`, which may carry the page's own freshness and has no `Vary`.
    RscRedirect,
    /// An empty answer where a document was asked for (CVE-2025-49826).
    EmptyDocument,
    /// A missing file under `/_next/static`: it may be there on the next server.
    MissingAsset,
    /// A payload or data of a build that is on its way out.
    OtherBuild,
    /// An error of the moment, or of this visitor. A `headers()` rule gives the page's lifetime to its
    /// failures too.
    Failure,
}

impl Unfit {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::ClassMismatch,
        Self::RscRedirect,
        Self::EmptyDocument,
        Self::MissingAsset,
        Self::OtherBuild,
        Self::Failure,
    ];

    /// The token for `Cache-Status`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClassMismatch => "class-mismatch",
            Self::RscRedirect => "rsc-redirect",
            Self::EmptyDocument => "empty-document",
            Self::MissingAsset => "missing-asset",
            Self::OtherBuild => "other-build",
            Self::Failure => "failure",
        }
    }
}

/// Whether an answer fits the class that was asked for.
pub fn fits(
    class: &Class<'_>,
    is_static: bool,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<(), Unfit> {
    if is_static && status != StatusCode::OK {
        return Err(Unfit::MissingAsset);
    }
    if rsc_redirect(status, headers).is_some() {
        return Err(Unfit::RscRedirect);
    }
    if class.is_document() && is_empty(status, headers) {
        return Err(Unfit::EmptyDocument);
    }
    match content_type(headers) {
        Some(Kind::Flight) if class.is_document() => Err(Unfit::ClassMismatch),
        Some(Kind::Html) if !class.is_document() => Err(Unfit::ClassMismatch),
        _ => Ok(()),
    }
}

/// Whether an answer is an error of the moment, or of this visitor.
pub fn is_failure(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::UNAUTHORIZED
                | StatusCode::FORBIDDEN
                | StatusCode::PROXY_AUTHENTICATION_REQUIRED
                | StatusCode::TOO_MANY_REQUESTS
        )
}

/// The target of a redirect to the same page with the right `_rsc`; whatever else it says, the next
/// request differs.
pub fn rsc_redirect(status: StatusCode, headers: &HeaderMap) -> Option<&str> {
    let target = headers.get(LOCATION).filter(|_| status.is_redirection())?.to_str().ok()?;
    let (_, query) = target.split_once('?')?;
    query.split('&').any(|parameter| parameter.split('=').next() == Some("_rsc")).then_some(target)
}

fn is_empty(status: StatusCode, headers: &HeaderMap) -> bool {
    status == StatusCode::NO_CONTENT
        || status == StatusCode::OK
            && headers.get(CONTENT_LENGTH).is_some_and(|length| length == "0")
}

enum Kind {
    Html,
    Flight,
}

fn content_type(headers: &HeaderMap) -> Option<Kind> {
    let value = headers.get(CONTENT_TYPE)?.as_bytes();
    let media_type = value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if media_type.eq_ignore_ascii_case(b"text/html") {
        Some(Kind::Html)
    } else if media_type.eq_ignore_ascii_case(b"text/x-component") {
        Some(Kind::Flight)
    } else {
        None
    }
}

/// Whether Next.js served old content and renders anew behind: such an answer carries the full
/// `s-maxage` and no `Age`, and kept as fresh it would double the time for which old content is seen.
pub fn is_stale_at_origin(headers: &HeaderMap) -> bool {
    headers.get(NEXT_CACHE).is_some_and(|value| value == "STALE")
}

/// Whether the answer was rendered without a request. Its RSC bytes then do not depend on the
/// client's state tree (measured on 14, 15 and 16). Next.js 14 lacks the second marker.
pub fn is_prerendered(headers: &HeaderMap) -> bool {
    headers.contains_key(PRERENDER) || headers.contains_key(NEXT_CACHE)
}

/// Whether a field that `Vary` nominates needs no look: the class has it already, or the answer does
/// not depend on it.
pub fn is_settled(name: &HeaderName, prerendered: bool) -> bool {
    *name == RSC || *name == PREFETCH || *name == SEGMENT || (prerendered && *name == STATE_TREE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn what_is_of_the_moment_or_of_one_visitor_is_a_failure() {
        for (status, expected) in
            [(500, true), (503, true), (429, true), (403, true), (401, true), (404, false)]
        {
            assert_eq!(is_failure(StatusCode::from_u16(status).unwrap()), expected, "{status}");
        }
    }

    #[test]
    fn an_answer_fits_its_class_or_is_not_kept() {
        let html = ("content-type", "text/html; charset=utf-8");
        let flight = ("content-type", "text/x-component");
        let document = [];
        let rsc = [("rsc", "1")];
        for (name, request, status, response, expected) in [
            ("html for a document", &document[..], 200, vec![html], Ok(())),
            (
                "json for a document",
                &document,
                200,
                vec![("content-type", "application/json")],
                Ok(()),
            ),
            ("flight for a document", &document, 200, vec![flight], Err(Unfit::ClassMismatch)),
            ("flight for rsc", &rsc, 200, vec![flight], Ok(())),
            ("html for rsc: a Pages Router URL", &rsc, 200, vec![html], Err(Unfit::ClassMismatch)),
            ("an unknown segment's empty 404", &rsc, 404, vec![], Ok(())),
            ("204 for a document", &document, 204, vec![], Err(Unfit::EmptyDocument)),
            ("empty 200", &document, 200, vec![("content-length", "0")], Err(Unfit::EmptyDocument)),
            (
                "a 307 to a hash",
                &rsc,
                307,
                vec![("location", "/a?_rsc=x")],
                Err(Unfit::RscRedirect),
            ),
            (
                "a 307 to a hash, more query",
                &rsc,
                307,
                vec![("location", "/a?q&_rsc=x")],
                Err(Unfit::RscRedirect),
            ),
            (
                "a redirect to what only looks like it",
                &document,
                308,
                vec![("location", "/a?x_rsc=1")],
                Ok(()),
            ),
            ("a missing page", &document, 404, vec![html], Ok(())),
            ("a redirect of the application", &document, 308, vec![("location", "/b")], Ok(())),
        ] {
            let request = headers(request);
            let class = Class::of(&request).unwrap();
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(fits(&class, false, status, &headers(&response)), expected, "{name}");
        }
    }

    #[test]
    fn a_missing_chunk_is_never_kept() {
        let none = HeaderMap::new();
        let class = Class::of(&none).unwrap();
        let fresh = headers(&[("cache-control", "s-maxage=31536000")]);
        assert_eq!(fits(&class, true, StatusCode::NOT_FOUND, &fresh), Err(Unfit::MissingAsset));
        assert_eq!(fits(&class, true, StatusCode::OK, &fresh), Ok(()));
    }

    #[test]
    fn the_state_tree_is_settled_on_prerendered_answers_only() {
        assert!(is_settled(&STATE_TREE, true));
        assert!(!is_settled(&STATE_TREE, false));
        assert!(is_settled(&RSC, false));
        assert!(!is_settled(&super::super::class::NEXT_URL, true));
    }
}
