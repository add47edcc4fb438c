//! The views against the state, on real databases, after random histories.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use quantong::domain::EnterpriseId;
use quantong::engine::State;
use quantong::engine::event::{Event, Recorded};
use quantong::engine::terms::EnterpriseKind;
use quantong::journal::{BodyWriter, Chain, Database, HashKind, Row, Store, codec};
use quantong::views::{Compare, Filter, FilterValue, Page, Resource, Views, kind_condition_of};
use serde_json::Value;

use super::cluster::{Cluster, database_of};
use super::model::Pair;

mod same;

pub(crate) use same::assert_same;

pub(crate) const LEDGER: [u8; 16] = [7; 16];

/// Events as rows of a journal, a few in each.
pub(crate) fn rows(chain: &mut Chain, events: &[Recorded], per_row: usize) -> Vec<Row> {
    let row = |events: &[Recorded]| {
        let mut body = BodyWriter::default();
        for recorded in events {
            let mut leaf = Vec::new();
            codec::encode(recorded, &mut leaf).expect("an event");
            body.push(&leaf).expect("a leaf");
        }
        chain.seal(0, body.take(Vec::new())).expect("a row")
    };
    events.chunks(per_row).map(row).collect()
}

/// The tables by name, each row by its key.
pub(crate) type Tables = BTreeMap<&'static str, Vec<Value>>;

pub(crate) async fn tables(views: &Views) -> Tables {
    views
        .dump()
        .await
        .expect("the tables")
        .into_iter()
        .collect()
}

/// Runs a history, projects it on the way, and compares; then makes the tables anew and compares
/// these.
///
/// Every second step is taken beside the model too, so that the history has events of every kind;
/// the kinds that it had are added to those seen.
async fn check(
    history: &[super::model::Step],
    database: &Database,
    folder: &Path,
    seen: &mut BTreeSet<&'static str>,
) {
    let mut store: Box<dyn Store> = database.open(folder, LEDGER).await.expect("a store");
    let mut chain = Chain::new(HashKind::Sha256);
    let mut pair = Pair::sound();
    let views = Views::open(database, folder).await.expect("the tables");
    let projector = views.projector(store.reader(), LEDGER).await;
    let mut projector = projector.expect("a projector");
    let mut written = 0;
    for (n, step) in history.iter().enumerate() {
        pair.take(*step);
        if n % 2 == 1 {
            pair.beside(history[n - 1]);
        }
        if n % 16 == 15 || n + 1 == history.len() {
            let new = rows(&mut chain, &pair.events()[written..], 1 + n % 7);
            written = pair.events().len();
            if !new.is_empty() {
                store.append(&new, &[]).await.expect("appended");
            }
            if n % 48 == 15 {
                // A projector that begins anew goes on where the tables are.
                let next = views.projector(store.reader(), LEDGER).await;
                projector = next.expect("a projector");
            }
            while projector.step().await.expect("a step") {}
        }
    }
    assert_eq!(projector.position().events, written as u64);
    let first = tables(&views).await;
    assert_same(&pair.state, pair.events(), &first);
    assert_kinds(&pair.state, &views).await;
    projector.clear().await.expect("cleared");
    while projector.step().await.expect("a step") {}
    assert_made_anew(&tables(&views).await, &first);
    views.close().await;
    store.close().await.expect("closed");
    seen.extend(pair.kinds());
}

/// The condition by which enterprises are found that are of a kind today says what the state says,
/// today and on days before and after.
async fn assert_kinds(state: &State, views: &Views) {
    let today = state.business_date();
    for today in [
        today.minus_days(100),
        today,
        today.plus_days(1),
        today.plus_days(200),
    ] {
        for kind in EnterpriseKind::ALL {
            let filter = Filter {
                columns: kind_condition_of(kind.as_str()).expect("a kind"),
                compare: Compare::Holds(FilterValue::Text(today.to_string())),
            };
            let page = Page {
                resource: Resource::Enterprises,
                reach: None,
                filters: vec![filter],
                before: None,
                rows: 200,
                look_at: None,
            };
            let listed = views.list(&page).await.expect("a page");
            let found: BTreeSet<u64> = (listed.rows.iter())
                .map(|row| row["id"].as_u64().expect("a number"))
                .collect();
            let ids = (0..state.enterprise_count()).filter_map(|n| u32::try_from(n).ok());
            let of_kind =
                ids.filter(|id| state.enterprise_kind_on(EnterpriseId(*id), today) == Some(*kind));
            assert_eq!(
                found,
                of_kind.map(u64::from).collect(),
                "{kind:?} on {today}"
            );
        }
    }
}

/// Compares table by table, and says which rows differ.
fn assert_made_anew(anew: &Tables, first: &Tables) {
    for (table, rows) in first {
        let lacks = |rows: &[Value], row: &&Value| !rows.contains(row);
        let lost: Vec<_> = rows.iter().filter(|row| lacks(&anew[table], row)).collect();
        let new: Vec<_> = anew[table].iter().filter(|row| lacks(rows, row)).collect();
        assert_eq!(new, lost, "{table}");
    }
}

/// Kinds of events that no history has.
const NOT_IN_HISTORIES: &[&str] = &[
    // A node writes it when it begins, and no view follows from it.
    "EpochStarted",
];

/// What the fewer histories on PostgreSQL have, too.
const ON_POSTGRES_TOO: &[&str] = &[
    "YearClosingStarted",
    "YearCarried",
    "ClaimAwaitsBudget",
    "WaitingApproved",
    "ClaimWithdrawn",
    "OrderConfirmed",
    "OrderReleased",
    "TransferApproved",
    "TransferReleased",
    "StepReversed",
    "ActionProposed",
    "ProposalApproved",
    "ProposalWithdrawn",
    "VoucherFileApproved",
    "FileRowsIssued",
    "FileRowRefused",
];

/// Every kind of event but these was in some history.
fn assert_all_kinds(seen: &BTreeSet<&'static str>) {
    let kinds = Event::KINDS.iter().map(|(_, name)| *name);
    let missing: Vec<_> = kinds.filter(|name| !seen.contains(name)).collect();
    assert_eq!(missing, NOT_IN_HISTORIES);
}

pub(crate) fn history(runner: &mut TestRunner) -> Vec<super::model::Step> {
    let steps = prop::collection::vec(any::<super::model::Step>(), 60..200);
    steps.new_tree(runner).expect("a history").current()
}

fn histories() -> usize {
    std::env::var_os("QUANTONG_FULL").map_or(40, |_| 300)
}

#[tokio::test(flavor = "multi_thread")]
async fn views_equal_the_state_row_by_row_after_random_histories() {
    let (mut runner, mut seen) = (TestRunner::deterministic(), BTreeSet::new());
    for _ in 0..histories() {
        let folder = tempfile::tempdir().expect("a folder");
        let history = history(&mut runner);
        check(&history, &Database::Sqlite, folder.path(), &mut seen).await;
    }
    assert_all_kinds(&seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn views_equal_the_state_on_postgres_too() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let (mut runner, mut seen) = (TestRunner::deterministic(), BTreeSet::new());
    for _ in 0..histories().div_ceil(4) {
        let folder = tempfile::tempdir().expect("a folder");
        let database = cluster.new_database().parse().expect("an address");
        let database = Database::Postgres(database);
        check(&history(&mut runner), &database, folder.path(), &mut seen).await;
    }
    let missing: Vec<_> = ON_POSTGRES_TOO
        .iter()
        .filter(|kind| !seen.contains(**kind))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_another_past_are_made_anew_and_two_projectors_do_not_mix() {
    let mut runner = TestRunner::deterministic();
    let folder = tempfile::tempdir().expect("a folder");
    let mut seen = BTreeSet::new();
    check(
        &history(&mut runner),
        &Database::Sqlite,
        folder.path(),
        &mut seen,
    )
    .await;
    // The same file beside another journal.
    let other = tempfile::tempdir().expect("a folder");
    for name in ["views.db", "views-claims.db"] {
        for name in [name.to_owned(), format!("{name}-wal")] {
            let _may_be_gone = std::fs::copy(folder.path().join(&name), other.path().join(&name));
        }
    }
    check(
        &history(&mut runner),
        &Database::Sqlite,
        other.path(),
        &mut seen,
    )
    .await;

    let store = Database::Sqlite
        .open(folder.path(), LEDGER)
        .await
        .expect("a store");
    let views = Views::open(&Database::Sqlite, folder.path())
        .await
        .expect("the tables");
    let reader = store.reader();
    let open = || views.projector(Arc::clone(&reader), LEDGER);
    let (mut one, mut two) = (open().await.expect("one"), open().await.expect("two"));
    one.clear().await.expect("cleared");
    two.clear().await.expect("cleared");
    assert!(one.step().await.expect("a step"));
    let moved = two.step().await.expect_err("the position has moved");
    assert!(moved.to_string().contains("another process"), "{moved}");
    let mut two = open().await.expect("two again");
    assert!(!two.step().await.expect("nothing is left"));
}

/// A history that comes into a journal in three parts.
pub(crate) struct Thirds {
    /// What has happened so far.
    pub(crate) pair: Pair,
    steps: Vec<super::model::Step>,
    chain: Chain,
    /// Events in the journal.
    written: usize,
}

impl Thirds {
    pub(crate) fn of(steps: Vec<super::model::Step>) -> Thirds {
        Thirds {
            pair: Pair::sound(),
            steps,
            chain: Chain::new(HashKind::Sha256),
            written: 0,
        }
    }

    /// Appends a part, of which each follows the one before, and answers the numbers of events
    /// before it and with it.
    pub(crate) async fn append(&mut self, part: usize, store: &mut dyn Store) -> [usize; 2] {
        let third = self.steps.len().div_ceil(3);
        let steps = self.steps.chunks(third).nth(part);
        for step in steps.expect("a history of more than four steps") {
            self.pair.take(*step);
        }
        let events = self.pair.events();
        let before = std::mem::replace(&mut self.written, events.len());
        let new = rows(&mut self.chain, &events[before..], 3);
        store.append(&new, &[]).await.expect("appended");
        [before, self.written]
    }
}

/// Makes the commit of all tables but the claims fail.
const FAIL_BETWEEN: &str = "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS \
    'BEGIN RAISE EXCEPTION ''not now''; END'; \
    CREATE CONSTRAINT TRIGGER fail AFTER UPDATE ON view_position DEFERRABLE INITIALLY DEFERRED \
    FOR EACH ROW WHEN (NEW.part = 2 AND NEW.events > OLD.events) EXECUTE FUNCTION fail()";

#[tokio::test(flavor = "multi_thread")]
async fn claims_that_were_committed_alone_are_not_written_twice() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let mut runner = TestRunner::deterministic();
    for _ in 0..4 {
        let folder = tempfile::tempdir().expect("a folder");
        let url = cluster.new_database();
        let database = Database::Postgres(url.parse().expect("an address"));
        let mut store = database.open(folder.path(), LEDGER).await.expect("a store");
        let views = Views::open(&database, folder.path()).await.expect("tables");
        let projector = views.projector(store.reader(), LEDGER).await;
        let mut projector = projector.expect("a projector");
        let name = database_of(&url);
        let mut thirds = Thirds::of(history(&mut runner));
        for n in 0..3 {
            thirds.append(n, &mut *store).await;
            if n == 1 {
                cluster.sql(name, FAIL_BETWEEN);
                projector.step().await.expect_err("the second commit fails");
                let ahead = "SELECT (SELECT events FROM view_position WHERE part = 1) > \
                    (SELECT events FROM view_position WHERE part = 2)";
                assert_eq!(cluster.sql(name, ahead).trim(), "t");
                cluster.sql(name, "DROP FUNCTION fail CASCADE");
                // What comes next is there already when the tables are gone on with.
                continue;
            }
            projector = views
                .projector(store.reader(), LEDGER)
                .await
                .expect("a projector");
            while projector.step().await.expect("a step") {}
        }
        let first = tables(&views).await;
        assert_same(&thirds.pair.state, thirds.pair.events(), &first);
        projector.clear().await.expect("cleared");
        while projector.step().await.expect("a step") {}
        assert_eq!(tables(&views).await, first);
        views.close().await;
        store.close().await.expect("closed");
    }
}

#[test]
fn many_claims_are_written_once_each_on_postgres() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let url = cluster.new_database();
    let folder = tempfile::tempdir().expect("a folder");
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_quantong"))
        .args(["--database", &url, "bench", "engine", "--views"])
        .args([
            "--claims",
            "20000",
            "--vouchers",
            "2000",
            "--providers",
            "50",
        ])
        .args(["--keep", folder.path().to_str().expect("a path")])
        .output()
        .expect("the benchmark runs");
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let name = database_of(&url);
    let count = "SELECT COUNT(*) = 20000 AND MAX(id) = 19999 \
        AND COUNT(DISTINCT invoice_no) = 20000 \
        AND SUM(amount) = (SELECT SUM(approved) FROM voucher_money) FROM claims";
    assert_eq!(cluster.sql(name, count).trim(), "t");
}
