//! `bench start`: how long a node takes until it answers, without and with a snapshot.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use clap::ValueEnum as _;

use super::engine::lead;
use super::{BenchError, Line, emit};
use crate::journal::Database;
use crate::node::{Clock, NodeConfig, Snapshots, take_snapshot};

/// What is done in one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Step {
    /// Start a node from the journal alone.
    Without,
    /// Make a snapshot.
    Snapshot,
    /// Start a node from the snapshot.
    From,
}

/// Does all steps on the ledger in a folder, each in a process of its own, as a node that starts is
/// one: what an earlier one has asked for and given back is no help, and no burden either.
pub(super) fn all(folder: &Path, given: bool) -> Result<(), BenchError> {
    for step in Step::value_variants() {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(std::env::args_os().skip(1));
        if !given {
            command.arg("--folder").arg(folder);
        }
        let step = step.to_possible_value();
        let step = step.expect("no step is skipped");
        command.args(["--step", step.get_name()]);
        if !command.status()?.success() {
            let failed = format!("step {} has failed", step.get_name());
            return Err(BenchError::Failed(failed));
        }
    }
    Ok(())
}

/// Does one step.
pub(super) async fn run(step: Step, folder: &Path, database: &Database) -> Result<(), BenchError> {
    match step {
        Step::Without => start(folder, database, "start_without_snapshot", false).await,
        Step::Snapshot => snapshot(folder, database).await,
        Step::From => start(folder, database, "start_from_snapshot", true).await,
    }
}

async fn snapshot(folder: &Path, database: &Database) -> Result<(), BenchError> {
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
    Ok(store.close().await?)
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
