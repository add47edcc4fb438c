//! Several real nodes on one PostgreSQL: the leader is killed or stopped under load, again and
//! again, and nothing that any node has said may turn out wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

use super::cluster::Cluster;
use super::crash::essence;
use super::server::{Server, World, claim, fen, quantong, send};

/// Longest time without a leader at default settings.
const TAKE_OVER: Duration = Duration::from_secs(5);

/// How long anything may take at all.
const PATIENCE: Duration = Duration::from_secs(60);

const NODES: usize = 3;

const CLIENTS: u64 = 6;

/// Reads that wait for a leader that was stopped.
const QUESTIONS: usize = 32;

/// Three nodes and what clients need to use them.
struct Fleet {
    nodes: Mutex<Vec<Server>>,
    urls: RwLock<Vec<String>>,
    /// Gives up on a node that does not answer.
    hasty: Client,
    /// Waits for as long as a node takes.
    patient: Client,
    administrator: String,
    provider: String,
    holder: String,
    today: String,
    voucher: String,
    ended: AtomicBool,
    /// Fen of acknowledged claims.
    approved: AtomicI64,
    /// Answers of each kind that say to try again.
    retried: AtomicU64,
    _folders: Vec<tempfile::TempDir>,
}

struct Answered {
    key: String,
    body: Value,
    text: String,
}

impl Fleet {
    async fn start(database: &str) -> Arc<Fleet> {
        let folders: Vec<_> = (0..NODES)
            .map(|_| tempfile::tempdir().expect("a folder"))
            .collect();
        let world = World::on(folders[0].path(), Some(database)).await;
        let voucher = world.issue("4000000.00").await;
        let World {
            server,
            administrator,
            provider,
            holder,
            today,
            ..
        } = world;
        let mut nodes = vec![server];
        for folder in &folders[1..] {
            nodes.push(Server::start(folder.path(), Some(database)).0);
        }
        let urls = nodes.iter().map(|node| node.url.clone()).collect();
        let hasty = Client::builder().timeout(Duration::from_secs(1)).build();
        Arc::new(Fleet {
            nodes: Mutex::new(nodes),
            urls: RwLock::new(urls),
            hasty: hasty.expect("a client"),
            patient: Client::new(),
            administrator,
            provider,
            holder,
            today,
            voucher,
            ended: AtomicBool::new(false),
            approved: AtomicI64::new(0),
            retried: AtomicU64::new(0),
            _folders: folders,
        })
    }

    fn url(&self, node: usize) -> String {
        self.urls.read()[node % NODES].clone()
    }

    fn approved(&self) -> i64 {
        self.approved.load(Ordering::SeqCst)
    }

    /// How a node says it stands; nothing if it does not answer.
    async fn readiness(&self, node: usize) -> Option<Value> {
        let url = format!("{}/readyz", self.url(node));
        let answer = self.hasty.get(url).send().await.ok()?;
        answer.json().await.ok()
    }

    /// Waits until all nodes are ready and agree who leads; answers which one does.
    async fn settled(&self) -> usize {
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < PATIENCE, "the nodes do not settle");
            let mut leader = None;
            let mut leaders = 0;
            let mut ready = 0;
            for node in 0..NODES {
                let Some(told) = self.readiness(node).await else {
                    continue;
                };
                ready += usize::from(told["ready"] == true);
                if told["role"] == "leader" {
                    leaders += 1;
                    leader = Some(node);
                } else {
                    assert!(told["lag_events"].is_u64() || told["ready"] == false);
                }
            }
            match leader {
                Some(leader) if leaders == 1 && ready == NODES => return leader,
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Sends a claim to one node after the other until it is answered. Nothing but 503, silence
    /// or the true answer may come.
    async fn persist(&self, first: usize, key: &str, body: &Value) -> String {
        let began = Instant::now();
        for attempt in first.. {
            assert!(began.elapsed() < PATIENCE, "{key} is not answered");
            let url = format!("{}/v1/claims", self.url(attempt));
            let token = &self.provider;
            let sent = send(
                &self.hasty,
                Method::POST,
                &url,
                token,
                Some(key),
                Some(body),
            )
            .await;
            if let Ok(answer) = sent {
                let status = answer.status();
                match (status, answer.text().await) {
                    (StatusCode::CREATED, Ok(text)) => return text,
                    (StatusCode::SERVICE_UNAVAILABLE, _) | (StatusCode::CREATED, Err(_)) => {}
                    (status, text) => panic!("{key}: {status} {text:?}"),
                }
            }
            self.retried.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        unreachable!("the loop has no end")
    }

    /// Files claims until told to end.
    async fn file(self: Arc<Self>, client: u64) -> Vec<Answered> {
        let mut answered = Vec::new();
        for n in 0.. {
            if self.ended.load(Ordering::Relaxed) {
                break;
            }
            let key = format!("n{client}-{n}");
            let invoice = client * 1_000_000 + n + 1;
            let body = claim(&self.today, &self.voucher, invoice, "2.00");
            let first = usize::try_from(client + n).expect("small");
            let text = self.persist(first, &key, &body).await;
            let filed: Value = serde_json::from_str(&text).expect("JSON");
            let amount = fen(&filed["amount"]);
            self.approved.fetch_add(amount, Ordering::SeqCst);
            answered.push(Answered { key, body, text });
        }
        answered
    }

    /// Reads the voucher from one node until told to end. Whatever becomes of the node while it is
    /// asked, an answer never lacks what any node had acknowledged before.
    async fn watch(self: Arc<Self>, node: usize) -> u64 {
        let mut read = 0;
        while !self.ended.load(Ordering::Relaxed) {
            read += u64::from(self.look(node).await);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        read
    }

    /// Reads the voucher once; true if it was answered.
    async fn look(&self, node: usize) -> bool {
        let url = format!("{}/v1/vouchers/{}", self.url(node), self.voucher);
        let acknowledged = self.approved();
        let sent = send(&self.patient, Method::GET, &url, &self.holder, None, None).await;
        let Ok(answer) = sent else {
            return false;
        };
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::SERVICE_UNAVAILABLE => return false,
            other => panic!("{other}"),
        }
        let Ok(voucher) = answer.json::<Value>().await else {
            return false;
        };
        let approved = fen(&voucher["approved"]);
        assert!(
            approved >= acknowledged,
            "node {node} answered {approved} after {acknowledged}"
        );
        true
    }

    /// Waits until more was acknowledged.
    async fn progress(&self, within: Duration) -> Duration {
        let before = self.approved();
        let began = Instant::now();
        while self.approved() == before {
            assert!(began.elapsed() < within, "nothing is acknowledged any more");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        began.elapsed()
    }

    /// Kills the leader, measures how long nothing is acknowledged, and starts it again.
    async fn kill_leader(&self) -> Duration {
        let leader = self.settled().await;
        self.nodes.lock()[leader].kill();
        let gap = self.progress(TAKE_OVER).await;
        let again = self.nodes.lock()[leader].start_again();
        self.urls.write()[leader].clone_from(&again.url);
        self.nodes.lock()[leader] = again;
        gap
    }

    /// Stops the leader until another one leads, and for a while longer; then it wakes up.
    async fn stop_leader(self: Arc<Self>) -> Duration {
        let leader = self.settled().await;
        self.nodes.lock()[leader].signal("-STOP");
        // What it had answered is on its way for a moment.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let gap = self.progress(TAKE_OVER + Duration::from_secs(1)).await;
        self.progress(PATIENCE).await;
        // It wakes up to questions whose answers it cannot know.
        let asked: Vec<_> = (0..QUESTIONS)
            .map(|_| {
                let fleet = Arc::clone(&self);
                tokio::spawn(async move { fleet.look(leader).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(1_000)).await;
        self.nodes.lock()[leader].signal("-CONT");
        for question in asked {
            question.await.expect("no answer was stale");
        }
        gap
    }
}

fn rounds() -> u32 {
    if std::env::var_os("QUANTONG_FULL").is_some() {
        20
    } else {
        3
    }
}

/// Files and reads under the hands of `disturb`, then compares everything that was said.
async fn under_load<F: Future<Output = Duration>>(disturb: impl Fn(Arc<Fleet>) -> F) {
    let Some(cluster) = Cluster::start_new() else {
        return;
    };
    let database = cluster.new_database();
    let fleet = Fleet::start(&database).await;
    fleet.settled().await;
    let watching: Vec<_> = (0..NODES)
        .map(|node| tokio::spawn(fleet.clone().watch(node)))
        .collect();
    let filing: Vec<_> = (0..CLIENTS)
        .map(|client| tokio::spawn(fleet.clone().file(client)))
        .collect();
    let mut longest = Duration::ZERO;
    for _ in 0..rounds() {
        fleet.progress(PATIENCE).await;
        longest = longest.max(disturb(fleet.clone()).await);
    }
    assert!(longest <= TAKE_OVER + Duration::from_secs(1), "{longest:?}");
    fleet.settled().await;
    fleet.progress(PATIENCE).await;
    fleet.ended.store(true, Ordering::Relaxed);
    for watch in watching {
        assert!(watch.await.expect("no read was wrong") > 0);
    }
    let mut answered = Vec::new();
    for client in filing {
        answered.extend(client.await.expect("no answer was wrong"));
    }
    assert!(fleet.retried.load(Ordering::Relaxed) > 0);
    for (n, told) in answered.iter().enumerate() {
        let again = fleet.persist(n, &told.key, &told.body).await;
        assert_eq!(essence(&again), essence(&told.text), "{}", told.key);
    }
    for node in 0..NODES {
        let url = format!("{}/v1/vouchers/{}", fleet.url(node), fleet.voucher);
        let sent = send(&fleet.patient, Method::GET, &url, &fleet.holder, None, None).await;
        let voucher: Value = sent.expect("an answer").json().await.expect("JSON");
        assert_eq!(fen(&voucher["approved"]), fleet.approved(), "node {node}");
        lists_agree(&fleet, node, &answered).await;
    }
    let fleet = Arc::into_inner(fleet).expect("the clients have ended");
    let mut nodes = fleet.nodes.into_inner();
    for node in &mut nodes {
        node.terminate();
    }
    let verified = quantong(&nodes[0].data, &database, &["verify"]);
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success(), "{said}");
}

/// The list of claims on a node has the newest one that was acknowledged by any.
async fn lists_agree(fleet: &Fleet, node: usize, answered: &[Answered]) {
    let last = answered.last().expect("claims were filed");
    let filed: Value = serde_json::from_str(&last.text).expect("JSON");
    let invoice = last.body["invoice_no"].as_str().expect("a number");
    let url = format!("{}/v1/claims?invoice_no={invoice}", fleet.url(node));
    let token = &fleet.administrator;
    let sent = send(&fleet.patient, Method::GET, &url, token, None, None).await;
    let list: Value = sent.expect("an answer").json().await.expect("JSON");
    assert_eq!(list["data"][0]["id"], filed["id"], "node {node}: {list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_leader_is_replaced_and_nothing_acknowledged_is_lost() {
    under_load(|fleet| async move { fleet.kill_leader().await }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_wakes_up_after_its_lease_writes_and_tells_nothing_stale() {
    under_load(|fleet| async move { fleet.stop_leader().await }).await;
}
