//! `quantong vouchers issue`: vouchers from a file, through a running server.

use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::ProgressBar;
use reqwest::Method;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::client::{Answer, Server, ask, complaint, say};
use super::folder::CliError;
use super::verify::progress_bar;
use crate::domain::hex;

/// How often the progress of a run is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Most faults and refused rows that are printed.
const PRINTED_MAX: usize = 50;

/// Vouchers.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Vouchers {
    /// Issue vouchers from a CSV or XLSX file with the columns reference, enterprise and amount;
    /// the same file sent again goes on where it ended
    Issue(Issue),
}

/// Settings of `vouchers issue`.
#[derive(Debug, clap::Args)]
pub(super) struct Issue {
    /// The file, .csv or .xlsx
    file: PathBuf,
    /// Code of the programme
    #[arg(long)]
    programme: String,
    /// Only tell what would become of the file, with all faults
    #[arg(long)]
    preview: bool,
    /// All rows or none; at most 10,000
    #[arg(long)]
    atomic: bool,
    /// Issue the rows that can be issued although others cannot
    #[arg(long, conflicts_with = "atomic")]
    skip_faulty: bool,
    /// Print the server's answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: Server,
}

pub(super) async fn run(command: &Vouchers) -> Result<(), CliError> {
    let Vouchers::Issue(command) = command;
    let bytes = std::fs::read(&command.file)
        .map_err(|error| CliError::Usage(format!("{}: {error}", command.file.display())))?;
    let media = media(&command.file)?;
    let sha256 = hex(&<[u8; 32]>::from(Sha256::digest(&bytes)));
    let mode = if command.atomic { "atomic" } else { "chunks" };
    let path = format!(
        "/v1/programmes/{}/voucher-files?mode={mode}&dry_run={}&skip_faulty={}",
        command.programme, command.preview, command.skip_faulty
    );
    let client = Server::client()?;
    let request = command
        .server
        .request(&client, Method::POST, &path)
        .header("Content-Type", media)
        .body(bytes);
    let bar = progress_bar(0, true);
    let answer = {
        let sent = ask(request);
        tokio::pin!(sent);
        loop {
            tokio::select! {
                answer = &mut sent => break answer,
                () = tokio::time::sleep(LOOK) => {}
            }
            if !command.preview {
                show_progress(command, &client, &sha256, &bar).await;
            }
        }
    };
    bar.finish_and_clear();
    tell(command, &answer?)
}

fn media(file: &Path) -> Result<&'static str, CliError> {
    let extension = file.extension().and_then(|extension| extension.to_str());
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("csv") => Ok("text/csv"),
        Some("xlsx") => Ok("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        _ => {
            let file = file.display();
            Err(CliError::Usage(format!("{file}: neither .csv nor .xlsx")))
        }
    }
}

/// Moves the bar. That the progress cannot be read ends nothing.
async fn show_progress(command: &Issue, client: &reqwest::Client, sha256: &str, bar: &ProgressBar) {
    let path = format!("/v1/voucher-files/{sha256}?programme={}", command.programme);
    let request = command.server.request(client, Method::GET, &path);
    if let Ok(Answer { status: 200, body }) = ask(request).await
        && let (Some(rows), Some(to_do)) = (body["rows"].as_u64(), body["to_do"].as_u64())
    {
        bar.set_length(rows);
        bar.set_position(rows.saturating_sub(to_do));
    }
}

fn tell(command: &Issue, answer: &Answer) -> Result<(), CliError> {
    let Answer { status, body } = answer;
    if command.json {
        say(&body.to_string());
    }
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    if *status >= 400 {
        if !command.json {
            faults(&body["preview"], &text);
        }
        return Err(CliError::Failed(complaint(body)));
    }
    if command.json {
        return Ok(());
    }
    if command.preview {
        faults(body, &text);
        say(&format!(
            "{} rows: {} can be issued, {} yuan in all; {} are there already; {} faults",
            body["rows"],
            body["issuable"],
            text(&body["total"]),
            body["unchanged"],
            body["fault_count"]
        ));
        return Ok(());
    }
    if body["state"].is_null() {
        say(&format!(
            "the file waits for a second person, as {}; with the approval its issue begins, and \
             the same file sent again tells how far it is",
            text(&body["id"])
        ));
        return Ok(());
    }
    for row in body["refused_rows"]
        .as_array()
        .into_iter()
        .flatten()
        .take(PRINTED_MAX)
    {
        say(&format!(
            "line {}: {} {}",
            row["line"],
            text(&row["result"]),
            text(&row["problem"])
        ));
    }
    say(&format!(
        "{}: {} of {} rows issued, {} yuan; {} refused, {} there already, {} to do",
        text(&body["state"]),
        body["issued"],
        body["rows"],
        text(&body["amount"]),
        body["refused"],
        body["unchanged"],
        body["to_do"]
    ));
    Ok(())
}

fn faults(preview: &Value, text: &impl Fn(&Value) -> String) {
    let faults = preview["faults"].as_array();
    for fault in faults.into_iter().flatten().take(PRINTED_MAX) {
        let column = fault["column"].as_str().unwrap_or("-");
        say(&format!(
            "line {}, {column}: {} {} [{}]",
            fault["line"],
            text(&fault["problem"]),
            text(&fault["remedy"]),
            text(&fault["value"])
        ));
    }
    let more = faults.map_or(0, |faults| faults.len().saturating_sub(PRINTED_MAX));
    if more > 0 {
        say(&format!("… and {more} more; --json prints all"));
    }
}
