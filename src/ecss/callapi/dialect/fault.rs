//! What is wrong with a dialect file, in the form an administrator can act on.

pub use crate::domain::fault::Fault;

/// A dialect file that cannot be used; all its faults at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct DialectFault {
    /// Never empty, in the file's order.
    pub faults: Vec<Fault>,
}

/// Line and column of a byte offset, from 1.
pub(super) fn position(text: &str, offset: usize) -> (u32, u32) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}
