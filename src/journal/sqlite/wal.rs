//! Keeps the write-ahead log of SQLite short without holding up commits.
//!
//! A commit that had to checkpoint would make everybody behind it wait for thousands of pages. So
//! the log is moved into the database by a task with its own connection, beside the appends. A log
//! starts over from its beginning only when all of it is moved, which never happens while appends
//! go on; therefore the task repeats until little is left and then takes the appends' turn for the
//! short rest. Beyond the hard bound it takes the turn however much is left, and appends wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row as _};
use tokio::sync::{Mutex, MutexGuard, Notify, watch};
use tokio::task::JoinHandle;

use super::super::store::StoreError;
use super::{PAGE_BYTES, SqliteOptions, database};

/// What may be left of the log when the task takes the appends' turn: about as much as one or two
/// batches of the greatest size, some ten milliseconds of work.
const REST_BYTES_MAX: u64 = 4 << 20;
/// How long a checkpoint that holds up the appends waits for a reader of the old log.
const READER_TIMEOUT: Duration = Duration::from_millis(250);

#[derive(Debug)]
struct Shared {
    /// Held by the writer for a transaction, and by the task for the end of a checkpoint. Fair, so
    /// that neither waits for more than one turn of the other.
    turn: Mutex<()>,
    wake: Notify,
    /// Bytes the log has grown since the task last looked, roughly.
    grown: AtomicU64,
    empty: AtomicBool,
    /// The task could not do its work, and tries again at the next growth however small.
    failed: AtomicBool,
    stop: AtomicBool,
    /// Number of times the task has looked after the log.
    rounds: watch::Sender<u64>,
}

/// The task and the way to talk to it. Dropping it leaves the log to the next process.
#[derive(Debug)]
pub(super) struct Checkpointer {
    shared: Arc<Shared>,
    wal_soft_bytes: u64,
    task: JoinHandle<Result<(), StoreError>>,
}

impl Checkpointer {
    pub(super) async fn start(
        connect: &SqliteConnectOptions,
        options: &SqliteOptions,
    ) -> Result<Checkpointer, StoreError> {
        let connection = connect
            .clone()
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(READER_TIMEOUT)
            .pragma("wal_autocheckpoint", "0")
            .connect()
            .await
            .map_err(database)?;
        let shared = Arc::new(Shared {
            turn: Mutex::new(()),
            wake: Notify::new(),
            grown: AtomicU64::new(0),
            empty: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            rounds: watch::Sender::new(0),
        });
        // A log left by a process that died is moved at once.
        shared.wake.notify_one();
        let worker = Worker {
            connection,
            shared: shared.clone(),
            wal_hard_bytes: options.wal_hard_bytes,
        };
        Ok(Checkpointer {
            shared,
            wal_soft_bytes: options.wal_soft_bytes,
            task: tokio::spawn(worker.run()),
        })
    }

    /// The right to write. Waits while a checkpoint ends.
    pub(super) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.shared.turn.lock().await
    }

    /// Tells that a commit has made the log longer.
    pub(super) fn grown(&self, bytes: u64) {
        let before = self.shared.grown.fetch_add(bytes, Ordering::Relaxed);
        let failed = self.shared.failed.swap(false, Ordering::AcqRel);
        if failed || before.saturating_add(bytes) >= self.wal_soft_bytes {
            self.shared.wake.notify_one();
        }
    }

    /// Asks for all of the log to be moved and its file to be emptied.
    pub(super) fn empty_the_log(&self) {
        self.shared.empty.store(true, Ordering::Release);
        self.shared.wake.notify_one();
    }

    /// Changes whenever the task has looked after the log.
    #[cfg(test)]
    pub(super) fn rounds(&self) -> watch::Receiver<u64> {
        self.shared.rounds.subscribe()
    }

    /// Ends the task and closes its connection.
    pub(super) async fn stop(mut self) -> Result<(), StoreError> {
        self.shared.stop.store(true, Ordering::Release);
        self.shared.wake.notify_one();
        match (&mut self.task).await {
            Ok(closed) => closed,
            Err(error) => Err(StoreError::Database(error.into())),
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What `PRAGMA wal_checkpoint` answers.
struct Progress {
    /// A reader or the writer stood in the way.
    busy: bool,
    log_bytes: u64,
    moved_bytes: u64,
}

struct Worker {
    connection: SqliteConnection,
    shared: Arc<Shared>,
    wal_hard_bytes: u64,
}

impl Worker {
    async fn run(mut self) -> Result<(), StoreError> {
        let mut told = false;
        loop {
            self.shared.wake.notified().await;
            if self.shared.stop.load(Ordering::Acquire) {
                return self.connection.close().await.map_err(database);
            }
            // The journal stays correct without checkpoints, so a failure is told and the next
            // growth tries again.
            let empty = self.shared.empty.swap(false, Ordering::AcqRel);
            let shortened = self.shorten(empty).await;
            let told_before = std::mem::replace(&mut told, shortened.is_err());
            if let Err(error) = shortened {
                self.shared.empty.fetch_or(empty, Ordering::AcqRel);
                self.shared.failed.store(true, Ordering::Release);
                if !told_before {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, "the write-ahead log could not be moved");
                }
            }
            self.shared.rounds.send_modify(|rounds| *rounds += 1);
        }
    }

    async fn checkpoint(&mut self, sql: &'static str) -> Result<Progress, StoreError> {
        let row = sqlx::query(sql).fetch_one(&mut self.connection).await;
        let row = row.map_err(database)?;
        let column = |index| row.try_get::<i64, _>(index).map_err(database);
        // Minus one where there is no log.
        let bytes = |pages: i64| u64::try_from(pages).unwrap_or(0) * u64::from(PAGE_BYTES);
        Ok(Progress {
            busy: column(0)? != 0,
            log_bytes: bytes(column(1)?),
            moved_bytes: bytes(column(2)?),
        })
    }

    async fn shorten(&mut self, empty: bool) -> Result<(), StoreError> {
        let mut moved_before = 0;
        loop {
            self.shared.grown.store(0, Ordering::Relaxed);
            let progress = self.checkpoint("PRAGMA wal_checkpoint(PASSIVE)").await?;
            let rest = progress.log_bytes.saturating_sub(progress.moved_bytes);
            if empty || rest <= REST_BYTES_MAX || progress.log_bytes >= self.wal_hard_bytes {
                break;
            }
            // A reader of an old state holds it up; it will be gone when the log has grown again.
            if progress.moved_bytes <= moved_before {
                return Ok(());
            }
            moved_before = progress.moved_bytes;
        }
        let shared = self.shared.clone();
        let _turn = shared.turn.lock().await;
        let progress = if empty {
            self.checkpoint("PRAGMA wal_checkpoint(TRUNCATE)").await?
        } else {
            self.checkpoint("PRAGMA wal_checkpoint(RESTART)").await?
        };
        if progress.busy {
            tracing::warn!(
                log_bytes = progress.log_bytes,
                "a reader holds the write-ahead log"
            );
            // Personal data was erased and must leave the log: try again after the next growth.
            self.shared.empty.fetch_or(empty, Ordering::AcqRel);
        }
        Ok(())
    }
}
