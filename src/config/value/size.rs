//! Sizes in bytes: `"16MiB"`, `"1GB"`, or a bare number.

use serde_json::{Value as Json, json};

use super::{Text, Wrong};

/// A size, zero included.
pub(in crate::config) enum Size {}

/// The size of a request head. hyper panics when its buffer is to be smaller than 8 KiB, and each
/// connection may hold as much as this.
pub(in crate::config) enum HeadSize {}

/// The units, largest first.
const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("KB", 1000),
    ("B", 1),
];

/// More than any machine has, and far from where sums would overflow.
const LARGEST: u64 = 1024 << 40;

const LEAST_HEAD: usize = 8 << 10;
const MOST_HEAD: usize = 16 << 20;

impl Text for Size {
    type Value = u64;

    fn parse(text: &str) -> Result<u64, Wrong> {
        let bytes = bytes(text).ok_or_else(|| wrong(text))?;
        if bytes > LARGEST {
            return Err(Wrong::TooMuch { text: text.into(), most: Self::print(&LARGEST) });
        }
        Ok(bytes)
    }

    fn print(value: &u64) -> String {
        format!("\"{}\"", shortest(*value))
    }

    fn schema() -> Json {
        sized(0, LARGEST)
    }
}

impl Text for HeadSize {
    type Value = usize;

    fn parse(text: &str) -> Result<usize, Wrong> {
        let size = usize::try_from(Size::parse(text)?).unwrap_or(usize::MAX);
        if size < LEAST_HEAD {
            let why = "the HTTP library reads that much at once";
            return Err(Wrong::TooLittle {
                text: text.into(),
                least: Self::print(&LEAST_HEAD),
                why,
            });
        }
        if size > MOST_HEAD {
            return Err(Wrong::TooMuch { text: text.into(), most: Self::print(&MOST_HEAD) });
        }
        Ok(size)
    }

    fn print(value: &usize) -> String {
        Size::print(&(*value as u64))
    }

    fn schema() -> Json {
        sized(LEAST_HEAD as u64, MOST_HEAD as u64)
    }
}

fn sized(least: u64, most: u64) -> Json {
    json!({"anyOf": [
        {"type": "string", "pattern": "^[0-9]+( ?([KkMmGgTt][Ii]?)?[Bb])?$"},
        {"type": "integer", "minimum": least, "maximum": most},
    ]})
}

/// A number, a space perhaps, and a unit perhaps. `None` if the text is not that; one that is too
/// large to count counts as the largest.
fn bytes(text: &str) -> Option<u64> {
    let (digits, unit) = split(text)?;
    let is_named = |name: &str| name.eq_ignore_ascii_case(if unit.is_empty() { "B" } else { unit });
    let (_, factor) = UNITS.into_iter().find(|(name, _)| is_named(name))?;
    Some(digits.parse().unwrap_or(u64::MAX).saturating_mul(factor))
}

fn split(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    (!digits.is_empty()).then_some((digits, unit.strip_prefix(' ').unwrap_or(unit)))
}

/// Kubernetes writes `16Mi` and Docker `16m`. What the latter counts in depends on whom one asks:
/// better to ask the operator.
fn wrong(text: &str) -> Wrong {
    if let Some((digits, unit)) = split(text) {
        let half = unit.trim_end_matches(['i', 'I']).to_ascii_uppercase();
        if ["K", "M", "G", "T"].contains(&half.as_str()) {
            return Wrong::HalfUnit {
                text: text.into(),
                binary: format!("{digits}{half}iB"),
                decimal: format!("{digits}{half}B"),
            };
        }
    }
    Wrong::Not {
        text: text.into(),
        what: "a size",
        expected: "a number with B, KiB, MiB, GiB or TiB, such as \"16MiB\"",
    }
}

/// The shortest form, binary rather than decimal if they are equally long.
fn shortest(bytes: u64) -> String {
    let exact = UNITS.into_iter().filter(|(_, unit)| bytes.is_multiple_of(*unit) && bytes != 0);
    let forms = exact.map(|(name, unit)| format!("{}{name}", bytes / unit));
    forms.min_by_key(String::len).unwrap_or_else(|| "0B".into())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{printed, told};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_are_read_and_printed_in_their_shortest_form() {
        for (text, bytes, expected) in [
            ("16MiB", 16 << 20, "\"16MiB\""),
            ("16 MiB", 16 << 20, "\"16MiB\""),
            ("16mib", 16 << 20, "\"16MiB\""),
            ("1024KiB", 1 << 20, "\"1MiB\""),
            ("1GB", 1_000_000_000, "\"1GB\""),
            ("1000KB", 1_000_000, "\"1MB\""),
            ("512B", 512, "\"512B\""),
            ("65536", 65_536, "\"64KiB\""),
            ("1025", 1025, "\"1025B\""),
            ("0", 0, "\"0B\""),
            ("0GiB", 0, "\"0B\""),
            ("1024TiB", LARGEST, "\"1024TiB\""),
        ] {
            assert_eq!(Size::parse(text), Ok(bytes), "{text}");
            assert_eq!(printed::<Size>(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_told_so() {
        for text in ["", "MiB", "-1", "1.5GiB", "16  MiB", "16MiBs", "16iB", "1e6", "lots"] {
            assert!(Size::parse(text).is_err(), "{text}");
        }
        for (text, expected) in [
            (
                "lots",
                "\"lots\" is not a size; write a number with B, KiB, MiB, GiB or TiB, such as \"16MiB\"",
            ),
            ("16M", "\"16M\" has half a unit; write \"16MiB\" or \"16MB\""),
            ("1gi", "\"1gi\" has half a unit; write \"1GiB\" or \"1GB\""),
            ("1025TiB", "1025TiB is too much; write at most \"1024TiB\""),
            (
                "99999999999999999999999",
                "99999999999999999999999 is too much; write at most \"1024TiB\"",
            ),
        ] {
            assert_eq!(told::<Size>(text), expected);
        }
    }

    #[test]
    fn a_request_head_has_bounds() {
        assert_eq!(HeadSize::parse("8KiB"), Ok(8192));
        assert_eq!(printed::<HeadSize>("16MiB"), "\"16MiB\"");
        for (text, expected) in [
            (
                "8191",
                "8191 is too little; write at least \"8KiB\": the HTTP library reads that much at once",
            ),
            ("17MiB", "17MiB is too much; write at most \"16MiB\""),
        ] {
            assert_eq!(told::<HeadSize>(text), expected);
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(bytes in 0..=LARGEST) {
            prop_assert_eq!(Size::parse(Size::print(&bytes).trim_matches('"')), Ok(bytes));
        }

        #[test]
        fn what_is_printed_is_short_and_final(number in 1..1000_u64, unit in 0..UNITS.len()) {
            let text = format!("{number}{}", UNITS[unit].0);
            let again = printed::<Size>(&text);
            prop_assert!(again.len() <= text.len() + 2);
            prop_assert_eq!(printed::<Size>(again.trim_matches('"')), again);
        }

        #[test]
        fn any_text_can_be_read(text in "[0-9]{0,25} ?(k|M|G|T|i|B|.){0,4}") {
            let _ = (Size::parse(&text), HeadSize::parse(&text));
        }
    }
}
