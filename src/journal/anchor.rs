//! The checkpoint file: what the data folder remembers of the journal outside the database.
//!
//! The text is that of a C2SP `tlog-checkpoint` with one extension line, and without signatures
//! for now:
//!
//! ```text
//! quantong.example/ledger        origin
//! 4711                           number of events
//! 47DEQpj8HBSa+/TImW+5JK…=       root over them, base64
//! epoch 3                        epoch of the row that ends there
//! ```
//!
//! It is taken at ends of rows only and written after the row is durable, so that a journal that
//! does not reach as far, or has another root there, was damaged ([`super::check_anchor`]).

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::hash::Digest;
use super::row::RowHead;

const FILE: &str = "checkpoint";
const FILE_NEW: &str = "checkpoint.new";
/// Longest file that is read. Three short lines and some signatures are below a kilobyte.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// A point of the journal that is known outside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Name of the ledger, one line that is not empty.
    pub origin: String,
    /// Number of events.
    pub size: u64,
    /// Root over them.
    pub root: Digest,
    /// Epoch of the row that ends there.
    pub epoch: u64,
}

/// Why a checkpoint file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// The file could not be read.
    #[error("the checkpoint file {path} cannot be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The text is no checkpoint.
    #[error("a checkpoint has origin, size, root and epoch on lines of their own: {0}")]
    Malformed(&'static str),
}

fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    // One text per number: no sign, no leading zero.
    (number.to_string() == text).then_some(number)
}

impl Anchor {
    /// The anchor at the end of a row.
    pub fn at(origin: &str, head: &RowHead) -> Anchor {
        Anchor {
            origin: origin.to_owned(),
            size: head.size(),
            root: head.root,
            epoch: head.epoch,
        }
    }

    /// The text of the file, each line ended by a line feed.
    pub fn to_text(&self) -> String {
        let root = STANDARD.encode(self.root);
        format!(
            "{}\n{}\n{root}\nepoch {}\n",
            self.origin, self.size, self.epoch
        )
    }

    /// Reads the text of a file. Other extension lines, and signatures after an empty line, are
    /// passed over.
    pub fn parse(text: &str) -> Result<Anchor, AnchorError> {
        let malformed = AnchorError::Malformed;
        let body = text.split("\n\n").next().unwrap_or(text);
        let mut lines = body.lines();
        let origin = lines.next().filter(|line| !line.trim().is_empty());
        let origin = origin.ok_or(malformed("no origin"))?;
        let size = lines.next().and_then(decimal).ok_or(malformed("no size"))?;
        let root = lines.next().and_then(|line| STANDARD.decode(line).ok());
        let root = root.and_then(|bytes| Digest::try_from(bytes).ok());
        let root = root.ok_or(malformed("no root"))?;
        let epoch = lines.find_map(|line| line.strip_prefix("epoch "));
        let epoch = epoch.and_then(decimal).ok_or(malformed("no epoch"))?;
        Ok(Anchor {
            origin: origin.to_owned(),
            size,
            root,
            epoch,
        })
    }
}

/// The anchor in a data folder; `None` if there is no checkpoint file.
pub fn read_anchor(folder: &Path) -> Result<Option<Anchor>, AnchorError> {
    let path = folder.join(FILE);
    let unreadable = |source| AnchorError::Read {
        path: path.clone(),
        source,
    };
    let length = match fs::metadata(&path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    if length > FILE_BYTES_MAX {
        return Err(AnchorError::Malformed("the file is too long"));
    }
    let text = fs::read_to_string(&path).map_err(unreadable)?;
    Anchor::parse(&text).map(Some)
}

/// Puts an anchor into a data folder in place of the one before, at once and durably: whatever
/// happens meanwhile, the file is the old or the new one. Blocks for two `fsync`s.
pub fn write_anchor(folder: &Path, anchor: &Anchor) -> io::Result<()> {
    let new = folder.join(FILE_NEW);
    let mut file = File::create(&new)?;
    file.write_all(anchor.to_text().as_bytes())?;
    file.sync_all()?;
    drop(file);
    fs::rename(&new, folder.join(FILE))?;
    // The rename is an entry of the folder, which has to reach the disk as well.
    File::open(folder)?.sync_all()
}

/// Writes the anchor of a data folder now and then.
///
/// A row is anchored when the interval has passed since the last anchor or when that many rows
/// were committed since, whichever comes first; what is pending is written on
/// [`AnchorWriter::flush`]. A failed write is tried again with the next row.
#[derive(Debug)]
pub struct AnchorWriter {
    folder: PathBuf,
    origin: String,
    interval: Duration,
    rows_max: u64,
    written_at: Option<Instant>,
    rows: u64,
    pending: Option<RowHead>,
}

impl AnchorWriter {
    /// A writer for a data folder. The first row is anchored at once.
    pub fn new(folder: &Path, origin: &str, interval: Duration, rows_max: u64) -> AnchorWriter {
        AnchorWriter {
            folder: folder.to_owned(),
            origin: origin.to_owned(),
            interval,
            rows_max,
            written_at: None,
            rows: 0,
            pending: None,
        }
    }

    /// Tells that a row is durable; writes the anchor if it is due and says whether it did. Blocks
    /// for two `fsync`s when it writes, so call it beside the commit path.
    pub fn committed(&mut self, head: &RowHead, now: Instant) -> io::Result<bool> {
        self.pending = Some(*head);
        self.rows += 1;
        let passed = |at: Instant| now.saturating_duration_since(at) >= self.interval;
        let due = self.written_at.is_none_or(passed) || self.rows >= self.rows_max;
        if !due {
            return Ok(false);
        }
        let written = self.flush()?;
        self.written_at = Some(now);
        Ok(written)
    }

    /// Writes the anchor of the newest row if it is not written yet, and says whether it did. For
    /// shutdown.
    pub fn flush(&mut self) -> io::Result<bool> {
        let Some(head) = self.pending else {
            return Ok(false);
        };
        write_anchor(&self.folder, &Anchor::at(&self.origin, &head))?;
        self.pending = None;
        self.rows = 0;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::super::hash::HashKind;
    use super::super::row::Chain;
    use super::super::testing::rows;
    use super::*;

    const ORIGIN: &str = "quantong.example/310117";

    fn heads(count: u64) -> Vec<RowHead> {
        let rows = rows(&mut Chain::new(HashKind::Sha256), count);
        rows.iter().map(|row| row.head).collect()
    }

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder")
    }

    #[test]
    fn an_anchor_has_the_text_of_a_checkpoint() {
        let anchor = Anchor {
            origin: ORIGIN.to_owned(),
            size: 4_711,
            root: super::super::hash::empty_root(HashKind::Sha256),
            epoch: 3,
        };
        let text = "quantong.example/310117\n4711\n\
                    47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nepoch 3\n";
        assert_eq!(anchor.to_text(), text);
        assert_eq!(Anchor::parse(text).expect("a checkpoint"), anchor);
        let signed = format!("{text}other extension\n\n\u{2014} name c2lnbmF0dXJl\n");
        assert_eq!(Anchor::parse(&signed).expect("a checkpoint"), anchor);
    }

    #[test]
    fn a_text_that_is_no_checkpoint_is_refused() {
        let good = Anchor::at(ORIGIN, &heads(1)[0]).to_text();
        let bad = [
            String::new(),
            good.replace(ORIGIN, " "),
            good.replace("\n1\n", "\n01\n"),
            good.replace("\n1\n", "\n+1\n"),
            good.replace("=\n", "\n"),
            good.replace("epoch 0", "epoch"),
            good.replace("epoch 0\n", "\nepoch 0\n"),
        ];
        for text in bad {
            assert!(Anchor::parse(&text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_folder_without_a_checkpoint_has_no_anchor() {
        let folder = folder();
        assert_eq!(read_anchor(folder.path()).expect("readable"), None);
        fs::write(folder.path().join(FILE), "nonsense").expect("writable");
        assert!(read_anchor(folder.path()).is_err());
    }

    #[test]
    fn the_newer_anchor_takes_the_place_of_the_older() {
        let folder = folder();
        for head in heads(3) {
            let anchor = Anchor::at(ORIGIN, &head);
            write_anchor(folder.path(), &anchor).expect("writable");
            assert_eq!(read_anchor(folder.path()).expect("readable"), Some(anchor));
        }
        assert!(!folder.path().join(FILE_NEW).exists());
    }

    #[test]
    fn anchors_are_written_by_time_by_number_and_at_the_end() {
        let folder = folder();
        let heads = heads(8);
        let mut writer = AnchorWriter::new(folder.path(), ORIGIN, Duration::from_secs(10), 3);
        let start = Instant::now();
        let after = [0, 1, 10, 11, 12, 13, 14, 15].map(Duration::from_secs);
        let written: Vec<bool> = heads
            .iter()
            .zip(after)
            .map(|(head, after)| writer.committed(head, start + after).expect("writable"))
            .collect();
        let by_time_then_number = [true, false, true, false, false, true, false, false];
        assert_eq!(written, by_time_then_number);
        let size = || {
            read_anchor(folder.path())
                .expect("readable")
                .map(|anchor| anchor.size)
        };
        assert_eq!(size(), Some(heads[5].size()));
        assert!(writer.flush().expect("writable"));
        assert_eq!(size(), Some(heads[7].size()));
        assert!(!writer.flush().expect("nothing to write"));
    }
}
