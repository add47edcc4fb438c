//! The node: one thread that decides, behind it the stages that hash and commit, and a handle for
//! everybody else. Where several nodes share a database, one leads and the others keep up.
//!
//! Invariants:
//! - An answer (acceptance, refusal, replay, rehearsal, read) is released only when everything it
//!   saw is durable. If the append fails, everybody who waits gets [`NodeError::Unavailable`].
//! - After a failed append the state is dropped and rebuilt from the journal; nothing is guessed.
//!   What was rebuilt is read from then on, also while the journal still cannot be written.
//! - A read is answered by a leader only while nobody else can have begun to lead, and by a
//!   follower only when it has what was in the journal when it was asked.
//! - Every queue is bounded: a full one answers [`NodeError::Busy`] at once.
//!
//! May import `engine` and `journal`.

mod clock;
mod follower;
mod genesis;
mod handle;
mod leader;
mod lease;
mod passwords;
mod past;
mod pipeline;
mod replay;
mod secrets;
mod sequencer;
mod simulate;
mod snapshot;
mod state_hash;
mod timing;
mod upkeep;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};

use crate::domain::{Day, Seq};
use crate::engine::command::Submission;
use crate::engine::event::Recorded;
use crate::engine::{AtomicOutcome, Done, ItemFault, Rejection, State};
pub use crate::journal::Candidate;
use crate::journal::StoreReader;
use lease::Standing;

pub use clock::{Clock, JUMP_DAYS_MAX};
pub use genesis::{Genesis, create};
pub use handle::{Answers, Node};
pub use lease::{TERM, leads_now};
pub use passwords::{PASSWORD_BYTES, fits, verifier};
pub use pipeline::{
    CITIZEN_NAME, PASSWORD_VERIFIER, PRINCIPAL_CONTACT, PRINCIPAL_NAME, TEAM_ACCOUNT, TEAM_ADDRESS,
    TEAM_MEMBERS, TEAM_NAME, TEAM_PURPOSE,
};
pub use replay::{ReplayError, Replayed, hash_kind, replay};
pub use secrets::{candidate, keep_check_secret, new_token, personal, token_hash};
pub use sequencer::StartError;
pub use simulate::{SIMULATED_EVENTS_MAX, Simulated, Telling};
pub use snapshot::{Snapshot, SnapshotError, snapshots, take_snapshot};
pub use state_hash::state_hash;
pub use timing::StageTimes;

/// Most jobs that wait. At 200 bytes each some thirteen megabytes; at 100,000 a second less than
/// a second of waiting.
pub const QUEUE_JOBS_MAX: usize = 65_536;

/// Most commands of one batch.
pub const BATCH_COMMANDS_MAX: usize = 8_192;

/// Longest rest after a batch. With full batches the node then decides some 80,000 commands a
/// second, about as many as the views follow.
const REST_MAX: Duration = Duration::from_millis(100);

/// The state is unlocked for readers after this many commands.
pub const LOCK_COMMANDS_MAX: usize = 256;

/// Events that the views may lack before the node takes longer for each batch: some ten seconds of
/// their work.
pub const VIEWS_LAG_SLOW: u64 = 1_000_000;

/// Events that the views may lack before commands are answered [`NodeError::Busy`].
pub const VIEWS_LAG_STOP: u64 = 4_000_000;

/// How far what follows the journal may be behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LagBounds {
    /// Beyond it every batch takes longer.
    pub slow: u64,
    /// Beyond it nothing is taken.
    pub stop: u64,
}

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
    /// Where snapshots are; `None` to start without.
    pub snapshots: Option<Snapshots>,
    /// How far the views may be behind.
    pub lag: LagBounds,
    /// What the node writes into the lease of a database that several nodes share.
    pub candidate: Candidate,
}

impl NodeConfig {
    /// A node with the system's clock and the default bounds.
    pub fn new(name: &str) -> NodeConfig {
        NodeConfig {
            clock: Clock::System,
            name: name.to_owned(),
            anchor: None,
            queue_jobs: QUEUE_JOBS_MAX,
            snapshots: None,
            lag: LagBounds {
                slow: VIEWS_LAG_SLOW,
                stop: VIEWS_LAG_STOP,
            },
            candidate: candidate(None, String::new()),
        }
    }
}

/// Where snapshots of the state are, and how often one is made.
#[derive(Clone, Debug)]
pub struct Snapshots {
    /// The data folder.
    pub folder: PathBuf,
    /// Events after which another one is made; 0 for never.
    pub every: u64,
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
    /// What was asked for has not reached this node in time.
    #[error("the node has not caught up")]
    Behind,
    /// What became of it is unknown, or the node is starting or stopping: try again with the
    /// same key.
    #[error("the node is unavailable")]
    Unavailable,
    /// The journal was found to be damaged: nothing was done, and nothing is until an operator has
    /// mended it.
    #[error(
        "the journal is damaged, and nothing is written; `quantong verify` names what is wrong"
    )]
    Damaged,
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

/// How new the state must be that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Nothing that was acknowledged by any node before is missing.
    Newest,
    /// So many events are in it.
    AtLeast(Seq),
    /// As the node has it.
    Any,
}

/// What a node does for its ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It decides commands.
    Leader,
    /// It keeps up with the journal, answers reads and takes over when the leader is gone.
    Follower,
    /// It answers reads; the journal cannot be written for the moment.
    ReadOnly,
    /// It answers nothing yet, or for the moment.
    Starting,
}

impl Role {
    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Leader => "leader",
            Role::Follower => "follower",
            Role::ReadOnly => "read_only",
            Role::Starting => "starting",
        }
    }
}

/// How a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// True if it answers reads.
    pub ready: bool,
    /// What it does.
    pub role: Role,
    /// Number of durable events.
    pub durable: Seq,
    /// True if the journal was found to be damaged: nothing is written any more.
    pub damaged: bool,
    /// What its state says; `None` while it has none.
    pub today: Option<Today>,
}

/// What a state says of its epoch and day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Today {
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
    /// What these would do, one after the other.
    Rehearse(Vec<Submission>),
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
    standing: Mutex<Standing>,
    followers: Followers,
    /// Set when the part of the journal that a start from a snapshot passed over is damaged.
    damaged: AtomicBool,
    /// Set while the database of a node that stands by does not answer.
    away: AtomicBool,
    candidate: Candidate,
    /// Whose turn it is to simulate.
    simulating: Arc<simulate::Turn>,
}

/// How far the views have followed.
struct Followers {
    bounds: LagBounds,
    /// Number of events they hold.
    events: AtomicU64,
    /// Set when they have kept up once. Views that are made anew hold up nobody.
    kept_up: AtomicBool,
}

impl Followers {
    fn new(bounds: LagBounds) -> Followers {
        Followers {
            bounds,
            events: AtomicU64::new(0),
            kept_up: AtomicBool::new(false),
        }
    }

    /// Events that they lack, if they have kept up before.
    fn lag(&self, durable: Seq) -> u64 {
        if self.kept_up.load(Ordering::Relaxed) {
            durable
                .0
                .saturating_sub(self.events.load(Ordering::Relaxed))
        } else {
            0
        }
    }
}

impl Shared {
    /// Notes how many events the views hold.
    fn followed(&self, events: u64) {
        self.followers.events.store(events, Ordering::Relaxed);
        let lag = self.durable.borrow().events.0.saturating_sub(events);
        if lag <= self.followers.bounds.slow {
            self.followers.kept_up.store(true, Ordering::Relaxed);
        }
    }

    /// True if the views are so far behind that nothing more is taken.
    fn outruns(&self) -> bool {
        let durable = self.durable.borrow().events;
        self.followers.lag(durable) > self.followers.bounds.stop
    }

    /// How long to wait after a batch, so that the views can catch up.
    fn rest(&self) -> Duration {
        let LagBounds { slow, stop } = self.followers.bounds;
        let durable = self.durable.borrow().events;
        let beyond = self.followers.lag(durable).saturating_sub(slow);
        let most = stop.saturating_sub(slow).max(1);
        let micros = u128::from(beyond.min(most)) * REST_MAX.as_micros() / u128::from(most);
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    /// True if the journal was found to be damaged.
    fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    /// True if nobody else can have written since.
    fn leads(&self) -> bool {
        match &*self.standing.lock() {
            Standing::Alone { .. } => true,
            Standing::Leads(tenure) => tenure.holds(),
            Standing::Follows(_) => false,
        }
    }

    /// Publishes a state in a new life.
    fn publish(&self, state: State) {
        let events = state.next_seq();
        *self.state.lock() = Some(state);
        self.durable.send_modify(|durable| {
            *durable = Durable {
                life: durable.life + 1,
                events,
                alive: true,
            };
        });
    }

    /// Takes the state away: it may hold what was never committed.
    fn withdraw(&self) {
        self.durable.send_modify(|durable| durable.alive = false);
        *self.state.lock() = None;
    }
}

#[cfg(test)]
mod tests;
