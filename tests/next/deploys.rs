//! One build takes another's place behind an edge that goes on running.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::Instant;

use super::client::{Answer, get, get_with};
use super::fixture::SECOND;
use super::life;
use super::process::{edge, edge_that_warms, edge_with, free_address, next_start};

const PAGES: [&str; 3] = ["/static", "/isr-fetch", "/pp/gsp-norev"];

fn is_of_second(answer: &Answer) -> bool {
    // `fixture` is a word of each page's title.
    answer.text().contains(&format!("\"{SECOND}\\\""))
        || answer.text().contains(&format!("\"{SECOND}\""))
}

/// The origin is stopped, and another build started in its place.
pub async fn the_new_build_is_seen(one: &Path, other: &Path) {
    let address = free_address();
    let mut origin = next_start(one, address).await;
    let edge = edge_with(&life::empty(one.join("vault-of-deploys")), address).await;
    let old_file = "/_next/static/fixture/_buildManifest.js";
    assert_eq!(get(edge.address, old_file).await.status, 200);
    for _ in 0..10 {
        for page in PAGES {
            assert!(!is_of_second(&get(edge.address, page).await), "{page}");
            payload(edge.address, page).await;
        }
        // A visitor now and then: for the edge to learn what the build is called.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    origin.kill();
    for page in PAGES {
        let answer = get(edge.address, page).await;
        assert_eq!((answer.status, answer.is_hit()), (200, true), "{page}: {}", answer.story());
    }
    let starting = tokio::spawn({
        let other = other.to_owned();
        async move { (next_start(&other, address).await, Instant::now()) }
    });
    let mut seen = None;
    while seen.is_none() {
        let answer = get(edge.address, "/static").await;
        assert_eq!(answer.status, 200, "{}", answer.story());
        seen = is_of_second(&answer).then(Instant::now);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (_second, ready) = starting.await.unwrap();
    let late = seen.unwrap().saturating_duration_since(ready);
    // `next.build_check` says how often it looks, and tests/cache/builds.rs that one look is enough; how
    // long that takes is the machine's affair.
    eprintln!("the new build was noticed {late:?} after it was ready");
    for page in PAGES {
        assert!(is_of_second(&get(edge.address, page).await), "{page}");
        assert!(is_of_second(&payload(edge.address, page).await), "{page}");
    }
    let kept = get(edge.address, old_file).await;
    assert_eq!(kept.status, 200, "who has an old page open goes on: {}", kept.story());
}

async fn payload(edge: SocketAddr, page: &str) -> Answer {
    get_with(edge, &format!("{page}?_rsc"), &[("rsc", "1")]).await
}

/// Both builds answer, one connection each in turn, as behind a load balancer while one replaces the
/// other.
pub async fn two_builds_in_turn(one: &Path, other: &Path) {
    let (first, second) =
        (next_start(one, free_address()).await, next_start(other, free_address()));
    let balancer = Balancer::new(vec![first.address]).await;
    let edge = edge(balancer.address).await;
    for _ in 0..8 {
        assert!(!is_of_second(&get(edge.address, "/static").await));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let second = second.await;
    balancer.send_to(vec![first.address, second.address]);
    let mut misses = 0;
    for _ in 0..60 {
        let answer = get(edge.address, "/static").await;
        assert_eq!(answer.status, 200);
        misses += u32::from(!answer.is_hit());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(misses, 1, "the store was emptied once, although both answered");
}

/// The edge asks for the pages itself (`warm.after_deploy`): nobody is there while the build changes.
pub async fn the_first_visitor_finds_his_page_stored(one: &Path, other: &Path) {
    let (address, admin) = (free_address(), free_address());
    let current = one.with_extension("current");
    link(one, &current);
    let mut origin = next_start(one, address).await;
    let edge = edge_that_warms(address, &current, admin).await;
    for page in PAGES {
        for _ in 0..3 {
            get(edge.address, page).await;
            payload(edge.address, page).await;
        }
    }
    let before = until_warmed(admin, 0).await;
    origin.kill();
    link(other, &current);
    let _second = next_start(other, address).await;
    until_warmed(admin, before).await;
    for page in PAGES {
        let answer = get(edge.address, page).await;
        assert!(answer.is_hit() && is_of_second(&answer), "{page}: {}", answer.story());
    }
    // A page of the Pages Router has none.
    for page in PAGES.into_iter().filter(|page| !page.starts_with("/pp/")) {
        let answer = payload(edge.address, page).await;
        assert!(answer.is_hit() && is_of_second(&answer), "payload of {page}: {}", answer.story());
    }
}

/// Waits until the edge has asked for more pages than so many, and for none for a second.
async fn until_warmed(admin: SocketAddr, before: u64) -> u64 {
    let (mut count, mut since) = (before, Instant::now());
    while count == before || since.elapsed() < Duration::from_secs(1) {
        let now = warmed(admin).await;
        if now != count {
            (count, since) = (now, Instant::now());
        }
        assert!(since.elapsed() < Duration::from_secs(60), "no page was asked for");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    count
}

/// How many pages the edge has asked for itself.
async fn warmed(admin: SocketAddr) -> u64 {
    let page = get(admin, "/metrics").await.text();
    let counts = page.lines().filter(|line| line.starts_with("selvedge_warmed_total{"));
    counts.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

/// Puts a link in its place at once, whatever was there.
fn link(to: &Path, at: &Path) {
    let fresh = at.with_extension("new");
    let _ = std::fs::remove_file(&fresh);
    std::os::unix::fs::symlink(to, &fresh).unwrap();
    std::fs::rename(fresh, at).unwrap();
}

/// Hands each new connection to the next of several servers.
struct Balancer {
    address: SocketAddr,
    servers: watch::Sender<Vec<SocketAddr>>,
}

impl Balancer {
    async fn new(servers: Vec<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (servers, current) = watch::channel(servers);
        tokio::spawn(async move {
            for turn in 0.. {
                let Ok((mut client, _)) = listener.accept().await else { return };
                let server = current.borrow()[turn % current.borrow().len()];
                tokio::spawn(async move {
                    if let Ok(mut server) = TcpStream::connect(server).await {
                        let _ = copy_bidirectional(&mut client, &mut server).await;
                    }
                });
            }
        });
        Self { address, servers }
    }

    fn send_to(&self, servers: Vec<SocketAddr>) {
        self.servers.send_replace(servers);
    }
}
