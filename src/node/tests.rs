use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use super::*;
use crate::domain::{CategoryCode, RecordedAt};
use crate::engine::command::{
    Command, ErasePrincipal, Name, Reason, RegisterCategory, RegisterPrincipal, SetAccess,
};
use crate::engine::event::{Event, SYSTEM};
use crate::journal::faulty::{FaultPoint, Faults, FaultyStore};
use crate::journal::{
    HashKind, PrivateKey, PrivateRow, SqliteOptions, SqliteStore, Store as _, codec,
};

const NOON: i64 = 1_735_790_400_000_000; // 2025-01-02T12:00 in Shanghai.

fn clock() -> Clock {
    Clock::Manual(Arc::new(AtomicI64::new(NOON)))
}

async fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(folder, &SqliteOptions::new([7; 16]))
        .await
        .expect("a data folder")
}

async fn ledger(folder: &Path) {
    let genesis = Genesis {
        origin: "quantong.example/test".to_owned(),
        hash: HashKind::Sha256,
        business_date: Clock::day_of(RecordedAt(NOON)),
        recorded_at: RecordedAt(NOON),
    };
    let mut store = open(folder).await;
    create(&mut store, &genesis, &candidate(None, String::new()))
        .await
        .expect("a new ledger");
    Box::new(store).close().await.expect("a clean end");
}

fn config(folder: &Path) -> NodeConfig {
    NodeConfig {
        clock: clock(),
        anchor: Some(folder.to_owned()),
        ..NodeConfig::new("test")
    }
}

fn category(code: &str) -> Submission {
    let name = |text| Name::parse(text).expect("a name");
    let command = Command::RegisterCategory(Box::new(RegisterCategory {
        code: CategoryCode::parse(code).expect("a code"),
        name_zh: name("检测"),
        name_en: name("Testing"),
    }));
    let fingerprint = codec::fingerprint(&command);
    Submission {
        key: Some(9),
        fingerprint,
        ..Submission::new(SYSTEM, command)
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let folder = folder();
    ledger(folder.path()).await;
    let node = Node::start(Box::new(open(folder.path()).await), config(folder.path()))
        .await
        .expect("a node");
    let first = node.submit(category("testing")).await.expect("an answer");
    assert!(matches!(
        first.events[0].event,
        Event::CategoryRegistered(_)
    ));
    node.stop().await;
    let node = Node::start(Box::new(open(folder.path()).await), config(folder.path()))
        .await
        .expect("a node");
    let again = node.submit(category("testing")).await.expect("a replay");
    assert_eq!((again.replayed, &again.events), (true, &first.events));
    let (count, _) = node.read(State::category_count).await.expect("a read");
    assert_eq!((count, node.status().today.map(|t| t.epoch)), (1, Some(2)));
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_answers_and_leaves_nothing() {
    let folder = folder();
    ledger(folder.path()).await;
    let node = Node::start(Box::new(open(folder.path()).await), config(folder.path()))
        .await
        .expect("a node");
    let answer = node.rehearse(category("testing")).await.expect("an answer");
    assert_eq!(answer.events.len(), 1);
    let (count, seen) = node.read(State::category_count).await.expect("a read");
    assert_eq!((count, seen), (0, Seq(2)));
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_append_answers_unavailable_and_the_retry_is_exact() {
    // With 1 the recovery fails once, too.
    for (point, already, more) in [
        (FaultPoint::Before, false, 0),
        (FaultPoint::During, false, 0),
        (FaultPoint::After, true, 0),
        (FaultPoint::Before, false, 1),
        (FaultPoint::After, true, 1),
    ] {
        let folder = folder();
        ledger(folder.path()).await;
        let faults = Faults::default();
        let store = FaultyStore::new(open(folder.path()).await, faults.clone());
        let node = Node::start(Box::new(store), config(folder.path()))
            .await
            .expect("a node");
        for ahead in 0..=more {
            faults.fail(ahead, point);
        }
        let lost = node.submit(category("testing")).await;
        assert!(
            matches!(lost, Err(NodeError::Unavailable)),
            "{point:?}: {lost:?}"
        );
        let answer = loop {
            match node.submit(category("testing")).await {
                Err(NodeError::Unavailable) => tokio::task::yield_now().await,
                other => break other.expect("an answer after recovery"),
            }
        };
        assert_eq!(answer.replayed, already, "{point:?}");
        let (count, _) = node.read(State::category_count).await.expect("a read");
        assert_eq!(count, 1, "{point:?}");
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_go_on_while_the_journal_cannot_be_written() {
    for point in [FaultPoint::Before, FaultPoint::During] {
        let folder = folder();
        ledger(folder.path()).await;
        let faults = Faults::default();
        let store = FaultyStore::new(open(folder.path()).await, faults.clone());
        let node = Node::start(Box::new(store), config(folder.path()))
            .await
            .expect("a node");
        let first = Submission {
            key: Some(1),
            ..category("first")
        };
        node.submit(first).await.expect("an answer");
        for ahead in 0..8 {
            faults.fail(ahead, point);
        }
        for _ in 0..3 {
            let lost = node.submit(category("testing")).await;
            assert!(matches!(lost, Err(NodeError::Unavailable)), "{lost:?}");
            while node.status().role != Role::ReadOnly {
                tokio::task::yield_now().await;
            }
            let (count, _) = node.read(State::category_count).await.expect("a read");
            assert_eq!(count, 1, "{point:?}");
        }
        let answer = loop {
            match node.submit(category("testing")).await {
                Err(NodeError::Unavailable) => tokio::task::yield_now().await,
                other => break other.expect("an answer after recovery"),
            }
        };
        assert!(!answer.replayed, "{point:?}");
        let (count, _) = node.read(State::category_count).await.expect("a read");
        assert_eq!((count, node.status().role), (2, Role::Leader), "{point:?}");
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_what_is_not_durable() {
    let folder = folder();
    ledger(folder.path()).await;
    let faults = Faults::default();
    let store = FaultyStore::new(open(folder.path()).await, faults.clone());
    let node = Node::start(Box::new(store), config(folder.path()))
        .await
        .expect("a node");
    faults.pause();
    let writing = tokio::spawn({
        let node = node.clone();
        async move { node.submit(category("testing")).await }
    });
    faults.held().await;
    let reading = tokio::spawn({
        let node = node.clone();
        async move { node.read(State::category_count).await }
    });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!reading.is_finished() && !writing.is_finished());
    faults.resume();
    assert_eq!(reading.await.expect("a task").expect("a read").0, 1);
    assert!(writing.await.expect("a task").is_ok());
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_does_not_run_away_from_its_views() {
    let folder = folder();
    ledger(folder.path()).await;
    let config = NodeConfig {
        lag: LagBounds { slow: 2, stop: 4 },
        ..config(folder.path())
    };
    let node = Node::start(Box::new(open(folder.path()).await), config)
        .await
        .expect("a node");
    // Views that are made anew are not waited for.
    let unkeyed = |code| Submission {
        key: None,
        ..category(code)
    };
    for code in ["a", "b", "c", "d", "e"] {
        node.submit(unkeyed(code)).await.expect("an answer");
    }
    let durable = node.status().durable.0;
    node.followed(durable - 2);
    let begun = std::time::Instant::now();
    for code in ["f", "g"] {
        node.submit(unkeyed(code)).await.expect("an answer");
    }
    node.submit(unkeyed("h")).await.expect("an answer");
    assert!(begun.elapsed() >= REST_MAX / 2, "{:?}", begun.elapsed());
    let refused = node.submit(unkeyed("i")).await;
    assert!(matches!(refused, Err(NodeError::Busy)), "{refused:?}");
    assert!(node.read(State::category_count).await.is_ok());
    node.followed(node.status().durable.0);
    node.submit(unkeyed("i")).await.expect("an answer");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_business_date_follows_the_clock_and_timers_run_first() {
    let folder = folder();
    ledger(folder.path()).await;
    let at = Arc::new(AtomicI64::new(NOON));
    let config = NodeConfig {
        clock: Clock::Manual(Arc::clone(&at)),
        ..config(folder.path())
    };
    let node = Node::start(Box::new(open(folder.path()).await), config)
        .await
        .expect("a node");
    at.fetch_add(24 * 3600 * 1_000_000, std::sync::atomic::Ordering::Relaxed);
    let answer = node.submit(category("testing")).await.expect("an answer");
    assert_eq!(
        answer.events[0].meta.business_date.to_string(),
        "2025-01-03"
    );
    assert!(matches!(
        node.event(Seq(2))
            .await
            .expect("a read")
            .expect("an event")
            .event,
        Event::DateAdvanced(_)
    ));
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_to_stop_that_comes_behind_others_while_an_idle_node_looks_up_is_kept() {
    use std::time::Duration;
    let folder = folder();
    ledger(folder.path()).await;
    let node = Node::start(Box::new(open(folder.path()).await), config(folder.path()))
        .await
        .expect("a node");
    let (held, other) = (node.clone(), node.clone());
    // While somebody reads, the sequencer has waited long enough for a job, found none, and waits
    // for the state before it looks at the queue again.
    let reading = tokio::spawn(async move {
        let read = |_: &State| std::thread::sleep(Duration::from_millis(600));
        held.read(read).await
    });
    tokio::time::sleep(Duration::from_millis(250)).await;
    let asked = tokio::spawn(async move { other.submit(category("testing")).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let stopped = tokio::time::timeout(Duration::from_secs(10), node.stop()).await;
    assert!(stopped.is_ok(), "the order to stop was lost");
    assert!(asked.await.expect("a task").is_ok());
    assert!(reading.await.expect("a task").is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_journal_is_refused_at_the_start() {
    let folder = folder();
    ledger(folder.path()).await;
    let node = Node::start(Box::new(open(folder.path()).await), config(folder.path()))
        .await
        .expect("a node");
    node.submit(category("testing")).await.expect("an answer");
    node.stop().await;
    truncate(folder.path()).await;
    let started = Node::start(Box::new(open(folder.path()).await), config(folder.path())).await;
    assert!(matches!(started.err(), Some(StartError::Anchor(_))));
}

async fn truncate(folder: &Path) {
    use sqlx::ConnectOptions;
    let mut connection = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(folder.join("journal.db"))
        .connect()
        .await
        .expect("the database");
    sqlx::query("DELETE FROM journal WHERE batch_no = (SELECT max(batch_no) FROM journal)")
        .execute(&mut connection)
        .await
        .expect("a deletion");
}

fn by_system(command: Command) -> Submission {
    Submission {
        fingerprint: codec::fingerprint(&command),
        reason: Reason::parse("离职").ok(),
        ..Submission::new(SYSTEM, command)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_erased_and_came_back_is_erased_again_at_the_next_start() {
    let folder = folder();
    ledger(folder.path()).await;
    let node = Node::start(Box::new(open(folder.path()).await), config(folder.path()))
        .await
        .expect("a node");
    let name = personal("张三");
    let opening = name.opening.clone().expect("just made");
    let person = Command::RegisterPrincipal(Box::new(RegisterPrincipal { name }));
    let registered = node.submit(by_system(person)).await.expect("an answer");
    let Event::PrincipalRegistered(e) = &registered.events[0].event else {
        panic!("{registered:?}");
    };
    let (principal, seq) = (e.principal, registered.events[0].meta.seq);
    let told = node.personal(seq, PRINCIPAL_NAME).await;
    assert_eq!(told.expect("a read").as_deref(), Some("张三"));
    let enabled = false;
    for command in [
        Command::SetAccess(SetAccess { principal, enabled }),
        Command::ErasePrincipal(ErasePrincipal { principal }),
    ] {
        node.submit(by_system(command)).await.expect("an answer");
    }
    let told = node.personal(seq, PRINCIPAL_NAME).await;
    assert_eq!(told.expect("a read"), None);
    node.stop().await;
    // As a backup of before, or a crash between the event and its effect, would leave it.
    let mut store = open(folder.path()).await;
    let key = PrivateKey {
        seq: seq.0,
        field: PRINCIPAL_NAME,
    };
    let opening = *opening;
    let kept = store.keep_private(&PrivateRow { key, opening }).await;
    kept.expect("written");
    let brought_back = store.reader().private(key).await.expect("a read");
    assert!(brought_back.is_some());
    Box::new(store).close().await.expect("a clean end");
    let node = Node::start(Box::new(open(folder.path()).await), config(folder.path()))
        .await
        .expect("a node");
    node.submit(category("testing")).await.expect("an answer");
    let told = node.personal(seq, PRINCIPAL_NAME).await;
    assert_eq!(told.expect("a read"), None);
    node.stop().await;
}
