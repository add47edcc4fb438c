//! `bench engine`: durable, rule-checked redemptions through the whole node.

use std::path::Path;
use std::time::{Duration, Instant};

use super::world::World;
use super::{BenchError, EngineBench, Line, emit};
use crate::api::Following;
use crate::domain::RecordedAt;
use crate::engine::command::Submission;
use crate::engine::refusal_of;
use crate::journal::{Database, HashKind, Store};
use crate::node::{
    Clock, Genesis, Loaded, Node, NodeConfig, NodeError, StageTimes, TERM, candidate, create,
};
use crate::views::Views;

/// Batches that are under way at once: one is decided while others are hashed and committed.
const UNDER_WAY: usize = 4;

/// Runs the benchmark in a folder of its own and leaves the journal there for `bench replay`.
pub(super) async fn run(
    settings: &EngineBench,
    folder: &Path,
    database: &Database,
) -> Result<(), BenchError> {
    let world = World {
        vouchers: settings.vouchers,
        providers: settings.providers,
        hot: settings.hot,
    };
    let node = start(folder, database).await?;
    load(&node, world.set_up()).await?;
    load(&node, world.parties()).await?;
    let batch = u32::try_from(settings.batch).unwrap_or(u32::MAX).max(1);
    let issued = timed(&node, settings.vouchers, batch, |range| {
        world.vouchers(range)
    })
    .await?;
    emit(&line(
        "issue_and_consent",
        &issued,
        2 * u64::from(settings.vouchers),
    ));
    let views = match settings.views {
        true => Some(Following::start(
            Views::open(database, folder).await?,
            node.clone(),
        )),
        false => None,
    };
    catch_up(&node, views.as_ref()).await?;
    let mut redeemed = timed(&node, settings.claims, batch, |range| world.claims(range)).await?;
    let began = Instant::now();
    catch_up(&node, views.as_ref()).await?;
    let waited = began.elapsed();
    redeemed.elapsed += waited;
    let name = match (settings.hot, settings.views) {
        (false, false) => "redeem_uniform",
        (true, false) => "redeem_hot",
        (false, true) => "redeem_uniform_with_views",
        (true, true) => "redeem_hot_with_views",
    };
    let (tables, _) = node.read(|state| state.memory()).await?;
    let memory = bytes_per_unit(&tables);
    let mut line = line(name, &redeemed, u64::from(settings.claims));
    line.extra = vec![
        (
            "prepare_s",
            format!("{:.3}", redeemed.prepared.as_secs_f64()),
        ),
        ("refused", redeemed.refused.to_string()),
        ("bytes_per_voucher_claim_line_key", memory.to_string()),
    ];
    if settings.views {
        let waited = format!("{:.3}", waited.as_secs_f64());
        line.extra.push(("views_behind_s", waited));
    }
    emit(&line);
    if settings.memory {
        for table in &tables {
            say!("{}", serde_json::to_string(table).unwrap_or_default());
        }
    }
    node.stop().await;
    if let Some(views) = views {
        views.stop().await;
    }
    Ok(())
}

/// Waits until the views hold what is durable.
async fn catch_up(node: &Node, views: Option<&Following>) -> Result<(), BenchError> {
    let Some(views) = views else {
        return Ok(());
    };
    let durable = node.status().durable.0;
    if views.reach(durable, Duration::from_secs(3_600)).await? {
        Ok(())
    } else {
        Err(BenchError::ViewsBehind)
    }
}

/// Heap bytes of one voucher, one claim, one line and one key with their index entries.
fn bytes_per_unit(tables: &[crate::engine::TableMemory]) -> usize {
    let of = |name: &str| {
        let table = tables
            .iter()
            .find(|table| table.table == name && table.rows > 0);
        table.map_or(0, |table| table.heap_bytes.div_ceil(table.rows))
    };
    ["vouchers", "lapses", "claims", "invoices", "lines", "keys"]
        .into_iter()
        .map(of)
        .sum()
}

async fn start(folder: &Path, database: &Database) -> Result<Node, BenchError> {
    std::fs::create_dir_all(folder)?;
    let uuid = [0x51; 16];
    let mut store = database.open(folder, uuid).await?;
    let genesis = Genesis {
        origin: "quantong.example/bench".to_owned(),
        hash: HashKind::Sha256,
        business_date: World::first_day(),
        recorded_at: RecordedAt(0),
    };
    let me = candidate(None, String::new());
    create(store.as_mut(), &genesis, &me).await?;
    let config = NodeConfig {
        candidate: me,
        clock: Clock::SystemWithManualDate,
        anchor: Some(folder.to_owned()),
        ..NodeConfig::new("bench")
    };
    lead(store, config).await
}

/// Starts a node that leads.
pub(super) async fn lead(store: Box<dyn Store>, config: NodeConfig) -> Result<Node, BenchError> {
    let node = Node::start(store, config).await?;
    if node.lead(2 * TERM).await {
        Ok(node)
    } else {
        Err(BenchError::NoLeader)
    }
}

pub(super) async fn load(node: &Node, mut submissions: Vec<Submission>) -> Result<(), BenchError> {
    while !submissions.is_empty() {
        let rest = submissions.split_off(submissions.len().min(8_192));
        for result in node.submit_load(submissions).await?.results {
            result.map_err(|rejection| BenchError::Rejected(rejection.to_string()))?;
        }
        submissions = rest;
    }
    Ok(())
}

/// What a timed run took.
struct Run {
    elapsed: Duration,
    prepared: Duration,
    times: StageTimes,
    refused: u64,
}

/// Prepares all commands, then sends them batch by batch and waits until the last is durable.
async fn timed(
    node: &Node,
    count: u32,
    batch: u32,
    prepare: impl Fn(std::ops::Range<u32>) -> Vec<Submission>,
) -> Result<Run, BenchError> {
    let preparing = Instant::now();
    let ranges = (0..count).step_by(batch as usize);
    let batches: Vec<Vec<Submission>> = ranges
        .map(|from| prepare(from..(from.saturating_add(batch)).min(count)))
        .collect();
    let prepared = preparing.elapsed();
    let before = node.stage_times();
    let start = Instant::now();
    let mut under_way = std::collections::VecDeque::new();
    let mut refused = 0;
    for submissions in batches {
        if under_way.len() == UNDER_WAY
            && let Some(answer) = under_way.pop_front()
        {
            refused += refusals(answer).await?;
        }
        under_way.push_back(tokio::spawn(node.submit_load(submissions)));
    }
    for answer in under_way {
        refused += refusals(answer).await?;
    }
    let elapsed = start.elapsed();
    Ok(Run {
        elapsed,
        prepared,
        times: node.stage_times().since(&before),
        refused,
    })
}

async fn refusals(
    answer: tokio::task::JoinHandle<Result<Loaded, NodeError>>,
) -> Result<u64, BenchError> {
    let Loaded { results, events } = answer.await.map_err(|_| BenchError::Task)??;
    if let Some(Err(rejection)) = results.into_iter().find(Result::is_err) {
        return Err(BenchError::Rejected(rejection.to_string()));
    }
    let refused = events
        .iter()
        .filter(|recorded| refusal_of(&recorded.event).is_some())
        .count();
    Ok(u64::try_from(refused).unwrap_or(u64::MAX))
}

fn line(name: &'static str, run: &Run, count: u64) -> Line {
    Line {
        name,
        count,
        elapsed: run.elapsed,
        times: Some(run.times),
        extra: Vec::new(),
    }
}
