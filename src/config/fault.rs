//! A fault in the configuration: where it is, what is wrong, what to do.

pub use crate::domain::fault::Fault;

/// What the environment is called as a source.
pub const ENVIRONMENT: &str = "environment";

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultPlace {
    /// File, or `environment`.
    pub file: String,
    /// Line, counted from 1.
    pub line: Option<u32>,
    /// Column in characters, counted from 1.
    pub column: Option<u32>,
    /// The key as it is spelt there; none for a whole file.
    pub key: Option<String>,
    /// Whether no literal stands there, but an expression, such as one that asks the environment.
    pub computed: bool,
}

impl FaultPlace {
    /// A whole file.
    pub fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), line: None, column: None, key: None, computed: false }
    }

    /// A position in this place's file.
    pub fn at(&self, (line, column): (u32, u32)) -> Self {
        Self { file: self.file.clone(), line: Some(line), column: Some(column), key: None, computed: false }
    }

    /// The same position, for `key`.
    pub fn of(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Whether this is the environment, where everything is text.
    pub fn is_environment(&self) -> bool {
        self.file == ENVIRONMENT
    }

    pub fn fault(&self, problem: impl Into<String>, remedy: impl Into<String>) -> Fault {
        Fault {
            file: self.file.clone(),
            line: self.line,
            column: self.column,
            key: self.key.clone(),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_as_one_line() {
        let fault = FaultPlace::file("a.js").at((3, 7)).of("httpPort").fault("no", "write one");
        assert_eq!(fault.to_string(), "a.js:3:7: httpPort: no; write one");
        assert_eq!(FaultPlace::file("a.js").fault("gone", "restore it").to_string(), "a.js: gone; restore it");
    }
}
