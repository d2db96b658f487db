//! Random numbers without floating point: splitmix64, a Zipf draw and the sizes of groups.

/// splitmix64.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in `0..n`.
    #[allow(clippy::cast_possible_truncation, reason = "a 64-bit number times n, shifted by 64, is below n")]
    pub(super) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// Uniform in `0..n` as an index into something that is in memory.
    pub(super) fn index(&mut self, n: usize) -> usize {
        index(self.below(n as u64))
    }

    /// Uniform in `low..=high`.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    pub(super) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// `0..n` in random order.
    pub(super) fn shuffled(&mut self, n: u64) -> Vec<u64> {
        let mut all: Vec<u64> = (0..n).collect();
        for last in (1..all.len()).rev() {
            let other = self.index(last + 1);
            all.swap(last, other);
        }
        all
    }

    /// `count` different numbers of `0..n`.
    pub(super) fn some_of(&mut self, n: u64, count: u64) -> Vec<u64> {
        let mut all = self.shuffled(n);
        all.truncate(index(count));
        all
    }
}

/// A number of the workload as an index: every list of the largest size is in memory, so it fits.
#[allow(clippy::cast_possible_truncation, reason = "no count of the workload is above ten million")]
pub(super) fn index(number: u64) -> usize {
    number as usize
}

/// Zipf with exponent 1 over a random order of `0..n`.
pub(super) struct Zipf {
    total: u64,
    cumulative: Vec<u64>,
    order: Vec<u64>,
}

impl Zipf {
    pub(super) fn new(n: u64, random: &mut Random) -> Self {
        let mut total = 0;
        let cumulative = (1..=n).map(|rank| {
            total += (1u64 << 40) / rank;
            total
        });
        let cumulative = cumulative.collect();
        Self { total, cumulative, order: random.shuffled(n) }
    }

    pub(super) fn draw(&self, random: &mut Random) -> u64 {
        let point = random.below(self.total);
        self.order[self.cumulative.partition_point(|&sum| sum <= point)]
    }
}

/// How many users the group of a rank (from 1) has: `200 / rank^(1/2^roots)` with 20 fractional bits, within 5..=200.
pub(super) fn group_size(rank: u64, roots: u32) -> u64 {
    let mut fixed = u128::from(rank) << 40;
    for _ in 0..roots {
        fixed = (fixed << 40).isqrt();
    }
    u64::try_from((200u128 << 40) / fixed).unwrap_or(u64::MAX).clamp(5, 200)
}
