//! The stages behind the sequencer: one encodes and hashes a batch into a row, the next one
//! commits it and releases the answers. Each has its own thread and a short queue, so that batch
//! N + 1 is decided and N is hashed while N − 1 is written; batch N is never sent to the database
//! before N − 1 is known to be in.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, bounded};
use tokio::runtime::Handle;

use super::sequencer::Warm;
use super::timing::Stage;
use super::{Durable, NodeError, Outcome, Released, Reply, Shared};
use crate::domain::{PersonalText, Seq};
use crate::engine::command::{PartyName, Purpose};
use crate::engine::event::{Event, Recorded};
use crate::engine::refusal_of;
use crate::journal::codec;
use crate::journal::{
    AnchorWriter, AppendError, BodyWriter, Chain, PrivateKey, PrivateRow, Row, Store,
};

/// Batches between two stages. With one in each stage and one between them nobody waits; more
/// would only delay the moment at which a slow disk is felt.
const STAGE_BATCHES: usize = 2;

/// Bytes of a row's body after which a batch goes on in another row of the same transaction.
const ROW_BYTES_MAX: usize = 8 << 20;

/// What one job has decided: its events go to the journal, then its answer is released.
pub(super) struct Finished {
    pub(super) events: Vec<Recorded>,
    /// False for a rehearsal, whose events never happened.
    pub(super) happened: bool,
    pub(super) seen: Seq,
    pub(super) answer: Option<(Reply, Outcome)>,
}

/// What was decided at one go.
pub(super) struct Batch {
    pub(super) finished: Vec<Finished>,
    pub(super) epoch: u64,
    /// Number of events after this batch.
    pub(super) end: Seq,
}

struct Sealed {
    rows: Vec<Row>,
    private: Vec<PrivateRow>,
    finished: Vec<Finished>,
    end: Seq,
}

/// The running stages.
pub(super) struct Pipeline {
    input: Sender<Batch>,
    sealer: JoinHandle<Chain>,
    committer: JoinHandle<Committer>,
}

impl Pipeline {
    /// Starts the stages behind a journal's end.
    pub(super) fn start(
        shared: &Arc<Shared>,
        runtime: &Handle,
        warm: Warm,
    ) -> std::io::Result<Pipeline> {
        let Warm {
            store,
            chain,
            anchor,
            ..
        } = warm;
        let (input, batches) = bounded::<Batch>(STAGE_BATCHES);
        let (sealed, rows) = bounded::<Sealed>(STAGE_BATCHES);
        let spawn = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let to_seal = Arc::clone(shared);
        let sealer =
            spawn("quantong-hash").spawn(move || seal_all(&to_seal, chain, &batches, &sealed))?;
        let mut committing = Committer {
            shared: Arc::clone(shared),
            runtime: runtime.clone(),
            store,
            anchor,
            failed: false,
        };
        let committer = spawn("quantong-commit").spawn(move || {
            for batch in rows {
                committing.commit(batch);
            }
            if let Some(anchor) = &mut committing.anchor {
                complain(anchor.flush());
            }
            committing
        })?;
        Ok(Pipeline {
            input,
            sealer,
            committer,
        })
    }

    /// Hands a batch to the stages; waits while they are behind.
    pub(super) fn send(&self, batch: Batch) {
        // The stages end only when this sender is dropped; if one of them panicked the replies
        // in the batch are dropped with it, and who waits is told that the node is unavailable.
        if self.input.send(batch).is_err() {
            tracing::error!("a stage of the pipeline has ended");
        }
    }

    /// Finishes what is under way and gives back the place in the journal, and whether all of it
    /// was written; `None` if a stage panicked.
    pub(super) fn finish(self) -> Option<(Warm, bool)> {
        drop(self.input);
        let chain = self.sealer.join().ok();
        let committer = self.committer.join().ok()?;
        let warm = Warm {
            store: committer.store,
            chain: chain?,
            anchor: committer.anchor,
            decoded: Vec::new(),
        };
        Some((warm, !committer.failed))
    }
}

fn seal_all(
    shared: &Shared,
    mut chain: Chain,
    batches: &Receiver<Batch>,
    out: &Sender<Sealed>,
) -> Chain {
    for batch in batches {
        let sealed = seal(shared, &mut chain, batch);
        if out.send(sealed).is_err() {
            break;
        }
    }
    chain
}

fn seal(shared: &Shared, chain: &mut Chain, batch: Batch) -> Sealed {
    let (bodies, private) = shared.times.measure(Stage::Encode, || encode(&batch));
    let rows = shared.times.measure(Stage::Hash, || {
        let seal = |body| {
            chain
                .seal(batch.epoch, body)
                .expect("a body just written has no damaged frame")
        };
        bodies.into_iter().map(seal).collect()
    });
    Sealed {
        rows,
        private,
        finished: batch.finished,
        end: batch.end,
    }
}

fn encode(batch: &Batch) -> (Vec<Vec<u8>>, Vec<PrivateRow>) {
    let count: usize = batch
        .finished
        .iter()
        .filter(|f| f.happened)
        .map(|f| f.events.len())
        .sum();
    // A claim's leaf has some 180 bytes.
    let mut body = BodyWriter::with_capacity((count * 200).min(ROW_BYTES_MAX));
    let mut bodies = Vec::new();
    let mut private = Vec::new();
    for finished in batch.finished.iter().filter(|finished| finished.happened) {
        let atomic = matches!(finished.answer, Some((_, Outcome::Atomic(_))));
        let mut events = finished.events.iter().peekable();
        while let Some(recorded) = events.next() {
            body.push_with(|bytes| {
                codec::encode(recorded, bytes).expect("every text of an event is bounded");
            })
            .expect("every text of an event is bounded");
            private.extend(private_rows(recorded));
            // Whoever reads row by row sees commands and atomic bulks whole.
            let whole = events
                .peek()
                .is_none_or(|next| !atomic && next.meta.index == 0);
            if whole && body.as_bytes().len() >= ROW_BYTES_MAX {
                bodies.push(body.take(Vec::new()));
            }
        }
    }
    if body.count() > 0 {
        bodies.push(body.take(Vec::new()));
    }
    (bodies, private)
}

/// What opens the commitments of an event.
fn private_rows(recorded: &Recorded) -> Vec<PrivateRow> {
    let seq = recorded.meta.seq.0;
    let texts = personal_texts(&recorded.event).into_iter();
    texts
        .filter_map(|(field, text)| {
            let opening = text.opening.as_ref()?;
            Some(PrivateRow {
                key: PrivateKey { seq, field },
                opening: (**opening).clone(),
            })
        })
        .collect()
}

/// Where an event's personal data of a principal may stand.
pub(super) fn principal_texts(seq: Seq) -> [PrivateKey; 3] {
    let fields = [PRINCIPAL_NAME, PASSWORD_VERIFIER, PRINCIPAL_CONTACT];
    fields.map(|field| PrivateKey { seq: seq.0, field })
}

/// What the events of a batch erase.
fn erased_by(batch: &[Finished]) -> Vec<PrivateKey> {
    let happened = batch.iter().filter(|finished| finished.happened);
    let events = happened.flat_map(|finished| &finished.events);
    let texts = events.filter_map(|recorded| match &recorded.event {
        Event::PrincipalErased(e) => Some(&e.texts),
        _ => None,
    });
    texts
        .flatten()
        .flat_map(|seq| principal_texts(*seq))
        .collect()
}

/// A text of a party, if it is personal.
fn personal_name(field: u16, name: &PartyName) -> Option<(u16, &PersonalText)> {
    match name {
        PartyName::Personal(text) => Some((field, text)),
        PartyName::Public(_) => None,
    }
}

/// The personal texts of an event with the numbers of their fields. Most events have none, and
/// an empty list is not on the heap.
fn personal_texts(event: &Event) -> Vec<(u16, &PersonalText)> {
    let one = |text: Option<(u16, _)>| text.into_iter().collect();
    match event {
        Event::PrincipalRegistered(e) => vec![(PRINCIPAL_NAME, &e.name)],
        Event::PrincipalNamed(e) => {
            let contact = e.contact.as_ref().map(|text| (PRINCIPAL_CONTACT, text));
            [(PRINCIPAL_NAME, &e.name)]
                .into_iter()
                .chain(contact)
                .collect()
        }
        Event::EnterpriseRegistered(e) => one(personal_name(TEAM_NAME, &e.name)),
        Event::PasswordSet(e) => vec![(PASSWORD_VERIFIER, &e.verifier)],
        Event::ApplicationFiled(e) => one(personal_purpose(e.purpose.as_ref())),
        Event::ApplicationResubmitted(e) => one(personal_purpose(e.purpose.as_ref())),
        Event::AdmissionObjected(e) => {
            one(e.on_behalf_of.as_ref().map(|text| (CITIZEN_NAME, text)))
        }
        Event::BankAccountProposed(e) => one(personal_name(TEAM_ACCOUNT, &e.account)),
        Event::PartyCorrected(e) => {
            let address = e.address.as_ref();
            personal_name(TEAM_NAME, &e.name)
                .into_iter()
                .chain(address.and_then(|text| personal_name(TEAM_ADDRESS, text)))
                .collect()
        }
        Event::TeamSet(e) => std::iter::once(&e.leader)
            .chain(&e.members)
            .zip(TEAM_MEMBERS..)
            .map(|(text, field)| (field, text))
            .collect(),
        _ => Vec::new(),
    }
}

fn personal_purpose(purpose: Option<&Purpose>) -> Option<(u16, &PersonalText)> {
    match purpose? {
        Purpose::Personal(text) => Some((TEAM_PURPOSE, text)),
        Purpose::Public(_) => None,
    }
}

/// Field of a principal's name in table `private`.
pub const PRINCIPAL_NAME: u16 = 1;
/// Field of where a principal is reached in table `private`.
pub const PRINCIPAL_CONTACT: u16 = 8;
/// Field of a password's verifier in table `private`.
pub const PASSWORD_VERIFIER: u16 = 7;
/// Field of a team's name in table `private`.
pub const TEAM_NAME: u16 = 2;
/// Field of the name of a citizen for whom an office objects.
pub const CITIZEN_NAME: u16 = 3;
/// Field of a team's account.
pub const TEAM_ACCOUNT: u16 = 4;
/// Field of a team's address.
pub const TEAM_ADDRESS: u16 = 5;
/// Field of a team's leader; the other members follow.
pub const TEAM_MEMBERS: u16 = 100;
/// Field of what a team wants a voucher for in table `private`.
pub const TEAM_PURPOSE: u16 = 6;

fn count_refusals(finished: &[Finished]) -> u64 {
    let happened = finished.iter().filter(|finished| finished.happened);
    let events = happened.flat_map(|finished| &finished.events);
    events
        .filter(|recorded| refusal_of(&recorded.event).is_some())
        .count() as u64
}

struct Committer {
    shared: Arc<Shared>,
    runtime: Handle,
    store: Box<dyn Store>,
    anchor: Option<AnchorWriter>,
    /// True once an append failed: nothing more is written until the node has recovered.
    failed: bool,
}

impl Committer {
    fn commit(&mut self, batch: Sealed) {
        if !self.failed && !batch.rows.is_empty() {
            let append = self.store.append(&batch.rows, &batch.private);
            let outcome = self
                .shared
                .times
                .measure(Stage::Commit, || self.runtime.block_on(append));
            // An erasure is told of when it is done; after a failure the next start repeats it.
            let erased = erased_by(&batch.finished);
            let outcome = match outcome {
                Ok(()) if !erased.is_empty() => {
                    let erasing = self.store.erase_private(&erased);
                    let erased = self.runtime.block_on(erasing);
                    erased.map(|_| ()).map_err(AppendError::Unknown)
                }
                outcome => outcome,
            };
            if let Err(error) = outcome {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the journal was not written; the node recovers"
                );
                self.failed = true;
                self.shared
                    .durable
                    .send_modify(|durable| durable.alive = false);
            } else {
                let events = batch
                    .rows
                    .iter()
                    .map(|row| row.head.size() - row.head.first_seq)
                    .sum();
                let refusals = count_refusals(&batch.finished);
                self.shared.times.count_batch(events, refusals);
            }
        }
        // Without rows nothing has proved that nobody else has written since.
        let stale = batch.rows.is_empty() && !self.shared.leads();
        if self.failed || stale {
            for (reply, _) in batch.finished.into_iter().filter_map(|f| f.answer) {
                // A client that is gone needs no answer.
                let _gone = reply.send(Err(NodeError::Unavailable));
            }
            return;
        }
        self.shared
            .durable
            .send_modify(|durable| durable.events = batch.end);
        release(batch.finished);
        if let (Some(row), Some(anchor)) = (batch.rows.last(), &mut self.anchor) {
            complain(anchor.committed(&row.head, Instant::now()));
        }
    }
}

/// The checkpoint file is a second line of defence: that it cannot be written stops nobody.
pub(super) fn complain(written: std::io::Result<bool>) {
    if let Err(error) = written {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(error, "the checkpoint file was not written");
    }
}

/// Releases answers: everything they saw is durable.
fn release(finished: Vec<Finished>) {
    for Finished {
        events,
        seen,
        answer,
        ..
    } in finished
    {
        if let Some((reply, outcome)) = answer {
            // A client that is gone needs no answer.
            let _gone = reply.send(Ok(Released {
                outcome,
                events,
                seen,
            }));
        }
    }
}

impl Durable {
    pub(super) const START: Durable = Durable {
        life: 0,
        events: Seq(0),
        alive: false,
    };
}
