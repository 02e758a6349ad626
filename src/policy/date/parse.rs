//! The three forms of an HTTP date (RFC 9110 §5.6.7).
//!
//! Not the library that writes our dates: that one refuses a date whose weekday is wrong, and so
//! would take what an origin computes carelessly for a time in the past.

/// The seconds since the Unix epoch that a date in one of the three forms names.
pub(super) fn seconds(text: &[u8]) -> Option<u64> {
    imf_fixdate(text).or_else(|| rfc_850(text)).or_else(|| asctime(text))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn imf_fixdate(text: &[u8]) -> Option<u64> {
    let mut text = Reader(text);
    text.one_of(&SHORT_DAYS)?;
    text.literal(b", ")?;
    let day = text.number(2)?;
    text.literal(b" ")?;
    let month = text.month()?;
    text.literal(b" ")?;
    let year = text.number(4)?;
    text.literal(b" ")?;
    let time = text.time()?;
    text.literal(b" GMT")?;
    text.end()?;
    at(year, month, day, time)
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`
fn rfc_850(text: &[u8]) -> Option<u64> {
    let mut text = Reader(text);
    text.one_of(&LONG_DAYS)?;
    text.literal(b", ")?;
    let day = text.number(2)?;
    text.literal(b"-")?;
    let month = text.month()?;
    text.literal(b"-")?;
    let year = text.number(2)?;
    text.literal(b" ")?;
    let time = text.time()?;
    text.literal(b" GMT")?;
    text.end()?;
    // Below 70 it is this century. (§5.6.7 draws the line 50 years from now; a line that stands
    // still needs no clock, and is the same until the form has died out.)
    at(if year < 70 { 2000 + year } else { 1900 + year }, month, day, time)
}

/// `Sun Nov  6 08:49:37 1994`
fn asctime(text: &[u8]) -> Option<u64> {
    let mut text = Reader(text);
    text.one_of(&SHORT_DAYS)?;
    text.literal(b" ")?;
    let month = text.month()?;
    text.literal(b" ")?;
    let day = match text.literal(b" ") {
        Some(()) => text.number(1)?,
        None => text.number(2)?,
    };
    text.literal(b" ")?;
    let time = text.time()?;
    text.literal(b" ")?;
    let year = text.number(4)?;
    text.end()?;
    at(year, month, day, time)
}

const SHORT_DAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
const LONG_DAYS: [&[u8]; 7] =
    [b"Monday", b"Tuesday", b"Wednesday", b"Thursday", b"Friday", b"Saturday", b"Sunday"];
const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// What is left of a text. RFC 9111 §4.2: names and zone are matched case-insensitively.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn literal(&mut self, expected: &[u8]) -> Option<()> {
        let (start, rest) = self.0.split_at_checked(expected.len())?;
        start.eq_ignore_ascii_case(expected).then(|| self.0 = rest)
    }

    fn one_of(&mut self, names: &[&[u8]]) -> Option<u64> {
        let index = names.iter().position(|name| self.literal(name).is_some())?;
        Some(index as u64)
    }

    /// From 1 to 12.
    fn month(&mut self) -> Option<u64> {
        self.one_of(&MONTHS).map(|index| index + 1)
    }

    /// Seconds since midnight. A leap second is the one before it.
    fn time(&mut self) -> Option<u64> {
        let hour = self.number(2)?;
        self.literal(b":")?;
        let minute = self.number(2)?;
        self.literal(b":")?;
        let second = self.number(2)?;
        let is_time = hour < 24 && minute < 60 && second <= 60;
        is_time.then_some(hour * 3600 + minute * 60 + second.min(59))
    }

    /// A number of just so many digits.
    fn number(&mut self, digits: usize) -> Option<u64> {
        let (start, rest) = self.0.split_at_checked(digits)?;
        let number = start.iter().try_fold(0, |number, byte| {
            byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0'))
        })?;
        self.0 = rest;
        Some(number)
    }

    fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// The seconds from the epoch to a day and a time of the day; `None` if there is no such day, or it
/// lies before the epoch.
fn at(year: u64, month: u64, day: u64, time: u64) -> Option<u64> {
    if day == 0 || day > days_in(year, month) {
        return None;
    }
    let days_before = days_before_year(year).checked_sub(days_before_year(1970))?;
    let months: u64 = (1..month).map(|month| days_in(year, month)).sum();
    Some((days_before + months + day - 1) * 86_400 + time)
}

fn days_in(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
}

/// Days from the year 1 to the first of this year.
fn days_before_year(year: u64) -> u64 {
    let past = year.saturating_sub(1);
    past * 365 + past / 4 - past / 100 + past / 400
}
