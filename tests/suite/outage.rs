//! Storage that fails in other ways than by a crash: a database that fails over, connections that
//! are cut, a disk that is full.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use quantong::journal::Database;
use quantong::views::Views;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::cluster::{Cluster, database_of, skip};
use super::postgres::{Load, PATIENCE, assert_success};
use super::relay::{Cut, Relay};
use super::server::{Server, World, fen, quantong, send};
use super::views_kept::assert_views_are_as_made_anew;

/// How often something is done, in the short and in the long form.
fn rounds(short: u64, full: u64) -> u64 {
    if std::env::var_os("QUANTONG_FULL").is_some() {
        full
    } else {
        short
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promoted_standby_has_everything_that_was_acknowledged() {
    let Some(mut primary) = Cluster::start_new() else {
        return;
    };
    let relay = Relay::start(primary.port()).await;
    let database = relay.address(&primary.new_database());
    let folder = tempfile::tempdir().expect("a folder");
    let load = Load::start(World::on(folder.path(), Some(&database)).await).await;
    for _ in 0..rounds(1, 5) {
        let standby = primary.start_standby();
        load.wait_for_more().await;
        primary.crash();
        standby.promote();
        relay.lead_to(standby.port());
        // The old one is gone for good.
        primary = standby;
        load.wait_for_more().await;
    }
    let mut world = load.finish().await;
    world.server.terminate();
    assert_success(&quantong(folder.path(), &database, &["verify"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cut_between_commit_and_answer_gives_503_or_the_true_answer() {
    const CUTS: [Cut; 4] = [Cut::Commit, Cut::All, Cut::Request, Cut::Answer];
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let relay = Relay::start(cluster.port()).await;
    let database = relay.address(&cluster.new_database());
    let folder = tempfile::tempdir().expect("a folder");
    let load = Load::start(World::on(folder.path(), Some(&database)).await).await;
    let rounds = rounds(12, 100);
    let mut seed = 0x0051_CEED_u64;
    for round in 0..rounds {
        for cut in CUTS {
            let before = load.approved();
            relay.cut(cut);
            let began = Instant::now();
            // A cut that waits has happened when its bytes have come; then work goes on.
            while relay.waits() || load.approved() == before {
                assert!(began.elapsed() < PATIENCE, "round {round}: {cut:?}");
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            tokio::time::sleep(Duration::from_micros((seed >> 44) % 50_000)).await;
        }
    }
    assert!(relay.lost_commits() >= rounds, "{}", relay.lost_commits());
    let mut world = load.finish().await;
    world.server.terminate();
    assert_success(&quantong(folder.path(), &database, &["verify"]));
}

/// The newest claim in a list that has seen so many events, or all; `None` if it says: again.
async fn newest_listed(world: &World, url: &str, seen: Option<u64>) -> Option<Value> {
    let seen = seen.map_or_else(String::new, |seen| format!("&min_seq={seen}"));
    let url = format!("{url}/v1/claims?limit=1{seen}");
    let (client, token) = (&world.client, &world.administrator);
    let sent = send(client, Method::GET, &url, token, None, None).await;
    let answer = sent.expect("the server stays");
    let status = answer.status();
    let list: Value = answer.json().await.expect("JSON");
    match status {
        StatusCode::OK => Some(list["data"][0]["id"].clone()),
        StatusCode::SERVICE_UNAVAILABLE => None,
        other => panic!("{other}: {list}"),
    }
}

/// Nobody writes after the crash, so that nothing but the tables themselves tells that rows of the
/// views are gone.
#[tokio::test(flavor = "multi_thread")]
async fn lists_lack_nothing_when_a_crash_takes_rows_of_the_views_back() {
    let Some(cluster) = Cluster::start_new() else {
        return;
    };
    // Else what was written would be on disk before the crash every now and then.
    cluster.sql("postgres", "ALTER SYSTEM SET wal_writer_delay = '10s'");
    cluster.sql("postgres", "SELECT pg_reload_conf()");
    let database = cluster.new_database();
    let folder = tempfile::tempdir().expect("a folder");
    let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
    let mut world = World::on(&one, Some(&database)).await;
    let (mut follower, _) = Server::start(&other, Some(&database));
    let urls = [world.server.url.clone(), follower.url.clone()];
    let mut taken_back = 0;
    for round in 0..rounds(4, 20) {
        let body = world.claim(&world.voucher, 700_000_000 + round, "2.00");
        let began = Instant::now();
        let (filed, seen) = loop {
            assert!(began.elapsed() < PATIENCE, "round {round}: nobody leads");
            let url = format!("{}/v1/claims", urls[0]);
            let (client, token) = (&world.client, &world.provider);
            let key = format!("round-{round}");
            let sent = send(client, Method::POST, &url, token, Some(&key), Some(&body)).await;
            let answer = sent.expect("the server stays");
            if answer.status() == StatusCode::CREATED {
                let seen = answer.headers()["quantong-sequence"].to_str();
                let seen: u64 = seen.expect("ASCII").parse().expect("a number");
                break (answer.json::<Value>().await.expect("JSON"), seen);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        // The leader knows that its tables have the claim.
        let listed = newest_listed(&world, &urls[0], Some(seen)).await;
        cluster.crash();
        cluster.restart();
        let held = "SELECT MIN(events) FROM view_position";
        let held = cluster.sql(database_of(&database), held);
        let held: u64 = held.trim().parse().expect("a number");
        taken_back += u64::from(listed.is_some() && held < seen);
        for url in &urls {
            let began = Instant::now();
            let mut told = 0;
            // Long enough for whatever is told by mistake for a while.
            while told < 20 || began.elapsed() < Duration::from_secs(1) {
                assert!(began.elapsed() < PATIENCE, "round {round}: {url} is behind");
                if let Some(newest) = newest_listed(&world, url, Some(seen)).await {
                    assert_eq!(newest, filed["id"], "round {round}: {url}");
                    told += 1;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
    assert!(taken_back > 0, "no crash took anything back");
    follower.terminate();
    world.server.terminate();
    assert_views_are_as_made_anew(&one, &database).await;
}

/// A leader that is stopped while it writes the views, and stays so, holds up nobody for long.
#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_is_stopped_within_the_views_does_not_hold_them_for_ever() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let database = cluster.new_database();
    let folder = tempfile::tempdir().expect("a folder");
    let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
    let mut world = World::on(&one, Some(&database)).await;
    let (mut follower, _) = Server::start(&other, Some(&database));
    let bodies = (0..50_000).map(|n| world.claim(&world.voucher, n, "2.00"));
    let (url, token) = (format!("{}/v1/claims", world.server.url), &world.provider);
    let filing = tokio::spawn(ask_hastily(url, token.clone(), bodies.collect()));
    let held = "SELECT COUNT(*) FROM pg_locks JOIN pg_stat_activity USING (pid) \
        WHERE relation = 'view_position'::regclass AND mode = 'RowExclusiveLock' \
        AND state = 'idle in transaction'";
    let began = Instant::now();
    loop {
        world.server.signal("-STOP");
        // What it has sent is carried out.
        tokio::time::sleep(Duration::from_millis(100)).await;
        if cluster.sql(database_of(&database), held).trim() != "0" {
            break;
        }
        world.server.signal("-CONT");
        let late = began.elapsed() > Duration::from_secs(2);
        assert!(!late, "it was never stopped within a transaction");
        tokio::time::sleep(Duration::from_millis(7)).await;
    }
    filing.await.expect("it asks");
    let began = Instant::now();
    // The follower leads, and writes an epoch that the lists wait for.
    while newest_listed(&world, &follower.url, None).await.is_none() {
        assert!(began.elapsed() < 2 * PATIENCE, "the lists stay behind");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    world.server.signal("-CONT");
    for server in [&mut world.server, &mut follower] {
        server.terminate();
    }
    assert_views_are_as_made_anew(&other, &database).await;
}

/// Asks for three seconds, and waits for no answer longer than one.
async fn ask_hastily(url: String, token: String, bodies: Vec<Value>) {
    let hasty = reqwest::Client::builder().timeout(Duration::from_secs(1));
    let hasty = hasty.build().expect("a client");
    let began = Instant::now();
    let mut bodies = bodies.iter();
    while began.elapsed() < Duration::from_secs(3) {
        let body = bodies.next();
        let method = body.map_or(Method::GET, |_| Method::POST);
        let _given_up = send(&hasty, method, &url, &token, None, body).await;
    }
}

/// What clients ask for who give up is still under way on the connections.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_fall_silent_are_given_up_for_others() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let relay = Relay::start(cluster.port()).await;
    let database = relay.address(&cluster.new_database());
    let folder = tempfile::tempdir().expect("a folder");
    let mut world = World::on(folder.path(), Some(&database)).await;
    // More than can be filed until then.
    let voucher = world.issue("1000000.00").await;
    let list = "/v1/claims?limit=1&consistency=eventual";
    let (tries, claims) = ("/v1/sign-ins?limit=1", "/v1/claims");
    let asking: Vec<_> = (0..24_usize)
        .map(|n| {
            let url = format!("{}{}", world.server.url, [list, tries, claims][n % 3]);
            let (bodies, token) = match n % 3 {
                2 => {
                    let numbers = (0..5_000).map(|m| (n as u64) * 1_000_000 + m);
                    let bodies = numbers.map(|m| world.claim(&voucher, m, "2.00"));
                    (bodies.collect(), &world.provider)
                }
                _ => (Vec::new(), &world.administrator),
            };
            tokio::spawn(ask_hastily(url, token.clone(), bodies))
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    relay.fall_silent();
    for asks in asking {
        asks.await.expect("it asks");
    }
    // Half a minute until an answer is given up, and what comes after it.
    let began = Instant::now();
    let body = world.claim(&voucher, 950_000_000, "2.00");
    let number = body["invoice_no"].as_str().expect("a number");
    let found = format!("{claims}?invoice_no={number}");
    let (client, url) = (&world.client, format!("{}{claims}", world.server.url));
    loop {
        let token = &world.provider;
        let filed = send(client, Method::POST, &url, token, Some("last"), Some(&body)).await;
        let filed: Value = filed.expect("an answer").json().await.expect("JSON");
        let (_, found) = world
            .call(Method::GET, &world.administrator, &found, None)
            .await;
        let (tried, _) = world
            .call(Method::GET, &world.administrator, tries, None)
            .await;
        let listed = &found["data"][0]["id"];
        if filed["id"].is_string() && *listed == filed["id"] && tried == 200 {
            break;
        }
        let late = began.elapsed() > 2 * PATIENCE;
        assert!(!late, "{filed}, {found}, {tried}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    views_catch_up(&world).await;
    world.server.terminate();
    assert_success(&quantong(folder.path(), &database, &["verify"]));
}

/// What a server does for somebody who is gone: it waits within a transaction that holds a lock.
fn wait_as(cluster: &'static Cluster, database: String, name: String) {
    let sql = format!(
        "SET application_name = '{name}'; \
         BEGIN; LOCK TABLE view_position IN ACCESS SHARE MODE; SELECT pg_sleep(100)"
    );
    std::thread::spawn(move || {
        let ended = std::panic::catch_unwind(|| cluster.sql(&database, &sql));
        assert!(ended.is_err(), "nobody has ended it");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_silent_connection_has_left_under_way_is_ended_and_nothing_else() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let url = cluster.new_database();
    let name = database_of(&url);
    let database = Database::Postgres(url.parse().expect("an address"));
    let folder = tempfile::tempdir().expect("a folder");
    let views = Views::open(&database, folder.path()).await;
    let views = views.expect("the tables");
    let active = "FROM pg_stat_activity WHERE datname = current_database() \
        AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    let ours = format!("SELECT DISTINCT application_name {active}");
    let ours = cluster.sql(name, &ours).trim().to_owned();
    assert!(ours.starts_with("quantong "), "{ours}");
    wait_as(cluster, name.to_owned(), ours.clone());
    wait_as(cluster, name.to_owned(), "another".to_owned());
    // Not before an answer may be missed.
    views.end_silent().await;
    let left = format!("SELECT application_name {active} AND state = 'active' ORDER BY 1");
    let began = Instant::now();
    while cluster.sql(name, &left) != format!("another\n{ours}\n") {
        assert!(began.elapsed() < PATIENCE, "{}", cluster.sql(name, &left));
    }
    tokio::time::sleep(Duration::from_secs(27)).await;
    views.end_silent().await;
    while cluster.sql(name, &left) != "another\n" {
        assert!(began.elapsed() < PATIENCE, "{}", cluster.sql(name, &left));
    }
    let end = format!("SELECT pg_terminate_backend(pid) {active} AND state = 'active'");
    cluster.sql(name, &end);
    views.close().await;
}

/// A data folder on a small disk of its own, which only the server on it sees.
struct SmallDisk {
    data: PathBuf,
    log: PathBuf,
    /// The folder as this process sees it; known when there is a server.
    seen: PathBuf,
    pid: u32,
}

impl SmallDisk {
    /// A command in whose view of the files the folder is a disk of its own.
    fn command(data: &Path, then: &str) -> Command {
        let script = format!("mount -t tmpfs -o size=64m tmpfs \"$0\" && {then}");
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--map-root-user", "sh", "-c", &script])
            .arg(data);
        command
    }

    /// A new ledger on a small disk; nothing, said aloud, where such disks cannot be made.
    async fn start(folder: &Path) -> Option<(SmallDisk, World)> {
        let (data, log) = (folder.join("data"), folder.join("log"));
        std::fs::create_dir(&data).expect("a folder");
        let tried = SmallDisk::command(&data, "true")
            .stderr(Stdio::null())
            .status();
        if !tried.is_ok_and(|tried| tried.success()) {
            skip("`unshare` cannot mount a file system; a full disk was not tested");
            return None;
        }
        let mut command = SmallDisk::command(&data, "exec \"$@\"");
        command
            .arg(env!("CARGO_BIN_EXE_quantong"))
            .arg("--data")
            .arg(&data)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("QUANTONG_SNAPSHOT_EVERY", "1000")
            .stderr(File::create(&log).expect("a file for the log"));
        let world = World::with(Server::launch(&mut command, &data, None)).await;
        let pid = world.server.pid();
        let within = data.strip_prefix("/").expect("an absolute path");
        let seen = Path::new("/proc").join(pid.to_string()).join("root");
        let disk = SmallDisk {
            seen: seen.join(within),
            data,
            log,
            pid,
        };
        Some((disk, world))
    }

    fn ballast(&self) -> PathBuf {
        self.seen.join("ballast")
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let ballast = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.ballast());
        let mut ballast = match ballast {
            Ok(ballast) => ballast,
            Err(error) if error.kind() == ErrorKind::StorageFull => return,
            Err(error) => panic!("{error}"),
        };
        loop {
            match ballast.write(&[0; 4096]) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return,
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.ballast()).expect("the ballast was there");
    }

    /// Runs `quantong verify` where the server sees its files, beside it.
    fn verify(&self) {
        let mut command = Command::new("nsenter");
        command
            .args(["--user", "--mount", "--preserve-credentials", "--target"])
            .arg(self.pid.to_string())
            .arg(env!("CARGO_BIN_EXE_quantong"))
            .arg("--data")
            .arg(&self.data)
            .arg("verify");
        assert_success(&command.output().expect("the binary runs"));
    }

    /// Waits until reads are answered many times in a row while no write is. What is asked is
    /// whether the voucher has what was acknowledged, and whether a claim on another one is
    /// refused with the right words.
    async fn reads_go_on(&self, load: &Load, body: &Value) {
        let mut row = 0;
        let began = Instant::now();
        while row < 10 {
            assert!(began.elapsed() < PATIENCE, "reads do not go on");
            row += 1;
            // What was freed by tidying up is taken, too.
            self.fill();
            if !reads(load).await || writes(load, body).await {
                row = 0;
            }
        }
    }
}

/// Reads the voucher once; true if it was answered, and then rightly.
async fn reads(load: &Load) -> bool {
    let acknowledged = load.approved();
    let path = format!("/v1/vouchers/{}", load.voucher);
    let world = &load.world;
    let (health, _) = world.call(Method::GET, "", "/healthz", None).await;
    assert_eq!(health, 200);
    let (status, read) = world.call(Method::GET, &world.holder, &path, None).await;
    match status {
        200 => assert!(fen(&read["approved"]) >= acknowledged),
        503 => return false,
        other => panic!("{other}: {read}"),
    }
    let (status, ready) = world.call(Method::GET, "", "/readyz", None).await;
    status == 200 && ready["role"] == "read_only"
}

/// Files a claim once, with the same key every time; true if it was answered.
async fn writes(load: &Load, body: &Value) -> bool {
    let world = &load.world;
    let url = format!("{}/v1/claims", world.server.url);
    let (client, token) = (&world.client, &world.provider);
    let key = body["invoice_no"].as_str();
    let sent = send(client, Method::POST, &url, token, key, Some(body)).await;
    let answer = sent.expect("the server stays");
    let status = answer.status();
    let kind = answer.headers()["content-type"].clone();
    let told: Value = answer.json().await.expect("JSON");
    if status == StatusCode::CREATED {
        return true;
    }
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{told}");
    assert_eq!(kind, "application/problem+json");
    assert_eq!(told["code"], "UNAVAILABLE");
    false
}

/// Waits until the lists have everything, too.
async fn views_catch_up(world: &World) {
    let began = Instant::now();
    loop {
        let ready = world.get("", "/readyz").await;
        assert_eq!(ready["role"], "leader");
        if ready["views_sequence"] == ready["durable_sequence"] {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "the views stand still: {ready}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_costs_time_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some((disk, world)) = SmallDisk::start(folder.path()).await else {
        return;
    };
    let load = Load::start(world).await;
    for round in 0..rounds(2, 20) {
        load.wait_for_more().await;
        disk.fill();
        let body = load
            .world
            .claim(&load.world.voucher, 900_000_000 + round, "2.00");
        disk.reads_go_on(&load, &body).await;
        disk.free();
        load.wait_for_more().await;
    }
    let said = std::fs::read_to_string(&disk.log).expect("a log");
    assert!(
        said.contains("the disk of the journal database is full"),
        "{said}"
    );
    let mut world = load.finish().await;
    views_catch_up(&world).await;
    disk.verify();
    world.server.terminate();
}

/// A page of the claims on the voucher that clients redeem, and how far the tables were.
async fn newest_claims(load: &Load, more: &str) -> (u16, Value) {
    let path = format!("/v1/claims?voucher={}&limit=5{more}", load.voucher);
    let world = &load.world;
    world
        .call(Method::GET, &world.administrator, &path, None)
        .await
}

/// Reads lists while nothing can be written, which the tables of the lists are as little as the
/// journal: what they have is answered, and nobody is told that it is all there is.
async fn lists_go_on(load: &Load, disk: &SmallDisk) {
    let mut row = 0;
    let began = Instant::now();
    while row < 10 {
        assert!(began.elapsed() < PATIENCE, "lists do not go on");
        disk.fill();
        let (status, list) = newest_claims(load, "&consistency=eventual").await;
        if status == 503 {
            // The state is read anew.
            assert_eq!(list["code"], "UNAVAILABLE", "{list}");
            row = 0;
            continue;
        }
        assert_eq!(status, 200, "{list}");
        assert_eq!(list["data"].as_array().map(Vec::len), Some(5), "{list}");
        let (_, ready) = load.world.call(Method::GET, "", "/readyz", None).await;
        row = match ready["role"] == "read_only" {
            true => row + 1,
            false => 0,
        };
    }
    let (status, list) = newest_claims(load, "").await;
    match status {
        200 => assert_eq!(list["data"].as_array().map(Vec::len), Some(5), "{list}"),
        503 => assert_eq!(list["code"], "BEHIND", "{list}"),
        other => panic!("{other}: {list}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_go_on_while_the_disk_is_full_and_have_everything_once_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some((disk, world)) = SmallDisk::start(folder.path()).await else {
        return;
    };
    // The tables of the lists are on the disk that is filled.
    for name in ["journal.db", "views.db", "views-claims.db"] {
        assert!(disk.seen.join(name).exists(), "{name}");
    }
    let load = Load::start(world).await;
    for round in 0..rounds(2, 10) {
        load.wait_for_more().await;
        disk.fill();
        lists_go_on(&load, &disk).await;
        disk.free();
        load.wait_for_more().await;
        let began = Instant::now();
        // With everything that was acknowledged by now; clients go on meanwhile.
        loop {
            let (status, list) = newest_claims(&load, "").await;
            if status == 200 {
                break;
            }
            assert_eq!(list["code"], "BEHIND", "round {round}: {list}");
            assert!(began.elapsed() < PATIENCE, "the lists stay behind: {list}");
        }
    }
    let mut world = load.finish().await;
    views_catch_up(&world).await;
    let ready = world.get("", "/readyz").await;
    assert_eq!(ready["views_stuck"], Value::Null, "{ready}");
    let claim = world.claim(&world.voucher, 950_000_000, "2.00");
    let filed = world.post(&world.provider, "/v1/claims", claim).await;
    let list = world.get(&world.administrator, "/v1/claims?limit=1").await;
    assert_eq!(list["data"][0]["id"], filed["id"], "{list}");
    disk.verify();
    world.server.terminate();
}
