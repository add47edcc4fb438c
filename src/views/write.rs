//! Rows on their way into the tables: on SQLite as parameters of statements for so many rows, on
//! PostgreSQL as a stream of rows (`COPY`) or as arrays.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, AssertSqlSafe, Sqlite};

use super::ViewsError;
use super::changes::{Update, Writes};
use super::columns::{Block, Column, NO_NUMBER, Rows, TextsIter};
use super::database::{Transaction, failed, within};
use super::schema::{ACCOUNT_DAYS, Table};
use super::sql::{self, Dialect, Shape};

/// Rows of one statement on SQLite. Enough that what a statement costs besides its rows does not
/// matter; the rest of a set of rows goes in smaller ones, so that few statements are prepared.
const SQLITE_ROWS: [usize; 3] = [256, 16, 1];

/// Rows of a set from which on its statements name a value that all rows have once. A statement
/// is prepared anew for every choice of columns, which costs as much as some hundred rows.
const SHARED: usize = 4_096;

/// Rows from which on PostgreSQL is sent a stream of them. Few rows are quicker in a statement that
/// is prepared already.
const STREAMED: usize = 64;

/// Bytes of a stream that are sent at once.
const SENT: usize = 256 << 10;

impl Transaction {
    /// Writes what was gathered for a part.
    pub(super) async fn write(&mut self, writes: &Writes) -> Result<(), ViewsError> {
        for (table, rows) in &writes.inserts {
            self.insert(table, rows).await?;
        }
        for (update, rows) in &writes.updates {
            self.update(*update, rows).await?;
        }
        Ok(())
    }

    async fn insert(&mut self, table: &Table, rows: &Rows) -> Result<(), ViewsError> {
        let sql = |dialect, shape| sql::insert(dialect, table, shape);
        match self {
            Transaction::Sqlite(tx) => write_sqlite(tx, rows, sql).await,
            // Sums are added to rows that are there, which a stream cannot.
            Transaction::Postgres { connection, answer }
                if rows.len() >= STREAMED && table.name != ACCOUNT_DAYS.name =>
            {
                stream(connection, *answer, rows, &sql::copy(table)).await
            }
            Transaction::Postgres { connection, answer } => {
                write_postgres(connection, *answer, rows, sql).await
            }
        }
    }

    async fn update(&mut self, update: Update, rows: &Rows) -> Result<(), ViewsError> {
        let sql = |dialect, shape| sql::update(dialect, update, shape);
        match self {
            Transaction::Sqlite(tx) => write_sqlite(tx, rows, sql).await,
            Transaction::Postgres { connection, answer } => {
                write_postgres(connection, *answer, rows, sql).await
            }
        }
    }
}

/// The values of a column in order.
enum Cells<'a> {
    Numbers(std::slice::Iter<'a, i64>),
    Texts(TextsIter<'a>),
}

enum Cell<'a> {
    Number(Option<i64>),
    Text(Option<&'a str>),
}

impl<'a> Cells<'a> {
    fn next(&mut self) -> Cell<'a> {
        match self {
            Cells::Numbers(numbers) => Cell::Number(numbers.next().copied().and_then(number)),
            Cells::Texts(texts) => Cell::Text(texts.next().flatten()),
        }
    }
}

fn add(arguments: &mut SqliteArguments, cell: Cell<'_>) -> Result<(), ViewsError> {
    let added = match cell {
        Cell::Number(number) => arguments.add(number),
        Cell::Text(text) => arguments.add(text.map(Arc::<str>::from)),
    };
    added.map_err(ViewsError::Database)
}

fn cells(block: &Block) -> Vec<Cells<'_>> {
    let cells = block.columns.iter().map(|column| match column {
        Column::Numbers(numbers) => Cells::Numbers(numbers.iter()),
        Column::Texts(texts) => Cells::Texts(texts.iter()),
    });
    cells.collect()
}

fn number(number: i64) -> Option<i64> {
    (number != NO_NUMBER).then_some(number)
}

/// Rows cut into the parameters of statements.
struct Statements<'a, F> {
    blocks: std::slice::Iter<'a, Block>,
    columns: Vec<Cells<'a>>,
    /// Rows of the block that are left.
    left: usize,
    /// The columns with one value in all rows: a large statement has one parameter for each.
    shared: u64,
    sql: F,
    /// The last statement and for how many rows it is.
    last: (usize, Arc<str>),
}

impl<'a, F: Fn(Dialect, Shape) -> String> Statements<'a, F> {
    fn of(rows: &'a Rows, sql: F) -> Statements<'a, F> {
        Statements {
            blocks: rows.blocks.iter(),
            columns: Vec::new(),
            left: 0,
            shared: match rows.len() {
                0..SHARED => 0,
                _ => rows.shared(),
            },
            sql,
            last: (0, Arc::default()),
        }
    }

    /// The next statement with its parameters; `None` at the end.
    fn next(&mut self) -> Result<Option<(Arc<str>, SqliteArguments)>, ViewsError> {
        if self.left == 0 {
            let Some(block) = self.blocks.next() else {
                return Ok(None);
            };
            self.columns = cells(block);
            self.left = block.len;
        }
        let Some(rows) = SQLITE_ROWS.into_iter().find(|rows| *rows <= self.left) else {
            return Ok(None);
        };
        let shared = if rows == SQLITE_ROWS[0] {
            self.shared
        } else {
            0
        };
        let shape = Shape { rows, shared };
        if self.last.0 != rows {
            self.last = (rows, (self.sql)(Dialect::Sqlite, shape).into());
        }
        let mut arguments = SqliteArguments::default();
        arguments.reserve(rows * self.columns.len(), 0);
        let mut last = Vec::new();
        for row in 0..rows {
            for (place, column) in self.columns.iter_mut().enumerate() {
                let cell = column.next();
                if !shape.is_shared(place) {
                    add(&mut arguments, cell)?;
                } else if row == 0 {
                    last.push(cell);
                }
            }
        }
        for cell in last {
            add(&mut arguments, cell)?;
        }
        self.left -= rows;
        Ok(Some((Arc::clone(&self.last.1), arguments)))
    }
}

/// The parameters of the next statement are made while the database works on the one before.
async fn write_sqlite(
    tx: &mut sqlx::Transaction<'static, Sqlite>,
    rows: &Rows,
    sql: impl Fn(Dialect, Shape) -> String + Send,
) -> Result<(), ViewsError> {
    let mut statements = Statements::of(rows, sql);
    let mut next = statements.next()?;
    while let Some((sql, arguments)) = next {
        let query = sqlx::query_with(AssertSqlSafe(sql), arguments);
        let executing = query.execute(&mut **tx);
        let (executed, made) = tokio::join!(executing, async { statements.next() });
        executed.map_err(failed)?;
        next = made?;
    }
    Ok(())
}

fn arrays(block: &Block) -> Result<PgArguments, ViewsError> {
    let mut arguments = PgArguments::default();
    for column in &block.columns {
        let added = match column {
            Column::Numbers(numbers) => {
                let some: Vec<Option<i64>> = numbers.iter().copied().map(number).collect();
                arguments.add(some)
            }
            Column::Texts(texts) => {
                let some: Vec<Option<&str>> = texts.iter().collect();
                arguments.add(some)
            }
        };
        added.map_err(ViewsError::Database)?;
    }
    Ok(arguments)
}

/// As [`write_sqlite`]; a parameter is an array with the values of a column of a block.
async fn write_postgres(
    connection: &mut PgConnection,
    answer: Duration,
    rows: &Rows,
    sql: impl Fn(Dialect, Shape) -> String + Send,
) -> Result<(), ViewsError> {
    let sql: Arc<str> = sql(Dialect::Postgres, Shape::default()).into();
    let mut made = rows.blocks.first().map(arrays).transpose()?;
    let mut blocks = rows.blocks.iter().skip(1);
    while let Some(arguments) = made {
        let query = sqlx::query_with(AssertSqlSafe(Arc::clone(&sql)), arguments);
        let following = async { blocks.next().map(arrays).transpose() };
        let executing = async { query.execute(&mut *connection).await.map_err(failed) };
        let (executed, following) = tokio::join!(within(answer, executing), following);
        executed?;
        made = following?;
    }
    Ok(())
}

/// Sends rows in the binary format of `COPY`, whatever their number in one statement.
async fn stream(
    connection: &mut PgConnection,
    answer: Duration,
    rows: &Rows,
    sql: &str,
) -> Result<(), ViewsError> {
    let begun = async { connection.copy_in_raw(sql).await.map_err(failed) };
    let mut copy = within(answer, begun).await?;
    let mut bytes = Vec::with_capacity(SENT + (16 << 10));
    // Signature, flags, length of an extension.
    bytes.extend_from_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
    for block in &rows.blocks {
        let mut columns = cells(block);
        let count = i16::try_from(columns.len()).unwrap_or(i16::MAX);
        for _ in 0..block.len {
            bytes.extend_from_slice(&count.to_be_bytes());
            for column in &mut columns {
                match column.next() {
                    Cell::Number(number) => {
                        field(&mut bytes, number.map(i64::to_be_bytes).as_ref());
                    }
                    Cell::Text(text) => field(&mut bytes, text),
                }
            }
            if bytes.len() >= SENT {
                let sent = async { copy.send(&*bytes).await.map_err(failed) };
                within(answer, sent).await?;
                bytes.clear();
            }
        }
    }
    bytes.extend_from_slice(&(-1_i16).to_be_bytes());
    let finished = async {
        copy.send(&*bytes).await.map_err(failed)?;
        copy.finish().await.map(drop).map_err(failed)
    };
    within(answer, finished).await
}

/// A field: its length and its bytes, or -1 for one that is missing.
fn field<T: AsRef<[u8]> + ?Sized>(bytes: &mut Vec<u8>, value: Option<&T>) {
    let value = value.map(AsRef::as_ref);
    let length = value.map_or(-1, |value| i32::try_from(value.len()).unwrap_or(i32::MAX));
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(value.unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Database;
    use crate::views::changes::{Changes, Value};
    use crate::views::database::Tables;
    use crate::views::schema::{Part, REFUSALS};

    /// Writes refusals of one day, and of two days, and reads them again.
    #[tokio::test]
    async fn columns_that_are_shared_are_written_to_every_row() {
        let folder = tempfile::tempdir().expect("a folder");
        let tables = Tables::open(&Database::Sqlite, folder.path()).await;
        let tables = tables.expect("tables");
        let rows = i64::try_from(SHARED).expect("small") + 300;
        for (days, first) in [(1, 0), (2, rows)] {
            let mut changes = Changes::default();
            for n in 0..rows {
                let day = if n % 2 < days - 1 {
                    "2025-01-02"
                } else {
                    "2025-01-03"
                };
                let (event, code) = (first + n, format!("C{}", n % 7));
                let mut row = vec![Value::None; REFUSALS.columns.len()];
                row[0] = event.into();
                row[1] = "file_claim".into();
                row[2] = code.as_str().into();
                row[3] = "".into();
                row[9] = (n * 3).into();
                row[10] = day.into();
                row[11] = 4_u8.into();
                changes.insert(&REFUSALS, &row);
            }
            let writes = changes.take(Part::Rest);
            let mut tx = tables.begin(Part::Rest).await.expect("begun");
            tx.write(&writes).await.expect("written");
            tx.commit().await.expect("committed");
        }
        let right = format!(
            "SELECT CAST(COUNT(*) AS TEXT) FROM refusals WHERE command = 'file_claim' \
             AND sent_by = 4 AND voucher IS NULL \
             AND code = 'C' || ((event % {rows}) % 7) AND amount = (event % {rows}) * 3 \
             AND refused_on = CASE WHEN event >= {rows} AND (event % {rows}) % 2 = 0 \
             THEN '2025-01-02' ELSE '2025-01-03' END"
        );
        let found = tables.texts(&right, &[]).await.expect("read");
        assert_eq!(found, [(2 * rows).to_string()]);
        tables.close().await;
    }
}
