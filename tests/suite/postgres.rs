//! The real binary with its journal in PostgreSQL.

use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::task::JoinHandle;

use super::cluster::{Cluster, OWNER, PASSWORD, database_of};
use super::crash::{essence, kill_rounds};
use super::import::{assert_answers, examples, text};
use super::server::{Server, World, fen, quantong, send};
use super::views_kept::assert_views_are_as_made_anew;

pub(crate) fn assert_success(output: &Output) {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("a report in JSON")
}

#[test]
fn the_corridor_year_is_answered_the_same_on_postgres() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let database = cluster.new_database();
    let folder = tempfile::tempdir().expect("a folder");
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    let input = examples();
    let import = ["import", text(&input), "--out", text(&out), "--json"];
    assert_success(&quantong(&data, &database, &import));
    assert_answers(&out);
    let before = quantong(&data, &database, &["verify", "--json"]);
    assert_success(&before);
    let again = json(&quantong(&data, &database, &import));
    assert_eq!((&again["done"], &again["refused"]), (&0.into(), &0.into()));
    let after = quantong(&data, &database, &["verify", "--json"]);
    let events = |output: &Output| json(output)["events"].as_u64().expect("a number");
    assert_eq!(events(&after), events(&before) + 1);
    assert!(data.join("checkpoint").exists());
    assert!(!data.join("journal.db").exists());
}

/// The statements with which the page on databases grants a server its rights.
fn documented_rights(role: &str) -> String {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operations/databases.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let (_, rest) = page.split_once("```sql\n").expect("a block of SQL");
    let (rights, _) = rest.split_once("```").expect("its end");
    rights.replace("quantong_server", role)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_runs_with_just_the_rights_that_are_documented() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let owner = cluster.new_database();
    let name = database_of(&owner);
    let role = format!("server_{name}");
    let folder = tempfile::tempdir().expect("a folder");
    let (data, nobody) = (folder.path().join("data"), folder.path().join("nobody"));
    let create = format!("CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'");
    cluster.sql(name, &create);
    let database = cluster.url(&role, PASSWORD, name);
    let refused = quantong(&nobody, &database, &["init"]);
    assert!(!refused.status.success(), "a role without rights");
    let made = quantong(&data, &owner, &["init"]);
    assert_success(&made);
    let made = String::from_utf8(made.stdout).expect("UTF-8");
    let token = made.lines().find(|line| line.starts_with("qt_"));
    cluster.sql(name, &documented_rights(&role));

    let (server, _) = Server::start(&data, Some(&database));
    let started = (server, token.map(str::to_owned));
    // Writes, lists, which the views answer, and a sign-in all work.
    let mut world = World::with(started).await;
    let claim = world.claim(&world.voucher, 1, "100.00");
    let filed = world.post(&world.provider, "/v1/claims", claim).await;
    let list = world.get(&world.administrator, "/v1/claims").await;
    assert_eq!(list["data"][0]["id"], filed["id"], "{list}");
    let unknown = serde_json::json!({"user_name": "nobody-1", "password": "not the right one"});
    let sign_in = Some(unknown);
    let (status, said) = world.call(Method::POST, "", "/v1/sign-in", sign_in).await;
    assert_eq!(status, 401, "{said}");
    world.server.terminate();
    // To make the views anew is for the owner of the tables.
    let refused = quantong(&data, &database, &["views", "rebuild"]);
    assert!(!refused.status.success(), "a role that owns no table");
    assert_success(&quantong(&data, &owner, &["views", "rebuild"]));
    cluster.sql(name, &documented_rights(&role));
    assert_success(&quantong(&data, &database, &["verify"]));

    // What is in the journal stays.
    let may = |what: &str| {
        let may = format!("SELECT has_table_privilege('{role}', {what})");
        cluster.sql(name, &may).trim() == "t"
    };
    for what in ["UPDATE", "DELETE", "TRUNCATE"] {
        assert!(!may(&format!("'journal', '{what}'")), "{what}");
    }
    assert!(may("'journal', 'INSERT'") && may("'private', 'DELETE'"));
}

#[test]
fn a_journal_is_the_same_on_both_databases() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let database = cluster.new_database();
    let folder = tempfile::tempdir().expect("a folder");
    let input = examples();
    let state = |data: &str, database: &str| {
        let data = folder.path().join(data);
        assert_success(&quantong(&data, database, &["import", text(&input)]));
        let verified = quantong(&data, database, &["verify", "--json"]);
        assert_success(&verified);
        let verified = json(&verified);
        (verified["events"].clone(), verified["batches"].clone())
    };
    // An empty address is none: the journal is in the data folder.
    assert_eq!(state("sqlite", ""), state("postgres", &database));
}

#[test]
fn what_is_wrong_with_a_database_is_said_without_its_password() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let good = cluster.new_database();
    let name = database_of(&good);
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let cases = [
        (
            format!("postgres://{OWNER}:{PASSWORD}@127.0.0.1:1/{name}"),
            vec!["cannot be reached", "127.0.0.1:1"],
        ),
        (
            cluster.url(OWNER, &PASSWORD.to_uppercase(), name),
            vec!["cannot be reached", "password authentication failed"],
        ),
        (
            cluster.url(OWNER, PASSWORD, "nothing"),
            vec!["\"nothing\" does not exist"],
        ),
        (
            format!("mysql://{OWNER}:{PASSWORD}@127.0.0.1/{name}"),
            vec!["postgres://user@host:port/name"],
        ),
        (
            format!("postgres://{OWNER}:{PASSWORD}@127.0.0.1:x/{name}"),
            vec!["cannot be read"],
        ),
        (good.clone(), vec!["there is no ledger in postgres://"]),
    ];
    for (database, expected) in cases {
        let commands: [&[&str]; 3] = [
            &["verify"],
            &["token", "--name", "a", "--role", "auditor"],
            &["advance-date", "2030-01-01"],
        ];
        for arguments in commands {
            let done = Command::new(env!("CARGO_BIN_EXE_quantong"))
                .arg("--data")
                .arg(&data)
                .env("QUANTONG_DATABASE", &database)
                .env("RUST_LOG", "trace")
                .args(arguments)
                .output()
                .expect("the binary runs");
            let mut said = String::from_utf8(done.stderr).expect("UTF-8");
            said += &String::from_utf8(done.stdout).expect("UTF-8");
            assert!(!done.status.success(), "{arguments:?}");
            for expected in &expected {
                assert!(said.contains(expected), "{expected} is missing in\n{said}");
            }
            let shown = said.to_lowercase().contains(PASSWORD);
            assert!(!shown, "the password is shown in\n{said}");
        }
    }
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(cluster.sql(name, tables).trim(), "0");
    assert!(!data.exists());
}

#[test]
fn help_does_not_show_the_address_in_the_environment() {
    let done = Command::new(env!("CARGO_BIN_EXE_quantong"))
        .env("QUANTONG_DATABASE", format!("postgres://u:{PASSWORD}@h/d"))
        .arg("--help")
        .output()
        .expect("the binary runs");
    let said = String::from_utf8(done.stdout).expect("UTF-8");
    assert!(said.contains("QUANTONG_DATABASE") && !said.contains(PASSWORD));
}

#[test]
fn tables_of_a_newer_version_and_a_folder_with_another_journal_are_refused() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let database = cluster.new_database();
    let folder = tempfile::tempdir().expect("a folder");
    let (data, other) = (folder.path().join("data"), folder.path().join("other"));
    assert_success(&quantong(&other, "", &["init"]));
    let refused = quantong(&other, &database, &["init"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("holds a journal in SQLite"), "{said}");
    assert_success(&quantong(&data, &database, &["init"]));
    let again = quantong(&data, &database, &["init"]);
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(said.contains("there is a ledger already"), "{said}");
    let newer = "INSERT INTO journal_migrations SELECT 9999, 'newer', now(), true, checksum, 0 \
        FROM journal_migrations LIMIT 1";
    cluster.sql(database_of(&database), newer);
    let refused = quantong(&data, &database, &["verify"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("are of version 9999"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_loses_nothing_that_postgres_has_committed() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let full = std::env::var_os("QUANTONG_FULL").is_some();
    let database = cluster.new_database();
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::on(folder.path(), Some(&database)).await;
    kill_rounds(world, if full { 50 } else { 10 }).await;
    assert_success(&quantong(folder.path(), &database, &["verify"]));
    assert_views_are_as_made_anew(folder.path(), &database).await;
}

/// What the clients of a server whose storage comes and goes have seen.
#[derive(Default)]
struct Seen {
    /// No more claims are filed.
    ended: AtomicBool,
    /// Answers that said to try again.
    unavailable: AtomicU64,
    /// Fen of acknowledged claims.
    approved: AtomicI64,
}

/// How long a server may take to get over a crash of its database.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

type Answered = (String, Value, String);

/// Sends a request until it is answered. Nothing but 503 or the true answer may come.
async fn persist(world: &World, key: &str, body: &Value, seen: &Seen) -> String {
    let url = format!("{}/v1/claims", world.server.url);
    let began = Instant::now();
    loop {
        assert!(began.elapsed() < PATIENCE, "the server does not recover");
        let (client, token) = (&world.client, &world.provider);
        let sent = send(client, Method::POST, &url, token, Some(key), Some(body)).await;
        let answer = sent.expect("the server stays");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        match status {
            StatusCode::CREATED => return text,
            StatusCode::SERVICE_UNAVAILABLE => {
                seen.unavailable.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            other => panic!("{other}: {text}"),
        }
    }
}

/// Files claims until told to end; each is retried with its key until it is answered.
async fn file(world: Arc<World>, voucher: String, client: u64, seen: Arc<Seen>) -> Vec<Answered> {
    let mut answered = Vec::new();
    for n in 0.. {
        if seen.ended.load(Ordering::Relaxed) {
            break;
        }
        let key = format!("c{client}-{n}");
        let body = world.claim(&voucher, client * 1_000_000 + n + 1, "2.00");
        let text = persist(&world, &key, &body, &seen).await;
        let filed: Value = serde_json::from_str(&text).expect("JSON");
        seen.approved
            .fetch_add(fen(&filed["amount"]), Ordering::Relaxed);
        answered.push((key, body, text));
    }
    answered
}

/// Reads the voucher until told to end: a read answers 503 or what is durable, which never falls
/// and never lacks what was acknowledged before it was asked.
async fn watch(world: Arc<World>, voucher: String, seen: Arc<Seen>) {
    let url = format!("{}/v1/vouchers/{voucher}", world.server.url);
    let mut last = 0;
    while !seen.ended.load(Ordering::Relaxed) {
        let acknowledged = seen.approved.load(Ordering::Relaxed);
        let sent = send(&world.client, Method::GET, &url, &world.holder, None, None).await;
        let answer = sent.expect("the server stays");
        match answer.status() {
            StatusCode::OK => {
                let read: Value = answer.json().await.expect("JSON");
                let approved = fen(&read["approved"]);
                assert!(approved >= last && approved >= acknowledged);
                last = approved;
            }
            StatusCode::SERVICE_UNAVAILABLE => {}
            other => panic!("{other}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Clients that file claims and one that reads, while the storage comes and goes.
pub(crate) struct Load {
    pub(crate) world: Arc<World>,
    pub(crate) voucher: String,
    seen: Arc<Seen>,
    watching: JoinHandle<()>,
    clients: Vec<JoinHandle<Vec<Answered>>>,
}

impl Load {
    pub(crate) async fn start(world: World) -> Load {
        let world = Arc::new(world);
        let voucher = world.issue("1000000.00").await;
        let seen = Arc::new(Seen::default());
        let watching = tokio::spawn(watch(world.clone(), voucher.clone(), seen.clone()));
        let clients = (0..8)
            .map(|client| {
                let (world, voucher) = (world.clone(), voucher.clone());
                tokio::spawn(file(world, voucher, client, seen.clone()))
            })
            .collect();
        Load {
            world,
            voucher,
            seen,
            watching,
            clients,
        }
    }

    /// Fen of acknowledged claims.
    pub(crate) fn approved(&self) -> i64 {
        self.seen.approved.load(Ordering::Relaxed)
    }

    /// Waits until more claims were acknowledged, as they are only with a storage.
    pub(crate) async fn wait_for_more(&self) {
        let before = self.approved();
        let began = Instant::now();
        while self.approved() < before + 5_000 {
            assert!(
                began.elapsed() < PATIENCE,
                "nothing is acknowledged any more"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Ends the load. Everything that was acknowledged is answered the same, and adds up.
    pub(crate) async fn finish(self) -> World {
        self.wait_for_more().await;
        let Load {
            world,
            voucher,
            seen,
            watching,
            clients,
        } = self;
        seen.ended.store(true, Ordering::Relaxed);
        watching.await.expect("no read was wrong");
        let mut answered = Vec::new();
        for client in clients {
            answered.extend(client.await.expect("no answer was wrong"));
        }
        assert!(seen.unavailable.load(Ordering::Relaxed) > 0);
        for (key, body, first) in &answered {
            let again = persist(&world, key, body, &seen).await;
            assert_eq!(essence(&again), essence(first), "{key}");
        }
        let path = format!("/v1/vouchers/{voucher}");
        let read = world.get(&world.holder, &path).await;
        let approved = seen.approved.load(Ordering::Relaxed);
        assert_eq!(fen(&read["approved"]), approved);
        Arc::into_inner(world).expect("the clients have ended")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_postgres_under_load_costs_time_and_nothing_else() {
    let Some(cluster) = Cluster::start_new() else {
        return;
    };
    let database = cluster.new_database();
    let folder = tempfile::tempdir().expect("a folder");
    let load = Load::start(World::on(folder.path(), Some(&database)).await).await;
    let rounds = if std::env::var_os("QUANTONG_FULL").is_some() {
        30
    } else {
        4
    };
    for round in 0..rounds {
        load.wait_for_more().await;
        cluster.crash();
        // Clients go on for a moment without a database.
        tokio::time::sleep(Duration::from_millis(50 + 60 * (round % 5))).await;
        cluster.restart();
    }
    let mut world = load.finish().await;
    world.server.terminate();
    assert_success(&quantong(folder.path(), &database, &["verify"]));
}
