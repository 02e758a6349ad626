//! Our rules beside those of the `http-cache-semantics` crate, which were written by others from the
//! same RFC: what may a shared cache store, and is it still fresh?
//!
//! Where the two differ, the difference has a name and a clause below, and a response that shows it.
//! Any other is a bug of one of them.

use std::time::{Duration, SystemTime};

use http::header::{AGE, AUTHORIZATION, CACHE_CONTROL, DATE, EXPIRES, SET_COOKIE, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_cache_semantics::{CacheOptions, CachePolicy};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use selvedge::policy::Rules;
use selvedge::policy::date::{Timestamp, format_http_date};
use selvedge::policy::freshness::{Freshness, Use};
use selvedge::policy::storable::{Exchange, NotStorable, storable};

const NOW: u64 = 1_700_000_000;

/// A response that came `NOW`, what was asked for it, and how old it has become since.
#[derive(Clone, Debug, Default)]
struct Case {
    cache_control: Vec<&'static str>,
    age: Option<&'static str>,
    /// Seconds before `NOW`.
    date: Option<u64>,
    /// Seconds after `NOW`; none is no date at all.
    expires: Option<Option<i64>>,
    status: Option<u16>,
    sets_cookie: bool,
    has_credentials: bool,
    vary: Option<&'static str>,
    since: u64,
}

impl Case {
    fn says(&self, directive: &str) -> bool {
        let name = |member: &str| member.split('=').next().unwrap_or_default().trim() == directive;
        self.cache_control.iter().any(|member| name(&member.to_ascii_lowercase()))
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status.unwrap_or(200)).unwrap()
    }

    fn response(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut put = |name: HeaderName, value: &str| headers.append(name, value.parse().unwrap());
        let date = |seconds: u64| format_http_date(Timestamp::from_secs(seconds));
        if !self.cache_control.is_empty() {
            put(CACHE_CONTROL, &self.cache_control.join(", "));
        }
        self.age.map(|age| put(AGE, age));
        self.date.map(|before| put(DATE, date(NOW - before).to_str().unwrap()));
        self.expires.map(|expires| match expires {
            Some(after) => put(EXPIRES, date(NOW.saturating_add_signed(after)).to_str().unwrap()),
            None => put(EXPIRES, "0"),
        });
        self.vary.map(|vary| put(VARY, vary));
        self.sets_cookie.then(|| put(SET_COOKIE, "a=b"));
        headers
    }

    fn request(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if self.has_credentials {
            headers.insert(AUTHORIZATION, HeaderValue::from_static("Basic eA=="));
        }
        headers
    }
}

/// Whether a response may be stored, and if so, whether it is fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Judgement {
    is_stored: bool,
    is_fresh: bool,
}

fn judge(case: &Case) -> Result<Freshness, NotStorable> {
    let exchange = Exchange {
        method: &Method::GET,
        request: &case.request(),
        status: case.status(),
        response: &case.response(),
        request_time: Timestamp::from_secs(NOW),
        response_time: Timestamp::from_secs(NOW),
    };
    storable(&exchange, &Rules::default())
}

fn ours(case: &Case) -> Judgement {
    let (found, then) = (judge(case), Timestamp::from_secs(NOW + case.since));
    let is_fresh = found.is_ok_and(|found| found.at(then) == Use::Fresh);
    Judgement { is_stored: found.is_ok(), is_fresh }
}

fn theirs(case: &Case) -> Judgement {
    let mut request = Request::new(());
    *request.headers_mut() = case.request();
    let mut response = Response::new(());
    *response.headers_mut() = case.response();
    *response.status_mut() = case.status();
    let options = CacheOptions {
        shared: true,
        // We guess nothing, and `immutable` is about reloads.
        cache_heuristic: 0.0,
        immutable_min_time_to_live: Duration::ZERO,
        ..CacheOptions::default()
    };
    let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let policy = CachePolicy::new_options(&request, &response, at(NOW), options);
    let is_stored = policy.is_storable();
    Judgement { is_stored, is_fresh: is_stored && !policy.is_stale(at(NOW + case.since)) }
}

/// A difference that is known: what it explains, and a response that shows it.
struct Difference {
    name: &'static str,
    explains: fn(&Case, ours: Judgement, theirs: Judgement) -> bool,
    example: Case,
}

fn known_differences() -> Vec<Difference> {
    let of = |cache_control: &[&'static str]| Case {
        cache_control: cache_control.to_vec(),
        ..Case::default()
    };
    vec![
        Difference {
            name: "RFC 9111 4.2.2: they store what says nothing of its lifetime, we do not guess",
            explains: |case, ours, theirs| {
                let is_silent = !case.says("max-age") && !case.says("s-maxage");
                is_silent && case.expires.is_none() && !ours.is_stored && !theirs.is_fresh
            },
            example: of(&["public"]),
        },
        Difference {
            name: "RFC 9111 5.2.2.4: they store no-cache to validate it each time, we do not",
            explains: |case, ours, theirs| {
                case.says("no-cache") && !ours.is_stored && !theirs.is_fresh
            },
            example: of(&["no-cache", "max-age=60"]),
        },
        Difference {
            name: "RFC 9111 5.2.2.3: no-store beside must-understand is not for us, they obey it",
            explains: |case, _, theirs| {
                let no_store = case.says("no-store") || case.cache_control.contains(&"NO-STORE");
                case.says("must-understand") && no_store && !theirs.is_stored
            },
            example: of(&["no-store", "must-understand", "max-age=60"]),
        },
        Difference {
            name: "RFC 9111 3: they store what is stale at once and has no validator, for nothing",
            explains: |case, ours, theirs| {
                let is_so = judge(case) == Err(NotStorable::NeverFresh);
                is_so && !ours.is_stored && !theirs.is_fresh
            },
            example: of(&["max-age=0"]),
        },
        Difference {
            name: "RFC 9111 7.3: they store Set-Cookie, as stale unless it is public; we never do",
            explains: |case, ours, _| case.sets_cookie && !ours.is_stored,
            example: Case { sets_cookie: true, ..of(&["public", "max-age=60"]) },
        },
        Difference {
            name: "RFC 9111 4.1: they store Vary: * and never match it, we do not store it",
            explains: |case, ours, theirs| {
                case.vary == Some("*") && !ours.is_stored && !theirs.is_fresh
            },
            example: Case { vary: Some("*"), ..of(&["max-age=60"]) },
        },
        Difference {
            name: "RFC 9111 3: any final status may be stored that says for how long, they have a list",
            explains: |case, _, theirs| matches!(case.status, Some(299 | 500)) && !theirs.is_stored,
            example: Case { status: Some(299), ..of(&["max-age=60"]) },
        },
        Difference {
            name: "RFC 9111 4.2.3: they do not count the time since Date as age",
            explains: |case, ours, _| case.date.is_some_and(|before| before > 0) && !ours.is_fresh,
            example: Case { date: Some(90), ..of(&["max-age=60"]) },
        },
        Difference {
            name: "RFC 9111 5.2.2.8: to them proxy-revalidate ends freshness, not only staleness",
            explains: |case, _, theirs| case.says("proxy-revalidate") && !theirs.is_fresh,
            example: of(&["proxy-revalidate", "max-age=60"]),
        },
        Difference {
            name: "RFC 9111 5.2: they compare the names of directives by case",
            explains: |case, ours, _| case.cache_control.contains(&"NO-STORE") && !ours.is_stored,
            example: of(&["NO-STORE", "max-age=60"]),
        },
        Difference {
            name: "RFC 9110 5.6.4: they split a quoted string at its commas",
            explains: |case, _, theirs| {
                case.cache_control.contains(&"x=\"a, no-store, b\"") && !theirs.is_stored
            },
            example: of(&["x=\"a, no-store, b\"", "max-age=60"]),
        },
        Difference {
            name: "RFC 9111 1.2.2: they take white space around the equals sign, and a plus sign",
            explains: |case, ours, _| {
                let is_odd = |member: &&str| ["max-age = 60", "s-maxage=+60"].contains(member);
                case.cache_control.iter().any(is_odd) && !ours.is_fresh
            },
            example: of(&["max-age = 60"]),
        },
        Difference {
            name: "RFC 9111 4.2.1: max-age without a number is nothing to them, and malformed to us",
            explains: |case, ours, _| case.cache_control.contains(&"max-age") && !ours.is_fresh,
            example: Case { expires: Some(Some(60)), ..of(&["max-age"]) },
        },
        Difference {
            name: "RFC 9111 3.5: a repeated directive is must-revalidate to them: it shares credentials",
            explains: |case, ours, _| {
                let repeated = |name: &str| {
                    let is_it = |member: &&&str| member.starts_with(name);
                    case.cache_control.iter().filter(is_it).count() > 1
                };
                let is_so =
                    ["max-age", "private", "no-cache", "x"].iter().any(|name| repeated(name));
                case.has_credentials && is_so && !ours.is_stored
            },
            example: Case { has_credentials: true, ..of(&["max-age=60", "max-age=5"]) },
        },
    ]
}

#[test]
fn every_known_difference_is_still_one() {
    for difference in known_differences() {
        let Difference { name, explains, example } = difference;
        let (ours, theirs) = (ours(&example), theirs(&example));
        assert_ne!(ours, theirs, "{name}");
        assert!(explains(&example, ours, theirs), "{name}: {ours:?}, {theirs:?}");
    }
}

/// At most one of these is a number, mostly.
const DIRECTIVES: &[&str] = &[
    "max-age=60",
    "max-age=60",
    "s-maxage=90",
    "s-maxage=90",
    "max-age=0",
    "s-maxage=0",
    "max-age=5",
    "max-age=\"60\"",
    "max-age=abc",
    "max-age=-60",
    "max-age=99999999999",
    "max-age = 60",
    "s-maxage=+60",
    "max-age",
    "public",
    "private",
    "private=\"a\"",
    "no-store",
    "no-cache",
    "no-cache=\"a\"",
    "NO-STORE",
    "must-revalidate",
    "proxy-revalidate",
    "must-understand",
    "immutable",
    "stale-while-revalidate=30",
    "stale-if-error=30",
    "x",
    "x=\"a, no-store, b\"",
];

prop_compose! {
    fn case()(
        cache_control in vec(select(DIRECTIVES), 0..4),
        age in option::of(select(&["0", "30", "59", "60", "100", "abc", "-1"][..])),
        date in option::of(prop_oneof![3 => Just(0_u64), 1 => 0..100_u64]),
        expires in option::weighted(0.3, option::weighted(0.8, -50..100_i64)),
        status in option::weighted(0.3, select(&[200_u16, 203, 204, 299, 301, 404, 410, 500][..])),
        (sets_cookie, has_credentials) in (prop::bool::weighted(0.05), prop::bool::weighted(0.2)),
        vary in option::weighted(0.1, select(&["*", "accept"][..])),
        since in prop_oneof![Just(0_u64), 0..120_u64, Just(1 << 20)],
    ) -> Case {
        Case { cache_control, age, date, expires, status, sets_cookie, has_credentials, vary, since }
    }
}

proptest! {
    #[test]
    fn the_two_agree_but_for_what_is_known(case in case()) {
        let (ours, theirs) = (ours(&case), theirs(&case));
        let is_known = || known_differences().iter().any(|known| (known.explains)(&case, ours, theirs));
        prop_assert!(ours == theirs || is_known(), "ours {ours:?}, theirs {theirs:?}");
    }
}
