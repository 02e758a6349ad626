//! What the bridge adds to responses.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Site;
use super::client::{Answer, get, get_with};

impl Answer {
    fn tags(&self) -> Vec<&str> {
        let all: Vec<_> = self.headers.get_all("x-selvedge-tags").iter().collect();
        assert!(all.len() <= 1, "{all:?}");
        self.header("x-selvedge-tags").split(',').filter(|tag| !tag.is_empty()).collect()
    }

    /// How old the content is.
    fn age(&self) -> Option<Duration> {
        let generated = self.header("x-selvedge-generated");
        let generated = Duration::from_millis(
            (!generated.is_empty()).then(|| generated.parse().expect("milliseconds"))?,
        );
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Some(now.checked_sub(generated).expect("not in the future"))
    }

    /// The time that is written in the page.
    fn at(&self) -> u64 {
        let text = self.text();
        let start = text.find("<time id=\"at\">").expect("a time") + 14;
        text[start..].split('<').next().unwrap().parse().unwrap()
    }
}

/// Each page once, since Next.js 14 remembers on disk what an earlier run has invalidated.
pub async fn warm(site: &Site) {
    for path in ["/static", "/isr-slow", "/isr-fetch", "/api/static", "/pp/gsp", "/pp/gsp-norev"] {
        get(site.server.address, path).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
}

pub async fn pages(site: &Site) {
    let address = site.server.address;
    let path = format!("/blog/{}", std::process::id());
    let miss = get(address, &path).await;
    assert_eq!(miss.header("x-nextjs-cache"), "MISS");
    let wanted = ["_N_T_/layout", "_N_T_/blog/[slug]/page", &format!("_N_T_{path}")];
    for tag in wanted {
        assert!(miss.tags().contains(&tag), "{tag}: {:?}", miss.headers);
    }
    assert_eq!(miss.age(), None, "it was made just now");
    // Until it is stored, others get the same answer.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let hit = get(address, &path).await;
    assert_eq!(hit.header("x-nextjs-cache"), "HIT");
    assert_eq!(hit.tags(), miss.tags());
    let generated: u64 = hit.header("x-selvedge-generated").parse().unwrap();
    assert!((0..3000).contains(&generated.wrapping_sub(hit.at())), "{generated}, {}", hit.at());
    // With a tag of the application.
    assert!(get(address, "/isr-fetch").await.tags().contains(&"t1"));
    // Prerendered by the build.
    let built = get(address, "/static").await;
    assert!(built.tags().contains(&"_N_T_/static"), "{:?}", built.headers);
    assert!(built.age().is_some(), "{:?}", built.headers);
    let not_found = get(address, "/blog/nf7").await;
    assert_eq!(not_found.status, 404);
    assert!(not_found.tags().contains(&"_N_T_/blog/nf7"), "{:?}", not_found.headers);
}

pub async fn payloads_and_segments(site: &Site) {
    let segment =
        [("rsc", "1"), ("next-router-prefetch", "1"), ("next-router-segment-prefetch", "/_tree")];
    for headers in [&segment[..1], &segment[..]] {
        // The second time, others have looked the page up already.
        for _ in 0..2 {
            let payload = follow(site, "/isr-slow", headers).await;
            assert_eq!(payload.header("content-type"), "text/x-component");
            assert!(payload.tags().contains(&"_N_T_/isr-slow"), "{:?}", payload.headers);
            assert!(payload.age().is_some(), "{:?}", payload.headers);
        }
        let path = format!("/blog/{}-{}", std::process::id(), headers.len());
        let miss = follow(site, &path, headers).await;
        assert!(miss.tags().contains(&format!("_N_T_{path}").as_str()), "{:?}", miss.headers);
    }
}

async fn follow(site: &Site, path: &str, headers: &[(&str, &str)]) -> Answer {
    let answer = get_with(site.server.address, path, headers).await;
    if answer.status != 307 {
        return answer;
    }
    get_with(site.server.address, answer.header("location"), headers).await
}

pub async fn route_handlers(site: &Site) {
    let answer = get(site.server.address, "/api/static").await;
    assert!(answer.tags().contains(&"_N_T_/api/static"), "{:?}", answer.headers);
    assert!(answer.age().is_some(), "{:?}", answer.headers);
}

pub async fn pages_router(site: &Site) {
    let address = site.server.address;
    for path in ["/pp/gsp", "/_next/data/fixture/pp/gsp.json", "/pp/gsp-norev"] {
        // Also the ones that come while the first is renewed.
        for _ in 0..3 {
            let answer = get(address, path).await;
            assert_eq!(answer.status, 200);
            assert!(answer.age().is_some(), "{path}: {:?}", answer.headers);
            assert_eq!(answer.tags(), [""; 0]);
        }
    }
    let path = format!("/pp/ssg-dyn/nf{}", std::process::id());
    get(address, &path).await;
    let not_found = get(address, &path).await;
    assert_eq!(not_found.status, 404);
    let age = not_found.age().expect("its own age, not that of the 404 page");
    assert!(age < Duration::from_secs(5), "{:?}", not_found.headers);
}

/// What Next.js does not keep is not spoken about.
pub async fn not_cached(site: &Site) {
    for path in ["/dyn", "/api/swr", "/api/hello", "/pp/gssp", "/data.txt"] {
        let answer = get(site.server.address, path).await;
        assert_eq!(answer.tags(), [""; 0], "{path}");
        assert_eq!(answer.age(), None, "{path}");
    }
}
