//! How each kind of event of the past is taken over, and claims as they were filed.

use std::sync::Arc;

use super::{FileClaim, SimulatedClaim, Simulation};
use crate::domain::{ConsentId, Day, EnterpriseId, Fen, ProviderId, Text, VoucherId};
use crate::engine::command::{EnterpriseKey, ProviderKey, VoucherKey};
use crate::engine::event::{
    AgreementRegistered, ClaimApproved, ClaimRefused, ConsentGiven, Event, EventMeta, FreezeSet,
    Recorded, VersionPublished, VoucherExtended, VoucherIssued, VoucherRevoked,
};
use crate::engine::refusal::RefusalCode;
use crate::engine::state::AgreementRow;
use crate::engine::terms::{AgreementTerms, Evidence, EvidenceKind, EvidenceKinds};

/// An id that nothing has: what was unknown then stays unknown.
const NOBODY: u32 = u32::MAX;

/// An approved claim as it was filed.
pub(super) fn approved(
    e: &ClaimApproved,
    voucher: Option<VoucherId>,
    evidence: Box<[Evidence]>,
) -> FileClaim {
    FileClaim {
        voucher: VoucherKey::Id(voucher.unwrap_or(VoucherId(NOBODY))),
        provider: ProviderKey::Id(e.provider),
        enterprise: None,
        category: e.category,
        contract_no: e.contract_no,
        contract_date: e.contract_date,
        contract_amount: e.contract_amount,
        invoice_no: e.invoice_no,
        invoice_amount: e.invoice_amount,
        paid_amount: e.paid_amount,
        evidence,
        order: None,
    }
}

/// A refused claim as it was filed. Its evidence is not in the journal: it brought what was
/// required of it, or nothing if it was refused for that.
pub(super) fn refused(
    e: &ClaimRefused,
    voucher: Option<VoucherId>,
    required: EvidenceKinds,
) -> FileClaim {
    let lacking = e.faults.contains(RefusalCode::EvidenceMissing);
    let brought = EvidenceKind::ALL
        .iter()
        .filter(|kind| !lacking && required.contains(**kind));
    let mismatch = e.faults.contains(RefusalCode::HolderMismatch);
    let nobody = EnterpriseKey::Id(EnterpriseId(NOBODY));
    FileClaim {
        voucher: VoucherKey::Id(voucher.unwrap_or(VoucherId(NOBODY))),
        provider: ProviderKey::Id(e.provider.unwrap_or(ProviderId(NOBODY))),
        enterprise: mismatch.then_some(nobody),
        category: e.category,
        contract_no: e.contract_no,
        contract_date: e.contract_date,
        contract_amount: e.contract_amount,
        invoice_no: e.invoice_no,
        invoice_amount: e.invoice_amount,
        paid_amount: e.paid_amount,
        evidence: brought.map(|kind| stand_in(*kind)).collect(),
        order: None,
    }
}

/// Evidence of a kind; the rules look at nothing else.
fn stand_in(kind: EvidenceKind) -> Evidence {
    Evidence {
        kind,
        sha256: [0; 32],
        size_bytes: 0,
        media_type: Text::parse("application/octet-stream").expect("a short text"),
    }
}

/// What a kind of event means to a simulation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// Registers and money stand as they stood.
    Stands,
    /// Decided again, or taken over with the ids of the simulation.
    Again,
    /// The same, of orders.
    Order,
    /// Nothing to a claim.
    Nothing,
}

macro_rules! meanings {
    ($($meaning:ident: $($event:ident)*;)*) => {
        fn meaning_of(event: &Event) -> Meaning {
            match event {
                $($(Event::$event(_) => Meaning::$meaning,)*)*
            }
        }
    };
}

// Every kind stands here: a new one does not compile before it says what it means. Nothing comes
// of lapses, ends of proposals and closes, which come by themselves with the days; of people,
// payments, settlement and what was applied for; of evidence, which came with its claim; and of
// claims that waited, which were taken when they were filed; of contracts that were refused, which
// the journal does not tell.
meanings! {
    Stands:
        LedgerCreated EpochStarted MemberRegistered CategoryRegistered CalendarSet
        EnterpriseRegistered ProviderRegistered ControllerGroupSet SuspensionSet AdmissionApplied
        AdmissionDecided AdmissionObjected ProviderAdmitted AdmissionEnded AdmissionPolicySet
        RecognitionSet StatusSet RelationSet CreditFlagRaised CreditFlagLifted
        BankAccountProposed BankAccountDecided TeamSet PartyCorrected PartyDissolved
        ProgrammeCreated BudgetChanged YearClosingStarted YearClosed;
    Again:
        YearCarried VersionPublished AgreementRegistered DateAdvanced VoucherIssued ConsentGiven
        FreezeSet VoucherExtended VoucherRevoked ClaimApproved ClaimReversed TransferProposed
        TransferApproved TransferEndorsed TransferMoved TransferReleased StepReversed
        TransferDeclined ClaimRefused;
    Order:
        OrderProposed OrderAgreed OrderConfirmed OrderRefused OrderAdvanced OrderReleased
        OrderAsked OrderExtended OrderDisputed DisputeClosed;
    Nothing:
        VoucherLapsed CommandRefused ProtocolSet PrincipalRegistered GrantSet TokenIssued
        TokenRevoked VoucherRefused EvidenceRecorded PayeePaid PaymentReturned CloseRequested
        PositionFixed PeriodClosed StatementConfirmed CellAgreed PeriodAgreed InstructionIssued
        PeriodInstructed InstructionPaid ArrearsCarried PeriodSettled DraftSaved DraftSimulated
        CityPolicySet ClaimAwaitsBudget WaitingApproved ClaimWithdrawn VoucherFileApproved
        FileRowsIssued FileRowRefused ActionProposed ProposalApproved ProposalDeclined
        ProposalWithdrawn ProposalFailed ActionRuleSet ApplicationFiled ApplicationResubmitted
        ApplicationReviewBegun ApplicationReturned ApplicationApproved ApplicationDeclined
        ApplicationWithdrawn AccessSet PasswordSet PrincipalNamed PrincipalErased
        ContractRefused;
}

impl Simulation {
    /// Takes an event over, as its kind demands.
    pub(super) fn follow(&mut self, recorded: &Recorded, each: &mut impl FnMut(&SimulatedClaim)) {
        match meaning_of(&recorded.event) {
            Meaning::Stands => self.apply(recorded, recorded.event.clone()),
            Meaning::Again => self.again(recorded, each),
            Meaning::Order => self.follow_order(recorded),
            Meaning::Nothing => {}
        }
    }

    fn again(&mut self, recorded: &Recorded, each: &mut impl FnMut(&SimulatedClaim)) {
        match &recorded.event {
            Event::YearCarried(e) => {
                let carried = self.carried(e);
                self.apply(recorded, Event::YearCarried(Box::new(carried)));
            }
            Event::VersionPublished(e) => self.publish(recorded, e),
            Event::AgreementRegistered(e) => self.agree(recorded, e),
            // Days and what they bring.
            Event::DateAdvanced(e) => self.reach(recorded, e.to),
            Event::VoucherIssued(e) => self.issue(recorded, e),
            Event::ConsentGiven(e) => self.consent(recorded, e),
            Event::FreezeSet(e) => {
                if let Some(voucher) = self.voucher(e.voucher) {
                    let frozen = e.frozen;
                    self.apply(recorded, Event::FreezeSet(FreezeSet { voucher, frozen }));
                }
            }
            Event::VoucherExtended(e) => {
                if let Some(voucher) = self.voucher(e.voucher) {
                    let (use_by, cash_by) = (e.use_by, e.cash_by);
                    let extended = VoucherExtended {
                        voucher,
                        use_by,
                        cash_by,
                    };
                    self.apply(recorded, Event::VoucherExtended(extended));
                }
            }
            Event::VoucherRevoked(e) => self.revoke(recorded, e),
            // Decided again.
            Event::ClaimApproved(_) | Event::ClaimRefused(_) => {
                self.refile(recorded, Box::default(), each);
            }
            Event::ClaimReversed(e) => self.reverse(recorded, e),
            Event::TransferProposed(e) => self.propose(recorded, e),
            Event::TransferApproved(e) => self.decide(recorded, e.transfer, true),
            Event::TransferEndorsed(e) => self.decide(recorded, e.transfer, true),
            Event::TransferMoved(e) => self.decide(recorded, e.transfer, true),
            Event::TransferReleased(e) if !e.expired => self.withdraw(recorded, e.transfer),
            // It expired, as it does in the simulation when its day comes.
            Event::TransferReleased(_) => {}
            Event::StepReversed(e) => self.undo(recorded, e.step),
            Event::TransferDeclined(e) => self.decide(recorded, e.transfer, false),
            _ => debug_assert!(false, "a kind that is decided again has an arm"),
        }
    }

    /// Applies a fact at this place of the simulated history.
    pub(super) fn apply(&mut self, recorded: &Recorded, event: Event) {
        self.reach(recorded, recorded.meta.business_date);
        let meta = EventMeta {
            seq: self.state.next_seq(),
            recorded_at: recorded.meta.recorded_at.max(self.state.recorded_at()),
            business_date: recorded.meta.business_date.max(self.state.business_date()),
            key: None,
            fingerprint: None,
            bulk_fingerprint: None,
            external_ref: None,
            reason: None,
            index: 0,
            ..recorded.meta.clone()
        };
        self.state.apply_parts(&meta, &event);
    }

    fn publish(&mut self, recorded: &Recorded, e: &VersionPublished) {
        let evidence = (e.terms.effective_from, e.terms.evidence);
        self.evidence.entry(e.programme).or_default().push(evidence);
        let drafted = self.drafted && self.question.programme == Some(e.programme);
        let drafted = drafted && self.question.terms.is_some();
        let programme = e.programme.index();
        if drafted {
            // The draft stays the last one, so that the others keep their numbers.
            self.state
                .programmes
                .update(programme, |row| row.versions.pop());
        }
        self.apply(recorded, recorded.event.clone());
        if drafted {
            self.put_terms();
        }
    }

    fn agree(&mut self, recorded: &Recorded, e: &AgreementRegistered) {
        let mut renumbered = e.clone();
        let next = self.state.agreements.len();
        renumbered.agreement =
            crate::domain::AgreementId::from_index(next).expect("fewer than 2^32 agreements");
        self.apply(recorded, Event::AgreementRegistered(renumbered));
        if self.drafted {
            self.put_agreement();
        }
    }

    fn issue(&mut self, recorded: &Recorded, e: &VoucherIssued) {
        let next = VoucherId::from_index(self.state.vouchers.len());
        let voucher = next.expect("a past history had room for its vouchers");
        let issued = VoucherIssued {
            voucher,
            application: None,
            replaces: None,
            ..e.clone()
        };
        self.apply(recorded, Event::VoucherIssued(issued));
        self.vouchers.push(Some(voucher));
    }

    fn consent(&mut self, recorded: &Recorded, e: &ConsentGiven) {
        let Some(voucher) = self.voucher(e.voucher) else {
            return;
        };
        let next = ConsentId::from_index(self.state.consents.len());
        let consent = next.expect("a past history had room for its consents");
        let given = ConsentGiven {
            consent,
            voucher,
            ..e.clone()
        };
        self.apply(recorded, Event::ConsentGiven(given));
    }

    /// Revokes what would have been free.
    fn revoke(&mut self, recorded: &Recorded, e: &VoucherRevoked) {
        let Some(voucher) = self.voucher(e.voucher) else {
            return;
        };
        let free = self.state.voucher(voucher).map(|row| row.free);
        let revoked = VoucherRevoked {
            voucher,
            amount: free.unwrap_or(Fen::ZERO),
            ..e.clone()
        };
        self.apply(recorded, Event::VoucherRevoked(revoked));
    }

    /// Puts the drafts among the rules from the first day asked for on: before the first decision
    /// that follows rules, a claim's or a confirmation's.
    pub(super) fn draft_from(&mut self, today: Day) {
        if today >= self.question.from && !self.drafted {
            self.drafted = true;
            self.put_terms();
            self.put_agreement();
        }
    }

    /// The draft is the last version, and stands in for those that take effect with it or later.
    fn put_terms(&mut self) {
        let (Some(programme), Some(terms)) = (self.question.programme, &self.question.terms) else {
            return;
        };
        if self.state.programme(programme).is_none() {
            return;
        }
        let draft = Arc::clone(terms);
        self.state.programmes.update(programme.index(), |row| {
            for version in &mut row.versions {
                if version.effective_from >= draft.effective_from {
                    let mut terms = (*draft).clone();
                    terms.effective_from = version.effective_from;
                    *version = Arc::new(terms);
                }
            }
            row.versions.push(draft);
        });
    }

    /// The draft takes the place of what its cities agreed for its category on its days; what they
    /// agreed for days before and after stays.
    fn put_agreement(&mut self) {
        let Some(draft) = self.question.agreement.clone() else {
            return;
        };
        let pair = (draft.home, draft.host);
        let known = self.state.agreements_of.get(&pair).cloned();
        let mut of_pair = Vec::new();
        for id in known.unwrap_or_default() {
            let row = self.state.agreements[id.index()].clone();
            if Arc::ptr_eq(&row.terms, &draft) {
                continue;
            }
            let apart = row.terms.category != draft.category
                || row.terms.to < draft.from
                || draft.to < row.terms.from;
            if apart {
                of_pair.push(id);
                continue;
            }
            for terms in around(&row.terms, &draft) {
                let terms = Arc::new(terms);
                of_pair.push(self.new_agreement(AgreementRow {
                    terms,
                    ..row.clone()
                }));
            }
        }
        let details = self.state.next_seq();
        of_pair.push(self.new_agreement(AgreementRow {
            terms: draft,
            details,
        }));
        self.state.agreements_of.insert(pair, of_pair);
    }

    fn new_agreement(&mut self, row: AgreementRow) -> crate::domain::AgreementId {
        let position = self.state.agreements.push(row);
        crate::domain::AgreementId::from_index(position).expect("fewer than 2^32 agreements")
    }
}

/// What is left of an agreement before and after the days of another.
fn around(terms: &AgreementTerms, draft: &AgreementTerms) -> Vec<AgreementTerms> {
    let mut left = Vec::new();
    if terms.from < draft.from {
        let to = crate::domain::Day::try_new(draft.from.get() - 1).unwrap_or(draft.from);
        left.push(AgreementTerms {
            to,
            ..terms.clone()
        });
    }
    if draft.to < terms.to {
        let from = draft.to.next();
        left.push(AgreementTerms {
            from,
            ..terms.clone()
        });
    }
    left
}
