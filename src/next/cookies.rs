//! The cookies of a request, as Next.js reads them.

use http::HeaderMap;
use http::header::COOKIE;

/// Each cookie's name and value as they came.
pub(super) fn all(headers: &HeaderMap) -> impl Iterator<Item = (&[u8], &[u8])> {
    let lines = headers.get_all(COOKIE).into_iter();
    let pairs = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    pairs.map(|pair| {
        let mut parts = pair.splitn(2, |byte| *byte == b'=').map(<[u8]>::trim_ascii);
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    })
}
