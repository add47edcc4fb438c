//! Vouchers, consents and transfers.

use crate::domain::{Fen, Ratio, UsageId, VoucherId};
use crate::engine::event::{
    ConsentGiven, EventMeta, FreezeSet, ReturnedTo, TransferApproved, TransferDeclined,
    TransferProposed, VoucherIssued, VoucherLapsed, VoucherRevoked,
};
use crate::engine::state::{ConsentRow, State, TransferRow, TransferStatus, VoucherRow, usage_key};
use crate::engine::terms::TransferKind;

/// Adds within the bound of all budgets together.
pub(super) fn plus(a: Fen, b: Fen) -> Fen {
    a.checked_add(b)
        .expect("all budgets together stay below the largest amount")
}

/// Subtracts what was checked to be there.
pub(super) fn minus(a: Fen, b: Fen) -> Fen {
    a.checked_sub(b)
        .expect("checked when the event was decided")
}

impl State {
    pub(super) fn voucher_issued(&mut self, meta: &EventMeta, e: &VoucherIssued) {
        let usage = self
            .usage
            .position_or_insert(usage_key(e.programme, e.enterprise));
        self.usage
            .update_at(usage, |row| row.issued = plus(row.issued, e.amount));
        let position = self.vouchers.push(VoucherRow {
            amount: e.amount,
            free: e.amount,
            held: Fen::ZERO,
            approved: Fen::ZERO,
            returned: Fen::ZERO,
            details: meta.seq,
            usage: UsageId::from_index(usage).expect("fewer than 2^32 usage rows"),
            consent: None,
            issued_on: meta.business_date,
            use_by: e.use_by,
            cash_by: e.cash_by,
            contracts_from: meta.business_date,
            parent: None,
            version: e.version,
            revoked: false,
            frozen: false,
        });
        assert_eq!(position, e.voucher.index(), "voucher ids are dense");
        self.lapses.insert((e.cash_by.next(), e.voucher), ());
        self.issued_for(e);
    }

    pub(super) fn consent_given(&mut self, e: &ConsentGiven) {
        let older = self.vouchers[e.voucher.index()].consent;
        let mut next = older;
        while let Some(id) = next {
            let row = &self.consents[id.index()];
            next = row.older;
            let same = row.provider == e.provider && row.by_provider == e.by_provider;
            if same && !row.replaced {
                self.consents.update(id.index(), |row| row.replaced = true);
            }
        }
        let position = self.consents.push(ConsentRow {
            left: e.up_to,
            voucher: e.voucher,
            provider: e.provider,
            until: e.until,
            older,
            by_provider: e.by_provider,
            replaced: false,
        });
        assert_eq!(position, e.consent.index(), "consent ids are dense");
        self.vouchers
            .update(e.voucher.index(), |row| row.consent = Some(e.consent));
    }

    pub(super) fn freeze_set(&mut self, e: &FreezeSet) {
        self.vouchers
            .update(e.voucher.index(), |row| row.frozen = e.frozen);
    }

    pub(super) fn voucher_revoked(&mut self, e: &VoucherRevoked) {
        let usage = self.vouchers.update(e.voucher.index(), |row| {
            row.free = minus(row.free, e.amount);
            row.returned = plus(row.returned, e.amount);
            row.revoked = true;
            row.usage
        });
        let amount = e.amount;
        self.usage.update_at(usage.index(), |row| {
            row.issued = row.issued.saturating_sub(amount)
        });
    }

    pub(super) fn voucher_lapsed(&mut self, e: &VoucherLapsed) {
        let due = self.vouchers.update(e.voucher.index(), |row| {
            row.free = minus(row.free, e.amount);
            row.returned = plus(row.returned, e.amount);
            row.cash_by.next()
        });
        self.lapses.remove(&(due, e.voucher));
        self.count_lapsed(e.programme, e.amount);
    }

    fn count_lapsed(&mut self, programme: crate::domain::ProgrammeId, amount: Fen) {
        let fen = i128::from(amount.get());
        self.programmes
            .update(programme.index(), |row| row.lapsed_total += fen);
    }

    /// Gives `amount` that was held or approved back to the voucher or, past it, the programme.
    pub(super) fn give_back(&mut self, voucher: VoucherId, amount: Fen, returned: ReturnedTo) {
        let to_voucher = returned == ReturnedTo::Voucher;
        self.vouchers.update(voucher.index(), |row| {
            let place = if to_voucher {
                &mut row.free
            } else {
                &mut row.returned
            };
            *place = plus(*place, amount);
        });
        if !to_voucher {
            let (programme, _) = self.voucher_owner(&self.vouchers[voucher.index()]);
            self.count_lapsed(self.charged(programme), amount);
        }
    }

    pub(super) fn transfer_proposed(&mut self, meta: &EventMeta, e: &TransferProposed) {
        self.vouchers.update(e.voucher.index(), |row| {
            row.free = minus(row.free, e.amount);
            row.held = plus(row.held, e.amount);
        });
        let position = self.transfers.push(TransferRow {
            voucher: e.voucher,
            kind: e.kind,
            to: e.to,
            to_city: e.to_city,
            cap_share: e.cap_share,
            amount: e.amount,
            status: TransferStatus::Proposed,
            proposed_by: meta.principal,
            child: None,
            year: meta.business_date.year(),
            details: meta.seq,
        });
        assert_eq!(position, e.transfer.index(), "transfer ids are dense");
    }

    pub(super) fn transfer_approved(&mut self, meta: &EventMeta, e: &TransferApproved) {
        let transfer = self.transfers.update(e.transfer.index(), |row| {
            row.status = TransferStatus::Approved;
            row.child = e.child;
            row.clone()
        });
        let Some(child) = e.child else {
            let city = transfer.to_city.expect("a relocation names the new city");
            self.enterprises
                .update(transfer.to.index(), |row| row.city = city);
            return;
        };
        let parent = self.vouchers.update(transfer.voucher.index(), |row| {
            row.held = minus(row.held, e.amount);
            row.clone()
        });
        // Whatever it is charged to now, the child is judged as its parent is.
        let (programme, _) = self.voucher_owner(&parent);
        let usage = self
            .usage
            .position_or_insert(usage_key(programme, transfer.to));
        let usage = UsageId::from_index(usage).expect("fewer than 2^32 usage rows");
        self.move_use(
            (parent.usage, usage),
            transfer.cap_share.unwrap_or(Ratio::ZERO),
            (e.issued_moved, e.used_moved),
            meta.business_date,
        );
        let from_transfer = transfer.kind != TransferKind::Succession;
        let contracts_from = if from_transfer {
            meta.business_date
        } else {
            parent.contracts_from
        };
        let position = self.vouchers.push(VoucherRow {
            amount: e.amount,
            free: e.amount,
            held: Fen::ZERO,
            approved: Fen::ZERO,
            returned: Fen::ZERO,
            details: meta.seq,
            usage,
            consent: None,
            contracts_from,
            parent: Some(transfer.voucher),
            revoked: false,
            frozen: false,
            ..parent
        });
        assert_eq!(position, child.index(), "voucher ids are dense");
        let due = parent.cash_by.next();
        if due > *self.business_date {
            self.lapses.insert((due, child), ());
        }
    }

    pub(super) fn transfer_declined(&mut self, e: &TransferDeclined) {
        let voucher = self.transfers.update(e.transfer.index(), |row| {
            row.status = TransferStatus::Declined;
            row.voucher
        });
        self.vouchers
            .update(voucher.index(), |row| row.held = minus(row.held, e.amount));
        if !e.amount.is_zero() {
            self.give_back(voucher, e.amount, e.returned);
        }
    }
}
