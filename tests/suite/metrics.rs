//! What a node tells of itself: metrics and readiness.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

use super::cluster::{Cluster, database_of};
use super::relay::Relay;
use super::server::{Server, World};

const PATIENCE: Duration = Duration::from_secs(30);

/// Asks without a token, and reads the text format as Prometheus does: names are described before
/// their values, and every value is a number.
async fn scrape(url: &str) -> BTreeMap<String, u64> {
    let answer = Client::new().get(format!("{url}/metrics")).send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    let kind = answer.headers()["content-type"].to_str().expect("a text");
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    let text = answer.text().await.expect("a text");
    assert!(text.ends_with('\n'));
    let (mut values, mut described, mut typed) = (BTreeMap::new(), "", "");
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            described = rest.split(' ').next().expect("a name");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type");
            assert!(["gauge", "counter"].contains(&kind), "{line}");
            typed = name;
        } else {
            let (name, value) = line.split_once(' ').expect("a value");
            let bare = name.split('{').next().expect("a name");
            assert_eq!((described, typed), (bare, bare), "{line}");
            // Times are told in microseconds with a point before the last six digits.
            let value = value.replacen('.', "", 1);
            let value: u64 = value.parse().expect("a number");
            assert!(values.insert(name.to_owned(), value).is_none(), "{line}");
        }
    }
    values
}

/// Waits until what is read of a server is as it should be.
async fn until<T, F: Future<Output = Option<T>>>(what: &str, ask: impl Fn() -> F) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what} does not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn readiness(url: &str) -> Value {
    let answer = Client::new().get(format!("{url}/readyz")).send().await;
    answer.expect("an answer").json().await.expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_of_a_node_are_those_of_its_ledger() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::new(folder.path()).await;
    let before = scrape(&world.server.url).await;
    let claim = world.claim(&world.voucher, 1, "100.00");
    world
        .post(&world.provider, "/v1/claims", claim.clone())
        .await;
    let (status, said) = world
        .call(Method::POST, &world.provider, "/v1/claims", Some(claim))
        .await;
    assert_eq!(status, 422, "{said}");
    let ready = readiness(&world.server.url).await;
    assert_eq!(ready["views_stuck"], Value::Null);
    let durable = ready["durable_sequence"].as_u64().expect("a number");
    let after = until("views without a lag", || async {
        let after = scrape(&world.server.url).await;
        (after["quantong_views_lag_events"] == 0).then_some(after)
    });
    let after = after.await;
    let grown = |name: &str| after[name] - before[name];
    assert_eq!(grown("quantong_events_total"), 2);
    assert_eq!(grown("quantong_refusals_total"), 1);
    assert_eq!(grown("quantong_batches_total"), 2);
    assert_eq!(after["quantong_durable_sequence"], durable);
    assert_eq!(after["quantong_views_sequence"], durable);
    assert_eq!(ready["epoch"].as_u64(), Some(after["quantong_epoch"]));
    for (name, value) in [
        ("quantong_ready", 1),
        ("quantong_leader", 1),
        ("quantong_read_only", 0),
        ("quantong_views_stuck_seconds", 0),
    ] {
        assert_eq!(after[name], value, "{name}");
    }
    assert!(after["quantong_stage_seconds_total{stage=\"commit\"}"] > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_and_views_that_stand_still_are_told() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let database = cluster.new_database();
    let folders = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let world = World::on(folders[0].path(), Some(&database)).await;
    let url = &world.server.url;
    let (follower, _) = Server::start(folders[1].path(), Some(&database));
    let told = scrape(&follower.url).await;
    assert_eq!(told["quantong_leader"], 0);
    assert_eq!(scrape(url).await["quantong_leader"], 1);

    let rename = |from: &str, to: &str| {
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        cluster.sql(database_of(&database), &sql);
    };
    rename("view_position", "hidden");
    world.issue("10.00").await;
    let ready = until("an error", || async {
        let ready = readiness(url).await;
        ready["views_stuck"].is_object().then_some(ready)
    });
    let ready = ready.await;
    // Writes go on.
    assert_eq!(ready["ready"], true, "{ready}");
    let said = ready["views_stuck"]["error"].as_str().expect("a text");
    assert!(said.contains("views"), "{said}");
    let told = scrape(url).await;
    assert!(told["quantong_views_stuck_seconds"] >= 1);
    assert!(told["quantong_views_lag_events"] > 0);
    rename("hidden", "view_position");
    until("views that move on", || async {
        let told = scrape(url).await;
        let moves = told["quantong_views_stuck_seconds"] == 0;
        (moves && told["quantong_views_lag_events"] == 0).then_some(())
    })
    .await;
}

/// Whoever asks how a node stands waits for no database that does not answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_follower_without_its_database_says_at_once_that_it_is_not_ready() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let database = cluster.new_database();
    let folders = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let _world = World::on(folders[0].path(), Some(&database)).await;
    let relay = Relay::start(cluster.port()).await;
    let way = relay.address(&database);
    let (follower, _) = Server::start(folders[1].path(), Some(&way));
    let is_told = |ready: u64| {
        let url = follower.url.clone();
        until("what is so", move || {
            let url = url.clone();
            async move { (scrape(&url).await["quantong_ready"] == ready).then_some(()) }
        })
    };
    is_told(1).await;
    // A port on which nobody listens.
    relay.lead_to(1);
    is_told(0).await;
    let began = Instant::now();
    let ready = readiness(&follower.url).await;
    assert!(began.elapsed() < Duration::from_secs(1), "{ready}");
    assert_eq!(
        (&ready["ready"], &ready["role"]),
        (&false.into(), &"follower".into())
    );
    relay.lead_to(cluster.port());
    is_told(1).await;
    assert_eq!(readiness(&follower.url).await["ready"], true);
}
