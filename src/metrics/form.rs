//! The two forms that Prometheus reads, and which one is asked for.

use std::fmt::{Display, Write};

use http::HeaderValue;

/// How metrics are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Prometheus' own, version 0.0.4.
    Plain,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl Form {
    /// The form that `Accept` likes best; the plain one if it does not say.
    pub fn of(accept: Option<&HeaderValue>) -> Self {
        let accept = accept.and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        let weight = |media_type: &str| {
            let mut ranges = accept.split(',').map(|range| {
                let mut parts = range.split(';').map(str::trim);
                let name = parts.next().unwrap_or_default();
                let q = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
                (name, q.unwrap_or(1.0))
            });
            ranges.find(|(name, _)| name.eq_ignore_ascii_case(media_type)).map_or(0.0, |it| it.1)
        };
        let open = weight("application/openmetrics-text");
        match open > 0.0 && open >= weight("text/plain") {
            true => Self::OpenMetrics,
            false => Self::Plain,
        }
    }

    /// For `Content-Type`.
    pub fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Plain => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        })
    }
}

/// What a family of samples is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// A page of metrics that is being written.
#[derive(Debug)]
pub(super) struct Page {
    text: String,
    form: Form,
    /// The family that samples belong to, with the suffix of a counter.
    sample: String,
}

// Writing to a string does not fail.
impl Page {
    pub(super) fn new(form: Form) -> Self {
        Self { text: String::with_capacity(16 << 10), form, sample: String::new() }
    }

    /// Begins a family. A counter's name is without its suffix.
    pub(super) fn family(&mut self, name: &str, kind: Kind, help: &str) {
        self.sample.clear();
        self.sample.push_str(name);
        if kind == Kind::Counter {
            self.sample.push_str("_total");
        }
        // OpenMetrics names the family, the older form the samples.
        let name = if self.form == Form::OpenMetrics { name } else { &self.sample };
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let _ = writeln!(self.text, "# HELP {name} {help}.\n# TYPE {name} {kind}");
    }

    /// A sample of the family. `labels` are written as they stand between the braces.
    pub(super) fn sample(&mut self, labels: &str, value: impl Display) {
        self.sample_of("", labels, value);
    }

    /// The same for a part of a histogram (`_bucket`).
    pub(super) fn sample_of(&mut self, part: &str, labels: &str, value: impl Display) {
        let _ = match labels {
            "" => writeln!(self.text, "{}{part} {value}", self.sample),
            _ => writeln!(self.text, "{}{part}{{{labels}}} {value}", self.sample),
        };
    }

    pub(super) fn end(mut self) -> String {
        if self.form == Form::OpenMetrics {
            self.text.push_str("# EOF\n");
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_the_one_that_is_liked_best() {
        for (accept, expected) in [
            ("", Form::Plain),
            ("*/*", Form::Plain),
            ("text/plain;version=0.0.4", Form::Plain),
            ("application/openmetrics-text", Form::OpenMetrics),
            (
                "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
                Form::OpenMetrics,
            ),
            ("text/plain;q=0.9,application/openmetrics-text;q=0.1", Form::Plain),
            ("application/openmetrics-text;q=0", Form::Plain),
        ] {
            let value = HeaderValue::from_static(accept);
            assert_eq!(Form::of(Some(&value)), expected, "{accept}");
        }
        assert_eq!(Form::of(None), Form::Plain);
    }

    #[test]
    fn a_counter_has_its_suffix_where_each_form_wants_it() {
        for (form, expected) in [
            (Form::Plain, "# HELP a_total An a.\n# TYPE a_total counter\na_total{b=\"c\"} 1\n"),
            (Form::OpenMetrics, "# HELP a An a.\n# TYPE a counter\na_total{b=\"c\"} 1\n# EOF\n"),
        ] {
            let mut page = Page::new(form);
            page.family("a", Kind::Counter, "An a");
            page.sample("b=\"c\"", 1);
            assert_eq!(page.end(), expected);
        }
    }
}
