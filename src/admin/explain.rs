//! `POST /explain`: what is stored for a request.
//!
//! ```json
//! {"url": "https://shop.example/blog", "headers": [["accept-encoding", "gzip"]]}
//! ```
//!
//! The answer is `null` or what [`Seen`](crate::cache::Seen) has.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderName, Request, Response, StatusCode, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};

use super::{Admin, json, refuse, text};
use crate::client::{Client, Told};
use crate::layer::forwarded::normalised_host;

/// The request that is asked about.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The whole URL, as visitors write it.
    pub url: String,
    /// The request's fields.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
}

const LONGEST: usize = 64 * 1024;

impl Question {
    /// The request as the cache would get it; `None` if it is none.
    fn request(&self, peer: IpAddr) -> Option<Request<()>> {
        let url: Uri = self.url.parse().ok()?;
        let host = url.authority()?.as_str();
        let is_https = url.scheme_str() == Some("https");
        let mut request = Request::new(());
        *request.uri_mut() = url.path_and_query()?.as_str().parse().ok()?;
        for (name, value) in &self.headers {
            let name: HeaderName = name.parse().ok()?;
            request.headers_mut().append(name, value.parse().ok()?);
        }
        if !request.headers().contains_key(HOST) {
            request.headers_mut().insert(HOST, host.parse().ok()?);
        }
        let host = request.headers()[HOST].clone();
        if let Some(normal) = normalised_host(host.as_bytes(), is_https) {
            request.headers_mut().insert(HOST, normal);
        }
        let told = is_https.then(|| Arc::new(Told { https: true, ..Told::default() }));
        let client = Client { told, ..Client::new(peer, request.headers()) };
        request.extensions_mut().insert(client);
        Some(request)
    }
}

impl Admin {
    pub(super) async fn explain(
        &self,
        request: Request<Incoming>,
        peer: IpAddr,
    ) -> Response<Full<Bytes>> {
        let sent = match self.sent(request, peer, LONGEST).await {
            Ok(sent) => sent,
            Err(refused) => return refuse(refused),
        };
        let question = serde_json::from_slice::<Question>(&sent);
        let Some(request) = question.ok().and_then(|question| question.request(peer)) else {
            let why =
                "write {\"url\": \"https://host/path\", \"headers\": [[\"name\", \"value\"]]}\n";
            return text(StatusCode::BAD_REQUEST, why);
        };
        // Unreachable: nothing but texts and numbers.
        let seen = serde_json::to_string(&self.window.look(request)).unwrap_or_default();
        json(seen + "\n")
    }
}
