//! Whether the origin is up.

use std::time::Duration;

use http::header::{HOST, USER_AGENT};
use http::{HeaderValue, Request};
use tokio::time::{sleep, timeout};

use super::pool::Pool;
use crate::body::Body;

/// No version of Next.js has a page here, so that the question costs it next to nothing.
const TARGET: &str = "/_next/static/selvedge-probe";

/// Longest time for one try; a server that is still preparing itself accepts and says nothing.
const PATIENCE: Duration = Duration::from_secs(5);

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Asks again and again until there is an answer, whatever it is.
pub(super) async fn until_it_answers(pool: &Pool) {
    let mut pause = FIRST_PAUSE;
    while !timeout(PATIENCE, answers(pool)).await.unwrap_or(false) {
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn answers(pool: &Pool) -> bool {
    let Ok(mut sender) = pool.connect().await else { return false };
    let mut request = Request::new(Body::Empty);
    *request.uri_mut() = http::Uri::from_static(TARGET);
    request.headers_mut().insert(HOST, pool.address().host());
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static("selvedge"));
    sender.http.send_request(request).await.is_ok()
}
