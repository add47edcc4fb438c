//! The beginning of a ledger, and of an epoch.

use tokio::runtime::Handle;

use super::NodeConfig;
use super::lease::{Contender, Keeper, LOOK, Looked};
use super::sequencer::StartError;
use crate::domain::{Day, RecordedAt, Text};
use crate::engine::event::{EpochStarted, Event, LedgerCreated, Recorded};
use crate::engine::{Scoped, State, emit_system};
use crate::journal::codec;
use crate::journal::{AppendError, BodyWriter, Candidate, Chain, HashKind, Row, Store};

/// Version of the journal's format that this software writes.
const FORMAT: u16 = 1;

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

/// Creates a ledger in an empty store: event 0. The ledger's UUID is the store's. Where several
/// nodes share the database, only the one with the lease does, and keeps the lease.
///
/// # Errors
/// The store holds a ledger already, or cannot be written.
pub async fn create(
    store: &mut dyn Store,
    genesis: &Genesis,
    me: &Candidate,
) -> Result<(), StartError> {
    let _kept = alone(store, me).await?;
    let created = LedgerCreated {
        format: FORMAT,
        ledger: store.ledger(),
        origin: Text::parse(&genesis.origin).map_err(|_| StartError::Name("origin"))?,
        hash: hash_number(genesis.hash),
        time_zone: fixed("Asia/Shanghai")?,
        currency: fixed("CNY")?,
        scale: 2,
    };
    let event = Event::LedgerCreated(Box::new(created));
    let mut state = State::empty();
    let mut out = Vec::new();
    let (at, day) = (genesis.recorded_at, genesis.business_date);
    emit_system(&mut state, at, day, event, &mut out);
    let row = seal(&mut Chain::new(genesis.hash), 0, &out);
    match store.append(&[row], &[]).await {
        Ok(()) => Ok(()),
        Err(AppendError::Fenced { .. }) => Err(StartError::Exists),
        Err(error) => Err(StartError::Append(error)),
    }
}

/// Waits until nobody else can be about to create the ledger. What keeps others out, where there
/// can be others, is answered.
async fn alone(store: &mut dyn Store, me: &Candidate) -> Result<Option<Keeper>, StartError> {
    let mut contender = store.lease().map(|lease| Contender::new(lease, me.clone()));
    loop {
        let elected = match &mut contender {
            None => None,
            Some(contender) => {
                let looked = contender.look(&Handle::current()).await;
                match looked.map_err(StartError::Store)? {
                    Looked::Elected(keeper) => Some(keeper),
                    Looked::Led(_) | Looked::Open => None,
                }
            }
        };
        if store.head().await.map_err(StartError::Store)?.is_some() {
            if let Some(keeper) = elected {
                keeper.release().await;
            }
            return Err(StartError::Exists);
        }
        if contender.is_none() || elected.is_some() {
            return Ok(elected);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// A text that stands in this program.
fn fixed<const N: usize>(text: &str) -> Result<Text<N>, StartError> {
    Text::parse(text).map_err(|_| StartError::Name("fixed text"))
}

fn hash_number(kind: HashKind) -> u8 {
    match kind {
        HashKind::Sha256 => 0,
        HashKind::Sm3 => 1,
    }
}

fn seal(chain: &mut Chain, epoch: u64, events: &[Recorded]) -> Row {
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

/// The beginning of an epoch before it is durable.
pub(super) struct Beginning {
    pub(super) row: Row,
    /// The chain with the row.
    chain: Chain,
    events: Vec<Recorded>,
}

impl Beginning {
    /// The epoch after a state's; the state stays as it is.
    pub(super) fn after(
        state: &mut State,
        chain: &Chain,
        config: &NodeConfig,
    ) -> Result<Beginning, StartError> {
        let epoch = state.epoch() + 1;
        let started = EpochStarted {
            epoch,
            node: Text::parse(&config.name).map_err(|_| StartError::Name("node's name"))?,
            version: fixed(env!("CARGO_PKG_VERSION"))?,
        };
        let mut events = Vec::new();
        let today = state.business_date();
        state.open();
        let event = Event::EpochStarted(Box::new(started));
        emit_system(state, config.clock.now(), today, event, &mut events);
        state.rollback();
        let mut chain = chain.clone();
        let row = seal(&mut chain, epoch, &events);
        Ok(Beginning { row, chain, events })
    }

    /// What follows once the row is durable.
    pub(super) fn happened(self, state: &mut State, chain: &mut Chain) {
        for recorded in &self.events {
            state.apply(recorded);
        }
        *chain = self.chain;
    }
}
