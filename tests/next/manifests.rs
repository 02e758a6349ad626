//! What the edge knows from the build of the server that it wraps.

use std::net::SocketAddr;

use super::client::{get, get_with};

pub async fn what_no_response_says(edge: SocketAddr) {
    // A rewrite by middleware, which answers with the `s-maxage` of the page it rewrites to.
    for _ in 0..2 {
        let rewritten = get(edge, "/mwrw").await;
        assert_eq!((rewritten.status, rewritten.story()), (200, "fwd=bypass; detail=middleware"));
    }
    get(edge, "/isr").await;
    let bogus = get_with(edge, "/isr", &[("cookie", "__prerender_bypass=zzz")]).await;
    assert!(bogus.is_hit(), "{}", bogus.story());
    // Of a page that is not stored, Next.js clears it; that answer is for nobody else.
    let bogus = get_with(edge, "/isr?cold", &[("cookie", "__prerender_bypass=zzz")]).await;
    assert_eq!(bogus.story(), "fwd=uri-miss; detail=set-cookie");
    assert!(bogus.header("set-cookie").starts_with("__prerender_bypass=;"));
    for _ in 0..2 {
        let public = get(edge, "/isr?cold").await;
        assert_eq!((public.status, public.header("set-cookie")), (200, ""));
    }
    let on = get(edge, "/api/draft").await;
    let cookie = on.header("set-cookie").split(';').next().unwrap().to_owned();
    let draft = get_with(edge, "/isr", &[("cookie", &cookie)]).await;
    assert_eq!(draft.story(), "fwd=bypass; detail=draft");
    assert!(draft.text().contains("draft</p>"), "the draft is shown");
    for (size, status) in [("w=640&q=75", 200), ("w=641&q=75", 400), ("w=640&q=101", 400)] {
        let image = get(edge, &format!("/_next/image?url=%2Fpic.png&{size}")).await;
        assert_eq!(image.status, status, "{size}: {}", image.text());
        assert_eq!(image.story() == "detail=image-parameters", status == 400, "{size}");
    }
}
