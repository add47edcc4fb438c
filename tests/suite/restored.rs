//! A PostgreSQL database that was restored from an older copy, under a data folder and nodes that
//! know of more.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};

use super::cluster::{Cluster, database_of};
use super::postgres::{PATIENCE, assert_success};
use super::server::{Server, World, quantong, send};

/// Rows of a journal.
fn batches(cluster: &Cluster, database: &str) -> u64 {
    let count = cluster.sql(database, "SELECT COUNT(*) FROM journal");
    count.trim().parse().expect("a number")
}

async fn file(world: &World, n: u64) {
    let claim = world.claim(&world.voucher, n, "20.00");
    world.post(&world.provider, "/v1/claims", claim).await;
}

/// What a server says that must not start.
fn refused_to_serve(data: &Path, database: &str) -> String {
    let mut serving = Command::new(env!("CARGO_BIN_EXE_quantong"))
        .arg("--data")
        .arg(data)
        .env("QUANTONG_DATABASE", database)
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let began = Instant::now();
    while serving.try_wait().expect("a child").is_none() {
        if began.elapsed() > PATIENCE {
            serving.kill().expect("it is there");
            panic!("it serves");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = serving.wait_with_output().expect("it has ended");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!said.contains("listening on"), "{said}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_does_not_start_on_a_database_that_is_behind_its_checkpoint() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let database = cluster.new_database();
    let name = database_of(&database);
    let (older, older_name) = (format!("{database}_older"), format!("{name}_older"));
    let folder = tempfile::tempdir().expect("a folder");
    let (data, fresh) = (folder.path().join("data"), folder.path().join("fresh"));
    let mut world = World::on(&data, Some(&database)).await;
    file(&world, 1).await;
    world.server.terminate();
    cluster.sql(
        "postgres",
        &format!("CREATE DATABASE {older_name} TEMPLATE {name}"),
    );
    world.server = world.server.start_again();
    file(&world, 2).await;
    // A snapshot of what the copy lacks is no way around it.
    world.server.terminate();
    assert_success(&quantong(&data, &database, &["snapshot"]));

    let before = batches(cluster, &older_name);
    let said = refused_to_serve(&data, &older);
    for expected in [
        "does not fit its checkpoint file",
        "truncated: the journal had",
    ] {
        assert!(said.contains(expected), "{expected} is missing in\n{said}");
    }
    let verified = quantong(&data, &older, &["verify"]);
    assert!(!verified.status.success());
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(said.contains("truncated: the journal had"), "{said}");
    assert_eq!(
        batches(cluster, &older_name),
        before,
        "something was written"
    );

    // The right database is served as before; so is the copy, by who takes a new folder for it.
    for (data, database, approved) in [(&data, &database, "20.00"), (&fresh, &older, "10.00")] {
        world.server = Server::start(data, Some(database)).0;
        let voucher = format!("/v1/vouchers/{}", world.voucher);
        let read = world.get(&world.holder, &voucher).await;
        assert_eq!(read["approved"], approved, "{read}");
        world.server.terminate();
    }
}

/// Puts a database in the place of another one, which servers use.
fn replace(cluster: &Cluster, name: &str, by: &str) {
    let run = |sql: &str| cluster.sql("postgres", sql);
    run(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
    let others = format!("FROM pg_stat_activity WHERE datname = '{name}'");
    run(&format!("SELECT pg_terminate_backend(pid) {others}"));
    let began = Instant::now();
    while run(&format!("SELECT COUNT(*) {others}")).trim() != "0" {
        assert!(began.elapsed() < PATIENCE, "the connections do not end");
    }
    run(&format!("ALTER DATABASE {name} RENAME TO {name}_lost"));
    run(&format!("ALTER DATABASE {by} RENAME TO {name}"));
}

/// A node that has no state makes up neither an epoch nor a day.
async fn tells_no_day(world: &World, url: &str) {
    let ask = |path: &str| world.client.get(format!("{url}{path}")).send();
    let began = Instant::now();
    let ready = loop {
        let ready = ask("/readyz").await.expect("an answer");
        let ready: serde_json::Value = ready.json().await.expect("JSON");
        // It has one until it has tried to go on from it.
        if ready["business_date"].is_null() {
            break ready;
        }
        assert!(began.elapsed() < PATIENCE, "{ready}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    for name in ["epoch", "business_date", "clock_days_ahead"] {
        assert_eq!(ready.get(name), Some(&serde_json::Value::Null), "{ready}");
    }
    let metrics = ask("/metrics").await.expect("an answer").text().await;
    let metrics = metrics.expect("a text");
    assert!(metrics.contains("quantong_ready 0\n"), "{metrics}");
    for name in ["quantong_epoch", "quantong_clock_days_ahead"] {
        assert!(!metrics.contains(name), "{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_run_do_not_go_on_with_a_database_that_has_lost_rows() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let database = cluster.new_database();
    let name = database_of(&database);
    let older = format!("{name}_older");
    let folder = tempfile::tempdir().expect("a folder");
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    let mut world = World::on(&one, Some(&database)).await;
    file(&world, 1).await;
    world.server.terminate();
    cluster.sql(
        "postgres",
        &format!("CREATE DATABASE {older} TEMPLATE {name}"),
    );
    let before = batches(cluster, &older);
    world.server = world.server.start_again();
    let (follower, _) = Server::start(&other, Some(&database));
    file(&world, 2).await;
    let url = format!("{}/v1/vouchers/{}", follower.url, world.voucher);
    let read = |url: String| {
        let (client, token) = (world.client.clone(), world.holder.clone());
        async move {
            let sent = send(&client, Method::GET, &url, &token, None, None).await;
            sent.expect("an answer").status()
        }
    };
    assert_eq!(read(url.clone()).await, StatusCode::OK);

    replace(cluster, name, &older);
    for url in [&world.server.url, &follower.url] {
        let ready = format!("{url}/readyz");
        let began = Instant::now();
        while read(ready.clone()).await == StatusCode::OK {
            assert!(began.elapsed() < PATIENCE, "{url} goes on");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    // Longer than it takes to take over.
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(7) {
        for url in [&world.server.url, &follower.url] {
            let ready = read(format!("{url}/readyz")).await;
            assert_eq!(ready, StatusCode::SERVICE_UNAVAILABLE, "{url} goes on");
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    for url in [&world.server.url, &follower.url] {
        tells_no_day(&world, url).await;
    }
    assert_eq!(read(url).await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(batches(cluster, name), before, "something was written");
}
