//! Answers requests for parts of what is stored (RFC 9110 section 14).

use std::ops::Range;

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, AGE, CACHE_STATUS, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, DATE,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::respond::{Asked, response};
use crate::body::Body;
use crate::policy::byteranges::{self, Held};
use crate::policy::partial;
use crate::policy::range::{self, Ranges};
use crate::store::StoredResponse;

/// Whether a stored part has all that is asked for; a response that is stored whole has.
pub(super) fn has_all(stored: &StoredResponse, asked: Asked<'_>) -> bool {
    stored.head.rare.part().is_none_or(|part| {
        range::if_range_holds(asked.headers, &stored.head.headers.to_headers())
            && partial::covers(part, asked.method, asked.headers).is_some()
    })
}

/// Answers with the part that is asked for, or a 416; `None` where the whole is the answer.
/// `headers` are those of the answer with the whole.
pub(super) fn answer(
    stored: &StoredResponse,
    headers: &HeaderMap,
    asked: Asked<'_>,
) -> Option<Response<Body>> {
    if !range::if_range_holds(asked.headers, headers) {
        return None;
    }
    let length = stored.body.len() as u64;
    let (parts, first, complete) = match stored.head.rare.part() {
        Some(part) => {
            let parts = partial::covers(part, asked.method, asked.headers)?;
            (parts, part.range().start, part.complete())
        }
        // RFC 9110 section 14.2: only where the answer without it were a 200.
        None if stored.head.status != StatusCode::OK => return None,
        None => match range::asked(asked.method, asked.headers, length) {
            range::Asked::Whole => return None,
            range::Asked::Unsatisfiable => return Some(unsatisfiable(headers, length)),
            range::Asked::Parts(parts) => (parts, 0, Some(length)),
        },
    };
    let content_type = headers.get(CONTENT_TYPE);
    let held = Held { bytes: &stored.body, first, complete, content_type };
    partial_content(headers.clone(), &held, &stored.body, &parts)
}

fn partial_content(
    mut headers: HeaderMap,
    held: &Held<'_>,
    body: &Bytes,
    parts: &Ranges,
) -> Option<Response<Body>> {
    let body = if let [part] = parts.as_slice() {
        headers.insert(CONTENT_RANGE, range::content_range(part, held.complete));
        slice(body, held.first, part)?
    } else {
        let base = format!("{:032x}", fastrand::u128(..));
        let multipart = byteranges::multipart(held, parts, &base)?;
        headers.remove(CONTENT_RANGE);
        headers.insert(CONTENT_TYPE, multipart.content_type);
        multipart.body
    };
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    Some(response(StatusCode::PARTIAL_CONTENT, headers, Body::full(body)))
}

fn slice(body: &Bytes, first: u64, part: &Range<u64>) -> Option<Bytes> {
    let start = usize::try_from(part.start.checked_sub(first)?).ok()?;
    let end = usize::try_from(part.end.checked_sub(first)?).ok()?;
    (start <= end && end <= body.len()).then(|| body.slice(start..end))
}

/// RFC 9110 section 15.5.17. The fields of the representation are not those of this answer.
fn unsatisfiable(stored: &HeaderMap, length: u64) -> Response<Body> {
    let mut headers = HeaderMap::new();
    for name in [AGE, CACHE_STATUS, DATE, ACCEPT_RANGES] {
        if let Some(value) = stored.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    headers.insert(CONTENT_RANGE, range::unsatisfied(length));
    response(StatusCode::RANGE_NOT_SATISFIABLE, headers, Body::Empty)
}
