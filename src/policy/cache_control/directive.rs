//! One directive, as written (RFC 9111 §5.2).

use std::time::Duration;

use http::{HeaderMap, HeaderName};

use crate::policy::{delta_seconds, list};

/// The most bytes of a name that is known: `stale-while-revalidate`.
pub(super) const LONGEST: usize = 22;

/// A name and perhaps an argument.
#[derive(Clone, Copy, Debug)]
pub(super) struct Directive<'a> {
    /// The directive as it was written.
    pub(super) raw: &'a [u8],
    /// Its name, in the case it was written in.
    pub(super) name: &'a [u8],
    /// What follows the name.
    pub(super) argument: Argument<'a>,
}

/// What follows a directive's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Argument<'a> {
    /// Nothing.
    Absent,
    /// `=` and this, quotes included.
    Value(&'a [u8]),
    /// Something else: `max-age =60`, or `no-cache no-store` where a comma was forgotten.
    Malformed,
}

/// Each directive on each line of the field `name`, in order.
pub(super) fn all<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = Directive<'a>> {
    let lines = headers.get_all(name).into_iter();
    lines.flat_map(|line| list::members(line.as_bytes())).map(Directive::new)
}

impl<'a> Directive<'a> {
    fn new(raw: &'a [u8]) -> Self {
        let end = raw.iter().position(|byte| matches!(byte, b'=' | b' ' | b'\t'));
        let (name, rest) = raw.split_at(end.unwrap_or(raw.len()));
        let argument = match rest.split_first() {
            None => Argument::Absent,
            Some((b'=', value)) => Argument::Value(value),
            Some(_) => Argument::Malformed,
        };
        Self { raw, name, argument }
    }

    /// Whether this is the directive `name`; names are case-insensitive (RFC 9111 §5.2).
    /// Its name in small letters, written to `room`; empty if it is longer than any that is known.
    pub(super) fn lower_name<'b>(&self, room: &'b mut [u8; LONGEST]) -> &'b [u8] {
        let Some(lower) = room.get_mut(..self.name.len()) else { return b"" };
        lower.copy_from_slice(self.name);
        lower.make_ascii_lowercase();
        lower
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

impl Argument<'_> {
    /// The argument as a number of seconds, if it is one.
    ///
    /// RFC 9111 §5.2: recipients ought to accept both the token and the quoted form of any
    /// argument.
    pub(super) fn delta_seconds(self) -> Option<Duration> {
        delta_seconds::parse(self.unquoted()?)
    }

    /// The argument as a list of field names; `None` if it is none, or has anything else in it.
    pub(super) fn field_names(self) -> Option<Vec<HeaderName>> {
        list::field_names(self.unquoted()?)
    }

    /// Whether there is a value, and not an empty one.
    pub(super) fn is_value(self) -> bool {
        self.unquoted().is_some_and(|value| !value.is_empty())
    }

    /// The value without the quotes around it; escapes stay as they are, no number has any.
    fn unquoted(&self) -> Option<&[u8]> {
        match self {
            Self::Value([b'"', inner @ .., b'"']) => Some(inner),
            Self::Value(value) => Some(value),
            Self::Absent | Self::Malformed => None,
        }
    }
}
