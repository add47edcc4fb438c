//! Replay: the state as the fold of the journal, with every root checked on the way.
//!
//! Three stages run side by side: rows are read; their chain and roots are checked; their leaves
//! are decoded and applied, a few hundred at a time, so that an event is still in the cache of
//! the processor that decoded it when it is applied.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::domain::Seq;
use crate::engine::event::{Event, Recorded};
use crate::engine::{State, look_ahead_events};
use crate::journal::codec::{self, LeafError};
use crate::journal::{
    Chain, HashKind, JournalFault, ReadLimit, Row, StoreError, StoreReader, frames, name_closely,
};

/// Groups of rows between two stages: each group is some 16 MiB.
const STAGE_GROUPS: usize = 2;

/// Rows between the checks and the state. A row of a full batch is some one and a half megabytes.
const STAGE_ROWS: usize = 8;

/// Events decoded at a time: some 190 KiB, which the second-level cache holds beside the rows of
/// the state that looking ahead asks for.
const DECODED_EVENTS: usize = 512;

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
    let going_on = move |events| {
        progress(events);
        true
    };
    replay_after(reader, None, going_on).await
}

/// Replays what comes after a state and its chain; from the beginning without one. Ends with
/// [`ReplayError::Thread`] when `progress` answers false.
///
/// # Errors
/// As [`replay`].
pub(super) async fn replay_after(
    reader: Arc<dyn StoreReader>,
    from: Option<(State, Chain)>,
    mut progress: impl FnMut(u64) -> bool + Send + 'static,
) -> Result<Replayed, ReplayError> {
    let (kind, origin) = genesis(&*reader).await?;
    let (mut state, chain) = from.unwrap_or_else(|| (State::empty(), Chain::new(kind)));
    let first = chain.head().map_or(0, |head| head.batch_no + 1);
    let (to_check, mut unchecked) = mpsc::channel::<Vec<Row>>(STAGE_GROUPS);
    let (to_apply, mut unapplied) = mpsc::channel::<Row>(STAGE_ROWS);
    let checker = tokio::task::spawn_blocking(move || check_rows(chain, &mut unchecked, &to_apply));
    let applier = tokio::task::spawn_blocking(move || -> Result<(State, Duration), ReplayError> {
        let mut spent = Duration::ZERO;
        let mut events = Vec::with_capacity(DECODED_EVENTS);
        while let Some(row) = unapplied.blocking_recv() {
            let start = Instant::now();
            apply_row(&mut state, &row, &mut events)?;
            spent += start.elapsed();
            if !progress(state.next_seq().0) {
                return Err(ReplayError::Thread);
            }
        }
        Ok((state, spent))
    });
    let read = feed(&*reader, first, &to_check).await;
    drop(to_check);
    let chain = checker.await.map_err(|_| ReplayError::Thread)?;
    let state = applier.await.map_err(|_| ReplayError::Thread)?;
    // A broken chain explains whatever else went wrong after it.
    let (chain, check) = match chain {
        Ok(checked) => checked,
        Err(ReplayError::Fault(fault)) => return Err(name_closely(&*reader, fault).await?.into()),
        Err(other) => return Err(other),
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

/// Reads rows in order and hands them on, until the end or until the next stage stops.
async fn feed(
    reader: &dyn StoreReader,
    mut next: u64,
    to_check: &mpsc::Sender<Vec<Row>>,
) -> Result<(), ReplayError> {
    loop {
        let rows = reader.rows_from(next, ReadLimit::SCAN).await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        next = last.head.batch_no + 1;
        if to_check.send(rows).await.is_err() {
            return Ok(());
        }
    }
}

/// Checks rows and hands on those that fit.
fn check_rows(
    mut chain: Chain,
    rows: &mut mpsc::Receiver<Vec<Row>>,
    checked: &mpsc::Sender<Row>,
) -> Result<(Chain, Duration), ReplayError> {
    let mut spent = Duration::ZERO;
    while let Some(rows) = rows.blocking_recv() {
        for row in rows {
            let start = Instant::now();
            chain.check(&row)?;
            spent += start.elapsed();
            if checked.blocking_send(row).is_err() {
                // The stage behind has stopped and says why.
                return Ok((chain, spent));
            }
        }
    }
    Ok((chain, spent))
}

/// The hash of a journal's tree, as its first event says.
///
/// # Errors
/// The journal cannot be read, or does not begin with the creation of a ledger.
pub async fn hash_kind(reader: &dyn StoreReader) -> Result<HashKind, ReplayError> {
    Ok(genesis(reader).await?.0)
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

/// Decodes and applies the events of one row; `events` is room for some of them.
///
/// # Errors
/// A leaf is no event, or an event contradicts the state.
pub(super) fn apply_row(
    state: &mut State,
    row: &Row,
    events: &mut Vec<Recorded>,
) -> Result<(), ReplayError> {
    let batch_no = row.head.batch_no;
    let mut leaves = (row.head.first_seq..).zip(frames(&row.body)).peekable();
    while leaves.peek().is_some() {
        events.clear();
        for (seq, leaf) in leaves.by_ref().take(DECODED_EVENTS) {
            let leaf = leaf.map_err(|error| JournalFault::BadFrame {
                batch_no,
                seq,
                fault: error.fault,
            })?;
            codec::decode_into(leaf, events).map_err(|source| ReplayError::Leaf {
                batch_no,
                seq,
                source,
            })?;
        }
        apply_events(state, batch_no, events)?;
    }
    Ok(())
}

fn apply_events(state: &mut State, batch_no: u64, events: &[Recorded]) -> Result<(), ReplayError> {
    let mut seq = 0;
    let applied = catch_unwind(AssertUnwindSafe(|| {
        for (at, recorded) in events.iter().enumerate() {
            look_ahead_events(state, events, at);
            seq = recorded.meta.seq.0;
            state.apply(recorded);
        }
    }));
    applied.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let what = text.or_else(|| panic.downcast_ref::<&str>().copied());
        ReplayError::Contradiction {
            batch_no,
            seq,
            what: what.unwrap_or("no reason given").to_owned(),
        }
    })
}
