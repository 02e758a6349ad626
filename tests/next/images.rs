//! `/_next/image`: one picture for a crowd, and the edge's word beside that of Next.js.

use std::path::Path;

use super::client::{Answer, get, get_with};
use super::process::edge_that_knows;
use super::routes::Site;

/// However they spell it.
pub async fn one_render_for_a_crowd(site: &Site) {
    let spellings = [
        "/_next/image?url=%2Fpic.png&w=750&q=75",
        "/_next/image?w=750&q=75&url=%2Fpic.png",
        "/_next/image?url=%2Fpic.png&w=750&q=75&x=1",
    ];
    let accepts = ["image/avif,image/webp,image/apng,*/*;q=0.8", "image/avif,image/webp,*/*"];
    let edge = site.edge;
    let ask = |number: usize| async move {
        let fields = [("accept", accepts[number % 2]), ("cookie", "a=b")];
        get_with(edge, spellings[number % 3], &fields).await
    };
    let visitors: Vec<_> = (0..60).map(|number| tokio::spawn(ask(number))).collect();
    let (mut asked, mut pictures) = (0, std::collections::BTreeSet::new());
    for visitor in visitors {
        let picture = visitor.await.unwrap();
        assert_eq!((picture.status, picture.header("content-type")), (200, "image/webp"));
        asked += usize::from(!picture.is_hit() && !picture.story().contains("collapsed"));
        pictures.insert(picture.body);
    }
    assert_eq!((asked, pictures.len()), (1, 1), "one render, one picture for sixty");
    let other = get_with(edge, spellings[0], &[("accept", "image/png,*/*")]).await;
    assert_eq!((other.header("content-type"), other.is_hit()), ("image/png", false));
}

/// Next.js sends entity tags without quotes, and browsers send them back as they came.
pub async fn a_tag_without_quotes_is_one(site: &Site) {
    let path = "/_next/image?url=%2Fpic.png&w=828&q=75";
    let tag = get(site.edge, path).await.header("etag").to_owned();
    assert!(!tag.is_empty() && !tag.contains('"'), "{tag}");
    for server in [site.origin, site.edge] {
        let same = get_with(server, path, &[("if-none-match", &tag)]).await;
        assert_eq!((same.status, same.header("etag")), (304, tag.as_str()), "{server}");
        let other = get_with(server, path, &[("if-none-match", "other")]).await;
        assert_eq!(other.status, 200, "{server}");
    }
    assert!(get_with(site.edge, path, &[("if-none-match", &tag)]).await.is_hit());
}

/// Each of them is asked of both: what Next.js takes, the edge takes; what it refuses, the edge need
/// not know.
pub async fn nothing_is_refused_that_next_accepts(site: &Site, dir: &Path) {
    let edge = edge_that_knows(site.origin, dir).await;
    let mut refused_here = 0;
    for (url, query) in URLS.iter().flat_map(|url| QUERIES.iter().map(move |query| (url, query))) {
        let url: String = url.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let path = format!("/_next/image?url={url}&{query}");
        let (there, here) = (get(site.origin, &path).await, get(edge.address, &path).await);
        let refused = here.story() == "detail=image-parameters";
        refused_here += usize::from(refused);
        assert!(!refused || is_refusal(&there), "{path}: {}", there.status);
        assert_eq!(there.status, here.status, "{path}");
    }
    assert!(refused_here > URLS.len(), "{refused_here} of what Next.js refuses was refused here");
}

/// By the parameters alone, and not by what came of asking for the picture.
fn is_refusal(answer: &Answer) -> bool {
    let text = answer.text();
    answer.status == 400 && !text.contains("is valid but") && !text.contains("isn't a valid image")
}

const QUERIES: [&str; 6] =
    ["w=640&q=75", "w=641&q=75", "w=640&q=74", "w=640px&q=75", "w=640", "w=0640&q=0x4b"];

/// Nobody answers for the hosts: what is allowed fails later.
const URLS: [&str; 31] = [
    "/pic.png",
    "/pic.png?",
    "/pic.png?v=1",
    "/pic.png#v",
    "/data.txt",
    "/api/echo",
    "/image/x.png?v=1",
    "/./pic.png",
    "/api/../pic.png",
    "/%70ic.png",
    "/pic%2Epng",
    "/p+c.png",
    "/p c.png",
    "/bl\u{fc}te.png",
    "\\pic.png",
    "//pic.png",
    "pic.png",
    "https://plain.example/a.png",
    "HTTPS://Plain.Example:443/a.png",
    "http://plain.example:81/a.png?x=1",
    "https://plain.example.evil/a.png",
    "https://a.pictures.example/public/a.png",
    "https://a.pictures.example/public",
    "https://a.pictures.example/public/../private/a.png",
    "https://a.pictures.example/public/%2e%2e/private/a.png",
    "https://a.pictures.example/public/a.png?",
    "https://a.pictures.example/public/a.png?v=1",
    "https://a.pictures.example:444/public/a.png",
    "https://pictures.example/public/a.png",
    "http://cdn-1.example:8080/a b.png",
    "https://user:pass@plain.example/a.png",
];
