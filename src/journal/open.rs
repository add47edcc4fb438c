//! Opening a journal wherever it stands.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::migrate::MigrateError;

use super::postgres::{PostgresOptions, PostgresStore, PostgresUrl};
use super::sqlite::{DATABASE_FILE, SqliteOptions, SqliteStore};
use super::store::{DriverError, LedgerUuid, Store, StoreError, StoreReader};

const LOCK_FILE: &str = "LOCK";

/// Why a journal could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the folder open.
    #[error("the data folder {0} is in use by another process")]
    InUse(PathBuf),
    /// The folder or its lock file could not be made or read.
    #[error("the data folder {folder} cannot be used")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The folder beside a database server holds a journal of its own.
    #[error(
        "the data folder {folder} holds a journal in SQLite; \
         give another one with --data for what stands beside {database}"
    )]
    OtherJournal {
        /// The folder.
        folder: PathBuf,
        /// The database that was asked for.
        database: String,
    },
    /// There is no connection to the database server.
    #[error("the database {database} cannot be reached")]
    Unreachable {
        /// The database, without password.
        database: String,
        /// What the driver said.
        #[source]
        source: DriverError,
    },
    /// The tables are those of a newer version.
    #[error("the tables in {database} are of version {version}, which this program does not know")]
    Newer {
        /// The database, without password.
        database: String,
        /// Number of the unknown migration.
        version: i64,
    },
    /// There are several ledgers in one database.
    #[error("the database {0} holds more than one ledger")]
    SeveralLedgers(String),
    /// The tables could not be made.
    #[error("the tables of the journal cannot be brought to this version")]
    Migration(#[source] Box<MigrateError>),
    /// The database answers with nonsense or not at all.
    #[error("the journal database cannot be opened")]
    Store(#[from] StoreError),
}

/// Locks a data folder for this process, and makes it where it is missing.
pub(super) fn lock(folder: &Path) -> Result<File, OpenError> {
    let unusable = |source| OpenError::Folder {
        folder: folder.to_owned(),
        source,
    };
    std::fs::create_dir_all(folder).map_err(unusable)?;
    let path = folder.join(LOCK_FILE);
    // Never truncated or removed: a process that waits for the lock holds the same file.
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(unusable)?;
    for tries_left in (0..LOCK_TRIES).rev() {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if tries_left > 0 => std::thread::sleep(LOCK_PAUSE),
            Err(TryLockError::WouldBlock) => break,
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
    }
    Err(OpenError::InUse(folder.to_owned()))
}

/// Fails where a folder holds a journal of its own, which a database server cannot stand beside.
pub(super) fn beside(folder: &Path, url: &PostgresUrl) -> Result<(), OpenError> {
    if folder.join(DATABASE_FILE).exists() {
        return Err(OpenError::OtherJournal {
            folder: folder.to_owned(),
            database: url.to_string(),
        });
    }
    Ok(())
}

/// How often a lock is tried: a process that has just ended, or a child that was started while it
/// held the lock and has not become another program yet, keeps it for some milliseconds more.
const LOCK_TRIES: u32 = 10;
/// How long between two tries: 0.2 s in all.
const LOCK_PAUSE: std::time::Duration = std::time::Duration::from_millis(20);

/// Where a journal stands. In either case a data folder belongs to it, which holds the checkpoint
/// file and is locked by the process that writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Database {
    /// In the data folder itself.
    #[default]
    Sqlite,
    /// On a database server.
    Postgres(PostgresUrl),
}

impl Database {
    /// Opens the journal and makes tables and folder where they are missing; `new_ledger` is the
    /// ledger to begin where there is none yet. Must run within a tokio runtime.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(
        &self,
        folder: &Path,
        new_ledger: LedgerUuid,
    ) -> Result<Box<dyn Store>, OpenError> {
        Ok(match self {
            Database::Sqlite => {
                Box::new(SqliteStore::open(folder, &SqliteOptions::new(new_ledger)).await?)
            }
            Database::Postgres(url) => {
                let options = PostgresOptions::new(url.clone(), new_ledger);
                Box::new(PostgresStore::open_beside(folder, &options).await?)
            }
        })
    }

    /// Opens a journal for reading only, also beside the process that writes it. Makes nothing and
    /// locks nothing. `None` if there is no ledger.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn read(
        &self,
        folder: &Path,
    ) -> Result<Option<(LedgerUuid, Arc<dyn StoreReader>)>, OpenError> {
        match self {
            Database::Sqlite if !folder.join(DATABASE_FILE).exists() => Ok(None),
            Database::Sqlite => SqliteStore::read_only(folder, &SqliteOptions::new([0; 16])).await,
            Database::Postgres(url) => {
                PostgresStore::read_only(&PostgresOptions::new(url.clone(), [0; 16])).await
            }
        }
    }

    /// True if the folder holds a journal in SQLite, be it empty.
    pub fn has_file(&self, folder: &Path) -> bool {
        folder.join(DATABASE_FILE).exists()
    }

    /// Fails where the folder holds a journal of its own beside a database server.
    ///
    /// # Errors
    /// [`OpenError::OtherJournal`].
    pub fn goes_with(&self, folder: &Path) -> Result<(), OpenError> {
        match self {
            Database::Postgres(url) => beside(folder, url),
            Database::Sqlite => Ok(()),
        }
    }

    /// True if there is a ledger. Makes nothing.
    ///
    /// # Errors
    /// The database server does not answer, or its tables are of a newer version.
    pub async fn has_ledger(&self, folder: &Path) -> Result<bool, OpenError> {
        match self {
            Database::Sqlite => Ok(folder.join(DATABASE_FILE).exists()),
            Database::Postgres(url) => {
                let options = PostgresOptions::new(url.clone(), [0; 16]);
                Ok(PostgresStore::read_only(&options).await?.is_some())
            }
        }
    }

    /// Where it is, for people; never with a password.
    pub fn place(&self, folder: &Path) -> String {
        match self {
            Database::Sqlite => folder.display().to_string(),
            Database::Postgres(url) => url.to_string(),
        }
    }
}
