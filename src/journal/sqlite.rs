//! The journal in a SQLite file.
//!
//! A data folder holds `journal.db` with one ledger, SQLite's two files beside it, and `LOCK`, on
//! which the process that writes holds an operating system lock.
//!
//! Durability: write-ahead log with `synchronous=FULL`, so that an append has returned only after
//! `fsync` of the log. The committing connection never checkpoints: a second one moves the log
//! into the database meanwhile ([`wal`]).
//!
//! The fence is in the insert: a row goes in only where the newest row of the same ledger has the
//! preceding number, last event and root and no higher epoch. Together with the unique numbers, and
//! with one writing transaction at a time, this leaves no way to two rows on one predecessor.
//!
//! A connection on which a write has failed is thrown away: after a commit for which the disk had
//! no room, SQLite has ended the transaction and sqlx believes to be in it.
//!
//! Pages are 32 KiB: a batch of a megabyte is some forty pages instead of three hundred, each of
//! which has its own header, checksum and place in the index of the log.

mod reader;
mod wal;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::error::ErrorKind;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row as _, Sqlite, SqlitePool, Transaction};

use super::open::{OpenError, lock};
use super::row::{Row, RowHead};
use super::store::{
    AppendError, LedgerUuid, PrivateKey, PrivateRow, Store, StoreError, StoreReader,
};
use reader::{SqliteReader, head_of};
use wal::Checkpointer;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

pub(super) const DATABASE_FILE: &str = "journal.db";
const PAGE_BYTES: u32 = 32_768;
/// Pages that a small batch touches besides its body: the end of the table and of its index, and
/// one for the log's own headers. Only used to guess the growth of the log.
const PAGES_PER_APPEND: u64 = 3;

const INSERT_FIRST: &str = "INSERT INTO journal \
    (batch_no, ledger, first_seq, last_seq, epoch, prev_root, root, body) \
    SELECT $1, $2, $3, $4, $5, $6, $7, $8 \
    WHERE $1 = 0 AND $3 = 0 AND NOT EXISTS (SELECT 1 FROM journal)";

/// The fence: `first_seq` is read off the predecessor, and is null, which the column refuses, if
/// there is none that fits. An `INSERT … SELECT … WHERE EXISTS` over the same table would say the
/// same, but SQLite then copies the body through a temporary table, which costs a third of the
/// commit of a large batch.
const INSERT_NEXT: &str = "INSERT INTO journal \
    (batch_no, ledger, first_seq, last_seq, epoch, prev_root, root, body) \
    VALUES ($1, $2, (SELECT last_seq + 1 FROM journal WHERE batch_no = $1 - 1 AND ledger = $2 \
        AND last_seq = $3 - 1 AND root = $6 AND epoch <= $5), $4, $5, $6, $7, $8)";

const INSERT_PRIVATE: &str =
    "INSERT INTO private (ledger, seq, field, salt, value) VALUES ($1, $2, $3, $4, $5)";

const KEEP_PRIVATE: &str = "INSERT INTO private (ledger, seq, field, salt, value) \
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (ledger, seq, field) DO NOTHING";

const ERASE_PRIVATE: &str = "DELETE FROM private WHERE ledger = $1 AND seq = $2 AND field = $3";

/// How a SQLite journal is opened.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// The ledger to begin if the file holds none yet; else the file says which one it holds.
    pub new_ledger: LedgerUuid,
    /// Growth of the write-ahead log after which it is moved into the database. 32 MiB: big enough
    /// that a page written again and again is moved once, small enough that the disk takes it
    /// within about a tenth of a second, for which commits have to share the disk.
    pub wal_soft_bytes: u64,
    /// Size of the write-ahead log beyond which appends wait until it is moved. 1 GiB: some
    /// seconds at full speed.
    pub wal_hard_bytes: u64,
    /// How long to wait for another connection's lock.
    pub busy_timeout: Duration,
    /// Number of reading connections.
    pub readers_max: u32,
}

impl SqliteOptions {
    /// The defaults, with a ledger to begin in an empty file.
    pub fn new(new_ledger: LedgerUuid) -> SqliteOptions {
        SqliteOptions {
            new_ledger,
            wal_soft_bytes: 32 << 20,
            wal_hard_bytes: 1 << 30,
            busy_timeout: Duration::from_secs(5),
            readers_max: 4,
        }
    }
}

pub(super) fn database(error: sqlx::Error) -> StoreError {
    let code = error.as_database_error().and_then(|error| error.code());
    // SQLITE_FULL.
    if code.as_deref() == Some("13") {
        StoreError::Full(error.into())
    } else {
        StoreError::Database(error.into())
    }
}

fn integer(column: &'static str, value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::Malformed { column })
}

/// The writer of a journal in a SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    ledger: LedgerUuid,
    /// How the connection is made that writes.
    connect: SqliteConnectOptions,
    /// `None` after a failure.
    connection: Option<SqliteConnection>,
    checkpointer: Checkpointer,
    reader: Arc<SqliteReader>,
    /// Held as long as the store; `None` only in tests of two writers.
    _lock: Option<File>,
}

fn connect_options(folder: &Path, options: &SqliteOptions) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(folder.join(DATABASE_FILE))
        .busy_timeout(options.busy_timeout)
        .page_size(PAGE_BYTES)
        .disable_statement_logging()
}

impl SqliteStore {
    /// Opens the journal in a data folder, and makes both where they are missing. Must run within
    /// a tokio runtime, on which the checkpointing task is started.
    ///
    /// # Errors
    /// The folder is in use by another process, or cannot be used.
    pub async fn open(folder: &Path, options: &SqliteOptions) -> Result<SqliteStore, OpenError> {
        let lock = lock(folder)?;
        Self::open_with(folder, options, Some(lock)).await
    }

    /// Opens the journal in a data folder for reading only, also beside the process that writes it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub async fn read_only(
        folder: &Path,
        options: &SqliteOptions,
    ) -> Result<Option<(LedgerUuid, Arc<dyn StoreReader>)>, OpenError> {
        let pool = reading_pool(connect_options(folder, options), options);
        let mut connection = pool.acquire().await.map_err(database)?;
        let Some(ledger) = ledger_of(&mut connection).await? else {
            return Ok(None);
        };
        drop(connection);
        Ok(Some((ledger, Arc::new(SqliteReader::new(ledger, pool)))))
    }

    async fn open_with(
        folder: &Path,
        options: &SqliteOptions,
        lock: Option<File>,
    ) -> Result<SqliteStore, OpenError> {
        let connect = connect_options(folder, options);
        let writing = writing_options(&connect, options);
        let mut connection = first_connection(&writing).await?;
        let ledger = ledger_of(&mut connection)
            .await?
            .unwrap_or(options.new_ledger);
        let checkpointer = Checkpointer::start(&connect, options).await?;
        let pool = reading_pool(connect, options);
        Ok(SqliteStore {
            ledger,
            connect: writing,
            connection: Some(connection),
            checkpointer,
            reader: Arc::new(SqliteReader::new(ledger, pool)),
            _lock: lock,
        })
    }
}

impl SqliteStore {
    /// The connection to write on: the one there is, or a new one.
    async fn take_connection(&mut self) -> Result<SqliteConnection, StoreError> {
        match self.connection.take() {
            Some(connection) => Ok(connection),
            None => self.connect.connect().await.map_err(database),
        }
    }

    /// Keeps a connection that is good, and closes one that is not, which lets go of its locks.
    async fn put_back(&mut self, connection: SqliteConnection, good: bool) {
        if good {
            self.connection = Some(connection);
        } else if let Err(error) = connection.close().await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "a connection that had failed was not closed cleanly");
        }
    }
}

fn reading_pool(connect: SqliteConnectOptions, options: &SqliteOptions) -> SqlitePool {
    PoolOptions::<Sqlite>::new()
        .max_connections(options.readers_max)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(connect.read_only(true))
}

/// How the connection that writes is made.
fn writing_options(
    connect: &SqliteConnectOptions,
    options: &SqliteOptions,
) -> SqliteConnectOptions {
    let size_limit = options.wal_soft_bytes.saturating_mul(4);
    connect
        .clone()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", "0")
        .pragma("journal_size_limit", size_limit.to_string())
        // Kibibytes. A batch of the greatest size stays in memory until it is committed.
        .pragma("cache_size", "-16384")
        // Erased personal data is overwritten with zeros.
        .pragma("secure_delete", "ON")
}

/// Makes the file and its tables where they are missing, and the connection that will write.
async fn first_connection(connect: &SqliteConnectOptions) -> Result<SqliteConnection, OpenError> {
    // A pool of one, because a migrator on a plain connection makes a future that cannot be sent
    // between threads.
    let pool = PoolOptions::<Sqlite>::new().max_connections(1);
    let pool = pool.connect_with(connect.clone()).await;
    let pool = pool.map_err(database)?;
    let migrated = MIGRATIONS.run(&pool).await;
    migrated.map_err(|error| OpenError::Migration(Box::new(error)))?;
    let connection = pool.acquire().await.map_err(database)?.detach();
    pool.close().await;
    Ok(connection)
}

async fn ledger_of(connection: &mut SqliteConnection) -> Result<Option<LedgerUuid>, StoreError> {
    let row = sqlx::query("SELECT ledger FROM journal ORDER BY batch_no LIMIT 1")
        .fetch_optional(connection)
        .await
        .map_err(database)?;
    let Some(row) = row else {
        return Ok(None);
    };
    let ledger: &[u8] = row.try_get(0).map_err(database)?;
    let ledger = ledger
        .try_into()
        .map_err(|_| StoreError::Malformed { column: "ledger" })?;
    Ok(Some(ledger))
}

/// Inserts one row behind its predecessor.
async fn insert_row(
    tx: &mut Transaction<'_, Sqlite>,
    ledger: &LedgerUuid,
    row: &Row,
) -> Result<(), AppendError> {
    let head = &row.head;
    let number = |column, value| integer(column, value).map_err(AppendError::Failed);
    let sql = if head.batch_no == 0 {
        INSERT_FIRST
    } else {
        INSERT_NEXT
    };
    let inserted = sqlx::query(sql)
        .bind(number("batch_no", head.batch_no)?)
        .bind(ledger.as_slice())
        .bind(number("first_seq", head.first_seq)?)
        .bind(number("last_seq", head.last_seq)?)
        .bind(number("epoch", head.epoch)?)
        .bind(head.prev_root.as_slice())
        .bind(head.root.as_slice())
        .bind(row.body.as_slice())
        .execute(&mut **tx)
        .await;
    let batch_no = head.batch_no;
    match inserted {
        Ok(done) if done.rows_affected() == 1 => Ok(()),
        Ok(_) => Err(AppendError::Fenced {
            batch_no,
            source: None,
        }),
        Err(sqlx::Error::Database(error)) if is_fence(error.kind()) => Err(AppendError::Fenced {
            batch_no,
            source: Some(StoreError::Database(error)),
        }),
        Err(error) => Err(AppendError::Failed(database(error))),
    }
}

/// A place that is taken, or a predecessor that is not there.
fn is_fence(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UniqueViolation | ErrorKind::NotNullViolation
    )
}

async fn insert_private(
    connection: &mut SqliteConnection,
    sql: &'static str,
    ledger: &LedgerUuid,
    row: &PrivateRow,
) -> Result<(), StoreError> {
    sqlx::query(sql)
        .bind(ledger.as_slice())
        .bind(integer("seq", row.key.seq)?)
        .bind(row.key.field)
        .bind(row.opening.salt.as_slice())
        .bind(&*row.opening.value)
        .execute(connection)
        .await
        .map_err(database)?;
    Ok(())
}

/// Writes an append as one transaction.
async fn write(
    connection: &mut SqliteConnection,
    ledger: &LedgerUuid,
    rows: &[Row],
    private: &[PrivateRow],
) -> Result<(), AppendError> {
    // A deferred transaction could not wait for the lock once it has read.
    let begun = connection.begin_with("BEGIN IMMEDIATE").await;
    let mut tx = begun.map_err(|error| AppendError::Failed(database(error)))?;
    for row in rows {
        insert_row(&mut tx, ledger, row).await?;
    }
    for row in private {
        let inserted = insert_private(&mut tx, INSERT_PRIVATE, ledger, row).await;
        inserted.map_err(AppendError::Failed)?;
    }
    let committed = tx.commit().await;
    committed.map_err(|error| AppendError::Unknown(database(error)))
}

async fn erase(
    connection: &mut SqliteConnection,
    ledger: &LedgerUuid,
    keys: &[PrivateKey],
) -> Result<u64, StoreError> {
    let begun = connection.begin_with("BEGIN IMMEDIATE").await;
    let mut tx = begun.map_err(database)?;
    let mut erased = 0;
    for key in keys {
        let deleted = sqlx::query(ERASE_PRIVATE)
            .bind(ledger.as_slice())
            .bind(integer("seq", key.seq)?)
            .bind(key.field)
            .execute(&mut *tx)
            .await
            .map_err(database)?;
        erased += deleted.rows_affected();
    }
    tx.commit().await.map_err(database)?;
    Ok(erased)
}

/// What an append adds to the write-ahead log, roughly.
fn log_bytes(rows: &[Row], private: &[PrivateRow]) -> u64 {
    let page = u64::from(PAGE_BYTES);
    let bodies: u64 = rows.iter().map(|row| row.body.len() as u64 + page).sum();
    let private: u64 = private
        .iter()
        .map(|row| row.opening.value.len() as u64 + 64)
        .sum();
    bodies + private + PAGES_PER_APPEND * page
}

#[async_trait]
impl Store for SqliteStore {
    fn ledger(&self) -> LedgerUuid {
        self.ledger
    }

    async fn append(&mut self, rows: &[Row], private: &[PrivateRow]) -> Result<(), AppendError> {
        assert!(!rows.is_empty(), "an append has at least one row");
        let mut connection = self.take_connection().await.map_err(AppendError::Failed)?;
        let turn = self.checkpointer.turn().await;
        let written = write(&mut connection, &self.ledger, rows, private).await;
        drop(turn);
        self.put_back(connection, written.is_ok()).await;
        if written.as_ref().is_err_and(AppendError::is_full) {
            // Moved into the database, the log takes no room, and most of its pages are copies.
            self.checkpointer.empty_the_log();
        }
        written?;
        self.checkpointer.grown(log_bytes(rows, private));
        Ok(())
    }

    async fn head(&mut self) -> Result<Option<RowHead>, StoreError> {
        let mut connection = self.take_connection().await?;
        let head = head_of(&mut connection).await;
        self.put_back(connection, head.is_ok()).await;
        head
    }

    async fn erase_private(&mut self, keys: &[PrivateKey]) -> Result<u64, StoreError> {
        let mut connection = self.take_connection().await?;
        let turn = self.checkpointer.turn().await;
        let erased = erase(&mut connection, &self.ledger, keys).await;
        drop(turn);
        self.put_back(connection, erased.is_ok()).await;
        let erased = erased?;
        // The log still holds older copies of the pages.
        self.checkpointer.empty_the_log();
        Ok(erased)
    }

    async fn keep_private(&mut self, row: &PrivateRow) -> Result<(), StoreError> {
        let mut connection = self.take_connection().await?;
        let turn = self.checkpointer.turn().await;
        let kept = insert_private(&mut connection, KEEP_PRIVATE, &self.ledger, row).await;
        drop(turn);
        self.put_back(connection, kept.is_ok()).await;
        kept
    }

    fn reader(&self) -> Arc<dyn StoreReader> {
        self.reader.clone()
    }

    async fn close(self: Box<Self>) -> Result<(), StoreError> {
        let SqliteStore {
            connection,
            checkpointer,
            reader,
            _lock,
            ..
        } = *self;
        reader.close().await;
        checkpointer.stop().await?;
        // The last connection to close moves the rest of the log and removes it.
        match connection {
            Some(connection) => connection.close().await.map_err(database),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
