//! Reads of a PostgreSQL journal, each in one statement on one of a few connections.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgArguments, PgConnection, PgPool, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row as _};

use crate::domain::PersonalOpening;

use super::super::row::{Row, RowHead};
use super::super::store::{LedgerUuid, PrivateKey, PrivateRow, ReadLimit, StoreError, StoreReader};
use super::{Held, bytes, database, integer, within};

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

const HEAD: &str = select_head!("WHERE ledger = $1 ORDER BY batch_no DESC LIMIT 1");
// The subquery finds the row by the index before the outer query touches the table.
const HEAD_OF_SEQ: &str = select_head!(
    "WHERE ledger = $1 AND last_seq >= $2 AND first_seq = (SELECT max(first_seq) \
     FROM journal WHERE ledger = $1 AND first_seq <= $2)"
);
const ROW_OF_SEQ: &str = select_row!(
    "WHERE ledger = $1 AND last_seq >= $2 AND first_seq = (SELECT max(first_seq) \
     FROM journal WHERE ledger = $1 AND first_seq <= $2)"
);
// The length stands in the row; the body, which is kept apart from it, is not read.
const SIZES: &str = "SELECT batch_no, octet_length(body)::bigint FROM journal \
     WHERE ledger = $1 AND batch_no >= $2 ORDER BY batch_no LIMIT $3";
const ROWS_BETWEEN: &str =
    select_row!("WHERE ledger = $1 AND batch_no BETWEEN $2 AND $3 ORDER BY batch_no");
const PRIVATE: &str =
    "SELECT salt, value FROM private WHERE ledger = $1 AND seq = $2 AND field = $3";
const PRIVATE_AFTER: &str = "SELECT salt, value, seq, field::bigint FROM private \
     WHERE ledger = $1 AND (seq, field) > ($2, $3) ORDER BY seq, field LIMIT $4";

fn number(row: &PgRow, index: usize, column: &'static str) -> Result<u64, StoreError> {
    let value: i64 = row.try_get(index).map_err(database)?;
    u64::try_from(value).map_err(|_| StoreError::Malformed { column })
}

pub(super) fn read_head(row: &PgRow) -> Result<RowHead, StoreError> {
    Ok(RowHead {
        batch_no: number(row, 0, "batch_no")?,
        first_seq: number(row, 1, "first_seq")?,
        last_seq: number(row, 2, "last_seq")?,
        epoch: number(row, 3, "epoch")?,
        prev_root: bytes(row, 4, "prev_root")?,
        root: bytes(row, 5, "root")?,
    })
}

fn read_row(row: &PgRow) -> Result<Row, StoreError> {
    Ok(Row {
        head: read_head(row)?,
        body: row.try_get(6).map_err(database)?,
    })
}

fn read_opening(row: &PgRow) -> Result<PersonalOpening, StoreError> {
    let value: String = row.try_get(1).map_err(database)?;
    Ok(PersonalOpening {
        salt: bytes(row, 0, "salt")?,
        value: value.into(),
    })
}

fn read_private(row: &PgRow) -> Result<PrivateRow, StoreError> {
    let field = number(row, 3, "field")?;
    let key = PrivateKey {
        seq: number(row, 2, "seq")?,
        field: u16::try_from(field).map_err(|_| StoreError::Malformed { column: "field" })?,
    };
    let opening = read_opening(row)?;
    Ok(PrivateRow { key, opening })
}

/// The newest row's columns, for [`read_head`].
pub(super) async fn head_of(
    connection: &mut PgConnection,
    ledger: &LedgerUuid,
) -> Result<Option<PgRow>, sqlx::Error> {
    let query = sqlx::query(HEAD).bind(ledger.as_slice());
    query.fetch_optional(connection).await
}

type Select<'q> = Query<'q, Postgres, PgArguments>;

/// The reading side of a PostgreSQL journal.
#[derive(Debug)]
pub(super) struct PostgresReader {
    ledger: LedgerUuid,
    pool: PgPool,
    answer_timeout: Duration,
}

impl PostgresReader {
    pub(super) fn new(
        ledger: LedgerUuid,
        pool: PgPool,
        answer_timeout: Duration,
    ) -> PostgresReader {
        PostgresReader {
            ledger,
            pool,
            answer_timeout,
        }
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    async fn all(&self, query: Select<'_>) -> Result<Vec<PgRow>, StoreError> {
        let mut connection = Held::of(&self.pool).await.map_err(database)?;
        let rows = within(self.answer_timeout, query.fetch_all(&mut *connection)).await?;
        connection.give_back();
        Ok(rows)
    }

    async fn one(&self, query: Select<'_>) -> Result<Option<PgRow>, StoreError> {
        Ok(self.all(query).await?.pop())
    }

    async fn by_seq(&self, sql: &'static str, seq: u64) -> Result<Option<PgRow>, StoreError> {
        // No event has a position that the database could not hold.
        let Ok(seq) = integer("seq", seq) else {
            return Ok(None);
        };
        let query = sqlx::query(sql).bind(self.ledger.as_slice()).bind(seq);
        self.one(query).await
    }
}

#[async_trait]
impl StoreReader for PostgresReader {
    async fn head(&self) -> Result<Option<RowHead>, StoreError> {
        let query = sqlx::query(HEAD).bind(self.ledger.as_slice());
        self.one(query).await?.as_ref().map(read_head).transpose()
    }

    async fn rows_from(&self, batch_no: u64, limit: ReadLimit) -> Result<Vec<Row>, StoreError> {
        // The sizes first: the driver would read ahead of a consumer that stops early.
        let sizes = sqlx::query(SIZES)
            .bind(self.ledger.as_slice())
            .bind(integer("batch_no", batch_no)?)
            .bind(i64::from(limit.rows));
        let mut total = 0_u64;
        let mut last = None;
        for row in &self.all(sizes).await? {
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
            .bind(self.ledger.as_slice())
            .bind(integer("batch_no", batch_no)?)
            .bind(integer("batch_no", last)?);
        self.all(rows).await?.iter().map(read_row).collect()
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
        let query = sqlx::query(PRIVATE)
            .bind(self.ledger.as_slice())
            .bind(integer("seq", key.seq)?)
            .bind(i32::from(key.field));
        let row = self.one(query).await?;
        row.as_ref().map(read_opening).transpose()
    }

    async fn private_after(
        &self,
        after: Option<PrivateKey>,
        limit: u32,
    ) -> Result<Vec<PrivateRow>, StoreError> {
        let (seq, field) = match after {
            Some(key) => (integer("seq", key.seq)?, i32::from(key.field)),
            None => (-1, 0),
        };
        let query = sqlx::query(PRIVATE_AFTER)
            .bind(self.ledger.as_slice())
            .bind(seq)
            .bind(field)
            .bind(i64::from(limit));
        self.all(query).await?.iter().map(read_private).collect()
    }
}
