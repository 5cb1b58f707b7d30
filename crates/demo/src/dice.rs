//! Randomness whose stream never changes: the same seed must give the same organisation after any upgrade.

/// SplitMix64: tiny, fast, good enough for sample data, and ours, so no library update can change the demo.
#[derive(Clone, Debug)]
pub struct Dice(u64);

/// Mixes two numbers into one seed, so that neighbouring indices give unrelated streams.
pub(crate) fn mix(seed: u64, index: u64) -> u64 {
    Dice(seed ^ index.wrapping_mul(0x9E37_79B9_7F4A_7C15)).next()
}

impl Dice {
    /// A stream of its own for each seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.next()
    }
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    /// From 0 (inclusive) to 1 (exclusive).
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
    /// Whether something happens that happens so often, from 0 (never) to 1 (always).
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }
    /// A number from `low` to `high`.
    pub fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }
    /// A whole number from `low` to `high`, both inclusive.
    pub fn int(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1).max(1) as u64) as i64
    }
    /// A position in a list of `len` entries; 0 for an empty list.
    pub fn index(&mut self, len: usize) -> usize {
        (self.next() % len.max(1) as u64) as usize
    }
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.index(list.len())]
    }
    /// A position chosen in proportion to its weight.
    pub(crate) fn weighted(&mut self, weights: impl Iterator<Item = f64> + Clone) -> usize {
        let mut left = self.unit() * weights.clone().sum::<f64>();
        let mut last = 0;
        for (at, weight) in weights.enumerate() {
            if weight > 0.0 {
                last = at;
                if left < weight {
                    return at;
                }
                left -= weight;
            }
        }
        last
    }
    /// Roughly normal (sum of four uniforms), mean 0, deviation 1.
    pub(crate) fn normal(&mut self) -> f64 {
        let sum: f64 = (0..4).map(|_| self.unit()).sum();
        (sum - 2.0) * 1.732
    }
    pub(crate) fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + (self.next() % 10) as u8)).collect()
    }
    /// A text shaped like a UUID version 7 of the given millisecond.
    pub(crate) fn uuid(&mut self, millis: i64) -> String {
        let (time, a, b) = (millis as u64 & 0xFFFF_FFFF_FFFF, self.next(), self.next());
        format!(
            "{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}",
            time >> 16,
            time & 0xFFFF,
            a & 0xFFF,
            0x8000 | (b >> 48 & 0x3FFF),
            b & 0xFFFF_FFFF_FFFF
        )
    }
}
