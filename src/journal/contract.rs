//! What every store must do, as tests that run on each of them.
//!
//! A store's tests say `contract_tests!(make_fixture)`, where `make_fixture` is an async function
//! that returns `Some` fixture with an empty database, or `None` where the database is not there.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::PersonalOpening;

use super::anchor::Anchor;
use super::fault::JournalFault;
use super::faulty::{FaultPoint, Faults, FaultyStore};
use super::hash::HashKind;
use super::row::{Chain, Row, RowHead};
use super::store::{AppendError, PrivateKey, PrivateRow, ReadLimit, Store, StoreReader};
use super::testing::rows;
use super::verify::{VerifyError, check_anchor, verify};

/// A change that no store makes, by somebody with access to the database.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tamper {
    /// Deletes this row and all after it.
    DeleteFrom(u64),
    /// Deletes one row.
    Delete(u64),
    /// Changes the byte at this position of a row's body.
    FlipBodyByte(u64, usize),
    /// Changes a byte of a row's root.
    FlipRootByte(u64),
    /// Exchanges the numbers of two rows.
    Swap(u64, u64),
    /// Writes a row once more under another number.
    Copy(u64, u64),
}

/// One empty database.
#[async_trait]
pub(super) trait Fixture: Send + Sync {
    /// Opens the writer.
    async fn open(&self) -> Box<dyn Store>;
    /// Opens a writer past whatever lock keeps a second one out.
    async fn open_unlocked(&self) -> Box<dyn Store>;
    /// Changes what is stored, with the database's constraints off.
    async fn tamper(&self, tamper: Tamper);
}

macro_rules! contract_tests {
    ($make:path) => {
        contract_tests! { $make;
            an_empty_store_has_no_head,
            rows_come_back_as_written,
            a_read_stops_at_its_limits,
            rows_are_found_by_the_events_they_hold,
            a_row_must_follow_the_newest_row,
            the_first_row_enters_an_empty_ledger_only,
            of_two_writers_only_one_wins,
            an_append_of_several_rows_is_all_or_nothing,
            openings_are_written_with_their_rows_and_can_be_erased,
            an_opening_of_no_event_is_kept_as_it_came_first,
            a_journal_is_there_after_it_was_closed,
            a_chain_can_be_checked_from_the_middle,
            a_deleted_row_is_a_gap,
            a_changed_byte_is_found_and_its_event_named,
            a_changed_root_is_found,
            swapped_rows_are_reordered,
            a_copied_row_is_doubled,
            a_cut_off_end_is_found_by_the_anchor,
            another_past_is_found_by_the_anchor,
            injected_faults_are_told_as_they_happened,
            an_append_can_be_held,
        }
    };
    ($make:path; $($name:ident),* $(,)?) => { $(
        #[tokio::test]
        async fn $name() {
            let Some(fixture) = $make().await else { return };
            crate::journal::contract::$name(&fixture).await;
        }
    )* };
}
pub(super) use contract_tests;

const KIND: HashKind = HashKind::Sha256;

fn some_rows(count: u64) -> Vec<Row> {
    rows(&mut Chain::new(KIND), count)
}

async fn filled(fixture: &dyn Fixture, count: u64) -> (Box<dyn Store>, Vec<Row>) {
    let mut store = fixture.open().await;
    let rows = some_rows(count);
    for row in &rows {
        append(&mut *store, std::slice::from_ref(row))
            .await
            .expect("the next row");
    }
    (store, rows)
}

async fn append(store: &mut dyn Store, rows: &[Row]) -> Result<(), AppendError> {
    store.append(rows, &[]).await
}

async fn all(reader: &dyn StoreReader) -> Vec<Row> {
    reader
        .rows_from(0, ReadLimit::SCAN)
        .await
        .expect("readable")
}

async fn head(store: &mut dyn Store) -> Option<RowHead> {
    store.head().await.expect("readable")
}

fn opening(value: &str) -> PersonalOpening {
    PersonalOpening {
        salt: [7; 16],
        value: value.into(),
    }
}

fn private(seq: u64, field: u16, value: &str) -> PrivateRow {
    PrivateRow {
        key: PrivateKey { seq, field },
        opening: opening(value),
    }
}

fn assert_fenced(outcome: Result<(), AppendError>, batch: u64) {
    match outcome {
        Err(AppendError::Fenced { batch_no, .. }) => assert_eq!(batch_no, batch),
        other => panic!("{other:?}"),
    }
}

async fn fault(fixture: &dyn Fixture, tamper: Tamper) -> JournalFault {
    let (store, _) = filled(fixture, 5).await;
    fixture.tamper(tamper).await;
    match verify(&*store.reader(), Chain::new(KIND)).await {
        Err(VerifyError::Fault(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

pub(super) async fn an_empty_store_has_no_head(fixture: &dyn Fixture) {
    let mut store = fixture.open().await;
    assert_eq!(head(&mut *store).await, None);
    let reader = store.reader();
    assert_eq!(reader.head().await.expect("readable"), None);
    assert_eq!(all(&*reader).await, []);
    assert_eq!(reader.row_of_seq(0).await.expect("readable"), None);
    let chain = verify(&*reader, Chain::new(KIND))
        .await
        .expect("nothing is wrong");
    assert_eq!(chain, Chain::new(KIND));
}

pub(super) async fn rows_come_back_as_written(fixture: &dyn Fixture) {
    let (mut store, rows) = filled(fixture, 5).await;
    assert_eq!(head(&mut *store).await, Some(rows[4].head));
    let reader = store.reader();
    assert_eq!(reader.head().await.expect("readable"), Some(rows[4].head));
    assert_eq!(all(&*reader).await, rows);
    let chain = verify(&*reader, Chain::new(KIND))
        .await
        .expect("nothing is wrong");
    assert_eq!(chain.head(), Some(&rows[4].head));
}

pub(super) async fn a_read_stops_at_its_limits(fixture: &dyn Fixture) {
    let (store, rows) = filled(fixture, 5).await;
    let reader = store.reader();
    let body = rows[1].body.len() as u64 + rows[2].body.len() as u64;
    let cases = [
        (0, 2, u64::MAX, &rows[0..2]),
        (1, 9, body, &rows[1..3]),
        (1, 9, body - 1, &rows[1..2]),
        (4, 9, 0, &rows[4..5]),
        (5, 9, u64::MAX, &rows[5..5]),
    ];
    for (from, rows, bytes, expected) in cases {
        let read = reader.rows_from(from, ReadLimit { rows, bytes }).await;
        assert_eq!(read.expect("readable"), expected, "from {from}");
    }
}

pub(super) async fn rows_are_found_by_the_events_they_hold(fixture: &dyn Fixture) {
    let (store, rows) = filled(fixture, 4).await;
    let reader = store.reader();
    for row in &rows {
        for seq in row.head.first_seq..=row.head.last_seq {
            let found = reader.row_of_seq(seq).await.expect("readable");
            assert_eq!(found.as_ref(), Some(row), "{seq}");
            let found = reader.head_of_seq(seq).await.expect("readable");
            assert_eq!(found, Some(row.head), "{seq}");
        }
    }
    for seq in [rows[3].head.last_seq + 1, u64::MAX] {
        assert_eq!(reader.row_of_seq(seq).await.expect("readable"), None);
    }
}

pub(super) async fn a_row_must_follow_the_newest_row(fixture: &dyn Fixture) {
    let (mut store, rows) = filled(fixture, 3).await;
    let next = &some_rows(4)[3];
    type Change = fn(&mut RowHead);
    let wrong: [(&str, Change); 7] = [
        ("another root before it", |head| head.prev_root[0] ^= 1),
        ("a gap in events", |head| head.first_seq += 1),
        ("an overlap in events", |head| head.first_seq -= 1),
        ("a gap in numbers", |head| head.batch_no += 1),
        ("a lower epoch", |head| head.epoch = 0),
        ("a doubled number", |head| head.batch_no -= 1),
        ("a number long gone", |head| head.batch_no = 1),
    ];
    for (what, change) in wrong {
        let mut row = next.clone();
        change(&mut row.head);
        let outcome = append(&mut *store, std::slice::from_ref(&row)).await;
        assert!(
            matches!(outcome, Err(AppendError::Fenced { .. })),
            "{what}: {outcome:?}"
        );
    }
    for row in &rows {
        assert_fenced(
            append(&mut *store, std::slice::from_ref(row)).await,
            row.head.batch_no,
        );
    }
    assert_eq!(all(&*store.reader()).await, rows);
    let outcome = append(&mut *store, std::slice::from_ref(next)).await;
    outcome.expect("a refused row leaves the writer usable");
}

pub(super) async fn the_first_row_enters_an_empty_ledger_only(fixture: &dyn Fixture) {
    let mut store = fixture.open().await;
    let rows = some_rows(2);
    assert_fenced(append(&mut *store, &rows[1..]).await, 1);
    let mut late = rows[0].clone();
    late.head.first_seq = 1;
    late.head.last_seq = 1;
    assert_fenced(append(&mut *store, &[late]).await, 0);
    append(&mut *store, &rows[..1])
        .await
        .expect("the first row");
    assert_fenced(append(&mut *store, &rows[..1]).await, 0);
}

pub(super) async fn of_two_writers_only_one_wins(fixture: &dyn Fixture) {
    let (mut first, rows) = filled(fixture, 2).await;
    let mut second = fixture.open_unlocked().await;
    let mut mine = Chain::new(KIND);
    let mut yours = Chain::new(KIND);
    for row in &rows {
        mine.check(row).expect("written");
        yours.check(row).expect("written");
    }
    let body = rows[0].body.clone();
    let mine = [mine.seal(5, body.clone()).expect("good frames")];
    let yours = [yours.seal(6, body).expect("good frames")];
    let outcomes = tokio::join!(append(&mut *first, &mine), append(&mut *second, &yours));
    let winner = match outcomes {
        (Ok(()), loser) => {
            assert_fenced(loser, 2);
            &mine[0]
        }
        (loser, Ok(())) => {
            assert_fenced(loser, 2);
            &yours[0]
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(head(&mut *first).await, Some(winner.head));
    assert_eq!(head(&mut *second).await, Some(winner.head));
}

pub(super) async fn an_append_of_several_rows_is_all_or_nothing(fixture: &dyn Fixture) {
    let mut store = fixture.open().await;
    let rows = some_rows(4);
    let openings = [private(0, 1, "张三")];
    let mut broken = rows.clone();
    broken[3].head.prev_root[0] ^= 1;
    assert_fenced(store.append(&broken, &openings).await, 3);
    assert_eq!(head(&mut *store).await, None);
    let reader = store.reader();
    let key = openings[0].key;
    assert_eq!(reader.private(key).await.expect("readable"), None);
    let doubled = [openings[0].clone(), openings[0].clone()];
    let outcome = store.append(&rows, &doubled).await;
    assert!(
        matches!(outcome, Err(AppendError::Failed(_))),
        "{outcome:?}"
    );
    assert_eq!(head(&mut *store).await, None);
    store
        .append(&rows, &openings)
        .await
        .expect("the first rows");
    assert_eq!(all(&*reader).await, rows);
    assert_eq!(
        reader.private(key).await.expect("readable"),
        Some(opening("张三"))
    );
}

pub(super) async fn openings_are_written_with_their_rows_and_can_be_erased(fixture: &dyn Fixture) {
    let mut store = fixture.open().await;
    let openings = [
        private(0, 0, "张三"),
        private(0, 65_535, ""),
        private(2, 1, "13800000000"),
    ];
    store
        .append(&some_rows(2), &openings)
        .await
        .expect("the first rows");
    let reader = store.reader();
    let after = |key, limit| {
        let reader = reader.clone();
        async move { reader.private_after(key, limit).await.expect("readable") }
    };
    assert_eq!(after(None, 9).await, openings);
    assert_eq!(after(None, 1).await, openings[..1]);
    assert_eq!(after(Some(openings[0].key), 9).await, openings[1..]);
    let keys = [openings[0].key, openings[2].key];
    assert_eq!(store.erase_private(&keys).await.expect("erasable"), 2);
    assert_eq!(store.erase_private(&keys).await.expect("nothing to do"), 0);
    assert_eq!(after(None, 9).await, openings[1..2]);
    assert_eq!(reader.private(keys[0]).await.expect("readable"), None);
    verify(&*reader, Chain::new(KIND))
        .await
        .expect("the journal does not mind");
}

pub(super) async fn an_opening_of_no_event_is_kept_as_it_came_first(fixture: &dyn Fixture) {
    let (mut store, _) = filled(fixture, 2).await;
    let (first, second) = (private(0, 65_535, "first"), private(0, 65_535, "second"));
    for row in [&first, &second] {
        store.keep_private(row).await.expect("kept or there");
    }
    let reader = store.reader();
    let found = reader.private_after(None, 9).await.expect("readable");
    assert_eq!(found, std::slice::from_ref(&first));
    // The next rows follow as if nothing had happened, also after a start.
    append(&mut *store, &some_rows(3)[2..])
        .await
        .expect("the next row");
    store.close().await.expect("closes");
    let mut store = fixture.open().await;
    store.keep_private(&second).await.expect("there");
    let kept = store.reader().private(first.key).await.expect("readable");
    assert_eq!(kept, Some(first.opening));
    verify(&*store.reader(), Chain::new(KIND))
        .await
        .expect("the journal does not mind");
}

pub(super) async fn a_journal_is_there_after_it_was_closed(fixture: &dyn Fixture) {
    let (store, rows) = filled(fixture, 3).await;
    let ledger = store.ledger();
    store.close().await.expect("closes");
    let mut store = fixture.open().await;
    assert_eq!(store.ledger(), ledger);
    assert_eq!(all(&*store.reader()).await, rows);
    append(&mut *store, &some_rows(4)[3..])
        .await
        .expect("the next row");
}

pub(super) async fn a_chain_can_be_checked_from_the_middle(fixture: &dyn Fixture) {
    let (mut store, rows) = filled(fixture, 3).await;
    let reader = store.reader();
    let middle = verify(&*reader, Chain::new(KIND))
        .await
        .expect("nothing is wrong");
    assert_eq!(middle.head(), Some(&rows[2].head));
    let more = some_rows(5);
    append(&mut *store, &more[3..])
        .await
        .expect("the next rows");
    let end = verify(&*reader, middle).await.expect("nothing is wrong");
    assert_eq!(end.head(), Some(&more[4].head));
}

pub(super) async fn a_deleted_row_is_a_gap(fixture: &dyn Fixture) {
    let gap = JournalFault::Gap {
        expected_batch: 2,
        expected_seq: 3,
        batch_no: 3,
        first_seq: 6,
    };
    assert_eq!(fault(fixture, Tamper::Delete(2)).await, gap);
}

pub(super) async fn a_changed_byte_is_found_and_its_event_named(fixture: &dyn Fixture) {
    // Batch 3 holds events 6 to 9 in frames of 15 bytes.
    let found = fault(fixture, Tamper::FlipBodyByte(3, 2 * 15 + 10)).await;
    let named = matches!(
        found,
        JournalFault::BadFrame {
            batch_no: 3,
            seq: 8,
            ..
        }
    );
    assert!(named, "{found:?}");
}

pub(super) async fn a_changed_root_is_found(fixture: &dyn Fixture) {
    let mismatch = JournalFault::RootMismatch {
        batch_no: 4,
        first_seq: 10,
        last_seq: 14,
    };
    assert_eq!(fault(fixture, Tamper::FlipRootByte(4)).await, mismatch);
}

pub(super) async fn swapped_rows_are_reordered(fixture: &dyn Fixture) {
    let reordered = JournalFault::Reordered {
        seq: 3,
        expected_batch: 2,
        found_batch: 3,
    };
    assert_eq!(fault(fixture, Tamper::Swap(2, 3)).await, reordered);
}

pub(super) async fn a_copied_row_is_doubled(fixture: &dyn Fixture) {
    let doubled = JournalFault::DoubledRow {
        batch_no: 5,
        first_seq: 3,
        last_seq: 5,
    };
    assert_eq!(fault(fixture, Tamper::Copy(2, 5)).await, doubled);
}

async fn against(reader: &Arc<dyn StoreReader>, anchor: &Anchor) -> Result<(), VerifyError> {
    check_anchor(&**reader, KIND, anchor).await
}

pub(super) async fn a_cut_off_end_is_found_by_the_anchor(fixture: &dyn Fixture) {
    let (store, rows) = filled(fixture, 5).await;
    let reader = store.reader();
    for row in &rows {
        let anchor = Anchor::at("origin", &row.head);
        against(&reader, &anchor).await.expect("the end of a row");
    }
    fixture.tamper(Tamper::DeleteFrom(3)).await;
    verify(&*reader, Chain::new(KIND))
        .await
        .expect("cannot be seen from inside");
    let kept = Anchor::at("origin", &rows[2].head);
    against(&reader, &kept).await.expect("still there");
    match against(&reader, &Anchor::at("origin", &rows[3].head)).await {
        Err(VerifyError::Fault(fault)) => {
            let (anchor_size, journal_size) = (10, 6);
            let truncated = JournalFault::Truncated {
                anchor_size,
                journal_size,
            };
            assert_eq!(fault, truncated);
        }
        other => panic!("{other:?}"),
    }
}

pub(super) async fn another_past_is_found_by_the_anchor(fixture: &dyn Fixture) {
    let (store, rows) = filled(fixture, 3).await;
    let reader = store.reader();
    let anchor = Anchor::at("origin", &rows[1].head);
    let mut other_root = anchor.clone();
    other_root.root[0] ^= 1;
    let mut within_a_row = anchor.clone();
    within_a_row.size -= 1;
    let mut nothing = anchor;
    nothing.size = 0;
    for anchor in [other_root, within_a_row, nothing] {
        let outcome = against(&reader, &anchor).await;
        let altered = matches!(
            outcome,
            Err(VerifyError::Fault(JournalFault::Altered { .. }))
        );
        assert!(altered, "{outcome:?}");
    }
}

pub(super) async fn injected_faults_are_told_as_they_happened(fixture: &dyn Fixture) {
    let faults = Faults::default();
    let mut store = FaultyStore::new(fixture.open().await, faults.clone());
    let rows = some_rows(2);
    faults.fail(0, FaultPoint::Before);
    faults.fail(1, FaultPoint::During);
    faults.fail(2, FaultPoint::After);
    let outcome = append(&mut store, &rows[..1]).await;
    assert!(
        matches!(outcome, Err(AppendError::Failed(_))),
        "{outcome:?}"
    );
    assert_eq!(head(&mut store).await, None);
    let outcome = append(&mut store, &rows[..1]).await;
    assert!(
        matches!(outcome, Err(AppendError::Unknown(_))),
        "{outcome:?}"
    );
    assert_eq!(head(&mut store).await, None);
    let outcome = append(&mut store, &rows[..1]).await;
    assert!(
        matches!(outcome, Err(AppendError::Unknown(_))),
        "{outcome:?}"
    );
    assert_eq!(head(&mut store).await, Some(rows[0].head));
    append(&mut store, &rows[1..])
        .await
        .expect("no fault is left");
    assert_eq!(faults.appends(), 4);
}

pub(super) async fn an_append_can_be_held(fixture: &dyn Fixture) {
    let faults = Faults::default();
    let mut store = FaultyStore::new(fixture.open().await, faults.clone());
    let reader = store.reader();
    faults.pause();
    let rows = some_rows(1);
    let appending = tokio::spawn(async move { append(&mut store, &rows).await });
    faults.held().await;
    assert_eq!(reader.head().await.expect("readable"), None);
    faults.resume();
    appending.await.expect("no panic").expect("the first row");
    assert!(reader.head().await.expect("readable").is_some());
}
