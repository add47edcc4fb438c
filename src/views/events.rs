//! What each event changes in the tables. Everything follows from the event, from the codes of the
//! members and from the years of the vouchers; a transfer's child alone is read from the tables.

use super::changes::{Changes, PeriodChange, Update, Value, number};
use super::schema as t;
use crate::domain::{IdKind, LedgerTag, MemberId, PeriodId, PublicId};
use crate::engine::command::{PartyName, Payee};
use crate::engine::event::{
    AgreementRegistered, ClaimApproved, ClaimReversed, Event, EventMeta, Funding, LinesUndone,
    PayeePaid, PeriodClosed, Recorded, ReturnedTo, TransferApproved, TransferDeclined,
    TransferProposed, VoucherIssued,
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
}

/// An event that is finished with what the tables hold of its transfer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Unfinished<'a> {
    Approved(&'a TransferApproved),
    Declined(&'a TransferDeclined),
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

    pub(super) fn year_of(&self, voucher: u32) -> i16 {
        let year = self.years.get(voucher as usize).copied().unwrap_or(0);
        i16::try_from(year).unwrap_or(0)
    }
}

/// A value that may be missing.
fn maybe<'a, T>(value: Option<T>, of: impl FnOnce(T) -> Value<'a>) -> Value<'a> {
    value.map_or(Value::None, of)
}

/// Gathers what an event changes; the event comes back if the tables are needed to finish it.
pub(super) fn gather<'a>(
    memory: &mut Memory,
    changes: &mut Changes,
    recorded: &'a Recorded,
) -> Option<Unfinished<'a>> {
    let Recorded { meta, event } = recorded;
    changes.post(event, meta.business_date);
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
        Event::TransferProposed(e) => transfer_proposed(changes, meta, e),
        Event::TransferApproved(e) => return Some(Unfinished::Approved(e)),
        Event::TransferDeclined(e) => return Some(Unfinished::Declined(e)),
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
        Event::ClaimRefused(_) | Event::VoucherRefused(_) | Event::CommandRefused(_) => {
            refused(changes, meta, event);
        }
        _ => settlement(changes, meta, event),
    }
    None
}

fn seq(meta: &EventMeta) -> Value<'static> {
    number(meta.seq.0)
}

fn claim_approved(memory: &Memory, changes: &mut Changes, meta: &EventMeta, e: &ClaimApproved) {
    let year = memory.year_of(e.voucher.0);
    let public_id = memory.public_id(IdKind::Claim, e.issuer, year, e.claim.0);
    let payee = match e.payee {
        Payee::Provider(_) => "provider",
        Payee::Enterprise(_) => "enterprise",
    };
    let (contract_date, filed_on) = (e.contract_date.to_string(), meta.business_date.to_string());
    let invoice_no = e.invoice_no.to_string();
    changes.insert(
        &t::CLAIMS,
        &[
            number(e.claim.0),
            public_id.as_str().into(),
            number(e.voucher.0),
            number(e.programme.0),
            number(e.issuer.0),
            number(e.version.0),
            number(e.provider.0),
            payee.into(),
            number(e.category.0),
            e.contract_no.as_str().into(),
            contract_date.as_str().into(),
            e.contract_amount.into(),
            invoice_no.as_str().into(),
            e.invoice_amount.into(),
            e.paid_amount.into(),
            e.amount.into(),
            number(e.funding.payer.0),
            maybe(e.agreement, |id| number(id.0)),
            number(e.period.0),
            filed_on.as_str().into(),
            number(meta.principal.0),
            "approved".into(),
            seq(meta),
        ],
    );
    let amount = e.amount.get();
    changes.voucher_money(e.voucher.0, [-amount, 0, amount, 0]);
    if let Some(first) = e.first_line {
        let owed = Owed {
            first: first.0,
            programme: number(e.programme.0),
            period: e.period,
            claim: e.claim.0,
        };
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
        LinesUndone::Voided => changes.update(Update::LinesVoided, &[number(e.claim.0)]),
        LinesUndone::Opposed(first) => {
            let owed = Owed {
                first: first.0,
                programme: number(e.programme.0),
                period: e.period,
                claim: e.claim.0,
            };
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
        let owed = Owed {
            first: first.0,
            programme: number(e.programme.0),
            period: e.period,
            claim: e.claim.0,
        };
        owed.insert(changes, meta, &e.funding, false);
    }
}

fn voucher_issued(memory: &mut Memory, changes: &mut Changes, meta: &EventMeta, e: &VoucherIssued) {
    let issued_on = meta.business_date;
    let public_id = memory.voucher_id(e.issuer, e.voucher.0, issued_on.year());
    let days = [issued_on, e.use_by, e.cash_by].map(|day| day.to_string());
    changes.insert(
        &t::VOUCHERS,
        &[
            number(e.voucher.0),
            public_id.as_str().into(),
            number(e.programme.0),
            number(e.version.0),
            number(e.issuer.0),
            number(e.enterprise.0),
            e.amount.into(),
            e.amount.into(),
            Value::Number(0),
            Value::Number(0),
            Value::Number(0),
            days[0].as_str().into(),
            days[1].as_str().into(),
            days[2].as_str().into(),
            Value::None,
            false.into(),
            false.into(),
            seq(meta),
        ],
    );
}

fn transfer_proposed(changes: &mut Changes, meta: &EventMeta, e: &TransferProposed) {
    let proposed_on = meta.business_date.to_string();
    changes.insert(
        &t::TRANSFERS,
        &[
            number(e.transfer.0),
            number(e.voucher.0),
            e.kind.as_str().into(),
            number(e.to.0),
            maybe(e.to_city, |id| number(id.0)),
            e.amount.into(),
            "proposed".into(),
            Value::None,
            number(e.issuer.0),
            proposed_on.as_str().into(),
            seq(meta),
        ],
    );
    let amount = e.amount.get();
    changes.voucher_money(e.voucher.0, [-amount, amount, 0, 0]);
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
        Event::CommandRefused(e) => e.command.as_str(),
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

fn set_up(memory: &mut Memory, changes: &mut Changes, meta: &EventMeta, event: &Event) {
    match event {
        Event::LedgerCreated(_) => open_period(changes, 0, &meta.business_date.month().to_string()),
        Event::MemberRegistered(e) => {
            memory.codes.push(e.code.get());
            let code = e.code.to_string();
            changes.insert(
                &t::MEMBERS,
                &[
                    number(e.member.0),
                    code.as_str().into(),
                    e.kind.as_str().into(),
                    e.name_zh.as_str().into(),
                    e.name_en.as_str().into(),
                    e.province.as_str().into(),
                    e.signed_protocol.into(),
                    seq(meta),
                ],
            );
        }
        Event::ProtocolSet(e) => {
            changes.update(
                Update::MemberProtocol,
                &[number(e.member.0), e.signed.into()],
            );
        }
        Event::CategoryRegistered(e) => changes.insert(
            &t::CATEGORIES,
            &[
                number(e.category.0),
                e.code.as_str().into(),
                e.name_zh.as_str().into(),
                e.name_en.as_str().into(),
                seq(meta),
            ],
        ),
        Event::ProgrammeCreated(e) => changes.insert(
            &t::PROGRAMMES,
            &[
                number(e.programme.0),
                e.code.as_str().into(),
                e.title.as_str().into(),
                number(e.city.0),
                e.budget_year.into(),
                Value::Number(0),
                seq(meta),
            ],
        ),
        Event::AgreementRegistered(e) => agreement(changes, meta, e),
        event => rules_and_parties(memory, changes, meta, event),
    }
}

fn rules_and_parties(memory: &Memory, changes: &mut Changes, meta: &EventMeta, event: &Event) {
    match event {
        Event::BudgetChanged(e) => {
            let by = if e.raise {
                e.amount.get()
            } else {
                -e.amount.get()
            };
            // Each statement changes a row once: several changes of one budget are several rows.
            changes.budget(e.programme.0, by);
        }
        Event::VersionPublished(e) => {
            let from = e.terms.effective_from.to_string();
            changes.insert(
                &t::VERSIONS,
                &[
                    number(e.programme.0),
                    number(e.version.0),
                    from.as_str().into(),
                    e.terms.document_no.as_str().into(),
                    e.terms.payee.as_str().into(),
                    e.terms.base.as_str().into(),
                    e.terms.cap_enterprise.into(),
                    e.terms.cap_group.into(),
                    e.terms.use_months.into(),
                    e.terms.cash_days.into(),
                    seq(meta),
                ],
            );
        }
        Event::EnterpriseRegistered(e) => {
            let year = meta.business_date.year();
            let public_id = memory.public_id(IdKind::Enterprise, e.city, year, e.enterprise.0);
            let name = match &e.name {
                PartyName::Public(name) => name.as_str().into(),
                PartyName::Personal(_) => Value::None,
            };
            changes.insert(
                &t::ENTERPRISES,
                &[
                    number(e.enterprise.0),
                    public_id.as_str().into(),
                    maybe(e.code.as_ref(), |code| code.as_str().into()),
                    name,
                    number(e.city.0),
                    e.kind.as_str().into(),
                    maybe(e.group.as_ref(), |group| group.as_str().into()),
                    seq(meta),
                ],
            );
        }
        Event::ProviderRegistered(e) => {
            let year = meta.business_date.year();
            let public_id = memory.public_id(IdKind::Provider, e.city, year, e.provider.0);
            let (from, to) = (e.admitted_from.to_string(), e.admitted_to.to_string());
            changes.insert(
                &t::PROVIDERS,
                &[
                    number(e.provider.0),
                    public_id.as_str().into(),
                    e.code.as_str().into(),
                    e.name.as_str().into(),
                    number(e.city.0),
                    maybe(e.group.as_ref(), |group| group.as_str().into()),
                    from.as_str().into(),
                    to.as_str().into(),
                    maybe(e.bank_account.as_ref(), |account| account.as_str().into()),
                    false.into(),
                    seq(meta),
                ],
            );
            for category in (0_u8..64).filter(|bit| e.categories & (1 << bit) != 0) {
                let row = [number(e.provider.0), category.into()];
                changes.insert(&t::PROVIDER_CATEGORIES, &row);
            }
        }
        Event::ControllerGroupSet(e) => {
            let group = maybe(e.group.as_ref(), |group| group.as_str().into());
            let (update, id) = match e.party {
                Payee::Enterprise(id) => (Update::EnterpriseGroup, number(id.0)),
                Payee::Provider(id) => (Update::ProviderGroup, number(id.0)),
            };
            changes.update(update, &[id, group]);
        }
        Event::SuspensionSet(e) => {
            changes.update(
                Update::ProviderSuspended,
                &[number(e.provider.0), e.suspended.into()],
            );
        }
        _ => {}
    }
}

fn agreement(changes: &mut Changes, meta: &EventMeta, e: &AgreementRegistered) {
    let terms = &e.terms;
    let (from, to) = (terms.from.to_string(), terms.to.to_string());
    changes.insert(
        &t::AGREEMENTS,
        &[
            number(e.agreement.0),
            number(terms.home.0),
            number(terms.host.0),
            maybe(terms.category, |id| number(id.0)),
            from.as_str().into(),
            to.as_str().into(),
            terms.model.as_str().into(),
            maybe(terms.pool, |id| number(id.0)),
            terms.accrues_at.as_str().into(),
            seq(meta),
        ],
    );
    for (place, (member, share)) in (0_u8..).zip(&terms.shares) {
        let millionths = share.millionths().into();
        let row = [
            number(e.agreement.0),
            place.into(),
            number(member.0),
            millionths,
        ];
        changes.insert(&t::AGREEMENT_SHARES, &row);
    }
}

fn open_period(changes: &mut Changes, id: u16, month: &str) {
    let zero = Value::Number(0);
    let row = [
        id.into(),
        month.into(),
        "open".into(),
        zero,
        Value::None,
        Value::None,
        zero,
    ];
    changes.insert(&t::PERIODS, &row);
}

fn period_closed(changes: &mut Changes, meta: &EventMeta, e: &PeriodClosed) {
    let change = PeriodChange {
        status: "closed",
        gross: Some(e.gross.get()),
        closed_on: Some(meta.business_date.to_string()),
        ..PeriodChange::default()
    };
    changes.period(e.period.0, change);
    open_period(changes, e.next.0, &e.month.next().to_string());
}

fn settlement(changes: &mut Changes, meta: &EventMeta, event: &Event) {
    match event {
        Event::PositionFixed(e) => changes.insert(
            &t::POSITIONS,
            &[
                number(e.period.0),
                number(e.member.0),
                e.receivable.into(),
                e.payable.into(),
                Value::None,
            ],
        ),
        Event::PeriodClosed(e) => period_closed(changes, meta, e),
        Event::StatementConfirmed(e) => {
            let row = [number(e.period.0), number(e.member.0), e.revision.into()];
            changes.update(Update::PositionConfirmed, &row);
        }
        Event::PeriodAgreed(e) => {
            let status = "agreed";
            changes.period(
                e.period.0,
                PeriodChange {
                    status,
                    ..PeriodChange::default()
                },
            );
        }
        Event::PeriodInstructed(e) => {
            let change = PeriodChange {
                status: "settling",
                pay_by: Some(e.pay_by.to_string()),
                ..PeriodChange::default()
            };
            changes.period(e.period.0, change);
        }
        Event::PeriodSettled(e) => {
            let status = if e.carried.is_zero() {
                "settled"
            } else {
                "settled_with_carry"
            };
            let carried = e.carried.get();
            changes.period(
                e.period.0,
                PeriodChange {
                    status,
                    carried,
                    ..PeriodChange::default()
                },
            );
        }
        Event::InstructionIssued(e) => changes.insert(
            &t::INSTRUCTIONS,
            &[
                number(e.instruction.0),
                number(e.period.0),
                e.order.into(),
                number(e.debtor.0),
                number(e.creditor.0),
                e.amount.into(),
                Value::Number(0),
                Value::Number(0),
                seq(meta),
            ],
        ),
        Event::InstructionPaid(e) => {
            changes.instruction_money(e.instruction.0, [e.amount.get(), 0]);
        }
        Event::ArrearsCarried(e) => {
            changes.instruction_money(e.instruction.0, [0, e.amount.get()]);
            changes.insert(
                &t::LINES,
                &[
                    number(e.line.0),
                    number(e.debtor.0),
                    number(e.creditor.0),
                    Value::None,
                    e.amount.into(),
                    number(e.into.0),
                    "arrears".into(),
                    number(e.instruction.0),
                    false.into(),
                    seq(meta),
                ],
            );
        }
        _ => {}
    }
}
