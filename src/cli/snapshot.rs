//! `quantong snapshot`: a snapshot of the state now, also beside a running server.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::folder::{CliError, Folder};
use crate::node::{SnapshotError, snapshots, take_snapshot};

/// Settings of `snapshot`.
#[derive(Debug, clap::Args)]
pub(super) struct SnapshotNow {
    /// Print the snapshots that are there as one line of JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(folder: &Folder, command: &SnapshotNow) -> Result<(), CliError> {
    let (ledger, reader) = folder.read().await?;
    let stop = Arc::new(AtomicBool::new(false));
    let taken = take_snapshot(folder.path(), ledger, reader, stop).await;
    taken.map_err(|error| match error {
        SnapshotError::Replay(error) => CliError::Replay(error),
        SnapshotError::File(error) => CliError::File(error),
        other => CliError::Failed(other.to_string()),
    })?;
    let there = snapshots(folder.path())?;
    if command.json {
        let text = serde_json::to_string(&there).map_err(std::io::Error::from)?;
        say!("{text}");
    } else {
        for snapshot in there {
            say!("{} events: {}", snapshot.events, snapshot.path.display());
        }
    }
    Ok(())
}
