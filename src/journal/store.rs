//! What a database must do for the journal.
//!
//! The work is split in two. A [`Store`] is the one writer, owned by the commit stage; it takes
//! `&mut self`, so that batch N + 1 cannot be sent before N has its outcome. A [`StoreReader`]
//! reads on connections of its own; it is shared by cloning its `Arc` and serves reads of details,
//! verification, projection and followers while the writer writes. A reader sees a row as soon as
//! the append that wrote it has returned `Ok`, and may see it shortly before.
//!
//! Futures of the writer must be driven to their end: one that is dropped half way leaves the
//! outcome of its append unknown to everybody. Run them on a task that no client can cancel.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::PersonalOpening;

use super::lease::Lease;
use super::row::{Row, RowHead};

/// The UUID of a ledger.
pub type LedgerUuid = [u8; 16];

/// Where the opening of a commitment belongs. Ordered as it is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrivateKey {
    /// Position of the event that holds the commitment.
    pub seq: u64,
    /// Number of the field within the event.
    pub field: u16,
}

/// The opening of a commitment that stands in an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivateRow {
    /// Where it belongs.
    pub key: PrivateKey,
    /// Salt and value.
    pub opening: PersonalOpening,
}

/// How much [`StoreReader::rows_from`] reads at once. At least one row is read whatever its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimit {
    /// Number of rows.
    pub rows: u32,
    /// Sum of the bytes of their bodies.
    pub bytes: u64,
}

impl ReadLimit {
    /// For reading a journal from end to end: some ten batches of full size at a time.
    pub const SCAN: ReadLimit = ReadLimit {
        rows: 1_024,
        bytes: 16 << 20,
    };
}

/// A cause from the database driver.
pub type DriverError = Box<dyn Error + Send + Sync>;

/// The database could not answer, or holds what no version of this program writes.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed.
    #[error("the journal database failed")]
    Database(#[source] DriverError),
    /// There is no room for what is to be written.
    #[error("the disk of the journal database is full")]
    Full(#[source] DriverError),
    /// A column holds a value of impossible shape.
    #[error("column {column} of the journal database holds an impossible value")]
    Malformed {
        /// The column.
        column: &'static str,
    },
}

/// Why rows were not acknowledged. The three cases ask for different answers.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The predecessor is not there, or is not the one the row was made for: somebody else wrote,
    /// or this writer has lost its place. Nothing was committed, and the caller must recover
    /// before it sends anything again.
    #[error("batch {batch_no} does not follow what is in the journal")]
    Fenced {
        /// The first row that was refused.
        batch_no: u64,
        /// What the database said, where it was a violated key.
        #[source]
        source: Option<StoreError>,
    },
    /// It failed before the commit: certainly nothing was written.
    #[error("the append failed and nothing was written")]
    Failed(#[source] StoreError),
    /// The commit itself failed: the rows may be there or not. Only reading the head can tell.
    #[error("the outcome of the append is unknown")]
    Unknown(#[source] StoreError),
}

impl AppendError {
    /// True if there was no room for the rows.
    pub fn is_full(&self) -> bool {
        matches!(
            self,
            AppendError::Failed(StoreError::Full(_)) | AppendError::Unknown(StoreError::Full(_))
        )
    }
}

/// The one writer of a ledger's journal.
#[async_trait]
pub trait Store: Send {
    /// The ledger it writes.
    fn ledger(&self) -> LedgerUuid;

    /// Writes consecutive rows and the openings of their commitments in one durable transaction:
    /// all of it or nothing. The first row may follow only the newest one in the database, with
    /// an epoch not below its epoch; row 0 may enter an empty ledger only.
    ///
    /// # Errors
    /// See [`AppendError`]. After `Fenced` and `Unknown` the caller does not know what the journal
    /// holds and must read the head.
    ///
    /// # Panics
    /// There is no row.
    async fn append(&mut self, rows: &[Row], private: &[PrivateRow]) -> Result<(), AppendError>;

    /// The newest row without its body, as the writing connection sees it; `None` in an empty
    /// ledger.
    async fn head(&mut self) -> Result<Option<RowHead>, StoreError>;

    /// Deletes openings and returns how many were there. Erasing what is not there is no error, so
    /// that it can be repeated after a crash.
    async fn erase_private(&mut self, keys: &[PrivateKey]) -> Result<u64, StoreError>;

    /// Writes an opening that no event commits to, unless one stands under its key already: of
    /// several nodes that do so at once all find the same one afterwards.
    async fn keep_private(&mut self, row: &PrivateRow) -> Result<(), StoreError>;

    /// A reader of the same ledger. It outlives the writer, but not the writer's `close`.
    fn reader(&self) -> Arc<dyn StoreReader>;

    /// The lease of the database, where several nodes can share it.
    fn lease(&self) -> Option<Arc<dyn Lease>> {
        None
    }

    /// Writes back what the database keeps aside and closes all connections, the readers' too.
    async fn close(self: Box<Self>) -> Result<(), StoreError>;
}

/// Reads of a ledger's journal, concurrent with appends and with each other.
#[async_trait]
pub trait StoreReader: Send + Sync {
    /// The newest row without its body; `None` in an empty ledger.
    async fn head(&self) -> Result<Option<RowHead>, StoreError>;

    /// Rows with this number and after, by number; empty if there are none. Numbers that are
    /// missing are passed over: [`super::Chain`] finds them.
    async fn rows_from(&self, batch_no: u64, limit: ReadLimit) -> Result<Vec<Row>, StoreError>;

    /// The row that holds an event.
    async fn row_of_seq(&self, seq: u64) -> Result<Option<Row>, StoreError>;

    /// The row that holds an event, without its body.
    async fn head_of_seq(&self, seq: u64) -> Result<Option<RowHead>, StoreError>;

    /// The opening of a commitment; `None` if it was erased or never was.
    async fn private(&self, key: PrivateKey) -> Result<Option<PersonalOpening>, StoreError>;

    /// At most `limit` openings after a key, in order; from the first without one. For exports.
    async fn private_after(
        &self,
        after: Option<PrivateKey>,
        limit: u32,
    ) -> Result<Vec<PrivateRow>, StoreError>;
}

#[async_trait]
impl<S: Store + ?Sized> Store for Box<S> {
    fn ledger(&self) -> LedgerUuid {
        (**self).ledger()
    }

    async fn append(&mut self, rows: &[Row], private: &[PrivateRow]) -> Result<(), AppendError> {
        (**self).append(rows, private).await
    }

    async fn head(&mut self) -> Result<Option<RowHead>, StoreError> {
        (**self).head().await
    }

    async fn erase_private(&mut self, keys: &[PrivateKey]) -> Result<u64, StoreError> {
        (**self).erase_private(keys).await
    }

    async fn keep_private(&mut self, row: &PrivateRow) -> Result<(), StoreError> {
        (**self).keep_private(row).await
    }

    fn reader(&self) -> Arc<dyn StoreReader> {
        (**self).reader()
    }

    fn lease(&self) -> Option<Arc<dyn Lease>> {
        (**self).lease()
    }

    async fn close(self: Box<Self>) -> Result<(), StoreError> {
        (*self).close().await
    }
}
