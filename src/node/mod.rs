//! The node: one thread that decides, behind it the stages that hash and commit, and a handle for
//! everybody else.
//!
//! Invariants:
//! - An answer (acceptance, refusal, replay, rehearsal, read) is released only when everything it
//!   saw is durable. If the append fails, everybody who waits gets [`NodeError::Unavailable`].
//! - After a failed append the state is dropped and rebuilt from the journal; nothing is guessed.
//! - Every queue is bounded: a full one answers [`NodeError::Busy`] at once.
//!
//! May import `engine` and `journal`.

mod clock;
mod pipeline;
mod replay;
mod secrets;
mod sequencer;
mod state_hash;
mod timing;

use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::{Sender, TrySendError};
use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};

use crate::domain::{Day, LedgerTag, PersonalOpening, Seq};
use crate::engine::command::Submission;
use crate::engine::event::Recorded;
use crate::engine::{AtomicOutcome, Done, ItemFault, Rejection, State};
use crate::journal::codec::{self, LeafError};
use crate::journal::{LedgerUuid, PrivateKey, Store, StoreError, StoreReader, frames};

pub use clock::{Clock, JUMP_DAYS_MAX};
pub use pipeline::{PRINCIPAL_NAME, TEAM_NAME};
pub use replay::{ReplayError, Replayed, hash_kind, replay};
pub use secrets::{new_token, personal, token_hash};
pub use sequencer::{Genesis, StartError, create};
pub use state_hash::state_hash;
pub use timing::StageTimes;

/// Most jobs that wait. At 200 bytes each some thirteen megabytes; at 100,000 a second less than
/// a second of waiting.
pub const QUEUE_JOBS_MAX: usize = 65_536;

/// Most commands of one batch.
pub const BATCH_COMMANDS_MAX: usize = 8_192;

/// The state is unlocked for readers after this many commands.
pub const LOCK_COMMANDS_MAX: usize = 256;

/// How a node is started.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// Where time comes from.
    pub clock: Clock,
    /// Name of the node, in its epochs.
    pub name: String,
    /// Folder of the checkpoint file, usually the data folder; `None` for none.
    pub anchor: Option<PathBuf>,
    /// Most jobs that wait.
    pub queue_jobs: usize,
}

impl NodeConfig {
    /// A node with the system's clock and the default bounds.
    pub fn new(name: &str) -> NodeConfig {
        NodeConfig {
            clock: Clock::System,
            name: name.to_owned(),
            anchor: None,
            queue_jobs: QUEUE_JOBS_MAX,
        }
    }
}

/// Why a request got no answer from the engine.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// It is no command for this ledger, sender or moment.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The queue is full: try again in a second.
    #[error("the node is busy")]
    Busy,
    /// What became of it is unknown, or the node is starting or stopping: try again with the
    /// same key.
    #[error("the node is unavailable")]
    Unavailable,
}

impl From<Box<Rejection>> for NodeError {
    fn from(rejection: Box<Rejection>) -> NodeError {
        NodeError::Rejected(*rejection)
    }
}

/// The answer to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The events of the command; of its first answer, if it was sent before.
    pub events: Vec<Recorded>,
    /// True if it was sent before and nothing was done now.
    pub replayed: bool,
    /// Number of events that were in the journal when it was answered.
    pub seen: Seq,
}

/// The answer to an atomic bulk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtomicAnswer {
    /// Everything was done.
    Done(Answer),
    /// Nothing was done.
    Refused {
        /// The items that stand in the way.
        faults: Vec<ItemFault>,
        /// The journaled refusals.
        events: Vec<Recorded>,
        /// Number of events that were in the journal when it was answered.
        seen: Seq,
    },
}

/// What became of a bulk load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// What became of each command, in their order.
    pub results: Vec<Result<Done, Box<Rejection>>>,
    /// The events of those that were not answered before, in order.
    pub events: Vec<Recorded>,
}

/// How a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// True if it answers.
    pub ready: bool,
    /// Number of durable events.
    pub durable: Seq,
    /// Its epoch.
    pub epoch: u64,
    /// The business date.
    pub business_date: Day,
    /// Days by which the clock is ahead of the business date; more than [`JUMP_DAYS_MAX`] waits
    /// for an operator.
    pub clock_days_ahead: i32,
}

/// What is durable, and in which life of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Durable {
    /// Counts the times the state was rebuilt.
    life: u64,
    /// Number of durable events.
    events: Seq,
    /// False while the state is being rebuilt, and after the end.
    alive: bool,
}

/// What is asked of the sequencer.
enum Work {
    Each(Vec<Submission>),
    Atomic {
        key: Option<(u128, u128)>,
        items: Vec<Submission>,
    },
    Rehearse(Box<Submission>),
    RehearseAtomic(Vec<Submission>),
    /// Finish what was accepted and stop.
    Stop,
}

/// What the engine said, before its events are attached.
enum Outcome {
    Each(Vec<Result<Done, Box<Rejection>>>),
    Atomic(Result<AtomicOutcome, Rejection>),
}

/// An outcome with its events, released when all it saw is durable.
struct Released {
    outcome: Outcome,
    events: Vec<Recorded>,
    seen: Seq,
}

type Reply = oneshot::Sender<Result<Released, NodeError>>;

type Pending = oneshot::Receiver<Result<Released, NodeError>>;

struct Job {
    work: Work,
    reply: Reply,
}

/// The state behind its lock; `None` while it is being rebuilt.
struct Shared {
    state: Mutex<Option<State>>,
    durable: watch::Sender<Durable>,
    reader: Mutex<Arc<dyn StoreReader>>,
    clock: Clock,
    times: timing::Times,
}

/// A handle on the node; cheap to clone.
#[derive(Clone)]
pub struct Node {
    shared: Arc<Shared>,
    queue: Sender<Job>,
    ledger: LedgerUuid,
    tag: LedgerTag,
    stopped: watch::Receiver<bool>,
}

impl Node {
    /// Starts a node on a ledger that [`create`] made: verifies and replays the journal, begins a
    /// new epoch, and answers nothing before that is durable.
    ///
    /// # Errors
    /// The journal is damaged, was truncated, or cannot be written.
    pub async fn start(store: Box<dyn Store>, config: NodeConfig) -> Result<Node, StartError> {
        sequencer::start(store, config).await
    }

    /// Puts work into the queue.
    fn send(&self, work: Work) -> Result<Pending, NodeError> {
        let (reply, answer) = oneshot::channel();
        match self.queue.try_send(Job { work, reply }) {
            Ok(()) => Ok(answer),
            Err(TrySendError::Full(_)) => Err(NodeError::Busy),
            Err(TrySendError::Disconnected(_)) => Err(NodeError::Unavailable),
        }
    }

    async fn ask(&self, work: Work) -> Result<Released, NodeError> {
        self.send(work)?.await.map_err(|_| NodeError::Unavailable)?
    }

    /// Decides a command.
    ///
    /// # Errors
    /// See [`NodeError`]; after `Unavailable` the outcome is unknown.
    pub async fn submit(&self, submission: Submission) -> Result<Answer, NodeError> {
        let mut released = self.ask(Work::Each(vec![submission])).await?;
        let Outcome::Each(results) = &mut released.outcome else {
            return Err(NodeError::Unavailable);
        };
        let done = results.pop().ok_or(NodeError::Unavailable)??;
        let events = std::mem::take(&mut released.events);
        self.answer(done, events, released.seen).await
    }

    /// Decides several commands one after the other, each on its own.
    ///
    /// # Errors
    /// `Busy` and `Unavailable` for the whole; a rejection stands at its item.
    pub async fn submit_many(
        &self,
        submissions: Vec<Submission>,
    ) -> Result<Vec<Result<Answer, Box<Rejection>>>, NodeError> {
        let Released {
            outcome,
            events,
            seen,
        } = self.ask(Work::Each(submissions)).await?;
        let Outcome::Each(results) = outcome else {
            return Err(NodeError::Unavailable);
        };
        let mut events = events.into_iter();
        let mut answers = Vec::with_capacity(results.len());
        for result in results {
            answers.push(match result {
                Err(rejection) => Err(rejection),
                Ok(done) => {
                    let own = if done.replayed {
                        0
                    } else {
                        done.events as usize
                    };
                    let own = events.by_ref().take(own).collect();
                    Ok(self.answer(done, own, seen).await?)
                }
            });
        }
        Ok(answers)
    }

    /// Decides several commands one after the other, each on its own, in the order of the calls:
    /// the commands are in the queue when this returns, before its future is polled. For bulk
    /// loads with several calls under way; answers from before are not looked up.
    ///
    /// # Errors
    /// As [`Node::submit_many`].
    pub fn submit_load(
        &self,
        submissions: Vec<Submission>,
    ) -> impl Future<Output = Result<Loaded, NodeError>> + Send + use<> {
        let sent = self.send(Work::Each(submissions));
        async move {
            let released = sent?.await.map_err(|_| NodeError::Unavailable)??;
            let Outcome::Each(results) = released.outcome else {
                return Err(NodeError::Unavailable);
            };
            Ok(Loaded {
                results,
                events: released.events,
            })
        }
    }

    /// Decides several commands as one.
    ///
    /// # Errors
    /// As [`Node::submit`].
    pub async fn submit_atomic(
        &self,
        key: Option<(u128, u128)>,
        items: Vec<Submission>,
    ) -> Result<AtomicAnswer, NodeError> {
        let released = self.ask(Work::Atomic { key, items }).await?;
        self.atomic_answer(released).await
    }

    /// What a command would do; nothing is done.
    ///
    /// # Errors
    /// As [`Node::submit`].
    pub async fn rehearse(&self, submission: Submission) -> Result<Answer, NodeError> {
        let mut released = self.ask(Work::Rehearse(Box::new(submission))).await?;
        let Outcome::Each(results) = &mut released.outcome else {
            return Err(NodeError::Unavailable);
        };
        let done = results.pop().ok_or(NodeError::Unavailable)??;
        let events = std::mem::take(&mut released.events);
        self.answer(done, events, released.seen).await
    }

    /// What an atomic bulk would do; nothing is done.
    ///
    /// # Errors
    /// As [`Node::submit`].
    pub async fn rehearse_atomic(&self, items: Vec<Submission>) -> Result<AtomicAnswer, NodeError> {
        let released = self.ask(Work::RehearseAtomic(items)).await?;
        self.atomic_answer(released).await
    }

    async fn atomic_answer(&self, released: Released) -> Result<AtomicAnswer, NodeError> {
        let Released {
            outcome,
            events,
            seen,
        } = released;
        let Outcome::Atomic(outcome) = outcome else {
            return Err(NodeError::Unavailable);
        };
        match outcome? {
            AtomicOutcome::Done(done) => {
                Ok(AtomicAnswer::Done(self.answer(done, events, seen).await?))
            }
            AtomicOutcome::Refused(faults) => Ok(AtomicAnswer::Refused {
                faults,
                events,
                seen,
            }),
        }
    }

    async fn answer(
        &self,
        done: Done,
        events: Vec<Recorded>,
        seen: Seq,
    ) -> Result<Answer, NodeError> {
        if !done.replayed {
            return Ok(Answer {
                events,
                replayed: false,
                seen,
            });
        }
        let mut events = Vec::with_capacity(done.events as usize);
        let mut seq = done.first.0;
        let end = seq + u64::from(done.events);
        while seq < end {
            let row = self.row_of(Seq(seq)).await?.ok_or(NodeError::Unavailable)?;
            for recorded in leaves(&row.body, row.head.first_seq, seq, end)? {
                seq = recorded.meta.seq.0 + 1;
                events.push(recorded);
            }
        }
        Ok(Answer {
            events,
            replayed: true,
            seen,
        })
    }

    /// Reads the state. The value is returned when everything it saw is durable; the second
    /// value is the number of events it saw.
    ///
    /// # Errors
    /// `Unavailable` while the state is being rebuilt, or if what was read was never committed.
    pub async fn read<T: Send>(
        &self,
        f: impl FnOnce(&State) -> T + Send,
    ) -> Result<(T, Seq), NodeError> {
        let (value, seen, life) = {
            let guard = self.shared.state.lock();
            let state = guard.as_ref().ok_or(NodeError::Unavailable)?;
            (
                f(state),
                state.next_seq(),
                self.shared.durable.borrow().life,
            )
        };
        let mut durable = self.shared.durable.subscribe();
        let reached = durable
            .wait_for(|d| d.life != life || !d.alive || d.events >= seen)
            .await
            .map_err(|_| NodeError::Unavailable)?;
        let held = reached.life == life && reached.events >= seen;
        drop(reached);
        if held {
            Ok((value, seen))
        } else {
            Err(NodeError::Unavailable)
        }
    }

    /// Reads the state without waiting until what was read is durable: for parsing a command and
    /// for rendering an answer that was released already. Nothing read here may be told to
    /// anybody before a later answer or read of the same request is released.
    ///
    /// # Errors
    /// `Unavailable` while the state is being rebuilt.
    pub fn peek<T>(&self, f: impl FnOnce(&State) -> T) -> Result<T, NodeError> {
        self.shared
            .state
            .lock()
            .as_ref()
            .map(f)
            .ok_or(NodeError::Unavailable)
    }

    async fn row_of(&self, seq: Seq) -> Result<Option<crate::journal::Row>, NodeError> {
        let reader = self.shared.reader.lock().clone();
        reader.row_of_seq(seq.0).await.map_err(unavailable)
    }

    /// A durable event; `None` beyond the end.
    ///
    /// # Errors
    /// `Unavailable` if the database does not answer.
    pub async fn event(&self, seq: Seq) -> Result<Option<Recorded>, NodeError> {
        let Some(row) = self.row_of(seq).await? else {
            return Ok(None);
        };
        let mut found = leaves(&row.body, row.head.first_seq, seq.0, seq.0 + 1)?;
        Ok(found.pop())
    }

    /// The opening of a personal text; `None` if it was erased.
    ///
    /// # Errors
    /// `Unavailable` if the database does not answer.
    pub async fn personal(&self, seq: Seq, field: u16) -> Result<Option<String>, NodeError> {
        let reader = self.shared.reader.lock().clone();
        let opening = reader
            .private(PrivateKey { seq: seq.0, field })
            .await
            .map_err(unavailable)?;
        Ok(opening.map(|PersonalOpening { value, .. }| value.into()))
    }

    /// The tag that enters the check characters of this ledger's identifiers.
    pub fn ledger_tag(&self) -> LedgerTag {
        self.tag
    }

    /// The reader of the journal, for exports and verification.
    pub fn reader(&self) -> Arc<dyn StoreReader> {
        self.shared.reader.lock().clone()
    }

    /// How the node stands.
    pub fn status(&self) -> Status {
        let durable = *self.shared.durable.borrow();
        let (epoch, business_date) = {
            let guard = self.shared.state.lock();
            guard
                .as_ref()
                .map_or((0, Day::MIN), |s| (s.epoch(), s.business_date()))
        };
        Status {
            ready: durable.alive,
            durable: durable.events,
            epoch,
            business_date,
            clock_days_ahead: self.shared.clock.days_ahead(business_date),
        }
    }

    /// Time spent in each stage since the node started.
    pub fn stage_times(&self) -> StageTimes {
        self.shared.times.read()
    }

    /// The ledger.
    pub fn ledger(&self) -> LedgerUuid {
        self.ledger
    }

    /// Waits until more events are durable; false if the node has ended.
    pub async fn committed_beyond(&self, events: u64) -> bool {
        let mut durable = self.shared.durable.subscribe();
        let more = async {
            let more = durable.wait_for(|durable| durable.alive && durable.events.0 > events);
            more.await.is_ok()
        };
        tokio::select! {
            more = more => more,
            () = self.ended() => false,
        }
    }

    /// Finishes what was accepted, writes the checkpoint file and closes the database.
    pub async fn stop(&self) {
        let (reply, _) = oneshot::channel();
        let mut job = Job {
            work: Work::Stop,
            reply,
        };
        // A full queue empties by itself; the loop ends with the queue's reader.
        while let Err(TrySendError::Full(back)) = self.queue.try_send(job) {
            job = back;
            tokio::task::yield_now().await;
        }
        self.ended().await;
    }

    /// Waits until the node has ended: because it was stopped, or by itself if it cannot go on.
    pub async fn ended(&self) {
        let mut stopped = self.stopped.clone();
        // An error means that the thread has ended, which is what is waited for.
        let _ended = stopped.wait_for(|stopped| *stopped).await;
    }

    /// True once the node has ended.
    pub fn has_ended(&self) -> bool {
        *self.stopped.borrow()
    }
}

fn unavailable(error: StoreError) -> NodeError {
    tracing::error!(
        error = &error as &dyn std::error::Error,
        "the journal cannot be read"
    );
    NodeError::Unavailable
}

/// The events `from..to` of a row's body.
fn leaves(body: &[u8], first_seq: u64, from: u64, to: u64) -> Result<Vec<Recorded>, NodeError> {
    let damaged = |what: &dyn std::fmt::Display| {
        tracing::error!(first_seq, %what, "a row of the journal is damaged");
        NodeError::Unavailable
    };
    let mut events = Vec::new();
    for (seq, leaf) in (first_seq..to).zip(frames(body)) {
        let leaf = leaf.map_err(|error| damaged(&error))?;
        if seq >= from {
            events.push(codec::decode(leaf).map_err(|error: LeafError| damaged(&error))?);
        }
    }
    Ok(events)
}

#[cfg(test)]
mod tests;
