//! What Next.js produces over time reaches the client as it comes.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::client::{self, get, get_with};
use super::stage::Stage;

/// The application pauses for 300 ms and more between its parts; a machine is late, but not early.
const PAUSE: Duration = Duration::from_millis(150);

/// What came without a pause: when its first byte came, and all its bytes.
struct Part {
    at: Duration,
    text: String,
}

/// The parts of an answer, in the order and at the time in which they came.
async fn parts(address: SocketAddr, path: &str) -> Vec<Part> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::builder().uri(path).header("host", address.to_string());
    let started = Instant::now();
    let answer = sender.send_request(request.body(Empty::<&[u8]>::new()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    let mut body = answer.into_body();
    let mut parts: Vec<Part> = Vec::new();
    let mut last = Duration::ZERO;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.unwrap().into_data() else { continue };
        let (at, text) = (started.elapsed(), String::from_utf8_lossy(&data).into_owned());
        match parts.last_mut() {
            Some(part) if at - last < PAUSE => part.text.push_str(&text),
            _ => parts.push(Part { at, text }),
        }
        last = at;
    }
    parts
}

/// A shell, and two parts that come 400 and 900 ms later.
pub async fn a_page_with_holes(stage: &Stage) {
    let (origin, edge) = (stage.counter.address, stage.edge.address);
    parts(origin, "/stream").await;
    let (produced, got) = (parts(origin, "/stream").await, parts(edge, "/stream").await);
    for parts in [&produced, &got] {
        assert_eq!(parts.len(), 3, "{:?}", parts.iter().map(|part| part.at).collect::<Vec<_>>());
        assert!(parts[0].text.contains("second …"), "the shell comes first");
        assert!(parts[1].text.contains("late-400") && parts[2].text.contains("late-900"));
        assert!(parts[2].text.ends_with("</body></html>") || parts[2].text.contains("</html>"));
    }
    let texts = |parts: &[Part]| parts.iter().map(|part| part.text.clone()).collect::<Vec<_>>();
    assert_eq!(texts(&got), texts(&produced), "the same bytes before and after each pause");
}

pub async fn server_sent_events(stage: &Stage) {
    let got = parts(stage.edge.address, "/api/events").await;
    let texts: Vec<_> = got.iter().map(|part| part.text.as_str()).collect();
    assert_eq!(texts, ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]);
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
