//! What the programs of the rig print, in JSON.

use std::time::Duration;

/// `"NAME_p50_us":…,"NAME_p99_us":…,"NAME_p999_us":…,"NAME_max_us":…`
pub fn percentiles(name: &str, values: &mut [Duration]) -> String {
    values.sort_unstable();
    let at = |share: f64| {
        let index = (values.len() as f64 * share) as usize;
        values.get(index.min(values.len().saturating_sub(1))).map_or(0.0, |value| micros(*value))
    };
    [("p50", 0.5), ("p99", 0.99), ("p999", 0.999), ("max", 1.0)]
        .map(|(word, share)| format!("\"{name}{word}_us\":{:.1}", at(share)))
        .join(",")
}

pub fn micros(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1000.0
}

/// FNV-1a, to say that two bodies are the same.
pub struct Hash(pub u64);

impl Default for Hash {
    fn default() -> Hash {
        Hash(0xcbf2_9ce4_8422_2325)
    }
}

impl Hash {
    pub fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
