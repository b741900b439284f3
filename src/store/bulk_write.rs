//! What a step changes, ready to be written in one go.
//!
//! The driver runs SQLite on a thread of its own, and each answer of that thread costs more than the statement it
//! belongs to. A batch is therefore one statement with one answer: an insert into a view that exists on the writing
//! connection only and whose triggers run one statement per table, each with its rows as a JSON array. Batches can be
//! joined, so that many steps are written at the price of one.

use super::StoreError;
use super::db::Tx;
use super::{calls, group_commit, inbox, outbox, trace};
use serde::Serialize;
use std::fmt::Write as _;

/// The statements, as [`BulkRows`] counts them; `?` stands for the rows. The order in which they run is SQLite's affair: they
/// write different tables or different rows.
const STATEMENTS: [&str; 7] =
    [calls::PUT, trace::PUT, outbox::SETTLE, outbox::NAME_LANES, inbox::HANDLE, outbox::PUT, group_commit::NOTE];

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
        let row = serde_json::to_string(row).expect("rows are tuples of texts and numbers");
        join(&mut self.0[rows as usize], &row);
    }

    /// Adds all rows of another batch behind these.
    pub(super) fn append(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            join(mine, theirs);
        }
    }

    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(String::is_empty)
    }

    /// Writes everything in one transaction.
    pub(super) async fn write(&self, mut tx: Tx<'_>) -> Result<(), StoreError> {
        let mut query = sqlx::query(WRITE);
        for rows in &self.0 {
            query = query.bind((!rows.is_empty()).then(|| format!("[{rows}]")));
        }
        query.execute(tx.conn()).await?;
        tx.commit().await
    }
}

fn join(list: &mut String, rows: &str) {
    if !list.is_empty() && !rows.is_empty() {
        list.push(',');
    }
    list.push_str(rows);
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
    fn joined_batches_hold_the_rows_of_both_in_order() {
        let (mut one, mut two) = (BulkWrite::default(), BulkWrite::default());
        assert!(one.is_empty());
        one.append(&two);
        assert!(one.is_empty());
        one.add(BulkRows::Settled, &("a", 1));
        two.add(BulkRows::Settled, &("b\"", 2));
        two.add(BulkRows::Progress, &(3,));
        one.append(&two);
        one.append(&BulkWrite::default());
        assert_eq!(one.0[BulkRows::Settled as usize], r#"["a",1],["b\"",2]"#);
        assert_eq!(one.0[BulkRows::Progress as usize], "[3]");
        assert!(one.0[BulkRows::Calls as usize].is_empty());
    }
}
