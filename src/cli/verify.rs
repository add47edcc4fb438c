//! `quantong verify`: replay from the first event, with everything recomputed.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use super::folder::{CliError, Folder};
use crate::domain::hex;
use crate::engine::invariants;
use crate::journal::{Anchor, Archive, HashKind, StoreReader, check_anchor};
use crate::node::{replay, state_hash};

/// Settings of `verify`.
#[derive(Debug, clap::Args)]
pub(super) struct Verify {
    /// Print the result as one line of JSON
    #[arg(long)]
    json: bool,
    /// Verify a file that `export` wrote instead; nothing else is needed
    #[arg(long)]
    file: Option<PathBuf>,
}

/// What a verification found.
#[derive(Debug, serde::Serialize)]
pub(super) struct Verified {
    /// Number of events.
    pub(super) events: u64,
    /// Number of batches.
    pub(super) batches: u64,
    /// Root over all events.
    pub(super) root: String,
    /// Hash of the state after the last event.
    pub(super) state: String,
    /// Number of epochs.
    pub(super) epochs: u64,
    /// Milliseconds it took.
    pub(super) milliseconds: u128,
}

pub(super) async fn run(folder: &Folder, command: &Verify) -> Result<(), CliError> {
    let verified = match &command.file {
        Some(file) => verify_reader(Arc::new(Archive::open(file)?), None, !command.json).await?,
        None => verify_folder(folder, !command.json).await?,
    };
    if command.json {
        say!(
            "{}",
            serde_json::to_string(&verified).map_err(std::io::Error::from)?
        );
    } else {
        print_verified(&verified);
    }
    Ok(())
}

pub(super) fn print_verified(verified: &Verified) {
    say!(
        "verified: {} events in {} batches, every root and every invariant, in {} ms",
        verified.events,
        verified.batches,
        verified.milliseconds
    );
    say!("  root  {}", verified.root);
    say!("  state {}", verified.state);
}

/// Replays the journal of a folder, also beside a running server, and checks every root, every
/// invariant and the checkpoint file.
pub(super) async fn verify_folder(
    folder: &Folder,
    show_progress: bool,
) -> Result<Verified, CliError> {
    // What the file says was in the journal before it was read.
    let anchor = folder.anchor()?;
    let (_, reader) = folder.read().await?;
    verify_reader(reader, anchor, show_progress).await
}

async fn verify_reader(
    reader: Arc<dyn StoreReader>,
    anchor: Option<Anchor>,
    show_progress: bool,
) -> Result<Verified, CliError> {
    let start = Instant::now();
    let total = reader.head().await?.map_or(0, |head| head.size());
    let bar = progress_bar(total, show_progress);
    let shown = bar.clone();
    let replayed = replay(reader.clone(), move |events| shown.set_position(events)).await;
    bar.finish_and_clear();
    let replayed = replayed?;
    if let Some(anchor) = anchor {
        check_against(&*reader, replayed.chain.frontier().kind(), &anchor).await?;
    }
    invariants::check(&replayed.state)
        .map_err(|broken| CliError::Failed(format!("an invariant is broken: {broken}")))?;
    Ok(Verified {
        events: replayed.events,
        batches: replayed.chain.head().map_or(0, |head| head.batch_no + 1),
        root: hex(&replayed.chain.frontier().root()),
        state: hex(&state_hash(&replayed.state)),
        epochs: replayed.state.epoch(),
        milliseconds: start.elapsed().as_millis(),
    })
}

/// Checks that a journal has the past that a checkpoint file tells of.
pub(super) async fn check_against(
    reader: &dyn StoreReader,
    kind: HashKind,
    anchor: &Anchor,
) -> Result<(), CliError> {
    let checked = check_anchor(reader, kind, anchor).await;
    checked.map_err(|error| CliError::Failed(format!("checkpoint file: {}", causes(&error))))
}

/// A progress bar, shown only when somebody watches.
pub(super) fn progress_bar(total: u64, show: bool) -> ProgressBar {
    if !show || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = "{bar:40} {human_pos}/{human_len} {eta}";
    let bar = ProgressBar::new(total);
    match ProgressStyle::with_template(style) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// An error with all its causes.
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
