//! Writes that are passed on to a leader that cannot be reached as it should be.

use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::server::{Server, World, send};

/// A server with more settings; what it complains of is in a file.
fn start(data: &Path, database: &str, more: &[&str], log: &Path) -> (Server, Option<String>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quantong"));
    command.arg("--data").arg(data).arg("serve").args(more);
    command.env("QUANTONG_DATABASE", database);
    command.env_remove("RUST_LOG");
    command.stderr(File::create(log).expect("a file"));
    Server::launch(&mut command, data, Some(database))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_never_answers_is_waited_for_nine_seconds() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let database = cluster.new_database();
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name);
    // The system takes connections for it, and nobody ever reads them.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", silent.local_addr().expect("bound"));
    let there = ["--listen", "127.0.0.1:0", "--advertise", &address];
    let world = World::with(start(&place("a"), &database, &there, &place("a.log"))).await;
    let (follower, _) = Server::start(&place("b"), Some(&database));
    let client = Client::builder().timeout(Duration::from_secs(20)).build();
    let client = client.expect("a client");
    let ask = |url: &str, key: Option<&'static str>| {
        let (client, token) = (client.clone(), world.administrator.clone());
        let url = format!("{url}/v1/categories");
        async move {
            let body = json!({"code": "c", "name_zh": "类", "name_en": "C"});
            let began = Instant::now();
            let answer = send(&client, Method::POST, &url, &token, key, Some(&body)).await;
            let answer = answer.expect("an answer, however late");
            let status = answer.status();
            let said: Value = answer.json().await.expect("JSON");
            (status, said, began.elapsed())
        }
    };
    let (keyed, bare) = tokio::join!(ask(&follower.url, Some("k-1")), ask(&follower.url, None));
    for (status, said, took) in [keyed, bare] {
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{said}");
        assert_eq!(said["code"], "UNAVAILABLE");
        assert!(said.to_string().contains("with the same key"), "{said}");
        assert!(took >= Duration::from_secs(8), "{took:?}");
        assert!(took < Duration::from_secs(13), "{took:?}");
    }
    // As the answer says: with the same key, here at the leader itself.
    let (status, said, _) = ask(&world.server.url, Some("k-1")).await;
    assert_eq!(status, StatusCode::CREATED, "{said}");
    drop(silent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_no_other_can_reach_says_so_at_its_start() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let database = cluster.new_database();
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let data = folder.path().join("data");
    let everywhere = ["--listen", "0.0.0.0:0"];
    let told = [&everywhere[..], &["--advertise", "http://10.0.0.5:8080"]].concat();
    for (database, more, warned) in [
        (&database[..], &everywhere[..], true),
        (&database[..], &told[..], false),
        ("", &everywhere[..], false),
    ] {
        let data = data.with_extension(if database.is_empty() { "lite" } else { "pg" });
        let (mut server, _) = start(&data, database, more, &log);
        server.terminate();
        let said = std::fs::read_to_string(&log).expect("the log");
        assert_eq!(
            said.contains("--advertise http://HOST:PORT"),
            warned,
            "{said}"
        );
    }
}
