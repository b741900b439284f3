//! The way between the application and the portal: how long requests and answers are under way.

use std::time::Duration;

/// Applies to every request until it is replaced; faults come on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Network {
    /// From the application to the portal: before anything is executed.
    pub there: Duration,
    /// Back: after it was executed.
    pub back: Duration,
    /// How many of a thousand answers are slow.
    pub slow_per_mille: u16,
    /// How much longer a slow answer takes, after it was executed.
    pub slow: Duration,
    /// Which answers are slow; the same seed chooses the same ones.
    pub seed: u64,
}

impl Network {
    /// A round trip of this length, half of it each way, with no slow answers.
    pub fn round_trip(length: Duration) -> Self {
        Self { there: length / 2, back: length / 2, ..Self::default() }
    }

    /// The way back of the `n`-th answer.
    fn way_back(&self, n: u64) -> Duration {
        let slow = scattered(self.seed.wrapping_add(n)) % 1000 < u64::from(self.slow_per_mille);
        if slow { self.back + self.slow } else { self.back }
    }
}

/// The network of one portal and how many requests it has carried.
#[derive(Debug, Clone, Copy, Default)]
pub struct Carrier {
    network: Network,
    carried: u64,
}

impl Carrier {
    /// Another network from now on.
    pub fn set(&mut self, network: Network) {
        *self = Self { network, carried: 0 };
    }

    /// The way there and the way back of the next request.
    pub fn next(&mut self) -> (Duration, Duration) {
        self.carried += 1;
        (self.network.there, self.network.way_back(self.carried))
    }
}

/// SplitMix64: neighbouring numbers become unrelated ones.
const fn scattered(n: u64) -> u64 {
    let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_answers_are_slow_and_the_same_ones_again() {
        let second = Duration::from_secs(1);
        let network =
            Network { slow_per_mille: 10, slow: second, seed: 5, ..Network::round_trip(Duration::from_millis(300)) };
        let run = || {
            let mut carrier = Carrier::default();
            carrier.set(network);
            (0..10_000).map(|_| carrier.next()).collect::<Vec<_>>()
        };
        let ways = run();
        assert_eq!(ways, run());
        assert!(ways.iter().all(|(there, back)| there.as_millis() == 150 && back.as_millis() >= 150));
        let slow = ways.iter().filter(|(_, back)| *back >= second).count();
        assert!((70..=130).contains(&slow), "{slow} of 10,000");
    }
}
