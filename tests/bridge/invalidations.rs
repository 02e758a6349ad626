//! What the bridge tells the edge, and when.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Site;
use super::client::{self, Answer, get};
use super::edge::Edge;
use super::server::TOKEN;

/// From here on, whatever is asserted after an answer was told before it: the edge notes an
/// invalidation only when it answers it.
pub async fn from_route_handlers(site: &Site) {
    let address = site.server.address;
    site.edge.take();
    assert_eq!(get(address, "/api/repath?path=/isr-slow").await.status, 200);
    let told = site.edge.one();
    assert_eq!(told.request, "POST /invalidate");
    assert_eq!(told.authorization, format!("Bearer {TOKEN}"));
    assert_eq!(told.list("tags"), ["_N_T_/isr-slow"]);
    assert_eq!(told.list("paths"), [""; 0]);
    assert!(!told.soft());

    get(address, "/api/repath?path=/blog/[slug]&type=page").await;
    assert_eq!(site.edge.one().list("tags"), ["_N_T_/blog/[slug]/page"]);
    // Not the root's: the built fixture is tests/next's too, and a redirect that Next.js 14 renders again
    // has lost its Location.
    get(address, "/api/repath?path=/blog&type=layout").await;
    assert_eq!(site.edge.one().list("tags"), ["_N_T_/blog/layout"]);

    get(address, "/api/retag?tag=t1").await;
    let told = site.edge.one();
    assert_eq!((told.list("tags"), told.soft()), (vec!["t1"], false));
    get(address, "/api/retag?tag=t1&profile=max").await;
    let told = site.edge.one();
    assert_eq!((told.list("tags"), told.soft()), (vec!["t1"], site.major >= 16));

    // Neither a HEAD nor compression is a way around.
    client::send(address, "HEAD", "/api/repath", &[], "").await.unwrap();
    site.edge.one();
    client::get_with(address, "/api/repath", &[("accept-encoding", "gzip")]).await;
    site.edge.one();
}

/// Since a client need not wait for the end of a body.
pub async fn not_a_byte_before(site: &Site) {
    let mut stream = TcpStream::connect(site.server.address).await.unwrap();
    stream.write_all(b"GET /api/repath HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    stream.read_u8().await.unwrap();
    site.edge.one();
}

pub async fn from_server_actions(site: &Site) {
    let answer = act(site.server.address, "/action", 0).await;
    assert!(matches!(answer.status, 200 | 303), "{}", answer.text());
    several(&site.edge, "_N_T_/isr-slow");
    act(site.server.address, "/action", 2).await;
    several(&site.edge, "t1");
}

/// Next.js says it once more after it has rendered the page that a form without JavaScript is answered with.
#[track_caller]
pub fn several(edge: &Edge, tag: &str) {
    let told = edge.take();
    assert!(!told.is_empty());
    for told in told {
        assert_eq!((told.list("tags"), told.soft()), (vec![tag], false));
    }
}

/// Sends a form of a page, as a browser without JavaScript does.
pub async fn act(server: SocketAddr, path: &str, form: usize) -> Answer {
    let page = get(server, path).await.text();
    let name = page.split("name=\"$ACTION_").nth(form + 1).expect("a form with an action");
    let name = format!("$ACTION_{}", name.split('"').next().unwrap());
    let boundary = "----selvedge";
    let body = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n\r\n--{boundary}--\r\n"
    );
    let origin = format!("http://{server}");
    let content_type = format!("multipart/form-data; boundary={boundary}");
    let headers = [("origin", origin.as_str()), ("content-type", content_type.as_str())];
    client::send(server, "POST", path, &headers, &body).await.unwrap()
}

pub async fn on_demand(site: &Site) {
    let answer = get(site.server.address, "/api/revalidate?path=/pp/gsp").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-selvedge-generated"), "", "that is the page's, not the handler's");
    let told = site.edge.one();
    assert_eq!(told.list("tags"), [""; 0]);
    assert_eq!(told.list("paths"), ["/pp/gsp"]);
    assert!(!told.soft());
}

/// The application works on, and it is said once; and once when it is over.
pub async fn nobody_listens(site: Site) {
    let Site { server, edge, .. } = site;
    let address = edge.address;
    edge.stop().await;
    // Somebody accepts and says nothing.
    let silent = std::net::TcpListener::bind(address).unwrap();
    let start = Instant::now();
    assert!(matches!(act(server.address, "/action", 0).await.status, 200 | 303));
    let took = start.elapsed();
    assert!(took > Duration::from_secs(1) && took < Duration::from_millis(3500), "{took:?}");
    let paths = ["/api/repath", "/api/retag", "/api/revalidate?path=/pp/gsp"];
    for path in paths {
        let start = Instant::now();
        assert_eq!(get(server.address, path).await.status, 200, "{path}");
        assert!(start.elapsed() < Duration::from_millis(1000), "{path}: nobody waits again");
    }
    // Nobody accepts.
    drop(silent);
    for path in paths {
        assert_eq!(get(server.address, path).await.status, 200, "{path}");
    }
    assert_eq!(server.said().len(), 1, "{:?}", server.said());
    assert!(server.said()[0].contains("until their revalidate time is over"));
    // What the edge has missed it is told when it is back, without another invalidation.
    let edge = Edge::start(address).await;
    for _ in 0..100 {
        if server.said().len() > 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(server.said().len(), 2, "{:?}", server.said());
    assert!(server.said()[1].contains("again"));
    let told = edge.one();
    let mut tags = told.list("tags");
    tags.sort_unstable();
    assert_eq!((tags, told.soft()), (vec!["_N_T_/isr-slow", "t1"], false));
    assert_eq!(told.list("paths"), ["/pp/gsp"]);
    for path in paths {
        get(server.address, path).await;
        edge.one();
    }
}
