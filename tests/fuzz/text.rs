//! Dates, and `Cache-Status`.

use http::StatusCode;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use selvedge::policy::date::{Timestamp, format_http_date, parse_http_date};
use selvedge::policy::reuse::ForwardReason;
use selvedge::policy::status::Status;
use sfv::{BareItem, ListEntry, Parser};

use crate::grammar::{self, DATES};

const REASONS: [ForwardReason; 7] = [
    ForwardReason::Bypass,
    ForwardReason::Method,
    ForwardReason::UriMiss,
    ForwardReason::VaryMiss,
    ForwardReason::Request,
    ForwardReason::Stale,
    ForwardReason::Partial,
];

/// The other two forms of the date that is written as `fixdate`.
fn obsolete_forms(fixdate: &str) -> [String; 2] {
    let parts: Vec<_> = fixdate.split(' ').collect();
    let [weekday, day, month, year, time, _] = parts[..] else { panic!("{fixdate}") };
    let weekday = weekday.trim_end_matches(',');
    let long = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let long = long.iter().find(|long| long.starts_with(weekday)).unwrap();
    let padded = day.strip_prefix('0').map_or(day.to_owned(), |digit| format!(" {digit}"));
    [
        format!("{long}, {day}-{month}-{} {time} GMT", &year[2..]),
        format!("{weekday} {month} {padded} {time} {year}"),
    ]
}

proptest! {
    #[test]
    fn the_three_forms_of_a_date_say_the_same(
        // Up to 2069: two digits of a year mean this century or the last.
        seconds in 0..3_155_760_000_u64, letters in any::<[bool; 40]>(),
    ) {
        let at = Timestamp::from_secs(seconds);
        let fixdate = format_http_date(at).to_str().unwrap().to_owned();
        for mut form in obsolete_forms(&fixdate).into_iter().chain([fixdate.clone()]) {
            prop_assert_eq!(parse_http_date(form.as_bytes()), Some(at), "{}", form);
            let flip = |(at, byte): (usize, u8)| if letters[at] { byte.to_ascii_uppercase() } else { byte.to_ascii_lowercase() };
            form = String::from_utf8(form.bytes().enumerate().map(flip).collect()).unwrap();
            prop_assert_eq!(parse_http_date(form.as_bytes()), Some(at), "{}", form);
        }
    }

    #[test]
    fn what_is_read_as_a_date_can_be_written_as_one(
        date in select(DATES), at in 0..40_usize, byte: u8, longer in grammar::value(DATES),
    ) {
        let mut bent = date.as_bytes().to_vec();
        if let Some(place) = bent.get_mut(at) {
            *place = byte;
        }
        for text in [&bent[..], longer.as_bytes()] {
            if let Some(found) = parse_http_date(text) {
                let written = format_http_date(found);
                prop_assert_eq!(parse_http_date(written.as_bytes()), Some(found), "{:?}", written);
            }
        }
    }

    #[test]
    fn a_cache_status_says_all_that_it_was_written_from(
        hit: bool, stored: bool, collapsed: bool, fwd in option::of(select(&REASONS[..])),
        code in option::of(100..1000_u16),
        // The range of an sf-integer (RFC 9651 section 3.3.1), and more than any lifetime.
        ttl in option::of(-999_999_999_999_999..=999_999_999_999_999_i64),
        detail in option::of(select(&["no-store", "two words", "\"", "\\", "5xx", "", "*", "a:b/c"][..])),
    ) {
        let fwd_status = code.map(|code| StatusCode::from_u16(code).unwrap());
        let status = Status { hit, fwd, fwd_status, ttl, stored, collapsed, detail };
        let value = status.value();
        let list: sfv::List = Parser::new(value.as_bytes()).parse().unwrap();
        let [ListEntry::Item(member)] = list.as_slice() else { panic!("{value:?}") };
        let said = |name: &str| member.params.get(name);
        let flag = |name: &str| said(name) == Some(&BareItem::Boolean(true));
        let number = |name: &str| said(name).and_then(BareItem::as_integer).map(i64::from);
        let text = |name: &str| said(name).map(|item| match item {
            BareItem::Token(token) => token.as_str().to_owned(),
            BareItem::String(string) => string.as_str().to_owned(),
            other => panic!("{other:?}"),
        });
        prop_assert_eq!((flag("hit"), flag("stored"), flag("collapsed")), (hit, stored, collapsed));
        prop_assert_eq!((number("ttl"), number("fwd-status")), (ttl, code.map(i64::from)));
        prop_assert_eq!(text("fwd"), fwd.map(|reason| reason.as_str().to_owned()));
        prop_assert_eq!(text("detail"), detail.map(str::to_owned));
    }
}
