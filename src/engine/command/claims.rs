//! Claims and payments to payees.

use super::{Capture, EnterpriseKey, ProviderKey, VoucherKey};
use crate::domain::{BankRef, CategoryId, ClaimId, ContractNo, Day, Fen, InvoiceNo, PaymentId};
use crate::engine::terms::Evidence;

/// Files a claim on an instant programme: judged and approved or refused at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileClaim {
    /// The voucher redeemed.
    pub voucher: VoucherKey,
    /// The provider of the service.
    pub provider: ProviderKey,
    /// The enterprise served, as the filer sees it; checked against the holder when given.
    pub enterprise: Option<EnterpriseKey>,
    /// Category of the service.
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
    /// Evidence files, by hash.
    pub evidence: Box<[Evidence]>,
    /// The order whose hold is drawn on, instead of a consent: the voucher is one of its lines,
    /// and the claim is split over all of them.
    pub order: Option<Capture>,
}

/// Undoes an approved claim whose payee is not paid yet.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ReverseClaim {
    /// Which claim.
    pub claim: ClaimId,
}

/// Records that the payer paid the payee of a claim in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayClaim {
    /// Which claim.
    pub claim: ClaimId,
    /// The bank's reference.
    pub bank_ref: BankRef,
    /// Day of the payment, not after today.
    pub paid_on: Day,
}

/// Records that the bank returned a payment to a payee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnPayment {
    /// Which payment.
    pub payment: PaymentId,
}
