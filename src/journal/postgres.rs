//! The journal in a PostgreSQL database.
//!
//! Durability: `synchronous_commit` is `on` or stronger in every writing session, whatever the
//! server's or the role's default is, so that an append has returned only after the server has
//! flushed its log, and those of its synchronous replicas.
//!
//! The fence is in the insert: a row goes in only where the row before it is there with the
//! preceding number, last event and root and no higher epoch. Of two writers with the same
//! predecessor the second waits at the unique keys for the first and is then refused; so a writer
//! that is cut off, with a transaction that the server has not ended yet, can hold up its successor
//! but never slip in behind it.
//!
//! A connection that has failed in any way is thrown away, and a new one is made when it is
//! needed. What was sent on it may still be carried out by the server: such an append is `Unknown`.
//!
//! Nothing is used that databases with the same protocol lack, see `migrations/postgres`.

mod held;
mod lease;
mod reader;
mod schema;
mod url;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sqlx::error::ErrorKind;
use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgRow};
use sqlx::query::Query;
use sqlx::{ConnectOptions, Connection, Postgres, Row as _};

use super::lease::Lease;
use super::open::{OpenError, beside, lock};
use super::row::{Row, RowHead};
use super::store::{
    AppendError, LedgerUuid, PrivateKey, PrivateRow, Store, StoreError, StoreReader,
};
pub(crate) use held::Held;
use lease::PostgresLease;
use reader::{PostgresReader, head_of};
pub use url::{PostgresUrl, PostgresUrlError};

const INSERT_FIRST: &str = "INSERT INTO journal \
    (batch_no, ledger, first_seq, last_seq, epoch, prev_root, root, body) \
    SELECT $1, $2, $3, $4, $5, $6, $7, $8 \
    WHERE $1 = 0 AND $3 = 0 AND NOT EXISTS (SELECT 1 FROM journal WHERE ledger = $2)";

const INSERT_NEXT: &str = "INSERT INTO journal \
    (batch_no, ledger, first_seq, last_seq, epoch, prev_root, root, body) \
    SELECT $1, $2, $3, $4, $5, $6, $7, $8 \
    WHERE EXISTS (SELECT 1 FROM journal WHERE ledger = $2 AND batch_no = $1 - 1 \
        AND last_seq = $3 - 1 AND root = $6 AND epoch <= $5)";

const INSERT_PRIVATE: &str = "INSERT INTO private (ledger, seq, field, salt, value) \
    SELECT $1, seq, field, salt, value \
    FROM unnest($2, $3, $4, $5) AS opening (seq, field, salt, value)";

const KEEP_PRIVATE: &str = "INSERT INTO private (ledger, seq, field, salt, value) \
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (ledger, seq, field) DO NOTHING";

const ERASE_PRIVATE: &str = "DELETE FROM private WHERE ledger = $1 \
    AND (seq, field) IN (SELECT seq, field FROM unnest($2, $3) AS opening (seq, field))";

/// Settings of a writing session. Without a limit on statements: one that ends a commit while it
/// waits for a replica would have it acknowledged without that replica. A transaction whose writer
/// has stopped in the middle is ended before its lease is, so that it does not hold up the next
/// writer.
const WRITING_SESSION: &str = "SELECT \
    set_config('synchronous_commit', CASE current_setting('synchronous_commit') \
        WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false), \
    set_config('statement_timeout', '0', false), \
    set_config('idle_in_transaction_session_timeout', '2s', false)";

/// After this long without a word the writing connection is tried before it is used: if the server
/// was restarted meanwhile, the append is sent on a new one instead of getting an unknown outcome.
const IDLE: Duration = Duration::from_secs(1);

/// How long PostgreSQL may take to answer: many times what a batch of the greatest size takes, and
/// short enough that clients hear of a server that has vanished.
pub(crate) const ANSWER: Duration = Duration::from_secs(30);

/// How a PostgreSQL journal is opened.
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    /// The database.
    pub url: PostgresUrl,
    /// The ledger to begin if the database holds none yet; else the database says which one it
    /// holds.
    pub new_ledger: LedgerUuid,
    /// How long to wait for a connection.
    pub connect_timeout: Duration,
    /// How long to wait for an answer; 30 s if nothing else is asked for.
    pub answer_timeout: Duration,
    /// Number of reading connections.
    pub readers_max: u32,
}

impl PostgresOptions {
    /// The defaults, with a ledger to begin in an empty database.
    pub fn new(url: PostgresUrl, new_ledger: LedgerUuid) -> PostgresOptions {
        PostgresOptions {
            url,
            new_ledger,
            connect_timeout: Duration::from_secs(5),
            answer_timeout: ANSWER,
            readers_max: 4,
        }
    }
}

/// The database server took too long.
#[derive(Debug, thiserror::Error)]
#[error("no answer within {} seconds", .0.as_secs())]
struct Late(Duration);

fn late(limit: Duration) -> StoreError {
    StoreError::Database(Late(limit).into())
}

fn database(error: sqlx::Error) -> StoreError {
    let code = error.as_database_error().and_then(|error| error.code());
    // disk_full.
    if code.as_deref() == Some("53100") {
        StoreError::Full(error.into())
    } else {
        StoreError::Database(error.into())
    }
}

fn integer(column: &'static str, value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::Malformed { column })
}

fn bytes<const N: usize>(
    row: &PgRow,
    index: usize,
    column: &'static str,
) -> Result<[u8; N], StoreError> {
    let value: &[u8] = row.try_get(index).map_err(database)?;
    value
        .try_into()
        .map_err(|_| StoreError::Malformed { column })
}

/// Waits for the database, but not for ever.
pub(super) async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(limit, answer).await {
        Ok(answer) => answer.map_err(database),
        Err(_) => Err(late(limit)),
    }
}

/// How connections are made, and how long is waited for them.
#[derive(Clone, Debug)]
struct Access {
    url: PostgresUrl,
    connect_timeout: Duration,
    answer_timeout: Duration,
}

impl Access {
    fn options(&self) -> PgConnectOptions {
        let options = self.url.options();
        match options.get_application_name() {
            Some(_) => options,
            None => options.application_name("quantong"),
        }
    }

    async fn connect(&self) -> Result<PgConnection, StoreError> {
        within(self.connect_timeout, self.options().connect()).await
    }

    /// A connection for the first time, when the operator is there to hear what is wrong.
    async fn first(options: &PostgresOptions) -> Result<(Access, PgConnection), OpenError> {
        let access = Access {
            url: options.url.clone(),
            connect_timeout: options.connect_timeout,
            answer_timeout: options.answer_timeout,
        };
        match access.connect().await {
            Ok(connection) => Ok((access, connection)),
            Err(StoreError::Database(source)) => Err(OpenError::Unreachable {
                database: access.url.to_string(),
                source,
            }),
            Err(error) => Err(error.into()),
        }
    }

    fn reader(&self, ledger: LedgerUuid, options: &PostgresOptions) -> PostgresReader {
        let pool = PoolOptions::<Postgres>::new()
            .max_connections(options.readers_max)
            .acquire_timeout(options.connect_timeout)
            .max_lifetime(None)
            .connect_lazy_with(self.options());
        PostgresReader::new(ledger, pool, options.answer_timeout)
    }

    /// Makes a connection one to write on.
    async fn writing(&self, mut connection: PgConnection) -> Result<PgConnection, StoreError> {
        let set = sqlx::query(WRITING_SESSION).execute(&mut connection);
        within(self.answer_timeout, set).await?;
        Ok(connection)
    }
}

/// The writer of a journal in a PostgreSQL database.
#[derive(Debug)]
pub struct PostgresStore {
    ledger: LedgerUuid,
    access: Access,
    /// `None` after a failure.
    connection: Option<PgConnection>,
    used: Instant,
    reader: Arc<PostgresReader>,
    lease: Arc<PostgresLease>,
    /// Held as long as the store.
    _lock: Option<File>,
}

impl PostgresStore {
    /// Opens the journal in a database, and makes its tables where they are missing.
    ///
    /// # Errors
    /// The database cannot be reached, or holds something else.
    pub async fn open(options: &PostgresOptions) -> Result<PostgresStore, OpenError> {
        let (access, mut connection) = Access::first(options).await?;
        schema::make(&mut connection, &access.url).await?;
        let ledger = schema::ledger_of(&mut connection, &access.url).await?;
        let ledger = ledger.unwrap_or(options.new_ledger);
        warn_of_weakness(&mut connection).await;
        let connection = access.writing(connection).await?;
        Ok(PostgresStore {
            ledger,
            reader: Arc::new(access.reader(ledger, options)),
            lease: Arc::new(PostgresLease::new(&access)),
            access,
            connection: Some(connection),
            used: Instant::now(),
            _lock: None,
        })
    }

    /// The same with a data folder beside it, which this process locks and in which the checkpoint
    /// file stands.
    ///
    /// # Errors
    /// The folder is in use or holds a journal of its own; else as [`PostgresStore::open`].
    pub async fn open_beside(
        folder: &Path,
        options: &PostgresOptions,
    ) -> Result<PostgresStore, OpenError> {
        beside(folder, &options.url)?;
        let locked = lock(folder)?;
        let mut store = Self::open(options).await?;
        store._lock = Some(locked);
        Ok(store)
    }

    /// Opens the journal for reading only, also beside the process that writes it. `None` if the
    /// database holds no ledger. Makes nothing.
    ///
    /// # Errors
    /// As [`PostgresStore::open`].
    pub async fn read_only(
        options: &PostgresOptions,
    ) -> Result<Option<(LedgerUuid, Arc<dyn StoreReader>)>, OpenError> {
        let (access, mut connection) = Access::first(options).await?;
        let ledger = match schema::inspect(&mut connection, &access.url).await? {
            schema::Schema::None => None,
            schema::Schema::Older | schema::Schema::Current => {
                schema::ledger_of(&mut connection, &access.url).await?
            }
        };
        within(access.connect_timeout, connection.close()).await?;
        Ok(ledger.map(|ledger| {
            let reader: Arc<dyn StoreReader> = Arc::new(access.reader(ledger, options));
            (ledger, reader)
        }))
    }

    /// The connection to write on: the one there is, or a new one. It is taken out; who has come
    /// to a good end puts it back.
    async fn take_connection(&mut self) -> Result<PgConnection, StoreError> {
        if let Some(mut connection) = self.connection.take() {
            let idle = self.used.elapsed() >= IDLE;
            if !idle
                || within(self.access.connect_timeout, connection.ping())
                    .await
                    .is_ok()
            {
                return Ok(connection);
            }
            tracing::info!("the connection to the database was lost while it was idle");
        }
        let connection = self.access.connect().await?;
        self.access.writing(connection).await
    }

    fn keep_connection(&mut self, connection: PgConnection) {
        self.connection = Some(connection);
        self.used = Instant::now();
    }
}

/// Says if the server is set so that it may lose what it has acknowledged.
async fn warn_of_weakness(connection: &mut PgConnection) {
    // A compatible database that does not know the setting has no such weakness to tell.
    let setting = sqlx::query("SELECT current_setting('fsync')")
        .fetch_one(connection)
        .await;
    let fsync = setting.and_then(|row| row.try_get::<String, _>(0));
    if fsync.is_ok_and(|fsync| fsync == "off") {
        tracing::warn!("the database server runs with fsync=off: a power failure loses data");
    }
}

fn insert<'q>(
    ledger: &'q LedgerUuid,
    row: &'q Row,
) -> Result<Query<'q, Postgres, PgArguments>, StoreError> {
    let head = &row.head;
    let sql = if head.batch_no == 0 {
        INSERT_FIRST
    } else {
        INSERT_NEXT
    };
    Ok(sqlx::query(sql)
        .bind(integer("batch_no", head.batch_no)?)
        .bind(ledger.as_slice())
        .bind(integer("first_seq", head.first_seq)?)
        .bind(integer("last_seq", head.last_seq)?)
        .bind(integer("epoch", head.epoch)?)
        .bind(head.prev_root.as_slice())
        .bind(head.root.as_slice())
        .bind(row.body.as_slice()))
}

/// Inserts one row behind its predecessor. Within a transaction every error is a failure; where
/// the statement is a transaction of its own, some leave the outcome unknown.
async fn insert_row(
    connection: &mut PgConnection,
    ledger: &LedgerUuid,
    row: &Row,
    failure: fn(sqlx::Error) -> AppendError,
) -> Result<(), AppendError> {
    let batch_no = row.head.batch_no;
    let query = insert(ledger, row).map_err(AppendError::Failed)?;
    match query.execute(connection).await {
        Ok(done) if done.rows_affected() == 1 => Ok(()),
        Ok(_) => Err(AppendError::Fenced {
            batch_no,
            source: None,
        }),
        Err(sqlx::Error::Database(error)) if error.kind() == ErrorKind::UniqueViolation => {
            Err(AppendError::Fenced {
                batch_no,
                source: Some(StoreError::Database(error)),
            })
        }
        Err(error) => Err(failure(error)),
    }
}

async fn insert_private(
    connection: &mut PgConnection,
    ledger: &LedgerUuid,
    private: &[PrivateRow],
) -> Result<(), AppendError> {
    let mut seqs = Vec::with_capacity(private.len());
    for row in private {
        seqs.push(integer("seq", row.key.seq).map_err(AppendError::Failed)?);
    }
    let fields: Vec<i32> = private.iter().map(|row| row.key.field.into()).collect();
    let salts: Vec<&[u8]> = private.iter().map(|row| &row.opening.salt[..]).collect();
    let values: Vec<&str> = private.iter().map(|row| &*row.opening.value).collect();
    sqlx::query(INSERT_PRIVATE)
        .bind(ledger.as_slice())
        .bind(seqs)
        .bind(fields)
        .bind(salts)
        .bind(values)
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(())
}

fn failed(error: sqlx::Error) -> AppendError {
    AppendError::Failed(database(error))
}

fn unknown(error: sqlx::Error) -> AppendError {
    AppendError::Unknown(database(error))
}

/// Whether a statement that is a transaction of its own has certainly done nothing. The server says
/// so with an error of one of these classes: data, constraints, state of the transaction, rollback,
/// rights and syntax, resources. Without the server's word, or with a word about its own end, it
/// may have been committed.
fn failed_or_unknown(error: sqlx::Error) -> AppendError {
    let code = error.as_database_error().and_then(|error| error.code());
    let certain = code.is_some_and(|code| {
        let class = code.get(..2).unwrap_or_default();
        // 40003: the database itself does not know whether the statement was completed.
        matches!(class, "22" | "23" | "25" | "40" | "42" | "53") && code != "40003"
    });
    if certain {
        failed(error)
    } else {
        unknown(error)
    }
}

/// Writes an append as one transaction. If it fails, nothing of it is open on the connection.
async fn write(
    connection: &mut PgConnection,
    ledger: &LedgerUuid,
    rows: &[Row],
    private: &[PrivateRow],
) -> Result<(), AppendError> {
    if let ([row], []) = (rows, private) {
        // A statement alone is a transaction: one turn of the network instead of three.
        return insert_row(connection, ledger, row, failed_or_unknown).await;
    }
    let mut tx = connection.begin().await.map_err(failed)?;
    let mut written = Ok(());
    for row in rows {
        written = insert_row(&mut tx, ledger, row, failed).await;
        if written.is_err() {
            break;
        }
    }
    if written.is_ok() && !private.is_empty() {
        written = insert_private(&mut tx, ledger, private).await;
    }
    match written {
        Ok(()) => tx.commit().await.map_err(unknown),
        // The keys of the rows before would hold up the next writer until they are let go.
        Err(error) => match tx.rollback().await {
            Ok(()) => Err(error),
            Err(broken) => Err(failed(broken)),
        },
    }
}

#[async_trait]
impl Store for PostgresStore {
    fn ledger(&self) -> LedgerUuid {
        self.ledger
    }

    async fn append(&mut self, rows: &[Row], private: &[PrivateRow]) -> Result<(), AppendError> {
        assert!(!rows.is_empty(), "an append has at least one row");
        let taken = self.take_connection().await;
        let mut connection = taken.map_err(AppendError::Failed)?;
        let limit = self.access.answer_timeout;
        let writing = write(&mut connection, &self.ledger, rows, private);
        let outcome = match tokio::time::timeout(limit, writing).await {
            Ok(outcome) => outcome,
            Err(_) => Err(AppendError::Unknown(late(limit))),
        };
        if matches!(outcome, Ok(()) | Err(AppendError::Fenced { .. })) {
            self.keep_connection(connection);
        }
        outcome
    }

    async fn head(&mut self) -> Result<Option<RowHead>, StoreError> {
        let mut connection = self.take_connection().await?;
        let reading = head_of(&mut connection, &self.ledger);
        let head = within(self.access.answer_timeout, reading).await?;
        self.keep_connection(connection);
        head.as_ref().map(reader::read_head).transpose()
    }

    async fn erase_private(&mut self, keys: &[PrivateKey]) -> Result<u64, StoreError> {
        let mut seqs = Vec::with_capacity(keys.len());
        for key in keys {
            seqs.push(integer("seq", key.seq)?);
        }
        let fields: Vec<i32> = keys.iter().map(|key| key.field.into()).collect();
        let mut connection = self.take_connection().await?;
        let erasing = sqlx::query(ERASE_PRIVATE)
            .bind(self.ledger.as_slice())
            .bind(seqs)
            .bind(fields)
            .execute(&mut connection);
        let erased = within(self.access.answer_timeout, erasing).await?;
        self.keep_connection(connection);
        Ok(erased.rows_affected())
    }

    async fn keep_private(&mut self, row: &PrivateRow) -> Result<(), StoreError> {
        let mut connection = self.take_connection().await?;
        let keeping = sqlx::query(KEEP_PRIVATE)
            .bind(self.ledger.as_slice())
            .bind(integer("seq", row.key.seq)?)
            .bind(i32::from(row.key.field))
            .bind(row.opening.salt.as_slice())
            .bind(&*row.opening.value)
            .execute(&mut connection);
        within(self.access.answer_timeout, keeping).await?;
        self.keep_connection(connection);
        Ok(())
    }

    fn reader(&self) -> Arc<dyn StoreReader> {
        self.reader.clone()
    }

    fn lease(&self) -> Option<Arc<dyn Lease>> {
        Some(self.lease.clone())
    }

    async fn close(self: Box<Self>) -> Result<(), StoreError> {
        let limit = self.access.connect_timeout;
        let readers = async {
            self.reader.close().await;
            Ok(())
        };
        within(limit, readers).await?;
        self.lease.close().await?;
        match self.connection {
            Some(connection) => within(limit, connection.close()).await,
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
