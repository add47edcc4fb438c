//! The handle by which everybody else asks the node.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crossbeam_channel::{Sender, TrySendError};
use tokio::sync::{oneshot, watch};

use super::lease::Standing;
use super::secrets::CHECK_SECRET;
use super::{
    Answer, AtomicAnswer, Freshness, Job, Loaded, NodeConfig, NodeError, Outcome, Pending,
    Released, Role, Shared, StageTimes, StartError, Status, Today, Work, sequencer,
};
use crate::domain::{LedgerTag, PersonalOpening, RecordedAt, Seq};
use crate::engine::command::Submission;
use crate::engine::event::Recorded;
use crate::engine::{AtomicOutcome, Done, Rejection, State};
use crate::journal::codec::{self, LeafError};
use crate::journal::{Candidate, LedgerUuid, PrivateKey, Store, StoreError, StoreReader, frames};

/// A handle on the node; cheap to clone.
#[derive(Clone)]
pub struct Node {
    shared: Arc<Shared>,
    queue: Sender<Job>,
    /// Wakes a node that keeps up with the journal.
    wake: Sender<()>,
    ledger: LedgerUuid,
    tag: LedgerTag,
    stopped: watch::Receiver<bool>,
}

/// The answers to several commands, in their order.
pub type Answers = Vec<Result<Answer, Box<Rejection>>>;

/// How long a read waits until the node has caught up.
const PATIENCE: Duration = Duration::from_secs(5);

impl Node {
    /// Starts a node on a ledger that [`super::create`] made: verifies and replays the journal.
    /// Where no other node can write, it begins a new epoch and answers nothing before that is
    /// durable; where others share the database, it keeps up with the journal and leads when the
    /// lease is free, see [`Node::lead`].
    ///
    /// # Errors
    /// The journal is damaged, was truncated, or cannot be written.
    pub async fn start(store: Box<dyn Store>, config: NodeConfig) -> Result<Node, StartError> {
        sequencer::start(store, config).await
    }

    pub(super) fn new(
        shared: Arc<Shared>,
        queue: Sender<Job>,
        wake: Sender<()>,
        ledger: LedgerUuid,
        stopped: watch::Receiver<bool>,
    ) -> Node {
        Node {
            shared,
            queue,
            wake,
            ledger,
            tag: LedgerTag::of_ledger(&ledger),
            stopped,
        }
    }

    /// Puts work into the queue.
    fn send(&self, work: Work) -> Result<Pending, NodeError> {
        if self.shared.outruns() {
            return Err(NodeError::Busy);
        }
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
    /// See [`NodeError`]; after `Unavailable` the outcome is unknown, after `Damaged` nothing was
    /// done.
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
    pub async fn submit_many(&self, submissions: Vec<Submission>) -> Result<Answers, NodeError> {
        let released = self.ask(Work::Each(submissions)).await?;
        self.answers(released).await
    }

    /// What several commands would do one after the other, each on its own; nothing is done.
    ///
    /// # Errors
    /// As [`Node::submit_many`].
    pub async fn rehearse_many(&self, submissions: Vec<Submission>) -> Result<Answers, NodeError> {
        let released = self.ask(Work::Rehearse(submissions)).await?;
        self.answers(released).await
    }

    async fn answers(&self, released: Released) -> Result<Answers, NodeError> {
        let Outcome::Each(results) = released.outcome else {
            return Err(NodeError::Unavailable);
        };
        let mut events = released.events.into_iter();
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
                    Ok(self.answer(done, own, released.seen).await?)
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
        let mut answers = self.rehearse_many(vec![submission]).await?;
        Ok(answers.pop().ok_or(NodeError::Unavailable)??)
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

    /// Reads the state as it is now, on any node. The value is returned when everything it saw is
    /// durable; the second value is the number of events it saw.
    ///
    /// # Errors
    /// `Unavailable` while the state is being rebuilt, or if what was read was never committed.
    pub async fn read<T: Send>(
        &self,
        f: impl FnOnce(&State) -> T + Send,
    ) -> Result<(T, Seq), NodeError> {
        self.read_at(Freshness::Newest, f).await
    }

    /// Reads the state as it was at some moment or later.
    ///
    /// # Errors
    /// As [`Node::read`]; `Behind` if the moment is not reached in time.
    pub async fn read_at<T: Send>(
        &self,
        freshness: Freshness,
        f: impl FnOnce(&State) -> T + Send,
    ) -> Result<(T, Seq), NodeError> {
        // Whoever leads has the newest state, if it still leads when the answer is given.
        let newest = freshness == Freshness::Newest;
        let led = self.shared.leads();
        match freshness {
            Freshness::Newest if !led => self.reach(self.newest().await?).await?,
            Freshness::AtLeast(events) => self.reach(events).await?,
            Freshness::Newest | Freshness::Any => {}
        }
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
        if held && (!newest || !led || self.shared.leads()) {
            Ok((value, seen))
        } else {
            Err(NodeError::Unavailable)
        }
    }

    /// Number of events in the journal, as its database says.
    ///
    /// # Errors
    /// `Unavailable` if the database does not answer.
    pub async fn newest(&self) -> Result<Seq, NodeError> {
        let reader = self.shared.reader.lock().clone();
        let head = reader.head().await.map_err(unavailable)?;
        Ok(Seq(head.map_or(0, |head| head.size())))
    }

    /// Waits until the node has so many durable events.
    async fn reach(&self, events: Seq) -> Result<(), NodeError> {
        let mut durable = self.shared.durable.subscribe();
        if durable.borrow_and_update().events >= events {
            return Ok(());
        }
        // One that is full wakes the node as well.
        let _woken = self.wake.try_send(());
        let reached = durable.wait_for(|durable| durable.alive && durable.events >= events);
        match tokio::time::timeout(PATIENCE, reached).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(NodeError::Unavailable),
            Err(_) => Err(NodeError::Behind),
        }
    }

    /// Waits until the node leads; false if it does not in time, or has ended.
    pub async fn lead(&self, patience: Duration) -> bool {
        let mut durable = self.shared.durable.subscribe();
        let leads = durable.wait_for(|_| self.shared.leads());
        tokio::select! {
            leads = leads => leads.is_ok(),
            () = self.ended() => false,
            () = tokio::time::sleep(patience) => false,
        }
    }

    /// Tells how many events the views hold. If they lack too many, commands take longer, and
    /// beyond a second bound they are answered [`NodeError::Busy`].
    pub fn followed(&self, events: u64) {
        self.shared.followed(events);
    }

    /// True if commands are for this node to decide, if only by saying that it cannot for now.
    pub fn leads(&self) -> bool {
        self.shared.leads()
    }

    /// The other node that leads, if one is known.
    pub fn leader(&self) -> Option<Candidate> {
        match &*self.shared.standing.lock() {
            Standing::Follows(leader) => leader.clone(),
            Standing::Alone { .. } | Standing::Leads(_) => None,
        }
    }

    /// True if a request was passed on by another node of the same database.
    pub fn is_own_secret(&self, secret: &str) -> bool {
        let own = self.shared.candidate.secret.as_bytes();
        let differ = own
            .iter()
            .zip(secret.as_bytes())
            .fold(0, |d, (a, b)| d | (a ^ b));
        own.len() == secret.len() && differ == 0
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

    /// The secret of the public check, once [`super::keep_check_secret`] has made it.
    ///
    /// # Errors
    /// `Unavailable` if the database does not answer.
    pub async fn check_secret(&self) -> Result<Option<String>, NodeError> {
        self.personal(Seq(CHECK_SECRET.seq), CHECK_SECRET.field)
            .await
    }

    /// The tag that enters the check characters of this ledger's identifiers.
    pub fn ledger_tag(&self) -> LedgerTag {
        self.tag
    }

    /// The reader of the journal, for exports and verification.
    pub fn reader(&self) -> Arc<dyn StoreReader> {
        self.shared.reader.lock().clone()
    }

    pub(super) fn simulation_turn(&self) -> &Arc<super::simulate::Turn> {
        &self.shared.simulating
    }

    /// The instant, by the node's clock.
    pub fn now(&self) -> RecordedAt {
        self.shared.clock.now()
    }

    /// How the node stands.
    pub fn status(&self) -> Status {
        let durable = *self.shared.durable.borrow();
        let state = {
            let guard = self.shared.state.lock();
            guard.as_ref().map(|s| (s.epoch(), s.business_date()))
        };
        let role = match &*self.shared.standing.lock() {
            _ if !durable.alive => Role::Starting,
            Standing::Alone { writes: true } => Role::Leader,
            Standing::Alone { writes: false } => Role::ReadOnly,
            Standing::Leads(tenure) if tenure.holds() => Role::Leader,
            Standing::Leads(_) => Role::Starting,
            Standing::Follows(_) => Role::Follower,
        };
        // A leader whose database is away leads no more by itself.
        let away = role == Role::Follower && self.shared.away.load(Ordering::Relaxed);
        let damaged = self.shared.is_damaged();
        Status {
            ready: role != Role::Starting && !away && !damaged,
            role,
            durable: durable.events,
            damaged,
            today: state.map(|(epoch, business_date)| Today {
                epoch,
                business_date,
                clock_days_ahead: self.shared.clock.days_ahead(business_date),
            }),
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

pub(super) fn unavailable(error: StoreError) -> NodeError {
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
