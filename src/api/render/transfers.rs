//! Events of transfers, and of steps that were undone.

use serde_json::{Value, json};

use super::{View, returned, yuan};
use crate::engine::event::{Event, StepReversed, Undone};

impl View<'_> {
    pub(super) fn transfer_fact(&self, event: &Event) -> Value {
        match event {
            Event::TransferProposed(e) => json!({
                "id": self.transfer(e.transfer),
                "voucher": self.voucher(e.voucher),
                "kind": e.kind.as_str(),
                "to": self.enterprise(e.to),
                "to_city": e.to_city.map(|id| self.member(id)),
                "to_programme": e.to_programme.map(|id| self.programme(id)),
                "cap_share": e.cap_share.map(|share| share.to_string()),
                "amount": yuan(e.amount),
                "document_no": e.document_no.as_ref().map(|no| no.as_str()),
                "expires_on": e.expires_on.map(|day| day.to_string()),
            }),
            Event::TransferApproved(e) => json!({
                "id": self.transfer(e.transfer),
                "child": e.child.map(|id| self.voucher(id)),
                "amount": yuan(e.amount),
                "issued_moved": yuan(e.issued_moved),
                "used_moved": yuan(e.used_moved),
            }),
            Event::TransferDeclined(e) => json!({
                "id": self.transfer(e.transfer),
                "amount": yuan(e.amount),
                "returned_to": returned(e.returned),
            }),
            Event::TransferMoved(e) => json!({
                "id": self.transfer(e.transfer),
                "child": self.voucher(e.child),
                "amount": yuan(e.amount),
                "enterprise": self.enterprise(e.enterprise),
                "from_programme": self.programme(e.programme),
                "returned_to": if e.to_lapsed { "lapsed" } else { "available" },
                "to_programme": self.programme(e.to_programme),
                "to_city": self.member(e.to_city),
                "version": e.version.0,
                "use_by": e.use_by.to_string(),
                "cash_by": e.cash_by.to_string(),
            }),
            Event::TransferEndorsed(e) => json!({
                "id": self.transfer(e.transfer),
                "endorsed_by": self.member(e.member),
            }),
            Event::TransferReleased(e) => json!({
                "id": self.transfer(e.transfer),
                "amount": yuan(e.amount),
                "returned_to": returned(e.returned),
                "expired": e.expired,
            }),
            Event::StepReversed(e) => {
                let mut fact = self.undone(e);
                fact["reverses"] = json!(e.step.0);
                fact["city"] = self.member(e.city);
                fact
            }
            _ => json!({}),
        }
    }

    fn undone(&self, e: &StepReversed) -> Value {
        match &e.undone {
            Undone::Revocation(u) => json!({
                "what": "revocation",
                "id": self.voucher(u.voucher),
                "amount": yuan(u.amount),
                "from": if u.from_lapsed { "lapsed" } else { "available" },
            }),
            Undone::Budget(u) => json!({
                "what": "budget_change",
                "id": self.programme(u.programme),
                "amount": yuan(u.amount),
                "direction": if u.raise { "cut" } else { "raise" },
            }),
            Undone::Transfer(u) => json!({
                "what": "transfer",
                "id": self.transfer(u.transfer),
                "voucher": self.voucher(u.parent),
                "child": self.voucher(u.child),
                "amount": yuan(u.amount),
                "issued_moved": yuan(u.issued_moved),
                "used_moved": yuan(u.used_moved),
            }),
            Undone::Relocation(u) => json!({
                "what": "relocation",
                "id": self.transfer(u.transfer),
                "enterprise": self.enterprise(u.enterprise),
                "home": self.member(u.home),
            }),
            Undone::Consent(u) => json!({
                "what": "consent",
                "id": self.voucher(u.voucher),
                "amount": yuan(u.left),
            }),
            Undone::Extension(u) => json!({
                "what": "extension",
                "id": self.voucher(u.voucher),
                "use_by": u.use_by.to_string(),
                "cash_by": u.cash_by.to_string(),
            }),
            Undone::Payment(u) => json!({
                "what": "settlement_payment",
                "id": self.instruction(u.instruction),
                "period": self.period(u.period),
                "amount": yuan(u.amount),
                "bank_ref": u.bank_ref.as_str(),
            }),
        }
    }
}
