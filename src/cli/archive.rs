//! `quantong export` and `quantong import-journal`: a whole journal in one file, and back.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use super::folder::{CliError, Folder};
use super::verify::progress_bar;
use crate::domain::hex;
use crate::journal::{
    Archive, ArchiveSummary, Chain, HashKind, LedgerUuid, PrivateKey, PrivateRow, ReadLimit, Row,
    Store, StoreReader, write_archive,
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
    println!(
        "{what}: {} events in {} batches, {} personal data",
        summary.events, summary.rows, summary.openings
    );
    println!("  root  {root}");
}

/// Writes the file beside its name first: what has the name is whole.
pub(super) async fn export(folder: &Folder, command: &Export) -> Result<(), CliError> {
    if command.file.exists() {
        let file = command.file.display();
        return Err(CliError::Usage(format!("{file} exists already")));
    }
    let (ledger, reader) = folder.read().await?;
    let partial = command.file.with_extension("partial");
    let out = BufWriter::with_capacity(1 << 20, File::create(&partial)?);
    let total = reader.head().await?.map_or(0, |head| head.size());
    let bar = progress_bar(total, true);
    let personal = !command.without_personal_data;
    let written = write_whole(&*reader, ledger, personal, out, |events| {
        bar.set_position(events)
    });
    let written = written.await;
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
    personal: bool,
    mut out: BufWriter<File>,
    progress: impl FnMut(u64) + Send,
) -> Result<ArchiveSummary, CliError> {
    let summary = write_archive(reader, ledger, personal, &mut out, progress).await?;
    out.flush()?;
    out.get_ref().sync_all()?;
    Ok(summary)
}

/// Takes a journal over, checked row by row; goes on where an earlier run was broken off.
pub(super) async fn import(folder: &Folder, command: &ImportJournal) -> Result<(), CliError> {
    let archive = open(&command.file)?;
    let kind = hash_kind(&archive).await?;
    let mut store = folder.store_for(archive.summary().ledger).await?;
    let copied = copy(&archive, kind, store.as_mut()).await;
    store.close().await?;
    copied?;
    print("imported", archive.summary());
    Ok(())
}

pub(super) fn open(path: &Path) -> Result<Archive, CliError> {
    Ok(Archive::open(path)?)
}

async fn copy(archive: &Archive, kind: HashKind, store: &mut dyn Store) -> Result<(), CliError> {
    let there = store.head().await?;
    let other = CliError::Usage("the database holds another journal".to_owned());
    if store.ledger() != archive.summary().ledger {
        return Err(other);
    }
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
            match there {
                Some(head) if head.batch_no > row.head.batch_no => {}
                Some(head) if head.batch_no == row.head.batch_no && head != row.head => {
                    return Err(other);
                }
                Some(head) if head.batch_no == row.head.batch_no => {}
                _ => new.push(row),
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
