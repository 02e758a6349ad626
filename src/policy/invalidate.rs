//! Which requests make the stored responses of their URI obsolete (RFC 9111 §4.4).

use http::{Method, StatusCode};

/// Whether `status`, the answer to a `method` request, invalidates what is stored for its URI.
///
/// RFC 9111 §4.4: a non-error answer (2xx or 3xx) to an unsafe method must, and so must one to a
/// method whose safety is unknown. An error did not change anything, so far as we can tell.
pub fn invalidates(method: &Method, status: StatusCode) -> bool {
    !is_safe(method) && (status.is_success() || status.is_redirection())
}

/// Whether the URI that the answer's `Location` names is invalidated too.
///
/// RFC 9111 §4.4: it may be. RFC 9110 §15.2, §15.4: with a success it is what was made, with 303
/// what was done is to be seen there. Any other redirection has done nothing yet; and anybody may
/// send a POST to what redirects all methods, as Next.js does with a slash at the end.
pub fn invalidates_location(status: StatusCode) -> bool {
    status.is_success() || status == StatusCode::SEE_OTHER
}

/// Whether a method is safe (RFC 9110 §9.2.1): it asks for nothing to be changed.
pub fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_successful_unsafe_requests_invalidate() {
        for (method, status, expected) in [
            ("POST", 200, true),
            ("PUT", 204, true),
            ("DELETE", 200, true),
            ("PATCH", 303, true),
            ("M-SEARCH", 200, true),
            // Methods are case-sensitive: this one is unknown.
            ("get", 200, true),
            ("GET", 200, false),
            ("HEAD", 200, false),
            ("OPTIONS", 204, false),
            ("TRACE", 200, false),
            ("POST", 103, false),
            ("POST", 400, false),
            ("POST", 500, false),
            ("POST", 600, false),
        ] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(invalidates(&method, status), expected, "{method} {status}");
        }
    }
}
