//! Splits a field line that is a list into its members (RFC 9110 §5.6.1).
//!
//! Members come trimmed, and empty ones are left out. A comma inside a quoted string does not
//! separate. A quote that never closes on its line is an ordinary character: were it not, one stray
//! quote would hide the rest of the line, a `no-store` perhaps.

use http::HeaderName;
use memchr::memchr2_iter;

/// The members of one line whose quoted strings know backslash escapes (RFC 9110 §5.6.4).
pub(super) fn members(line: &[u8]) -> Members<'_> {
    Members { rest: line, escapes: true, quotes: true }
}

/// The members of one line of entity tags, where a backslash is an ordinary character (RFC 9110
/// §8.8.3).
pub(super) fn entity_tags(line: &[u8]) -> Members<'_> {
    Members { rest: line, escapes: false, quotes: true }
}

/// Whether `word` stands anywhere in a line, in whatever case: perhaps as a member. A line that lacks
/// it, as most do, need not be split.
pub(super) fn mentions(line: &[u8], word: &str) -> bool {
    let word = word.as_bytes();
    let first = word.first().map_or(b',', u8::to_ascii_lowercase);
    memchr2_iter(first, first.to_ascii_uppercase(), line).any(|at| {
        let found = line.get(at..).and_then(|rest| rest.get(..word.len()));
        found.is_some_and(|found| found.eq_ignore_ascii_case(word))
    })
}

/// Whether each quoted string in `member` is closed.
///
/// Only such members may stand beside others on one line: an open quote would swallow what follows.
pub(super) fn is_closed(member: &[u8]) -> bool {
    let mut split = members(member);
    split.by_ref().for_each(drop);
    split.quotes
}

/// See [`members`].
#[derive(Clone, Debug)]
pub(super) struct Members<'a> {
    rest: &'a [u8],
    escapes: bool,
    /// False once a quote was found that never closes: then no later one does, and looking again at
    /// each would make a hostile line cost the square of its length.
    quotes: bool,
}

impl<'a> Iterator for Members<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.rest.is_empty() {
            let (member, rest) = self.rest.split_at(self.end_of_member());
            self.rest = rest.get(1..).unwrap_or_default();
            let member = member.trim_ascii();
            if !member.is_empty() {
                return Some(member);
            }
        }
        None
    }
}

impl Members<'_> {
    /// Where the first member ends: at its comma, or with the line.
    fn end_of_member(&mut self) -> usize {
        let mut from = 0;
        loop {
            let rest = self.rest.get(from..).unwrap_or_default();
            // Members are short: to search with `memchr` costs more.
            let next = rest.iter().position(|byte| matches!(byte, b',' | b'"'));
            let Some(at) = next.map(|next| from + next) else { return self.rest.len() };
            if self.rest.get(at) == Some(&b',') {
                return at;
            }
            let close = if self.quotes { self.closing_quote(at + 1) } else { None };
            self.quotes = close.is_some();
            from = close.unwrap_or(at) + 1;
        }
    }

    /// Where the quoted string whose content begins at `from` is closed.
    fn closing_quote(&self, from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            match self.rest.get(at)? {
                b'"' => return Some(at),
                b'\\' if self.escapes => at += 2,
                _ => at += 1,
            }
        }
    }
}

/// A list of field names; `None` if it is empty, or has anything else in it.
pub(super) fn field_names(list: &[u8]) -> Option<Vec<HeaderName>> {
    let names: Option<Vec<_>> =
        members(list).map(|member| HeaderName::from_bytes(member).ok()).collect();
    names.filter(|names| !names.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(line: &str) -> Vec<&str> {
        members(line.as_bytes()).map(|member| std::str::from_utf8(member).unwrap()).collect()
    }

    #[test]
    fn a_line_falls_into_its_members() {
        for (name, line, expected) in [
            ("nothing", "", &[][..]),
            ("only separators", " , ,\t,", &[]),
            ("one", "a", &["a"]),
            ("white space and empty members", " a ,, b,\tc ,", &["a", "b", "c"]),
            ("a quoted comma", r#"a="x, y", b"#, &[r#"a="x, y""#, "b"]),
            ("an escaped quote", r#"a="x\", y", b"#, &[r#"a="x\", y""#, "b"]),
            ("a quote that never closes", r#"a="x, b"#, &[r#"a="x"#, "b"]),
            ("a backslash at the end", r#"a="x\"#, &[r#"a="x\"#]),
            ("a backslash outside quotes", r#"a\, b"#, &[r#"a\"#, "b"]),
        ] {
            assert_eq!(split(line), expected, "{name}");
        }
    }

    #[test]
    fn a_backslash_in_an_entity_tag_escapes_nothing() {
        let tags: Vec<_> = entity_tags(br#""a\", W/"b,c""#).collect();
        assert_eq!(tags, [&br#""a\""#[..], br#"W/"b,c""#]);
    }

    #[test]
    fn a_word_is_seen_wherever_it_stands() {
        for (line, expected) in [
            ("", false),
            ("no-stor", false),
            ("no-cache, no-store", true),
            ("nNo-Store=x", true),
            ("a=\"no-store\"", true),
        ] {
            assert_eq!(mentions(line.as_bytes(), "no-store"), expected, "{line}");
        }
    }

    #[test]
    fn an_open_quote_is_noticed() {
        for (member, expected) in
            [("a", true), (r#"a="b""#, true), (r#"a="b"#, false), (r#"a="\""#, false)]
        {
            assert_eq!(is_closed(member.as_bytes()), expected, "{member}");
        }
    }

    proptest! {
        #[test]
        fn closed_members_survive_being_joined(line in proptest::collection::vec(
            prop_oneof![Just(b'"'), Just(b'\\'), Just(b','), Just(b' '), Just(b'a'), any::<u8>()], 0..40,
        )) {
            let closed: Vec<_> = members(&line).filter(|member| is_closed(member)).collect();
            let joined = closed.join(&b", "[..]);
            prop_assert_eq!(members(&joined).collect::<Vec<_>>(), closed);
        }
    }
}
