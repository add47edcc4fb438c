//! `quantong simulate`: what a draft of rules would have made of the claims of the past, through a
//! running server.

use std::path::PathBuf;

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{CellAlignment, Table};
use reqwest::Method;
use serde_json::Value;

use super::client::{Server, ask, complaint, say};
use super::folder::CliError;

/// Settings of `simulate`.
#[derive(Debug, clap::Args)]
pub(super) struct Simulate {
    /// The question as JSON: the body of POST /v1/simulations
    question: PathBuf,
    /// Print the server's answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: Server,
}

pub(super) async fn run(command: &Simulate) -> Result<(), CliError> {
    let place = command.question.display();
    let text = std::fs::read_to_string(&command.question)
        .map_err(|error| CliError::Usage(format!("{place}: {error}")))?;
    let client = Server::client()?;
    let request = command
        .server
        .request(&client, Method::POST, "/v1/simulations")
        .header("Content-Type", "application/json")
        .body(text);
    let answer = ask(request).await?;
    if command.json {
        say(&answer.body.to_string());
    }
    if answer.status >= 400 {
        return Err(CliError::Failed(complaint(&answer.body)));
    }
    if !command.json {
        tell(&answer.body);
    }
    Ok(())
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "–".to_owned(),
        value => value.to_string(),
    }
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_BORDERS_ONLY)
        .set_header(header.to_vec());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn tell(body: &Value) {
    let mut sums = table(&["", "before", "after"]);
    for name in [
        "approved",
        "refused",
        "amount",
        "spent",
        "budget_ran_out_on",
    ] {
        let label = name.replace('_', " ");
        sums.add_row([
            label,
            shown(&body["before"][name]),
            shown(&body["after"][name]),
        ]);
    }
    say(&sums.to_string());
    let mut results = table(&["result before → after", "claims"]);
    for change in body["results"].as_array().into_iter().flatten() {
        let label = format!("{} → {}", shown(&change["before"]), shown(&change["after"]));
        results.add_row([label, shown(&change["claims"])]);
    }
    say(&results.to_string());
    let mut members = table(&["member", "", "part", "paid", "payable", "receivable"]);
    for side in ["before", "after"] {
        for member in body[side]["members"].as_array().into_iter().flatten() {
            let mut row = vec![shown(&member["member"]), side.to_owned()];
            let sums = ["part", "paid", "payable", "receivable"];
            row.extend(sums.map(|name| shown(&member[name])));
            members.add_row(row);
        }
    }
    say(&members.to_string());
    say(&format!(
        "{} claims decided again, {} of them otherwise; {} could not be",
        body["claims"], body["changed"], body["left_out"]
    ));
}
