//! What each event changes in the tables. Everything follows from the event, from the codes of the
//! members and from the years of the vouchers; a transfer's child alone is read from the tables.

mod applications;
mod claims;
mod files;
mod life;
mod orders;
mod people;
mod register;
mod settlement;
mod setup;
pub(super) mod transfers;

pub(super) use applications::note_voucher;
use applications::{applied, issued_for, note};
use files::voucher_file;
use orders::order;

pub use register::mask_account;
use register::register;
use settlement::settlement;
use setup::set_up;

use std::collections::BTreeMap;

use super::changes::{Changes, Update, Value, number};
use super::schema as t;
use crate::domain::{
    ClaimId, IdKind, LedgerTag, LineId, MemberId, PeriodId, ProgrammeId, PublicId,
};
use crate::engine::event::{
    ClaimApproved, ClaimReversed, Event, EventMeta, Funding, LinesUndone, PayeePaid, Recorded,
    ReturnedTo, VoucherIssued,
};
use crate::engine::refusal::Faults;
use crate::engine::refusal_of;

/// What is remembered from event to event.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) tag: LedgerTag,
    /// Division codes, by member.
    pub(super) codes: Vec<u32>,
    /// Year of issue less 1900, by voucher.
    pub(super) years: Vec<u16>,
    /// The programme whose money was carried into a pack, by pack. No voucher is issued of a pack:
    /// what is charged to one is of vouchers of that programme.
    pub(super) packs: BTreeMap<u16, u16>,
}

impl Memory {
    fn public_id(&self, kind: IdKind, city: MemberId, year: i16, serial: u32) -> String {
        let id = PublicId {
            kind,
            city: self.codes.get(city.index()).copied().unwrap_or(0),
            year: u8::try_from(year.rem_euclid(100)).unwrap_or(0),
            serial: u64::from(serial),
        };
        id.format(self.tag).as_str().to_owned()
    }

    /// Identifier of a voucher that was issued on a day, or of a child of one.
    pub(super) fn voucher_id(&mut self, issuer: MemberId, voucher: u32, year: i16) -> String {
        // Dense ids come in order.
        self.years.push(u16::try_from(year).unwrap_or(0));
        self.public_id(IdKind::Voucher, issuer, year, voucher)
    }

    /// The programme of the vouchers that are charged to a programme or pack.
    fn programme_of(&self, charged: ProgrammeId) -> u16 {
        self.packs.get(&charged.0).copied().unwrap_or(charged.0)
    }

    fn is_pack(&self, programme: ProgrammeId) -> bool {
        self.packs.contains_key(&programme.0)
    }

    /// A pack that was carried out of a programme or another pack.
    fn carried(&mut self, pack: ProgrammeId, from: ProgrammeId) {
        let programme = self.programme_of(from);
        self.packs.insert(pack.0, programme);
    }

    pub(super) fn year_of(&self, voucher: u32) -> i16 {
        let year = self.years.get(voucher as usize).copied().unwrap_or(0);
        i16::try_from(year).unwrap_or(0)
    }
}

/// A value that may be missing.
fn maybe<'a, T>(value: Option<T>, of: impl FnOnce(T) -> Value<'a>) -> Value<'a> {
    value.map_or(Value::None, of)
}

/// Gathers what an event changes; false if it is finished with what the tables hold of its
/// transfer.
pub(super) fn gather(memory: &mut Memory, changes: &mut Changes, recorded: &Recorded) -> bool {
    let Recorded { meta, event } = recorded;
    changes.post(event, meta.business_date);
    note(changes, meta, event);
    match event {
        Event::ClaimApproved(e) => claim_approved(memory, changes, meta, e),
        Event::ClaimReversed(e) => claim_reversed(changes, meta, e),
        Event::PayeePaid(e) => payee_paid(changes, meta, e),
        Event::PaymentReturned(e) => {
            changes.update(Update::PaymentReturned, &[number(e.payment.0), true.into()]);
            changes.update(Update::ClaimStatus, &[number(e.claim.0), "approved".into()]);
        }
        Event::VoucherIssued(e) => voucher_issued(memory, changes, meta, e),
        Event::VoucherRevoked(e) => {
            let amount = e.amount.get();
            changes.voucher_money(e.voucher.0, [-amount, 0, 0, amount]);
            changes.update(Update::VoucherRevoked, &[number(e.voucher.0), true.into()]);
        }
        Event::VoucherLapsed(e) => {
            let amount = e.amount.get();
            changes.voucher_money(e.voucher.0, [-amount, 0, 0, amount]);
        }
        Event::FreezeSet(e) => {
            changes.update(
                Update::VoucherFrozen,
                &[number(e.voucher.0), e.frozen.into()],
            );
        }
        Event::VoucherExtended(_)
        | Event::ApplicationFiled(_)
        | Event::ApplicationResubmitted(_)
        | Event::ApplicationReviewBegun(_)
        | Event::ApplicationReturned(_)
        | Event::ApplicationApproved(_)
        | Event::ApplicationDeclined(_)
        | Event::ApplicationWithdrawn(_) => applied(changes, meta, event),
        Event::TransferProposed(e) => transfers::proposed(changes, meta, e),
        Event::TransferEndorsed(e) => {
            let row = [number(e.transfer.0), number(e.member.0)];
            changes.update(Update::Endorsed, &row);
        }
        Event::StepReversed(e) => transfers::step_reversed(changes, meta, e),
        Event::TransferApproved(_)
        | Event::TransferDeclined(_)
        | Event::TransferReleased(_)
        | Event::TransferMoved(_) => return false,
        Event::LedgerCreated(_)
        | Event::MemberRegistered(_)
        | Event::ProtocolSet(_)
        | Event::CategoryRegistered(_)
        | Event::EnterpriseRegistered(_)
        | Event::ProviderRegistered(_)
        | Event::ControllerGroupSet(_)
        | Event::SuspensionSet(_)
        | Event::ProgrammeCreated(_)
        | Event::BudgetChanged(_)
        | Event::VersionPublished(_)
        | Event::AgreementRegistered(_) => set_up(memory, changes, meta, event),
        Event::VoucherFileApproved(_) | Event::FileRowsIssued(_) | Event::FileRowRefused(_) => {
            voucher_file(changes, meta, event);
        }
        Event::DateAdvanced(_)
        | Event::PrincipalRegistered(_)
        | Event::GrantSet(_)
        | Event::TokenIssued(_)
        | Event::TokenRevoked(_)
        | Event::AccessSet(_)
        | Event::ActionProposed(_)
        | Event::ProposalApproved(_)
        | Event::ProposalDeclined(_)
        | Event::ProposalWithdrawn(_) => people::people(changes, meta, event),
        Event::ProposalFailed(_) => {
            people::people(changes, meta, event);
            refused(changes, meta, event);
        }
        Event::ClaimRefused(_)
        | Event::VoucherRefused(_)
        | Event::OrderRefused(_)
        | Event::ContractRefused(_)
        | Event::CommandRefused(_) => refused(changes, meta, event),
        Event::OrderProposed(_)
        | Event::OrderAgreed(_)
        | Event::OrderConfirmed(_)
        | Event::OrderAdvanced(_)
        | Event::OrderReleased(_)
        | Event::OrderExtended(_)
        | Event::OrderDisputed(_)
        | Event::DisputeClosed(_) => order(memory, changes, meta, event),
        Event::AdmissionApplied(_)
        | Event::AdmissionDecided(_)
        | Event::AdmissionObjected(_)
        | Event::ProviderAdmitted(_)
        | Event::AdmissionEnded(_)
        | Event::RecognitionSet(_)
        | Event::StatusSet(_)
        | Event::RelationSet(_)
        | Event::CreditFlagRaised(_)
        | Event::CreditFlagLifted(_)
        | Event::BankAccountProposed(_)
        | Event::BankAccountDecided(_)
        | Event::PartyCorrected(_)
        | Event::PartyDissolved(_) => register(memory, changes, meta, event),
        Event::YearClosingStarted(_)
        | Event::YearClosed(_)
        | Event::YearCarried(_)
        | Event::ClaimAwaitsBudget(_)
        | Event::WaitingApproved(_)
        | Event::ClaimWithdrawn(_) => life::life(memory, changes, meta, event),
        _ => settlement(changes, meta, event),
    }
    true
}

fn seq(meta: &EventMeta) -> Value<'static> {
    number(meta.seq.0)
}

fn claim_approved(memory: &Memory, changes: &mut Changes, meta: &EventMeta, e: &ClaimApproved) {
    claims::approved(memory, changes, meta, e);
    let amount = e.amount.get();
    match e.order {
        None => changes.voucher_money(e.voucher.0, [-amount, 0, amount, 0]),
        Some(order) => {
            changes.voucher_money(e.voucher.0, [0, -amount, amount, 0]);
            changes.order_held(order.0, e.voucher.0, -amount);
        }
    }
    if let Some(first) = e.first_line {
        let owed = Owed::of(first, e.programme, e.period, e.claim);
        owed.insert(changes, meta, &e.funding, false);
    }
}

/// The lines of a claim, one per other funder.
struct Owed {
    first: u32,
    programme: Value<'static>,
    period: PeriodId,
    claim: u32,
}

impl Owed {
    fn of(first: LineId, programme: ProgrammeId, period: PeriodId, claim: ClaimId) -> Owed {
        Owed {
            first: first.0,
            programme: number(programme.0),
            period,
            claim: claim.0,
        }
    }

    fn insert(&self, changes: &mut Changes, meta: &EventMeta, funding: &Funding, opposite: bool) {
        for (id, (funder, amount)) in (self.first..).zip(funding.others()) {
            let (mut debtor, mut creditor) = (funder, funding.payer);
            if opposite {
                std::mem::swap(&mut debtor, &mut creditor);
            }
            let origin = if opposite { "reversal" } else { "claim" };
            changes.insert(
                &t::LINES,
                &[
                    id.into(),
                    number(debtor.0),
                    number(creditor.0),
                    self.programme,
                    amount.into(),
                    number(self.period.0),
                    origin.into(),
                    self.claim.into(),
                    false.into(),
                    seq(meta),
                ],
            );
        }
    }
}

fn claim_reversed(changes: &mut Changes, meta: &EventMeta, e: &ClaimReversed) {
    let amount = e.amount.get();
    let change = match e.returned {
        ReturnedTo::Voucher => [amount, 0, -amount, 0],
        ReturnedTo::Available | ReturnedTo::Lapsed => [0, 0, -amount, amount],
    };
    changes.voucher_money(e.voucher.0, change);
    changes.update(Update::ClaimStatus, &[number(e.claim.0), "reversed".into()]);
    match e.lines {
        LinesUndone::None => {}
        LinesUndone::Voided => changes.void_lines(e.claim.0),
        LinesUndone::Opposed(first) => {
            let owed = Owed::of(first, e.programme, e.period, e.claim);
            owed.insert(changes, meta, &e.funding, true);
        }
    }
}

fn payee_paid(changes: &mut Changes, meta: &EventMeta, e: &PayeePaid) {
    let paid_on = e.paid_on.to_string();
    changes.insert(
        &t::PAYMENTS,
        &[
            number(e.payment.0),
            number(e.claim.0),
            number(e.funding.payer.0),
            e.amount.into(),
            e.bank_ref.as_str().into(),
            paid_on.as_str().into(),
            false.into(),
            seq(meta),
        ],
    );
    changes.update(Update::ClaimStatus, &[number(e.claim.0), "paid".into()]);
    if let Some(first) = e.first_line {
        changes.lines_of_later(e.claim.0, first.0, e.funding.other_count());
        let owed = Owed::of(first, e.programme, e.period, e.claim);
        owed.insert(changes, meta, &e.funding, false);
    }
}

fn voucher_issued(memory: &mut Memory, changes: &mut Changes, meta: &EventMeta, e: &VoucherIssued) {
    let issued_on = meta.business_date;
    let public_id = memory.voucher_id(e.issuer, e.voucher.0, issued_on.year());
    let days = [issued_on, e.use_by, e.cash_by].map(|day| day.to_string());
    let [issued_on, use_by, cash_by] = days.each_ref().map(String::as_str);
    let issued = Issued {
        voucher: e.voucher.0,
        public_id: &public_id,
        programme: e.programme.0,
        version: e.version.0,
        issuer: e.issuer.0,
        holder: e.enterprise.0,
        amount: e.amount.get(),
        days: [issued_on, use_by, cash_by],
        parent: None,
        application: e.application.map(|id| id.0),
        replaces: e.replaces.map(|id| id.0),
    };
    issued.insert(changes, meta);
    issued_for(changes, e);
}

/// A new voucher.
pub(super) struct Issued<'a> {
    pub(super) voucher: u32,
    pub(super) public_id: &'a str,
    pub(super) programme: u16,
    pub(super) version: u16,
    pub(super) issuer: u16,
    pub(super) holder: u32,
    pub(super) amount: i64,
    /// Issued on, use by, cash by.
    pub(super) days: [&'a str; 3],
    pub(super) parent: Option<u32>,
    pub(super) application: Option<u32>,
    pub(super) replaces: Option<u32>,
}

impl Issued<'_> {
    pub(super) fn insert(&self, changes: &mut Changes, meta: &EventMeta) {
        let [issued_on, use_by, cash_by] = self.days;
        changes.insert(
            &t::ISSUED,
            &[
                self.voucher.into(),
                self.public_id.into(),
                self.programme.into(),
                self.version.into(),
                self.issuer.into(),
                self.holder.into(),
                self.amount.into(),
                issued_on.into(),
                use_by.into(),
                cash_by.into(),
                maybe(self.parent, Value::from),
                false.into(),
                false.into(),
                seq(meta),
                maybe(self.application, Value::from),
                maybe(self.replaces, Value::from),
                Value::None,
            ],
        );
        let nothing = Value::Number(0);
        let row = [
            self.voucher.into(),
            self.amount.into(),
            nothing,
            nothing,
            nothing,
            nothing,
        ];
        changes.insert(&t::MONEY, &row);
    }
}

fn refused(changes: &mut Changes, meta: &EventMeta, event: &Event) {
    let Some(code) = refusal_of(event) else {
        return;
    };
    let mut faults = Faults::NONE;
    let mut row = [Value::None; 6];
    let mut invoice_no = String::new();
    let command = match event {
        Event::ClaimRefused(e) => {
            faults = e.faults;
            invoice_no = e.invoice_no.to_string();
            row[0] = maybe(e.voucher, |id| number(id.0));
            row[1] = maybe(e.provider, |id| number(id.0));
            "FileClaim"
        }
        Event::VoucherRefused(e) => {
            row[2] = number(e.programme.0);
            row[3] = number(e.enterprise.0);
            row[5] = e.amount.into();
            "IssueVoucher"
        }
        Event::FileRowRefused(e) => {
            row[2] = number(e.programme.0);
            row[3] = maybe(e.enterprise, |id| number(id.0));
            row[5] = e.amount.into();
            "IssueFileRows"
        }
        Event::OrderRefused(e) => {
            faults = e.faults;
            row[0] = maybe(e.lines.first(), |(id, _)| number(id.0));
            "ConfirmOrder"
        }
        Event::ContractRefused(e) => {
            faults = e.faults;
            row[0] = maybe(e.lines.first(), |(id, _)| number(id.0));
            "AdvanceOrder"
        }
        Event::CommandRefused(e) => e.command.as_str(),
        Event::ProposalFailed(_) => "DecideProposal",
        _ => return,
    };
    if !invoice_no.is_empty() {
        row[4] = invoice_no.as_str().into();
    }
    let faults: Vec<&str> = faults.in_order().map(|code| code.as_str()).collect();
    let (faults, refused_on) = (faults.join("|"), meta.business_date.to_string());
    let [voucher, provider, programme, enterprise, invoice_no, amount] = row;
    changes.insert(
        &t::REFUSALS,
        &[
            seq(meta),
            command.into(),
            code.as_str().into(),
            faults.as_str().into(),
            voucher,
            provider,
            programme,
            enterprise,
            invoice_no,
            amount,
            refused_on.as_str().into(),
            number(meta.principal.0),
        ],
    );
}
