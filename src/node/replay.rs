//! Replay: the state as the fold of the journal, with every root checked on the way.
//!
//! Three stages run side by side: rows are read, their chain and roots are checked, their leaves
//! are decoded and applied.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::domain::Seq;
use crate::engine::State;
use crate::engine::event::Event;
use crate::journal::codec::{self, LeafError};
use crate::journal::{
    Chain, HashKind, JournalFault, ReadLimit, Row, StoreError, StoreReader, frames, name_closely,
};

/// Groups of rows between two stages: each group is some 16 MiB.
const STAGE_GROUPS: usize = 2;

/// What a journal gives.
#[derive(Debug)]
pub struct Replayed {
    /// The state after the last event.
    pub state: State,
    /// The chain after the last row.
    pub chain: Chain,
    /// Number of events.
    pub events: u64,
    /// Origin line of the ledger's checkpoints; empty for an empty journal.
    pub origin: String,
    /// Time spent checking checksums, chain and roots.
    pub check: Duration,
    /// Time spent decoding and applying, beside the checks.
    pub apply: Duration,
}

/// Why a journal does not replay.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The database cannot be read.
    #[error("the journal cannot be read")]
    Store(#[from] StoreError),
    /// The chain is broken or a root does not match.
    #[error(transparent)]
    Fault(#[from] JournalFault),
    /// A leaf is no event that this software knows.
    #[error("event {seq} in batch {batch_no} cannot be decoded")]
    Leaf {
        /// Number of the row.
        batch_no: u64,
        /// The event.
        seq: u64,
        /// What is wrong with it.
        #[source]
        source: LeafError,
    },
    /// The first event is not the creation of a ledger.
    #[error("the journal does not begin with the creation of a ledger")]
    Genesis,
    /// An event contradicts the state before it.
    #[error("event {seq} in batch {batch_no} contradicts the events before it: {what}")]
    Contradiction {
        /// Number of the row.
        batch_no: u64,
        /// The event.
        seq: u64,
        /// What is contradicted.
        what: String,
    },
    /// The operating system gives no thread, or one ended.
    #[error("a thread of the replay has ended")]
    Thread,
}

/// Replays a whole journal. `progress` is told the number of events after each group of rows.
///
/// # Errors
/// The first thing that is wrong with the journal, by batch and event.
pub async fn replay(
    reader: Arc<dyn StoreReader>,
    mut progress: impl FnMut(u64) + Send + 'static,
) -> Result<Replayed, ReplayError> {
    let (kind, origin) = genesis(&*reader).await?;
    let (to_check, mut unchecked) = mpsc::channel::<Arc<Vec<Row>>>(STAGE_GROUPS);
    let (to_apply, mut unapplied) = mpsc::channel::<Arc<Vec<Row>>>(STAGE_GROUPS);
    let checker =
        tokio::task::spawn_blocking(move || -> Result<(Chain, Duration), JournalFault> {
            let mut chain = Chain::new(kind);
            let mut spent = Duration::ZERO;
            while let Some(rows) = unchecked.blocking_recv() {
                let start = Instant::now();
                for row in rows.iter() {
                    chain.check(row)?;
                }
                spent += start.elapsed();
            }
            Ok((chain, spent))
        });
    let applier = tokio::task::spawn_blocking(move || -> Result<(State, Duration), ReplayError> {
        let mut state = State::empty();
        let mut spent = Duration::ZERO;
        while let Some(rows) = unapplied.blocking_recv() {
            let start = Instant::now();
            for row in rows.iter() {
                apply_row(&mut state, row)?;
            }
            spent += start.elapsed();
            progress(state.next_seq().0);
        }
        Ok((state, spent))
    });
    let read = feed(&*reader, &to_check, &to_apply).await;
    drop((to_check, to_apply));
    let chain = checker.await.map_err(|_| ReplayError::Thread)?;
    let state = applier.await.map_err(|_| ReplayError::Thread)?;
    // A broken chain explains whatever else went wrong after it.
    let (chain, check) = match chain {
        Ok(checked) => checked,
        Err(fault) => return Err(name_closely(&*reader, fault).await?.into()),
    };
    read?;
    let (state, apply) = state?;
    let events = chain.next_seq();
    debug_assert_eq!(state.next_seq(), Seq(events));
    Ok(Replayed {
        state,
        chain,
        events,
        origin,
        check,
        apply,
    })
}

/// Reads rows in order and hands each group to both stages, until the end or until one stops.
async fn feed(
    reader: &dyn StoreReader,
    to_check: &mpsc::Sender<Arc<Vec<Row>>>,
    to_apply: &mpsc::Sender<Arc<Vec<Row>>>,
) -> Result<(), ReplayError> {
    let mut next = 0;
    loop {
        let rows = reader.rows_from(next, ReadLimit::SCAN).await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        next = last.head.batch_no + 1;
        let rows = Arc::new(rows);
        let checked = to_check.send(Arc::clone(&rows)).await;
        let applied = to_apply.send(rows).await;
        if checked.is_err() || applied.is_err() {
            return Ok(());
        }
    }
}

/// Hash of the ledger's tree and origin of its checkpoints, as its first event says.
async fn genesis(reader: &dyn StoreReader) -> Result<(HashKind, String), ReplayError> {
    // Where the first row is missing or damaged, the chain check says what is wrong with it.
    let unknown = (HashKind::Sha256, String::new());
    let rows = reader.rows_from(0, ReadLimit { rows: 1, bytes: 1 }).await?;
    let Some(row) = rows.first().filter(|row| row.head.batch_no == 0) else {
        return Ok(unknown);
    };
    let Some(Ok(leaf)) = frames(&row.body).next() else {
        return Ok(unknown);
    };
    match codec::decode(leaf).map(|recorded| recorded.event) {
        Ok(Event::LedgerCreated(e)) => {
            let kind = match e.hash {
                0 => HashKind::Sha256,
                1 => HashKind::Sm3,
                _ => return Err(ReplayError::Genesis),
            };
            Ok((kind, e.origin.as_str().to_owned()))
        }
        _ => Err(ReplayError::Genesis),
    }
}

/// Decodes and applies the leaves of one row.
///
/// # Errors
/// A leaf that is no event, or one that contradicts the state.
pub fn apply_row(state: &mut State, row: &Row) -> Result<(), ReplayError> {
    let batch_no = row.head.batch_no;
    let mut seq = row.head.first_seq;
    let applied = catch_unwind(AssertUnwindSafe(|| -> Result<(), ReplayError> {
        for leaf in frames(&row.body) {
            let leaf = leaf.map_err(|error| JournalFault::BadFrame {
                batch_no,
                seq: row.head.first_seq + error.index,
                fault: error.fault,
            })?;
            let recorded = codec::decode(leaf).map_err(|source| ReplayError::Leaf {
                batch_no,
                seq,
                source,
            })?;
            state.apply(&recorded);
            seq += 1;
        }
        Ok(())
    }));
    applied.unwrap_or_else(|panic| {
        let what = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_default();
        Err(ReplayError::Contradiction {
            batch_no,
            seq,
            what,
        })
    })
}
