//! Events of applications.

use super::{View, yuan};
use crate::domain::hex;
use crate::engine::command::Purpose;
use crate::engine::event::Event;
use crate::engine::refusal::RefusalCode;
use crate::engine::terms::Evidence;
use serde_json::{Value, json};

impl View<'_> {
    pub(super) fn application_fact(&self, event: &Event) -> Value {
        match event {
            Event::ApplicationFiled(e) => json!({
                "id": self.application(e.application),
                "programme": self.programme(e.programme),
                "issuer": self.member(e.issuer),
                "enterprise": self.enterprise(e.enterprise),
                "amount": yuan(e.amount),
                "purpose": purpose(e.purpose.as_ref()),
                "documents": files(&e.documents),
                "issue_fault": e.issue_fault.map(RefusalCode::as_str),
            }),
            Event::ApplicationResubmitted(e) => json!({
                "id": self.application(e.application),
                "amount": yuan(e.amount),
                "purpose": purpose(e.purpose.as_ref()),
                "documents": files(&e.documents),
                "issue_fault": e.issue_fault.map(RefusalCode::as_str),
            }),
            Event::ApplicationReviewBegun(e) => json!({"id": self.application(e.application)}),
            Event::ApplicationReturned(e) => json!({"id": self.application(e.application)}),
            Event::ApplicationApproved(e) => json!({
                "id": self.application(e.application),
                "amount": yuan(e.amount),
            }),
            Event::ApplicationDeclined(e) => json!({
                "id": self.application(e.application),
                "code": e.code.as_str(),
            }),
            Event::ApplicationWithdrawn(e) => json!({"id": self.application(e.application)}),
            Event::VoucherExtended(e) => json!({
                "id": self.voucher(e.voucher),
                "use_by": e.use_by.to_string(),
                "cash_by": e.cash_by.to_string(),
            }),
            _ => json!({}),
        }
    }
}

/// A team's purpose stands apart from the journal: a single resource adds it.
fn purpose(purpose: Option<&Purpose>) -> Value {
    match purpose {
        Some(Purpose::Public(text)) => json!(text.as_str()),
        Some(Purpose::Personal(_)) | None => Value::Null,
    }
}

/// Files by hash.
pub(super) fn files(files: &[Evidence]) -> Value {
    let file = |file: &Evidence| {
        json!({
            "kind": file.kind.as_str(),
            "sha256": hex(&file.sha256),
            "size_bytes": file.size_bytes,
            "media_type": file.media_type.as_str(),
        })
    };
    files.iter().map(file).collect()
}
