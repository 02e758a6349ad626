//! Text to fill pages with: words, so that it compresses about as a page does.

use std::sync::LazyLock;

use bytes::Bytes;

const LENGTH: usize = 1 << 20;

static TEXT: LazyLock<Bytes> = LazyLock::new(|| {
    let mut random = Random::new(1);
    let words: Vec<String> = (0..1024).map(|_| word(&mut random)).collect();
    let mut text = String::with_capacity(LENGTH + 16);
    while text.len() < LENGTH {
        // As in any language, some words are more frequent than others.
        let which = random.below(1024) * random.below(1024) / 1024;
        text.push_str(&words[which as usize]);
        text.push(' ');
    }
    text.truncate(LENGTH);
    Bytes::from(text)
});

/// The body of exactly `size` bytes that belongs to `key`, and to no other: it begins with it.
pub fn body(size: usize, key: u64) -> Bytes {
    let mut body = Vec::with_capacity(size + 64);
    body.extend_from_slice(format!("<!DOCTYPE html><title>{key}</title>").as_bytes());
    let mut from = scatter(key) as usize % LENGTH;
    while body.len() < size {
        let part = &TEXT[from..LENGTH.min(from + size - body.len())];
        body.extend_from_slice(part);
        from = 0;
    }
    body.truncate(size);
    Bytes::from(body)
}

/// The whole text, for bodies that are longer than memory should hold.
pub fn all() -> Bytes {
    TEXT.clone()
}

/// A number that looks random, always the same for a key.
pub fn scatter(key: u64) -> u64 {
    Random::new(key).next()
}

/// Numbers that look random, the same each time (SplitMix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

fn word(random: &mut Random) -> String {
    let length = 2 + random.below(9);
    (0..length).map(|_| (b'a' + random.below(26) as u8) as char).collect()
}
