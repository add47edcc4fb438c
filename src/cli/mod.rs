//! The command line, one file per command.

/// Prints a line as `println!` does; a closed pipe ends nothing, see [`client::write_line`].
macro_rules! say {
    ($($text:tt)*) => {
        $crate::cli::client::write_line(format_args!($($text)*))
    };
}

mod advance;
mod archive;
pub mod bench;
mod call;
mod client;
mod credit;
mod demo;
mod folder;
mod import;
mod init;
mod serve;
mod simulate;
mod snapshot;
mod tables;
mod token;
mod verify;
mod views;
mod vouchers;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

pub use folder::{CliError, Folder};
pub use import::{ImportReport, import_dataset};
pub use verify::causes;

use crate::journal::Database;

/// Data folder if none is named.
const DATA: &str = "./data";

/// 券通 clears innovation vouchers across cities.
#[derive(Debug, Parser)]
#[command(name = "quantong", version, about, propagate_version = true)]
pub struct Cli {
    /// Data folder
    #[arg(long, global = true, env = "QUANTONG_DATA", default_value = DATA)]
    data: PathBuf,
    /// Database of the journal, like postgres://user@host/name; in the data folder if not given.
    /// Give a password in the environment, where other users of the machine do not see it
    #[arg(long, global = true, env = "QUANTONG_DATABASE", hide_env_values = true)]
    database: Option<DatabaseText>,
    #[command(subcommand)]
    command: Cmd,
}

#[derive(Debug, Subcommand)]
enum Cmd {
    /// Serve the REST API; creates the ledger if there is none
    Serve(serve::Serve),
    /// Create a ledger and print the administrator's token once
    Init(init::Init),
    /// Take over a year of a corridor from CSV files
    Import(import::Import),
    /// Import the example year, show what became of it, then serve it
    Demo(demo::Demo),
    /// Write the whole journal into one file, also beside a running server
    Export(archive::Export),
    /// Take over a journal that `export` wrote
    ImportJournal(archive::ImportJournal),
    /// Make a snapshot of the state, from which the next start is faster
    Snapshot(snapshot::SnapshotNow),
    /// Replay the journal and recompute everything
    Verify(verify::Verify),
    /// Issue an access token on this machine, while no server runs
    Token(token::Token),
    /// Print the OpenAPI document
    Openapi,
    /// Move the business date forward on this machine, while no server runs
    AdvanceDate(advance::Advance),
    /// Take credit flags from a CSV file, or write them into one, while no server runs
    #[command(subcommand)]
    Credit(credit::CreditCommand),
    /// Make the SQL views anew, or tell up to where they are
    #[command(subcommand)]
    Views(views::ViewsCommand),
    /// Vouchers, through a running server
    #[command(subcommand)]
    Vouchers(vouchers::Vouchers),
    /// Apply a draft of rules to the claims of the past, through a running server
    Simulate(simulate::Simulate),
    /// Call any operation of a running server; without one, list them all
    Call(call::Call),
    /// Measure the engine
    #[command(subcommand)]
    Bench(bench::Bench),
}

/// An address as it was given. It may hold a password: it is not shown, not even when it is wrong.
#[derive(Clone)]
struct DatabaseText(String);

impl std::fmt::Debug for DatabaseText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseText")
    }
}

impl From<&str> for DatabaseText {
    fn from(text: &str) -> DatabaseText {
        DatabaseText(text.to_owned())
    }
}

impl DatabaseText {
    fn parse(&self) -> Result<Database, CliError> {
        match self.0.as_str() {
            "" => Ok(Database::Sqlite),
            text => Ok(Database::Postgres(text.parse()?)),
        }
    }
}

/// Runs the command line; the exit code is 0 on success.
///
/// # Errors
/// What went wrong, for the operator.
pub async fn run() -> Result<(), CliError> {
    let cli = Cli::parse();
    let database = match &cli.database {
        Some(text) => text.parse()?,
        None => Database::Sqlite,
    };
    let named = (cli.data != Path::new(DATA)).then(|| cli.data.clone());
    let folder = Folder::with(cli.data, database);
    match cli.command {
        Cmd::Serve(command) => serve::run(&folder, &command).await,
        Cmd::Init(command) => init::run(&folder, &command).await,
        Cmd::Import(command) => import::run(&folder, &command).await,
        Cmd::Demo(command) => demo::run(named, folder.database(), &command).await,
        Cmd::Export(command) => archive::export(&folder, &command).await,
        Cmd::ImportJournal(command) => archive::import(&folder, &command).await,
        Cmd::Snapshot(command) => snapshot::run(&folder, &command).await,
        Cmd::Verify(command) => verify::run(&folder, &command).await,
        Cmd::Token(command) => token::run(&folder, &command).await,
        Cmd::Openapi => {
            let text = crate::api::openapi().to_pretty_json();
            let text = text.map_err(|error| CliError::Failed(error.to_string()))?;
            match std::io::stdout().write_all(format!("{text}\n").as_bytes()) {
                // Whoever reads has read enough.
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
                written => written?,
            }
            Ok(())
        }
        Cmd::AdvanceDate(command) => advance::run(&folder, &command).await,
        Cmd::Credit(command) => credit::run(&folder, &command).await,
        Cmd::Views(command) => views::run(&folder, &command).await,
        Cmd::Vouchers(command) => vouchers::run(&command).await,
        Cmd::Simulate(command) => simulate::run(&command).await,
        Cmd::Call(command) => call::run(&command).await,
        Cmd::Bench(command) => Ok(bench::run(command, folder.database()).await?),
    }
}
