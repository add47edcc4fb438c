//! Simulations: the journal is read beside everything else, on a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::handle::unavailable;
use super::{Node, NodeError};
use crate::engine::event::Recorded;
use crate::engine::simulate::{Question, Report, SimulatedClaim, Simulation};
use crate::journal::{ReadLimit, Row, codec, frames};

/// Most events of a journal that is simulated: a simulation holds a state of its own, some three
/// gigabytes at that size.
pub const SIMULATED_EVENTS_MAX: u64 = 20_000_000;

/// How long a simulation may take: half a million events a second, at least.
const PATIENCE: Duration = Duration::from_secs(60);

/// Groups of rows between reading and deciding: each is some 16 MiB.
const GROUPS: usize = 2;

/// Which claims are told one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Telling {
    /// Claims that nothing would have changed for, too.
    pub unchanged: bool,
    /// Most claims.
    pub claims_max: usize,
}

/// What a simulation answers.
#[derive(Clone, Debug)]
pub struct Simulated {
    /// In all.
    pub report: Report,
    /// Claim by claim, in the order of filing, as far as they are told.
    pub claims: Vec<SimulatedClaim>,
}

/// One simulation at a time.
#[derive(Debug, Default)]
pub(super) struct Turn(AtomicBool);

struct Held(Arc<Turn>);

impl Turn {
    fn take(self: &Arc<Turn>) -> Option<Held> {
        let free = !self.0.swap(true, Ordering::AcqRel);
        free.then(|| Held(Arc::clone(self)))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.store(false, Ordering::Release);
    }
}

impl Node {
    /// Decides the claims of the past again under other rules. Writes nothing, and reads what is
    /// durable.
    ///
    /// # Errors
    /// `Busy` while another simulation runs, `Unavailable` if the journal cannot be read or the
    /// simulation takes too long.
    pub async fn simulate(
        &self,
        question: Question,
        telling: Telling,
    ) -> Result<Simulated, NodeError> {
        let held = self.simulation_turn().take().ok_or(NodeError::Busy)?;
        let (rows, mut unread) = mpsc::channel::<Vec<Row>>(GROUPS);
        let decider = tokio::task::spawn_blocking(move || {
            let _held = held;
            decide(question, telling, &mut unread)
        });
        let read = self.feed(&rows).await;
        drop(rows);
        let simulated = decider.await.map_err(|error| {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "a simulation has ended");
            NodeError::Unavailable
        })?;
        read?;
        simulated
    }

    /// Reads the journal until its end or until nobody takes more.
    async fn feed(&self, rows: &mpsc::Sender<Vec<Row>>) -> Result<(), NodeError> {
        let reader = self.reader();
        let mut next = 0;
        loop {
            let group = reader.rows_from(next, ReadLimit::SCAN).await;
            let group = group.map_err(unavailable)?;
            let Some(last) = group.last() else {
                return Ok(());
            };
            next = last.head.batch_no + 1;
            if rows.send(group).await.is_err() {
                return Ok(());
            }
        }
    }
}

fn decide(
    question: Question,
    telling: Telling,
    rows: &mut mpsc::Receiver<Vec<Row>>,
) -> Result<Simulated, NodeError> {
    let began = Instant::now();
    let mut simulation = Simulation::new(question);
    let mut claims = Vec::new();
    let mut each = |claim: &SimulatedClaim| {
        if claims.len() < telling.claims_max && (telling.unchanged || claim.is_changed()) {
            claims.push(claim.clone());
        }
    };
    let mut events: Vec<Recorded> = Vec::new();
    while let Some(group) = rows.blocking_recv() {
        for row in group {
            for leaf in frames(&row.body) {
                let leaf = leaf.map_err(|_| NodeError::Unavailable)?;
                events.clear();
                codec::decode_into(leaf, &mut events).map_err(|_| NodeError::Unavailable)?;
                events
                    .iter()
                    .for_each(|recorded| simulation.take(recorded, &mut each));
            }
            if began.elapsed() > PATIENCE {
                tracing::warn!("a simulation took too long and was given up");
                return Err(NodeError::Unavailable);
            }
        }
        if simulation.has_ended() {
            break;
        }
    }
    let report = simulation.finish(&mut each);
    Ok(Simulated { report, claims })
}
