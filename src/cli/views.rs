//! `quantong views`: the SQL tables that follow from the journal.

use super::folder::{CliError, Folder};
use super::verify::progress_bar;
use crate::views::Views;

/// What to do with the views.
#[derive(Debug, clap::Subcommand)]
pub(super) enum ViewsCommand {
    /// Empty the tables and make them anew from the journal, while no server runs
    Rebuild,
    /// Tell up to where the tables are
    Status,
}

pub(super) async fn run(folder: &Folder, command: &ViewsCommand) -> Result<(), CliError> {
    let (ledger, reader) = folder.read().await?;
    let views = Views::open(folder.database(), folder.path()).await?;
    let total = reader.head().await?.map_or(0, |head| head.size());
    let done = match command {
        ViewsCommand::Rebuild => {
            let bar = progress_bar(total, true);
            let mut projector = views.projector(reader, ledger).await?;
            projector.clear().await?;
            while projector.step().await? {
                bar.set_position(projector.position().events);
            }
            bar.finish_and_clear();
            projector.position().events
        }
        ViewsCommand::Status => views.position().await?.events,
    };
    views.close().await;
    println!("views: {done} of {total} events");
    Ok(())
}
