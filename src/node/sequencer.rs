//! The life of a node: one thread that loads the journal, keeps up with it, leads, and ends.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::genesis::Beginning;
use super::lease::{Keeper, Standing};
use super::pipeline::{Pipeline, principal_texts};
use super::replay::{ReplayError, Replayed, replay_after};
use super::snapshot::newest;
use super::timing::Times;
use super::upkeep::{check_prefix, make_snapshots, until_ended};
use super::{Durable, Followers, Job, Node, NodeConfig, NodeError, Shared, Work};
use crate::engine::State;
use crate::engine::event::Recorded;
use crate::journal::{
    AnchorWriter, AppendError, Chain, HashKind, RowHead, Store, StoreError, VerifyError,
    check_anchor, read_anchor,
};

/// How often an idle node looks at the clock and at its health.
const IDLE: Duration = Duration::from_millis(50);

/// How long a node waits before it tries again to recover.
pub(super) const RECOVERY_PAUSE: Duration = Duration::from_millis(200);

/// Longest time between two writes of the checkpoint file while rows come in.
const ANCHOR_EVERY: Duration = Duration::from_secs(5);

/// Most rows between two writes of the checkpoint file.
const ANCHOR_ROWS: u64 = 10_000;

/// Why a node did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no ledger.
    #[error("there is no ledger yet; run `quantong init`, `import` or `serve`")]
    Empty,
    /// There is one already.
    #[error("there is a ledger already")]
    Exists,
    /// The journal does not replay.
    #[error("the journal cannot be replayed; the node does not start on it")]
    Replay(#[source] ReplayError),
    /// The journal does not fit the checkpoint file beside it.
    #[error("the journal does not fit its checkpoint file; the node does not start on it")]
    Anchor(#[source] VerifyError),
    /// The checkpoint file cannot be read.
    #[error("the checkpoint file cannot be read; if it is damaged, remove it after `verify`")]
    AnchorFile(#[source] crate::journal::AnchorError),
    /// The first event of this start could not be written.
    #[error("the journal cannot be written")]
    Append(#[source] AppendError),
    /// The database cannot be read.
    #[error("the journal cannot be read")]
    Store(#[source] StoreError),
    /// The operating system gives no thread.
    #[error("a thread could not be started")]
    Thread(#[source] std::io::Error),
    /// A name in the settings is empty or too long.
    #[error("the {0} is empty or too long")]
    Name(&'static str),
}

/// A node's place in the journal; the state that goes with it is shared.
pub(super) struct Warm {
    pub(super) store: Box<dyn Store>,
    pub(super) chain: Chain,
    pub(super) anchor: Option<AnchorWriter>,
    /// Room for decoded events.
    pub(super) decoded: Vec<Recorded>,
}

/// What a node is doing.
pub(super) enum Phase {
    /// Replays the journal.
    Load(Box<dyn Store>),
    /// Answers reads, and waits until the journal can be written. Nobody else writes it.
    Resume(Warm),
    /// Keeps up with the journal, and waits for the lease.
    Follow(Warm),
    /// Decides commands, in an epoch that is durable.
    Lead(Warm, Option<Keeper>),
    /// Nothing any more.
    End(Option<Box<dyn Store>>),
}

/// What was read from snapshot and journal.
struct Loaded {
    state: State,
    warm: Warm,
    /// The row up to which a snapshot was relied on.
    relied: Option<RowHead>,
}

/// Reads the newest snapshot and replays what came after it.
async fn load(
    store: Box<dyn Store>,
    config: &NodeConfig,
) -> Result<Loaded, (Box<dyn Store>, StartError)> {
    let read = async {
        let (replayed, relied) = replay_newest(&*store, config).await?;
        if replayed.state.ledger().is_none() {
            return Err(StartError::Empty);
        }
        let Some(folder) = &config.anchor else {
            return Ok((replayed, relied, None));
        };
        let kind = replayed.chain.frontier().kind();
        check_against_anchor(&*store, kind, folder).await?;
        let anchor = AnchorWriter::new(folder, &replayed.origin, ANCHOR_EVERY, ANCHOR_ROWS);
        Ok((replayed, relied, Some(anchor)))
    };
    match read.await {
        Ok((replayed, relied, anchor)) => Ok(Loaded {
            state: replayed.state,
            warm: Warm {
                store,
                chain: replayed.chain,
                anchor,
                decoded: Vec::new(),
            },
            relied,
        }),
        Err(error) => Err((store, error)),
    }
}

/// Replays from the newest snapshot, and from the beginning where that does not work.
async fn replay_newest(
    store: &dyn Store,
    config: &NodeConfig,
) -> Result<(Replayed, Option<RowHead>), StartError> {
    let reader = store.reader();
    let from = match &config.snapshots {
        Some(snapshots) => newest(&snapshots.folder, store.ledger(), &reader).await,
        None => None,
    };
    if let Some((_, chain)) = &from {
        let relied = chain.head().copied();
        match replay_after(Arc::clone(&reader), from, |_| true).await {
            Ok(replayed) => return Ok((replayed, relied)),
            Err(ReplayError::Store(error)) => {
                return Err(StartError::Replay(ReplayError::Store(error)));
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "the journal does not go on from the snapshot");
            }
        }
    }
    let replayed = replay_after(reader, None, |_| true).await;
    Ok((replayed.map_err(StartError::Replay)?, None))
}

async fn check_against_anchor(
    store: &dyn Store,
    kind: HashKind,
    folder: &Path,
) -> Result<(), StartError> {
    match read_anchor(folder).map_err(StartError::AnchorFile)? {
        Some(anchor) => check_anchor(&*store.reader(), kind, &anchor)
            .await
            .map_err(StartError::Anchor),
        None => Ok(()),
    }
}

/// Begins an epoch where nobody else can write.
async fn begin(state: &mut State, warm: &mut Warm, config: &NodeConfig) -> Result<(), StartError> {
    let beginning = Beginning::after(state, &warm.chain, config)?;
    let rows = std::slice::from_ref(&beginning.row);
    let appended = warm.store.append(rows, &[]).await;
    appended.map_err(StartError::Append)?;
    beginning.happened(state, &mut warm.chain);
    Ok(())
}

pub(super) async fn start(store: Box<dyn Store>, config: NodeConfig) -> Result<Node, StartError> {
    let uuid = store.ledger();
    let alone = store.lease().is_none();
    let Loaded {
        mut state,
        mut warm,
        relied,
    } = load(store, &config).await.map_err(|(_, error)| error)?;
    if alone {
        begin(&mut state, &mut warm, &config).await?;
    }
    let shared = Arc::new(Shared {
        state: Mutex::new(None),
        durable: watch::Sender::new(Durable::START),
        reader: Mutex::new(warm.store.reader()),
        clock: config.clock.clone(),
        times: Times::default(),
        standing: Mutex::new(if alone {
            Standing::Alone { writes: true }
        } else {
            Standing::Follows(None)
        }),
        followers: Followers::new(config.lag),
        damaged: AtomicBool::new(false),
        away: AtomicBool::new(false),
        candidate: config.candidate.clone(),
        simulating: Arc::default(),
    });
    shared.publish(state);
    let (queue, jobs) = bounded(config.queue_jobs);
    let (wake, wakes) = bounded(1);
    let (ended, stopped) = watch::channel(false);
    tend(&shared, &config, &warm, relied, &stopped);
    let sequencer = Sequencer {
        shared: Arc::clone(&shared),
        config,
        runtime: Handle::current(),
        jobs,
        wakes,
    };
    let phase = if alone {
        Phase::Lead(warm, None)
    } else {
        Phase::Follow(warm)
    };
    std::thread::Builder::new()
        .name("quantong-sequencer".to_owned())
        .spawn(move || {
            let _ended = Ended(ended);
            sequencer.run(phase);
        })
        .map_err(StartError::Thread)?;
    Ok(Node::new(shared, queue, wake, uuid, stopped))
}

/// Starts what a node does beside its work, until it has ended.
fn tend(
    shared: &Arc<Shared>,
    config: &NodeConfig,
    warm: &Warm,
    relied: Option<RowHead>,
    stopped: &watch::Receiver<bool>,
) {
    let reader = warm.store.reader();
    if let Some(relied) = relied {
        let kind = warm.chain.frontier().kind();
        let check = check_prefix(Arc::clone(&reader), kind, relied, Arc::clone(shared));
        tokio::spawn(until_ended(stopped.clone(), check));
    }
    if let Some(snapshots) = config
        .snapshots
        .clone()
        .filter(|settings| settings.every > 0)
    {
        let (shared, stopped) = (Arc::clone(shared), stopped.clone());
        let ledger = warm.store.ledger();
        tokio::spawn(make_snapshots(snapshots, ledger, reader, shared, stopped));
    }
}

/// Tells that the sequencer has ended, also if it panicked.
struct Ended(watch::Sender<bool>);

impl Drop for Ended {
    fn drop(&mut self) {
        // Nobody waits for the end any more if every handle is gone.
        let _unwatched = self.0.send(true);
    }
}

pub(super) struct Sequencer {
    pub(super) shared: Arc<Shared>,
    pub(super) config: NodeConfig,
    pub(super) runtime: Handle,
    pub(super) jobs: Receiver<Job>,
    pub(super) wakes: Receiver<()>,
}

impl Sequencer {
    fn run(mut self, mut phase: Phase) {
        loop {
            phase = match phase {
                Phase::Load(store) => self.load(store),
                Phase::Resume(warm) => self.resume(warm),
                Phase::Follow(warm) => self.follow(warm),
                Phase::Lead(warm, keeper) => self.lead(warm, keeper),
                Phase::End(store) => return self.end(store),
            };
        }
    }

    /// Replays the journal, again and again while it cannot be read. What is in the way is said
    /// once.
    fn load(&mut self, mut store: Box<dyn Store>) -> Phase {
        let mut told = None;
        loop {
            if self.answer_unavailable() {
                return Phase::End(Some(store));
            }
            let alone = store.lease().is_none();
            match self.runtime.block_on(load(store, &self.config)) {
                Ok(Loaded { state, warm, .. }) => {
                    *self.shared.reader.lock() = warm.store.reader();
                    if alone {
                        *self.shared.standing.lock() = Standing::Alone { writes: false };
                    }
                    self.shared.publish(state);
                    tracing::info!("the node has recovered");
                    return if alone {
                        Phase::Resume(warm)
                    } else {
                        Phase::Follow(warm)
                    };
                }
                Err((given_back, error)) => {
                    store = given_back;
                    let what = error.to_string();
                    if told.as_ref() != Some(&what) {
                        tracing::error!(
                            error = &error as &dyn std::error::Error,
                            "the node cannot recover yet and tries again"
                        );
                        told = Some(what);
                    }
                    std::thread::sleep(RECOVERY_PAUSE);
                }
            }
        }
    }

    /// Begins an epoch, again and again while the journal cannot be written. Reads are answered
    /// meanwhile: nobody else writes, so what was replayed is all there is. An attempt that went
    /// in though it seemed to fail stands in the way of the next one, and the journal is read anew.
    fn resume(&mut self, mut warm: Warm) -> Phase {
        let mut told = false;
        loop {
            if self.answer_unavailable() {
                return Phase::End(Some(warm.store));
            }
            match self.begin_epoch(&mut warm) {
                Ok(true) => {
                    *self.shared.standing.lock() = Standing::Alone { writes: true };
                    if told {
                        tracing::warn!("the journal can be written again");
                    }
                    return Phase::Lead(warm, None);
                }
                Ok(false) => {
                    self.shared.withdraw();
                    return Phase::Load(warm.store);
                }
                Err(error) => {
                    if !told {
                        let error = &error as &dyn std::error::Error;
                        tracing::error!(
                            error,
                            "the journal cannot be written; reads go on, writes are tried again"
                        );
                    }
                    told = true;
                    std::thread::sleep(RECOVERY_PAUSE);
                }
            }
        }
    }

    /// Decides commands until the node is to stop, the lease is lost or an append has failed.
    fn lead(&mut self, mut warm: Warm, keeper: Option<Keeper>) -> Phase {
        if let Some(keeper) = &keeper {
            *self.shared.standing.lock() = Standing::Leads(Arc::clone(&keeper.tenure));
            // Whoever waits for a leader looks again.
            self.shared.durable.send_modify(|_| {});
        }
        self.erase_again(&mut warm);
        let pipeline = match Pipeline::start(&self.shared, &self.runtime, warm) {
            Ok(pipeline) => pipeline,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "a thread could not be started; the node stops");
                return Phase::End(None);
            }
        };
        let stop = self.decide(&pipeline, keeper.as_ref());
        if keeper.is_some() {
            *self.shared.standing.lock() = Standing::Follows(None);
        }
        let finished = pipeline.finish();
        if let Some(keeper) = &keeper {
            self.runtime.block_on(keeper.release());
        }
        let Some((warm, whole)) = finished else {
            tracing::error!("the store was lost; the node stops");
            return Phase::End(None);
        };
        if stop {
            return Phase::End(Some(warm.store));
        }
        if whole {
            return Phase::Follow(warm);
        }
        self.shared.withdraw();
        Phase::Load(warm.store)
    }

    /// Erases what was erased once more: a crash may have come between the event and its effect, or
    /// a backup of before have brought it back.
    fn erase_again(&self, warm: &mut Warm) {
        let texts = {
            let guard = self.shared.state.lock();
            guard.as_ref().map(State::erased_texts).unwrap_or_default()
        };
        let keys: Vec<_> = texts.into_iter().flat_map(principal_texts).collect();
        if keys.is_empty() {
            return;
        }
        match self.runtime.block_on(warm.store.erase_private(&keys)) {
            Ok(0) => {}
            Ok(erased) => tracing::info!(erased, "personal data was erased once more"),
            Err(error) => tracing::error!(
                error = &error as &dyn std::error::Error,
                "personal data that is to be gone could not be erased; the next start tries again"
            ),
        }
    }

    /// Works through the queue; true if the node is to stop.
    fn decide(&self, pipeline: &Pipeline, keeper: Option<&Keeper>) -> bool {
        while self.shared.durable.borrow().alive
            && keeper.is_none_or(|keeper| !keeper.tenure.lost())
        {
            match self.jobs.recv_timeout(IDLE) {
                Ok(job) => {
                    if self.work_through(pipeline, Some(job)) {
                        return true;
                    }
                    std::thread::sleep(self.shared.rest());
                }
                // What comes between the end of the wait and the look at the queue counts too.
                Err(RecvTimeoutError::Timeout) => {
                    if self.work_through(pipeline, None) {
                        return true;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return true,
            }
        }
        false
    }

    /// Empties the queue; true if it held the order to stop.
    fn answer_unavailable(&self) -> bool {
        let mut stop = false;
        for job in self.jobs.try_iter() {
            stop |= matches!(job.work, Work::Stop);
            // A client that is gone needs no answer.
            let _gone = job.reply.send(Err(NodeError::Unavailable));
        }
        stop
    }

    fn end(&mut self, store: Option<Box<dyn Store>>) {
        self.answer_unavailable();
        self.shared
            .durable
            .send_modify(|durable| durable.alive = false);
        let Some(store) = store else {
            return;
        };
        if let Err(error) = self.runtime.block_on(store.close()) {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the database was not closed cleanly"
            );
        }
    }
}
