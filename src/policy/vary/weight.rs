//! Quality values: how much a client wants each of what it accepts (RFC 9110 §12.4.2).

/// What a member is about and its weight in thousandths; `None` if it is malformed, or has
/// parameters beside its weight.
pub(super) fn weighted(member: &[u8]) -> Option<(&[u8], u16)> {
    let mut parts = member.splitn(2, |byte| *byte == b';').map(<[u8]>::trim_ascii);
    let item = parts.next().filter(|item| !item.is_empty())?;
    match parts.next() {
        None => Some((item, 1000)),
        Some(parameter) => match parameter {
            [b'q' | b'Q', b'=', value @ ..] => Some((item, thousandths(value)?)),
            _ => None,
        },
    }
}

/// RFC 9110 §12.4.2: `0` or `1`, and up to three decimals; none is greater than one.
fn thousandths(value: &[u8]) -> Option<u16> {
    let (&whole @ (b'0' | b'1'), fraction) = value.split_first()? else {
        return None;
    };
    let decimals = match fraction {
        [] => fraction,
        [b'.', decimals @ ..] if decimals.len() <= 3 => decimals,
        _ => return None,
    };
    let mut weight = u16::from(whole - b'0');
    for position in 0..3 {
        let digit = decimals.get(position).copied().unwrap_or(b'0');
        if !digit.is_ascii_digit() {
            return None;
        }
        weight = weight * 10 + u16::from(digit - b'0');
    }
    (weight <= 1000).then_some(weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_has_a_weight_or_is_malformed() {
        for (member, expected) in [
            ("br", Some(("br", 1000))),
            ("br;q=1", Some(("br", 1000))),
            ("br;q=1.000", Some(("br", 1000))),
            ("br ; Q=0.5", Some(("br", 500))),
            ("*;q=0.125", Some(("*", 125))),
            ("br;q=0", Some(("br", 0))),
            ("br;q=0.", Some(("br", 0))),
            ("br;q=0.000", Some(("br", 0))),
            ("br;q=0.001", Some(("br", 1))),
            ("br;q=1.001", None),
            ("br;q=0.0001", None),
            ("br;q=2", None),
            ("br;q=.5", None),
            ("br;q=-1", None),
            ("br;q=", None),
            ("br;q", None),
            ("br;", None),
            ("br;q=0.x", None),
            ("br;level=1", None),
            ("br;q=1;level=1", None),
            (";q=1", None),
        ] {
            let expected = expected.map(|(item, weight)| (item.as_bytes(), weight));
            assert_eq!(weighted(member.as_bytes()), expected, "{member}");
        }
    }
}
