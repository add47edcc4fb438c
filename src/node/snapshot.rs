//! Snapshots: a state with its place in the journal in one file, so that a start replays only what
//! came after it. A snapshot is made by a replay of its own beside the node, follows from the
//! journal, and can be deleted at any time.
//!
//! A file is used only if its checksums hold, it is of this version and this ledger, and the
//! journal has the row with the root where it was taken. Format: `docs/FORMATS.md`.

mod read;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use self::read::{Frames, read};
use super::replay::{ReplayError, Replayed, replay_after};
use crate::engine::{STATE_FORMAT, State, StatePart};
use crate::journal::{
    Chain, Digest, Frontier, HashKind, LedgerUuid, RowHead, StoreError, StoreReader,
};

/// Folder within the data folder.
const FOLDER: &str = "snapshots";

/// End of the name of a finished snapshot.
const SUFFIX: &str = ".snapshot";

/// First bytes: the name of the format and its version.
const MAGIC: &[u8; 8] = b"QTSNAP01";

/// Snapshots that are kept. The second one is for the case that the newest is damaged.
const KEPT: usize = 2;

/// Bytes of a frame that the writer begins a new one after.
const FRAME_BYTES: usize = 1 << 20;

/// Why a snapshot was not made or not used.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The file cannot be read or written.
    #[error("the file cannot be read or written")]
    File(#[from] std::io::Error),
    /// It is not what this version writes.
    #[error("{0}")]
    Unusable(&'static str),
    /// The journal cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal does not replay.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The node was told to stop meanwhile.
    #[error("the node stops")]
    Stopped,
    /// A thread has ended.
    #[error("a thread of the snapshot has ended")]
    Thread,
}

fn unreadable(_: postcard::Error) -> SnapshotError {
    SnapshotError::Unusable("a part of it cannot be decoded")
}

/// What stands before the state.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    state_format: u16,
    ledger: LedgerUuid,
    hash: u8,
    batch_no: u64,
    first_seq: u64,
    last_seq: u64,
    epoch: u64,
    prev_root: Digest,
    root: Digest,
    /// Peaks of the tree over all events up to `last_seq`.
    peaks: Vec<Digest>,
}

impl Header {
    fn of(chain: &Chain, ledger: LedgerUuid) -> Option<Header> {
        let head = chain.head()?;
        Some(Header {
            state_format: STATE_FORMAT,
            ledger,
            hash: match chain.frontier().kind() {
                HashKind::Sha256 => 0,
                HashKind::Sm3 => 1,
            },
            batch_no: head.batch_no,
            first_seq: head.first_seq,
            last_seq: head.last_seq,
            epoch: head.epoch,
            prev_root: head.prev_root,
            root: head.root,
            peaks: chain.frontier().peaks().to_vec(),
        })
    }

    fn chain(&self) -> Option<Chain> {
        let kind = match self.hash {
            0 => HashKind::Sha256,
            1 => HashKind::Sm3,
            _ => return None,
        };
        let head = RowHead {
            batch_no: self.batch_no,
            first_seq: self.first_seq,
            last_seq: self.last_seq,
            epoch: self.epoch,
            prev_root: self.prev_root,
            root: self.root,
        };
        let frontier = Frontier::from_parts(kind, head.size(), self.peaks.clone())?;
        Chain::resume(head, frontier)
    }
}

/// A snapshot that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Number of events in it.
    pub events: u64,
    /// The file.
    pub path: PathBuf,
}

/// The snapshots of a data folder, the newest first.
///
/// # Errors
/// The folder cannot be read.
pub fn snapshots(data: &Path) -> std::io::Result<Vec<Snapshot>> {
    let entries = match std::fs::read_dir(data.join(FOLDER)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let events = name.and_then(|name| name.strip_suffix(SUFFIX)?.parse().ok());
        if let Some(events) = events {
            found.push(Snapshot { events, path });
        }
    }
    found.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.events));
    Ok(found)
}

/// Makes a snapshot of all that is in the journal now, beginning from the newest one there is, and
/// deletes old ones. `None` if the newest one is as new as the journal.
///
/// # Errors
/// See [`SnapshotError`]; the snapshots from before are then still there.
pub async fn take_snapshot(
    data: &Path,
    ledger: LedgerUuid,
    reader: Arc<dyn StoreReader>,
    stop: Arc<AtomicBool>,
) -> Result<Option<Snapshot>, SnapshotError> {
    let from = newest(data, ledger, &reader).await;
    let before = from.as_ref().map(|(_, chain)| chain.next_seq());
    let halt = Arc::clone(&stop);
    let replayed = replay_after(reader, from, move |_| !halt.load(Ordering::Relaxed)).await;
    let Replayed { state, chain, .. } = match replayed {
        Err(_) if stop.load(Ordering::Relaxed) => return Err(SnapshotError::Stopped),
        replayed => replayed?,
    };
    if before == Some(chain.next_seq()) {
        return Ok(None);
    }
    let folder = data.join(FOLDER);
    let written =
        tokio::task::spawn_blocking(move || write(&folder, ledger, &state, &chain, &stop));
    let snapshot = written.await.map_err(|_| SnapshotError::Thread)??;
    for old in snapshots(data)?.into_iter().skip(KEPT) {
        std::fs::remove_file(old.path)?;
    }
    Ok(Some(snapshot))
}

/// State and chain of the newest snapshot that fits the journal. What does not fit is told and
/// passed over.
pub(super) async fn newest(
    data: &Path,
    ledger: LedgerUuid,
    reader: &Arc<dyn StoreReader>,
) -> Option<(State, Chain)> {
    let found = snapshots(data).unwrap_or_default();
    for snapshot in found {
        match open(&snapshot.path, ledger, &**reader).await {
            Ok(opened) => return Some(opened),
            Err(error) => {
                let path = snapshot.path.display();
                let error = &error as &dyn std::error::Error;
                tracing::warn!(%path, error, "a snapshot is not used");
            }
        }
    }
    None
}

async fn open(
    path: &Path,
    ledger: LedgerUuid,
    reader: &dyn StoreReader,
) -> Result<(State, Chain), SnapshotError> {
    let mut file = Frames::open(path)?;
    let header = file.frame()?;
    let header: Header = postcard::from_bytes(&header).map_err(unreadable)?;
    if header.state_format != STATE_FORMAT {
        return Err(SnapshotError::Unusable("it is of another version"));
    }
    if header.ledger != ledger {
        return Err(SnapshotError::Unusable("it is of another ledger"));
    }
    let chain = header.chain();
    let chain = chain.ok_or(SnapshotError::Unusable("its tree does not give its root"))?;
    if reader.head_of_seq(header.last_seq).await?.as_ref() != chain.head() {
        return Err(SnapshotError::Unusable("the journal has not had its root"));
    }
    let path = path.to_owned();
    let read = tokio::task::spawn_blocking(move || read(&path, file));
    let state = read.await.map_err(|_| SnapshotError::Thread)??;
    if state.next_seq().0 != chain.next_seq() {
        return Err(SnapshotError::Unusable("its state is of another moment"));
    }
    Ok((state, chain))
}

/// Writes a file under a name of its own first, so that no half of one is ever found.
fn write(
    folder: &Path,
    ledger: LedgerUuid,
    state: &State,
    chain: &Chain,
    stop: &AtomicBool,
) -> Result<Snapshot, SnapshotError> {
    let header = Header::of(chain, ledger);
    let header = header.ok_or(SnapshotError::Unusable("the journal is empty"))?;
    std::fs::create_dir_all(folder)?;
    let events = chain.next_seq();
    let path = folder.join(format!("{events:020}{SUFFIX}"));
    let unfinished = folder.join("unfinished");
    let mut file = BufWriter::with_capacity(FRAME_BYTES, File::create(&unfinished)?);
    file.write_all(MAGIC)?;
    let bytes = postcard::to_stdvec(&header).map_err(unreadable)?;
    write_frame(&mut file, &bytes)?;
    let mut hash = Sha256::new();
    for part in StatePart::ALL {
        if stop.load(Ordering::Relaxed) {
            return Err(SnapshotError::Stopped);
        }
        write_frame(&mut file, part.as_str().as_bytes())?;
        let mut framed = Framed {
            out: &mut file,
            hash: &mut hash,
            held: Vec::with_capacity(FRAME_BYTES),
        };
        let mut serializer = postcard::Serializer {
            output: postcard::ser_flavors::io::WriteFlavor::new(&mut framed),
        };
        state
            .write_part(*part, &mut serializer)
            .map_err(unreadable)?;
        framed.flush()?;
        write_frame(&mut file, &[])?;
    }
    write_frame(&mut file, &hash.finalize())?;
    let file = file
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, &path)?;
    // The rename is an entry of the folder, which has to reach the disk as well.
    File::open(folder)?.sync_all()?;
    Ok(Snapshot { events, path })
}

/// A frame: its length, the checksum of its bytes, its bytes.
fn write_frame(out: &mut impl Write, bytes: &[u8]) -> std::io::Result<()> {
    let length = u32::try_from(bytes.len()).expect("a frame has a megabyte and a little");
    out.write_all(&length.to_le_bytes())?;
    out.write_all(&crc32c::crc32c(bytes).to_le_bytes())?;
    out.write_all(bytes)
}

/// Cuts what is written into frames.
struct Framed<'a, W: Write> {
    out: &'a mut W,
    hash: &'a mut Sha256,
    held: Vec<u8>,
}

impl<W: Write> Write for Framed<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= FRAME_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        if !self.held.is_empty() {
            self.hash.update(&self.held);
            write_frame(self.out, &self.held)?;
            self.held.clear();
        }
        Ok(())
    }
}
