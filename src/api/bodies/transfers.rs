//! Transfers, and steps that are undone.

use super::vouchers::voucher;
use super::{Body, body, document};
use crate::api::context::{Cx, day, parse, ratio, word, yuan};
use crate::api::problem::Problem;
use crate::domain::{IdKind, Seq, TransferId};
use crate::engine::command::{
    Command, DecideTransfer, ProposeTransfer, ReverseStep, TransferKind, TransferRequest,
    WithdrawTransfer,
};
use serde::Deserialize;
use utoipa::ToSchema;

body! {
    /// A transfer, to be decided by a second person; a move by one of each city.
    ProposeTransferBody {
        /// `succession`, `incorporation`, `affiliate`, `open`, `relocation` (the firm moves, the
        /// voucher stays its old city's) or `move` (revoked here, issued there).
        kind: String,
        /// Receiver: identifier or credit code; not in a relocation or move.
        to: Option<String>,
        /// Division code of the new home city, in a relocation or move.
        to_city: Option<String>,
        /// Code of the programme of the new city, in a move.
        to_programme: Option<String>,
        /// Share of the used caps that goes along, in a succession or incorporation.
        cap_share: Option<String>,
        /// Yuan; `0` in a relocation.
        amount: String,
        /// Document that the transfer rests on; `open` and `affiliate` need one.
        document_no: Option<String>,
        /// Last day on which it can be approved; the voucher's `cash_by` if none is given.
        expires_on: Option<String>,
    } (self, cx) {
        let needed = |field: &str, text: Option<String>| {
            text.ok_or_else(|| Problem::field(field, "is needed for this kind"))
        };
        let receiver = |to| cx.enterprise("to", &needed("to", to)?);
        let share = |share| ratio("cap_share", &needed("cap_share", share)?);
        let city = |city| cx.member("to_city", &needed("to_city", city)?);
        let kind = match word("kind", &self.kind, TransferKind::parse)? {
            TransferKind::Succession => TransferRequest::Succession {
                to: receiver(self.to)?,
                cap_share: share(self.cap_share)?,
            },
            TransferKind::Incorporation => TransferRequest::Incorporation {
                to: receiver(self.to)?,
                cap_share: share(self.cap_share)?,
            },
            TransferKind::Open => TransferRequest::Open { to: receiver(self.to)? },
            TransferKind::Affiliate => TransferRequest::Affiliate { to: receiver(self.to)? },
            TransferKind::Relocation => {
                TransferRequest::Relocation { to_city: city(self.to_city)? }
            }
            TransferKind::Move => TransferRequest::Move {
                to_city: city(self.to_city)?,
                programme: cx.programme(
                    "to_programme",
                    &needed("to_programme", self.to_programme)?,
                )?,
            },
        };
        let expires_on = self.expires_on.map(|text| day("expires_on", &text));
        Ok(Command::ProposeTransfer(ProposeTransfer {
            voucher: voucher(cx)?,
            kind,
            amount: yuan("amount", &self.amount)?,
            document_no: document(self.document_no)?,
            expires_on: expires_on.transpose()?,
        }))
    }
}

/// The transfer of the path.
fn transfer(cx: &Cx<'_>) -> Result<TransferId, Problem> {
    let canonical = |state: &crate::engine::State, id, tag| state.transfer_id(TransferId(id), tag);
    cx.id("id", cx.param("id"), IdKind::Transfer, canonical)
        .map(TransferId)
}

body! {
    /// The decision on a transfer.
    DecideTransferBody { approve: bool, } (self, cx) {
        let transfer = transfer(cx)?;
        Ok(Command::DecideTransfer(DecideTransfer { transfer, approve: self.approve }))
    }
}

body! {
    /// The proposer takes a proposal back.
    WithdrawTransferBody {} (self, cx) {
        Ok(Command::WithdrawTransfer(WithdrawTransfer { transfer: transfer(cx)? }))
    }
}

/// The event of the path.
pub(in crate::api) fn event(cx: &Cx<'_>) -> Result<Seq, Problem> {
    parse("sequence", cx.param("sequence"), str::parse).map(Seq)
}

body! {
    /// Undoes a step exactly, once, by a second person; `reason` says why.
    ReverseStepBody {} (self, cx) {
        Ok(Command::ReverseStep(ReverseStep { step: event(cx)? }))
    }
}
