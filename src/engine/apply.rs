//! Applying events: the only code that changes state.
//!
//! An event was decided by `execute` or read from a verified journal, so nothing here can fail;
//! what would be a contradiction is asserted, in release builds too.

use super::command::Subject;
use super::event::{
    ControllerGroupSet, EnterpriseRegistered, Event, EventMeta, GrantSet, LedgerCreated,
    ProviderRegistered, Recorded, SYSTEM,
};
use super::posting::posting;
use super::refusal::RefusalCode;
use super::state::{
    ApplicationStatus, EnterpriseRow, LedgerRow, Marks, PeriodRow, PeriodStatus, PrincipalRow,
    ProgrammeStatus, ProviderRow, RefRow, State,
};
use super::tables::Hash128;
use crate::domain::{Day, Fen, GroupId, Month, PrincipalId, Seq};

mod applications;
mod claims;
mod files;
mod issued;
mod life;
mod orders;
mod people;
mod periods;
mod register;
mod setup;
mod steps;
mod transfers;
mod usage;
mod vouchers;

impl State {
    /// Applies one event.
    ///
    /// # Panics
    /// If the event does not follow the state: a gap in the sequence, a clock that runs
    /// backwards, an id that is not the next one. A verified journal holds no such event.
    pub fn apply(&mut self, recorded: &Recorded) {
        self.apply_parts(&recorded.meta, &recorded.event);
    }

    pub(super) fn apply_parts(&mut self, meta: &EventMeta, event: &Event) {
        assert_eq!(meta.seq, *self.next_seq, "events are applied in sequence");
        assert!(
            meta.recorded_at >= *self.recorded_at,
            "the clock of the journal never runs back"
        );
        assert!(
            meta.business_date >= *self.business_date,
            "the business date never runs back"
        );
        self.next_seq.set(meta.seq.next());
        self.recorded_at.set(meta.recorded_at);
        if meta.business_date > *self.business_date {
            self.business_date.set(meta.business_date);
            self.days.insert(meta.seq, meta.business_date);
        }
        self.apply_fact(meta, event);
        let books = &mut self.books;
        posting(event, &mut |pair| books.post(pair));
        self.remember(meta, event);
    }

    /// Remembers by which key and under which reference the event can be found again.
    fn remember(&mut self, meta: &EventMeta, event: &Event) {
        let fingerprint = meta.bulk_fingerprint.or(meta.fingerprint);
        match (meta.key, fingerprint) {
            (Some(key), Some(fingerprint)) => {
                self.keys.push(key, fingerprint, meta.seq, meta.recorded_at);
                self.key_open.set(true);
            }
            _ if meta.index > 0 && *self.key_open => self.keys.extend_last(),
            _ if *self.key_open => self.key_open.set(false),
            _ => {}
        }
        if let Some(reference) = &meta.external_ref {
            let row = RefRow {
                key: reference.key.into(),
                fingerprint: meta.fingerprint.unwrap_or(0).into(),
                seq: meta.seq,
                subject: subject_of(event),
            };
            let hash = self.ref_keys.0.hash(&row.key);
            let position = self.refs.push(row);
            self.ref_keys.0.insert(hash, narrow(position));
        }
    }

    fn apply_fact(&mut self, meta: &EventMeta, event: &Event) {
        use ApplicationStatus::{Declined, InReview, Returned, Withdrawn};
        match event {
            Event::ClaimApproved(e) => self.claim_approved(meta, e),
            Event::CommandRefused(_)
            | Event::VoucherRefused(_)
            | Event::ClaimRefused(_)
            | Event::OrderRefused(_)
            | Event::ContractRefused(_)
            | Event::EvidenceRecorded(_)
            | Event::FileRowRefused(_)
            | Event::PositionFixed(_)
            | Event::CellAgreed(_) => {}
            Event::LedgerCreated(e) => self.ledger_created(meta, e),
            Event::EpochStarted(e) => self.epoch.set(e.epoch),
            Event::DateAdvanced(e) => self.date_advanced(meta.seq, e.to),
            Event::MemberRegistered(e) => self.member_registered(meta, e),
            Event::ProtocolSet(e) => {
                self.members
                    .update(e.member.index(), |row| row.signed_protocol = e.signed);
            }
            Event::CategoryRegistered(e) => self.category_registered(meta, e),
            Event::CalendarSet(e) => self.calendar.set(e.calendar),
            Event::PrincipalRegistered(e) => self.principal_registered(meta, e.principal),
            Event::GrantSet(e) => self.grant_set(e),
            Event::ActionProposed(_)
            | Event::ProposalApproved(_)
            | Event::ProposalDeclined(_)
            | Event::ProposalWithdrawn(_)
            | Event::ProposalFailed(_)
            | Event::ActionRuleSet(_)
            | Event::AccessSet(_)
            | Event::PasswordSet(_)
            | Event::PrincipalNamed(_)
            | Event::PrincipalErased(_) => self.apply_people(meta, event),
            Event::TokenIssued(e) => self.token_issued(meta, e),
            Event::TokenRevoked(e) => self.token_revoked(e.token_hash),
            Event::EnterpriseRegistered(e) => self.enterprise_registered(meta, e),
            Event::ProviderRegistered(e) => self.provider_registered(meta, e),
            Event::ControllerGroupSet(e) => self.controller_group_set(e),
            Event::SuspensionSet(e) => self.suspension_set(e),
            Event::ProgrammeCreated(e) => self.programme_created(meta, e),
            Event::BudgetChanged(e) => self.budget_changed(meta, e),
            Event::VersionPublished(e) => self.version_published(e),
            Event::DraftSaved(e) => self.draft_saved(meta, e),
            Event::DraftSimulated(e) => self.draft_simulated(e),
            Event::CityPolicySet(e) => self.policies.insert(e.member, e.required),
            Event::YearClosingStarted(e) => {
                self.set_status(e.programme, ProgrammeStatus::YearClosing);
            }
            Event::YearCarried(e) => self.year_carried(meta, e),
            Event::YearClosed(e) => self.set_status(e.programme, ProgrammeStatus::Closed),
            Event::ClaimAwaitsBudget(e) => self.claim_awaits(meta, e),
            Event::WaitingApproved(e) => self.waiting_approved(meta, e),
            Event::ClaimWithdrawn(e) => self.claim_withdrawn(e),
            Event::AgreementRegistered(e) => self.agreement_registered(meta, e),
            Event::VoucherIssued(e) => self.voucher_issued(meta, e),
            Event::ConsentGiven(e) => self.consent_given(meta, e),
            Event::FreezeSet(e) => self.freeze_set(e),
            Event::VoucherRevoked(e) => self.voucher_revoked(meta, e),
            Event::VoucherLapsed(e) => self.voucher_lapsed(e),
            Event::VoucherExtended(e) => self.voucher_extended(meta, e),
            Event::ApplicationFiled(e) => self.application_filed(meta, e),
            Event::ApplicationResubmitted(e) => self.application_resubmitted(meta, e),
            Event::ApplicationApproved(e) => self.application_approved(meta, e),
            Event::ApplicationReviewBegun(e) => self.move_application(e.application, InReview),
            Event::ApplicationReturned(e) => self.move_application(e.application, Returned),
            Event::ApplicationDeclined(e) => self.move_application(e.application, Declined),
            Event::ApplicationWithdrawn(e) => self.move_application(e.application, Withdrawn),
            Event::TransferProposed(_)
            | Event::TransferApproved(_)
            | Event::TransferDeclined(_)
            | Event::TransferMoved(_)
            | Event::TransferEndorsed(_)
            | Event::TransferReleased(_) => self.transfer_changed(meta, event),
            Event::StepReversed(e) => self.step_reversed(meta, e),
            Event::ClaimReversed(e) => self.claim_reversed(e),
            Event::PayeePaid(e) => self.payee_paid(meta, e),
            Event::PaymentReturned(e) => self.payment_returned(e),
            Event::CloseRequested(e) => {
                let by = Some(meta.principal);
                self.periods
                    .update(e.period.index(), |row| row.close_requested_by = by);
            }
            Event::PeriodClosed(e) => self.period_closed(meta, e),
            Event::StatementConfirmed(e) => {
                self.confirmations.insert((e.period, e.member), e.revision);
            }
            Event::PeriodAgreed(e) => {
                self.periods
                    .update(e.period.index(), |row| row.status = PeriodStatus::Agreed);
            }
            Event::InstructionIssued(e) => self.instruction_issued(meta, e),
            Event::PeriodInstructed(e) => self.period_instructed(e),
            Event::InstructionPaid(e) => self.instruction_paid(meta, e),
            Event::ArrearsCarried(e) => self.arrears_carried(e),
            Event::PeriodSettled(e) => self.period_settled(e),
            Event::VoucherFileApproved(e) => self.voucher_file_approved(meta, e),
            Event::FileRowsIssued(e) => self.file_rows_issued(e),
            Event::OrderProposed(e) => self.order_proposed(meta, e),
            Event::OrderAgreed(e) => self.order_agreed(e),
            Event::OrderConfirmed(e) => self.order_confirmed(e),
            Event::OrderAdvanced(e) => self.order_advanced(e),
            Event::OrderReleased(e) => self.order_released(e),
            Event::OrderAsked(e) => {
                let asked = Some((e.extend_to, e.parties));
                self.orders.update(e.order.index(), |row| row.asked = asked);
            }
            Event::OrderExtended(e) => self.order_extended(e),
            Event::OrderDisputed(e) => self.order_disputed(meta, e),
            Event::DisputeClosed(e) => self.dispute_closed(e),
            Event::AdmissionApplied(_)
            | Event::AdmissionDecided(_)
            | Event::AdmissionObjected(_)
            | Event::ProviderAdmitted(_)
            | Event::AdmissionEnded(_)
            | Event::AdmissionPolicySet(_)
            | Event::RecognitionSet(_)
            | Event::StatusSet(_)
            | Event::RelationSet(_)
            | Event::CreditFlagRaised(_)
            | Event::CreditFlagLifted(_)
            | Event::BankAccountProposed(_)
            | Event::BankAccountDecided(_)
            | Event::TeamSet(_)
            | Event::PartyCorrected(_)
            | Event::PartyDissolved(_) => self.apply_register(meta, event),
        }
    }

    fn ledger_created(&mut self, meta: &EventMeta, e: &LedgerCreated) {
        assert!(self.ledger.is_none(), "a ledger is created once");
        self.ledger.set(Some(LedgerRow {
            uuid: e.ledger,
            format: e.format,
            hash: e.hash,
            created_on: meta.business_date,
        }));
        self.principal_registered(meta, SYSTEM);
        self.open_next_period(meta.business_date.month());
    }

    pub(super) fn open_next_period(&mut self, month: Month) {
        self.periods.push(PeriodRow {
            month,
            status: PeriodStatus::Open,
            revision: 1,
            closed_on: None,
            deemed_on: None,
            mode: None,
            pay_by: None,
            first_instruction: None,
            instructions: 0,
            carried: Fen::ZERO,
            close_requested_by: None,
        });
    }

    fn date_advanced(&mut self, seq: Seq, to: Day) {
        if to > *self.business_date {
            self.business_date.set(to);
            self.days.insert(seq.next(), to);
        }
        // Every voucher due up to this day has lapsed: its timer is done.
        while let Some(due) = self
            .lapses
            .first()
            .map(|(due, ())| *due)
            .filter(|due| due.0 <= to)
        {
            self.lapses.remove(&due);
        }
    }

    fn principal_registered(&mut self, meta: &EventMeta, principal: PrincipalId) {
        let year = meta.business_date.year();
        let row = PrincipalRow {
            first_grant: None,
            disabled: false,
            erased: false,
            year,
            details: meta.seq,
        };
        assert_eq!(
            self.principals.push(row),
            principal.index(),
            "principal ids are dense"
        );
        self.personal.insert((principal, meta.seq), ());
    }

    fn grant_set(&mut self, e: &GrantSet) {
        let key = (e.principal, e.role, e.scope);
        if e.granted {
            self.grants.insert(key, ());
        } else {
            self.grants.remove(&key);
        }
        if e.role == Role::Administrator {
            let key = (e.scope, e.principal);
            if e.granted {
                self.administrators.insert(key, ());
            } else {
                self.administrators.remove(&key);
            }
        }
        let first = self
            .grants
            .range((e.principal, Role::Administrator, Scope::Corridor)..)
            .next()
            .filter(|((principal, _, _), ())| *principal == e.principal)
            .map(|((_, role, scope), ())| (*role, *scope));
        self.principals
            .update(e.principal.index(), |row| row.first_grant = first);
    }

    /// The id of a controller group, made when its code is first seen.
    fn group_id(&mut self, code: Option<&str>) -> Option<GroupId> {
        let code = code?;
        if let Some(id) = self.group_codes.get(code) {
            return Some(*id);
        }
        let id = GroupId::from_index(self.group_codes.len()).expect("fewer than 2^32 groups");
        self.group_codes.insert(code.into(), id);
        Some(id)
    }

    fn enterprise_registered(&mut self, meta: &EventMeta, e: &EnterpriseRegistered) {
        let group = self.group_id(e.group.as_ref().map(super::command::Name::as_str));
        let row = EnterpriseRow {
            code: e
                .code
                .map_or_else(Hash128::default, |code| code.to_u128().into()),
            city: e.city,
            registered_city: e.city,
            year: meta.business_date.year(),
            kind: e.kind,
            group,
            group_from: Day::MIN,
            marks: Marks::default(),
            details: meta.seq,
        };
        let hash = self.enterprise_codes.0.hash(&row.code);
        let position = self.enterprises.push(row);
        assert_eq!(position, e.enterprise.index(), "enterprise ids are dense");
        if e.code.is_some() {
            self.enterprise_codes.0.insert(hash, narrow(position));
        }
        self.take_over_flags(Payee::Enterprise(e.enterprise));
    }

    fn provider_registered(&mut self, meta: &EventMeta, e: &ProviderRegistered) {
        let group = self.group_id(e.group.as_ref().map(super::command::Name::as_str));
        let row = ProviderRow {
            code: e.code.to_u128().into(),
            categories: e.categories,
            city: e.city,
            year: meta.business_date.year(),
            suspended: false,
            group,
            group_from: Day::MIN,
            admitted_from: e.admitted_from,
            admitted_to: e.admitted_to,
            marks: Marks::default(),
            details: meta.seq,
        };
        let hash = self.provider_codes.0.hash(&row.code);
        let position = self.providers.push(row);
        assert_eq!(position, e.provider.index(), "provider ids are dense");
        self.provider_codes.0.insert(hash, narrow(position));
        self.take_over_flags(Payee::Provider(e.provider));
        self.register_account(meta, e);
    }

    fn controller_group_set(&mut self, e: &ControllerGroupSet) {
        let group = self.group_id(e.group.as_ref().map(super::command::Name::as_str));
        let (old, old_from) = match e.party {
            Payee::Enterprise(id) => self.enterprises.update(id.index(), |row| {
                let old = (row.group, row.group_from);
                (row.group, row.group_from) = (group, e.from);
                old
            }),
            Payee::Provider(id) => self.providers.update(id.index(), |row| {
                let old = (row.group, row.group_from);
                (row.group, row.group_from) = (group, e.from);
                old
            }),
        };
        self.groups.insert((e.party, old_from), old);
        self.groups.insert((e.party, e.from), group);
    }
}

use super::command::Payee;
use super::terms::{Role, Scope};

pub(super) fn narrow(position: usize) -> u32 {
    u32::try_from(position).expect("a table holds fewer than 2^32 rows")
}

fn subject_of_party(party: Payee) -> Subject {
    match party {
        Payee::Enterprise(id) => Subject::Enterprise(id),
        Payee::Provider(id) => Subject::Provider(id),
    }
}

macro_rules! subjects {
    (
        nothing: $($of_nothing:ident)*;
        party: $($of_party:ident)*;
        $($subject:ident of $field:ident: $($event:ident)*;)*
    ) => {
        /// What an event is about, for answers and lookups by reference.
        pub fn subject_of(event: &Event) -> Subject {
            match event {
                $($(Event::$event(e) => Subject::$subject(e.$field),)*)*
                $(Event::$of_party(e) => subject_of_party(e.party),)*
                $(Event::$of_nothing(_) => Subject::None,)*
                Event::StepReversed(e) => e.undone.subject(),
            }
        }
    };
}

// Every kind of event stands here: a new one does not compile before it does.
subjects! {
    nothing:
        LedgerCreated EpochStarted DateAdvanced CommandRefused CalendarSet TokenRevoked
        VoucherRefused VoucherFileApproved FileRowsIssued FileRowRefused ClaimRefused;
    party:
        ControllerGroupSet RelationSet BankAccountProposed BankAccountDecided PartyCorrected
        PartyDissolved;
    Member of member:
        MemberRegistered ProtocolSet ActionRuleSet CityPolicySet;
    Proposal of proposal:
        ActionProposed ProposalApproved ProposalDeclined ProposalWithdrawn ProposalFailed;
    Category of category:
        CategoryRegistered;
    Principal of principal:
        PrincipalRegistered GrantSet AccessSet PasswordSet PrincipalNamed PrincipalErased
        TokenIssued;
    Enterprise of enterprise:
        EnterpriseRegistered StatusSet TeamSet;
    Provider of provider:
        ProviderRegistered SuspensionSet AdmissionEnded;
    Programme of programme:
        ProgrammeCreated BudgetChanged VersionPublished DraftSaved DraftSimulated
        YearClosingStarted YearClosed;
    Programme of pack:
        YearCarried;
    Claim of claim:
        ClaimAwaitsBudget WaitingApproved ClaimWithdrawn ClaimApproved EvidenceRecorded
        ClaimReversed;
    Agreement of agreement:
        AgreementRegistered;
    Voucher of voucher:
        VoucherIssued ConsentGiven FreezeSet VoucherRevoked VoucherLapsed VoucherExtended;
    Application of application:
        ApplicationFiled ApplicationResubmitted ApplicationReviewBegun ApplicationReturned
        ApplicationApproved ApplicationDeclined ApplicationWithdrawn;
    Transfer of transfer:
        TransferProposed TransferApproved TransferDeclined TransferMoved TransferEndorsed
        TransferReleased;
    Payment of payment:
        PayeePaid PaymentReturned;
    Period of period:
        CloseRequested PositionFixed PeriodClosed StatementConfirmed CellAgreed PeriodAgreed
        PeriodInstructed PeriodSettled;
    Instruction of instruction:
        InstructionIssued InstructionPaid ArrearsCarried;
    Order of order:
        OrderProposed OrderAgreed OrderConfirmed OrderRefused OrderAdvanced OrderReleased
        OrderAsked OrderExtended OrderDisputed DisputeClosed ContractRefused;
    Admission of admission:
        AdmissionApplied AdmissionDecided AdmissionObjected ProviderAdmitted;
    Member of city:
        AdmissionPolicySet RecognitionSet;
    CreditFlag of flag:
        CreditFlagRaised CreditFlagLifted;
}

/// The code that an event refuses with, if it is a refusal.
pub fn refusal_of(event: &Event) -> Option<RefusalCode> {
    match event {
        Event::CommandRefused(e) => Some(e.code),
        Event::VoucherRefused(e) => Some(e.code),
        Event::FileRowRefused(e) => Some(e.code),
        Event::ClaimRefused(e) => Some(e.result),
        Event::ProposalFailed(e) => Some(e.code),
        Event::OrderRefused(e) => Some(e.result),
        Event::ContractRefused(e) => Some(e.result),
        _ => None,
    }
}
