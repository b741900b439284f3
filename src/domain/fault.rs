//! What is wrong in a file that an administrator writes, in the form they can act on.

use std::fmt;

/// One thing that is wrong (or, as a warning, doubtful) in a settings or dialect file.
///
/// Shown as `FILE:LINE:COLUMN: key: problem; remedy`. Never holds a secret value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Fault {
    /// File, or `environment`.
    pub file: String,
    /// Line, counted from 1.
    pub line: Option<u32>,
    /// Column in characters, counted from 1.
    pub column: Option<u32>,
    /// The key as it is spelt there.
    pub key: Option<String>,
    /// What is wrong.
    pub problem: String,
    /// What the administrator should do.
    pub remedy: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        if let Some(key) = &self.key {
            write!(f, ": {key}")?;
        }
        write!(f, ": {}; {}", self.problem, self.remedy)
    }
}
