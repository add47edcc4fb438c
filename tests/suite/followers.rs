//! Followers: what they answer reads from, and what becomes of writes that reach them while the
//! way to the leader is cut.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

use super::cluster::{Cluster, database_of};
use super::crash::essence;
use super::postgres::PATIENCE;
use super::relay::{Cut, Relay};
use super::server::{Server, World, fen, send};

/// What a server was asked, and how long it took.
struct Told {
    status: StatusCode,
    /// The `Quantong-Sequence`, where there is one.
    sequence: Option<u64>,
    text: String,
    took: Duration,
}

impl Told {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    #[track_caller]
    fn refused(&self, code: &str) {
        assert_eq!(
            self.status,
            StatusCode::SERVICE_UNAVAILABLE,
            "{}",
            self.text
        );
        assert_eq!(self.json()["code"], code, "{}", self.text);
    }
}

async fn tell(
    method: Method,
    url: &str,
    token: &str,
    key: Option<&str>,
    body: Option<&Value>,
) -> Told {
    let client = Client::builder().timeout(Duration::from_secs(30)).build();
    let client = client.expect("a client");
    let began = Instant::now();
    let sent = send(&client, method, url, token, key, body).await;
    let answer = sent.expect("an answer, however late");
    let sequence = answer.headers().get("Quantong-Sequence");
    let sequence = sequence.map(|text| text.to_str().expect("ASCII").parse().expect("a number"));
    Told {
        status: answer.status(),
        sequence,
        text: answer.text().await.expect("a body"),
        took: began.elapsed(),
    }
}

/// Files a claim at a server, with a key of its own or without one.
async fn redeem(world: &World, url: &str, n: u64, keyed: bool) -> Told {
    let body = world.claim(&world.voucher, n, "20.00");
    let url = format!("{url}/v1/claims");
    let key = format!("k-{n}");
    let key = keyed.then_some(key.as_str());
    tell(Method::POST, &url, &world.provider, key, Some(&body)).await
}

/// Files a claim at a server, which must take it.
async fn file(world: &World, url: &str, n: u64) -> (Value, u64) {
    let told = redeem(world, url, n, true).await;
    assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
    (told.json(), told.sequence.expect("a sequence"))
}

/// A world on a node that leads, and a node that follows: by the ways that they have to a database.
async fn two(folder: &Path, [leading, following]: [&str; 2]) -> (World, Server) {
    let world = World::on(&folder.join("one"), Some(leading)).await;
    let (follower, _) = Server::start(&folder.join("other"), Some(following));
    (world, follower)
}

async fn get(world: &World, url: &str, path: &str) -> Told {
    tell(
        Method::GET,
        &format!("{url}{path}"),
        &world.administrator,
        None,
        None,
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_answers_with_what_min_seq_asks_for_and_waits_no_longer() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let database = cluster.new_database();
    let folder = tempfile::tempdir().expect("a folder");
    let (world, follower) = two(folder.path(), [&database, &database]).await;
    let leader = world.server.url.as_str();
    let follower = follower.url.as_str();
    let role = get(&world, follower, "/readyz").await;
    assert_eq!(role.json()["role"], "follower", "{}", role.text);

    let mut last = 0;
    for n in 1..=6 {
        let at = if n % 2 == 0 { leader } else { follower };
        let (claim, sequence) = file(&world, at, n).await;
        assert!(sequence > last);
        last = sequence;
        let id = claim["id"].as_str().expect("an id");
        let path = format!("/v1/claims/{id}?min_seq={sequence}");
        let read = get(&world, follower, &path).await;
        assert_eq!(read.status, StatusCode::OK, "{}", read.text);
        assert!(read.sequence >= Some(sequence));
        let path = format!("/v1/claims?limit=1&min_seq={sequence}");
        let list = get(&world, follower, &path).await.json();
        assert_eq!(list["data"][0]["id"], id, "{list}");
        assert!(list["view_sequence"].as_u64() >= Some(sequence), "{list}");
    }

    // Whoever asks for what is not there yet is answered as soon as it is.
    let newest = get(&world, leader, "/readyz").await.json();
    let next = newest["durable_sequence"].as_u64().expect("a number") + 1;
    let path = format!("/v1/claims?limit=1&min_seq={next}");
    let waiting = async {
        let list = get(&world, follower, &path).await;
        assert_eq!(list.status, StatusCode::OK, "{}", list.text);
        (Instant::now(), list.json())
    };
    let filing = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let began = Instant::now();
        let (claim, _) = file(&world, leader, 7).await;
        (began, claim)
    };
    let ((answered, list), (began, claim)) = tokio::join!(waiting, filing);
    assert!(answered > began, "it was answered before the row was there");
    assert_eq!(list["data"][0]["id"], claim["id"], "{list}");

    // What does not come is waited for five seconds, by reads and lists alike.
    let far = format!("min_seq={}", next + 1_000);
    let path = format!("/v1/vouchers/{}?{far}", world.voucher);
    let list = format!("/v1/claims?{far}");
    let asked = tokio::join!(get(&world, follower, &path), get(&world, follower, &list));
    for told in [asked.0, asked.1] {
        told.refused("BEHIND");
        assert!(told.took >= Duration::from_secs(4), "{:?}", told.took);
        assert!(told.took < Duration::from_secs(12), "{:?}", told.took);
    }
}

/// Waits until a read is answered well, and answers it.
async fn soon(world: &World, url: &str, path: &str) -> Value {
    let began = Instant::now();
    loop {
        let told = get(world, url, path).await;
        if told.status == StatusCode::OK {
            return told.json();
        }
        assert!(began.elapsed() < PATIENCE, "{}", told.text);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What a trial balance says of approved claims.
fn approved(books: &Value) -> &str {
    let mut accounts = books["accounts"].as_array().expect("rows").iter();
    let row = accounts.find(|row| row["account"] == "approved");
    row.expect("the account")["balance"]
        .as_str()
        .expect("an amount")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_without_its_database_answers_eventual_reads_from_what_it_has() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let database = cluster.new_database();
    let folder = tempfile::tempdir().expect("a folder");
    let relay = Relay::start(cluster.port()).await;
    let by_relay = relay.address(&database);
    let (world, follower) = two(folder.path(), [&database, &by_relay]).await;
    let follower = follower.url.as_str();
    let (_, before) = file(&world, &world.server.url, 1).await;
    // What is all in the state; texts of an entity are read from the journal.
    let books = "/v1/trial-balance?party=310117";
    let had = get(&world, follower, &format!("{books}&min_seq={before}")).await;
    assert_eq!(approved(&had.json()), "10.00", "{}", had.text);

    relay.lead_to(NOBODY);
    let (_, after) = file(&world, &world.server.url, 2).await;
    // It cannot know what is newest, and says so.
    let newest = get(&world, follower, books).await;
    newest.refused("UNAVAILABLE");
    let beyond = get(&world, follower, &format!("{books}&min_seq={after}")).await;
    beyond.refused("BEHIND");
    // What it has is enough for who asks for no more, at once.
    for asked in [
        "consistency=eventual".to_owned(),
        format!("min_seq={before}"),
    ] {
        let told = get(&world, follower, &format!("{books}&{asked}")).await;
        assert_eq!(told.status, StatusCode::OK, "{asked}: {}", told.text);
        assert_eq!(approved(&told.json()), "10.00", "{asked}");
        assert_eq!(told.sequence, Some(before), "{asked}");
        assert!(
            told.took < Duration::from_secs(2),
            "{asked}: {:?}",
            told.took
        );
    }
    // That something is not there is said at once, too, but only to who asks so.
    let nothing = "/v1/periods/1999-01?consistency=eventual";
    let told = get(&world, follower, nothing).await;
    assert_eq!(told.status, StatusCode::NOT_FOUND, "{}", told.text);
    assert!(told.took < Duration::from_secs(2), "{:?}", told.took);
    get(&world, follower, "/v1/periods/1999-01")
        .await
        .refused("UNAVAILABLE");
    relay.lead_to(cluster.port());
    let path = format!("{books}&min_seq={after}");
    assert_eq!(approved(&soon(&world, follower, &path).await), "20.00");
    older_rows_do_not_wait(&world, follower, cluster, database_of(&database)).await;
}

/// A list that may be older is answered while the tables are held by somebody and lack rows.
async fn older_rows_do_not_wait(
    world: &World,
    follower: &str,
    cluster: &'static Cluster,
    name: &str,
) {
    soon(world, follower, "/v1/claims?limit=1&consistency=eventual").await;
    let frozen = "BEGIN; LOCK TABLE view_position IN ACCESS EXCLUSIVE MODE; \
        SELECT pg_sleep(6); COMMIT";
    let held = name.to_owned();
    let locking = std::thread::spawn(move || cluster.sql(&held, frozen));
    let locked = "SELECT COUNT(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted \
        AND relation = 'view_position'::regclass";
    while cluster.sql(name, locked).trim() == "0" {}
    let (claim, sequence) = file(world, &world.server.url, 3).await;
    let list = get(world, follower, "/v1/claims?limit=1&consistency=eventual").await;
    assert_eq!(list.status, StatusCode::OK, "{}", list.text);
    let list = (list.took, list.json());
    assert!(list.0 < Duration::from_secs(3), "{:?}", list.0);
    assert!(
        list.1["view_sequence"].as_u64() < Some(sequence),
        "{}",
        list.1
    );
    assert_ne!(list.1["data"][0]["id"], claim["id"]);
    locking.join().expect("unlocked");
    let list = soon(world, follower, "/v1/claims?limit=1").await;
    assert_eq!(list["data"][0]["id"], claim["id"]);
}

/// A port on which nobody listens.
const NOBODY: u16 = 1;

/// A leader that other nodes reach by way of a relay.
async fn behind_a_relay(data: &std::path::Path, database: &str) -> (Relay, World) {
    let relay = Relay::start(NOBODY).await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_quantong"));
    command.arg("--data").arg(data).args(["serve", "--listen"]);
    command
        .args(["127.0.0.1:0", "--advertise"])
        .arg(relay.url());
    command.env("QUANTONG_DATABASE", database);
    let world = World::with(Server::launch(&mut command, data, Some(database))).await;
    let (_, port) = world.server.url.rsplit_once(':').expect("a port");
    relay.lead_to(port.parse().expect("a number"));
    (relay, world)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_way_to_the_leader_gives_503_in_time_and_retries_are_exact() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let database = cluster.new_database();
    let folder = tempfile::tempdir().expect("a folder");
    let (relay, world) = behind_a_relay(&folder.path().join("a"), &database).await;
    let (follower, _) = Server::start(&folder.path().join("b"), Some(&database));
    let (leader, follower) = (world.server.url.clone(), follower.url.clone());
    let voucher = format!("/v1/vouchers/{}", world.voucher);
    file(&world, &follower, 1).await;

    // The way ends nowhere. Who has no key is not told to try what may have been done.
    relay.lead_to(NOBODY);
    let (keyed, bare) = tokio::join!(
        redeem(&world, &follower, 2, true),
        redeem(&world, &follower, 3, false)
    );
    for told in [&keyed, &bare] {
        told.refused("UNAVAILABLE");
        assert!(told.took < Duration::from_secs(13), "{:?}", told.took);
    }
    // Both nodes are there all the same, and one of them still leads.
    for (url, role) in [(&leader, "leader"), (&follower, "follower")] {
        let ready = get(&world, url, "/readyz").await;
        assert_eq!(
            (ready.status, &ready.json()["role"]),
            (StatusCode::OK, &role.into())
        );
        let read = get(&world, url, &voucher).await.json();
        assert_eq!(read["approved"], "10.00", "{url}");
    }
    let (at_leader, _) = file(&world, &leader, 4).await;
    let path = format!("/v1/claims/{}", at_leader["id"].as_str().expect("an id"));
    assert_eq!(get(&world, &follower, &path).await.status, StatusCode::OK);

    // The way is back: with the same key what was asked for is done, once.
    let (_, port) = leader.rsplit_once(':').expect("a port");
    relay.lead_to(port.parse().expect("a number"));
    let done = redeem(&world, &follower, 2, true).await;
    assert_eq!(done.status, StatusCode::CREATED, "{}", done.text);
    let again = redeem(&world, &follower, 2, true).await;
    assert_eq!(essence(&again.text), essence(&done.text));
    let approved = || async { fen(&get(&world, &follower, &voucher).await.json()["approved"]) };
    assert_eq!(approved().await, 3_000);

    lost_answers(&world, &relay, &follower).await;
    assert_eq!(approved().await, 6_000);
}

/// What the leader has done, though its answer was lost, is answered to who has a key, and not done
/// again for who has none.
async fn lost_answers(world: &World, relay: &Relay, follower: &str) {
    for (n, cut) in [(5, Cut::Request), (6, Cut::Answer)] {
        relay.cut(cut);
        let told = redeem(world, follower, n, true).await;
        assert!(!relay.waits(), "{cut:?}");
        assert_eq!(told.status, StatusCode::CREATED, "{cut:?}: {}", told.text);
        let again = file(world, &world.server.url, n).await.0;
        assert_eq!(essence(&again.to_string()), essence(&told.text), "{cut:?}");
    }
    relay.cut(Cut::Answer);
    let lost = redeem(world, follower, 7, false).await;
    lost.refused("UNAVAILABLE");
    assert!(!relay.waits());
    let twice = redeem(world, follower, 7, true).await;
    assert_eq!(
        twice.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        twice.text
    );
    assert_eq!(twice.json()["code"], "DUPLICATE_INVOICE", "{}", twice.text);
}
