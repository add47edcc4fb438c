//! `bench start`: how long a node takes until it answers, without and with a snapshot.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::engine::lead;
use super::{BenchError, Line, emit};
use crate::journal::Database;
use crate::node::{Clock, NodeConfig, Snapshots, take_snapshot};

/// Starts a node on the journal in a folder, makes a snapshot, and starts it again.
pub(super) async fn run(folder: &Path, database: &Database) -> Result<(), BenchError> {
    start(folder, database, "start_without_snapshot", false).await?;
    let store = database.open(folder, [0x51; 16]).await?;
    let stop = Arc::new(AtomicBool::new(false));
    let begun = Instant::now();
    let taken = take_snapshot(folder, store.ledger(), store.reader(), stop).await?;
    let elapsed = begun.elapsed();
    if let Some(snapshot) = taken {
        let bytes = std::fs::metadata(&snapshot.path)?.len();
        emit(&Line {
            name: "snapshot",
            count: snapshot.events,
            elapsed,
            times: None,
            extra: vec![("bytes", bytes.to_string())],
        });
    }
    store.close().await?;
    start(folder, database, "start_from_snapshot", true).await
}

async fn start(
    folder: &Path,
    database: &Database,
    name: &'static str,
    snapshots: bool,
) -> Result<(), BenchError> {
    let begun = Instant::now();
    let store = database.open(folder, [0x51; 16]).await?;
    let snapshots = snapshots.then(|| Snapshots {
        folder: folder.to_owned(),
        every: 0,
    });
    let config = NodeConfig {
        clock: Clock::SystemWithManualDate,
        anchor: Some(folder.to_owned()),
        snapshots,
        ..NodeConfig::new("bench")
    };
    let node = lead(store, config).await?;
    let elapsed = begun.elapsed();
    let count = node.status().durable.0;
    node.stop().await;
    emit(&Line {
        name,
        count,
        elapsed,
        times: None,
        extra: Vec::new(),
    });
    Ok(())
}
