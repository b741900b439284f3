//! One line for people and one object for programs per workload.

use serde_json::{Value, json};
use std::path::PathBuf;

/// What has been measured so far.
#[derive(Debug, Default)]
pub struct Report {
    results: Vec<Value>,
    /// Calls that the portals know falsely, and whatever else must not be.
    faults: usize,
}

impl Report {
    /// Prints the line, and keeps the figures for the file; `figures` is an object.
    #[expect(clippy::print_stdout, reason = "the figures are what it is run for")]
    pub fn add(&mut self, name: &str, line: &str, figures: Value, faults: usize) {
        println!("{name:<10} {line}");
        let mut result = json!({ "name": name, "faults": faults });
        if let (Value::Object(result), Value::Object(figures)) = (&mut result, figures) {
            result.extend(figures);
        }
        self.results.push(result);
        self.faults += faults;
    }

    pub fn faults(&self) -> usize {
        self.faults
    }

    /// Writes everything into a file beside what cargo builds; its path.
    pub fn write(&self, full: bool) -> anyhow::Result<PathBuf> {
        let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let file = target.parent().unwrap_or(&target).join("bench.json");
        let all = json!({ "full": full, "faults": self.faults, "workloads": self.results });
        std::fs::write(&file, format!("{all:#}\n"))?;
        Ok(file)
    }
}
