//! `quantong advance-date`: the business date moved on the server's own machine, for a ledger
//! that has stood still for more than two days.

use super::folder::{CliError, Folder, act};
use crate::domain::Day;
use crate::engine::command::{AdvanceDate, Command};
use crate::engine::event::SYSTEM;
use crate::node::Clock;

/// Settings of `advance-date`.
#[derive(Debug, clap::Args)]
pub(super) struct Advance {
    /// The new business date, like 2025-01-31
    to: Day,
}

pub(super) async fn run(folder: &Folder, command: &Advance) -> Result<(), CliError> {
    let node = folder.start(Clock::SystemWithManualDate).await?;
    let advance = Command::AdvanceDate(AdvanceDate { to: command.to });
    let advanced = act(&node, SYSTEM, advance).await;
    node.stop().await;
    advanced?;
    say!("the business date is {}", command.to);
    Ok(())
}
