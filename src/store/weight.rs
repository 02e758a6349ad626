//! How much memory is taken for what is asked for.

/// Bytes that the allocator takes for a piece of `bytes`. jemalloc has four sizes between a power of
/// two and the next, and none between multiples of 16: up to a fifth is rounding, with bodies of all
/// sizes a tenth (benches/README.md). Whoever counts what was asked for alone goes past the capacity
/// by as much.
pub(super) fn taken(bytes: usize) -> usize {
    let step = (bytes.next_power_of_two() / 8).max(16);
    bytes.next_multiple_of(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_jemalloc() {
        for (bytes, expected) in [
            (0, 0),
            (1, 16),
            (100, 112),
            (128, 128),
            (129, 160),
            (1000, 1024),
            (1025, 1280),
            (16_384, 16_384),
            (16_385, 20_480),
            (100_000, 114_688),
        ] {
            assert_eq!(taken(bytes), expected, "{bytes}");
        }
    }
}
