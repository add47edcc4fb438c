//! `quantong init`: a new ledger and its first administrator.

use super::folder::{CliError, Folder, enrol};
use crate::engine::command::{Role, Scope};
use crate::journal::HashKind;
use crate::node::{Clock, Node};

/// Settings of `init`.
#[derive(Debug, clap::Args)]
pub(super) struct Init {
    /// Origin line of the ledger's checkpoints: a name that is yours, as a URL without scheme
    #[arg(long, default_value = "quantong.example/ledger")]
    origin: String,
    /// Hash of the journal's tree
    #[arg(long, default_value = "sha256", value_parser = ["sha256", "sm3"])]
    hash: String,
}

pub(super) async fn run(folder: &Folder, command: &Init) -> Result<(), CliError> {
    let hash = HashKind::parse(&command.hash)
        .ok_or_else(|| CliError::Usage(format!("unknown hash {}", command.hash)))?;
    folder.create(&command.origin, hash, None).await?;
    let node = folder.start(Clock::System).await?;
    let administrator = first_administrator(&node).await;
    node.stop().await;
    administrator
}

/// Enrols the first administrator and prints the token, once.
pub(super) async fn first_administrator(node: &Node) -> Result<(), CliError> {
    let (_, token) = enrol(node, "administrator", Role::Administrator, Scope::Corridor).await?;
    println!("A new ledger was created. Token of its administrator, shown only now:");
    println!("{token}");
    Ok(())
}
