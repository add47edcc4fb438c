//! Claims and payments to payees.

use super::{Body, body, order_of, sha256};
use crate::api::context::{Cx, day, parse, word, yuan};
use crate::api::problem::Problem;
use crate::domain::{
    BankRef, ClaimId, ContractNo, CreditCode, IdKind, InvoiceNo, PaymentId, VoucherId,
};
use crate::engine::command::{
    Capture, Command, Evidence, EvidenceKind, FileClaim, PayClaim, ProviderKey, ReturnPayment,
    ReverseClaim, VoucherKey,
};
use serde::Deserialize;
use utoipa::ToSchema;

/// An evidence file, by hash.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct EvidenceBody {
    /// For example `contract` or `invoice`.
    kind: String,
    /// SHA-256 of the file, 64 hexadecimal digits.
    sha256: String,
    size_bytes: u64,
    media_type: String,
}

/// Files by hash.
pub(super) fn evidence(files: Vec<EvidenceBody>) -> Result<Box<[Evidence]>, Problem> {
    let files = files.into_iter().map(|file| {
        Ok(Evidence {
            kind: word("kind", &file.kind, EvidenceKind::parse)?,
            sha256: sha256("sha256", &file.sha256)?,
            size_bytes: file.size_bytes,
            media_type: parse("media_type", &file.media_type, crate::domain::Text::parse)?,
        })
    });
    files.collect()
}

body! {
    /// A claim on an instant programme.
    FileClaimBody {
        /// Identifier of the voucher; none is needed with an order.
        voucher: Option<String>,
        /// Identifier or credit code of the provider.
        provider: String,
        /// The enterprise served; checked against the holder.
        enterprise: Option<String>,
        category: String,
        contract_no: String,
        contract_date: String,
        /// Yuan.
        contract_amount: String,
        invoice_no: String,
        invoice_amount: String,
        /// What the firm paid itself.
        paid_amount: String,
        #[serde(default)]
        evidence: Vec<EvidenceBody>,
        /// The order whose hold is drawn on; the claim is split over its vouchers.
        order: Option<String>,
        /// With an order: true for the last claim, which releases what it leaves.
        #[serde(default)]
        last: bool,
    } (self, cx) {
        let order = self.order.map(|text| order_of(cx, "order", &text)).transpose()?;
        if self.last && order.is_none() {
            return Err(Problem::field("last", "goes with an order"));
        }
        let canonical =
            |state: &crate::engine::State, id, tag| state.voucher_id(VoucherId(id), tag);
        // A well-formed identifier that names nothing is an unknown voucher, refused by rule.
        let named = self.voucher.map(|text| cx.id("voucher", &text, IdKind::Voucher, canonical));
        let first = order.and_then(|id| cx.state.order(id)).and_then(|row| row.lines.first());
        let voucher = match (named, first) {
            (Some(Ok(id)), _) => VoucherId(id),
            (Some(Err(problem)), _) if problem.code == "NOT_FOUND" => VoucherId(u32::MAX),
            (Some(Err(problem)), _) => return Err(problem),
            (None, Some(line)) => line.voucher,
            (None, None) => return Err(Problem::field("voucher", "is needed without an order")),
        };
        let provider = match CreditCode::parse(&self.provider) {
            Ok(code) => ProviderKey::Code(code),
            Err(_) => ProviderKey::Id(cx.provider("provider", &self.provider)?),
        };
        let enterprise = self.enterprise.map(|e| cx.enterprise_key("enterprise", &e)).transpose()?;
        Ok(Command::FileClaim(FileClaim {
            voucher: VoucherKey::Id(voucher),
            provider,
            enterprise,
            category: cx.category("category", &self.category)?,
            contract_no: parse("contract_no", &self.contract_no, ContractNo::parse)?,
            contract_date: day("contract_date", &self.contract_date)?,
            contract_amount: yuan("contract_amount", &self.contract_amount)?,
            invoice_no: parse("invoice_no", &self.invoice_no, InvoiceNo::parse)?,
            invoice_amount: yuan("invoice_amount", &self.invoice_amount)?,
            paid_amount: yuan("paid_amount", &self.paid_amount)?,
            evidence: evidence(self.evidence)?,
            order: order.map(|order| Capture { order, last: self.last }),
        }))
    }
}

/// The claim of the path.
pub(in crate::api) fn claim(cx: &Cx<'_>) -> Result<ClaimId, Problem> {
    let canonical = |state: &crate::engine::State, id, tag| state.claim_id(ClaimId(id), tag);
    cx.id("id", cx.param("id"), IdKind::Claim, canonical)
        .map(ClaimId)
}

body! {
    /// Undoes a claim whose payee is not paid yet; needs a `reason`.
    ReverseClaimBody {} (self, cx) {
        Ok(Command::ReverseClaim(ReverseClaim { claim: claim(cx)? }))
    }
}

body! {
    /// The payee of a claim was paid in full.
    PayClaimBody { bank_ref: String, paid_on: String, } (self, cx) {
        Ok(Command::PayClaim(PayClaim {
            claim: claim(cx)?,
            bank_ref: parse("bank_ref", &self.bank_ref, BankRef::parse)?,
            paid_on: day("paid_on", &self.paid_on)?,
        }))
    }
}

body! {
    /// The bank returned a payment.
    ReturnPaymentBody {} (self, cx) {
        let canonical =
            |state: &crate::engine::State, id, tag| state.payment_id(PaymentId(id), tag);
        let id = cx.id("id", cx.param("id"), IdKind::Payment, canonical)?;
        Ok(Command::ReturnPayment(ReturnPayment { payment: PaymentId(id) }))
    }
}
