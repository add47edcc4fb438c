//! The views beside readers, after damage and crashes, and while they are made anew.

use std::path::Path;

use proptest::test_runner::TestRunner;
use quantong::journal::Database;
use quantong::views::Views;
use sqlx::{ConnectOptions as _, Connection as _};

use super::cluster::{Cluster, database_of};
use super::server::{Server, World, quantong};
use super::views::{LEDGER, Tables, Thirds, assert_same, history, tables};

const FILES: [&str; 2] = ["views.db", "views-claims.db"];

/// The length of a write-ahead log beyond which writers wait for it.
const LOG_BYTES: u64 = 4 << 20;

/// A connection to a file, as a reporting tool has it.
async fn open_file(file: &Path) -> sqlx::SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    options.connect().await.expect("the file opens")
}

async fn run(connection: &mut sqlx::SqliteConnection, sql: &'static str) {
    let done = sqlx::raw_sql(sql).execute(connection).await;
    done.expect(sql);
}

fn log_bytes(folder: &Path) -> u64 {
    let logs = FILES.map(|name| folder.join(format!("{name}-wal")));
    let lengths = logs.map(|log| std::fs::metadata(log).map_or(0, |log| log.len()));
    lengths.into_iter().max().unwrap_or_default()
}

/// Gets the tables up to the end of the journal, from where they are.
async fn kept(database: &Database, folder: &Path) -> Tables {
    let read = database.read(folder).await.expect("the journal is read");
    let (ledger, reader) = read.expect("a ledger");
    let views = Views::open(database, folder).await.expect("the tables");
    let mut projector = views.projector(reader, ledger).await.expect("a projector");
    assert!(projector.position().events > 0, "they are not made anew");
    while projector.step().await.expect("a step") {}
    let found = tables(&views).await;
    views.close().await;
    found
}

fn rebuild(folder: &Path, address: &str) {
    let done = quantong(folder, address, &["views", "rebuild"]);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
}

fn refusal(folder: &Path, address: &str, arguments: &[&str]) -> String {
    let done = quantong(folder, address, arguments);
    assert!(!done.status.success(), "{arguments:?}");
    String::from_utf8_lossy(&done.stderr).into_owned()
}

/// What a server has written on a data folder and, unless it is empty, a database is what a
/// rebuild writes.
pub(crate) async fn assert_views_are_as_made_anew(folder: &Path, address: &str) {
    let database = match address {
        "" => Database::Sqlite,
        address => Database::Postgres(address.parse().expect("an address")),
    };
    let first = kept(&database, folder).await;
    rebuild(folder, address);
    let anew = kept(&database, folder).await;
    assert!(!first["claims"].is_empty());
    for (table, rows) in &first {
        // There are too many rows to be shown.
        assert!(anew[table] == *rows, "{table}");
    }
}

async fn claim_and_list(world: &World, voucher: &str, n: u64) {
    let claim = world.claim(voucher, n, "2.00");
    let filed = world.post(&world.provider, "/v1/claims", claim).await;
    let page = world.get(&world.provider, "/v1/claims?limit=1").await;
    assert_eq!(page["data"][0]["id"], filed["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_go_on_beside_a_reader_that_keeps_its_transaction() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::new(folder.path()).await;
    let voucher = world.issue("1000000.00").await;
    claim_and_list(&world, &voucher, 1).await;
    let mut reader = open_file(&folder.path().join(FILES[0])).await;
    let attach = format!(
        "ATTACH DATABASE '{}' AS claims_file",
        folder.path().join(FILES[1]).display()
    );
    let attached = sqlx::raw_sql(sqlx::AssertSqlSafe(attach)).execute(&mut reader);
    attached.await.expect("attached");
    let begin = "BEGIN; SELECT COUNT(*) FROM main.view_position; SELECT COUNT(*) FROM claims;";
    run(&mut reader, begin).await;
    let mut n = 1;
    while log_bytes(folder.path()) <= LOG_BYTES {
        n += 1;
        assert!(n < 2_000, "the log does not grow");
        claim_and_list(&world, &voucher, n).await;
    }
    // It is tried to have it begin anew, and given up soon.
    for _ in 0..20 {
        n += 1;
        claim_and_list(&world, &voucher, n).await;
    }
    assert!(log_bytes(folder.path()) > LOG_BYTES);
    run(&mut reader, "COMMIT").await;
    while log_bytes(folder.path()) > LOG_BYTES {
        n += 1;
        assert!(n < 5_000, "the log does not begin anew");
        claim_and_list(&world, &voucher, n).await;
    }
}

/// Makes a file one that is no database.
fn spoil(folder: &Path, name: &str) {
    for end in ["-wal", "-shm"] {
        let _may_be_gone = std::fs::remove_file(folder.join(format!("{name}{end}")));
    }
    std::fs::write(folder.join(name), "no database\n".repeat(4_000)).expect("written");
}

#[tokio::test(flavor = "multi_thread")]
async fn views_that_are_damaged_stop_no_server_and_are_made_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut world = World::new(folder.path()).await;
    let voucher = world.voucher.clone();
    for n in 1..4 {
        claim_and_list(&world, &voucher, n).await;
    }
    world.server.terminate();
    let first = kept(&Database::Sqlite, folder.path()).await;
    for damage in 0..3 {
        match FILES.get(damage) {
            Some(name) => spoil(folder.path(), name),
            None => {
                let mut file = open_file(&folder.path().join(FILES[0])).await;
                run(&mut file, "DROP TABLE refusals").await;
                file.close().await.expect("closed");
            }
        }
        let said = refusal(folder.path(), "", &["views", "status"]);
        assert!(said.contains("`quantong views rebuild`"), "{said}");
        world.server = world.server.start_again();
        claim_and_list(&world, &voucher, 4 + damage as u64).await;
        world.server.terminate();
        let anew = kept(&Database::Sqlite, folder.path()).await;
        assert_eq!(anew["claims"].len(), first["claims"].len() + damage + 1);
    }
    let last = kept(&Database::Sqlite, folder.path()).await;
    for damaged in [&FILES[..1], &FILES[1..], &FILES] {
        for name in damaged {
            spoil(folder.path(), name);
        }
        rebuild(folder.path(), "");
        assert_eq!(kept(&Database::Sqlite, folder.path()).await, last);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_on_postgres_mends_whatever_is_left_of_the_tables() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let url = cluster.new_database();
    let database = Database::Postgres(url.parse().expect("an address"));
    let mut world = World::on(folder.path(), Some(&url)).await;
    let voucher = world.voucher.clone();
    claim_and_list(&world, &voucher, 1).await;
    world.server.terminate();
    let first = kept(&database, folder.path()).await;
    for damage in [
        "DROP TABLE refusals",
        "DROP VIEW vouchers",
        "DROP TABLE views_migrations",
        "ALTER TABLE claims DROP COLUMN invoice_no",
        "DROP TABLE view_position, claims; DELETE FROM views_migrations WHERE version > 1",
        "DROP VIEW vouchers; CREATE TABLE vouchers (id BIGINT)",
    ] {
        cluster.sql(database_of(&url), damage);
        rebuild(folder.path(), &url);
        assert_eq!(kept(&database, folder.path()).await, first, "{damage}");
    }
    world.server = world.server.start_again();
    claim_and_list(&world, &voucher, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_beside_a_server_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::new(folder.path()).await;
    let said = refusal(folder.path(), "", &["views", "rebuild"]);
    assert!(said.contains("stop the server first"), "{said}");
    let voucher = world.voucher.clone();
    claim_and_list(&world, &voucher, 1).await;

    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let (folder, other) = (folder.path().join("pg"), folder.path().join("other"));
    let url = cluster.new_database();
    let (mut server, _) = Server::start(&folder, Some(&url));
    let said = refusal(&folder, &url, &["views", "rebuild"]);
    assert!(said.contains("stop the server first"), "{said}");
    let said = refusal(&other, &url, &["views", "rebuild"]);
    assert!(said.contains("stop all nodes first"), "{said}");
    assert!(said.contains(&server.url), "{said}");
    // Nobody gave the lease back, and nobody leads.
    server.kill();
    rebuild(&other, &url);
    let (mut server, _) = Server::start(&folder, Some(&url));
    server.terminate();
    rebuild(&other, &url);
}

/// A step takes the position of all other tables first, and then that of the claims.
#[tokio::test(flavor = "multi_thread")]
async fn who_empties_the_tables_takes_the_positions_in_the_order_of_a_step() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let url = cluster.new_database();
    let database = Database::Postgres(url.parse().expect("an address"));
    let store = database.open(folder.path(), LEDGER).await.expect("a store");
    let views = Views::open(&database, folder.path()).await.expect("tables");
    let projector = views.projector(store.reader(), LEDGER).await;
    let mut projector = projector.expect("a projector");
    let connect = || async { sqlx::PgConnection::connect(&url).await.expect("connected") };
    let (mut step, mut other) = (connect().await, connect().await);
    let lock = "BEGIN; SELECT events FROM view_position WHERE part = 1 FOR UPDATE";
    let locked = sqlx::raw_sql(lock).execute(&mut step).await;
    locked.expect("the position of the claims");
    let clearing = tokio::spawn(async move { projector.clear().await });
    let waits = "SELECT COUNT(*) > 0 FROM pg_stat_activity \
        WHERE wait_event_type = 'Lock' AND datname = current_database()";
    while cluster.sql(database_of(&url), waits).trim() != "t" {
        assert!(!clearing.is_finished());
    }
    let free = "SELECT events FROM view_position WHERE part = 2 FOR UPDATE NOWAIT";
    let free = sqlx::raw_sql(free).execute(&mut other).await;
    let taken = free.expect_err("the position of the rest is taken first");
    assert!(
        taken.to_string().contains("could not obtain lock"),
        "{taken}"
    );
    let done = sqlx::raw_sql("COMMIT").execute(&mut step).await;
    done.expect("ended");
    clearing.await.expect("ended").expect("cleared");
    views.close().await;
    store.close().await.expect("closed");
}

/// Copies a file with its log, and leaves no other log beside the copy.
fn copy(from: &Path, to: &Path) {
    for end in ["", "-wal", "-shm"] {
        let name = format!("{}{end}", FILES[0]);
        let _may_be_gone = std::fs::remove_file(to.join(&name));
        if from.join(&name).exists() && end != "-shm" {
            std::fs::copy(from.join(&name), to.join(&name)).expect("copied");
        }
    }
}

/// Up to where each file is.
async fn positions(folder: &Path) -> [i64; 2] {
    let mut found = [0; 2];
    for (name, found) in FILES.iter().zip(&mut found) {
        let mut file = open_file(&folder.join(name)).await;
        let events = sqlx::query_scalar("SELECT events FROM view_position");
        let events = events.fetch_all(&mut file).await.expect("positions");
        *found = events.into_iter().max().expect("one");
        file.close().await.expect("closed");
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claims_file_that_was_committed_alone_is_not_written_twice() {
    let mut runner = TestRunner::deterministic();
    for _ in 0..4 {
        let (folder, aside) = (tempfile::tempdir(), tempfile::tempdir());
        let (folder, aside) = (folder.expect("a folder"), aside.expect("a folder"));
        let path = folder.path();
        let mut store = Database::Sqlite.open(path, LEDGER).await.expect("a store");
        let mut thirds = Thirds::of(history(&mut runner));
        for n in 0..3 {
            let [before, written] = thirds.append(n, &mut *store).await;
            copy(path, aside.path());
            let views = Views::open(&Database::Sqlite, path).await.expect("tables");
            let projector = views.projector(store.reader(), LEDGER).await;
            let mut projector = projector.expect("a projector");
            // What comes after the crash was there already, so it is one step or several.
            assert_eq!(projector.position().events == before as u64, n < 2);
            while projector.step().await.expect("a step") {}
            drop(projector);
            views.close().await;
            if n == 1 {
                copy(aside.path(), path);
                let [rest, claims] = positions(path).await;
                assert_eq!((rest as usize, claims as usize), (before, written));
            }
        }
        let views = Views::open(&Database::Sqlite, path).await.expect("tables");
        let first = tables(&views).await;
        assert_same(&thirds.pair.state, thirds.pair.events(), &first);
        let projector = views.projector(store.reader(), LEDGER).await;
        let mut projector = projector.expect("a projector");
        projector.clear().await.expect("cleared");
        while projector.step().await.expect("a step") {}
        assert_eq!(tables(&views).await, first);
        views.close().await;
        store.close().await.expect("closed");
    }
}
