//! Reads of a SQLite journal, each in one statement on one of a few connections.

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Row as _, Sqlite, SqlitePool};

use crate::domain::PersonalOpening;

use super::super::row::{Row, RowHead};
use super::super::store::{LedgerUuid, PrivateKey, PrivateRow, ReadLimit, StoreError, StoreReader};
use super::{database, integer};

macro_rules! select_head {
    ($rest:literal) => {
        concat!(
            "SELECT batch_no, first_seq, last_seq, epoch, prev_root, root FROM journal ",
            $rest
        )
    };
}

macro_rules! select_row {
    ($rest:literal) => {
        concat!(
            "SELECT batch_no, first_seq, last_seq, epoch, prev_root, root, body FROM journal ",
            $rest
        )
    };
}

const HEAD: &str = select_head!("ORDER BY batch_no DESC LIMIT 1");
// The subquery finds the row by the index before the outer query touches the table.
const HEAD_OF_SEQ: &str = select_head!(
    "WHERE first_seq = (SELECT max(first_seq) FROM journal WHERE first_seq <= $1) \
     AND last_seq >= $1"
);
const ROW_OF_SEQ: &str = select_row!(
    "WHERE first_seq = (SELECT max(first_seq) FROM journal WHERE first_seq <= $1) \
     AND last_seq >= $1"
);
// SQLite takes the length from the row's header and does not read the body.
const SIZES: &str =
    "SELECT batch_no, length(body) FROM journal WHERE batch_no >= $1 ORDER BY batch_no LIMIT $2";
const ROWS_BETWEEN: &str = select_row!("WHERE batch_no BETWEEN $1 AND $2 ORDER BY batch_no");
const PRIVATE: &str =
    "SELECT salt, value FROM private WHERE ledger = $1 AND seq = $2 AND field = $3";
const PRIVATE_AFTER: &str = "SELECT salt, value, seq, field FROM private \
     WHERE ledger = $1 AND (seq, field) > ($2, $3) ORDER BY seq, field LIMIT $4";

fn number(row: &SqliteRow, index: usize, column: &'static str) -> Result<u64, StoreError> {
    let value: i64 = row.try_get(index).map_err(database)?;
    u64::try_from(value).map_err(|_| StoreError::Malformed { column })
}

fn bytes<const N: usize>(
    row: &SqliteRow,
    index: usize,
    column: &'static str,
) -> Result<[u8; N], StoreError> {
    let value: &[u8] = row.try_get(index).map_err(database)?;
    value
        .try_into()
        .map_err(|_| StoreError::Malformed { column })
}

fn read_head(row: &SqliteRow) -> Result<RowHead, StoreError> {
    Ok(RowHead {
        batch_no: number(row, 0, "batch_no")?,
        first_seq: number(row, 1, "first_seq")?,
        last_seq: number(row, 2, "last_seq")?,
        epoch: number(row, 3, "epoch")?,
        prev_root: bytes(row, 4, "prev_root")?,
        root: bytes(row, 5, "root")?,
    })
}

fn read_row(row: &SqliteRow) -> Result<Row, StoreError> {
    Ok(Row {
        head: read_head(row)?,
        body: row.try_get(6).map_err(database)?,
    })
}

fn read_opening(row: &SqliteRow) -> Result<PersonalOpening, StoreError> {
    let value: String = row.try_get(1).map_err(database)?;
    Ok(PersonalOpening {
        salt: bytes(row, 0, "salt")?,
        value: value.into(),
    })
}

pub(super) async fn head_of(
    connection: &mut SqliteConnection,
) -> Result<Option<RowHead>, StoreError> {
    let row = sqlx::query(HEAD).fetch_optional(connection).await;
    row.map_err(database)?.as_ref().map(read_head).transpose()
}

/// The reading side of a SQLite journal.
#[derive(Debug)]
pub(super) struct SqliteReader {
    ledger: LedgerUuid,
    pool: SqlitePool,
}

impl SqliteReader {
    pub(super) fn new(ledger: LedgerUuid, pool: SqlitePool) -> SqliteReader {
        SqliteReader { ledger, pool }
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    async fn by_seq(&self, sql: &'static str, seq: u64) -> Result<Option<SqliteRow>, StoreError> {
        // No event has a position that the database could not hold.
        let Ok(seq) = integer("seq", seq) else {
            return Ok(None);
        };
        let query = sqlx::query::<Sqlite>(sql).bind(seq);
        query.fetch_optional(&self.pool).await.map_err(database)
    }
}

#[async_trait]
impl StoreReader for SqliteReader {
    async fn head(&self) -> Result<Option<RowHead>, StoreError> {
        let mut connection = self.pool.acquire().await.map_err(database)?;
        head_of(&mut connection).await
    }

    async fn rows_from(&self, batch_no: u64, limit: ReadLimit) -> Result<Vec<Row>, StoreError> {
        // The sizes first: the driver would read ahead of a consumer that stops early.
        let sizes = sqlx::query(SIZES)
            .bind(integer("batch_no", batch_no)?)
            .bind(i64::from(limit.rows))
            .fetch_all(&self.pool)
            .await
            .map_err(database)?;
        let mut total = 0_u64;
        let mut last = None;
        for row in &sizes {
            total = total.saturating_add(number(row, 1, "body")?);
            if last.is_some() && total > limit.bytes {
                break;
            }
            last = Some(number(row, 0, "batch_no")?);
        }
        let Some(last) = last else {
            return Ok(Vec::new());
        };
        let rows = sqlx::query(ROWS_BETWEEN)
            .bind(integer("batch_no", batch_no)?)
            .bind(integer("batch_no", last)?)
            .fetch_all(&self.pool)
            .await
            .map_err(database)?;
        rows.iter().map(read_row).collect()
    }

    async fn row_of_seq(&self, seq: u64) -> Result<Option<Row>, StoreError> {
        let row = self.by_seq(ROW_OF_SEQ, seq).await?;
        row.as_ref().map(read_row).transpose()
    }

    async fn head_of_seq(&self, seq: u64) -> Result<Option<RowHead>, StoreError> {
        let row = self.by_seq(HEAD_OF_SEQ, seq).await?;
        row.as_ref().map(read_head).transpose()
    }

    async fn private(&self, key: PrivateKey) -> Result<Option<PersonalOpening>, StoreError> {
        let row = sqlx::query(PRIVATE)
            .bind(self.ledger.as_slice())
            .bind(integer("seq", key.seq)?)
            .bind(key.field)
            .fetch_optional(&self.pool)
            .await
            .map_err(database)?;
        row.as_ref().map(read_opening).transpose()
    }

    async fn private_after(
        &self,
        after: Option<PrivateKey>,
        limit: u32,
    ) -> Result<Vec<PrivateRow>, StoreError> {
        let (seq, field) = match after {
            Some(key) => (integer("seq", key.seq)?, i64::from(key.field)),
            None => (-1, 0),
        };
        let rows = sqlx::query(PRIVATE_AFTER)
            .bind(self.ledger.as_slice())
            .bind(seq)
            .bind(field)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(database)?;
        let read = |row: &SqliteRow| {
            let field = number(row, 3, "field")?;
            let key = PrivateKey {
                seq: number(row, 2, "seq")?,
                field: u16::try_from(field)
                    .map_err(|_| StoreError::Malformed { column: "field" })?,
            };
            let opening = read_opening(row)?;
            Ok(PrivateRow { key, opening })
        };
        rows.iter().map(read).collect()
    }
}
