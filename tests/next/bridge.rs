//! What only an edge with the bridge can do: `selvedge -- node … next start`, with the bridge that comes
//! along by itself.

use std::net::SocketAddr;
use std::time::Duration;

use selvedge::clock::Clock;

use super::client::{Answer, get};

/// What the application invalidates is gone from the edge when its answer comes.
pub async fn what_the_application_invalidates_is_new_at_once(edge: SocketAddr) {
    for (page, change) in [
        ("/isr-fetch", "/api/retag?tag=t1"),
        ("/isr-fetch", "/api/repath?path=/isr-fetch"),
        ("/pp/gsp-norev", "/api/revalidate?path=/pp/gsp-norev"),
    ] {
        let old = get(edge, page).await;
        assert_eq!(old.header("x-selvedge-tags"), "", "{page}: for us alone");
        let kept = get(edge, page).await;
        assert!(kept.is_hit(), "{page}: {}", kept.header("cache-status"));
        let said = get(edge, change).await;
        assert_eq!(said.status, 200, "{change}: {}", said.text());
        let new = get(edge, page).await;
        assert_ne!(new.body, kept.body, "{change}: {}", new.header("cache-status"));
        let kept = get(edge, page).await;
        assert!(kept.is_hit(), "{page}: {}", kept.header("cache-status"));
    }
}

/// Next.js sends the full `s-maxage` of a page that it made long ago, and no `Age`. (Another query is
/// another key for the edge, and the same entry for Next.js.)
pub async fn age_counts_from_when_next_made_the_page(edge: SocketAddr) {
    for page in ["/isr-slow", "/pp/gsp-norev"] {
        let made = get(edge, page).await.made();
        tokio::time::sleep(Duration::from_millis(2100)).await;
        for _ in 0..2 {
            let later = get(edge, &format!("{page}?another=key")).await;
            assert_eq!(later.made(), made, "{page}");
            let age = later.age();
            assert!(age >= 2 && later.age_is_true(), "{page}: {age} of {}", later.made());
        }
    }
}

pub async fn what_next_serves_stale_is_soon_a_real_answer(edge: SocketAddr) {
    get(edge, "/isr?stale=0").await;
    // Longer than its `revalidate`, and nobody asks meanwhile.
    tokio::time::sleep(Duration::from_millis(3100)).await;
    let stale = get(edge, "/isr?stale=1").await;
    assert!(stale.age() >= 2, "it is the old one: {}", stale.age());
    assert!(stale.age_is_true(), "{} of {}", stale.age(), stale.made());
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let new = get(edge, "/isr?stale=1").await;
        assert!(new.is_hit(), "nobody waits: {}", new.header("cache-status"));
        assert!(new.age_is_true(), "{} of {}", new.age(), new.made());
        if new.made() > stale.made() {
            return;
        }
    }
    panic!("/isr is still that of {}", stale.made());
}

impl Answer {
    /// The time that is written in the page, in milliseconds.
    fn made(&self) -> u64 {
        let text = self.text();
        let start = text.find("<time id=\"at\">").expect("a time") + 14;
        text[start..].split('<').next().unwrap().parse().unwrap()
    }

    fn age(&self) -> u64 {
        self.header("age").parse().expect("an Age")
    }

    /// Whether `Age` is how old the page is, give or take the time of its rendering.
    fn age_is_true(&self) -> bool {
        let now = Clock::system().now().as_millis();
        ((now - self.made()) / 1000).abs_diff(self.age()) <= 1
    }
}
