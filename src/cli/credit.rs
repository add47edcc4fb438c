//! `quantong credit`: credit flags from a CSV file and into one, while no server runs.

use std::path::PathBuf;

use super::folder::{CliError, Folder};
use crate::documents::credit_file::{self, Intake, LineFault};
use crate::domain::CreditFlagId;
use crate::engine::command::RefSource;
use crate::engine::event::SYSTEM;
use crate::node::{AtomicAnswer, Clock, Node};

/// What to do with credit flags.
#[derive(Debug, clap::Subcommand)]
pub(super) enum CreditCommand {
    /// Raise the flags of a CSV file: all of them, or none if anything is wrong with the file
    Import {
        /// The file
        file: PathBuf,
    },
    /// Write all flags, with their reasons, into a CSV file
    Export {
        /// The file
        file: PathBuf,
    },
}

pub(super) async fn run(folder: &Folder, command: &CreditCommand) -> Result<(), CliError> {
    match command {
        CreditCommand::Import { file } => {
            let rows = credit_file::read(&std::fs::read(file)?).map_err(|faults| told(&faults))?;
            let node = folder.start(Clock::System).await?;
            let done = import(&node, &rows.0).await;
            node.stop().await;
            let (raised, known) = done?;
            say!("{raised} raised, {known} known, {} lifted", rows.1);
        }
        CreditCommand::Export { file } => {
            let node = folder.start(Clock::System).await?;
            let written = export(&node).await;
            node.stop().await;
            std::fs::write(file, written?)?;
        }
    }
    Ok(())
}

/// All faults of a file as one failure.
fn told(faults: &[LineFault]) -> CliError {
    let one =
        |fault: &LineFault| format!("line {} {}: {}", fault.line, fault.column, fault.problem);
    let lines: Vec<String> = faults.iter().map(one).collect();
    CliError::Usage(format!(
        "nothing was taken; {} faults:\n{}",
        faults.len(),
        lines.join("\n")
    ))
}

async fn import(node: &Node, rows: &[credit_file::FlagRow]) -> Result<(usize, usize), CliError> {
    let tag = node.ledger_tag();
    let (intake, _) = node
        .read(|state| credit_file::intake(state, tag, SYSTEM, RefSource::Import, rows))
        .await?;
    let Intake { new, known } = intake.map_err(|faults| told(&faults))?;
    let (lines, items): (Vec<u64>, Vec<_>) = new.into_iter().unzip();
    let raised = items.len();
    if raised == 0 {
        return Ok((0, known));
    }
    match node.submit_atomic(None, items).await? {
        AtomicAnswer::Done(_) => Ok((raised, known)),
        AtomicAnswer::Refused { faults, .. } => {
            let one = |fault: &crate::engine::ItemFault| {
                let line = lines.get(fault.item).copied().unwrap_or(0);
                let why = fault.rejection.as_ref();
                let why = why.map_or_else(|| "refused".to_owned(), ToString::to_string);
                format!("line {line}: {why}")
            };
            let lines: Vec<String> = faults.iter().map(one).collect();
            Err(CliError::Failed(format!(
                "nothing was taken:\n{}",
                lines.join("\n")
            )))
        }
    }
}

async fn export(node: &Node) -> Result<Vec<u8>, CliError> {
    let tag = node.ledger_tag();
    let (rows, _) = node
        .read(|state| {
            let ids = (0..state.credit_flag_count()).filter_map(CreditFlagId::from_index);
            let rows = ids.filter_map(|id| {
                let row = state.credit_flag(id)?;
                let text = state.credit_flag_id(id, tag)?;
                let out = credit_file::row_out(state, tag, text.as_str(), row, true);
                Some((out, row.details))
            });
            rows.collect::<Vec<_>>()
        })
        .await?;
    let mut told = Vec::with_capacity(rows.len());
    for (row, seq) in rows {
        told.push((row, node.event(seq).await?));
    }
    Ok(credit_file::write(&told))
}
