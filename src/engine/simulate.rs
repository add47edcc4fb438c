//! Simulations: what rules that nobody has published would have made of the claims that were filed.
//!
//! The journal is read from its beginning into a state of its own. Registers, budgets, vouchers and
//! consents are taken over as they were; every claim, reversal and transfer is decided again by the
//! same functions that decided it then, in the same order, and timers run by themselves. From the
//! first filing day of the question on the draft stands among the rules. So a lower payment early
//! leaves more of a voucher, a cap and a budget for later. Nothing here is ever written.

mod history;
mod orders;
mod report;
mod waiting;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::command::{
    Capture, Command, DecideTransfer, FileClaim, ProposeTransfer, RefSource, ReverseClaim,
    ReverseStep, Submission, TransferRequest, WithdrawTransfer,
};
use super::event::{Event, Funding, Recorded, TransferProposed};
use super::execute::redo;
use super::state::{AgreementRow, State};
use super::terms::{AgreementTerms, EvidenceKinds, TransferKind, VersionTerms};
use super::timers::advance;
use crate::domain::{
    ClaimId, Day, Fen, MemberId, OrderId, ProgrammeId, ProviderId, Seq, TransferId, VoucherId,
};

pub use report::{Change, RanOut, Report, Side, SimulatedClaim, Verdict};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// Whose claims are looked at, and whose rules the draft is of.
    pub programme: Option<ProgrammeId>,
    /// The draft of the programme's rules: it stands in for every version that takes effect on its
    /// `effective_from` or later.
    pub terms: Option<Arc<VersionTerms>>,
    /// The draft of an agreement: it stands in for what its two cities agreed for its category and
    /// days. Without a programme the claims between the two are looked at.
    pub agreement: Option<Arc<AgreementTerms>>,
    /// First filing day.
    pub from: Day,
    /// Last filing day.
    pub to: Day,
    /// The programme's budget; what it was at the time if none is given.
    pub budget: Option<Fen>,
}

/// A claim of the past, for what comes after it.
#[derive(Clone, Copy, Debug)]
struct Past {
    simulated: Option<ClaimId>,
    /// True if the report counts it.
    asked: bool,
}

/// A simulation under way.
pub struct Simulation {
    question: Question,
    state: State,
    out: Vec<Recorded>,
    /// A claim whose evidence may follow.
    waiting: Option<Recorded>,
    vouchers: Vec<Option<VoucherId>>,
    transfers: Vec<Option<TransferId>>,
    orders: Vec<Option<OrderId>>,
    claims: Vec<Past>,
    /// Where the steps of the past that can be undone stand in the simulated history.
    steps: BTreeMap<Seq, Seq>,
    /// What evidence the published versions require, by programme: first day, kinds.
    evidence: BTreeMap<ProgrammeId, Vec<(Day, EvidenceKinds)>>,
    /// The agreements of the past, whatever is drafted.
    agreements: Vec<AgreementRow>,
    /// Who would have borne the claims that waited.
    borne: BTreeMap<ClaimId, Funding>,
    drafted: bool,
    ended: bool,
    report: Report,
}

impl Simulation {
    /// A simulation before the first event.
    pub fn new(question: Question) -> Simulation {
        Simulation {
            question,
            state: State::empty(),
            out: Vec::new(),
            waiting: None,
            vouchers: Vec::new(),
            transfers: Vec::new(),
            orders: Vec::new(),
            claims: Vec::new(),
            steps: BTreeMap::new(),
            evidence: BTreeMap::new(),
            agreements: Vec::new(),
            borne: BTreeMap::new(),
            drafted: false,
            ended: false,
            report: Report::default(),
        }
    }

    /// True once every day that was asked for has passed: no later event changes the report.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Takes the next event of the journal; what becomes of a claim is handed to `each`.
    pub fn take(&mut self, recorded: &Recorded, each: &mut impl FnMut(&SimulatedClaim)) {
        let instant = self.instant(recorded);
        let recorded = instant.as_ref().unwrap_or(recorded);
        if let Some(claim) = self.waiting.take() {
            match (&claim.event, &recorded.event) {
                (Event::ClaimApproved(a), Event::EvidenceRecorded(e)) if a.claim == e.claim => {
                    self.refile(&claim, e.files.clone(), each);
                    return;
                }
                _ => self.refile(&claim, Box::default(), each),
            }
        }
        if recorded.meta.business_date > self.question.to {
            self.ended = true;
        }
        if self.ended {
            return;
        }
        if matches!(recorded.event, Event::ClaimApproved(_)) {
            self.waiting = Some(recorded.clone());
        } else {
            let before = self.state.next_seq();
            self.follow(recorded, each);
            self.note_step(recorded, before);
        }
    }

    /// What came of it, after the last event.
    pub fn finish(mut self, each: &mut impl FnMut(&SimulatedClaim)) -> Report {
        if let Some(claim) = self.waiting.take() {
            self.refile(&claim, Box::default(), each);
        }
        self.report
    }

    /// Brings the business date to that of an event, with every timer on the way.
    fn reach(&mut self, recorded: &Recorded, day: Day) {
        if self.state.ledger().is_none() {
            return;
        }
        while !advance(
            &mut self.state,
            recorded.meta.recorded_at,
            day,
            &mut self.out,
        ) {}
        self.out.clear();
    }

    /// Decides a command of the past again; its events.
    fn redo(&mut self, recorded: &Recorded, imported: bool, command: Command) -> Option<Event> {
        self.reach(recorded, recorded.meta.business_date);
        let submission = Submission {
            imported,
            reason: recorded.meta.reason.clone(),
            ..Submission::new(recorded.meta.principal, command)
        };
        let at = recorded.meta.recorded_at;
        let done = redo(&mut self.state, at, &submission, &mut self.out);
        let first = self.out.drain(..).next();
        if let Err(None) = done {
            self.report.left_out += 1;
        }
        done.ok()?;
        first.map(|recorded| recorded.event)
    }

    fn refile(
        &mut self,
        recorded: &Recorded,
        files: Box<[super::terms::Evidence]>,
        each: &mut impl FnMut(&SimulatedClaim),
    ) {
        self.reach(recorded, recorded.meta.business_date);
        self.draft_from(recorded.meta.business_date);
        let reference = recorded.meta.external_ref.as_ref();
        let mut imported = reference.is_some_and(|given| given.source == RefSource::Import);
        let (claim, real) = match &recorded.event {
            Event::ClaimApproved(e) => {
                imported |= e.consent.is_none();
                let mut claim = history::approved(e, self.voucher(e.voucher), files);
                claim.order = e.order.and_then(|id| self.capture(id, true));
                (claim, Verdict::approved(e.amount, e.funding.clone()))
            }
            Event::ClaimRefused(e) => {
                let voucher = e.voucher.and_then(|id| self.voucher(id));
                let required = e.voucher.map(|id| self.required(id, e.contract_date));
                let mut claim = history::refused(e, voucher, required.unwrap_or_default());
                claim.order = e.order.and_then(|id| self.capture(id, false));
                (claim, Verdict::refused(e.result))
            }
            _ => return,
        };
        let place = self.place(recorded);
        let left_out = self.report.left_out;
        let Some(event) = self.redo(recorded, imported, Command::FileClaim(claim)) else {
            self.report.left_out = left_out + 1;
            self.note(recorded, None, false);
            return;
        };
        let (simulated, verdict) = match event {
            Event::ClaimApproved(e) => (Some(e.claim), Verdict::approved(e.amount, e.funding)),
            Event::ClaimRefused(e) => (None, Verdict::refused(e.result)),
            _ => (None, real.clone()),
        };
        let asked = self.asks(place, recorded.meta.business_date);
        self.note(recorded, simulated, asked);
        self.count(recorded, place, asked, real, verdict, each);
    }

    /// How a claim draws on the simulated order: `last` marks a part that was approved by itself,
    /// see `Execution::recapture`. What the last claim releases is released by its own event.
    fn capture(&self, real: OrderId, part: bool) -> Option<Capture> {
        let order = self.order(real)?;
        Some(Capture { order, last: part })
    }

    /// Remembers what became of a claim of the past.
    fn note(&mut self, recorded: &Recorded, simulated: Option<ClaimId>, asked: bool) {
        if let Event::ClaimApproved(_) = recorded.event {
            self.claims.push(Past { simulated, asked });
        }
    }

    fn count(
        &mut self,
        recorded: &Recorded,
        place: Option<(ProgrammeId, MemberId, MemberId)>,
        asked: bool,
        before: Verdict,
        after: Verdict,
        each: &mut impl FnMut(&SimulatedClaim),
    ) {
        let day = recorded.meta.business_date;
        if let Some((programme, ..)) = place
            && self.question.programme == Some(programme)
        {
            let budget = self.question.budget.unwrap_or_else(|| {
                let kind = super::books::AccountKind::Appropriation;
                self.state.budget(programme, kind)
            });
            self.report.before.spend(before.amount, budget, day);
            self.report.after.spend(after.amount, budget, day);
        }
        if !asked {
            return;
        }
        let claim = SimulatedClaim {
            seq: recorded.meta.seq,
            filed_on: day,
            claim: match &recorded.event {
                Event::ClaimApproved(e) => Some(e.claim),
                _ => None,
            },
            before,
            after,
        };
        self.report.count(&claim);
        each(&claim);
    }

    /// Programme, issuing city and host city of a claim.
    fn place(&self, recorded: &Recorded) -> Option<(ProgrammeId, MemberId, MemberId)> {
        let (voucher, provider): (VoucherId, Option<ProviderId>) = match &recorded.event {
            Event::ClaimApproved(e) => (e.voucher, Some(e.provider)),
            Event::ClaimRefused(e) => (e.voucher?, e.provider),
            _ => return None,
        };
        let row = self.state.voucher(self.voucher(voucher)?)?;
        let (programme, _) = self.state.voucher_owner(row);
        let issuer = self.state.programme(programme)?.city;
        let host = provider.and_then(|id| self.state.provider(id));
        Some((programme, issuer, host.map_or(issuer, |row| row.city)))
    }

    fn asks(&self, place: Option<(ProgrammeId, MemberId, MemberId)>, day: Day) -> bool {
        let Some((programme, issuer, host)) = place else {
            return false;
        };
        let theirs = match (self.question.programme, &self.question.agreement) {
            (Some(asked), _) => asked == programme,
            (None, Some(terms)) => (terms.home, terms.host) == (issuer, host),
            (None, None) => true,
        };
        theirs && day >= self.question.from
    }

    fn voucher(&self, id: VoucherId) -> Option<VoucherId> {
        self.vouchers.get(id.index()).copied().flatten()
    }

    /// What evidence the version required that judged a claim then.
    fn required(&self, voucher: VoucherId, contract: Day) -> EvidenceKinds {
        let row = self.voucher(voucher).and_then(|id| self.state.voucher(id));
        let programme = row.map(|row| self.state.voucher_owner(row).0);
        let versions = programme.and_then(|id| self.evidence.get(&id));
        let versions = versions.map(Vec::as_slice).unwrap_or_default();
        let mut judging = versions.first();
        for version in versions {
            let later = judging.is_none_or(|(from, _)| *from > contract || version.0 >= *from);
            if version.0 <= contract && later {
                judging = Some(version);
            }
        }
        judging.map(|(_, kinds)| *kinds).unwrap_or_default()
    }

    fn reverse(&mut self, recorded: &Recorded, e: &super::event::ClaimReversed) {
        let past = self.claims.get(e.claim.index()).copied();
        let Some(Past { simulated, asked }) = past else {
            return;
        };
        // What was carried is charged to another programme than the one whose rules it has.
        let row = self
            .voucher(e.voucher)
            .and_then(|id| self.state.voucher(id));
        let rules = row.map_or(e.programme, |row| self.state.voucher_owner(row).0);
        let ours = self.question.programme == Some(rules);
        if ours {
            self.report.before.give_back(e.amount);
        }
        if asked {
            self.report.before.reverse(e.amount, &e.funding);
        }
        let Some(claim) = simulated else {
            return;
        };
        let again = Command::ReverseClaim(ReverseClaim { claim });
        if let Some(Event::ClaimReversed(again)) = self.redo(recorded, true, again) {
            if ours {
                self.report.after.give_back(again.amount);
            }
            if asked {
                self.report.after.reverse(again.amount, &again.funding);
            }
        }
    }

    /// Proposes a transfer again, of what there is.
    fn propose(&mut self, recorded: &Recorded, e: &TransferProposed) {
        let voucher = self.voucher(e.voucher);
        let row = voucher.and_then(|id| self.state.voucher(id));
        let amount = row.map_or(Fen::ZERO, |row| row.free.min(e.amount));
        let kind = request(e);
        let made = voucher.zip(kind).and_then(|(voucher, kind)| {
            let again = Command::ProposeTransfer(ProposeTransfer {
                voucher,
                kind,
                amount,
                document_no: e.document_no.clone(),
                expires_on: e.expires_on,
            });
            match self.redo(recorded, true, again)? {
                Event::TransferProposed(made) => Some(made.transfer),
                _ => None,
            }
        });
        self.transfers.push(made);
    }

    /// Decides a transfer again; the child it makes.
    fn decide(&mut self, recorded: &Recorded, transfer: TransferId, approve: bool) {
        let simulated = self.transfers.get(transfer.index()).copied().flatten();
        let child = simulated.and_then(|transfer| {
            let again = Command::DecideTransfer(DecideTransfer { transfer, approve });
            match self.redo(recorded, true, again)? {
                Event::TransferApproved(made) => made.child,
                Event::TransferMoved(made) => Some(made.child),
                _ => None,
            }
        });
        let made_child = match &recorded.event {
            Event::TransferApproved(real) => real.child.is_some(),
            Event::TransferMoved(_) => true,
            _ => false,
        };
        if made_child {
            self.vouchers.push(child);
        }
    }

    fn withdraw(&mut self, recorded: &Recorded, transfer: TransferId) {
        let simulated = self.transfers.get(transfer.index()).copied().flatten();
        if let Some(transfer) = simulated {
            let again = Command::WithdrawTransfer(WithdrawTransfer { transfer });
            self.redo(recorded, true, again);
        }
    }

    /// Undoes a step again, if it was taken and can be undone.
    fn undo(&mut self, recorded: &Recorded, step: Seq) {
        if let Some(step) = self.steps.get(&step).copied() {
            self.redo(recorded, true, Command::ReverseStep(ReverseStep { step }));
        }
    }

    /// Remembers where a step of the past stands among the events since `before`.
    fn note_step(&mut self, recorded: &Recorded, before: Seq) {
        let undoable = matches!(
            recorded.event,
            Event::BudgetChanged(_)
                | Event::ConsentGiven(_)
                | Event::VoucherRevoked(_)
                | Event::VoucherExtended(_)
                | Event::TransferApproved(_)
        );
        if undoable {
            let mut since = (before.0..self.state.next_seq().0).map(Seq);
            let step = since.find(|seq| self.state.step(*seq).is_some());
            self.steps
                .extend(step.map(|step| (recorded.meta.seq, step)));
        }
    }
}

/// What was asked for when a transfer was proposed.
fn request(e: &TransferProposed) -> Option<TransferRequest> {
    let to = e.to;
    Some(match e.kind {
        TransferKind::Succession => TransferRequest::Succession {
            to,
            cap_share: e.cap_share?,
        },
        TransferKind::Incorporation => TransferRequest::Incorporation {
            to,
            cap_share: e.cap_share?,
        },
        TransferKind::Open => TransferRequest::Open { to },
        TransferKind::Affiliate => TransferRequest::Affiliate { to },
        TransferKind::Relocation => TransferRequest::Relocation {
            to_city: e.to_city?,
        },
        TransferKind::Move => TransferRequest::Move {
            to_city: e.to_city?,
            programme: e.to_programme?,
        },
    })
}
