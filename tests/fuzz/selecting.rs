//! Which stored response a request gets: the key, `Vary`, codings, conditions.

use http::header::{ACCEPT_ENCODING, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use selvedge::next::class::Class;
use selvedge::policy::Switches;
use selvedge::policy::key::{self, KeyParts};
use selvedge::policy::validate::{
    Precondition, add_validators, evaluate, freshen, keep_for_not_modified,
};
use selvedge::policy::vary::{Selecting, normalise_accept_encoding};

use crate::grammar::{self, DATES, NAMES, TAGS};

/// What a key is written from: scheme and host, target, class. No part can have the byte that stands
/// between them.
fn read_back(key: &[u8]) -> Vec<&[u8]> {
    key.split(|byte| *byte == b'\n').collect()
}

fn query() -> impl Strategy<Value = Option<String>> {
    let parameter = "(_rsc|_rsc2|a|%5Frsc|_RSC|)(=[a-z0-9%&?/]{0,3})?";
    option::of(vec(parameter, 0..5).prop_map(|parameters| parameters.join("&")))
}

proptest! {
    #[test]
    fn a_key_says_all_that_it_was_written_from(
        https: bool, host in "[a-z0-9.:-]{1,9}|\\[::1\\]", path in "/[ -\"$->@-~]{0,9}",
        query in query(), request in grammar::request(),
    ) {
        let Ok(class) = Class::of(&request) else { return Ok(()) };
        let Ok(uri) = Uri::try_from(path.as_str()) else { return Ok(()) };
        let parts = KeyParts { https, host: host.as_bytes(), path: uri.path(), query: query.as_deref(), is_rsc: false };
        let written = key::write(parts, |key| class.write(key));
        let target = query.as_ref().map_or(path.clone(), |query| format!("{path}?{query}"));
        let mut class_alone = key::KeyBuf::new();
        class.write(&mut class_alone);
        let origin = format!("{}{host}", if https { 's' } else { 'h' });
        prop_assert_eq!(read_back(&written), [origin.as_bytes(), target.as_bytes(), &class_alone]);
    }

    #[test]
    fn payloads_share_a_key_just_if_they_differ_in_the_hash_alone(one in query(), other in query()) {
        let written = |query: &Option<String>| {
            let parts = KeyParts { https: false, host: b"a", path: "/", query: query.as_deref(), is_rsc: true };
            key::write(parts, |_| {})
        };
        let is_hash = |parameter: &&str| *parameter == "_rsc" || parameter.starts_with("_rsc=");
        let rest = |query: &Option<String>| {
            let query = query.as_deref()?;
            let has_hash = query.split('&').any(|parameter| is_hash(&parameter));
            let rest: Vec<_> = query.split('&').filter(|parameter| !is_hash(parameter)).collect();
            // A query of nothing but the hash is no query.
            (!has_hash || !rest.is_empty()).then(|| rest.join("&"))
        };
        prop_assert_eq!(written(&one) == written(&other), rest(&one) == rest(&other));
        let hash = key::rsc_parameter(one.as_deref());
        prop_assert_eq!(hash.is_some(), one.is_some_and(|query| query.split('&').any(|parameter| is_hash(&parameter))));
    }

    #[test]
    fn no_request_class_is_too_strange_to_read(request in grammar::request()) {
        if let Ok(class) = Class::of(&request) {
            let mut key = key::KeyBuf::new();
            class.write(&mut key);
            prop_assert!(!key.is_empty() && !key.contains(&b'\n'));
        }
    }

    #[test]
    fn vary_compares_what_it_names_and_nothing_else(
        vary in vec(grammar::value(NAMES), 1..3), original in grammar::request(), mut other in grammar::request(),
    ) {
        let mut response = HeaderMap::new();
        for line in vary {
            response.append(VARY, line);
        }
        let Ok(selecting) = Selecting::new(&response, &original, &Switches::default(), |_| false) else { return Ok(()) };
        prop_assert!(selecting.matches(&original));
        let names: Vec<_> = selecting.names().cloned().collect();
        let matched = selecting.matches(&other);
        // The rest of the request may be anything.
        for name in original.keys().chain([&http::header::COOKIE, &http::header::RANGE]) {
            if !names.contains(name) {
                other.insert(name, HeaderValue::from_static("other"));
            }
        }
        prop_assert_eq!(selecting.matches(&other), matched);
        // What it names, exactly as it was, matches.
        for name in &names {
            other.remove(name);
            for line in original.get_all(name) {
                other.append(name, line.clone());
            }
        }
        prop_assert!(selecting.matches(&other));
    }

    #[test]
    fn what_two_requests_have_in_common_with_a_third_they_have_with_each_other(
        lines in vec(vec(select(&["en", "EN", "de;q=0.5", "de; q=0.50", "en, de;q=.5", "", "de;q=0.500,en", "en,,", "x\""][..]), 0..3), 3),
        name in select(&["accept-language", "foo"][..]),
    ) {
        let request = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(name, HeaderValue::from_static(line));
            }
            headers
        };
        let mut response = HeaderMap::new();
        response.insert(VARY, HeaderValue::from_static(name));
        let matches = |one: usize, other: usize| {
            let selecting = Selecting::new(&response, &request(&lines[one]), &Switches::default(), |_| false).unwrap();
            selecting.matches(&request(&lines[other]))
        };
        prop_assert!(!(matches(0, 1) && matches(1, 2)) || matches(0, 2), "{:?}", lines);
    }

    #[test]
    fn a_coding_is_asked_for_just_if_the_client_takes_it(
        members in vec((select(&["gzip", "br", "zstd", "X-GZIP", "deflate", "*", "identity"][..]), select(&["", ";q=1", "; q=0.001", ";q=0", ";Q=0.0", " ; q=0.5"][..])), 0..7),
        cut in any::<prop::sample::Index>(),
    ) {
        let all: Vec<_> = members.iter().map(|(coding, weight)| format!("{coding}{weight}")).collect();
        let (first, second) = all.split_at(cut.index(all.len() + 1));
        let mut request = HeaderMap::new();
        request.append(ACCEPT_ENCODING, HeaderValue::try_from(first.join(",")).unwrap());
        request.append(ACCEPT_ENCODING, HeaderValue::try_from(second.join(" , ")).unwrap());
        let takes = |coding: &str| {
            let named = |name: &str| members.iter().find(|(member, _)| {
                let member = member.to_ascii_lowercase();
                member.strip_prefix("x-").unwrap_or(&member) == name
            });
            let (_, weight) = named(coding).or_else(|| named("*"))?;
            (!weight.ends_with('0')).then_some(coding.to_owned())
        };
        let expected: Vec<_> = ["zstd", "br", "gzip"].into_iter().filter_map(takes).collect();
        let found = normalise_accept_encoding(&request);
        let found = found.as_ref().map_or("", |value| value.to_str().unwrap());
        prop_assert_eq!(found, expected.join(", "));
    }

    #[test]
    fn whatever_codings_a_client_names_there_are_eight_answers(
        lines in vec(grammar::value(&["gzip", "br", "zstd", ";q=0", ";q=", "*", "x-gzip"]), 0..3),
    ) {
        let mut request = HeaderMap::new();
        for line in lines {
            request.append(ACCEPT_ENCODING, line);
        }
        if let Some(normal) = normalise_accept_encoding(&request) {
            let rest = ["zstd", "br", "gzip"].iter().filter(|coding| normal.to_str().unwrap().split(", ").any(|one| one == **coding));
            prop_assert_eq!(normal.to_str().unwrap(), rest.copied().collect::<Vec<_>>().join(", "));
            request.insert(ACCEPT_ENCODING, normal.clone());
            prop_assert_eq!(normalise_accept_encoding(&request), Some(normal));
        }
    }

    #[test]
    fn a_client_that_has_more_copies_is_sent_no_more(
        tag in grammar::value(TAGS), asked in grammar::value(TAGS), more in grammar::value(TAGS),
        before: bool,
    ) {
        let mut stored = HeaderMap::new();
        stored.insert(http::header::ETAG, tag);
        let mut request = HeaderMap::new();
        request.append(IF_NONE_MATCH, asked.clone());
        let one = evaluate(&Method::GET, &request, StatusCode::OK, &stored);
        let (first, second) = if before { (more, asked) } else { (asked, more) };
        request.insert(IF_NONE_MATCH, first);
        request.append(IF_NONE_MATCH, second);
        let two = evaluate(&Method::GET, &request, StatusCode::OK, &stored);
        prop_assert!(one == Precondition::None || two == Precondition::NotModified);
    }

    #[test]
    fn whatever_was_stored_can_be_asked_for_and_freshened(
        mut stored in grammar::response(), mut request in grammar::request(), since in grammar::value(DATES),
    ) {
        request.append(http::header::IF_MODIFIED_SINCE, since);
        evaluate(&Method::GET, &request, StatusCode::OK, &stored);
        let unasked = request.clone();
        if !add_validators(&mut request, &stored) {
            prop_assert_eq!(&request, &unasked);
        }
        let mut told = stored.clone();
        keep_for_not_modified(&mut told);
        let tag = stored.get(http::header::ETAG).cloned();
        freshen(&mut stored, &told);
        prop_assert_eq!(stored.get(http::header::ETAG).cloned(), tag);
    }
}
