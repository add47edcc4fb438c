//! The database of the tables: a SQLite file beside the journal's, or the journal's PostgreSQL.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::PoolOptions;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgPool, Postgres, Row as _, Sqlite,
    SqlitePool,
};

use super::ViewsError;
use super::anew::{self, is_unreadable};
use super::changes::Value;
use super::log::{Logs, READER_TIMEOUT};
use super::schema::{JOINED, Part, TABLES, Table};
use super::sql::Dialect;
use crate::journal::{ANSWER, Database, Held, PostgresUrl};

static SQLITE: Migrator = sqlx::migrate!("migrations/views/sqlite");
static SQLITE_CLAIMS: Migrator = sqlx::migrate!("migrations/views/sqlite_claims");
static POSTGRES: Migrator = sqlx::migrate!("migrations/views/postgres");

/// The journal has migrations of its own in the same database.
pub(super) const MIGRATIONS_TABLE: &str = "views_migrations";

/// Files in the data folder: the claims have one of their own, since SQLite writes a file in one
/// thread.
pub(super) const FILE: &str = "views.db";
pub(super) const CLAIMS_FILE: &str = "views-claims.db";

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
        logs: Logs,
    },
    Postgres {
        pool: PgPool,
        /// What a transaction that writes begins with.
        settings: Option<Arc<str>>,
    },
}

/// How transactions that write are carried out on PostgreSQL: what a crash takes away is written
/// anew from the position on, so nobody waits for the disk; rows to be changed are found by their
/// keys, however few rows the planner believes a table to have; and what a writer has begun who is
/// stopped or cut off is ended, so that it does not hold up the next one, also if the server waits
/// for the rows of a `COPY` that a machine without power was to send.
const SETTINGS: &[(&str, &str)] = &[
    ("synchronous_commit", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("idle_in_transaction_session_timeout", "30s"),
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
];

/// Ends what this process has under way for longer than an answer may take. The server may still
/// wait for the rows of a `COPY` on a connection that was given up here, and hold its locks.
const END_SILENT: &str = "SELECT CAST(COUNT(pg_terminate_backend(pid)) AS TEXT) \
    FROM pg_stat_activity WHERE application_name = current_setting('application_name') \
    AND pid <> pg_backend_pid() AND state <> 'idle' \
    AND state_change < CURRENT_TIMESTAMP - INTERVAL '25 seconds'";

/// A statement that sets those settings for a transaction which the database knows.
pub(super) async fn set(
    pool: &PgPool,
    settings: &[(&str, &str)],
) -> Result<Option<Arc<str>>, ViewsError> {
    let mut calls = Vec::new();
    for (setting, value) in settings {
        let call = format!("set_config('{setting}', '{value}', true)");
        let tried = sqlx::query(AssertSqlSafe(format!("SELECT {call}")));
        match tried.execute(pool).await {
            Ok(_) => calls.push(call),
            Err(sqlx::Error::Database(error)) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(setting, error, "the views do without a setting");
            }
            Err(error) => return Err(failed(error)),
        }
    }
    Ok((!calls.is_empty()).then(|| format!("SELECT {}", calls.join(", ")).into()))
}

/// A transaction.
pub(super) enum Transaction {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres {
        /// It is closed unless the transaction is committed.
        connection: Held,
        /// How long the database may take to answer.
        answer: Duration,
    },
}

/// How long PostgreSQL may take to answer what goes through whole tables.
const LONG: Duration = Duration::from_secs(3_600);

/// Waits for the database, but not for ever.
pub(super) async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, ViewsError>>,
) -> Result<T, ViewsError> {
    match tokio::time::timeout(limit, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(ViewsError::Silent(limit)),
    }
}

pub(super) fn failed(error: sqlx::Error) -> ViewsError {
    if is_unreadable(&error, false) {
        ViewsError::Unreadable(error.into())
    } else {
        ViewsError::Database(error.into())
    }
}

/// As [`failed`], where a failure may also mean tables of another version, or of none.
fn opening_failed(error: sqlx::Error) -> ViewsError {
    if is_unreadable(&error, true) {
        ViewsError::Unreadable(error.into())
    } else {
        failed(error)
    }
}

fn migration_failed(error: MigrateError) -> ViewsError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            opening_failed(error)
        }
        MigrateError::VersionMissing(_)
        | MigrateError::VersionMismatch(_)
        | MigrateError::Dirty(_) => ViewsError::Unreadable(error.into()),
        error => ViewsError::Database(error.into()),
    }
}

async fn connect(url: &PostgresUrl) -> Result<PgPool, ViewsError> {
    // A name of this process's own, by which it finds its sessions; the server cuts long ones.
    let options = url.options();
    let given = options.get_application_name().unwrap_or("quantong");
    let given: String = given.chars().filter(char::is_ascii).take(48).collect();
    let own = uuid::Uuid::now_v7().as_u128() as u32;
    let name = format!("{given} {own:08x}");
    let pool = PoolOptions::<Postgres>::new()
        .max_connections(READERS_MAX + WRITERS)
        .acquire_timeout(Duration::from_secs(5))
        .connect_with(options.application_name(&name));
    pool.await.map_err(failed)
}

fn migrator(of: &Migrator) -> Migrator {
    let mut migrator = Migrator::with_migrations(of.iter().cloned().collect());
    migrator.set_locking(false);
    migrator.dangerous_set_table_name(MIGRATIONS_TABLE);
    migrator
}

/// True if the tables are those of this version. Changes nothing.
async fn are_made(pool: &PgPool) -> Result<bool, sqlx::Error> {
    let made = "SELECT version, checksum FROM views_migrations WHERE success ORDER BY version";
    let made: Vec<(i64, Vec<u8>)> = sqlx::query_as(made).fetch_all(pool).await?;
    let wanted = POSTGRES.iter().map(|one| (one.version, &one.checksum[..]));
    Ok(made
        .iter()
        .map(|(version, sum)| (*version, &sum[..]))
        .eq(wanted))
}

/// Makes the tables where some are missing. A role that may not make tables can use those that are
/// there; of two nodes that make them at once one fails and finds them made.
async fn make(pool: &PgPool) -> Result<(), ViewsError> {
    let mut attempt = 1;
    while !are_made(pool).await.unwrap_or(false) {
        match migrator(&POSTGRES).run(pool).await {
            Err(error) if attempt == ATTEMPTS => return Err(migration_failed(error)),
            Ok(()) => break,
            Err(_) => attempt += 1,
        }
    }
    Ok(())
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
                let pool = connect(url).await?;
                make(&pool).await?;
                let settings = set(&pool, SETTINGS).await?;
                Ok(Tables::Postgres { pool, settings })
            }
        }
    }

    /// Opens the tables, and makes files anew that cannot be read. Nobody else may have them open.
    pub(super) async fn open_or_mend(
        database: &Database,
        folder: &Path,
    ) -> Result<Tables, ViewsError> {
        match (database, Tables::open(database, folder).await) {
            (Database::Sqlite, Err(ViewsError::Unreadable(error))) => {
                let error = &*error as &dyn std::error::Error;
                tracing::warn!(
                    error,
                    "the files of the views cannot be read and are made anew"
                );
                Tables::anew(database, folder).await
            }
            (_, opened) => opened,
        }
    }

    /// Takes away whatever there is of the tables, and makes them. Nobody else may have them open.
    pub(super) async fn anew(database: &Database, folder: &Path) -> Result<Tables, ViewsError> {
        match database {
            Database::Sqlite => anew::remove_files(folder)?,
            Database::Postgres(url) => {
                let pool = connect(url).await?;
                let dropped = anew::drop_tables(&pool).await;
                pool.close().await;
                dropped?;
            }
        }
        Tables::open(database, folder).await
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
            let pool = pool.map_err(opening_failed)?;
            let migrated = migrator(migrations).run(&pool).await;
            pool.close().await;
            migrated.map_err(migration_failed)?;
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
        let mover = options.clone().busy_timeout(READER_TIMEOUT);
        let mover = pool(1, READER_CACHED).connect_lazy_with(mover);
        let logs = [FILE, CLAIMS_FILE].map(|name| folder.join(format!("{name}-wal")));
        let readers = pool(READERS_MAX, READER_CACHED);
        let readers = readers.connect_lazy_with(options.clone().read_only(true));
        let tables = Tables::Sqlite {
            writers,
            readers,
            logs: Logs::new(mover, logs),
        };
        let checked = tables.check_columns().await;
        if checked.is_err() {
            tables.close().await;
        }
        checked.map(|()| tables)
    }

    /// Fails where a table or a column is missing.
    async fn check_columns(&self) -> Result<(), ViewsError> {
        let Tables::Sqlite { readers, .. } = self else {
            return Ok(());
        };
        let columns = |table: &Table| {
            let columns: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
            format!("SELECT {} FROM {} LIMIT 0;", columns.join(", "), table.name)
        };
        let tables = TABLES.iter().chain(JOINED);
        let mut sql: String = tables.map(|table| columns(table)).collect();
        for part in [Part::Claims, Part::Rest] {
            let position = self.position_of(part);
            sql += &format!("SELECT part, ledger, root, batches, events FROM {position};");
        }
        let read = sqlx::raw_sql(AssertSqlSafe(sql)).execute(readers).await;
        read.map(drop).map_err(opening_failed)
    }

    pub(super) fn dialect(&self) -> Dialect {
        match self {
            Tables::Sqlite { .. } => Dialect::Sqlite,
            Tables::Postgres { .. } => Dialect::Postgres,
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
            Tables::Postgres { pool, settings } => {
                let mut tx = Transaction::Postgres {
                    connection: Held::of(pool).await.map_err(failed)?,
                    answer: ANSWER,
                };
                tx.run("BEGIN").await?;
                if let Some(settings) = settings {
                    tx.run(settings).await?;
                }
                tx
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
        self.texts_in(ANSWER, sql, values).await
    }

    /// Ends what is left on the server of connections that fell silent.
    pub(super) async fn end_silent(&self) -> Result<(), ViewsError> {
        match self {
            Tables::Sqlite { .. } => Ok(()),
            Tables::Postgres { .. } => self.texts(END_SILENT, &[]).await.map(drop),
        }
    }

    /// The same of a statement that goes through whole tables.
    pub(super) async fn all_texts(&self, sql: &str) -> Result<Vec<String>, ViewsError> {
        self.texts_in(LONG, sql, &[]).await
    }

    async fn texts_in(
        &self,
        answer: Duration,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<String>, ViewsError> {
        match self {
            Tables::Sqlite { readers, .. } => {
                let mut connection = readers.acquire().await.map_err(failed)?;
                sqlite_texts(&mut connection, sql, values).await
            }
            Tables::Postgres { pool, .. } => {
                let mut connection = Held::of(pool).await.map_err(failed)?;
                let texts = within(answer, postgres_texts(&mut connection, sql, values)).await?;
                connection.give_back();
                Ok(texts)
            }
        }
    }

    /// Is to be called after every commit: see [`Logs::committed`].
    pub(super) async fn committed(&self, many: bool) -> Result<(), ViewsError> {
        match self {
            Tables::Sqlite { logs, .. } => logs.committed(many).await,
            Tables::Postgres { .. } => Ok(()),
        }
    }

    pub(super) async fn close(&self) {
        match self {
            Tables::Sqlite {
                writers,
                readers,
                logs,
            } => {
                for pool in [&logs.mover, readers].into_iter().chain(writers) {
                    pool.close().await;
                }
            }
            Tables::Postgres { pool, .. } => pool.close().await,
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
        let query = AssertSqlSafe(sql);
        match self {
            Transaction::Sqlite(tx) => {
                let done = sqlx::query(query).execute(&mut **tx).await;
                done.map(drop).map_err(failed)
            }
            Transaction::Postgres { connection, answer } => {
                let query = sqlx::query(query).execute(&mut **connection);
                within(*answer, async { query.await.map(drop).map_err(failed) }).await
            }
        }
    }

    pub(super) async fn texts(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<String>, ViewsError> {
        match self {
            Transaction::Sqlite(tx) => sqlite_texts(tx, sql, values).await,
            Transaction::Postgres { connection, answer } => {
                within(*answer, postgres_texts(connection, sql, values)).await
            }
        }
    }

    /// Statements from now on may go through whole tables.
    pub(super) fn take_long(&mut self) {
        if let Transaction::Postgres { answer, .. } = self {
            *answer = LONG;
        }
    }

    pub(super) async fn commit(mut self) -> Result<(), ViewsError> {
        if let Transaction::Postgres { .. } = self {
            self.run("COMMIT").await?;
        }
        match self {
            Transaction::Sqlite(tx) => tx.commit().await.map_err(failed),
            Transaction::Postgres { connection, .. } => {
                connection.give_back();
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
