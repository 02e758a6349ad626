//! What only Next.js may say to itself, taken off requests of clients.
//!
//! Next.js talks to itself in header fields and query parameters: "this request went through the
//! middleware already", "this is the route that matched". Several versions believe them from
//! anybody. Each group below names the advisory that it answers. Which version filters what itself has
//! changed often enough not to rely on it.

use http::header::{ACCEPT, AUTHORIZATION, COOKIE, LOCATION};
use http::uri::PathAndQuery;
use http::{HeaderMap, Request, Uri};
use percent_encoding::percent_decode_str;

use super::remove_fields;
use crate::body::Body;
use crate::build::Application;
use crate::client;
use crate::fields::Fields;
use crate::next::class::RSC;
use crate::next::manifest::Manifest;
use crate::next::{data, images};

/// Takes off a request what only the framework may say; `base_path` is the application's.
pub fn clean(request: &mut Request<Body>, base_path: &str) {
    let fields = client::fields(request);
    let is_image = images::is_optimizer(request.uri().path(), base_path);
    if fields.may_have(Fields::INTERNAL) {
        let is_data = data::is_asked(request.uri().path(), base_path);
        remove_fields(request.headers_mut(), |name| is_internal(name.as_str(), is_data));
    }
    if fields.may_have(Fields::ROUTER) {
        remove_odd_rsc(request.headers_mut());
    }
    if is_image {
        let headers = request.headers_mut();
        // CVE-2025-57752: the optimizer's own cache takes no account of them.
        headers.remove(COOKIE);
        headers.remove(AUTHORIZATION);
        normalise_image(request);
    }
    if let Some(uri) = without_internal_parameters(request.uri()) {
        *request.uri_mut() = uri;
    }
}

/// Names the locale that a data request leaves out, where the application's build is known: without
/// it, middleware is passed by (CVE-2026-44573).
pub fn name_locale(request: &mut Request<Body>, application: &Application, base_path: &str) {
    let uri = request.uri();
    if !data::is_asked(uri.path(), base_path) {
        return;
    }
    let build = application.manifest();
    let named = build.as_deref().and_then(Manifest::i18n).and_then(|i18n| {
        let path = data::with_locale(i18n, client::host(request), uri.path(), base_path)?;
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{path}{query}").parse().ok()
    });
    if let Some(named) = named {
        *request.uri_mut() = named;
    }
}

/// A picture that is asked for in other words is the same picture: one render, one place in the
/// store.
fn normalise_image(request: &mut Request<Body>) {
    if let Some(accept) = images::accept(request.headers()) {
        request.headers_mut().insert(ACCEPT, accept);
    }
    let uri = request.uri();
    let target = uri.query().and_then(images::query);
    let target = target.and_then(|query| format!("{}?{query}", uri.path()).parse().ok());
    if let Some(target) = target {
        *request.uri_mut() = target;
    }
}

/// `x-nextjs-data` belongs to data requests alone; elsewhere it changes redirects of the middleware
/// (CVE-2026-44572).
fn is_internal(name: &str, is_data: bool) -> bool {
    let Some(rest) = name.strip_prefix("x-") else {
        // CVE-2026-44579: a deadlock by a resumed render.
        // `location` on a request: CVE-2025-57822, SSRF by reflected fields.
        return matches!(name, "next-resume" | "next-hmr-refresh") || name == LOCATION;
    };
    // CVE-2025-29927: `x-middleware-subrequest` skips the middleware.
    // CVE-2023-46298: `x-middleware-prefetch` gets an empty answer without Cache-Control.
    rest.starts_with("middleware-")
        // 13.4 to 14.1: `x-invoke-status`, `-path`, `-query`, `-output`, `-error` choose an error page.
        || rest.starts_with("invoke-")
        // Secrets of a build that refresh a page, and what the origin tells itself of it.
        || rest.starts_with("prerender-revalidate")
        || rest.starts_with("next-")
        || (rest.starts_with("nextjs-") && !(is_data && rest == "nextjs-data"))
        || matches!(
            rest,
            // CVE-2024-46982: makes a page of the Pages Router answer with `s-maxage=1`.
            "now-route-matches" | "matched-path" | "action-forwarded"
        )
}

/// CVE-2026-44576: versions up to 16.0.0 take any value of `rsc` for a yes, later ones `1` alone.
fn remove_odd_rsc(headers: &mut HeaderMap) {
    if headers.get(RSC).is_some_and(|value| value != "1") {
        headers.remove(RSC);
    }
}

/// The target without parameters of the framework; `None` if it has none.
///
/// CVE-2026-44573 to 44575: `nxtP*` names a route parameter past the middleware.
fn without_internal_parameters(uri: &Uri) -> Option<Uri> {
    let query = uri.query()?;
    if !query.split('&').any(is_internal_parameter) {
        return None;
    }
    let mut target = uri.path().to_owned();
    let mut separator = '?';
    for parameter in query.split('&').filter(|parameter| !is_internal_parameter(parameter)) {
        target.push(separator);
        target.push_str(parameter);
        separator = '&';
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(target).ok()?);
    Uri::from_parts(parts).ok()
}

/// The name is compared as Next.js will see it: percent-decoded.
fn is_internal_parameter(parameter: &str) -> bool {
    let name = parameter.split('=').next().unwrap_or_default();
    let name = percent_decode_str(name).decode_utf8_lossy();
    name.starts_with("nxtP")
        || name.starts_with("nxtI")
        || matches!(
            &*name,
            "__nextDataReq"
                | "__nextLocale"
                | "__nextDefaultLocale"
                | "__nextInferredLocaleFromDefault"
                | "__nextSsgPath"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(uri: &str, base_path: &str, fields: &[(&str, &str)]) -> Request<Body> {
        let mut request = Request::builder().uri(uri);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::Empty).unwrap();
        clean(&mut request, base_path);
        request
    }

    #[test]
    fn each_advisory_has_its_field() {
        for (advisory, name) in [
            ("CVE-2023-46298", "x-middleware-prefetch"),
            ("CVE-2024-46982", "x-now-route-matches"),
            ("CVE-2024-46982", "x-matched-path"),
            ("13.4 to 14.1", "x-invoke-status"),
            ("13.4 to 14.1", "x-invoke-path"),
            ("13.4 to 14.1", "x-invoke-query"),
            ("13.4 to 14.1", "x-invoke-output"),
            ("13.4 to 14.1", "x-invoke-error"),
            ("13.4 to 14.1", "x-middleware-invoke"),
            ("CVE-2025-29927", "x-middleware-subrequest"),
            ("CVE-2025-57822", "location"),
            ("CVE-2025-57822", "x-middleware-rewrite"),
            ("CVE-2026-44579", "next-resume"),
            ("CVE-2026-44579", "x-next-resume-state-length"),
            ("CVE-2026-44572", "x-nextjs-data"),
            ("a build's secret", "x-prerender-revalidate"),
            ("a build's secret", "x-prerender-revalidate-if-generated"),
            ("internal", "x-next-revalidated-tags"),
            ("internal", "x-next-revalidate-tag-token"),
            ("internal", "x-next-cache-tags"),
            ("internal", "x-action-forwarded"),
            ("internal", "next-hmr-refresh"),
        ] {
            let request = cleaned("/a", "", &[(name, "1"), ("x-own", "1"), ("x-nextgen", "1")]);
            assert_eq!(request.headers().get(name), None, "{advisory}: {name}");
            assert_eq!(request.headers().len(), 2, "{advisory}: what is the application's stays");
        }
    }

    #[test]
    fn what_the_client_side_router_sends_stays() {
        let router = [
            ("rsc", "1"),
            ("next-router-state-tree", "x"),
            ("next-router-prefetch", "1"),
            ("next-router-segment-prefetch", "/_tree"),
            ("next-url", "/a"),
            ("next-action", "abc"),
            ("x-deployment-id", "d"),
        ];
        assert_eq!(cleaned("/a?_rsc=1", "", &router).headers().len(), router.len());
    }

    #[test]
    fn a_data_request_may_say_that_it_is_one() {
        let field = [("x-nextjs-data", "1")];
        for (path, base_path, stays) in [
            ("/_next/data/b/a.json", "", true),
            ("/docs/_next/data/b/a.json", "/docs", true),
            ("/_next/data/b/a.json", "/docs", false),
            ("/a", "", false),
        ] {
            let request = cleaned(path, base_path, &field);
            assert_eq!(request.headers().contains_key("x-nextjs-data"), stays, "{path}");
        }
    }

    #[test]
    fn an_image_is_asked_for_by_nobody_in_particular() {
        let fields = [("cookie", "a=b"), ("authorization", "Basic x"), ("accept", "image/webp")];
        let left = |uri, base| cleaned(uri, base, &fields).headers().len();
        assert_eq!(left("/_next/image?url=%2Fa.png&w=640&q=75", ""), 1);
        assert_eq!(left("/docs/_next/image?url=%2Fa.png&w=640&q=75", "/docs"), 1);
        assert_eq!(left("/a/_next/image", ""), 3);
    }

    #[test]
    fn rsc_is_one_or_nothing() {
        for (value, stays) in
            [("1", true), ("", false), ("true", false), ("0", false), ("2", false)]
        {
            let request = cleaned("/a", "", &[("rsc", value)]);
            assert_eq!(request.headers().contains_key("rsc"), stays, "{value:?}");
        }
    }

    #[test]
    fn parameters_of_the_framework_are_dropped_however_they_are_encoded() {
        for (uri, expected) in [
            ("/a?q=1&_rsc=x", "/a?q=1&_rsc=x"),
            ("/a?__nextDataReq=1", "/a"),
            ("/a?__nextDataReq=1&q=%20&r", "/a?q=%20&r"),
            ("/a?q=1&nxtPslug=x&nxtIslug=y", "/a?q=1"),
            ("/a?%6extPslug=x&q", "/a?q"),
            ("/a?__nextLocale=de&__nextDefaultLocale=en&__nextSsgPath=/x", "/a"),
            ("/a?x=nxtP&nxt=1&next=2", "/a?x=nxtP&nxt=1&next=2"),
        ] {
            assert_eq!(cleaned(uri, "", &[]).uri(), expected, "{uri}");
        }
    }
}
