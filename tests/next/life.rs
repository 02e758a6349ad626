//! Over time: cold, stale, without an origin, wrapped.

use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use super::client::{Answer, get};
use super::process::{self, Process, alone, edge, free_address, next_start};
use super::routes::Site;

/// How often the application rendered `path`.
async fn renders(address: std::net::SocketAddr, path: &str) -> u64 {
    let answer = get(address, &format!("/count?key={path}")).await.text();
    let count = answer.split("\"count\":").nth(1).and_then(|rest| rest.split('}').next());
    count.and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("/count says {answer}"))
}

pub async fn a_cold_page_is_rendered_once(site: &Site) {
    let before = renders(site.origin, "/api/swr").await;
    let visitors: Vec<_> =
        (0..1000).map(|_| tokio::spawn(get(site.edge, "/api/swr?cold"))).collect();
    let mut stamps = std::collections::BTreeSet::new();
    for visitor in visitors {
        let answer = visitor.await.unwrap();
        assert_eq!(answer.status, 200);
        stamps.insert(answer.text());
    }
    let after = renders(site.origin, "/api/swr").await;
    assert_eq!((after - before, stamps.len()), (1, 1), "one request, one answer for a thousand");
}

/// `s-maxage=2, stale-while-revalidate=60` under steady load: each answer comes from the store, and
/// the origin is asked once in a period.
pub async fn a_stale_page_is_renewed_behind(site: &Site) {
    get(site.edge, "/api/swr2?steady").await;
    let before = renders(site.origin, "/api/swr2").await;
    let (mut hits, began) = (0, Instant::now());
    for _ in 0..140 {
        let answer = get(site.edge, "/api/swr2?steady").await;
        assert!(answer.is_hit(), "{}", answer.header("cache-status"));
        hits += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let asked = renders(site.origin, "/api/swr2").await - before;
    let took = began.elapsed();
    assert!(
        (2..=took.as_secs() / 2 + 1).contains(&asked),
        "{hits} hits over {took:?} asked the origin {asked} times"
    );
}

/// Stored pages outlive the origin, and new content is back soon after it is.
pub async fn the_origin_dies_and_comes_back(dir: &Path) {
    let address = free_address();
    let mut origin = next_start(dir, address).await;
    let edge = edge(address).await;
    let old = get(edge.address, "/isr").await;
    assert_eq!(old.status, 200);
    get(edge.address, "/api/etag").await;
    origin.kill();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    for _ in 0..5 {
        let page = get(edge.address, "/isr").await;
        assert_eq!((page.status, page.is_hit()), (200, true), "{}", page.header("cache-status"));
    }
    let dynamic = get(edge.address, "/dyn").await;
    assert_eq!(dynamic.status, 502);
    assert!(dynamic.header("proxy-status").contains("connection_refused"));
    let _back = next_start(dir, address).await;
    let renewed = eventually(|| get(edge.address, "/isr"), |page| page.body != old.body).await;
    assert_eq!(renewed.status, 200);
    assert_eq!(get(edge.address, "/dyn").await.status, 200);
}

/// `selvedge -- node … next start`: serves, drains, and ends with its child.
pub async fn wrapped_server(mut edge: Process) {
    let address = edge.address;
    assert_eq!(get(address, "/static").await.status, 200);
    assert!(get(address, "/static").await.is_hit());
    let slow = tokio::spawn(get(address, "/stream"));
    tokio::time::sleep(Duration::from_millis(100)).await;
    let code = tokio::task::spawn_blocking(move || edge.terminate()).await.unwrap();
    let answer = slow.await.unwrap();
    assert!(answer.text().contains("</html>"), "what ran when SIGTERM came was finished");
    assert_eq!(code, Some(0));
    assert!(process::is_free(address));
}

/// A page that is open in a browser while its build goes away, and the edge is started anew.
pub async fn old_files_outlive_their_build(dir: &Path, vault: &Path) {
    let origin = next_start(dir, free_address()).await;
    let page = get(origin.address, "/static").await.text();
    let named = ["src=\"/_next/static/", "href=\"/_next/static/"].into_iter().flat_map(|named| {
        let rest = page.split(named).skip(1);
        rest.filter_map(|rest| Some(format!("/_next/static/{}", rest.split('"').next()?)))
    });
    let named: std::collections::BTreeSet<String> = named.collect();
    assert!(named.len() > 2, "{named:?} in {page}");
    let edge = alone(vault).await;
    for path in &named {
        let (built, old) = (get(origin.address, path).await, get(edge.address, path).await);
        assert_eq!(
            (old.status, old.story()),
            (200, "fwd=uri-miss; stored; detail=vault"),
            "{path}"
        );
        assert_eq!(old.body, built.body, "{path}");
        assert_eq!(old.header("content-type"), built.header("content-type"), "{path}");
    }
    let never = get(edge.address, "/_next/static/chunks/never.js").await;
    assert_eq!(never.status, 502);
}

/// The same folder, with nothing of an earlier run.
pub fn empty(dir: std::path::PathBuf) -> std::path::PathBuf {
    let _ = std::fs::remove_dir_all(&dir);
    dir
}

async fn eventually<F: Future<Output = Answer>>(
    ask: impl Fn() -> F,
    wanted: impl Fn(&Answer) -> bool,
) -> Answer {
    for _ in 0..100 {
        let answer = ask().await;
        if wanted(&answer) {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("not after 20 s");
}
