//! What may be stored, for how long, and what that does not depend on.

use std::time::Duration;

use http::header::{AGE, AUTHORIZATION, CACHE_CONTROL, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use proptest::prelude::*;
use proptest::sample::select;
use selvedge::policy::Rules;
use selvedge::policy::cache_control::ResponseDirectives;
use selvedge::policy::date::Timestamp;
use selvedge::policy::freshness::Freshness;
use selvedge::policy::storable::{Exchange, NotStorable, storable};

use crate::grammar;

/// In 2023, as are some of the grammar's dates.
const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

fn judge(
    request: &HeaderMap,
    status: u16,
    response: &HeaderMap,
    delay: u64,
) -> Result<Freshness, NotStorable> {
    let exchange = Exchange {
        method: &Method::GET,
        request,
        status: StatusCode::from_u16(status).unwrap(),
        response,
        request_time: NOW.saturating_sub(Duration::from_millis(delay)),
        response_time: NOW,
    };
    storable(&exchange, &Rules::default())
}

proptest! {
    #[test]
    fn no_field_beside_it_outweighs_what_forbids_storing(
        request in grammar::request(), mut response in grammar::response(), status in 100..1000_u16,
        forbidden in select(&["no-store", "private", "no-cache", "private=\"a\"", "NO-STORE"][..]),
    ) {
        response.remove("cdn-cache-control");
        response.append(CACHE_CONTROL, HeaderValue::from_static(forbidden));
        // RFC 9111 section 5.2.2.3: beside it, `no-store` is for those who do not know it.
        let is_for_others = forbidden.eq_ignore_ascii_case("no-store")
            && ResponseDirectives::parse(&response, &[]).must_understand;
        prop_assert!(is_for_others || judge(&request, status, &response, 0).is_err(), "{:?}", response);
        response.remove(CACHE_CONTROL);
        response.insert("cdn-cache-control", HeaderValue::from_static(forbidden));
        response.append("cdn-cache-control", HeaderValue::from_static("max-age=60"));
        let is_valid = forbidden != "NO-STORE";
        prop_assert!(!is_valid || judge(&request, status, &response, 0).is_err(), "{:?}", response);
    }

    #[test]
    fn a_cookie_or_unshared_credentials_forbid_it_too(
        mut request in grammar::request(), mut response in grammar::response(), status in 100..1000_u16,
    ) {
        request.insert(AUTHORIZATION, HeaderValue::from_static("Basic eA=="));
        if judge(&request, status, &response, 0).is_ok() {
            let text = format!("{response:?}").to_ascii_lowercase();
            let says_so = ["public", "s-maxage", "must-revalidate"].iter().any(|word| text.contains(word));
            prop_assert!(says_so, "{text}");
        }
        response.insert(SET_COOKIE, HeaderValue::from_static("a=b"));
        prop_assert!(judge(&request, status, &response, 0).is_err());
    }

    #[test]
    fn forbidding_more_never_allows_more(
        request in grammar::request(), response in grammar::response(), status in 200..600_u16,
        more in select(&["no-cache", "proxy-revalidate", "x", "max-age=0", "stale-if-error=0"][..]),
        after in 0..2_000_000_000_u64,
    ) {
        let mut stricter = response.clone();
        stricter.append(CACHE_CONTROL, HeaderValue::from_static(more));
        // A lifetime where there was none is no prohibition.
        let before = judge(&request, status, &response, 0);
        if before == Err(NotStorable::NoExplicitFreshness) {
            return Ok(());
        }
        let Ok(page) = judge(&request, status, &stricter, 0) else { return Ok(()) };
        let Ok(before) = before else {
            // A window for errors, even none, says that the origin thought of it.
            prop_assert_eq!(more, "stale-if-error=0", "{:?}", response);
            return Ok(());
        };
        let then = NOW.saturating_add(Duration::from_millis(after));
        prop_assert!(page.at(then) >= before.at(then), "{:?}", response);
        prop_assert!(page.usable_on_error(then) <= before.usable_on_error(then), "{:?}", response);
    }

    #[test]
    fn a_response_that_was_longer_on_its_way_is_no_fresher(
        mut response in grammar::response(), ages in any::<[u32; 2]>(), delays in any::<[u32; 2]>(),
        after in 0..4_000_000_u64,
    ) {
        let mut page = |age: u32, delay: u32| {
            response.insert(AGE, HeaderValue::from(age));
            judge(&HeaderMap::new(), 200, &response, delay.into())
        };
        let younger = page(ages[0].min(ages[1]), delays[0].min(delays[1]));
        let older = page(ages[0].max(ages[1]), delays[0].max(delays[1]));
        let Ok(older) = older else { return Ok(()) };
        let Ok(younger) = younger else { return Err(TestCaseError::fail("only the older is stored")) };
        let then = NOW.saturating_add(Duration::from_millis(after));
        prop_assert!(younger.at(then) <= older.at(then));
        prop_assert!(younger.ttl(then) >= older.ttl(then));
        prop_assert!(younger.usable_on_error(then) >= older.usable_on_error(then));
    }
}
