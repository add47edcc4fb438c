//! Transfers: proposed by one person, decided by another.

use super::{Decision, Execution, Rejection, refuse_if, valid};
use crate::domain::{EnterpriseId, Fen, MemberId, TransferId, VoucherId};
use crate::engine::command::{DecideTransfer, ProposeTransfer, TransferRequest};
use crate::engine::event::{Event, TransferApproved, TransferDeclined, TransferProposed};
use crate::engine::refusal::RefusalCode;
use crate::engine::state::{TransferRow, TransferStatus};
use crate::engine::terms::{Role, Scope, TransferKind};

impl Execution<'_> {
    pub(super) fn propose_transfer(&mut self, c: &ProposeTransfer) -> Decision {
        let voucher = self.voucher(c.voucher)?;
        let roles = [
            (Role::Enterprise, Scope::Enterprise(voucher.holder)),
            (Role::ScienceOfficer, Scope::Member(voucher.issuer)),
        ];
        self.require_party(&roles, "the holder or the issuing city")?;
        let (kind, to, to_city, cap_share) = match c.kind {
            TransferRequest::Succession { to, cap_share } => {
                (TransferKind::Succession, to, None, Some(cap_share))
            }
            TransferRequest::Open { to } => (TransferKind::Open, to, None, None),
            TransferRequest::Relocation { to_city } => (
                TransferKind::Relocation,
                voucher.holder,
                Some(to_city),
                None,
            ),
        };
        let moves_money = kind != TransferKind::Relocation;
        valid(
            moves_money != c.amount.is_zero(),
            "amount",
            "is zero for a relocation only",
        )?;
        if let Some(city) = to_city {
            self.check_city(city, "to_city")?;
        }
        let receiver = self.state.enterprises.get(to.index());
        let receiver_city = receiver.ok_or(Rejection::NotFound("receiver"))?.city;
        refuse_if(voucher.row.revoked, RefusalCode::VoucherRevoked)?;
        refuse_if(voucher.row.frozen, RefusalCode::VoucherFrozen)?;
        let past = *self.state.business_date > voucher.row.cash_by;
        refuse_if(past, RefusalCode::CashDeadlinePassed)?;
        let terms = &self.state.programmes[voucher.programme.index()].versions
            [usize::from(voucher.row.version.0) - 1];
        let allowed = terms.transfers.iter().any(|rule| rule.kind == kind);
        refuse_if(!allowed, RefusalCode::TransferNotAllowed)?;
        let eligible = match kind {
            TransferKind::Succession => to != voucher.holder,
            TransferKind::Open => to != voucher.holder && receiver_city == voucher.issuer,
            TransferKind::Relocation => Some(receiver_city) != to_city,
        };
        refuse_if(!eligible, RefusalCode::TransferReceiverNotEligible)?;
        refuse_if(
            c.amount > voucher.row.free,
            RefusalCode::TransferExceedsFree,
        )?;
        let transfer = TransferId::from_index(self.state.transfers.len())
            .ok_or(Rejection::Full("transfers"))?;
        self.emit(Event::TransferProposed(Box::new(TransferProposed {
            transfer,
            voucher: c.voucher,
            programme: voucher.programme,
            issuer: voucher.issuer,
            kind,
            to,
            to_city,
            cap_share,
            amount: c.amount,
            document_no: c.document_no.clone(),
        })));
        Ok(())
    }

    pub(super) fn decide_transfer(&mut self, c: &DecideTransfer) -> Decision {
        let row = self.state.transfer_row(c.transfer).cloned();
        let row = row.ok_or(Rejection::NotFound("transfer"))?;
        let voucher = self.voucher(row.voucher)?;
        self.require_officer(Role::ScienceOfficer, voucher.issuer)?;
        refuse_if(
            row.status != TransferStatus::Proposed,
            RefusalCode::TransferDecided,
        )?;
        let same = row.proposed_by == self.submission.principal;
        refuse_if(same, RefusalCode::SecondPersonRequired)?;
        if !c.approve {
            let returned = self.state.return_of(&voucher.row, voucher.programme);
            self.emit(Event::TransferDeclined(TransferDeclined {
                transfer: c.transfer,
                programme: voucher.programme,
                issuer: voucher.issuer,
                amount: row.amount,
                returned,
            }));
            return Ok(());
        }
        let past = *self.state.business_date > voucher.row.cash_by;
        refuse_if(past, RefusalCode::CashDeadlinePassed)?;
        refuse_if(voucher.row.revoked, RefusalCode::VoucherRevoked)?;
        refuse_if(voucher.row.frozen, RefusalCode::VoucherFrozen)?;
        self.check_receiver_still(&row, voucher.issuer, voucher.holder)?;
        let usage = self.state.usage.at(voucher.row.usage.index());
        let share = |amount: Fen| {
            row.cap_share
                .map_or(Fen::ZERO, |share| share.floor_of(amount))
        };
        let (issued_moved, used_moved) = (share(usage.issued), share(usage.used));
        let child = match row.kind {
            TransferKind::Relocation => None,
            _ => Some(
                VoucherId::from_index(self.state.vouchers.len())
                    .ok_or(Rejection::Full("vouchers"))?,
            ),
        };
        self.emit(Event::TransferApproved(TransferApproved {
            transfer: c.transfer,
            programme: voucher.programme,
            issuer: voucher.issuer,
            child,
            amount: row.amount,
            issued_moved,
            used_moved,
        }));
        Ok(())
    }

    /// The receiver may have moved between proposal and approval.
    fn check_receiver_still(
        &self,
        row: &TransferRow,
        issuer: MemberId,
        holder: EnterpriseId,
    ) -> Decision {
        let city = self.state.enterprises[row.to.index()].city;
        let eligible = match row.kind {
            TransferKind::Succession => row.to != holder,
            TransferKind::Open => row.to != holder && city == issuer,
            TransferKind::Relocation => Some(city) != row.to_city,
        };
        refuse_if(!eligible, RefusalCode::TransferReceiverNotEligible)
    }
}
