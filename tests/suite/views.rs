//! The views against the state, on real databases, after random histories.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use quantong::domain::{LedgerTag, ProposalId, ProviderId};
use quantong::engine::State;
use quantong::engine::books::Detail;
use quantong::engine::command::{Payee, Scope};
use quantong::engine::event::{Event, Recorded};
use quantong::engine::state::{ClaimStatus, PeriodStatus, ProposalStatus};
use quantong::journal::{BodyWriter, Chain, Database, HashKind, Row, Store, codec};
use quantong::views::Views;
use serde_json::{Value, json};

use super::cluster::{Cluster, database_of};
use super::model::Pair;

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

fn find<'a>(tables: &'a Tables, table: &str, id: usize) -> &'a Value {
    let found = tables[table].iter().find(|row| row["id"] == id);
    found.unwrap_or_else(|| panic!("{table} lacks {id}"))
}

pub(crate) fn assert_same(state: &State, tables: &Tables) {
    vouchers(state, tables);
    claims_and_lines(state, tables);
    settlement(state, tables);
    proposals(state, tables);
    accounts(state, tables);
}

fn proposals(state: &State, tables: &Tables) {
    assert_eq!(tables["proposals"].len(), state.proposal_count());
    for id in (0..state.proposal_count()).filter_map(ProposalId::from_index) {
        let row = state.proposal(id).expect("known");
        let status = match row.status {
            ProposalStatus::Open if row.is_expired(state.business_date()) => "expired",
            ProposalStatus::Open => "open",
            ProposalStatus::Done => "done",
            ProposalStatus::Declined => "declined",
            ProposalStatus::Withdrawn => "withdrawn",
            ProposalStatus::Failed => "failed",
        };
        let member = match row.office {
            Scope::Member(member) => Some(member.0),
            _ => None,
        };
        let found = find(tables, "proposals", id.index());
        assert_eq!(
            (&found["status"], &found["member"], &found["made_by"]),
            (&json!(status), &json!(member), &json!(row.maker.0))
        );
        let expires_on = row.expires_on().to_string();
        assert_eq!(
            (&found["action"], &found["checker"], &found["expires_on"]),
            (
                &json!(row.action.as_str()),
                &json!(row.checker.as_str()),
                &json!(expires_on)
            )
        );
    }
}

fn applications(state: &State, tables: &Tables) {
    assert_eq!(tables["applications"].len(), state.application_count());
    for (id, row) in state.applications() {
        let found = find(tables, "applications", id.index());
        let programme = state.programme(row.programme).expect("known");
        let expected = json!({
            "id": id.0, "programme": row.programme.0, "issuer": programme.city.0,
            "enterprise": row.enterprise.0, "amount": row.amount.get(),
            "approved": row.approved_by.map(|_| row.approved.get()),
            "status": row.status.as_str(), "submitted_by": row.submitted_by.0,
            "approved_by": row.approved_by.map(|id| id.0), "voucher": row.voucher.map(|id| id.0),
            "purpose": found["purpose"], "filed_on": found["filed_on"], "code": found["code"],
            "reason": found["reason"], "event": found["event"],
        });
        assert_eq!(*found, expected);
    }
}

fn vouchers(state: &State, tables: &Tables) {
    let tag = LedgerTag::of_ledger(&LEDGER);
    assert_eq!(tables["vouchers"].len(), state.voucher_count());
    for (id, row) in state.vouchers() {
        let found = find(tables, "vouchers", id.index());
        let (programme, holder) = state.voucher_owner(row);
        let expected = json!({
            "id": id.0, "public_id": state.voucher_id(id, tag).expect("known").as_str(),
            "programme": programme.0, "version": row.version.0, "holder": holder.0,
            "issuer": state.programme(programme).expect("known").city.0,
            "amount": row.amount.get(), "free": row.free.get(),
            "held": row.held.get(), "claimed": state.claimed_of(id).get(),
            "approved": row.approved.get(), "returned": row.returned.get(),
            "issued_on": row.issued_on.to_string(), "use_by": row.use_by.to_string(),
            "cash_by": row.cash_by.to_string(), "parent": row.parent.map(|id| id.0),
            "frozen": u8::from(row.frozen), "revoked": u8::from(row.revoked),
            "application": state.applications().find_map(|(application, row)| {
                (row.voucher == Some(id)).then_some(application.0)
            }),
            "replaces": state.vouchers().find_map(|(old, _)| {
                let again = &state.reissued_of(old)?.vouchers;
                again.contains(&id).then_some(old.0)
            }),
            "replaced_by": state.reissued_of(id).and_then(|row| row.vouchers.last()).map(|id| id.0),
            "event": found["event"],
        });
        assert_eq!(*found, expected);
    }
    applications(state, tables);
    assert_eq!(tables["transfers"].len(), state.transfer_count());
    for found in &tables["transfers"] {
        let key = found["id"].as_u64().expect("a number");
        let key = quantong::domain::TransferId(u32::try_from(key).expect("small"));
        let row = state.transfer(key).expect("known");
        assert_eq!(found["status"], row.status.as_str());
        let endorsed = row.endorsed.map(|(city, _)| city.0);
        assert_eq!(found["endorsed_by"], json!(endorsed));
        assert_eq!(
            found["to_programme"],
            json!(row.to_programme.map(|id| id.0))
        );
        assert_eq!(found["child"], json!(row.child.map(|id| id.0)));
    }
    assert_eq!(tables["enterprises"].len(), state.enterprise_count());
    for found in &tables["enterprises"] {
        let id = u32::try_from(found["id"].as_u64().expect("a number")).expect("small");
        let id = quantong::domain::EnterpriseId(id);
        let row = state.enterprise(id).expect("known");
        assert_eq!(found["city"], row.city.0);
        let public_id = state.enterprise_id(id, tag).expect("known");
        assert_eq!(found["public_id"], public_id.as_str());
    }
    assert_eq!(tables["providers"].len(), state.provider_count());
    for found in &tables["providers"] {
        let id = u32::try_from(found["id"].as_u64().expect("a number")).expect("small");
        let row = state.provider(ProviderId(id)).expect("known");
        assert_eq!(found["suspended"], u8::from(row.suspended));
    }
}

fn claims_and_lines(state: &State, tables: &Tables) {
    let tag = LedgerTag::of_ledger(&LEDGER);
    assert_eq!(tables["claims"].len(), state.claim_count());
    for (id, row) in state.claims() {
        let found = find(tables, "claims", id.index());
        let status = match row.status {
            ClaimStatus::Approved => "approved",
            ClaimStatus::Paid => "paid",
            ClaimStatus::Reversed => "reversed",
            ClaimStatus::Waiting => "awaiting_budget",
            ClaimStatus::Withdrawn => "withdrawn",
        };
        assert_eq!(found["status"], status);
        assert_eq!(found["amount"], row.amount.get());
        assert_eq!(found["payer"], row.payer.0);
        assert_eq!(found["voucher"], row.voucher.0);
        assert_eq!(found["agreement"], json!(row.agreement.map(|id| id.0)));
        assert_eq!(found["first_line"], json!(row.first_line.map(|id| id.0)));
        assert_eq!(found["line_count"], row.lines);
        let public_id = state.claim_id(id, tag).expect("known");
        assert_eq!(found["public_id"], public_id.as_str());
    }
    assert_eq!(tables["obligation_lines"].len(), state.line_count());
    for (id, row) in state.lines() {
        let found = find(tables, "obligation_lines", id.index());
        let expected = json!({
            "id": id.0, "debtor": row.debtor.0, "creditor": row.creditor.0,
            "programme": row.programme.map(|id| id.0), "amount": row.amount.get(),
            "period": row.period.0, "voided": u8::from(row.voided), "event": found["event"],
            "origin": found["origin"], "origin_id": found["origin_id"],
        });
        assert_eq!(*found, expected);
    }
    assert_eq!(tables["payments"].len(), state.payment_count());
    let returned = |row: &&Value| row["returned"] == 1;
    let found = tables["payments"].iter().filter(returned).count();
    let ids = (0..state.payment_count()).filter_map(quantong::domain::PaymentId::from_index);
    let expected = ids.filter(|id| state.payment(*id).is_some_and(|row| row.returned));
    assert_eq!(found, expected.count());
}

fn settlement(state: &State, tables: &Tables) {
    assert_eq!(tables["periods"].len(), state.period_count());
    for i in 0..state.period_count() {
        let id = quantong::domain::PeriodId::from_index(i).expect("few");
        let row = state.period(id).expect("counted");
        let found = find(tables, "periods", i);
        let status = match row.status {
            PeriodStatus::Open => "open",
            PeriodStatus::Closed => "closed",
            PeriodStatus::Agreed => "agreed",
            PeriodStatus::Settling => "settling",
            PeriodStatus::Settled => "settled",
            PeriodStatus::SettledWithCarry => "settled_with_carry",
        };
        let expected = json!({
            "id": i, "month": row.month.to_string(), "status": status,
            "gross": found["gross"], "carried": row.carried.get(),
            "closed_on": row.closed_on.map(|day| day.to_string()),
            "pay_by": row.pay_by.map(|day| day.to_string()),
        });
        assert_eq!(*found, expected);
        if row.status == PeriodStatus::Open {
            continue;
        }
        let of_period = tables["positions"].iter().filter(|row| row["period"] == i);
        let mut found: Vec<[i64; 3]> = of_period
            .map(|row| {
                ["member", "receivable", "payable"].map(|name| row[name].as_i64().expect(""))
            })
            .collect();
        let positions = state.period_positions(id).into_iter();
        let mut expected: Vec<[i64; 3]> = positions
            .map(|p| [i64::from(p.member.0), p.receivable.get(), p.payable.get()])
            .collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }
    assert_eq!(tables["instructions"].len(), state.instruction_count());
    for i in 0..state.instruction_count() {
        let id = quantong::domain::InstructionId::from_index(i).expect("few");
        let row = state.instruction(id).expect("counted");
        let found = find(tables, "instructions", i);
        let found = ["amount", "paid", "carried"].map(|name| found[name].as_i64().expect(""));
        assert_eq!(
            found,
            [row.amount, row.paid, row.carried].map(|fen| fen.get())
        );
    }
}

/// The sums over all days are the balances.
fn accounts(state: &State, tables: &Tables) {
    let mut sums: BTreeMap<String, [i64; 2]> = BTreeMap::new();
    for row in &tables["account_days"] {
        let key = format!(
            "{} {} {} {}",
            row["party"], row["account"], row["about"], row["about_id"]
        );
        let sum = sums.entry(key).or_default();
        sum[0] += row["debits"].as_i64().expect("a number");
        sum[1] += row["credits"].as_i64().expect("a number");
    }
    let expected: BTreeMap<String, [i64; 2]> = state
        .accounts()
        .into_iter()
        .map(|(account, balance)| {
            let (about, id) = match account.detail() {
                Detail::None => ("", 0),
                Detail::Programme(id) => ("programme", u32::from(id.0)),
                Detail::Member(id) => ("member", u32::from(id.0)),
                Detail::Payee(Payee::Provider(id)) => ("provider", id.0),
                Detail::Payee(Payee::Enterprise(id)) => ("enterprise", id.0),
                Detail::Period(id) => ("period", u32::from(id.0)),
            };
            let kind = account.kind().as_str();
            let key = format!("{} \"{kind}\" \"{about}\" {id}", account.party().0);
            let sums = [balance.debits, balance.credits];
            (key, sums.map(|sum| i64::try_from(sum).expect("small")))
        })
        .collect();
    assert_eq!(sums, expected);
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
    assert_same(&pair.state, &first);
    projector.clear().await.expect("cleared");
    while projector.step().await.expect("a step") {}
    assert_made_anew(&tables(&views).await, &first);
    views.close().await;
    store.close().await.expect("closed");
    seen.extend(pair.kinds());
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
        assert_same(&thirds.pair.state, &first);
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
