//! What the checks have found, part by part.

use crate::domain::checks::Finding;

/// The findings about one company, or about this server.
#[derive(Debug, Clone)]
pub struct CheckedPart {
    /// The company's portal; `None` for this server.
    pub company: Option<String>,
    pub findings: Vec<Finding>,
}
