//! Claims and payments to payees.

use super::ReturnedTo;
use crate::domain::{
    AgreementId, BankRef, CategoryId, ClaimId, ConsentId, ContractNo, Day, Fen, InlineText,
    InvoiceNo, LineId, MemberId, OrderId, PaymentId, PeriodId, ProgrammeId, ProviderId, VersionNo,
    VoucherId,
};
use crate::engine::command::{Evidence, Payee};
use crate::engine::refusal::{Faults, RefusalCode};
use crate::engine::terms::AccrualPoint;
use serde::{Deserialize, Serialize};

/// Who bears an amount: the payer pays all of it, the others owe the payer their parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Funding {
    /// Who pays the payee.
    pub payer: MemberId,
    /// The first other funder with a part above zero.
    pub other: Option<(MemberId, Fen)>,
    /// Further funders with a part above zero, in the agreement's order.
    pub more: Box<[(MemberId, Fen)]>,
}

impl Funding {
    /// One member pays and bears all.
    pub fn alone(payer: MemberId) -> Funding {
        Funding {
            payer,
            other: None,
            more: Box::default(),
        }
    }

    /// The other funders with their parts.
    pub fn others(&self) -> impl Iterator<Item = (MemberId, Fen)> {
        self.other.into_iter().chain(self.more.iter().copied())
    }

    /// Number of other funders.
    pub fn other_count(&self) -> u8 {
        let count = usize::from(self.other.is_some()) + self.more.len();
        u8::try_from(count).expect("a claim has at most eight funders")
    }

    /// The payer's own part of `amount`.
    pub fn payer_part(&self, amount: Fen) -> Fen {
        self.others()
            .fold(amount, |left, (_, part)| left.saturating_sub(part))
    }

    /// The part that `member` bears of `amount`.
    pub fn part_of(&self, member: MemberId, amount: Fen) -> Fen {
        if member == self.payer {
            return self.payer_part(amount);
        }
        let part = self.others().find(|(funder, _)| *funder == member);
        part.map_or(Fen::ZERO, |(_, part)| part)
    }
}

/// A claim was filed and approved in one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimApproved {
    /// Its id.
    pub claim: ClaimId,
    /// The voucher redeemed.
    pub voucher: VoucherId,
    /// What is charged: the voucher's programme, or the pack that its money was carried into.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub issuer: MemberId,
    /// Version that judged it.
    pub version: VersionNo,
    /// The provider of the service.
    pub provider: ProviderId,
    /// Who is paid.
    pub payee: Payee,
    /// Category.
    pub category: CategoryId,
    /// Number of the contract.
    pub contract_no: ContractNo,
    /// Day of the contract.
    pub contract_date: Day,
    /// Amount of the contract.
    pub contract_amount: Fen,
    /// Number of the invoice.
    pub invoice_no: InvoiceNo,
    /// Amount of the invoice.
    pub invoice_amount: Fen,
    /// What the firm paid itself.
    pub paid_amount: Fen,
    /// Amount approved.
    pub amount: Fen,
    /// Who bears it.
    pub funding: Funding,
    /// The agreement that says so; `None` if the home city pays and bears all.
    pub agreement: Option<AgreementId>,
    /// When the other funders begin to owe.
    pub accrues_at: AccrualPoint,
    /// First of the obligation lines, one per other funder, if they begin to owe now.
    pub first_line: Option<LineId>,
    /// Period of the lines.
    pub period: PeriodId,
    /// Consent drawn on; `None` for an imported row.
    pub consent: Option<ConsentId>,
    /// Order whose hold was drawn on.
    pub order: Option<OrderId>,
}

/// Evidence that came with a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceRecorded {
    /// Which claim.
    pub claim: ClaimId,
    /// The files.
    pub files: Box<[Evidence]>,
}

/// A claim was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRefused {
    /// The first fault.
    pub result: RefusalCode,
    /// All faults.
    pub faults: Faults,
    /// The voucher, if there is one.
    pub voucher: Option<VoucherId>,
    /// The provider, if there is one.
    pub provider: Option<ProviderId>,
    /// The voucher as the sender named it, if there is none.
    pub voucher_given: Option<InlineText<40>>,
    /// The provider as the sender named it, if there is none.
    pub provider_given: Option<InlineText<40>>,
    /// Category.
    pub category: CategoryId,
    /// Number of the contract.
    pub contract_no: ContractNo,
    /// Day of the contract.
    pub contract_date: Day,
    /// Amount of the contract.
    pub contract_amount: Fen,
    /// Number of the invoice.
    pub invoice_no: InvoiceNo,
    /// Amount of the invoice.
    pub invoice_amount: Fen,
    /// What the firm paid itself.
    pub paid_amount: Fen,
    /// The order that it was filed on.
    pub order: Option<OrderId>,
}

/// An approved claim was undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimReversed {
    /// Which claim.
    pub claim: ClaimId,
    /// The voucher.
    pub voucher: VoucherId,
    /// Its programme.
    pub programme: ProgrammeId,
    /// Issuing city.
    pub issuer: MemberId,
    /// Who was to be paid.
    pub payee: Payee,
    /// Amount undone.
    pub amount: Fen,
    /// Who bore it.
    pub funding: Funding,
    /// Where the money went.
    pub returned: ReturnedTo,
    /// What happened to the obligation lines.
    pub lines: LinesUndone,
    /// Period that was open.
    pub period: PeriodId,
    /// The budget that the amount goes back to, if it was carried since the approval.
    pub charged: Option<ProgrammeId>,
}

/// What a reversal did to the obligation lines of the claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinesUndone {
    /// There were none.
    None,
    /// Their period was open: voided.
    Voided,
    /// Their period was closed: opposite lines, from this one on, stand in the open period.
    Opposed(LineId),
}

/// The payee of a claim was paid in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayeePaid {
    /// The payment.
    pub payment: PaymentId,
    /// Which claim.
    pub claim: ClaimId,
    /// Its programme.
    pub programme: ProgrammeId,
    /// Who was paid.
    pub payee: Payee,
    /// Amount.
    pub amount: Fen,
    /// Who bears it.
    pub funding: Funding,
    /// First of the obligation lines, if the other funders begin to owe now.
    pub first_line: Option<LineId>,
    /// Period that was open.
    pub period: PeriodId,
    /// The bank's reference.
    pub bank_ref: BankRef,
    /// Day of the payment.
    pub paid_on: Day,
    /// Version of the payee's account that was in force; `None` if none was recorded.
    pub account_version: Option<u32>,
}

/// The bank returned a payment: the payee is unpaid again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentReturned {
    /// Which payment.
    pub payment: PaymentId,
    /// Which claim.
    pub claim: ClaimId,
    /// Who paid.
    pub payer: MemberId,
    /// Who was to be paid.
    pub payee: Payee,
    /// Amount.
    pub amount: Fen,
}
