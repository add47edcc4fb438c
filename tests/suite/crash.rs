//! A real server, killed at random moments under load.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use super::server::{World, fen, send};
use super::views_kept::assert_views_are_as_made_anew;

/// What a client was told.
struct Told {
    key: String,
    body: Value,
    answer: Option<(u16, String)>,
}

/// Without the parts that belong to the request and not to the answer.
pub(crate) fn essence(text: &str) -> String {
    let mut value: Value = serde_json::from_str(text).unwrap_or(Value::Null);
    if let Some(members) = value.as_object_mut() {
        members.remove("request_id");
    }
    value.to_string()
}

async fn load(
    world: Arc<World>,
    url: String,
    voucher: String,
    round: u64,
    client: u64,
) -> Vec<Told> {
    let path = format!("{url}/v1/claims");
    let mut told = Vec::new();
    for n in 0..400_u64 {
        let invoice = (round * 8 + client) * 400 + n + 1;
        let body = world.claim(&voucher, invoice, "2.00");
        let key = format!("r{round}-{client}-{n}");
        let sent = send(
            &world.client,
            Method::POST,
            &path,
            &world.provider,
            Some(&key),
            Some(&body),
        );
        let answer = match sent.await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                match answer.text().await {
                    Ok(text) if status < 500 => Some((status, text)),
                    _ => None,
                }
            }
            Err(_) => None,
        };
        let lost = answer.is_none();
        told.push(Told { key, body, answer });
        if lost {
            break;
        }
    }
    told
}

/// After the restart: what was acknowledged is answered the same, what was lost is decided now.
async fn check(world: &World, url: &str, told: &[Told]) -> i64 {
    let mut approved = 0;
    let path = format!("{url}/v1/claims");
    for Told { key, body, answer } in told {
        let sent = send(
            &world.client,
            Method::POST,
            &path,
            &world.provider,
            Some(key),
            Some(body),
        );
        let again = sent.await.expect("an answer after the restart");
        let (status, text) = (again.status().as_u16(), again.text().await.expect("a body"));
        if let Some((first, first_text)) = answer {
            assert_eq!(
                (status, essence(&text)),
                (*first, essence(first_text)),
                "{key}"
            );
        }
        if status == 201 {
            let filed: Value = serde_json::from_str(&text).expect("JSON");
            approved += fen(&filed["amount"]);
        }
    }
    approved
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_loses_nothing_that_it_acknowledged() {
    let full = std::env::var_os("QUANTONG_FULL").is_some();
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::new(folder.path()).await;
    kill_rounds(world, if full { 300 } else { 50 }).await;
    let verified = std::process::Command::new(env!("CARGO_BIN_EXE_quantong"))
        .arg("--data")
        .arg(folder.path())
        .arg("verify")
        .output()
        .expect("the binary runs");
    assert!(
        verified.status.success(),
        "{}",
        String::from_utf8_lossy(&verified.stderr)
    );
    assert_views_are_as_made_anew(folder.path(), "").await;
}

/// Kills the server again and again while clients file claims, and checks all they were told.
pub(crate) async fn kill_rounds(mut world: World, rounds: u64) {
    let voucher = world.issue("1000000.00").await;
    let mut approved = 0;
    let mut seed = 0x0051_CEED_u64;
    for round in 0..rounds {
        let shared = Arc::new(world);
        let url = shared.server.url.clone();
        let clients: Vec<_> = (0..8)
            .map(|client| {
                let world = Arc::clone(&shared);
                tokio::spawn(load(world, url.clone(), voucher.clone(), round, client))
            })
            .collect();
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let pause = Duration::from_micros(20_000 + (seed >> 44) % 200_000);
        tokio::time::sleep(pause).await;
        // The process is ended from outside while its clients go on.
        let pid = shared.server.pid().to_string();
        let killed = std::process::Command::new("kill")
            .args(["-KILL", &pid])
            .status();
        assert!(killed.expect("kill runs").success());
        let mut told = Vec::new();
        for client in clients {
            told.extend(client.await.expect("a client"));
        }
        world = Arc::into_inner(shared).expect("the clients have ended");
        world.server.kill();
        world.server = world.server.start_again();
        let url = world.server.url.clone();
        approved += check(&world, &url, &told).await;
        let state = world
            .get(&world.holder, &format!("/v1/vouchers/{voucher}"))
            .await;
        assert_eq!(
            fen(&state["approved"]),
            approved,
            "round {round}, pause {pause:?}"
        );
    }
    world.server.terminate();
}
