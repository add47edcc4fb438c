//! Snapshots: a start from one is a start from the journal.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use proptest::test_runner::TestRunner;
use quantong::journal::{Chain, Database, HashKind, Row, Store};
use quantong::node::{
    Clock, Node, NodeConfig, Snapshot, SnapshotError, Snapshots, replay, snapshots, state_hash,
    take_snapshot,
};
use serde_json::Value;

use super::import::{examples, text};
use super::model::Pair;
use super::server::{World, quantong};
use super::views::{history, rows};

const LEDGER: [u8; 16] = [7; 16];

async fn open(folder: &Path) -> Box<dyn Store> {
    let opened = Database::Sqlite.open(folder, LEDGER).await;
    opened.expect("a store")
}

async fn take(folder: &Path, store: &dyn Store) -> Result<Option<Snapshot>, SnapshotError> {
    let stop = Arc::new(AtomicBool::new(false));
    take_snapshot(folder, store.ledger(), store.reader(), stop).await
}

/// Starts a node that may use the snapshots of a folder.
async fn start(store: Box<dyn Store>, folder: &Path, every: u64) -> Node {
    let config = NodeConfig {
        clock: Clock::SystemWithManualDate,
        snapshots: Some(Snapshots {
            folder: folder.to_owned(),
            every,
        }),
        ..NodeConfig::new("test")
    };
    Node::start(store, config).await.expect("a node")
}

/// Hash of the state that a start gives, and of the one that a whole replay gives after it.
async fn both_ways(folder: &Path) -> ([u8; 32], [u8; 32]) {
    let node = start(open(folder).await, folder, 0).await;
    let (started, _) = node.read(state_hash).await.expect("a read");
    node.stop().await;
    let store = open(folder).await;
    let replayed = replay(store.reader(), |_| {}).await.expect("a replay");
    store.close().await.expect("closed");
    (started, state_hash(&replayed.state))
}

/// The rows of a random history.
fn random_rows(runner: &mut TestRunner) -> Vec<Row> {
    let mut pair = Pair::sound();
    for step in history(runner) {
        pair.take(step);
    }
    rows(&mut Chain::new(HashKind::Sha256), pair.events(), 5)
}

/// A journal with a snapshot of all of it.
async fn with_snapshot() -> (tempfile::TempDir, Box<dyn Store>) {
    let folder = tempfile::tempdir().expect("a folder");
    let rows = random_rows(&mut TestRunner::deterministic());
    let mut store = open(folder.path()).await;
    store.append(&rows, &[]).await.expect("appended");
    take(folder.path(), &*store).await.expect("a snapshot");
    (folder, store)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_from_a_snapshot_anywhere_gives_the_state_of_the_whole_journal() {
    let mut runner = TestRunner::deterministic();
    let histories = std::env::var_os("QUANTONG_FULL").map_or(6, |_| 100);
    for n in 1..=histories {
        let folder = tempfile::tempdir().expect("a folder");
        let rows = random_rows(&mut runner);
        let cut = rows.len() * n / histories;
        let mut store = open(folder.path()).await;
        let (before, after) = rows.split_at(cut.max(1));
        store.append(before, &[]).await.expect("appended");
        let taken = take(folder.path(), &*store).await.expect("a snapshot");
        let events = before.last().expect("a row").head.size();
        assert_eq!(taken.expect("the first one").events, events);
        assert!(
            take(folder.path(), &*store)
                .await
                .expect("no need")
                .is_none()
        );
        if !after.is_empty() {
            store.append(after, &[]).await.expect("appended");
            // The next one begins from the one before.
            let taken = take(folder.path(), &*store).await.expect("a snapshot");
            assert!(taken.expect("a newer one").events > events);
            if n % 2 == 0 {
                let newest = snapshots(folder.path()).expect("the folder").remove(0);
                std::fs::remove_file(newest.path).expect("removed");
            }
        }
        store.close().await.expect("closed");
        let (started, replayed) = both_ways(folder.path()).await;
        assert_eq!(started, replayed, "history {n}, cut at row {cut}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_or_foreign_snapshot_is_passed_over() {
    let mut runner = TestRunner::deterministic();
    let folder = tempfile::tempdir().expect("a folder");
    let rows = random_rows(&mut runner);
    let mut store = open(folder.path()).await;
    let (before, after) = rows.split_at(rows.len() / 2);
    store.append(before, &[]).await.expect("appended");
    take(folder.path(), &*store).await.expect("a snapshot");
    store.append(after, &[]).await.expect("appended");
    take(folder.path(), &*store).await.expect("a snapshot");
    store.close().await.expect("closed");
    let there = snapshots(folder.path()).expect("the folder");
    assert_eq!(there.len(), 2);
    let whole = std::fs::read(&there[0].path).expect("a file");
    let spoil = |bytes: &[u8]| std::fs::write(&there[0].path, bytes).expect("written");
    for at in (0..whole.len()).step_by(whole.len() / 23) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        spoil(&damaged);
        let (started, replayed) = both_ways(folder.path()).await;
        assert_eq!(started, replayed, "byte {at} of {}", whole.len());
        spoil(&whole[..at]);
        let (started, replayed) = both_ways(folder.path()).await;
        assert_eq!(started, replayed, "cut at {at} of {}", whole.len());
    }
    // One of another journal under the name of this one's.
    let other = tempfile::tempdir().expect("a folder");
    let mut store = open(other.path()).await;
    let foreign = random_rows(&mut runner);
    store.append(&foreign, &[]).await.expect("appended");
    let taken = take(other.path(), &*store).await.expect("a snapshot");
    store.close().await.expect("closed");
    std::fs::copy(taken.expect("one").path, &there[0].path).expect("copied");
    let (started, replayed) = both_ways(folder.path()).await;
    assert_eq!(started, replayed);
}

/// The frames of a snapshot: where each one's bytes are.
fn frames(file: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut frames = Vec::new();
    let mut at = 8;
    while at < file.len() {
        let length = file[at..at + 4].try_into().expect("four bytes");
        let end = at + 8 + u32::from_le_bytes(length) as usize;
        frames.push(at + 8..end);
        at = end;
    }
    frames
}

/// A change that fits its checksum and can be decoded is found by the hash alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_whose_rows_do_not_have_its_hash_is_passed_over() {
    let (folder, store) = with_snapshot().await;
    // One that is believed is as new as the journal, and none is made.
    let again = take(folder.path(), &*store).await.expect("no need");
    assert!(again.is_none());
    let there = snapshots(folder.path()).expect("the folder").remove(0);
    let whole = std::fs::read(&there.path).expect("a file");
    let framed = frames(&whole);
    let hash = framed.last().expect("the hash");
    assert_eq!(hash.len(), 32);
    // The first frame is the header.
    let filled = framed[1..].iter().filter(|frame| !frame.is_empty());
    let filled: Vec<_> = filled.collect();
    // An odd step, so that names and rows are among them.
    let some = filled.iter().rev().step_by((filled.len() / 12) | 1);
    for frame in some {
        for at in [frame.start, frame.end - 1] {
            let mut bent = whole.clone();
            bent[at] ^= 0x01;
            let checksum = crc32c::crc32c(&bent[(*frame).clone()]);
            bent[frame.start - 4..frame.start].copy_from_slice(&checksum.to_le_bytes());
            std::fs::write(&there.path, &bent).expect("written");
            let again = take(folder.path(), &*store).await.expect("a snapshot");
            assert!(again.is_some(), "byte {at} of {}", whole.len());
            let mended = std::fs::read(&there.path).expect("a file");
            assert!(mended == whole, "byte {at} of {}", whole.len());
        }
    }
    store.close().await.expect("closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_before_the_snapshot_is_found_after_the_start() {
    let (folder, store) = with_snapshot().await;
    store.close().await.expect("closed");
    let node = start(open(folder.path()).await, folder.path(), 0).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(node.status().ready);
    node.stop().await;
    spoil_body(folder.path()).await;
    let node = start(open(folder.path()).await, folder.path(), 0).await;
    let began = Instant::now();
    while node.status().ready {
        assert!(began.elapsed() < Duration::from_secs(20), "it is not found");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    node.stop().await;
}

/// What would be acknowledged rests on rows of which nobody knows what they were.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_finds_damage_before_its_snapshot_answers_reads_and_writes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut world = World::new(folder.path()).await;
    world.server.terminate();
    let made = quantong(folder.path(), "", &["snapshot"]);
    assert!(made.status.success());
    spoil_body(folder.path()).await;
    world.server = world.server.start_again();
    let ready = async || {
        let asked = world.client.get(format!("{}/readyz", world.server.url));
        let answer = asked.send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.expect("JSON"))
    };
    let began = Instant::now();
    let told = loop {
        let (status, told) = ready().await;
        if status == 503 {
            break told;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "it is not found");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(told["journal_damaged"], true, "{told}");
    let claim = world.claim(&world.voucher, 1, "100.00");
    let url = format!("{}/v1/claims", world.server.url);
    for (language, expected) in [("en", "the journal is damaged"), ("zh", "账本日志已损坏")]
    {
        let asked = world.client.post(&url).bearer_auth(&world.provider);
        let asked = asked.header("Accept-Language", language);
        let asked = asked.header("Idempotency-Key", language).json(&claim);
        let answer = asked.send().await.expect("an answer");
        assert_eq!(answer.status(), 503);
        let problem: Value = answer.json().await.expect("JSON");
        assert_eq!(problem["code"], "UNAVAILABLE", "{problem}");
        let detail = problem["detail"].as_str().expect("a text");
        assert!(detail.starts_with(expected), "{problem}");
    }
    // What is there is read.
    let voucher = format!("/v1/vouchers/{}", world.voucher);
    let read = world.get(&world.holder, &voucher).await;
    assert_eq!(read["approved"], "0.00", "{read}");
    let (_, after) = ready().await;
    assert_eq!(after["durable_sequence"], told["durable_sequence"]);
}

async fn spoil_body(folder: &Path) {
    use sqlx::ConnectOptions as _;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("journal.db"));
    let mut connection = options.connect().await.expect("the database");
    let spoil = "UPDATE journal SET body = (SELECT body FROM journal WHERE batch_no = 2) \
        WHERE batch_no = 1";
    let spoiled = sqlx::query(spoil).execute(&mut connection).await;
    assert_eq!(spoiled.expect("an update").rows_affected(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_makes_snapshots_as_events_come_in_and_keeps_two() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let run = |arguments: &[&str]| {
        let done = quantong(&data, "", arguments);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{said}");
        String::from_utf8(done.stdout).expect("UTF-8")
    };
    run(&["import", text(&examples())]);
    assert!(snapshots(&data).expect("the folder").is_empty());
    let mut last = 0;
    for n in 0..4 {
        let store = Database::Sqlite.open(&data, LEDGER).await.expect("a store");
        let node = start(store, &data, 1).await;
        let began = Instant::now();
        let newest = || snapshots(&data).expect("the folder").first().cloned();
        while newest().is_none_or(|newest| newest.events <= last) {
            assert!(began.elapsed() < Duration::from_secs(20), "none is made");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        last = newest().expect("one").events;
        node.stop().await;
        run(&["token", "--name", &format!("a{n}"), "--role", "auditor"]);
    }
    let told = run(&["snapshot", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told.as_array().map(Vec::len), Some(2), "{told}");
    assert!(told[0]["events"].as_u64() > Some(last));
    let (started, replayed) = both_ways(&data).await;
    assert_eq!(started, replayed);
}

/// A snapshot of another layout under the same number would be read as nonsense.
#[tokio::test]
async fn another_layout_of_the_state_has_another_number() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut runner = TestRunner::deterministic();
    let mut store = open(folder.path()).await;
    let rows = random_rows(&mut runner);
    store.append(&rows, &[]).await.expect("appended");
    let replayed = replay(store.reader(), |_| {}).await.expect("a replay");
    let hash = state_hash(&replayed.state);
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let found = format!("{} {hash}\n", quantong::engine::STATE_FORMAT);
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/state-format");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, &found).expect("written");
    }
    let known = std::fs::read_to_string(&golden).expect("the golden file");
    assert_eq!(
        found, known,
        "if the layout of the state has changed, raise STATE_FORMAT and run with UPDATE_GOLDEN=1"
    );
}
