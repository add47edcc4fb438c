//! Standing by: keeping up with the journal that another node writes, and taking over.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam_channel::{RecvTimeoutError, select};

use super::genesis::Beginning;
use super::lease::{Contender, Keeper, LOOK, Looked, Standing};
use super::replay::{ReplayError, apply_row};
use super::sequencer::{Phase, RECOVERY_PAUSE, Sequencer, StartError, Warm};
use super::{NodeError, Work};
use crate::domain::Seq;
use crate::journal::{AppendError, JournalFault, ReadLimit, Row, StoreError};

/// How often the journal is read while nobody asks for what is newest.
const POLL: Duration = Duration::from_millis(20);

/// How often a new leader tries to get behind what the last one may still have under way.
const TAKE_OVER_ATTEMPTS: u32 = 100;

/// Why a node does not keep up.
enum Behind {
    /// The database does not answer.
    Away(StoreError),
    /// The journal is not the continuation of what the node has.
    Broken(ReplayError),
}

/// What a node that stands by is to do next.
enum Next {
    Go,
    Stop,
}

impl Sequencer {
    /// Keeps up with the journal until the lease is this node's.
    pub(super) fn follow(&mut self, mut warm: Warm) -> Phase {
        let Some(lease) = warm.store.lease() else {
            return Phase::Load(warm.store);
        };
        *self.shared.standing.lock() = Standing::Follows(None);
        let mut contender = Contender::new(lease, self.config.candidate.clone());
        let mut look_at = Instant::now();
        let mut away = false;
        self.shared.away.store(away, Ordering::Relaxed);
        loop {
            if matches!(self.wait(), Next::Stop) {
                return Phase::End(Some(warm.store));
            }
            let looks = Instant::now() >= look_at;
            let caught_up = self.catch_up(&mut warm);
            let caught_up = match looks {
                true => caught_up.and_then(|()| self.check_whole(&warm)),
                false => caught_up,
            };
            let reached = match caught_up {
                Ok(()) => Ok(()),
                Err(Behind::Away(error)) => Err(error),
                Err(Behind::Broken(error)) => return self.read_anew(warm, &error),
            };
            let reached = match reached {
                Ok(()) if looks => {
                    look_at = Instant::now() + LOOK;
                    match self.runtime.block_on(contender.look(&self.runtime)) {
                        Ok(Looked::Elected(keeper)) => match self.take_over(warm, keeper) {
                            Ok(phase) => return phase,
                            Err(given_up) => {
                                warm = *given_up;
                                Ok(())
                            }
                        },
                        Ok(looked) => {
                            self.know(looked);
                            Ok(())
                        }
                        Err(error) => Err(error),
                    }
                }
                other => other,
            };
            if let Err(error) = &reached {
                if !away {
                    let error = error as &dyn std::error::Error;
                    tracing::warn!(error, "the database is away; the node waits for it");
                }
                std::thread::sleep(RECOVERY_PAUSE);
            }
            away = reached.is_err();
            self.shared.away.store(away, Ordering::Relaxed);
        }
    }

    /// Gives up what the node has, and keeps in mind how far the journal was.
    fn read_anew(&self, mut warm: Warm, error: &ReplayError) -> Phase {
        let error = error as &dyn std::error::Error;
        tracing::error!(error, "the journal is not what it was; it is read anew");
        if let Some(anchor) = &mut warm.anchor {
            super::pipeline::complain(anchor.flush());
        }
        self.shared.withdraw();
        Phase::Load(warm.store)
    }

    /// Fails if the journal no longer has what the node has: its database has lost rows, or is
    /// another one. Rows that come in would not tell before others have taken their place.
    fn check_whole(&self, warm: &Warm) -> Result<(), Behind> {
        let Some(head) = warm.chain.head() else {
            return Ok(());
        };
        let (anchor_size, reader) = (head.size(), warm.store.reader());
        let found = self.runtime.block_on(reader.head());
        let found = found.map_err(Behind::Away)?;
        let journal_size = found.map_or(0, |found| found.size());
        let fault = if journal_size < anchor_size {
            JournalFault::Truncated {
                anchor_size,
                journal_size,
            }
        } else if found.is_some_and(|found| found.size() == anchor_size && found.root != head.root)
        {
            JournalFault::Altered { anchor_size }
        } else {
            return Ok(());
        };
        Err(Behind::Broken(fault.into()))
    }

    /// Remembers who leads.
    fn know(&self, looked: Looked) {
        let leader = match looked {
            Looked::Led(leader) => Some(leader),
            Looked::Open | Looked::Elected(_) => None,
        };
        *self.shared.standing.lock() = Standing::Follows(leader);
    }

    /// Waits until it is time to read the journal again; nobody is answered meanwhile.
    fn wait(&self) -> Next {
        let job = select! {
            recv(self.jobs) -> job => job.map_err(RecvTimeoutError::from),
            recv(self.wakes) -> _ => return Next::Go,
            default(POLL) => return Next::Go,
        };
        match job {
            Ok(job) if matches!(job.work, Work::Stop) => Next::Stop,
            Ok(job) => {
                // A client that is gone needs no answer.
                let _gone = job.reply.send(Err(NodeError::Unavailable));
                Next::Go
            }
            Err(_) => Next::Stop,
        }
    }

    /// Reads and applies what is new in the journal.
    fn catch_up(&self, warm: &mut Warm) -> Result<(), Behind> {
        loop {
            let next = warm.chain.head().map_or(0, |head| head.batch_no + 1);
            let reader = warm.store.reader();
            let rows = self
                .runtime
                .block_on(reader.rows_from(next, ReadLimit::SCAN))
                .map_err(Behind::Away)?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in &rows {
                self.add(warm, row).map_err(Behind::Broken)?;
            }
        }
    }

    /// Applies one row. Nobody reads in the middle of it.
    fn add(&self, warm: &mut Warm, row: &Row) -> Result<(), ReplayError> {
        warm.chain.check(row)?;
        let mut guard = self.shared.state.lock();
        let state = guard.as_mut().ok_or(ReplayError::Thread)?;
        apply_row(state, row, &mut warm.decoded)?;
        drop(guard);
        self.shared
            .durable
            .send_modify(|durable| durable.events = Seq(row.head.size()));
        if let Some(anchor) = &mut warm.anchor {
            super::pipeline::complain(anchor.committed(&row.head, Instant::now()));
        }
        Ok(())
    }

    /// Begins to lead with the lease in hand; gives the state back if that cannot be.
    fn take_over(&mut self, mut warm: Warm, keeper: Keeper) -> Result<Phase, Box<Warm>> {
        for _ in 0..TAKE_OVER_ATTEMPTS {
            match self.try_epoch(&mut warm) {
                Ok(true) => {
                    tracing::info!("the node leads");
                    return Ok(Phase::Lead(warm, Some(keeper)));
                }
                // What the last leader had under way has come in first.
                Ok(false) if !keeper.tenure.lost() => {}
                Ok(false) => break,
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, "the node cannot lead yet");
                    break;
                }
            }
        }
        self.runtime.block_on(keeper.release());
        Err(Box::new(warm))
    }

    /// Begins an epoch behind what is in the journal; false if something else came in between.
    fn try_epoch(&self, warm: &mut Warm) -> Result<bool, StartError> {
        self.catch_up(warm).map_err(|behind| match behind {
            Behind::Away(error) => StartError::Store(error),
            Behind::Broken(error) => StartError::Replay(error),
        })?;
        self.begin_epoch(warm)
    }

    /// Begins an epoch behind what the node has; false if that is not the end of the journal.
    pub(super) fn begin_epoch(&self, warm: &mut Warm) -> Result<bool, StartError> {
        let beginning = {
            let mut guard = self.shared.state.lock();
            let state = guard.as_mut().ok_or(StartError::Empty)?;
            Beginning::after(state, &warm.chain, &self.config)?
        };
        let rows = std::slice::from_ref(&beginning.row);
        match self.runtime.block_on(warm.store.append(rows, &[])) {
            Ok(()) => {}
            Err(AppendError::Fenced { .. }) => return Ok(false),
            Err(error) => return Err(StartError::Append(error)),
        }
        let mut guard = self.shared.state.lock();
        let state = guard.as_mut().ok_or(StartError::Empty)?;
        beginning.happened(state, &mut warm.chain);
        let events = state.next_seq();
        drop(guard);
        self.shared
            .durable
            .send_modify(|durable| durable.events = events);
        Ok(true)
    }
}
