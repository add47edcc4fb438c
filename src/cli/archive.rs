//! `quantong export` and `quantong import-journal`: a whole journal in one file, and back.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use super::folder::{CliError, Folder};
use super::verify::{check_against, progress_bar};
use crate::domain::hex;
use crate::journal::{
    Archive, ArchiveSummary, Chain, HashKind, JournalFault, LedgerUuid, PrivateKey, PrivateRow,
    ReadLimit, Row, RowHead, Store, StoreReader, VerifyError, check_anchor, write_archive,
};
use crate::node::hash_kind;

/// Settings of `export`.
#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// File to write; it must not exist yet
    file: PathBuf,
    /// Leave out names and other data of natural persons
    #[arg(long)]
    without_personal_data: bool,
}

/// Settings of `import-journal`.
#[derive(Debug, clap::Args)]
pub(super) struct ImportJournal {
    /// File that `export` wrote
    file: PathBuf,
}

fn print(what: &str, summary: &ArchiveSummary) {
    let root = summary.root.map_or_else(String::new, |root| hex(&root));
    say!(
        "{what}: {} events in {} batches, {} personal data",
        summary.events,
        summary.rows,
        summary.openings
    );
    say!("  root  {root}");
}

/// What is added to the name of a file that is not whole yet.
const PARTIAL: &str = ".partial";

/// Where a file is written before it has its name.
fn partial_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(PARTIAL);
    PathBuf::from(name)
}

/// Writes the file beside its name first: what has the name is whole, and was checked as `verify`
/// checks a journal's rows and end.
pub(super) async fn export(folder: &Folder, command: &Export) -> Result<(), CliError> {
    if command.file.exists() {
        let file = command.file.display();
        return Err(CliError::Usage(format!("{file} exists already")));
    }
    // What the file says was in the journal before it was read.
    let anchor = folder.anchor()?;
    let (ledger, reader) = folder.read().await?;
    let kind = hash_kind(&*reader).await?;
    let partial = partial_of(&command.file);
    let out = BufWriter::with_capacity(1 << 20, File::create(&partial)?);
    let total = reader.head().await?.map_or(0, |head| head.size());
    let bar = progress_bar(total, true);
    let personal = !command.without_personal_data;
    let written = write_whole(&*reader, ledger, kind, personal, out, |events| {
        bar.set_position(events)
    });
    let written = match (written.await, anchor) {
        (Ok(summary), Some(anchor)) => {
            let checked = check_against(&*reader, kind, &anchor).await;
            checked.map(|()| summary)
        }
        (written, _) => written,
    };
    bar.finish_and_clear();
    match written {
        Ok(summary) => {
            std::fs::rename(&partial, &command.file)?;
            print("exported", &summary);
            Ok(())
        }
        Err(error) => {
            // What went wrong matters more than what is left behind.
            let _left = std::fs::remove_file(&partial);
            Err(error)
        }
    }
}

async fn write_whole(
    reader: &dyn StoreReader,
    ledger: LedgerUuid,
    kind: HashKind,
    personal: bool,
    mut out: BufWriter<File>,
    progress: impl FnMut(u64) + Send,
) -> Result<ArchiveSummary, CliError> {
    let summary = write_archive(reader, ledger, kind, personal, &mut out, progress).await?;
    out.flush()?;
    out.get_ref().sync_all()?;
    Ok(summary)
}

/// Takes a journal over, checked row by row; goes on where an earlier run was broken off.
pub(super) async fn import(folder: &Folder, command: &ImportJournal) -> Result<(), CliError> {
    let archive = open(&command.file)?;
    let kind = hash_kind(&archive).await?;
    if folder.stored().await?.is_none() {
        // Before a database is made.
        check_checkpoint(folder, &archive, kind).await?;
    }
    let mut store = folder.store_for(archive.summary().ledger).await?;
    let copied = copy(folder, &archive, kind, store.as_mut()).await;
    store.close().await?;
    copied?;
    print("imported", archive.summary());
    Ok(())
}

pub(super) fn open(path: &Path) -> Result<Archive, CliError> {
    if !path.exists() {
        let file = path.display();
        return Err(CliError::Usage(format!("{file} does not exist")));
    }
    Ok(Archive::open(path)?)
}

async fn copy(
    folder: &Folder,
    archive: &Archive,
    kind: HashKind,
    store: &mut dyn Store,
) -> Result<(), CliError> {
    if store.ledger() != archive.summary().ledger {
        let other = "the database holds another journal: that of another ledger";
        return Err(CliError::Usage(other.to_owned()));
    }
    let there = store.head().await?;
    if let Some(there) = &there {
        check_past(archive, &*store.reader(), there).await?;
    }
    check_checkpoint(folder, archive, kind).await?;
    let bar = progress_bar(archive.summary().events, true);
    let mut chain = Chain::new(kind);
    let mut next = 0;
    let mut private_from = None;
    loop {
        let rows = archive.rows_from(next, ReadLimit::SCAN).await?;
        let Some(last) = rows.last() else {
            break;
        };
        next = last.head.batch_no + 1;
        let last_seq = last.head.last_seq;
        let mut new: Vec<Row> = Vec::with_capacity(rows.len());
        for row in rows {
            chain
                .check(&row)
                .map_err(|fault| CliError::Failed(fault.to_string()))?;
            if there.is_none_or(|there| there.batch_no < row.head.batch_no) {
                new.push(row);
            }
        }
        let private = openings(archive, &mut private_from, last_seq).await?;
        if let Some(first) = new.first() {
            let fresh = |row: &PrivateRow| row.key.seq >= first.head.first_seq;
            let private: Vec<PrivateRow> = private.into_iter().filter(fresh).collect();
            store
                .append(&new, &private)
                .await
                .map_err(|error| CliError::Failed(super::causes(&error)))?;
        }
        bar.set_position(last_seq + 1);
    }
    bar.finish_and_clear();
    Ok(())
}

/// Refuses a file that is not the journal of which the folder's checkpoint file tells, or ends
/// before it: no server would start on what was taken over.
async fn check_checkpoint(
    folder: &Folder,
    archive: &Archive,
    kind: HashKind,
) -> Result<(), CliError> {
    let Some(anchor) = folder.anchor()? else {
        return Ok(());
    };
    let place = folder.path().display();
    let refused = match check_anchor(archive, kind, &anchor).await {
        Ok(()) => return Ok(()),
        Err(VerifyError::Fault(JournalFault::Truncated {
            anchor_size,
            journal_size,
        })) => format!(
            "the file ends too early: it has {journal_size} events, and the data folder {place} \
             belongs to a ledger with {anchor_size} (its file `checkpoint`); nothing is taken \
             over. Take an export of that ledger that reaches as far; if there is none and what is \
             missing is lost for good, give a new folder with --data"
        ),
        Err(VerifyError::Fault(_)) => format!(
            "the data folder {place} belongs to another journal: its file `checkpoint` has another \
             root after {} events than the file; nothing is taken over. Give the folder that \
             belongs to this journal, or a new one, with --data",
            anchor.size
        ),
        Err(error) => return Err(CliError::Failed(super::causes(&error))),
    };
    Err(CliError::Usage(refused))
}

/// Refuses a database whose journal is not the beginning of the file's. A row's root is over all
/// events before it: where the last row that both have is the same, so is everything before.
async fn check_past(
    archive: &Archive,
    stored: &dyn StoreReader,
    there: &RowHead,
) -> Result<(), CliError> {
    let Some(last) = archive.head().await? else {
        let empty = "the file holds no events, the database some: nothing is taken over";
        return Err(CliError::Usage(empty.to_owned()));
    };
    let common = last.batch_no.min(there.batch_no);
    if head_at(archive, common).await? != head_at(stored, common).await? {
        let (batch_no, seq) = first_difference(archive, stored, common).await?;
        return Err(CliError::Usage(format!(
            "the database holds another journal: it and the file differ from batch {batch_no}, \
             event {seq}, on, so each went on by itself; nothing is taken over. Import into an \
             empty database, or find out which of the two is the ledger"
        )));
    }
    if there.batch_no > last.batch_no {
        return Err(CliError::Usage(format!(
            "the database holds all of the file and went on by itself: it has {} events, the file \
             {}; there is nothing to take over",
            there.size(),
            last.size()
        )));
    }
    Ok(())
}

/// The row with a number, without its body.
async fn head_at(reader: &dyn StoreReader, batch_no: u64) -> Result<Option<RowHead>, CliError> {
    let one = ReadLimit { rows: 1, bytes: 1 };
    let rows = reader.rows_from(batch_no, one).await?;
    let head = rows.first().map(|row| row.head);
    Ok(head.filter(|head| head.batch_no == batch_no))
}

/// Batch and event from which on two journals differ, of which batch `differs` does.
async fn first_difference(
    archive: &Archive,
    stored: &dyn StoreReader,
    differs: u64,
) -> Result<(u64, u64), CliError> {
    let (mut first, mut last) = (0, differs);
    while first < last {
        let middle = first + (last - first) / 2;
        if head_at(archive, middle).await? == head_at(stored, middle).await? {
            first = middle + 1;
        } else {
            last = middle;
        }
    }
    let head = head_at(archive, first).await?;
    Ok((first, head.map_or(0, |head| head.first_seq)))
}

/// The openings of the events up to `last_seq` that were not taken before.
async fn openings(
    archive: &Archive,
    from: &mut Option<PrivateKey>,
    last_seq: u64,
) -> Result<Vec<PrivateRow>, CliError> {
    let mut openings = Vec::new();
    loop {
        let mut some = archive.private_after(*from, 1_000).await?;
        let read = some.len();
        some.retain(|row| row.key.seq <= last_seq);
        let Some(last) = some.last() else {
            return Ok(openings);
        };
        *from = Some(last.key);
        let done = some.len() < read;
        openings.append(&mut some);
        if done {
            return Ok(openings);
        }
    }
}
