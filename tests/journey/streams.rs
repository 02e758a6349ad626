//! What Next.js produces over time reaches the client as it comes.

use std::net::SocketAddr;
use std::time::Duration;

use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::client::{self, get, get_with};
use super::stage::Stage;

/// After this what does not come is held back.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer while it comes.
struct Coming {
    body: Incoming,
    text: String,
}

impl Coming {
    async fn from(address: SocketAddr, path: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = Request::builder().uri(path).header("host", address.to_string());
        let request = request.body(Empty::<&[u8]>::new()).unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        Self { body: answer.into_body(), text: String::new() }
    }

    /// Reads until this has come.
    async fn until(&mut self, mark: &str) {
        while !self.text.contains(mark) {
            let frame = timeout(PATIENCE, self.body.frame()).await;
            let frame = frame.unwrap_or_else(|_| panic!("{mark:?} is held back: {}", self.text));
            let frame = frame.unwrap_or_else(|| panic!("no {mark:?} in {}", self.text)).unwrap();
            self.text.push_str(&String::from_utf8_lossy(&frame.into_data().unwrap_or_default()));
        }
    }

    async fn rest(mut self) -> String {
        let rest = timeout(PATIENCE, self.body.collect()).await.expect("it ends").unwrap();
        self.text.push_str(&String::from_utf8_lossy(&rest.to_bytes()));
        self.text
    }
}

/// An answer whose later parts the application makes only when the ones before have come: each mark is
/// read, and then the gate behind it is opened.
async fn step_by_step(
    stage: &Stage,
    address: SocketAddr,
    (path, run): (&str, &str),
    steps: &[(&str, &str)],
) -> String {
    let mut coming = Coming::from(address, &format!("{path}?run={run}")).await;
    for (mark, gate) in steps {
        coming.until(mark).await;
        let gate = format!("/api/gate?name={run}-{gate}");
        client::send(stage.counter.address, "POST", &gate, &[], "").await.unwrap();
    }
    coming.rest().await
}

/// A shell, and two parts that come later.
pub async fn a_page_with_holes(stage: &Stage) {
    let steps = [("second …", "first"), ("late-first", "second")];
    let mut texts = Vec::new();
    for (address, run) in [(stage.counter.address, "made"), (stage.edge.address, "came")] {
        let text = step_by_step(stage, address, ("/stream", run), &steps).await;
        assert!(text.contains("late-second") && text.contains("</html>"), "{text}");
        texts.push(text.replace(run, "run"));
    }
    assert_eq!(texts[1], texts[0], "the same bytes");
}

pub async fn server_sent_events(stage: &Stage) {
    let steps = [("data: 1\n\n", "2"), ("data: 2\n\n", "3")];
    let text = step_by_step(stage, stage.edge.address, ("/api/events", "sse"), &steps).await;
    assert_eq!(text, "data: 1\n\ndata: 2\n\ndata: 3\n\n");
}

/// `after()` runs when its answer has been given.
pub async fn what_is_done_after_an_answer(stage: &Stage) {
    let edge = stage.edge.address;
    let answer = client::send(edge, "POST", "/api/after", &[], "").await.unwrap();
    assert_eq!(answer.text(), r#"{"after":0}"#);
    for _ in 0..50 {
        if get(edge, "/api/after").await.text() == r#"{"after":1}"# {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not after 5 s");
}

/// The shell of a page with holes is for everybody, and the page is not.
pub async fn a_shell_is_stored_and_its_page_is_not(stage: &Stage) {
    let edge = stage.edge.address;
    let segment = [
        ("rsc", "1"),
        ("next-router-prefetch", "1"),
        ("next-router-segment-prefetch", "/item/$d$id/__PAGE__"),
    ];
    let redirect = get_with(edge, "/item/5", &segment).await;
    let target = redirect.header("location");
    assert_eq!(get_with(edge, target, &segment).await.story(), "fwd=uri-miss; stored");
    stage.counter.take().await;
    let stored = get_with(edge, target, &segment).await;
    assert!(stored.is_hit() && stored.header("content-type") == "text/x-component");
    assert_eq!(stage.counter.take().await, [""; 0]);
    for name in ["one", "other"] {
        let page = get_with(edge, "/item/5", &[("cookie", &format!("name={name}"))]).await;
        assert!(page.text().contains(&format!("<output id=\"visitor\">{name}</output>")));
    }
    assert_eq!(stage.counter.take().await, ["GET /item/5", "GET /item/5"]);
}
