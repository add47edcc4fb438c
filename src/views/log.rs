//! The write-ahead logs of the files: how what was committed comes out of them.
//!
//! A log begins anew only when all of it was moved into its file and nobody reads from it. Somebody
//! who keeps a transaction open prevents that, and the log grows as long; the projector goes on.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sqlx::{Row as _, SqlitePool};

use super::ViewsError;
use super::database::failed;

/// Bytes of a write-ahead log beyond which the writers wait until it is moved and begins anew:
/// while few rows come at a time, so that little is left to move, and while many do.
const BYTES_MAX: [u64; 2] = [4 << 20, 512 << 20];

/// How long the connection that moves waits for a reader, for each of two files. A list takes some
/// milliseconds; whoever takes longer than this may take hours.
pub(super) const READER_TIMEOUT: Duration = Duration::from_millis(250);

/// After how long it is tried again when a reader was in the way: twice as long each time, so that
/// the projector waits for a third of its time at first, and a sixtieth later.
const RETRY_MIN: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(32);

/// Moves the logs into their files beside the writers.
#[derive(Clone, Debug)]
pub(super) struct Logs {
    pub(super) mover: SqlitePool,
    files: [PathBuf; 2],
    held: Arc<Mutex<Option<Held>>>,
}

/// A reader is in the way.
#[derive(Clone, Copy, Debug)]
struct Held {
    tried: Instant,
    retry: Duration,
}

impl Logs {
    pub(super) fn new(mover: SqlitePool, files: [PathBuf; 2]) -> Logs {
        Logs {
            mover,
            files,
            held: Arc::default(),
        }
    }

    /// Is called after every commit, while nobody writes. What was committed is moved beside the
    /// next one, unless a log has grown too long.
    pub(super) async fn committed(&self, many: bool) -> Result<(), ViewsError> {
        let most = BYTES_MAX[usize::from(many)];
        let is_long = |log: &PathBuf| std::fs::metadata(log).is_ok_and(|log| log.len() > most);
        if self.files.iter().any(is_long) && self.is_due() {
            let free = self.begin_anew().await.map_err(failed)?;
            self.tried(free);
        } else {
            self.move_beside();
        }
        Ok(())
    }

    fn is_due(&self) -> bool {
        let held = *self.held.lock();
        held.is_none_or(|held| held.tried.elapsed() >= held.retry)
    }

    fn tried(&self, free: bool) {
        let mut held = self.held.lock();
        if free {
            *held = None;
            return;
        }
        if held.is_none() {
            let why = "a reader that keeps a transaction open, or one that takes long";
            tracing::warn!(why, "the write-ahead log of the views grows");
        }
        *held = Some(Held {
            tried: Instant::now(),
            retry: held.map_or(RETRY_MIN, |held| (held.retry * 2).min(RETRY_MAX)),
        });
    }

    /// False if a reader was in the way of one of them.
    async fn begin_anew(&self) -> Result<bool, sqlx::Error> {
        let mut mover = match self.mover.acquire().await {
            // It still moves what came before.
            Err(sqlx::Error::PoolTimedOut) => return Ok(false),
            acquired => acquired?,
        };
        let restart = sqlx::query("PRAGMA wal_checkpoint(RESTART)");
        let answer = restart.fetch_one(&mut *mover).await?;
        Ok(answer.try_get::<i64, _>(0)? == 0)
    }

    fn move_beside(&self) {
        let Some(mut mover) = self.mover.try_acquire() else {
            return;
        };
        tokio::spawn(async move {
            let moved = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
                .execute(&mut *mover)
                .await;
            if let Err(error) = moved {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "the write-ahead log of the views was not moved");
            }
        });
    }
}
