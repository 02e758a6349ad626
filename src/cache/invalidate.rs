//! What an unsafe request makes invalid (RFC 9111 section 4.4).

use http::header::{CONTENT_LOCATION, LOCATION};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Request, Response};

use super::lookup;
use super::{Inner, Shared};
use crate::body::Body;
use crate::client;
use crate::next::class::Class;
use crate::policy::{invalidate, key, location};

impl<S: Inner> Shared<S> {
    /// Forgets what the success of an unsafe request made invalid: its own URI, and those that the
    /// answer names, if they are of the same host. (Of others anybody could empty the store.)
    ///
    /// Not for a server action: every visitor may send one to any page, and what it really
    /// invalidates is told by the application.
    pub(super) fn invalidate_by(&self, asked: &Parts, answer: &Response<Body>) {
        if self.settings.is_action(&asked.headers) {
            return;
        }
        let mut request = Request::from_parts(asked.clone(), ());
        self.invalidate_uri(&request);
        let location = answer.headers().get(LOCATION);
        // Every form of a Next.js application redirects to some page that it has not changed; what it
        // has changed, the bridge says.
        let location = location.filter(|_| {
            !self.settings.next.enabled && invalidate::invalidates_location(answer.status())
        });
        let fields = [location, answer.headers().get(CONTENT_LOCATION)];
        let named = fields.map(|field| named(&request, field));
        for target in named.into_iter().flatten() {
            *request.uri_mut() = target.into();
            self.invalidate_uri(&request);
        }
    }

    fn invalidate_uri(&self, request: &Request<()>) {
        let is_used = |class: &Class<'_>| self.settings.next.enabled || *class == Class::DOCUMENT;
        for class in Class::all_but_segments().filter(is_used) {
            let parts = lookup::parts(request, &class);
            // Both: what is on its way was asked for under the one, and may land under the other.
            self.invalidate(&key::write(parts, |key| class.write(key)));
            if self.searches.is_any() {
                self.invalidate(&self.searches.key(parts, |key| class.write(key)));
            }
        }
    }
}

/// The target that a field of the answer names, if it is one of the same host.
pub(super) fn named(
    request: &Request<()>,
    reference: Option<&http::HeaderValue>,
) -> Option<PathAndQuery> {
    let asked = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
    location::on_same_host(reference?, client::host(request), asked)?.parse().ok()
}
