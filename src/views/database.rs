//! The database of the tables: a SQLite file beside the journal's, or the journal's PostgreSQL.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::pool::PoolOptions;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgPool, Postgres, Row as _, Sqlite,
    SqlitePool,
};

use super::ViewsError;
use super::changes::Value;
use super::schema::Part;
use super::sql::Dialect;
use crate::journal::Database;

static SQLITE: Migrator = sqlx::migrate!("migrations/views/sqlite");
static SQLITE_CLAIMS: Migrator = sqlx::migrate!("migrations/views/sqlite_claims");
static POSTGRES: Migrator = sqlx::migrate!("migrations/views/postgres");

/// The journal has migrations of its own in the same database.
const MIGRATIONS_TABLE: &str = "views_migrations";

/// Files in the data folder: the claims have one of their own, since SQLite writes a file in one
/// thread.
const FILE: &str = "views.db";
const CLAIMS_FILE: &str = "views-claims.db";

/// What the claims' file is called in statements; every connection has both.
const CLAIMS_SCHEMA: &str = "claims_file";

/// How often the tables are looked at while another process may be making them, one migration after
/// the other.
const ATTEMPTS: u32 = 8;

/// Connections that read.
const READERS_MAX: u32 = 4;

/// Connections that write on PostgreSQL.
const WRITERS: u32 = 2;

/// KiB of pages that a connection to the files keeps: those that a transaction changes, and those
/// that a list reads.
const WRITER_CACHED: u32 = 128 << 10;
const READER_CACHED: u32 = 16 << 10;

/// Connections that read, and those that write.
#[derive(Clone, Debug)]
pub(super) enum Tables {
    Sqlite {
        /// One for each part.
        writers: [SqlitePool; 2],
        readers: SqlitePool,
        /// Moves the write-ahead logs into their files beside the writers.
        mover: SqlitePool,
        logs: [PathBuf; 2],
    },
    Postgres(PgPool),
}

/// Bytes of a write-ahead log beyond which the writers wait until it is moved and begins anew:
/// while few rows come at a time, so that little is left to move, and while many do.
const LOG_BYTES_MAX: [u64; 2] = [4 << 20, 512 << 20];

/// How transactions that write are carried out on PostgreSQL: what a crash takes away is written
/// anew from the position on, so nobody waits for the disk; and rows to be changed are found by
/// their keys, however few rows the planner believes a table to have.
const SETTINGS: &str = "SELECT set_config('synchronous_commit', 'off', true), \
    set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)";

/// A transaction.
pub(super) enum Transaction {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

pub(super) fn failed(error: sqlx::Error) -> ViewsError {
    ViewsError::Database(error.into())
}

fn migrator(of: &Migrator) -> Migrator {
    let mut migrator = Migrator::with_migrations(of.iter().cloned().collect());
    migrator.set_locking(false);
    migrator.dangerous_set_table_name(MIGRATIONS_TABLE);
    migrator
}

fn file_options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .busy_timeout(Duration::from_secs(5))
        .page_size(16 << 10)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .pragma("wal_autocheckpoint", "0")
        .pragma("journal_size_limit", "4194304")
        .pragma("temp_store", "MEMORY")
        .statement_cache_capacity(256)
        .disable_statement_logging()
}

/// Opens the claims' file beside the other one; of both so many KiB of pages are kept.
async fn attach(
    connection: &mut SqliteConnection,
    claims: PathBuf,
    cached: u32,
) -> Result<(), sqlx::Error> {
    let attach = format!("ATTACH DATABASE $1 AS {CLAIMS_SCHEMA}");
    let file = claims.to_string_lossy().into_owned();
    let attach = sqlx::query(AssertSqlSafe(attach)).bind(file);
    attach.execute(&mut *connection).await?;
    let settings = format!(
        "PRAGMA main.cache_size = -{cached}; PRAGMA {CLAIMS_SCHEMA}.cache_size = -{cached}; \
         PRAGMA {CLAIMS_SCHEMA}.synchronous = NORMAL; \
         PRAGMA {CLAIMS_SCHEMA}.journal_size_limit = 4194304"
    );
    let settings = sqlx::raw_sql(AssertSqlSafe(settings));
    settings.execute(&mut *connection).await.map(drop)
}

impl Tables {
    pub(super) async fn open(database: &Database, folder: &Path) -> Result<Tables, ViewsError> {
        match database {
            Database::Sqlite => Tables::open_file(folder).await,
            Database::Postgres(url) => {
                let pool = PoolOptions::<Postgres>::new()
                    .max_connections(READERS_MAX + WRITERS)
                    .acquire_timeout(Duration::from_secs(5))
                    .connect_with(url.options())
                    .await
                    .map_err(failed)?;
                let mut attempt = 1;
                // Of two nodes that make the tables at once one fails and finds them made.
                while let Err(error) = migrator(&POSTGRES).run(&pool).await {
                    if attempt == ATTEMPTS {
                        return Err(ViewsError::Database(error.into()));
                    }
                    attempt += 1;
                }
                Ok(Tables::Postgres(pool))
            }
        }
    }

    /// Nothing is lost with these tables: they are written without waiting for the disk.
    async fn open_file(folder: &Path) -> Result<Tables, ViewsError> {
        let claims = folder.join(CLAIMS_FILE);
        let made = [
            (folder.join(FILE), &SQLITE),
            (claims.clone(), &SQLITE_CLAIMS),
        ];
        for (file, migrations) in made {
            let pool = PoolOptions::<Sqlite>::new().max_connections(1);
            let pool = pool.connect_with(file_options(&file)).await;
            let pool = pool.map_err(failed)?;
            let migrated = migrator(migrations).run(&pool).await;
            pool.close().await;
            migrated.map_err(|error| ViewsError::Database(error.into()))?;
        }
        let options = file_options(&folder.join(FILE));
        let pool = |connections, cached| {
            let claims = claims.clone();
            PoolOptions::<Sqlite>::new()
                .max_connections(connections)
                .idle_timeout(None)
                .max_lifetime(None)
                .after_connect(move |connection, _| {
                    Box::pin(attach(connection, claims.clone(), cached))
                })
        };
        // A commit for which the disk had no room leaves a connection behind that sqlx believes to
        // be in a transaction.
        let writer = || {
            pool(1, WRITER_CACHED)
                .after_release(|connection, _| {
                    let good = !connection.is_in_transaction();
                    Box::pin(async move { Ok(good) })
                })
                .connect_lazy_with(options.clone())
        };
        let writers = [writer(), writer()];
        let mover = pool(1, READER_CACHED).connect_lazy_with(options.clone());
        let readers = pool(READERS_MAX, READER_CACHED);
        let readers = readers.connect_lazy_with(options.clone().read_only(true));
        Ok(Tables::Sqlite {
            writers,
            readers,
            mover,
            logs: [FILE, CLAIMS_FILE].map(|name| folder.join(format!("{name}-wal"))),
        })
    }

    pub(super) fn dialect(&self) -> Dialect {
        match self {
            Tables::Sqlite { .. } => Dialect::Sqlite,
            Tables::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Begins a transaction that writes a part; each part has one at a time.
    pub(super) async fn begin(&self, part: Part) -> Result<Transaction, ViewsError> {
        Ok(match self {
            Tables::Sqlite {
                writers: [rest, claims],
                ..
            } => {
                let writer = match part {
                    Part::Claims => claims,
                    Part::Rest => rest,
                };
                Transaction::Sqlite(writer.begin().await.map_err(failed)?)
            }
            Tables::Postgres(pool) => {
                let mut tx = pool.begin().await.map_err(failed)?;
                let settings = sqlx::query(SETTINGS).execute(&mut *tx).await;
                settings.map_err(failed)?;
                Transaction::Postgres(tx)
            }
        })
    }

    /// The table with the position of a part.
    pub(super) fn position_of(&self, part: Part) -> String {
        match (self, part) {
            (Tables::Sqlite { .. }, Part::Claims) => format!("{CLAIMS_SCHEMA}.view_position"),
            _ => "view_position".to_owned(),
        }
    }

    /// The first column of every row, a text.
    pub(super) async fn texts(
        &self,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<String>, ViewsError> {
        match self {
            Tables::Sqlite { readers, .. } => {
                let mut connection = readers.acquire().await.map_err(failed)?;
                sqlite_texts(&mut connection, sql, values).await
            }
            Tables::Postgres(pool) => {
                let mut connection = pool.acquire().await.map_err(failed)?;
                postgres_texts(&mut connection, sql, values).await
            }
        }
    }

    /// Lets what was committed be moved out of the write-ahead logs, which is to be done after
    /// every commit: beside the next one, unless one has grown too long.
    pub(super) async fn committed(&self, many: bool) -> Result<(), ViewsError> {
        let Tables::Sqlite {
            writers: [writer, _],
            mover,
            logs,
            ..
        } = self
        else {
            return Ok(());
        };
        let most = LOG_BYTES_MAX[usize::from(many)];
        let is_long = |log: &PathBuf| std::fs::metadata(log).is_ok_and(|log| log.len() > most);
        if logs.iter().any(is_long) {
            let restart = sqlx::query("PRAGMA wal_checkpoint(RESTART)").execute(writer);
            return restart.await.map(drop).map_err(failed);
        }
        if let Some(mut mover) = mover.try_acquire() {
            tokio::spawn(async move {
                let moved = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
                    .execute(&mut *mover)
                    .await;
                if let Err(error) = moved {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "the write-ahead log of the views was not moved");
                }
            });
        }
        Ok(())
    }

    pub(super) async fn close(&self) {
        match self {
            Tables::Sqlite {
                writers,
                readers,
                mover,
                ..
            } => {
                for pool in [mover, readers].into_iter().chain(writers) {
                    pool.close().await;
                }
            }
            Tables::Postgres(pool) => pool.close().await,
        }
    }
}

/// The first column of every row, on either kind of connection: the driver's types share no trait
/// by which one function could be written for both.
macro_rules! texts_on {
    ($name:ident, $connection:ty) => {
        async fn $name(
            connection: &mut $connection,
            sql: &str,
            values: &[Value<'_>],
        ) -> Result<Vec<String>, ViewsError> {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for value in values {
                query = match *value {
                    Value::Number(number) => query.bind(number),
                    Value::Text(text) => query.bind(text.to_owned()),
                    Value::None => query.bind(None::<i64>),
                };
            }
            let rows = query.fetch_all(connection).await.map_err(failed)?;
            let texts = rows.iter().map(|row| row.try_get(0).map_err(failed));
            texts.collect()
        }
    };
}

texts_on!(sqlite_texts, SqliteConnection);
texts_on!(postgres_texts, PgConnection);

impl Transaction {
    /// A statement without parameters.
    pub(super) async fn run(&mut self, sql: &str) -> Result<(), ViewsError> {
        let sql = AssertSqlSafe(sql);
        match self {
            Transaction::Sqlite(tx) => sqlx::query(sql).execute(&mut **tx).await.map(drop),
            Transaction::Postgres(tx) => sqlx::query(sql).execute(&mut **tx).await.map(drop),
        }
        .map_err(failed)
    }

    pub(super) async fn texts(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<String>, ViewsError> {
        match self {
            Transaction::Sqlite(tx) => sqlite_texts(tx, sql, values).await,
            Transaction::Postgres(tx) => postgres_texts(tx, sql, values).await,
        }
    }

    pub(super) async fn commit(self) -> Result<(), ViewsError> {
        match self {
            Transaction::Sqlite(tx) => tx.commit().await.map_err(failed),
            Transaction::Postgres(tx) => tx.commit().await.map_err(failed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The migration that gives the claims a file of their own, on SQLite alone.
    const CLAIMS_FILE_MADE: i64 = 31;

    /// All but what differs on purpose: the type of keys, the indexes of the claims, their file.
    fn alike(migrator: &Migrator) -> Vec<String> {
        let both = migrator
            .iter()
            .filter(|one| one.version != CLAIMS_FILE_MADE);
        let sql = both.map(|one| {
            let sql = one.sql.as_str().replace(
                "INTEGER NOT NULL PRIMARY KEY",
                "BIGINT NOT NULL PRIMARY KEY",
            );
            let end = sql.find("DROP INDEX claims_voucher").unwrap_or(sql.len());
            sql[..end].trim_end().to_owned()
        });
        sql.collect()
    }

    #[test]
    fn both_databases_have_the_same_tables() {
        assert_eq!(alike(&SQLITE), alike(&POSTGRES));
    }
}
