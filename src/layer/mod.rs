//! tmp
pub mod forwarded {
    //! tmp
    /// tmp
    pub fn is_https<B>(_: &http::Request<B>) -> bool {
        false
    }
}
pub mod hop_by_hop {
    //! tmp
    /// tmp
    pub fn strip_response(_: &mut http::HeaderMap) {}
}
