//! Files from which vouchers are issued.

use serde_json::{Value, json};

use super::{View, yuan};
use crate::domain::{VoucherFileId, hex};
use crate::engine::event::Event;
use crate::engine::state::VoucherFileRow;

impl View<'_> {
    pub(super) fn file_fact(&self, event: &Event) -> Value {
        match event {
            Event::VoucherFileApproved(e) => json!({
                "id": hex(&e.sha256),
                "programme": self.programme(e.programme),
                "issuer": self.member(e.issuer),
                "mode": e.mode.as_str(),
                "rows": e.rows,
                "total": yuan(e.total),
            }),
            Event::FileRowsIssued(e) => json!({
                "id": self.voucher_file_hash(e.file),
                "programme": self.programme(e.programme),
                "chunk": e.chunk,
                "issued": e.issued,
                "refused": e.refused,
                "unchanged": e.unchanged,
                "amount": yuan(e.amount),
            }),
            Event::FileRowRefused(e) => json!({
                "id": self.voucher_file_hash(e.file),
                "result": e.code.as_str(),
                "line": e.line,
                "programme": self.programme(e.programme),
                "enterprise": e.enterprise.map(|id| self.enterprise(id)),
                "amount": yuan(e.amount),
            }),
            _ => json!({}),
        }
    }

    fn voucher_file_hash(&self, id: VoucherFileId) -> Value {
        let row = self.state.voucher_file(id);
        row.map_or(Value::Null, |row| json!(hex(&row.sha256)))
    }

    /// How far a file has got.
    pub(in crate::api) fn voucher_file(&self, row: &VoucherFileRow) -> Value {
        let decided = row.issued + row.refused + row.unchanged;
        json!({
            "id": hex(&row.sha256),
            "programme": self.programme(row.programme),
            "issuer": self.member(row.issuer),
            "mode": row.mode.as_str(),
            "state": if row.is_done() { "done" } else { "approved" },
            "rows": row.rows,
            "total": yuan(row.total),
            "issued": row.issued,
            "refused": row.refused,
            "unchanged": row.unchanged,
            "to_do": row.rows.saturating_sub(decided),
            "amount": yuan(row.amount),
            "sent_by": self.principal(row.sent_by),
        })
    }
}
