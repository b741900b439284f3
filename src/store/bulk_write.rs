//! What a step changes, ready to be written in one go.
//!
//! The driver runs SQLite on a thread of its own, and each answer of that thread costs more than the statement it
//! belongs to. A batch is therefore one statement with one answer, however many steps it holds: an insert into a view
//! that exists on the writing connection only and whose triggers run one statement per table, each with its rows as a
//! JSON array.

use super::StoreError;
use super::db::Tx;
use super::{calls, inbox, journal, outbox, trace};
use serde::Serialize;
use std::fmt::Write as _;

/// The statements, as [`BulkRows`] counts them; `?` stands for the rows. The order in which they run is SQLite's affair: they
/// write different tables or different rows.
const STATEMENTS: [&str; 7] =
    [calls::PUT, trace::PUT, outbox::SETTLE, outbox::NAME_LANES, inbox::HANDLE, outbox::PUT, journal::NOTE];

const WRITE: &str = "INSERT INTO step VALUES (?, ?, ?, ?, ?, ?, ?)";

/// Which of the statements takes a row.
#[derive(Debug, Clone, Copy)]
pub(super) enum BulkRows {
    Calls,
    Trace,
    Settled,
    CrmIds,
    Handled,
    Intents,
    Progress,
}

/// Makes the view and its triggers; to be run once on each connection that batches are written on.
pub(super) fn setup() -> String {
    let columns: Vec<_> = (0..STATEMENTS.len()).map(|n| format!("NULL AS rows{n}")).collect();
    let mut sql = format!("CREATE TEMP VIEW step AS SELECT {};", columns.join(", "));
    for (n, statement) in STATEMENTS.iter().enumerate() {
        let (rows, name) = (format!("NEW.rows{n}"), format!("write_step{n}"));
        let statement = statement.replace('?', &rows);
        write!(
            sql,
            "CREATE TEMP TRIGGER {name} INSTEAD OF INSERT ON step WHEN {rows} IS NOT NULL BEGIN {statement}; END;"
        )
        .expect("writing to a String cannot fail");
    }
    sql
}

/// Rows for some of the statements, each list as the inside of a JSON array.
#[derive(Debug, Default)]
pub(super) struct BulkWrite([String; STATEMENTS.len()]);

impl BulkWrite {
    /// Adds a row: a tuple in the order the statement expects.
    pub(super) fn add(&mut self, rows: BulkRows, row: &impl Serialize) {
        let rows = &mut self.0[rows as usize];
        if !rows.is_empty() {
            rows.push(',');
        }
        rows.push_str(&serde_json::to_string(row).expect("rows are tuples of texts and numbers"));
    }

    /// How long it is.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(String::len).sum()
    }

    /// Writes everything.
    pub(super) async fn write(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let mut query = sqlx::query(WRITE);
        for rows in &self.0 {
            query = query.bind((!rows.is_empty()).then(|| format!("[{rows}]")));
        }
        query.execute(tx.conn()).await?;
        Ok(())
    }
}

/// Declares the text of a statement for batches; it is compared with the schema when this is compiled. `?` is a JSON
/// array with one array per row.
macro_rules! statement {
    ($(#[$doc:meta])* $name:ident = $sql:literal) => {
        $(#[$doc])*
        pub(super) const $name: &str = {
            let _checked = |rows: &str| drop(sqlx::query!($sql, rows));
            $sql
        };
    };
}
pub(super) use statement;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_holds_the_rows_of_each_statement_in_order() {
        let mut batch = BulkWrite::default();
        assert_eq!(batch.bytes(), 0);
        batch.add(BulkRows::Settled, &("a", 1));
        batch.add(BulkRows::Progress, &(3,));
        batch.add(BulkRows::Settled, &("b\"", 2));
        assert_eq!(batch.0[BulkRows::Settled as usize], r#"["a",1],["b\"",2]"#);
        assert_eq!(batch.0[BulkRows::Progress as usize], "[3]");
        assert_eq!(batch.bytes(), r#"["a",1],["b\"",2][3]"#.len());
    }
}
