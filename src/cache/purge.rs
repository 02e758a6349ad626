//! `PURGE /blog`: what is stored of a page is obsolete from now on, said where clients connect.
//!
//! An option for what already speaks so (`admin.purge_method`), and only with the token: behind a proxy
//! on this machine everybody comes from this machine. It is `POST /invalidate` for one path; whoever has
//! the choice asks there.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Request, Response, StatusCode};
use tracing::info;

use super::{Inner, Shared};
use crate::admin::invalidate::Invalidation;
use crate::body::Body;
use crate::metrics::responses;

impl<S: Inner> Shared<S> {
    /// The answer to `PURGE`; `None` where it is another method, or one like any other.
    pub(super) fn purge(&self, request: &Request<Body>) -> Option<Response<Body>> {
        let access = self.settings.purge.as_ref()?;
        if request.method().as_str() != "PURGE" {
            return None;
        }
        if let Err(bad) = access.check_token(request.headers()) {
            let (status, kind) = (StatusCode::UNAUTHORIZED, "text/plain; charset=utf-8");
            let mut refused = answer(status, kind, bad.told());
            refused.headers_mut().insert(WWW_AUTHENTICATE, bad.challenge());
            return Some(refused);
        }
        let path = request.uri().path();
        let what = Invalidation { paths: vec![path.to_owned()], ..Invalidation::default() };
        let count = what.apply(&self.store, &self.settings.next.base_path, self.clock.now());
        self.metrics.note_invalidation(&what.told(), &responses(count));
        info!(path, "purged {count} stored responses");
        let told = format!("{{\"invalidated\":{count}}}\n");
        Some(answer(StatusCode::OK, "application/json", told))
    }
}

fn answer(status: StatusCode, kind: &'static str, text: impl Into<bytes::Bytes>) -> Response<Body> {
    let mut response = Response::new(Body::full(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
