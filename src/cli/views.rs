//! `quantong views`: the SQL tables that follow from the journal.

use super::folder::{CliError, Folder};
use super::verify::progress_bar;
use crate::journal::{OpenError, Store};
use crate::node::leads_now;
use crate::views::Views;

/// What to do with the views.
#[derive(Debug, clap::Subcommand)]
pub(super) enum ViewsCommand {
    /// Take the tables away, damaged or not, and make them anew from the journal, while no server
    /// runs
    Rebuild,
    /// Tell up to where the tables are
    Status,
}

pub(super) async fn run(folder: &Folder, command: &ViewsCommand) -> Result<(), CliError> {
    match command {
        ViewsCommand::Rebuild => rebuild(folder).await,
        ViewsCommand::Status => status(folder).await,
    }
}

async fn status(folder: &Folder) -> Result<(), CliError> {
    let (_, reader) = folder.read().await?;
    let views = Views::open(folder.database(), folder.path()).await?;
    let total = reader.head().await?.map_or(0, |head| head.size());
    let done = views.position().await;
    views.close().await;
    tell(done?.events, total);
    Ok(())
}

fn tell(done: u64, total: u64) {
    say!("views: {done} of {total} events");
}

/// Holds the lock of the data folder meanwhile, as a server does.
async fn rebuild(folder: &Folder) -> Result<(), CliError> {
    folder.require_ledger().await?;
    let store = folder.store().await.map_err(|error| match error {
        CliError::Open(OpenError::InUse(folder)) => CliError::Usage(format!(
            "the data folder {} is in use by another process, which writes the views; \
             stop the server first",
            folder.display()
        )),
        error => error,
    })?;
    let made = make(folder, store.as_ref()).await;
    store.close().await?;
    made
}

async fn make(folder: &Folder, store: &dyn Store) -> Result<(), CliError> {
    if let Some(lease) = store.lease()
        && let Some(leader) = leads_now(&*lease).await?
    {
        let at = match leader.address.as_str() {
            "" => String::new(),
            address => format!(" at {address}"),
        };
        return Err(CliError::Usage(format!(
            "a node{at} leads this ledger and writes the views; stop all nodes first"
        )));
    }
    let reader = store.reader();
    let total = reader.head().await?.map_or(0, |head| head.size());
    let views = Views::anew(folder.database(), folder.path()).await?;
    let bar = progress_bar(total, true);
    let mut projector = views.projector(reader, store.ledger()).await?;
    while projector.step().await? {
        bar.set_position(projector.position().events);
    }
    bar.finish_and_clear();
    let done = projector.position().events;
    views.close().await;
    tell(done, total);
    Ok(())
}
