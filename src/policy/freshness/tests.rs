//! Tables for each rule, and laws that hold for any response.

use http::HeaderValue;
use http::header::CACHE_CONTROL;
use proptest::prelude::*;

use super::*;
use crate::policy::date::format_http_date;
use crate::policy::testing::headers;

/// Sun, 06 Nov 1994 08:49:37 GMT.
const NOW: Timestamp = Timestamp::from_secs(784_111_777);
const DATE_NOW: (&str, &str) = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
const DAY: Duration = Duration::from_secs(86_400);

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn received(fields: &[(&str, &str)]) -> Option<Freshness> {
    let headers = headers(fields);
    let rules = Rules::default();
    let directives = ResponseDirectives::parse(&headers, &rules.switches.targets);
    freshness(&directives, StatusCode::OK, &headers, NOW, NOW, &rules)
}

#[test]
fn the_first_explicit_lifetime_counts() {
    let expires = ("expires", "Sun, 06 Nov 1994 08:50:37 GMT");
    for (name, fields, expected) in [
        ("nothing", &[][..], None),
        ("only public", &[("cache-control", "public")], None),
        ("max-age", &[("cache-control", "max-age=5")], Some(5)),
        ("s-maxage", &[("cache-control", "max-age=5, s-maxage=6")], Some(6)),
        ("s-maxage before max-age", &[("cache-control", "s-maxage=0, max-age=6")], Some(0)),
        ("max-age before Expires", &[("cache-control", "max-age=5"), expires], Some(5)),
        ("malformed max-age before Expires", &[("cache-control", "max-age=x"), expires], Some(0)),
        ("Expires", &[expires, DATE_NOW], Some(60)),
        ("Expires, dated by receipt", &[expires], Some(60)),
        ("Expires, dated wrongly", &[expires, ("date", "today")], Some(60)),
        ("Expires before Date", &[expires, ("date", "Sun, 06 Nov 1994 08:59:37 GMT")], Some(0)),
        ("Expires: 0", &[("expires", "0")], Some(0)),
        ("two Expires", &[expires, expires], Some(0)),
        ("Expires far away", &[("expires", "Fri, 31 Dec 9999 23:59:59 GMT")], Some(1 << 31)),
        (
            "targeted",
            &[("cdn-cache-control", "max-age=7"), ("cache-control", "s-maxage=5")],
            Some(7),
        ),
        ("targeted without a lifetime", &[("cdn-cache-control", "public"), expires], None),
        ("targeted, malformed", &[("cdn-cache-control", "max-age=x"), expires], Some(60)),
    ] {
        assert_eq!(
            received(fields).map(|found| found.lifetime.duration()),
            expected.map(s),
            "{name}"
        );
    }
}

#[test]
fn age_is_the_greater_estimate() {
    let later = NOW.saturating_add(s(4));
    for (name, fields, asked, expected) in [
        ("nothing known", &[][..], later, 0),
        ("on its way for four seconds", &[], NOW, 4000),
        ("dated now", &[("date", "Sun, 06 Nov 1994 08:49:41 GMT")], later, 0),
        ("a slow origin clock", &[("date", "Sun, 06 Nov 1994 08:49:31 GMT")], later, 9001),
        ("a fast origin clock", &[("date", "Sun, 06 Nov 1994 08:59:31 GMT")], later, 0),
        ("no date", &[("date", "yesterday")], later, 0),
        ("cached before us", &[("age", "7")], later, 7000),
        ("cached before us, and slow", &[("age", "7")], NOW, 11_000),
        (
            "the greater is Date",
            &[("age", "1"), ("date", "Sun, 06 Nov 1994 08:49:31 GMT")],
            later,
            9001,
        ),
        ("the first of a list", &[("age", "7, 0")], later, 7000),
        ("the first line", &[("age", "0"), ("age", "7")], later, 0),
        ("a word", &[("age", "old")], later, 0),
        ("a negative number", &[("age", "-7")], later, 0),
        ("a fraction", &[("age", "7.0")], later, 0),
        ("a parameter", &[("age", "7;x=1")], later, 0),
        ("too great a number", &[("age", "99999999999")], later, (1 << 31) * 1000),
    ] {
        let age = corrected_initial_age(&headers(fields), asked, later);
        assert_eq!(age, Duration::from_millis(expected), "{name}");
    }
}

#[test]
fn the_fraction_of_a_second_that_date_lacks_is_not_age() {
    let received = NOW.saturating_add(Duration::from_millis(999));
    assert_eq!(corrected_initial_age(&headers(&[DATE_NOW]), received, received), Duration::ZERO);
}

#[test]
fn an_age_from_before_the_epoch_still_counts() {
    let fields = [("age", "2147483648"), ("cache-control", "max-age=2147483648")];
    assert_eq!(received(&fields).map(|found| found.at(NOW)), Some(Use::Expired));
}

#[test]
fn windows_are_what_the_origin_allows() {
    let (none, day) = (Duration::ZERO, DAY);
    for (line, while_revalidate, if_error) in [
        ("s-maxage=60", none, day),
        ("s-maxage=60, stale-while-revalidate=30", s(30), day),
        ("s-maxage=60, stale-while-revalidate", FOREVER, day),
        ("s-maxage=60, stale-if-error=5", none, s(5)),
        ("s-maxage=60, stale-if-error=0", none, none),
        ("s-maxage=60, stale-if-error=x", none, day),
        ("max-age=60, must-revalidate, stale-while-revalidate=30, stale-if-error=9", none, none),
        ("s-maxage=60, proxy-revalidate, stale-while-revalidate=30", none, none),
        ("max-age=60, no-cache, stale-while-revalidate", none, none),
    ] {
        let found = received(&[("cache-control", line)]).unwrap();
        assert_eq!(found.stale_while_revalidate.duration(), while_revalidate, "{line}");
        assert_eq!(found.stale_if_error.duration(), if_error, "{line}");
    }
}

#[test]
fn a_page_goes_through_its_life() {
    let page =
        received(&[("cache-control", "s-maxage=60, stale-while-revalidate=30, stale-if-error=90")])
            .unwrap();
    for (millis, expected, ttl, on_error) in [
        (0, Use::Fresh, 60, true),
        (999, Use::Fresh, 59, true),
        (59_999, Use::Fresh, 0, true),
        (60_000, Use::Revalidatable, 0, true),
        (60_001, Use::Revalidatable, -1, true),
        (89_999, Use::Revalidatable, -30, true),
        (90_000, Use::Expired, -30, true),
        (149_999, Use::Expired, -90, true),
        (150_000, Use::Expired, -90, false),
    ] {
        let now = NOW.saturating_add(Duration::from_millis(millis));
        assert_eq!(page.at(now), expected, "{millis} ms");
        assert_eq!(page.ttl(now), ttl, "{millis} ms");
        assert_eq!(page.usable_on_error(now), on_error, "{millis} ms");
        assert_eq!(page.age(now), Duration::from_millis(millis), "{millis} ms");
    }
}

#[test]
fn a_page_without_a_lifetime_may_still_have_a_window() {
    let page = received(&[("cache-control", "s-maxage=0, stale-while-revalidate=60")]).unwrap();
    assert_eq!(page.at(NOW), Use::Revalidatable);
    assert_eq!(page.at(NOW.saturating_add(s(60))), Use::Expired);
}

#[test]
fn a_window_for_revalidation_serves_on_error_too() {
    let line = "s-maxage=1, stale-while-revalidate=60, stale-if-error=0";
    let page = received(&[("cache-control", line)]).unwrap();
    assert!(page.usable_on_error(NOW.saturating_add(s(60))));
    assert!(!page.usable_on_error(NOW.saturating_add(s(61))));
}

#[test]
fn a_clock_that_goes_back_makes_nothing_older() {
    let page = received(&[("cache-control", "max-age=60")]).unwrap();
    let before = NOW.saturating_sub(s(100));
    assert_eq!((page.age(before), page.at(before), page.ttl(before)), (s(0), Use::Fresh, 60));
}

prop_compose! {
    fn any_freshness()(born: u64, lifetime: u64, window: u64, error: u64) -> Freshness {
        Freshness {
            born: Timestamp::from_millis(born),
            lifetime: Span::of(Duration::from_millis(lifetime)),
            lifetime_by: LifetimeBy::SMaxAge,
            stale_while_revalidate: Span::of(s(window)),
            stale_if_error: Span::of(s(error)),
            forbids_stale: false,
            validates_always: false,
        }
    }
}

proptest! {
    #[test]
    fn growing_older_never_helps(page in any_freshness(), a: u64, b: u64) {
        let (sooner, later) = (Timestamp::from_millis(a.min(b)), Timestamp::from_millis(a.max(b)));
        prop_assert!(page.at(sooner) <= page.at(later));
        prop_assert!(page.usable_on_error(sooner) >= page.usable_on_error(later));
        prop_assert!(page.ttl(sooner) >= page.ttl(later));
    }

    #[test]
    fn growing_older_never_helps_near_the_limits(
        lifetime in 0..9_u64, window in 0..9_u64, error in 0..9_u64, a in 0..30_u64, b in 0..30_u64,
    ) {
        let page = Freshness {
            born: NOW,
            lifetime: Span::of(s(lifetime)),
            lifetime_by: LifetimeBy::SMaxAge,
            stale_while_revalidate: Span::of(s(window)),
            stale_if_error: Span::of(s(error)),
            forbids_stale: false,
            validates_always: false,
        };
        let (sooner, later) = (NOW.saturating_add(s(a.min(b))), NOW.saturating_add(s(a.max(b))));
        prop_assert!(page.at(sooner) <= page.at(later));
        prop_assert!(page.usable_on_error(sooner) >= page.usable_on_error(later));
        prop_assert_eq!(page.ttl(later) > 0, page.at(later) == Use::Fresh);
    }

    #[test]
    fn an_older_date_never_makes_a_response_younger(a in 0..4_000_000_000_u64, b in 0..4_000_000_000_u64) {
        let age = |seconds| {
            let mut headers = HeaderMap::new();
            headers.insert(DATE, format_http_date(Timestamp::from_secs(seconds)));
            corrected_initial_age(&headers, NOW, NOW)
        };
        prop_assert!(age(a.min(b)) >= age(a.max(b)));
    }

    #[test]
    fn expires_and_max_age_say_the_same(seconds in 0..1_000_000_u64) {
        let mut dated = headers(&[DATE_NOW]);
        dated.insert(EXPIRES, format_http_date(NOW.saturating_add(s(seconds))));
        let mut counted = headers(&[DATE_NOW]);
        counted.insert(CACHE_CONTROL, HeaderValue::from_str(&format!("max-age={seconds}")).unwrap());
        let lifetime = |headers| {
            let said = ResponseDirectives::parse(headers, &[]);
            explicit_lifetime(&said, headers, NOW).map(|(lifetime, _)| lifetime)
        };
        prop_assert_eq!(lifetime(&dated), lifetime(&counted));
    }
}
