//! What a browser gets compressed: the same bytes in each coding, and how many beside what Next.js sends.

use std::time::Duration;

use super::client::{Answer, get, get_with};
use super::routes::Site;

const CHROME: &str = "gzip, deflate, br, zstd";

/// A page, a payload and a file, in each coding that there is.
pub async fn the_same_in_each_coding(site: &Site) {
    let page = get(site.edge, "/image").await.text();
    let chunk = largest_chunk(site, &page).await;
    for path in ["/image", "/links", chunk.as_str()] {
        let plain = get_with(site.edge, path, &[("accept-encoding", "identity")]).await;
        assert_eq!(plain.header("content-encoding"), "", "{path}");
        assert!(plain.header("vary").to_ascii_lowercase().contains("accept-encoding"), "{path}");
        for coding in ["gzip", "br", "zstd"] {
            let coded = until_coded(site, path, coding, coding).await;
            let (length, all) = (coded.body.len(), plain.body.len());
            assert_eq!(coded.header("content-length"), length.to_string(), "{path} {coding}");
            assert!(length < all, "{path} {coding}: {length} of {all}");
            assert!(coded.decoded() == plain.body, "{path} {coding}");
        }
        let best = until_coded(site, path, CHROME, "br").await.body.len();
        let theirs = get_with(site.origin, path, &[("accept-encoding", CHROME)]).await;
        assert_eq!(theirs.header("content-encoding"), "gzip", "{path}");
        assert!(best < theirs.body.len(), "{path}: {best} instead of {}", theirs.body.len());
    }
}

/// What is rendered for one visitor, and so coded on its way.
pub async fn a_page_for_one_is_coded_too(site: &Site) {
    for path in ["/dyn", "/stream", "/does/not/exist"] {
        for (accepted, coding) in [(CHROME, "zstd"), ("gzip, deflate, br", "gzip")] {
            let ours = get_with(site.edge, path, &[("accept-encoding", accepted)]).await;
            assert_eq!(ours.header("content-encoding"), coding, "{path}");
            assert!(ours.decoded().ends_with(b"</html>"), "{path} {coding}");
            let theirs = get_with(site.origin, path, &[("accept-encoding", accepted)]).await;
            let (ours, theirs) = (ours.body.len(), theirs.body.len());
            // Pages differ by the time that they show, and streams by how they come in pieces.
            assert!(ours < theirs + 100, "{path} {coding}: {ours} instead of {theirs}");
        }
    }
    let fields = [("accept", "image/webp"), ("accept-encoding", CHROME)];
    let picture = get_with(site.edge, "/_next/image?url=%2Fpic.png&w=640&q=75", &fields).await;
    assert_eq!((picture.header("content-encoding"), picture.status), ("", 200));
}

/// Some are so small that nobody compresses them.
async fn largest_chunk(site: &Site, page: &str) -> String {
    let mut largest = (0, String::new());
    for (start, _) in page.match_indices("/_next/static/chunks/") {
        let path = page[start..].split(['"', '\\', '?']).next().unwrap_or_default();
        let length = get(site.edge, path).await.body.len();
        largest = largest.max((length, path.to_owned()));
    }
    largest.1
}

/// Asks until it is there: nobody waits for a coding.
async fn until_coded(site: &Site, path: &str, accepted: &str, coding: &str) -> Answer {
    for _ in 0..6000 {
        let answer = get_with(site.edge, path, &[("accept-encoding", accepted)]).await;
        if answer.header("content-encoding") == coding && answer.is_hit() {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{path} never came in {coding}")
}
