//! `traceparent` (W3C Trace Context): whose trace a request is a part of.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::client::hex;

/// `traceparent`
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// `tracestate`
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// What `traceparent` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent {
    /// The whole.
    pub trace: u128,
    /// The part of it that the request came from.
    pub span: u64,
    /// Whether that part may have been told to a collector.
    pub is_sampled: bool,
}

/// The digits of a version, trace, span and flags, with what stands between.
const LENGTH: usize = 55;

impl Parent {
    /// The parent that a request names; `None` if it names none, or more than one.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut lines = headers.get_all(TRACEPARENT).into_iter();
        let parent = Self::parse(lines.next()?.as_bytes())?;
        lines.next().is_none().then_some(parent)
    }

    /// Section 3.2: `00-<32 hex>-<16 hex>-<2 hex>` in small letters; later versions may be longer,
    /// version 255 is none, and neither trace nor span is zero.
    fn parse(value: &[u8]) -> Option<Self> {
        let (known, rest) = value.split_at_checked(LENGTH)?;
        let [version, trace, span, flags] = parts(known)?;
        let version = number(version)?;
        let is_whole = rest.is_empty() || version > 0 && rest.starts_with(b"-");
        let (trace, span) = (number(trace)?, u64::try_from(number(span)?).ok()?);
        let is_known = version != 0xff && is_whole && trace != 0 && span != 0;
        let is_sampled = number(flags)? & 1 == 1;
        is_known.then_some(Self { trace, span, is_sampled })
    }

    /// The field's value.
    pub fn value(self) -> HeaderValue {
        let (trace, span) = (hex::<32>(self.trace), hex::<16>(self.span.into()));
        let flags: &[u8] = if self.is_sampled { b"-01" } else { b"-00" };
        let value = [b"00-", &trace[..], b"-", &span, flags].concat();
        // Unreachable alternative: digits are a field's value.
        HeaderValue::from_bytes(&value).unwrap_or(HeaderValue::from_static("0"))
    }
}

fn parts(known: &[u8]) -> Option<[&[u8]; 4]> {
    let mut parts = known.split(|byte| *byte == b'-');
    let found = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
    (parts.next().is_none() && found.map(<[u8]>::len) == [2, 32, 16, 2]).then_some(found)
}

/// Of digits in small letters.
fn number(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0_u128, |number, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn of(lines: &[&str]) -> Option<Parent> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(TRACEPARENT, line.parse().unwrap());
        }
        Parent::of(&headers)
    }

    #[test]
    fn a_parent_is_read_as_it_is_written() {
        let parent = of(&[GIVEN]).unwrap();
        assert_eq!(
            (parent.trace, parent.span),
            (0x0af7651916cd43dd8448eb211c80319c, 0xb7ad6b7169203331)
        );
        assert_eq!(
            (parent.is_sampled, parent.value()),
            (true, GIVEN.parse::<HeaderValue>().unwrap())
        );
        let other = Parent { is_sampled: false, ..parent };
        assert_eq!(other.value(), GIVEN.replace("-01", "-00").as_str());
    }

    #[test]
    fn what_a_later_version_adds_is_not_minded_and_what_is_no_parent_is_none() {
        for (line, is_one) in [
            (GIVEN.to_owned(), true),
            (GIVEN.replace("-01", "-ff"), true),
            (format!("01{}-more", &GIVEN[2..]), true),
            (format!("01{}more", &GIVEN[2..]), false),
            (format!("ff{}", &GIVEN[2..]), false),
            (format!("{GIVEN}-more"), false),
            (GIVEN.to_uppercase(), false),
            (GIVEN.replace('-', "_"), false),
            (GIVEN.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)), false),
            (GIVEN.replace("b7ad6b7169203331", &"0".repeat(16)), false),
            (GIVEN[..54].to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(of(&[&line]).is_some(), is_one, "{line}");
        }
        assert_eq!(of(&[GIVEN, GIVEN]), None);
        assert_eq!(of(&[]), None);
    }
}
