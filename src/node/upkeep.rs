//! What a node does beside its work: snapshots, and the check of what a start from one passed over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use super::snapshot::{SnapshotError, snapshots, take_snapshot};
use super::{Shared, Snapshots};
use crate::journal::{
    Chain, HashKind, JournalFault, LedgerUuid, ReadLimit, RowHead, StoreError, StoreReader,
};

/// Between two groups of rows that are checked: others need the disk as well.
const BREATH: Duration = Duration::from_millis(50);

/// How long to wait after a snapshot could not be made.
const PAUSE: Duration = Duration::from_secs(60);

/// Drives something until the node has ended.
pub(super) async fn until_ended(
    mut stopped: watch::Receiver<bool>,
    work: impl Future<Output = ()>,
) {
    tokio::select! {
        () = work => {}
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
}

/// Checks the rows that a snapshot stood for; if they are damaged the node is not ready any more,
/// and writes nothing.
pub(super) async fn check_prefix(
    reader: Arc<dyn StoreReader>,
    kind: HashKind,
    relied: RowHead,
    shared: Arc<Shared>,
) {
    let mut chain = Chain::new(kind);
    loop {
        match check_some(&*reader, &mut chain, &relied).await {
            Ok(Ok(true)) => {
                tracing::info!(
                    events = relied.size(),
                    "the journal before the snapshot is whole"
                );
                return;
            }
            Ok(Ok(false)) => tokio::time::sleep(BREATH).await,
            Ok(Err(fault)) => {
                shared.damaged.store(true, Ordering::Relaxed);
                let error = &fault as &dyn std::error::Error;
                tracing::error!(
                    error,
                    "the journal before the snapshot is damaged; nothing more is written"
                );
                return;
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Checks a group of rows; true when the one that was relied on is reached.
async fn check_some(
    reader: &dyn StoreReader,
    chain: &mut Chain,
    relied: &RowHead,
) -> Result<Result<bool, JournalFault>, StoreError> {
    let next = chain.head().map_or(0, |head| head.batch_no + 1);
    let rows = reader.rows_from(next, ReadLimit::SCAN).await?;
    let missing = JournalFault::Truncated {
        anchor_size: relied.size(),
        journal_size: chain.next_seq(),
    };
    if rows.is_empty() {
        return Ok(Err(missing));
    }
    let mut checked = chain.clone();
    let last = relied.batch_no;
    let checking = tokio::task::spawn_blocking(move || {
        for row in rows.iter().filter(|row| row.head.batch_no <= last) {
            checked.check(row)?;
        }
        Ok(checked)
    });
    let Ok(checked) = checking.await else {
        return Ok(Ok(false));
    };
    match checked {
        Ok(checked) => *chain = checked,
        Err(fault) => return Ok(Err(fault)),
    }
    Ok(match chain.head() {
        Some(head) if head == relied => Ok(true),
        Some(head) if head.batch_no >= last => Err(JournalFault::Altered {
            anchor_size: relied.size(),
        }),
        _ => Ok(false),
    })
}

/// Makes a snapshot whenever so many events have come in since the last one.
pub(super) async fn make_snapshots(
    settings: Snapshots,
    ledger: LedgerUuid,
    reader: Arc<dyn StoreReader>,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
) {
    let stop = Arc::new(AtomicBool::new(false));
    let making = make(&settings, ledger, reader, &shared, &stop);
    tokio::select! {
        () = making => {}
        // What runs on threads of its own is told to stop.
        _ = stopped.wait_for(|stopped| *stopped) => stop.store(true, Ordering::Relaxed),
    }
}

async fn make(
    settings: &Snapshots,
    ledger: LedgerUuid,
    reader: Arc<dyn StoreReader>,
    shared: &Shared,
    stop: &Arc<AtomicBool>,
) {
    let newest = snapshots(&settings.folder).unwrap_or_default();
    let mut last = newest.first().map_or(0, |snapshot| snapshot.events);
    let mut durable = shared.durable.subscribe();
    loop {
        let due = last + settings.every;
        let reached = durable.wait_for(|durable| durable.events.0 >= due).await;
        if reached.map(drop).is_err() {
            return;
        }
        let taken = take_snapshot(
            &settings.folder,
            ledger,
            Arc::clone(&reader),
            Arc::clone(stop),
        );
        match taken.await {
            Ok(Some(snapshot)) => {
                tracing::info!(events = snapshot.events, "a snapshot was made");
                last = snapshot.events;
            }
            Ok(None) => last = durable.borrow().events.0,
            Err(SnapshotError::Stopped) => return,
            Err(error) => {
                let error = error.to_string();
                tracing::warn!(error, "a snapshot was not made");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
