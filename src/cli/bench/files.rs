//! `bench files`: vouchers from one file over HTTP, as an office does it: a preview with faults,
//! the file, a second person's approval, the run to its end, with claims filed beside it.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::engine::load;
use super::world::World;
use super::{BenchError, FilesBench, Line, emit};
use crate::api::{ApiSettings, Following, serve};
use crate::cli::folder::{CliError, Folder, enrol};
use crate::domain::{MemberId, hex};
use crate::engine::command::{Role, Scope};
use crate::engine::refusal_of;
use crate::journal::{Database, HashKind, SignIns};
use crate::node::{Clock, Node, NodeError};
use crate::views::Views;

/// Vouchers that claims are filed on beside the run; each holds some 1,250 claims.
const CLAIMED: u32 = 1_000;
const PROVIDERS: u32 = 100;
/// Programme of the first city, which everything of the hot world belongs to.
const PROGRAMME: &str = "310117-2025";
/// Between two claims, and between two looks at the progress.
const PAUSE: Duration = Duration::from_millis(5);
const LOOK: Duration = Duration::from_millis(50);
/// Longer than any run takes that is worth a figure.
const PATIENCE: Duration = Duration::from_secs(3_600);

fn failed(error: impl std::fmt::Display) -> BenchError {
    BenchError::Failed(error.to_string())
}

/// What claims beside the run have waited for.
struct Beside {
    claims: u32,
    longest: Duration,
}

/// Whom the bench speaks for, and to whom.
struct Desk {
    client: Client,
    url: String,
    maker: String,
    checker: String,
}

/// How long each part took.
struct Parts {
    preview: Duration,
    propose: Duration,
    run: Duration,
}

pub(super) async fn run(
    settings: &FilesBench,
    folder: &Path,
    database: &Database,
) -> Result<(), BenchError> {
    let own = |error: CliError| failed(error);
    let folder = Folder::with(folder.to_owned(), database.clone());
    std::fs::create_dir_all(folder.path())?;
    let created = folder.create(
        "quantong.example/bench",
        HashKind::Sha256,
        Some(World::first_day()),
    );
    created.await.map_err(own)?;
    let node = folder
        .start(Clock::SystemWithManualDate)
        .await
        .map_err(own)?;
    let world = |vouchers| World {
        vouchers,
        providers: PROVIDERS,
        hot: true,
    };
    let firms = world(settings.rows.max(CLAIMED));
    load(&node, firms.set_up()).await?;
    load(&node, firms.parties()).await?;
    load(&node, world(CLAIMED).vouchers(0..CLAIMED)).await?;
    let office = Scope::Member(MemberId::from_index(0).expect("the first city"));
    let officer = Role::ScienceOfficer;
    let (_, maker) = enrol(&node, "maker", officer, office).await.map_err(own)?;
    let (_, checker) = enrol(&node, "checker", officer, office)
        .await
        .map_err(own)?;

    let views = Views::open(database, folder.path()).await?;
    let views = Arc::new(Following::start(views, node.clone()));
    let sign_ins = SignIns::open(database, folder.path(), node.ledger()).await?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let desk = Desk {
        client: Client::builder().no_proxy().build().map_err(failed)?,
        url: format!("http://{}/v1", listener.local_addr()?),
        maker,
        checker,
    };
    let followed = Arc::clone(&views);
    let api = ApiSettings::default();
    let served = serve(node.clone(), followed, sign_ins.clone(), api, listener);
    let measured = tokio::select! {
        served = served => Err(served.map_or_else(failed, |()| failed("the server has ended"))),
        measured = measure(&desk, &node, &firms, world(CLAIMED), settings.rows) => measured,
    };
    sign_ins.close().await;
    node.stop().await;
    if let Some(views) = Arc::into_inner(views) {
        views.stop().await;
    }
    let (parts, beside) = measured?;
    tell(settings.rows, &parts, &beside);
    Ok(())
}

fn tell(rows: u32, parts: &Parts, beside: &Beside) {
    let seconds = |time: Duration| format!("{:.3}", time.as_secs_f64());
    emit(&Line {
        name: "issue_from_file",
        count: u64::from(rows),
        elapsed: parts.propose + parts.run,
        times: None,
        extra: vec![
            ("preview_s", seconds(parts.preview)),
            ("propose_s", seconds(parts.propose)),
            ("run_s", seconds(parts.run)),
            ("claims_beside", beside.claims.to_string()),
            ("longest_claim_s", seconds(beside.longest)),
        ],
    });
}

/// A file with that many rows; each hundredth one is faulty, if it is to be.
fn file(world: &World, rows: u32, faulty: bool) -> Vec<u8> {
    let mut text = String::from("reference,enterprise,amount\n");
    for n in 0..rows {
        let firm = world.firm_code(n);
        let wrong = faulty && n % 100 == 0;
        let amount = if wrong { "1O0.00" } else { "100.00" };
        text += &format!("B-{n:07},{firm},{amount}\n");
    }
    text.into_bytes()
}

async fn measure(
    desk: &Desk,
    node: &Node,
    firms: &World,
    claims: World,
    rows: u32,
) -> Result<(Parts, Beside), BenchError> {
    let over = Arc::new(AtomicBool::new(false));
    let beside = tokio::spawn(file_claims(node.clone(), claims, Arc::clone(&over)));
    let parts = office(desk, firms, rows).await;
    over.store(true, Ordering::Relaxed);
    let beside = beside.await.map_err(|_| BenchError::Task)??;
    Ok((parts?, beside))
}

/// Files one claim after the other until the run is over.
async fn file_claims(
    node: Node,
    world: World,
    over: Arc<AtomicBool>,
) -> Result<Beside, BenchError> {
    let mut beside = Beside {
        claims: 0,
        longest: Duration::ZERO,
    };
    while !over.load(Ordering::Relaxed) {
        let claim = world.claims(beside.claims..beside.claims + 1).pop();
        let claim = claim.ok_or(BenchError::Task)?;
        let start = Instant::now();
        let answer = loop {
            match node.submit(claim.clone()).await {
                Err(NodeError::Busy) => tokio::time::sleep(PAUSE).await,
                answer => break answer?,
            }
        };
        beside.longest = beside.longest.max(start.elapsed());
        beside.claims += 1;
        if let Some(code) = answer.events.iter().find_map(|row| refusal_of(&row.event)) {
            return Err(BenchError::Rejected(code.as_str().to_owned()));
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(beside)
}

/// What the two persons of the office do.
async fn office(desk: &Desk, firms: &World, rows: u32) -> Result<Parts, BenchError> {
    let files = format!("/programmes/{PROGRAMME}/voucher-files");
    let faulty = file(firms, rows, true);
    let start = Instant::now();
    let path = format!("{files}?dry_run=true");
    let preview = desk.upload(&path, faulty).await?;
    let previewed = start.elapsed();
    expect(&preview, "fault_count", &Value::from(rows.div_ceil(100)))?;
    let good = file(firms, rows, false);
    let sha256 = hex(&<[u8; 32]>::from(Sha256::digest(&good)));
    let start = Instant::now();
    let waits = desk.upload(&files, good).await?;
    let id = waits["id"].as_str().ok_or_else(|| failed(&waits))?;
    let proposed = start.elapsed();
    let start = Instant::now();
    let decision = desk.request(
        Method::POST,
        &format!("/proposals/{id}/decision"),
        &desk.checker,
    );
    let decision = decision.header("Content-Type", "application/json");
    desk.ask(decision.body(r#"{"approve":true}"#)).await?;
    let path = format!("/voucher-files/{sha256}?programme={PROGRAMME}");
    let done = loop {
        let progress = desk
            .ask(desk.request(Method::GET, &path, &desk.maker))
            .await?;
        if progress["state"] == "done" {
            break progress;
        }
        if start.elapsed() > PATIENCE {
            return Err(failed(format!("the run does not end: {progress}")));
        }
        tokio::time::sleep(LOOK).await;
    };
    expect(&done, "issued", &Value::from(rows))?;
    Ok(Parts {
        preview: previewed,
        propose: proposed,
        run: start.elapsed(),
    })
}

fn expect(answer: &Value, name: &str, value: &Value) -> Result<(), BenchError> {
    if answer[name] == *value {
        Ok(())
    } else {
        Err(failed(format!(
            "{name} is {} and not {value}",
            answer[name]
        )))
    }
}

impl Desk {
    fn request(&self, method: Method, path: &str, token: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        request.bearer_auth(token)
    }

    async fn upload(&self, path: &str, bytes: Vec<u8>) -> Result<Value, BenchError> {
        let request = self.request(Method::POST, path, &self.maker);
        self.ask(request.header("Content-Type", "text/csv").body(bytes))
            .await
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Result<Value, BenchError> {
        let answer = request.send().await.map_err(failed)?;
        let status = answer.status();
        let text = answer.text().await.map_err(failed)?;
        if !status.is_success() {
            return Err(failed(format!("{status}: {text}")));
        }
        serde_json::from_str(&text).map_err(failed)
    }
}
