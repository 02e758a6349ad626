//! Regular expressions as a build has them: sources for JavaScript's `RegExp`.
//!
//! They need lookahead (`/((?!api|_next).*)` is the matcher that the documentation teaches), which
//! the `regex` crate does not have.

use fancy_regex::{Regex, RegexBuilder};

/// Most steps back that one look may take. The matchers of the documentation take less than a
/// hundred; without a bound, a path of 60 KB could hold up all others.
const MOST_STEPS_BACK: usize = 10_000;

/// Most bytes of a compiled expression's parts.
const MOST_BYTES: usize = 1 << 20;

/// A regular expression that is ready to be asked.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// Compiles a source; `Err` says what is wrong with it.
    pub fn new(source: &str) -> Result<Self, String> {
        let mut builder = RegexBuilder::new(source);
        builder.backtrack_limit(MOST_STEPS_BACK).delegate_size_limit(MOST_BYTES);
        builder.max_prog_size(MOST_BYTES);
        builder.build().map(Self).map_err(|error| error.to_string())
    }

    /// Whether it matches; `None` if that would take too long to find out.
    pub fn matches(&self, text: &str) -> Option<bool> {
        self.0.is_match(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_of_javascript_are_understood() {
        for (source, text, expected) in [
            ("^\\/a[\\/#\\?]?$", "/a/", true),
            ("^\\/a[\\/#\\?]?$", "/a/b", false),
            ("^(?:\\/((?!api|_next\\/static).*))$", "/apis", false),
            ("^(?:\\/((?!api|_next\\/static).*))$", "/about", true),
            ("^(?!/_next)/old(?:/)?$", "/old", true),
            ("^/blog/(?<slug>[^/]+?)(?:/)?$", "/blog/a", true),
            ("^\\/a$", "/a\n", false),
            ("(?<!x)y", "xy", false),
        ] {
            assert_eq!(Pattern::new(source).unwrap().matches(text), Some(expected), "{source}");
        }
        assert!(Pattern::new("(").is_err());
    }

    #[test]
    fn a_look_that_takes_too_long_is_given_up() {
        let greedy = Pattern::new("^(?:(?:a|a(?=a))+)+$").unwrap();
        assert_eq!(greedy.matches(&format!("{}b", "a".repeat(4000))), None);
    }
}
