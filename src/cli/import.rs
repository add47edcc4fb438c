//! `quantong import`: a year of a corridor from CSV files, all of it or nothing.

use std::collections::BTreeMap;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::folder::{CliError, Folder};
use super::verify::progress_bar;
use crate::documents::dataset::{
    Answers, Dataset, Faults, Plan, RowFault, Step, read_dataset, write_answers,
};
use crate::domain::Day;
use crate::engine::command::{AdvanceDate, Command, RefSource, Submission};
use crate::engine::event::SYSTEM;
use crate::engine::refusal_of;
use crate::engine::{Rejection, State};
use crate::journal::{HashKind, ReadLimit, codec, frames};
use crate::node::{Clock, Loaded, Node};

/// Commands of one batch.
const BATCH_COMMANDS: usize = 8_192;

/// Settings of `import`.
#[derive(Debug, clap::Args)]
pub(super) struct Import {
    /// Folder with the ten input files
    folder: PathBuf,
    /// Write the six files of answers into this folder
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print the report as JSON, row by row
    #[arg(long)]
    json: bool,
    /// Say of every row what became of it
    #[arg(long)]
    rows: bool,
}

/// What became of one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowReport {
    /// Name of the file.
    pub file: &'static str,
    /// Line, from 1.
    pub line: u64,
    /// Reference of the row.
    pub reference: String,
    /// `done`, `unchanged` (it was there before), a code of refusal, `conflict` (the reference
    /// names other content), `rejected: …`, or `skipped` (it rests on a row that was not taken).
    pub result: String,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Number of rows that were taken over now.
    pub done: usize,
    /// Number of rows that were refused by rule now.
    pub refused: usize,
    /// Number of rows that were there before, refused ones too.
    pub unchanged: usize,
    /// Number of rows that could not be taken: their reference names other content, or the ledger
    /// does not take them.
    pub conflicts: usize,
    /// Number of rows left out because a set-up row could not be taken.
    pub skipped: usize,
    /// Number of rows by file and by what became of them.
    pub results: BTreeMap<&'static str, BTreeMap<String, usize>>,
    /// What became of each row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowReport>,
    /// What is odd but was taken.
    pub warnings: Vec<RowFault>,
}

pub(super) async fn run(folder: &Folder, command: &Import) -> Result<(), CliError> {
    let (set, warnings) = read_checked(&command.folder, command.json)?;
    if !folder.has_ledger().await? {
        let first = first_day(&set);
        folder
            .create("quantong.example/ledger", HashKind::Sha256, first)
            .await?;
    }
    let node = folder.start(Clock::SystemWithManualDate).await?;
    let imported = import_and_answer(&node, &set, command.out.as_deref()).await;
    node.stop().await;
    let mut report = ImportReport {
        warnings,
        ..imported?
    };
    report.count_results();
    if command.json {
        let rows = std::mem::take(&mut report.rows);
        if command.rows {
            report.rows = rows;
        }
        say!(
            "{}",
            serde_json::to_string(&report).map_err(std::io::Error::from)?
        );
    } else {
        print_report(&report, command.rows);
    }
    match (report.conflicts, report.skipped) {
        (0, _) => Ok(()),
        (conflicts, 0) => Err(CliError::Failed(format!(
            "{conflicts} rows are in conflict"
        ))),
        (conflicts, skipped) => Err(CliError::Failed(format!(
            "{conflicts} rows are in conflict; {skipped} rows that rest on them were left out"
        ))),
    }
}

impl ImportReport {
    fn count_results(&mut self) {
        for row in &self.rows {
            let of_file = self.results.entry(row.file).or_default();
            *of_file.entry(row.result.clone()).or_default() += 1;
        }
    }
}

/// Reads a data set; all faults are printed and nothing is imported if there is one.
pub(super) fn read_checked(
    folder: &Path,
    json: bool,
) -> Result<(Dataset, Vec<RowFault>), CliError> {
    if !folder.is_dir() {
        let path = folder.display();
        return Err(CliError::Usage(format!("there is no folder {path}")));
    }
    let mut faults = Faults::default();
    let set = read_dataset(folder, &mut faults);
    if faults.count == 0 {
        return Ok((set, faults.warnings));
    }
    if json {
        say!(
            "{}",
            serde_json::to_string(&faults).map_err(std::io::Error::from)?
        );
    } else {
        for warning in &faults.warnings {
            eprintln!("warning: {warning}");
        }
        faults.faults.iter().for_each(|fault| eprintln!("{fault}"));
        let more = faults.count - faults.faults.len();
        if more > 0 {
            eprintln!("… and {more} more");
        }
    }
    Err(CliError::Failed(format!(
        "{} faults; nothing was imported",
        faults.count
    )))
}

/// The first day of the month of the first dated row.
pub(super) fn first_day(set: &Dataset) -> Option<Day> {
    let vouchers = set.vouchers.iter().map(|row| row.issued_on);
    let claims = set.claims.iter().map(|row| row.filed_on);
    vouchers
        .chain(claims)
        .min()
        .map(|day| day.month().first_day())
}

async fn import_and_answer(
    node: &Node,
    set: &Dataset,
    out: Option<&Path>,
) -> Result<ImportReport, CliError> {
    let report = import_dataset(node, set).await?;
    if let Some(out) = out {
        write_all_answers(node, out).await?;
    }
    Ok(report)
}

/// Takes a data set over: set-up rows, then day by day, then the first day after the last month.
///
/// If a set-up row cannot be taken, rows that are there already are still compared, and no new
/// voucher or claim is judged: it would be judged by rules that are not those of the files, and
/// for ever.
///
/// # Errors
/// A new row lies before the ledger's business date, or the node does not answer. Rows that were
/// acknowledged before stay; importing the same files again goes on where it ended.
pub async fn import_dataset(node: &Node, set: &Dataset) -> Result<ImportReport, CliError> {
    let plan = Plan::of(set);
    check_dates(node, &plan).await?;
    let total = plan
        .set_up
        .iter()
        .map(Vec::len)
        .chain(plan.days.iter().map(|d| d.1.len()));
    let bar = progress_bar(total.map(|n| n as u64).sum(), true);
    let mut report = ImportReport::default();
    for group in &plan.set_up {
        load(node, group, Take::All, &mut report).await?;
        bar.inc(group.len() as u64);
    }
    let complete = report.conflicts == 0;
    for (day, steps) in &plan.days {
        let take = if complete {
            advance(node, *day).await?;
            Take::All
        } else {
            Take::Known
        };
        load(node, steps, take, &mut report).await?;
        bar.inc(steps.len() as u64);
    }
    if let Some((last, _)) = plan.days.last().filter(|_| complete) {
        advance(node, last.month().next().first_day()).await?;
    }
    bar.finish_and_clear();
    Ok(report)
}

/// Which rows of a group are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Take {
    /// All whose parts are there.
    All,
    /// Only those that were taken over before, to say whether they are unchanged.
    Known,
}

/// A new row may not lie before the ledger's business date.
async fn check_dates(node: &Node, plan: &Plan<'_>) -> Result<(), CliError> {
    let late = |state: &State| {
        let today = state.business_date();
        let past = plan.days.iter().filter(|(day, _)| *day < today);
        let new = past.flat_map(|(_, steps)| steps).find(|step| {
            let Some(command) = step.command(state) else {
                return true;
            };
            let reference =
                codec::external_ref(command.kind(), RefSource::Import, step.reference());
            reference.is_ok_and(|reference| state.reference(reference.key).is_none())
        });
        new.map(|step| (today, step.place))
    };
    match node.read(late).await?.0 {
        None => Ok(()),
        Some((today, place)) => Err(CliError::Failed(format!(
            "{}:{}: lies before the ledger's business date {today}; nothing was imported",
            place.file, place.line
        ))),
    }
}

async fn advance(node: &Node, to: Day) -> Result<(), CliError> {
    let (today, _) = node.read(State::business_date).await?;
    if to > today {
        let command = Command::AdvanceDate(AdvanceDate { to });
        let submission = Submission {
            imported: true,
            ..Submission::new(SYSTEM, command)
        };
        node.submit(submission).await?;
    }
    Ok(())
}

async fn load(
    node: &Node,
    steps: &[Step<'_>],
    take: Take,
    report: &mut ImportReport,
) -> Result<(), CliError> {
    for group in steps.chunks(BATCH_COMMANDS) {
        let make = |state: &State| -> Vec<Option<Submission>> {
            let made = group.iter().map(|step| submission(step, state));
            let known = |sent: &Submission| {
                let reference = sent.external_ref.as_ref();
                reference.is_some_and(|reference| state.reference(reference.key).is_some())
            };
            made.map(|sent| sent.filter(|sent| take == Take::All || known(sent)))
                .collect()
        };
        let (submissions, _) = node.read(make).await?;
        let sent: Vec<bool> = submissions.iter().map(Option::is_some).collect();
        let submissions: Vec<Submission> = submissions.into_iter().flatten().collect();
        let loaded = if submissions.is_empty() {
            Loaded {
                results: Vec::new(),
                events: Vec::new(),
            }
        } else {
            node.submit_load(submissions).await?
        };
        note(group, &sent, loaded, report);
    }
    Ok(())
}

fn submission(step: &Step<'_>, state: &State) -> Option<Submission> {
    let command = step.command(state)?;
    let reference =
        codec::external_ref(command.kind(), RefSource::Import, step.reference()).ok()?;
    Some(Submission {
        fingerprint: codec::fingerprint(&command),
        external_ref: Some(Box::new(reference)),
        imported: true,
        ..Submission::new(SYSTEM, command)
    })
}

/// Notes what became of each row; `sent` says of each whether it was sent at all.
fn note(steps: &[Step<'_>], sent: &[bool], loaded: Loaded, report: &mut ImportReport) {
    let mut results = loaded.results.into_iter();
    let mut events = loaded.events.iter();
    for (step, sent) in steps.iter().zip(sent) {
        let result = match sent.then(|| results.next()).flatten() {
            None => {
                report.skipped += 1;
                "skipped".to_owned()
            }
            Some(Ok(done)) if done.replayed => {
                report.unchanged += 1;
                "unchanged".to_owned()
            }
            Some(Ok(done)) => {
                let first = events.next();
                (1..done.events).for_each(|_| {
                    events.next();
                });
                match first.and_then(|recorded| refusal_of(&recorded.event)) {
                    Some(code) => {
                        report.refused += 1;
                        code.as_str().to_owned()
                    }
                    None => {
                        report.done += 1;
                        "done".to_owned()
                    }
                }
            }
            Some(Err(rejection)) => {
                report.conflicts += 1;
                match *rejection {
                    Rejection::RefConflict => "conflict".to_owned(),
                    other => format!("rejected: {other}"),
                }
            }
        };
        report.rows.push(RowReport {
            file: step.place.file,
            line: step.place.line,
            reference: step.reference().to_string(),
            result,
        });
    }
}

/// Reads the whole journal once and writes the six files of answers.
pub(super) async fn write_all_answers(node: &Node, out: &Path) -> Result<(), CliError> {
    let reader = node.reader();
    let mut recorded = Vec::new();
    let mut next = 0;
    loop {
        let rows = reader.rows_from(next, ReadLimit::SCAN).await?;
        let Some(last) = rows.last() else { break };
        next = last.head.batch_no + 1;
        for leaf in rows
            .iter()
            .flat_map(|row| frames(&row.body))
            .filter_map(Result::ok)
        {
            let event = codec::decode(leaf).map_err(|e| CliError::Failed(e.to_string()))?;
            if event.meta.external_ref.is_some() {
                recorded.push(event);
            }
        }
    }
    let write = |state: &State| {
        let mut answers = Answers::default();
        recorded.iter().for_each(|event| answers.take(event, state));
        write_answers(out, &answers, state)
    };
    Ok(node.read(write).await?.0?)
}

fn print_report(report: &ImportReport, rows: bool) {
    for warning in &report.warnings {
        eprintln!("warning: {warning}");
    }
    let shown = report
        .rows
        .iter()
        .filter(|row| rows || is_in_conflict(&row.result));
    for row in shown {
        say!(
            "{}:{}: {} {}",
            row.file,
            row.line,
            row.reference,
            row.result
        );
    }
    say!(
        "{} rows done, {} refused by rule, {} unchanged, {} in conflict, {} skipped",
        report.done,
        report.refused,
        report.unchanged,
        report.conflicts,
        report.skipped
    );
}

fn is_in_conflict(result: &str) -> bool {
    result == "conflict" || result.starts_with("rejected")
}
