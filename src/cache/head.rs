//! What the answer to HEAD says about what is stored for GET (RFC 9111 section 4.3.5).

use http::request::Parts;
use http::{Method, Response, StatusCode};

use super::lookup::Pass;
use super::prepare::{self, Answer};
use super::{Inner, Shared};
use crate::body::Body;
use crate::next::deployment;
use crate::policy::date::Timestamp;
use crate::policy::validate::{self, Told};
use crate::store::StoredResponse;

impl<S: Inner> Shared<S> {
    /// Freshens the stored response that the answer to HEAD agrees with, and forgets one that it
    /// contradicts.
    pub(super) fn note_head(
        &self,
        asked: &Parts,
        pass: &Pass,
        request_time: Timestamp,
        response: &Response<Body>,
    ) {
        let (Some(stale), Some(target)) = (&pass.stale, &pass.target) else { return };
        if response.status() != StatusCode::OK || stale.head.status != StatusCode::OK {
            return;
        }
        match validate::told_by_head(&stale.head.to_prepared().origin_headers(), response.headers())
        {
            Told::Same => {}
            Told::Other => return self.store.remove_variant(&target.key, stale),
            Told::Nothing => return,
        }
        // What is said beside a cookie may be for the one visitor too; a GET were not stored either.
        let is_for_one = deployment::sets_cookie(response.headers());
        if is_for_one && !self.settings.rules.switches.store_set_cookie {
            return;
        }
        let mut asked = asked.clone();
        asked.method = Method::GET;
        let mut told = Response::new(()).into_parts().0;
        told.headers = response.headers().clone();
        let response_time = self.clock.now();
        let answer = Answer { request: &asked, request_time, response: &told, response_time };
        match prepare::freshened(stale, &answer, &self.settings) {
            Ok(head) => {
                let stored = StoredResponse::new(head, stale.body.clone());
                self.put(target, stored, &asked);
            }
            Err(why) if why.withdraws() => self.store.remove_variant(&target.key, stale),
            Err(_) => {}
        }
    }
}
