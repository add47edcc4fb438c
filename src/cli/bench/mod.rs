//! `quantong bench`: benchmarks in JSON lines. Each makes its own ledger in a folder that it
//! removes at the end, unless it is told to keep it. With `--database` the ledger stands in that
//! database, which must hold none, and stays there.

mod engine;
mod files;
mod lists;
mod replay;
mod simulate;
mod start;
mod world;

pub use world::World;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use crate::journal::{Database, OpenError, StoreError};
use crate::node::{NodeError, ReplayError, SnapshotError, StageTimes, StartError};

/// Which benchmark to run.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Bench {
    /// Durable, rule-checked redemptions in batches, in process
    Engine(EngineBench),
    /// Replay of a journal with every root checked
    Replay(ReplayBench),
    /// Pages of lists from the views that `engine --views --keep` has left
    Lists(ReplayBench),
    /// Start of a node, without and with a snapshot, each in a process of its own
    Start(StartBench),
    /// Every claim of a journal decided again, as a simulation does
    Simulate(ReplayBench),
    /// Vouchers from one file over HTTP: preview, approval by a second person, the run in chunks,
    /// with claims filed beside it
    Files(FilesBench),
}

/// Settings of `bench files`.
#[derive(Clone, Debug, clap::Args)]
pub struct FilesBench {
    /// Rows of the file, a voucher each
    #[arg(long, default_value_t = 100_000)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rows: u32,
}

/// Settings of `bench engine`.
#[derive(Clone, Debug, clap::Args)]
pub struct EngineBench {
    /// Number of vouchers
    #[arg(long, default_value_t = 1_000_000)]
    pub vouchers: u32,
    /// Number of providers
    #[arg(long, default_value_t = 10_000)]
    pub providers: u32,
    /// Number of redemptions, all distinct
    #[arg(long, default_value_t = 4_000_000)]
    pub claims: u32,
    /// Commands of one batch
    #[arg(long, default_value_t = 8_192)]
    pub batch: usize,
    /// Every claim on one programme and one host city
    #[arg(long)]
    pub hot: bool,
    /// Views follow, and the time goes on until they have caught up
    #[arg(long)]
    pub views: bool,
    /// Print what each table holds on the heap
    #[arg(long)]
    pub memory: bool,
    /// Folder of the ledger, kept afterwards; a temporary one otherwise
    #[arg(long)]
    pub keep: Option<PathBuf>,
}

/// Settings of `bench start`.
#[derive(Clone, Debug, clap::Args)]
pub struct StartBench {
    /// The ledger.
    #[command(flatten)]
    pub ledger: ReplayBench,
    /// What to do in this process; all one after the other in processes of their own if not given
    #[arg(long, hide = true)]
    pub step: Option<start::Step>,
}

/// Settings of `bench replay`, `start`, `simulate` and `lists`.
#[derive(Clone, Debug, clap::Args)]
pub struct ReplayBench {
    /// Folder with a ledger, as `bench engine --keep` leaves it; made anew if it is missing
    #[arg(long)]
    pub folder: Option<PathBuf>,
    /// Number of redemptions, if the ledger is made anew
    #[arg(long, default_value_t = 4_000_000)]
    pub claims: u32,
}

/// Why a benchmark ended.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A command that should be taken was rejected.
    #[error("a command of the benchmark was rejected: {0}")]
    Rejected(String),
    /// A folder cannot be made or removed.
    #[error("the folder of the benchmark cannot be used")]
    Folder(#[from] std::io::Error),
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The views cannot be made.
    #[error(transparent)]
    Views(#[from] crate::views::ViewsError),
    /// The views do not catch up.
    #[error("the views have not caught up within an hour")]
    ViewsBehind,
    /// A snapshot cannot be made.
    #[error("a snapshot cannot be made")]
    Snapshot(#[from] SnapshotError),
    /// Another node leads the ledger.
    #[error("another node leads this database")]
    NoLeader,
    /// The node did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The node did not answer.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The journal does not replay.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// Something did not answer as it must.
    #[error("{0}")]
    Failed(String),
    /// A task of the benchmark ended.
    #[error("a task of the benchmark has ended")]
    Task,
}

/// One result.
struct Line {
    name: &'static str,
    count: u64,
    elapsed: Duration,
    times: Option<StageTimes>,
    extra: Vec<(&'static str, String)>,
}

/// Prints a result as one line of JSON. Rates are whole numbers.
fn emit(line: &Line) {
    let nanos = line.elapsed.as_nanos().max(1);
    let per_second = u128::from(line.count) * 1_000_000_000 / nanos;
    let seconds = line.elapsed.as_secs_f64();
    let mut text = format!(
        r#"{{"name":"{}","count":{},"seconds":{seconds:.3},"per_second":{per_second}"#,
        line.name, line.count
    );
    if let Some(times) = &line.times {
        let stages = [
            ("execute_s", times.execute),
            ("encode_s", times.encode),
            ("hash_s", times.hash),
            ("commit_s", times.commit),
        ];
        for (stage, time) in stages {
            // Writing to a string cannot fail.
            let _written = write!(text, r#","{stage}":{:.3}"#, time.as_secs_f64());
        }
        let _written = write!(
            text,
            r#","batches":{},"events":{}"#,
            times.batches, times.events
        );
    }
    for (name, value) in &line.extra {
        let _written = write!(text, r#","{name}":{value}"#);
    }
    say!("{text}}}");
}

/// Runs a benchmark.
///
/// # Errors
/// See [`BenchError`].
pub async fn run(bench: Bench, database: &Database) -> Result<(), BenchError> {
    match bench {
        Bench::Engine(settings) => match &settings.keep {
            Some(folder) => engine::run(&settings, folder, database).await,
            None => {
                let folder = temporary();
                let done = engine::run(&settings, &folder, database).await;
                clear(&folder, done)
            }
        },
        Bench::Files(ref settings) => {
            let folder = temporary();
            let done = files::run(settings, &folder, database).await;
            clear(&folder, done)
        }
        Bench::Replay(ref settings)
        | Bench::Start(StartBench {
            ledger: ref settings,
            ..
        })
        | Bench::Simulate(ref settings)
        | Bench::Lists(ref settings) => {
            let keep = settings.folder.is_some();
            let folder = settings.folder.clone().unwrap_or_else(temporary);
            if !database.has_ledger(&folder).await? {
                let views = matches!(bench, Bench::Lists(_));
                engine::run(&made_anew(settings.claims, views), &folder, database).await?;
            }
            let done = match bench {
                Bench::Start(StartBench { step: None, .. }) => start::all(&folder, keep),
                Bench::Start(StartBench {
                    step: Some(step), ..
                }) => start::run(step, &folder, database).await,
                Bench::Simulate(_) => simulate::run(&folder, database).await,
                Bench::Lists(_) => lists::run(&folder, database).await,
                _ => replay::run(&folder, database).await,
            };
            if keep { done } else { clear(&folder, done) }
        }
    }
}

/// How a ledger is made that is only to be read.
fn made_anew(claims: u32, views: bool) -> EngineBench {
    EngineBench {
        vouchers: claims.div_ceil(4),
        providers: 10_000,
        claims,
        batch: 8_192,
        hot: false,
        memory: false,
        views,
        keep: None,
    }
}

/// Removes a temporary folder; what went wrong before matters more than that it stays.
fn clear(folder: &std::path::Path, done: Result<(), BenchError>) -> Result<(), BenchError> {
    let removed = std::fs::remove_dir_all(folder);
    done?;
    Ok(removed?)
}

/// A folder beside the working directory, on the disk that a ledger would stand on.
fn temporary() -> PathBuf {
    PathBuf::from(format!("target/bench-{}", std::process::id()))
}
