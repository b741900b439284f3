//! Chance that can be repeated.

/// A stream of numbers that depends on its seed alone.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let n = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ (n >> 31)
    }

    /// 0 to `n` - 1.
    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(n.max(1)).expect("a small number")).expect("below a usize")
    }

    /// Evenly between two numbers.
    pub fn between(&mut self, from: f64, to: f64) -> f64 {
        let unit = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        unit.mul_add(to - from, from)
    }

    pub fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    /// A stream of its own, for somebody who rolls at their own pace.
    pub fn fork(&mut self) -> Self {
        Self(self.next())
    }
}
