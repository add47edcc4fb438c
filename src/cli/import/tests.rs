use super::super::tables::{self, Lang, Names};
use super::*;
use crate::domain::{MemberId, PeriodId, SignedFen};
use crate::engine::event::{Event, Recorded};
use crate::engine::state::ClaimStatus;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/g60-2025");

const ANSWERS: [&str; 6] = [
    "expected_vouchers.csv",
    "expected_claims.csv",
    "expected_obligations.csv",
    "expected_positions.csv",
    "expected_payments.csv",
    "expected_programmes.csv",
];

/// A new ledger that a data set can be imported into.
struct Ledger {
    folder: tempfile::TempDir,
    node: Node,
}

impl Ledger {
    async fn new(set: &Dataset) -> Ledger {
        let folder = tempfile::tempdir().expect("a folder of the test");
        let data = Folder::at(folder.path().join("data"));
        let first = first_day(set);
        let created = data.create("quantong.example/test", HashKind::Sha256, first);
        created.await.expect("a new ledger");
        let node = data.start(Clock::SystemWithManualDate).await;
        Ledger {
            folder,
            node: node.expect("a node"),
        }
    }

    async fn import(&self, set: &Dataset) -> ImportReport {
        let report = import_dataset(&self.node, set).await;
        report.expect("an import that ends")
    }

    /// All events but those that begin a ledger and an epoch.
    async fn events(&self) -> Vec<Event> {
        let reader = self.node.reader();
        let mut events = Vec::new();
        let mut next = 0;
        loop {
            let rows = reader.rows_from(next, ReadLimit::SCAN).await;
            let rows = rows.expect("rows");
            let Some(last) = rows.last() else {
                return events;
            };
            next = last.head.batch_no + 1;
            for leaf in rows.iter().flat_map(|row| frames(&row.body)) {
                let leaf = leaf.expect("a sound frame");
                let recorded: Recorded = codec::decode(leaf).expect("a known event");
                let begin = matches!(
                    recorded.event,
                    Event::LedgerCreated(_) | Event::EpochStarted(_)
                );
                events.extend((!begin).then_some(recorded.event));
            }
        }
    }
}

fn example() -> Dataset {
    let (set, warnings) = read_checked(Path::new(EXAMPLE), false).expect("a good set");
    assert_eq!(warnings, []);
    set
}

/// A small set: what concerns one programme of the example year.
fn small() -> Dataset {
    let mut set = example();
    let programme = set.programmes[0].code;
    set.vouchers.retain(|row| row.programme == programme);
    set.vouchers.truncate(20);
    let vouchers: Vec<_> = set.vouchers.iter().map(|row| row.reference).collect();
    set.claims.retain(|row| vouchers.contains(&row.voucher));
    assert!(set.claims.len() > 10);
    set
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].sort_unstable();
    lines
}

fn rows_with<'a>(report: &'a ImportReport, result: &'a str) -> impl Iterator<Item = &'a RowReport> {
    report.rows.iter().filter(move |row| row.result == result)
}

#[tokio::test]
async fn the_example_year_gives_the_expected_answers_to_the_byte() {
    let set = example();
    let ledger = Ledger::new(&set).await;
    let report = ledger.import(&set).await;
    assert_eq!(
        (report.conflicts, report.skipped, report.unchanged),
        (0, 0, 0)
    );
    let out = ledger.folder.path().join("answers");
    let written = write_all_answers(&ledger.node, &out).await;
    written.expect("six files");
    for file in ANSWERS {
        let expected = std::fs::read_to_string(Path::new(EXAMPLE).join(file)).expect(file);
        let found = std::fs::read_to_string(out.join(file)).expect(file);
        assert_eq!(sorted(&found), sorted(&expected), "{file}");
        assert_eq!(found.len(), expected.len(), "{file}");
    }
    tables_agree_with_the_state(&ledger.node).await;
    ledger.node.stop().await;
}

/// Rows of text of a table.
fn cells(table: &str) -> Vec<Vec<String>> {
    let lines = table.lines().filter(|line| line.starts_with('│'));
    let split = |line: &str| -> Vec<String> {
        let inside = line.trim_matches('│');
        inside.split_whitespace().map(str::to_owned).collect()
    };
    lines.map(split).collect()
}

/// Columns that a line takes on a terminal: Chinese characters and full-width signs take two.
fn width(line: &str) -> usize {
    let wide = |c: char| matches!(c, '\u{2E80}'..='\u{9FFF}' | '\u{FF00}'..='\u{FF60}');
    line.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

async fn tables_agree_with_the_state(node: &Node) {
    let check = |state: &State| {
        let english = names(state, "City");
        let chinese = names(state, "松江区");
        let all = (0..state.period_count()).filter_map(PeriodId::from_index);
        let periods: Vec<PeriodId> = all.collect();
        for (lang, names) in [(Lang::En, &english), (Lang::Zh, &chinese)] {
            let shown = [
                tables::flows(lang, state, names),
                tables::nets(lang, state, names, &periods),
                tables::payments(lang, state, names, &periods),
                tables::trial_balance(lang, state, names),
            ];
            for table in shown {
                let widths: Vec<usize> = table.lines().map(width).collect();
                assert!(widths.iter().all(|w| *w == widths[0]), "{table}");
            }
        }
        let fen = |text: &str| text.replace('.', "").parse::<i128>().unwrap_or(0);
        let flows = cells(&tables::flows(Lang::Zh, state, &chinese));
        assert_eq!(flows.len(), 10);
        let total: i128 = flows[1..].iter().flatten().map(|cell| fen(cell)).sum();
        let live = state
            .claims()
            .filter(|(_, row)| row.status == ClaimStatus::Approved);
        let approved: SignedFen = live.map(|(_, row)| SignedFen::from(row.amount)).sum();
        assert_eq!(SignedFen(total), approved);
        for row in &cells(&tables::nets(Lang::En, state, &english, &periods))[1..] {
            let net: i128 = row[1..].iter().map(|cell| fen(cell)).sum();
            assert_eq!(net, 0, "{row:?}");
        }
        for row in &cells(&tables::trial_balance(Lang::Zh, state, &chinese))[1..] {
            let [.., debits, credits] = &row[..] else {
                panic!("a row without sums: {row:?}");
            };
            assert_eq!(debits, credits, "{row:?}");
        }
    };
    node.read(check).await.expect("a state");
}

fn names(state: &State, name: &str) -> Names {
    let members = (0..state.member_count()).filter_map(MemberId::from_index);
    members.map(|id| (id, format!("{name}{}", id.0))).collect()
}

#[tokio::test]
async fn a_second_import_changes_nothing_and_says_so_of_every_row() {
    let set = small();
    let ledger = Ledger::new(&set).await;
    let first = ledger.import(&set).await;
    let events = ledger.events().await;
    let second = ledger.import(&set).await;
    assert_eq!(rows_with(&second, "unchanged").count(), first.rows.len());
    assert_eq!(second.unchanged, first.done + first.refused);
    assert_eq!(ledger.events().await, events);
    ledger.node.stop().await;
}

#[tokio::test]
async fn a_changed_row_is_a_conflict_and_changes_nothing() {
    let mut set = small();
    let ledger = Ledger::new(&set).await;
    ledger.import(&set).await;
    let events = ledger.events().await;
    set.vouchers[3].amount = crate::domain::Fen::try_new(1).expect("small");
    let changed = set.vouchers[3].reference.to_string();
    let report = ledger.import(&set).await;
    assert_eq!((report.conflicts, report.done, report.skipped), (1, 0, 0));
    let conflicts: Vec<&str> = rows_with(&report, "conflict")
        .map(|row| row.reference.as_str())
        .collect();
    assert_eq!(conflicts, [changed]);
    assert_eq!(ledger.events().await, events);
    ledger.node.stop().await;
}

#[tokio::test]
async fn nothing_is_judged_when_a_rule_of_the_files_cannot_be_taken() {
    let mut set = small();
    let late: Vec<_> = set.claims.split_off(set.claims.len() - 2);
    let ledger = Ledger::new(&set).await;
    ledger.import(&set).await;
    let events = ledger.events().await;
    let today = ledger
        .node
        .read(State::business_date)
        .await
        .expect("a state")
        .0;
    set.versions[0].use_months += 1;
    let after =
        |row: crate::documents::dataset::ClaimRecord| crate::documents::dataset::ClaimRecord {
            filed_on: today,
            ..row
        };
    set.claims.extend(late.into_iter().map(after));
    let report = ledger.import(&set).await;
    assert_eq!((report.conflicts, report.skipped, report.done), (1, 2, 0));
    assert!(rows_with(&report, "skipped").all(|row| row.file == "claims.csv"));
    assert_eq!(ledger.events().await, events);
    ledger.node.stop().await;
}

#[tokio::test]
async fn rows_that_rest_on_a_row_that_was_not_taken_are_skipped() {
    let mut set = small();
    set.programmes[0].budget_year = 1;
    let ledger = Ledger::new(&set).await;
    let report = ledger.import(&set).await;
    assert_eq!(report.conflicts, 1);
    let rejected = report.rows.iter().find(|row| is_in_conflict(&row.result));
    let rejected = rejected.expect("the programme");
    assert_eq!((rejected.file, rejected.line), ("programmes.csv", 2));
    let dated = set.vouchers.len() + set.claims.len();
    let judged = report.rows.iter().rev().take(dated);
    assert!(judged.into_iter().all(|row| row.result == "skipped"));
    ledger.node.stop().await;
}

#[tokio::test]
async fn a_row_before_the_business_date_is_refused_before_anything_is_taken() {
    let mut set = small();
    let ledger = Ledger::new(&set).await;
    ledger.import(&set).await;
    let events = ledger.events().await;
    let mut row = set.claims[0].clone();
    row.reference = crate::documents::dataset::RefText::parse("late").expect("short");
    set.claims.push(row);
    let refused = import_dataset(&ledger.node, &set).await;
    let text = refused.expect_err("a late row").to_string();
    assert!(
        text.contains("lies before the ledger's business date 20"),
        "{text}"
    );
    assert_eq!(ledger.events().await, events);
    ledger.node.stop().await;
}

#[tokio::test]
async fn shuffled_files_give_the_same_journal() {
    let folder = tempfile::tempdir().expect("a folder of the test");
    for entry in std::fs::read_dir(EXAMPLE).expect("the example") {
        let path = entry.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("text");
        let (header, rows) = text.split_once('\n').expect("a header");
        let mut rows: Vec<&str> = rows.lines().collect();
        rows.reverse();
        let name = path.file_name().expect("a file");
        let text = format!("{header}\n{}\n", rows.join("\n"));
        std::fs::write(folder.path().join(name), text).expect("a file of the test");
    }
    let (turned, _) = read_checked(folder.path(), false).expect("a good set");
    let set = example();
    let (one, other) = (Ledger::new(&set).await, Ledger::new(&turned).await);
    one.import(&set).await;
    other.import(&turned).await;
    assert!(
        one.events().await == other.events().await,
        "the journals differ"
    );
    one.node.stop().await;
    other.node.stop().await;
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let error = read_checked(Path::new("/nowhere/at/all"), false).expect_err("no folder");
    assert_eq!(error.to_string(), "there is no folder /nowhere/at/all");
}
