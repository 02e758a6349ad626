//! Does a stored response answer this request too? (RFC 9111 §4.1)
//!
//! [`Selecting`] keeps the fields of the original request that the response's `Vary` nominates.
//! [`Selecting::matches`] runs on every hit. It allocates nothing if nothing is nominated or the
//! lines are the same bytes, and otherwise only for `Accept-Language`.

mod accept_encoding;
mod accept_language;
mod weight;

use http::header::{ACCEPT_LANGUAGE, VARY};
use http::{HeaderMap, HeaderName};

pub use accept_encoding::{normalise_accept_encoding, reduce_accept_encoding};

use super::{Switches, list};

/// `Vary` nominates what no request can be compared by, so none matches (RFC 9111 §4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VaryAny;

/// The selecting header fields of a stored response. Most have none, and every hit asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selecting(Option<Box<Nominated>>);

/// What was nominated, at least one field.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Nominated {
    fields: Box<[Field]>,
    languages: Languages,
}

/// How `Accept-Language` is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Languages {
    /// The same languages in the same order of preference.
    Strict,
    /// Order among equal weights left aside; or the response's own language, where it has one, is
    /// what the request prefers.
    Loose(Option<Box<[u8]>>),
}

/// One nominated field, as the original request had it: its lines, none if it was absent.
///
/// Copies, since the lines of a request are slices of the buffer that it was read into, and would
/// keep the whole of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    name: HeaderName,
    lines: Box<[Box<[u8]>]>,
}

impl Selecting {
    /// Keeps what `response` nominates of `request`, save the fields for which `ignored` holds.
    /// Languages are compared loosely if `switches` say so.
    ///
    /// # Errors
    /// [`VaryAny`] if no request at all can match.
    pub fn new(
        response: &HeaderMap,
        request: &HeaderMap,
        switches: &Switches,
        ignored: impl Fn(&HeaderName) -> bool,
    ) -> Result<Self, VaryAny> {
        let mut fields: Vec<Field> = Vec::new();
        for name in nominated(response) {
            let name = name?;
            if !ignored(&name) && !fields.iter().any(|field| field.name == name) {
                fields.push(Field::new(name, request));
            }
        }
        if fields.is_empty() {
            return Ok(Self::default());
        }
        let languages = match switches.loose_languages {
            true => Languages::Loose(accept_language::single_language(response).map(Into::into)),
            false => Languages::Strict,
        };
        Ok(Self(Some(Box::new(Nominated { fields: fields.into(), languages }))))
    }

    /// Whether `request` selects the same response as the original request did.
    ///
    /// RFC 9111 §4.1: each nominated field is the same in both, or absent from both. Values are the
    /// same if they differ only in how a list is spaced and spread over lines, or in ways that
    /// their definition gives no meaning.
    pub fn matches(&self, request: &HeaderMap) -> bool {
        self.0.as_ref().is_none_or(|nominated| {
            let Nominated { fields, languages } = &**nominated;
            fields.iter().all(|field| field.matches(request, languages))
        })
    }

    /// Whether nothing is nominated: then every request matches.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The nominated names, in order.
    pub fn names(&self) -> impl Iterator<Item = &HeaderName> {
        self.fields().iter().map(|field| &field.name)
    }

    /// The nominated fields that the original request had, a line each.
    pub fn lines(&self) -> impl Iterator<Item = (&HeaderName, &[u8])> {
        self.fields().iter().flat_map(|field| field.lines.iter().map(|line| (&field.name, &**line)))
    }

    /// What this takes in memory, in bytes, besides its own size.
    pub fn weight(&self) -> usize {
        let nominated = self.0.as_ref().map_or(0, |_| size_of::<Nominated>());
        nominated + self.fields().iter().map(Field::weight).sum::<usize>()
    }

    fn fields(&self) -> &[Field] {
        self.0.as_ref().map_or(&[], |nominated| &nominated.fields)
    }
}

impl Field {
    fn new(name: HeaderName, request: &HeaderMap) -> Self {
        let lines = request.get_all(&name).iter().map(|line| line.as_bytes().into()).collect();
        Self { name, lines }
    }

    fn matches(&self, request: &HeaderMap, languages: &Languages) -> bool {
        let requested = || request.get_all(&self.name).iter().map(|line| line.as_bytes());
        let stored = || self.lines.iter().map(|line| &**line);
        if stored().eq(requested()) {
            return true;
        }
        // §4.1: absent is the same as absent, and as nothing else, an empty field included.
        if self.lines.is_empty() || !request.contains_key(&self.name) {
            return false;
        }
        if self.name == ACCEPT_LANGUAGE {
            return match languages {
                Languages::Strict => accept_language::same(stored(), requested()),
                Languages::Loose(own) => {
                    accept_language::same_in_any_order(stored(), requested())
                        || own
                            .as_ref()
                            .is_some_and(|own| accept_language::prefers(requested(), own))
                }
            };
        }
        stored().flat_map(list::members).eq(requested().flat_map(list::members))
    }

    fn weight(&self) -> usize {
        let lines = self.lines.iter().map(|line| size_of::<Box<[u8]>>() + line.len());
        size_of::<Self>() + self.name.as_str().len() + lines.sum::<usize>()
    }
}

/// Whether no request at all can match a response with these fields.
pub(super) fn is_any(response: &HeaderMap) -> bool {
    nominated(response).any(|name| name.is_err())
}

/// What the lines of `Vary` nominate.
///
/// RFC 9110 §12.5.5: a `*` anywhere nominates more than the fields of a request. What can be no
/// field's name is taken to do the same: its author meant something, and we do not know what.
fn nominated(response: &HeaderMap) -> impl Iterator<Item = Result<HeaderName, VaryAny>> {
    let lines = response.get_all(VARY).into_iter();
    lines.flat_map(|line| list::members(line.as_bytes())).map(|member| match member {
        // A valid name, as it happens.
        b"*" => Err(VaryAny),
        name => HeaderName::from_bytes(name).map_err(|_| VaryAny),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::headers;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn selecting(vary: &[&str], request: &HeaderMap) -> Result<Selecting, VaryAny> {
        let vary: Vec<_> = vary.iter().map(|line| ("vary", *line)).collect();
        Selecting::new(&headers(&vary), request, &Switches::default(), |_| false)
    }

    #[test]
    fn a_star_or_a_riddle_matches_nothing() {
        for lines in [
            &["*"][..],
            &["*, *"],
            &["*", "*"],
            &[", *"],
            &["", "*"],
            &["*, Foo"],
            &["Foo, *"],
            &["Foo", "Bar,*"],
            &["foo bar"],
            &["\"foo\""],
        ] {
            assert_eq!(selecting(lines, &HeaderMap::new()), Err(VaryAny), "{lines:?}");
            let vary: Vec<_> = lines.iter().map(|line| ("vary", *line)).collect();
            assert!(is_any(&headers(&vary)), "{lines:?}");
        }
        assert!(!is_any(&headers(&[("vary", "rsc, foo*")])));
    }

    #[test]
    fn a_star_matches_nothing_even_if_all_is_ignored() {
        let ignoring = Selecting::new(
            &headers(&[("vary", "*")]),
            &HeaderMap::new(),
            &Switches::default(),
            |_| true,
        );
        assert_eq!(ignoring, Err(VaryAny));
    }

    #[test]
    fn nominated_fields_must_be_the_same() {
        for (name, original, request, expected) in [
            ("same", &[("foo", "1")][..], &[("foo", "1")][..], true),
            ("another value", &[("foo", "1")], &[("foo", "2")], false),
            ("another case", &[("foo", "a")], &[("foo", "A")], false),
            ("absent from both", &[], &[("bar", "1")], true),
            ("absent from the original", &[], &[("foo", "1")], false),
            ("absent from the request", &[("foo", "1")], &[], false),
            ("empty is not absent", &[("foo", "")], &[], false),
            ("absent is not empty", &[], &[("foo", "")], false),
            ("list white space", &[("foo", "1, 2")], &[("foo", "1,2 ,")], true),
            ("over two lines", &[("foo", "1, 2")], &[("foo", "1"), ("foo", "2")], true),
            ("on one line", &[("foo", "1"), ("foo", "2")], &[("foo", "1,2")], true),
            ("another order", &[("foo", "1, 2")], &[("foo", "2, 1")], false),
            ("one more", &[("foo", "1, 2")], &[("foo", "1, 2, 3")], false),
            ("one less", &[("foo", "1, 2")], &[("foo", "1")], false),
            ("a second line", &[("foo", "1")], &[("foo", "1"), ("foo", "2")], false),
            ("white space in quotes", &[("foo", "\"1, 2\"")], &[("foo", "\"1,2\"")], false),
            ("not nominated", &[("foo", "1"), ("bar", "1")], &[("foo", "1"), ("bar", "2")], true),
            (
                "languages",
                &[("accept-language", "en-US, de;q=0.5")],
                &[("accept-language", "DE;q=0.5,en-us")],
                true,
            ),
            (
                "other languages",
                &[("accept-language", "en, de")],
                &[("accept-language", "de, en")],
                false,
            ),
            (
                "another encoding",
                &[("accept-encoding", "br")],
                &[("accept-encoding", "gzip")],
                false,
            ),
        ] {
            let vary = &["Foo, , accept-language", "Accept-Encoding, FOO"];
            let selecting = selecting(vary, &headers(original)).unwrap();
            assert_eq!(selecting.matches(&headers(request)), expected, "{name}");
        }
    }

    #[test]
    fn names_are_kept_once_and_ignored_ones_not_at_all() {
        let response = headers(&[("vary", "RSC, accept, rsc"), ("vary", "Next-Url")]);
        let selecting =
            Selecting::new(&response, &HeaderMap::new(), &Switches::default(), |name| {
                name == "next-url"
            })
            .unwrap();
        assert!(selecting.names().eq(["rsc", "accept"].iter()));
        assert!(selecting.matches(&headers(&[("next-url", "/")])));
        assert!(!selecting.matches(&headers(&[("rsc", "1")])));
    }

    #[test]
    fn nothing_nominated_matches_and_weighs_nothing() {
        let selecting = selecting(&["", ","], &headers(&[("foo", "1")])).unwrap();
        assert!(selecting.is_empty() && selecting.matches(&headers(&[("foo", "2")])));
        assert_eq!(selecting.weight(), 0);
    }

    #[test]
    fn a_longer_value_weighs_more() {
        let weight = |value| selecting(&["foo"], &headers(&[("foo", value)])).unwrap().weight();
        assert_eq!(weight("0123456789") - weight(""), 10);
    }

    fn any_request() -> impl Strategy<Value = HeaderMap> {
        let name = prop_oneof![Just("foo"), Just("accept-language"), Just("accept-encoding")];
        let line = prop_oneof!["[a-c,;=q01. \"\\\\*-]{0,12}", "\\PC{0,9}"];
        proptest::collection::vec((name, line), 0..4).prop_map(|lines| {
            let mut headers = HeaderMap::new();
            for (name, line) in lines {
                headers.append(name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
            }
            headers
        })
    }

    proptest! {
        #[test]
        fn a_response_matches_the_request_that_it_answered(request in any_request()) {
            let selecting = selecting(&["foo, accept-language, accept-encoding"], &request).unwrap();
            prop_assert!(selecting.matches(&request));
        }

        #[test]
        fn matching_goes_both_ways(one in any_request(), other in any_request()) {
            let vary = &["foo, accept-language, accept-encoding"];
            let there = selecting(vary, &one).unwrap().matches(&other);
            let back = selecting(vary, &other).unwrap().matches(&one);
            prop_assert_eq!(there, back);
        }
    }
}
