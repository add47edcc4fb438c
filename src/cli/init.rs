//! `quantong init`: a new ledger and its first administrator.

use super::folder::{CliError, Folder, enrol};
use crate::engine::command::{Role, Scope};
use crate::journal::{Database, HashKind, LedgerUuid, SignIns};
use crate::node::{Clock, Node};
use crate::views::Views;

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
    let other = make_other_tables(folder, node.ledger()).await;
    node.stop().await;
    administrator.and(other)
}

/// Makes what a server would make at its first start, so that a role that may not make tables can
/// start it.
async fn make_other_tables(folder: &Folder, ledger: LedgerUuid) -> Result<(), CliError> {
    if *folder.database() == Database::Sqlite {
        return Ok(());
    }
    let views = Views::open(folder.database(), folder.path()).await?;
    views.close().await;
    let sign_ins = SignIns::open(folder.database(), folder.path(), ledger).await?;
    sign_ins.close().await;
    Ok(())
}

/// Enrols the first administrator and prints the token, once.
pub(super) async fn first_administrator(node: &Node) -> Result<(), CliError> {
    let (_, token) = enrol(node, "administrator", Role::Administrator, Scope::Corridor).await?;
    say!("A new ledger was created. Token of its administrator, shown only now:");
    say!("{token}");
    Ok(())
}
