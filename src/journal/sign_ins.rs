//! The audit table of sign-ins, failed or not. It is no part of the journal: whoever guesses at
//! passwords writes nothing into it. A file of its own beside a SQLite journal, so that an attack
//! never makes a commit wait; a table beside a PostgreSQL journal, so that all nodes see the tries.

use std::path::Path;
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{PgPool, Postgres, Row as _, Sqlite, SqlitePool};

use super::open::Database;
use super::postgres::{ANSWER, Held, within};
use super::store::{LedgerUuid, StoreError};

/// File in the data folder.
const FILE: &str = "sign-ins.db";

/// How often a row is tried that another one of the same microsecond stands in the way of.
const ATTEMPTS: i64 = 16;

/// Written once for both databases but for the type of bytes.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS sign_ins (\
    ledger BYTES NOT NULL, at BIGINT NOT NULL, user_name TEXT NOT NULL, principal BIGINT, \
    outcome TEXT NOT NULL, address TEXT NOT NULL, PRIMARY KEY (ledger, at))";
const INDEX: &str = "CREATE INDEX IF NOT EXISTS sign_ins_user ON sign_ins (ledger, user_name, at)";
const INSERT: &str = "INSERT INTO sign_ins (ledger, at, user_name, principal, outcome, address) \
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (ledger, at) DO NOTHING";
/// Failed tries since a moment, and since the last good one.
const FAILED: &str = "SELECT COUNT(*) FROM sign_ins WHERE ledger = $1 AND user_name = $2 \
    AND at >= $3 AND outcome = 'failed' AND at > COALESCE((SELECT MAX(at) FROM sign_ins \
    WHERE ledger = $1 AND user_name = $2 AND outcome = 'signed_in'), 0)";
const LIST: &str = "SELECT at, user_name, principal, outcome, address FROM sign_ins \
    WHERE ledger = $1 AND at < $2 AND ($3 = '' OR user_name = $3) AND ($4 = '' OR outcome = $4) \
    ORDER BY at DESC LIMIT $5";

/// One try to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// When, in microseconds of UTC; no two tries have the same.
    pub at: i64,
    /// Which name was given; it may be nobody's.
    pub user_name: String,
    /// Whose name it is.
    pub principal: Option<u32>,
    /// `signed_in`, `failed`, `signed_out` or `tried_out`.
    pub outcome: String,
    /// From which address.
    pub address: String,
}

#[derive(Clone, Debug)]
enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// The audit table.
#[derive(Clone, Debug)]
pub struct SignIns {
    ledger: LedgerUuid,
    pool: Pool,
}

fn failed(error: sqlx::Error) -> StoreError {
    StoreError::Database(error.into())
}

impl SignIns {
    /// Opens the table, and makes it where it is missing.
    ///
    /// # Errors
    /// The database cannot be used.
    pub async fn open(
        database: &Database,
        folder: &Path,
        ledger: LedgerUuid,
    ) -> Result<SignIns, StoreError> {
        let pool = match database {
            Database::Sqlite => {
                let options = SqliteConnectOptions::new()
                    .filename(folder.join(FILE))
                    .create_if_missing(true)
                    .busy_timeout(Duration::from_secs(5))
                    .journal_mode(SqliteJournalMode::Wal);
                let pool = PoolOptions::<Sqlite>::new().max_connections(2);
                let pool = pool.connect_with(options).await.map_err(failed)?;
                let table = TABLE.replace("BYTES", "BLOB");
                for sql in [table.as_str(), INDEX] {
                    let made = sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()));
                    made.execute(&pool).await.map_err(failed)?;
                }
                Pool::Sqlite(pool)
            }
            Database::Postgres(url) => {
                let pool = PoolOptions::<Postgres>::new()
                    .max_connections(2)
                    .acquire_timeout(Duration::from_secs(5));
                let pool = pool.connect_with(url.options()).await.map_err(failed)?;
                make(&pool).await?;
                Pool::Postgres(pool)
            }
        };
        Ok(SignIns { ledger, pool })
    }

    /// Writes a try down, at its moment or the next free one.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn record(&self, tried: &SignIn) -> Result<(), StoreError> {
        for later in 0..ATTEMPTS {
            let at = tried.at + later;
            let principal = tried.principal.map(i64::from);
            let ledger = self.ledger.as_slice();
            let rows = match &self.pool {
                Pool::Sqlite(pool) => {
                    let query = sqlx::query::<Sqlite>(INSERT).bind(ledger).bind(at);
                    let query = query.bind(&tried.user_name).bind(principal);
                    let query = query.bind(&tried.outcome).bind(&tried.address);
                    query.execute(pool).await.map_err(failed)?.rows_affected()
                }
                Pool::Postgres(pool) => {
                    let query = sqlx::query::<Postgres>(INSERT).bind(ledger).bind(at);
                    let query = query.bind(&tried.user_name).bind(principal);
                    let query = query.bind(&tried.outcome).bind(&tried.address);
                    let mut connection = Held::of(pool).await.map_err(failed)?;
                    let done = within(ANSWER, query.execute(&mut *connection)).await?;
                    connection.give_back();
                    done.rows_affected()
                }
            };
            if rows > 0 {
                return Ok(());
            }
        }
        Err(StoreError::Malformed { column: "at" })
    }

    /// How often a name has failed since a moment, after it was last signed in with.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn failures(&self, user_name: &str, since: i64) -> Result<i64, StoreError> {
        let ledger = self.ledger.as_slice();
        match &self.pool {
            Pool::Sqlite(pool) => {
                let query = sqlx::query_scalar::<Sqlite, i64>(FAILED).bind(ledger);
                let query = query.bind(user_name).bind(since);
                query.fetch_one(pool).await.map_err(failed)
            }
            Pool::Postgres(pool) => {
                let query = sqlx::query_scalar::<Postgres, i64>(FAILED).bind(ledger);
                let query = query.bind(user_name).bind(since);
                let mut connection = Held::of(pool).await.map_err(failed)?;
                let count = within(ANSWER, query.fetch_one(&mut *connection)).await?;
                connection.give_back();
                Ok(count)
            }
        }
    }

    /// Tries before a moment, newest first; of one name and one outcome unless these are empty.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn list(
        &self,
        before: i64,
        user_name: &str,
        outcome: &str,
        rows: u32,
    ) -> Result<Vec<SignIn>, StoreError> {
        let ledger = self.ledger.as_slice();
        let rows = i64::from(rows);
        macro_rules! found {
            ($connection:expr, $kind:ty) => {{
                let query = sqlx::query::<$kind>(LIST).bind(ledger).bind(before);
                let query = query.bind(user_name).bind(outcome).bind(rows);
                let found = within(ANSWER, query.fetch_all($connection)).await?;
                let row = |row: &<$kind as sqlx::Database>::Row| {
                    let principal: Option<i64> = row.try_get(2)?;
                    Ok(SignIn {
                        at: row.try_get(0)?,
                        user_name: row.try_get(1)?,
                        principal: principal.and_then(|id| u32::try_from(id).ok()),
                        outcome: row.try_get(3)?,
                        address: row.try_get(4)?,
                    })
                };
                let rows: Result<Vec<SignIn>, sqlx::Error> = found.iter().map(row).collect();
                rows.map_err(failed)
            }};
        }
        match &self.pool {
            Pool::Sqlite(pool) => found!(pool, Sqlite),
            Pool::Postgres(pool) => {
                let mut connection = Held::of(pool).await.map_err(failed)?;
                let found = found!(&mut *connection, Postgres);
                connection.give_back();
                found
            }
        }
    }

    /// Closes all connections.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Sqlite(pool) => pool.close().await,
            Pool::Postgres(pool) => pool.close().await,
        }
    }
}

/// Of two nodes that make the table at once one fails and finds it made. A role that may not make
/// tables can use one that is there.
async fn make(pool: &PgPool) -> Result<(), StoreError> {
    let table = TABLE.replace("BYTES", "BYTEA");
    let mut told = None;
    for _ in 0..ATTEMPTS {
        let there = sqlx::query("SELECT 1 FROM sign_ins WHERE at < 0");
        if there.fetch_optional(pool).await.is_ok() {
            return Ok(());
        }
        for sql in [table.as_str(), INDEX] {
            let made = sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()))
                .execute(pool)
                .await;
            told = made.err().or(told);
        }
    }
    told.map_or(Ok(()), |error| Err(failed(error)))
}
