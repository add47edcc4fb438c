//! `bench replay`: a whole journal read, checked root by root, decoded and applied.

use std::path::Path;
use std::time::Instant;

use super::{BenchError, Line, emit};
use crate::journal::Database;
use crate::node::replay;

/// Replays the journal in a folder, or in the database beside it.
pub(super) async fn run(folder: &Path, database: &Database) -> Result<(), BenchError> {
    let store = database.open(folder, [0x51; 16]).await?;
    let start = Instant::now();
    let replayed = replay(store.reader(), |_| {}).await?;
    let elapsed = start.elapsed();
    emit(&Line {
        name: "replay",
        count: replayed.events,
        elapsed,
        times: None,
        extra: vec![
            ("check_s", format!("{:.3}", replayed.check.as_secs_f64())),
            ("apply_s", format!("{:.3}", replayed.apply.as_secs_f64())),
        ],
    });
    store.close().await?;
    Ok(())
}
