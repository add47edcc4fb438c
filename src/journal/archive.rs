//! A whole journal in one file: for backups, for moving to another database, for an auditor who
//! has nothing else. `docs/FORMATS.md` describes the format.
//!
//! An [`Archive`] is a [`StoreReader`], so that whatever reads a journal reads a file as well.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use async_trait::async_trait;
use parking_lot::Mutex;

use super::fault::JournalFault;
use super::hash::{Digest, HashKind};
use super::row::{Chain, Row, RowHead};
use super::store::{LedgerUuid, PrivateKey, PrivateRow, ReadLimit, StoreError, StoreReader};
use super::verify::name_closely;
use crate::domain::PersonalOpening;

/// What every archive begins with; the number is the version of the format.
const MAGIC: &[u8; 20] = b"quantong journal 1\r\n";

/// Bytes of a record before its payload: kind and length.
const RECORD_HEADER_BYTES: usize = 5;

/// Bytes of a row's head in its record.
const HEAD_BYTES: usize = 4 * 8 + 2 * 32;

/// Longest payload that is read: bodies have some eight megabytes.
const PAYLOAD_BYTES_MAX: u32 = 256 << 20;

const LEDGER: u8 = 1;
const ROW: u8 = 2;
const OPENING: u8 = 3;
const END: u8 = 4;

/// What an archive holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveSummary {
    /// The ledger.
    pub ledger: LedgerUuid,
    /// Number of rows.
    pub rows: u64,
    /// Number of events.
    pub events: u64,
    /// Number of openings of personal data.
    pub openings: u64,
    /// Root over all events.
    pub root: Option<Digest>,
}

/// Why an archive was not written or cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The journal cannot be read.
    #[error("the journal cannot be read")]
    Store(#[from] StoreError),
    /// The journal that is to be written is damaged.
    #[error("the journal is damaged")]
    Journal(#[source] JournalFault),
    /// The file cannot be read or written.
    #[error("the file cannot be read or written")]
    File(#[from] io::Error),
    /// It is some other file.
    #[error("the file is no journal, or one of a newer version of this program")]
    Foreign,
    /// The end is missing.
    #[error("the file is cut off at byte {at}")]
    Cut {
        /// Where the record began that is not whole.
        at: u64,
    },
    /// A record was changed.
    #[error("the file is damaged: {what} in the record at byte {at}")]
    Damaged {
        /// Where the record begins.
        at: u64,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// Writes records and counts them.
struct Writer<W> {
    out: W,
    summary: ArchiveSummary,
}

impl<W: Write> Writer<W> {
    fn record(&mut self, kind: u8, parts: &[&[u8]]) -> io::Result<()> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let length = u32::try_from(length).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut crc = crc32c::crc32c(&[kind]);
        crc = crc32c::crc32c_append(crc, &length.to_le_bytes());
        self.out.write_all(&[kind])?;
        self.out.write_all(&length.to_le_bytes())?;
        for part in parts {
            crc = crc32c::crc32c_append(crc, part);
            self.out.write_all(part)?;
        }
        self.out.write_all(&crc.to_le_bytes())
    }

    fn row(&mut self, row: &Row) -> io::Result<()> {
        self.summary.rows += 1;
        self.summary.events = row.head.size();
        self.summary.root = Some(row.head.root);
        self.record(ROW, &[&head_bytes(&row.head), &row.body])
    }

    fn opening(&mut self, row: &PrivateRow) -> io::Result<()> {
        self.summary.openings += 1;
        let PrivateRow { key, opening } = row;
        let parts: [&[u8]; 4] = [
            &key.seq.to_le_bytes(),
            &key.field.to_le_bytes(),
            &opening.salt,
            opening.value.as_bytes(),
        ];
        self.record(OPENING, &parts)
    }

    fn end(&mut self) -> io::Result<()> {
        let ArchiveSummary {
            rows,
            events,
            openings,
            root,
            ..
        } = self.summary;
        let parts: [&[u8]; 4] = [
            &rows.to_le_bytes(),
            &events.to_le_bytes(),
            &openings.to_le_bytes(),
            &root.unwrap_or_default(),
        ];
        self.record(END, &parts)?;
        self.out.flush()
    }
}

fn head_bytes(head: &RowHead) -> [u8; HEAD_BYTES] {
    let mut bytes = [0; HEAD_BYTES];
    let numbers = [head.batch_no, head.first_seq, head.last_seq, head.epoch];
    for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    bytes[32..64].copy_from_slice(&head.prev_root);
    bytes[64..].copy_from_slice(&head.root);
    bytes
}

/// Writes a journal up to its newest row, and the openings of personal data if they are wanted.
/// Every row is checked on the way: its checksums, its root, and that it follows the one before.
/// `kind` is the hash of the journal's tree; `progress` is told the number of events after each
/// group of rows.
///
/// # Errors
/// The journal is damaged or cannot be read, or the file not be written.
pub async fn write_archive(
    reader: &dyn StoreReader,
    ledger: LedgerUuid,
    kind: HashKind,
    personal: bool,
    out: impl Write + Send,
    mut progress: impl FnMut(u64) + Send,
) -> Result<ArchiveSummary, ArchiveError> {
    let summary = ArchiveSummary {
        ledger,
        rows: 0,
        events: 0,
        openings: 0,
        root: None,
    };
    let mut writer = Writer { out, summary };
    writer.out.write_all(MAGIC)?;
    writer.record(LEDGER, &[&ledger])?;
    // What comes in meanwhile is for the next archive.
    let end = reader.head().await?.map_or(0, |head| head.size());
    let mut chain = Chain::new(kind);
    while chain.next_seq() < end {
        let next = chain.head().map_or(0, |head| head.batch_no + 1);
        let rows = reader.rows_from(next, ReadLimit::SCAN).await?;
        if rows.is_empty() {
            return Err(ArchiveError::Journal(JournalFault::Truncated {
                anchor_size: end,
                journal_size: chain.next_seq(),
            }));
        }
        for row in &rows {
            if chain.next_seq() >= end {
                break;
            }
            if let Err(fault) = chain.check(row) {
                let fault = name_closely(reader, fault).await?;
                return Err(ArchiveError::Journal(fault));
            }
            writer.row(row)?;
        }
        progress(writer.summary.events);
    }
    if personal {
        write_openings(reader, end, &mut writer).await?;
    }
    writer.end()?;
    Ok(writer.summary)
}

/// Writes the openings of the events before `end`.
async fn write_openings<W: Write + Send>(
    reader: &dyn StoreReader,
    end: u64,
    writer: &mut Writer<W>,
) -> Result<(), ArchiveError> {
    let mut after = None;
    loop {
        let openings = reader.private_after(after, 1_000).await?;
        let Some(last) = openings.last() else {
            return Ok(());
        };
        after = Some(last.key);
        for opening in openings.iter().filter(|row| row.key.seq < end) {
            writer.opening(opening)?;
        }
    }
}

/// Where a row stands in the file.
#[derive(Clone, Copy, Debug)]
struct Place {
    head: RowHead,
    body_at: u64,
    body_bytes: usize,
}

/// An archive that was read once from end to end: every checksum and its end are right. Whether
/// rows fit each other is for [`super::verify`] to say. Its reads block the thread for as long as
/// the disk takes; it is for commands, not for servers.
#[derive(Debug)]
pub struct Archive {
    file: Mutex<File>,
    rows: Vec<Place>,
    openings: BTreeMap<PrivateKey, PersonalOpening>,
    summary: ArchiveSummary,
}

/// One record.
struct Record {
    at: u64,
    kind: u8,
    payload: Vec<u8>,
}

impl Record {
    /// The next record, whole and unchanged.
    fn read(input: &mut impl Read, at: u64) -> Result<Record, ArchiveError> {
        let cut = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => ArchiveError::Cut { at },
            _ => ArchiveError::File(error),
        };
        let damaged = |what| ArchiveError::Damaged { at, what };
        let mut header = [0; RECORD_HEADER_BYTES];
        input.read_exact(&mut header).map_err(cut)?;
        let [kind, length @ ..] = header;
        let length = u32::from_le_bytes(length);
        if length > PAYLOAD_BYTES_MAX {
            return Err(damaged("an impossible length"));
        }
        let mut payload = Vec::new();
        let read = input
            .by_ref()
            .take(u64::from(length))
            .read_to_end(&mut payload)?;
        if read < length as usize {
            return Err(ArchiveError::Cut { at });
        }
        let mut crc = [0; 4];
        input.read_exact(&mut crc).map_err(cut)?;
        let found = crc32c::crc32c_append(crc32c::crc32c(&header), &payload);
        if found != u32::from_le_bytes(crc) {
            return Err(damaged("a wrong checksum"));
        }
        Ok(Record { at, kind, payload })
    }

    fn damaged(&self, what: &'static str) -> ArchiveError {
        ArchiveError::Damaged { at: self.at, what }
    }

    /// Position of what follows.
    fn end(&self) -> u64 {
        self.at + (RECORD_HEADER_BYTES + self.payload.len() + 4) as u64
    }

    fn row(&self) -> Result<Place, ArchiveError> {
        let short = || self.damaged("a row that is too short");
        let (head, body) = self
            .payload
            .split_first_chunk::<HEAD_BYTES>()
            .ok_or_else(short)?;
        let number = |i: usize| u64::from_le_bytes(part(head, i * 8));
        Ok(Place {
            head: RowHead {
                batch_no: number(0),
                first_seq: number(1),
                last_seq: number(2),
                epoch: number(3),
                prev_root: part(head, 32),
                root: part(head, 64),
            },
            body_at: self.at + (RECORD_HEADER_BYTES + HEAD_BYTES) as u64,
            body_bytes: body.len(),
        })
    }

    fn opening(&self) -> Result<PrivateRow, ArchiveError> {
        let broken = || self.damaged("an opening that is none");
        let (head, value) = self.payload.split_first_chunk::<26>().ok_or_else(broken)?;
        let value = std::str::from_utf8(value).map_err(|_| broken())?;
        Ok(PrivateRow {
            key: PrivateKey {
                seq: u64::from_le_bytes(part(head, 0)),
                field: u16::from_le_bytes(part(head, 8)),
            },
            opening: PersonalOpening {
                salt: part(head, 10),
                value: value.into(),
            },
        })
    }

    /// True if this end tells what was read.
    fn closes(&self, summary: &ArchiveSummary) -> bool {
        let numbers = [summary.rows, summary.events, summary.openings];
        let mut told: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        told.extend(summary.root.unwrap_or_default());
        self.payload == told
    }
}

/// `N` bytes from a position that is known to have them.
fn part<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}

impl Archive {
    /// Reads a file from end to end.
    ///
    /// # Errors
    /// It is no archive, or not a whole one.
    pub fn open(path: &Path) -> Result<Archive, ArchiveError> {
        let mut input = BufReader::with_capacity(1 << 20, File::open(path)?);
        let mut magic = [0; MAGIC.len()];
        match input.read_exact(&mut magic) {
            Ok(()) if magic == *MAGIC => {}
            Ok(()) => return Err(ArchiveError::Foreign),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(ArchiveError::Foreign);
            }
            Err(error) => return Err(error.into()),
        }
        let first = Record::read(&mut input, MAGIC.len() as u64)?;
        let ledger = (first.kind == LEDGER).then(|| first.payload.clone().try_into().ok());
        let ledger = ledger.flatten().ok_or_else(|| first.damaged("no ledger"))?;
        let mut summary = ArchiveSummary {
            ledger,
            rows: 0,
            events: 0,
            openings: 0,
            root: None,
        };
        let (mut rows, mut openings) = (Vec::new(), BTreeMap::new());
        let mut at = first.end();
        loop {
            let record = Record::read(&mut input, at)?;
            at = record.end();
            match record.kind {
                ROW => {
                    let place = record.row()?;
                    summary.rows += 1;
                    summary.events = place.head.size();
                    summary.root = Some(place.head.root);
                    rows.push(place);
                }
                OPENING => {
                    let PrivateRow { key, opening } = record.opening()?;
                    summary.openings += 1;
                    openings.insert(key, opening);
                }
                END if record.closes(&summary) => break,
                END => return Err(record.damaged("other numbers than were read")),
                _ => return Err(record.damaged("an unknown kind")),
            }
        }
        if input.read(&mut [0])? > 0 {
            return Err(ArchiveError::Damaged {
                at,
                what: "something behind the end",
            });
        }
        Ok(Archive {
            file: Mutex::new(input.into_inner()),
            rows,
            openings,
            summary,
        })
    }

    /// What it holds.
    pub fn summary(&self) -> &ArchiveSummary {
        &self.summary
    }

    fn read(&self, place: &Place) -> Result<Row, StoreError> {
        let failed = |error: io::Error| StoreError::Database(error.into());
        let mut body = vec![0; place.body_bytes];
        let mut file = self.file.lock();
        file.seek(SeekFrom::Start(place.body_at)).map_err(failed)?;
        file.read_exact(&mut body).map_err(failed)?;
        Ok(Row {
            head: place.head,
            body,
        })
    }

    fn place_of_seq(&self, seq: u64) -> Option<&Place> {
        let holds = |place: &&Place| (place.head.first_seq..=place.head.last_seq).contains(&seq);
        self.rows.iter().find(holds)
    }
}

#[async_trait]
impl StoreReader for Archive {
    async fn head(&self) -> Result<Option<RowHead>, StoreError> {
        Ok(self.rows.last().map(|place| place.head))
    }

    async fn rows_from(&self, batch_no: u64, limit: ReadLimit) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        let mut bytes = 0;
        let wanted = self
            .rows
            .iter()
            .filter(|place| place.head.batch_no >= batch_no);
        for place in wanted.take(limit.rows as usize) {
            bytes += place.body_bytes as u64;
            if !rows.is_empty() && bytes > limit.bytes {
                break;
            }
            rows.push(self.read(place)?);
        }
        Ok(rows)
    }

    async fn row_of_seq(&self, seq: u64) -> Result<Option<Row>, StoreError> {
        self.place_of_seq(seq)
            .map(|place| self.read(place))
            .transpose()
    }

    async fn head_of_seq(&self, seq: u64) -> Result<Option<RowHead>, StoreError> {
        Ok(self.place_of_seq(seq).map(|place| place.head))
    }

    async fn private(&self, key: PrivateKey) -> Result<Option<PersonalOpening>, StoreError> {
        Ok(self.openings.get(&key).cloned())
    }

    async fn private_after(
        &self,
        after: Option<PrivateKey>,
        limit: u32,
    ) -> Result<Vec<PrivateRow>, StoreError> {
        use std::ops::Bound;
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self
            .openings
            .range((from, Bound::Unbounded))
            .take(limit as usize);
        let row = |(key, opening): (&PrivateKey, &PersonalOpening)| PrivateRow {
            key: *key,
            opening: opening.clone(),
        };
        Ok(rows.map(row).collect())
    }
}
