//! The one thread that decides: it drains the queue, executes what is there and hands it on.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use parking_lot::{Mutex, MutexGuard};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::pipeline::{Batch, Finished, Pipeline};
use super::replay::{ReplayError, Replayed, replay};
use super::timing::{Stage, Times};
use super::{
    BATCH_COMMANDS_MAX, Durable, Job, LOCK_COMMANDS_MAX, Node, NodeConfig, NodeError, Outcome,
    Shared, Work,
};
use crate::domain::{Day, LedgerTag, RecordedAt, Text};
use crate::engine::command::Submission;
use crate::engine::event::{EpochStarted, Event, LedgerCreated, Recorded};
use crate::engine::{
    Done, Rejection, Scoped, State, advance, emit_system, look_ahead, rehearse, submit,
    submit_atomic,
};
use crate::journal::codec;
use crate::journal::{
    AnchorWriter, AppendError, BodyWriter, Chain, HashKind, Store, StoreError, VerifyError,
    check_anchor, read_anchor,
};

/// How often an idle node looks at the clock and at its health.
const IDLE: Duration = Duration::from_millis(50);

/// How long a node waits before it tries again to recover.
const RECOVERY_PAUSE: Duration = Duration::from_millis(200);

/// Longest time between two writes of the checkpoint file while rows come in.
const ANCHOR_EVERY: Duration = Duration::from_secs(5);

/// Most rows between two writes of the checkpoint file.
const ANCHOR_ROWS: u64 = 10_000;

/// Version of the journal's format that this software writes.
const FORMAT: u16 = 1;

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

/// What a new ledger begins with.
#[derive(Clone, Debug)]
pub struct Genesis {
    /// Origin line of its checkpoints, for example `quantong.example/g60`.
    pub origin: String,
    /// Hash of its tree.
    pub hash: HashKind,
    /// Its first business date.
    pub business_date: Day,
    /// When it is created.
    pub recorded_at: RecordedAt,
}

/// Creates a ledger in an empty store: event 0. The ledger's UUID is the store's.
///
/// # Errors
/// The store holds a ledger already, or cannot be written.
pub async fn create(store: &mut dyn Store, genesis: &Genesis) -> Result<(), StartError> {
    if store.head().await.map_err(StartError::Store)?.is_some() {
        return Err(StartError::Exists);
    }
    let text = |text, what| Text::parse(text).map_err(|_| StartError::Name(what));
    let created = LedgerCreated {
        format: FORMAT,
        ledger: store.ledger(),
        origin: Text::parse(&genesis.origin).map_err(|_| StartError::Name("origin"))?,
        hash: hash_number(genesis.hash),
        time_zone: Text::parse("Asia/Shanghai").map_err(|_| StartError::Name("time zone"))?,
        currency: text("CNY", "currency")?,
        scale: 2,
    };
    let event = Event::LedgerCreated(Box::new(created));
    let mut state = State::empty();
    let mut out = Vec::new();
    emit_system(
        &mut state,
        genesis.recorded_at,
        genesis.business_date,
        event,
        &mut out,
    );
    let mut chain = Chain::new(genesis.hash);
    let row = seal_system(&mut chain, 0, &out);
    store.append(&[row], &[]).await.map_err(StartError::Append)
}

fn hash_number(kind: HashKind) -> u8 {
    match kind {
        HashKind::Sha256 => 0,
        HashKind::Sm3 => 1,
    }
}

fn seal_system(chain: &mut Chain, epoch: u64, events: &[Recorded]) -> crate::journal::Row {
    let mut body = BodyWriter::with_capacity(1024);
    for recorded in events {
        body.push_with(|bytes| {
            codec::encode(recorded, bytes).expect("every text of an event is bounded");
        })
        .expect("every text of an event is bounded");
    }
    chain
        .seal(epoch, body.take(Vec::new()))
        .expect("a body just written has no damaged frame")
}

/// A state that can go on: replayed, and with a new epoch that is durable.
struct Ready {
    state: State,
    chain: Chain,
    origin: String,
}

/// Replays the journal and begins a new epoch.
async fn recover(store: &mut dyn Store, config: &NodeConfig) -> Result<Ready, StartError> {
    let Replayed {
        mut state,
        mut chain,
        origin,
        ..
    } = replay(store.reader(), |_| {})
        .await
        .map_err(StartError::Replay)?;
    if state.ledger().is_none() {
        return Err(StartError::Empty);
    }
    if let Some(folder) = &config.anchor {
        check_against_anchor(store, chain.frontier().kind(), folder).await?;
    }
    let epoch = state.epoch() + 1;
    let started = EpochStarted {
        epoch,
        node: Text::parse(&config.name).map_err(|_| StartError::Name("node's name"))?,
        version: Text::parse(env!("CARGO_PKG_VERSION")).map_err(|_| StartError::Name("version"))?,
    };
    let mut out = Vec::new();
    let event = Event::EpochStarted(Box::new(started));
    let today = state.business_date();
    emit_system(&mut state, config.clock.now(), today, event, &mut out);
    let row = seal_system(&mut chain, epoch, &out);
    store
        .append(&[row], &[])
        .await
        .map_err(StartError::Append)?;
    Ok(Ready {
        state,
        chain,
        origin,
    })
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

pub(super) async fn start(
    mut store: Box<dyn Store>,
    config: NodeConfig,
) -> Result<Node, StartError> {
    let ready = recover(store.as_mut(), &config).await?;
    let uuid = store.ledger();
    let shared = Arc::new(Shared {
        state: Mutex::new(None),
        durable: watch::Sender::new(Durable::START),
        reader: Mutex::new(store.reader()),
        clock: config.clock.clone(),
        times: Times::default(),
    });
    let (queue, jobs) = bounded(config.queue_jobs);
    let (ended, stopped) = watch::channel(false);
    let runtime = Handle::current();
    let mut sequencer = Sequencer {
        shared: Arc::clone(&shared),
        config,
        runtime,
        jobs,
        pipeline: None,
    };
    sequencer.go_on(ready, store).map_err(StartError::Thread)?;
    std::thread::Builder::new()
        .name("quantong-sequencer".to_owned())
        .spawn(move || {
            let _ended = Ended(ended);
            sequencer.run();
        })
        .map_err(StartError::Thread)?;
    Ok(Node {
        shared,
        queue,
        ledger: uuid,
        tag: LedgerTag::of_ledger(&uuid),
        stopped,
    })
}

/// Tells that the sequencer has ended, also if it panicked.
struct Ended(watch::Sender<bool>);

impl Drop for Ended {
    fn drop(&mut self) {
        // Nobody waits for the end any more if every handle is gone.
        let _unwatched = self.0.send(true);
    }
}

struct Sequencer {
    shared: Arc<Shared>,
    config: NodeConfig,
    runtime: Handle,
    jobs: Receiver<Job>,
    pipeline: Option<Pipeline>,
}

impl Sequencer {
    /// Publishes a state and starts the stages behind it.
    fn go_on(&mut self, ready: Ready, store: Box<dyn Store>) -> std::io::Result<()> {
        let Ready {
            state,
            chain,
            origin,
        } = ready;
        let events = state.next_seq();
        *self.shared.reader.lock() = store.reader();
        let folder = self.config.anchor.as_deref();
        let anchor =
            folder.map(|folder| AnchorWriter::new(folder, &origin, ANCHOR_EVERY, ANCHOR_ROWS));
        let pipeline = Pipeline::start(&self.shared, &self.runtime, store, chain, anchor)?;
        *self.shared.state.lock() = Some(state);
        self.shared.durable.send_modify(|durable| {
            *durable = Durable {
                life: durable.life + 1,
                events,
                alive: true,
            };
        });
        self.pipeline = Some(pipeline);
        Ok(())
    }

    fn run(&mut self) {
        loop {
            if !self.shared.durable.borrow().alive && !self.rebuild() {
                return;
            }
            match self.jobs.recv_timeout(IDLE) {
                Ok(job) => {
                    if self.work_through(Some(job)) {
                        break;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.work_through(None);
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.shut_down();
    }

    /// Decides what is in the queue, at most a batch; true if the node is to stop. The timers of
    /// a new day run before anything of that day.
    fn work_through(&self, first: Option<Job>) -> bool {
        let shared = Arc::clone(&self.shared);
        let mut guard = shared.state.lock();
        let now = self.config.clock.now();
        while let Some(state) = guard.as_mut()
            && let Some(day) = self.config.clock.next_date(now, state.business_date())
        {
            let timers = shared
                .times
                .measure(Stage::Execute, || run_timers(state, now, day));
            let batch = Batch {
                epoch: state.epoch(),
                end: state.next_seq(),
                finished: vec![Finished {
                    seen: state.next_seq(),
                    events: timers,
                    happened: true,
                    answer: None,
                }],
            };
            MutexGuard::unlocked_fair(&mut guard, || self.send(batch));
        }
        let mut finished = Vec::new();
        let stop = self.drain(&mut guard, now, first, &mut finished);
        let Some(state) = guard.as_ref() else {
            return stop;
        };
        let batch = Batch {
            epoch: state.epoch(),
            end: state.next_seq(),
            finished,
        };
        drop(guard);
        if !batch.finished.is_empty() {
            self.send(batch);
        }
        stop
    }

    fn send(&self, batch: Batch) {
        if let Some(pipeline) = &self.pipeline {
            pipeline.send(batch);
        }
    }

    /// Executes queued jobs up to the bound of a batch; true at a job that stops the node.
    fn drain(
        &self,
        guard: &mut MutexGuard<'_, Option<State>>,
        now: RecordedAt,
        first: Option<Job>,
        finished: &mut Vec<Finished>,
    ) -> bool {
        let mut commands = 0;
        let mut next = first.or_else(|| self.jobs.try_recv().ok());
        while let Some(Job { work, reply }) = next.take() {
            if matches!(work, Work::Stop) {
                return true;
            }
            let before = commands;
            let (outcome, mut done) = self
                .shared
                .times
                .measure(Stage::Execute, || execute(guard, now, work, &mut commands));
            done.answer = Some((reply, outcome));
            finished.push(done);
            if commands >= BATCH_COMMANDS_MAX {
                break;
            }
            if before / LOCK_COMMANDS_MAX != commands / LOCK_COMMANDS_MAX {
                MutexGuard::bump(guard);
            }
            next = self.jobs.try_recv().ok();
        }
        false
    }

    /// Rebuilds the state after a failed append; false if the node is to stop.
    fn rebuild(&mut self) -> bool {
        *self.shared.state.lock() = None;
        let Some(mut store) = self.pipeline.take().and_then(Pipeline::finish) else {
            tracing::error!("the store was lost; the node stops");
            return false;
        };
        loop {
            if self.answer_unavailable() {
                self.close(store);
                return false;
            }
            match self.runtime.block_on(recover(store.as_mut(), &self.config)) {
                Ok(ready) => {
                    tracing::info!("the node has recovered");
                    return self.go_on(ready, store).is_ok();
                }
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the node cannot recover yet"
                    );
                    std::thread::sleep(RECOVERY_PAUSE);
                }
            }
        }
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

    fn shut_down(&mut self) {
        self.answer_unavailable();
        if let Some(store) = self.pipeline.take().and_then(Pipeline::finish) {
            self.close(store);
        }
        self.shared
            .durable
            .send_modify(|durable| durable.alive = false);
    }

    fn close(&self, store: Box<dyn Store>) {
        if let Err(error) = self.runtime.block_on(store.close()) {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the database was not closed cleanly"
            );
        }
    }
}

fn run_timers(state: &mut State, now: RecordedAt, day: Day) -> Vec<Recorded> {
    let mut events = Vec::new();
    advance(state, now, day, &mut events);
    events
}

/// Executes one job; `commands` counts what it held.
fn execute(
    guard: &mut MutexGuard<'_, Option<State>>,
    now: RecordedAt,
    work: Work,
    commands: &mut usize,
) -> (Outcome, Finished) {
    let mut events = Vec::new();
    let mut happened = true;
    let outcome = match work {
        Work::Each(submissions) => Outcome::Each(execute_each(
            guard,
            now,
            &submissions,
            &mut events,
            commands,
        )),
        Work::Atomic { key, items } => {
            *commands += items.len();
            Outcome::Atomic(submit_atomic(
                state_of(guard),
                now,
                key,
                &items,
                &mut events,
            ))
        }
        Work::Rehearse(submission) => {
            happened = false;
            *commands += 1;
            Outcome::Each(vec![rehearse(
                state_of(guard),
                now,
                &submission,
                &mut events,
            )])
        }
        Work::RehearseAtomic(items) => {
            happened = false;
            *commands += items.len();
            let state = state_of(guard);
            state.open();
            let outcome = submit_atomic(state, now, None, &items, &mut events);
            state.rollback();
            Outcome::Atomic(outcome)
        }
        Work::Stop => Outcome::Each(Vec::new()),
    };
    let seen = state_of(guard).next_seq();
    (
        outcome,
        Finished {
            events,
            happened,
            seen,
            answer: None,
        },
    )
}

/// Executes commands one after the other; readers get a turn between groups of them.
fn execute_each(
    guard: &mut MutexGuard<'_, Option<State>>,
    now: RecordedAt,
    submissions: &[Submission],
    events: &mut Vec<Recorded>,
    commands: &mut usize,
) -> Vec<Result<Done, Box<Rejection>>> {
    let mut results = Vec::with_capacity(submissions.len());
    events.reserve(submissions.len());
    for from in (0..submissions.len()).step_by(LOCK_COMMANDS_MAX) {
        if from > 0 {
            MutexGuard::bump(guard);
        }
        let state = state_of(guard);
        let group = submissions.iter().enumerate().skip(from);
        for (at, submission) in group.take(LOCK_COMMANDS_MAX) {
            look_ahead(state, submissions, at);
            results.push(submit(state, now, submission, events));
        }
    }
    *commands += submissions.len();
    results
}

fn state_of<'a>(guard: &'a mut MutexGuard<'_, Option<State>>) -> &'a mut State {
    guard
        .as_mut()
        .expect("only the sequencer takes the state away, and it is at work here")
}
