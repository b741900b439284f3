//! Drawing lots between those who are equal.

use std::hash::{DefaultHasher, Hash, Hasher as _};

/// Numbers that nobody outside can guess, if the seed cannot be guessed; the same number for the same thing until they
/// are drawn again.
#[derive(Debug, Clone, Copy)]
pub struct Lots(u64);

impl Lots {
    /// The same seed gives the same numbers.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// All numbers are other ones from now on.
    pub fn draw(&mut self) {
        self.0 = self.of(&1);
    }

    /// The number of a thing.
    pub fn of(self, thing: &impl Hash) -> u64 {
        // Not kept from one version of the library to the next, which nobody needs.
        let mut hasher = DefaultHasher::new();
        (self.0, thing).hash(&mut hasher);
        hasher.finish()
    }
}
