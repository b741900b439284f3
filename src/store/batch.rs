//! Several statements as one transaction in one go.
//!
//! The driver runs SQLite on a thread of its own, and handing a statement over and its answer back costs more than
//! most statements. A batch is handed over once, whatever it holds, and SQLite still knows each statement prepared.

use super::StoreError;
use super::db::{Db, Durability};
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, AssertSqlSafe, Encode, Sqlite, Type};

/// Batches up to this size come again in the same shape, so their prepared form is worth keeping.
const KEPT: usize = 12;

/// Statements that are written together or not at all.
#[derive(Default)]
pub(super) struct Batch {
    sql: String,
    statements: usize,
    arguments: SqliteArguments,
}

impl Batch {
    /// Adds a statement; its arguments follow by [`Self::bind`]. Use [`statement!`], which has the compiler check it.
    pub(super) fn add(&mut self, sql: &'static str) -> &mut Self {
        self.sql.push_str(if self.sql.is_empty() { "BEGIN IMMEDIATE;" } else { ";" });
        self.sql.push_str(sql);
        self.statements += 1;
        self
    }

    /// Adds the next argument of the statement added last.
    pub(super) fn bind<'t>(&mut self, value: impl Encode<'t, Sqlite> + Type<Sqlite>) -> &mut Self {
        self.arguments.add(value).expect("numbers, texts and bytes are stored as they are");
        self
    }

    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.statements == 0
    }

    /// Writes everything in one transaction.
    pub(super) async fn run(mut self, db: &Db, durability: Durability) -> Result<(), StoreError> {
        if self.is_empty() {
            return Ok(());
        }
        self.sql.push_str(";COMMIT");
        // Texts are put together from literals only; values are bound.
        let query = sqlx::query_with(AssertSqlSafe(self.sql), self.arguments).persistent(self.statements <= KEPT);
        let mut tx = db.single(durability).await?;
        query.execute(tx.conn()).await?;
        tx.commit().await
    }
}

/// Declares a statement for a [`Batch`] as a function that adds it. The text is compared with the schema when this is
/// compiled, the number of its arguments (`?`) as well.
macro_rules! statement {
    ($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) = $sql:literal) => {
        $(#[$doc])*
        fn $name(batch: &mut $crate::store::batch::Batch, $($argument: $type),*) {
            let _checked = || sqlx::query!($sql, $($argument),*);
            batch.add($sql)$(.bind($argument))*;
        }
    };
}
pub(super) use statement;
