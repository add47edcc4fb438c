//! The read model: plain SQL tables that follow from the journal, for lists, search and reports.
//!
//! A [`Projector`] reads committed rows in order and writes many rows per statement; in the same
//! transaction it moves the position up to which the tables are. Tables that belong to another
//! past than the journal's are emptied and made anew. [`Views`] answers lists.
//!
//! May import `domain`, the engine's events and books, the journal, sqlx.

mod accounts;
mod anew;
#[cfg(test)]
mod bounds;
mod changes;
mod columns;
mod concerns;
mod database;
mod events;
mod filter;
mod history;
mod lists;
mod log;
mod projector;
mod resource;
mod runs;
mod schema;
mod search;
mod sql;
mod standing;
mod write;

use std::path::Path;
use std::sync::Arc;

pub use accounts::{AccountDay, AccountSum, account_place};
pub use events::mask_account;
pub use history::About;
pub use lists::{Compare, Filter, FilterValue, Listed, Page, Reach, Resource};
pub use projector::Projector;
pub use search::{APPLICANT_TEXT, HOLDER_TEXT, Sought};
pub use standing::{condition_of, kind_condition_of};

use crate::journal::{Database, DriverError, LedgerUuid, StoreError, StoreReader};
use database::Tables;
use schema::Part;

/// Why the views cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ViewsError {
    /// The database of the tables failed.
    #[error("the database of the views failed")]
    Database(#[source] DriverError),
    /// The database of the tables says nothing.
    #[error("the database of the views has not answered for {} s", .0.as_secs())]
    Silent(std::time::Duration),
    /// The tables are damaged, or not those of this version.
    #[error(
        "the views are damaged or of another version; `quantong views rebuild` makes them anew"
    )]
    Unreadable(#[source] DriverError),
    /// The journal cannot be read.
    #[error("the journal cannot be read")]
    Store(#[from] StoreError),
    /// A row of the journal is damaged or of newer software.
    #[error("batch {batch_no} of the journal cannot be read: {what}")]
    Journal {
        /// The row.
        batch_no: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The tables lack what the journal says they hold.
    #[error("a row of {0} is missing or malformed; make the views anew")]
    Missing(&'static str),
    /// A task has ended, or an error came before.
    #[error("the projector has stopped")]
    Stopped,
    /// Another projector writes the same tables.
    #[error("another process keeps these views")]
    Moved,
}

/// Up to where the tables are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Number of batches read.
    pub batches: u64,
    /// Number of events read.
    pub events: u64,
    /// Root over these events, in hexadecimal.
    pub root: String,
}

impl Position {
    /// Before the first event.
    pub const START: Position = Position {
        batches: 0,
        events: 0,
        root: String::new(),
    };
}

/// The tables.
#[derive(Clone, Debug)]
pub struct Views {
    tables: Tables,
}

impl Views {
    /// Opens the tables, and makes them where they are missing: a file in the data folder, or
    /// tables beside the journal's.
    ///
    /// # Errors
    /// The database cannot be used.
    pub async fn open(database: &Database, folder: &Path) -> Result<Views, ViewsError> {
        let tables = Tables::open(database, folder).await?;
        Ok(Views { tables })
    }

    /// As [`Views::open`], and makes files anew that cannot be read, with a warning: what can be
    /// derived stops no ledger. Only for the process that holds the lock of the data folder.
    ///
    /// # Errors
    /// The database cannot be used.
    pub async fn open_or_mend(database: &Database, folder: &Path) -> Result<Views, ViewsError> {
        let tables = Tables::open_or_mend(database, folder).await?;
        Ok(Views { tables })
    }

    /// Takes away whatever there is of the tables, damaged or not, and makes empty ones. Only for
    /// the process that holds the lock of the data folder, while no node leads.
    ///
    /// # Errors
    /// The database cannot be used, or on PostgreSQL somebody has the tables in a transaction or
    /// other views upon them.
    pub async fn anew(database: &Database, folder: &Path) -> Result<Views, ViewsError> {
        let tables = Tables::anew(database, folder).await?;
        Ok(Views { tables })
    }

    /// What keeps the tables up with a journal.
    ///
    /// # Errors
    /// The tables or the journal cannot be read.
    pub async fn projector(
        &self,
        reader: Arc<dyn StoreReader>,
        ledger: LedgerUuid,
    ) -> Result<Projector, ViewsError> {
        Projector::open(self.tables.clone(), reader, ledger).await
    }

    /// Up to where all tables are; the claims may be ahead of it.
    ///
    /// # Errors
    /// The tables cannot be read.
    pub async fn position(&self) -> Result<Position, ViewsError> {
        let found = projector::read_position(&self.tables, Part::Rest).await?;
        Ok(found.map_or(Position::START, |(_, position)| position))
    }

    /// True if rows that were written may be gone while this process runs: PostgreSQL commits them
    /// without waiting for its disk, so that a crash takes the last ones back.
    pub fn may_go_back(&self) -> bool {
        matches!(self.tables, Tables::Postgres { .. })
    }

    /// Ends what a connection that fell silent has left under way in the database, which may hold
    /// locks for as long as the server hears nothing of its end.
    pub async fn end_silent(&self) {
        if let Err(error) = self.tables.end_silent().await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "what fell silent cannot be ended in the database");
        }
    }

    /// Every row of every table but the position as a JSON object, in the order of its text: what
    /// two sets of tables are compared by.
    ///
    /// # Errors
    /// The tables cannot be read.
    pub async fn dump(&self) -> Result<Vec<(&'static str, Vec<serde_json::Value>)>, ViewsError> {
        let mut dump = Vec::new();
        for table in schema::TABLES.iter().chain(schema::JOINED) {
            let object = self.tables.dialect().row_of(table, "");
            let sql = format!("SELECT CAST({object} AS TEXT) FROM {}", table.name);
            let texts = self.tables.all_texts(&sql).await?;
            let parsed = texts.iter().map(|text| serde_json::from_str(text));
            let rows: Result<Vec<serde_json::Value>, _> = parsed.collect();
            let mut rows = rows.map_err(|_| ViewsError::Missing(table.name))?;
            rows.sort_by_key(ToString::to_string);
            dump.push((table.name, rows));
        }
        Ok(dump)
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.tables.close().await;
    }
}
