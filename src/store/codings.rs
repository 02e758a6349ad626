//! A stored response in its codings: made once, beside the identity, and chosen by a look.
//!
//! ```text
//! hit ─▶ choose ─ ready ─▶ fields and body, as they are sent
//!           └ not ready ─▶ the next best, or identity; the one that is missing is noted as wanted
//! ```
//!
//! To choose costs a few loads; no lock, no allocation. Whoever looked the response up sees to what
//! is wanted (`cache::coded`), since it takes the key.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use bytes::Bytes;

use super::section::Section;
use super::weight::taken;
use crate::policy::coding::{Accepted, Coding};

/// How a response is to be coded, if it may be.
#[derive(Clone, Copy, Debug)]
pub struct Codable {
    /// The least bytes of a body.
    pub least: u32,
    /// Uses after which the best coding is made; 0 is never.
    pub best_after: u32,
}

/// A coding, and the effort that goes into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Making {
    /// brotli, as small as it gets.
    BrBest,
    /// brotli, quickly.
    Br,
    /// zstd, quickly.
    Zstd,
    /// gzip, quickly.
    Gzip,
}

/// Those that there are, smallest result first (benches/README.md).
const MAKINGS: [Making; 4] = [Making::BrBest, Making::Br, Making::Zstd, Making::Gzip];

impl Making {
    /// The coding.
    pub fn coding(self) -> Coding {
        match self {
            Self::BrBest | Self::Br => Coding::Br,
            Self::Zstd => Coding::Zstd,
            Self::Gzip => Coding::Gzip,
        }
    }

    /// The quick way to a coding.
    pub fn quick(coding: Coding) -> Self {
        match coding {
            Coding::Br => Self::Br,
            Coding::Zstd => Self::Zstd,
            Coding::Gzip => Self::Gzip,
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A response in a coding.
#[derive(Debug)]
pub struct Coded {
    /// The fields as clients get them, with the places that each use fills.
    pub headers: Section,
    /// The coded body.
    pub body: Bytes,
}

/// See the module.
#[derive(Debug)]
pub struct Codings {
    /// By [`Making`]; `None` within where the coding is no smaller than identity.
    made: [OnceLock<Option<Box<Coded>>>; MAKINGS.len()],
    /// Bits of what clients would have taken.
    wanted: AtomicU8,
    /// Bits of what is being made, or is made.
    begun: AtomicU8,
    /// Uses in brotli until its best is wanted.
    until_best: AtomicU32,
}

impl Codings {
    /// None is made yet.
    pub fn new(codable: Codable) -> Self {
        Self {
            made: Default::default(),
            wanted: AtomicU8::new(0),
            begun: AtomicU8::new(0),
            until_best: AtomicU32::new(codable.best_after),
        }
    }

    /// The smallest that is ready of what a client takes. What would be better is noted as wanted.
    pub fn choose(&self, accepted: Accepted) -> Option<&Coded> {
        let mut taken = MAKINGS.into_iter().filter(|making| accepted.takes(making.coding()));
        let mut is_first = true;
        taken.find_map(|making| {
            let made = self.made(making);
            if making == Making::BrBest {
                self.count_use(made.is_some());
            } else if std::mem::take(&mut is_first) && made.is_none() {
                self.want(making);
            }
            made?.as_deref()
        })
    }

    fn count_use(&self, is_made: bool) {
        let uses = &self.until_best;
        if !is_made && uses.load(Ordering::Relaxed) > 0 && uses.fetch_sub(1, Ordering::Relaxed) == 1
        {
            self.want(Making::BrBest);
        }
    }

    fn made(&self, making: Making) -> Option<&Option<Box<Coded>>> {
        self.made.get(making as usize)?.get()
    }

    /// What is ready.
    pub fn ready(&self) -> impl Iterator<Item = (Making, &Coded)> {
        MAKINGS.into_iter().filter_map(|making| Some((making, self.made(making)?.as_deref()?)))
    }

    /// Notes that somebody would take this.
    pub fn want(&self, making: Making) {
        if self.begun.load(Ordering::Relaxed) & making.bit() == 0 {
            self.wanted.fetch_or(making.bit(), Ordering::Relaxed);
        }
    }

    /// Whether anything is wanted; what every hit asks, and is mostly told no.
    pub fn is_any_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed) != 0
    }

    /// What is wanted and not begun by anybody; it is the caller's now.
    pub fn begin(&self) -> impl Iterator<Item = Making> + use<> {
        let wanted = self.wanted.swap(0, Ordering::Relaxed);
        let new = wanted & !self.begun.fetch_or(wanted, Ordering::Relaxed);
        MAKINGS.into_iter().filter(move |making| new & making.bit() != 0)
    }

    /// It could not be made just now; the next who wants it may try.
    pub fn give_up(&self, making: Making) {
        self.begun.fetch_and(!making.bit(), Ordering::Relaxed);
        if making == Making::BrBest {
            self.until_best.store(1, Ordering::Relaxed);
        }
    }

    /// Bytes of memory that it takes.
    pub fn weight(&self) -> usize {
        let coded = |(_, coded): (_, &Coded)| {
            taken(coded.body.len()) + coded.headers.weight() + size_of::<Coded>()
        };
        size_of::<Self>() + self.ready().map(coded).sum::<usize>()
    }

    /// Keeps what was made; `None` if it is no smaller than identity.
    pub fn set(&self, making: Making, coded: Option<Coded>) {
        self.begun.fetch_or(making.bit(), Ordering::Relaxed);
        if let Some(place) = self.made.get(making as usize) {
            // Made twice, the first is as good.
            let _ = place.set(coded.map(Box::new));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::ACCEPT_ENCODING;
    use http::{HeaderMap, HeaderValue};

    fn accepts(codings: &'static str) -> Accepted {
        let field = (ACCEPT_ENCODING, HeaderValue::from_static(codings));
        Accepted::of(&HeaderMap::from_iter([field]))
    }

    fn codings() -> Codings {
        Codings::new(Codable { least: 0, best_after: 3 })
    }

    fn coded(body: &'static str) -> Option<Coded> {
        Some(Coded { headers: Section::of(&HeaderMap::new(), &[]), body: body.into() })
    }

    fn chosen(codings: &Codings, accepted: &'static str) -> Option<Bytes> {
        codings.choose(accepts(accepted)).map(|coded| coded.body.clone())
    }

    #[test]
    fn the_smallest_that_is_ready_is_chosen() {
        let codings = codings();
        assert_eq!(chosen(&codings, "zstd, br, gzip"), None);
        for (making, all, old, gzip) in [
            (Making::Gzip, "gzip", "gzip", Some("gzip")),
            (Making::Zstd, "zstd", "gzip", Some("gzip")),
            (Making::Br, "br", "br", Some("gzip")),
            (Making::BrBest, "best", "best", Some("gzip")),
        ] {
            let body = match making {
                Making::Gzip => "gzip",
                Making::Zstd => "zstd",
                Making::Br => "br",
                Making::BrBest => "best",
            };
            codings.set(making, coded(body));
            assert_eq!(chosen(&codings, "zstd, br, gzip").unwrap(), all);
            assert_eq!(chosen(&codings, "br, gzip").unwrap(), old);
            assert_eq!(chosen(&codings, "gzip").as_deref(), gzip.map(str::as_bytes));
            assert_eq!(chosen(&codings, ""), None);
        }
    }

    #[test]
    fn what_is_missing_is_wanted_and_begun_once() {
        let codings = codings();
        codings.choose(accepts("gzip"));
        assert!(codings.is_any_wanted());
        assert_eq!(codings.begin().collect::<Vec<_>>(), [Making::Gzip]);
        codings.choose(accepts("gzip"));
        assert!(!codings.is_any_wanted(), "it is being made");
        codings.give_up(Making::Gzip);
        codings.choose(accepts("gzip"));
        assert_eq!(codings.begin().collect::<Vec<_>>(), [Making::Gzip]);
        codings.set(Making::Gzip, None);
        codings.choose(accepts("gzip"));
        assert!(!codings.is_any_wanted(), "it gains nothing");
        codings.choose(accepts(""));
        assert!(!codings.is_any_wanted());
    }

    #[test]
    fn the_best_is_wanted_of_what_is_used_often() {
        let codings = codings();
        codings.set(Making::Br, coded("br"));
        for _ in 0..2 {
            codings.choose(accepts("zstd, br"));
            codings.choose(accepts("zstd"));
        }
        assert_eq!(codings.begin().collect::<Vec<_>>(), [Making::Zstd]);
        codings.choose(accepts("br"));
        assert_eq!(codings.begin().collect::<Vec<_>>(), [Making::BrBest]);
        for _ in 0..9 {
            codings.choose(accepts("br"));
        }
        assert!(!codings.is_any_wanted());
        let never = Codings::new(Codable { least: 0, best_after: 0 });
        never.set(Making::Br, coded("br"));
        for _ in 0..9 {
            never.choose(accepts("br"));
        }
        assert!(!never.is_any_wanted());
    }

    #[test]
    fn what_is_made_has_its_weight() {
        let codings = codings();
        let before = codings.weight();
        codings.set(Making::Br, coded("twelve bytes"));
        assert!(codings.weight() >= before + 12);
    }
}
