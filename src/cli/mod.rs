//! The command line, one file per command.

mod advance;
pub mod bench;
mod demo;
mod folder;
mod import;
mod init;
mod serve;
mod tables;
mod token;
mod verify;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub use folder::{CliError, Folder};
pub use import::{ImportReport, import_dataset};
pub use verify::causes;

/// 券通 clears innovation vouchers across cities.
#[derive(Debug, Parser)]
#[command(name = "quantong", version, about, propagate_version = true)]
pub struct Cli {
    /// Data folder
    #[arg(long, global = true, env = "QUANTONG_DATA", default_value = "./data")]
    data: PathBuf,
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
    /// Replay the journal and recompute everything
    Verify(verify::Verify),
    /// Issue an access token on this machine, while no server runs
    Token(token::Token),
    /// Print the OpenAPI document
    Openapi,
    /// Move the business date forward on this machine, while no server runs
    AdvanceDate(advance::Advance),
    /// Measure the engine
    #[command(subcommand)]
    Bench(bench::Bench),
}

/// Runs the command line; the exit code is 0 on success.
///
/// # Errors
/// What went wrong, for the operator.
pub async fn run() -> Result<(), CliError> {
    let cli = Cli::parse();
    let folder = Folder::at(cli.data);
    match cli.command {
        Cmd::Serve(command) => serve::run(&folder, &command).await,
        Cmd::Init(command) => init::run(&folder, &command).await,
        Cmd::Import(command) => import::run(&folder, &command).await,
        Cmd::Demo(command) => demo::run(&command).await,
        Cmd::Verify(command) => verify::run(&folder, &command).await,
        Cmd::Token(command) => token::run(&folder, &command).await,
        Cmd::Openapi => {
            let text = crate::api::openapi().to_pretty_json();
            println!(
                "{}",
                text.map_err(|error| CliError::Failed(error.to_string()))?
            );
            Ok(())
        }
        Cmd::AdvanceDate(command) => advance::run(&folder, &command).await,
        Cmd::Bench(command) => Ok(bench::run(command).await?),
    }
}
