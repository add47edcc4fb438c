//! Vouchers and consents.

use crate::domain::{ConsentId, Fen, ProgrammeId, UsageId, VoucherId};
use crate::engine::event::{
    ConsentGiven, EventMeta, FreezeSet, ReturnedTo, VoucherIssued, VoucherLapsed, VoucherRevoked,
};
use crate::engine::state::{ConsentRow, State, Step, VoucherRow, usage_key};

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

    pub(super) fn consent_given(&mut self, meta: &EventMeta, e: &ConsentGiven) {
        let older = self.keep_consents_but(e);
        let position = self.consents.push(ConsentRow {
            left: e.up_to,
            voucher: e.voucher,
            provider: e.provider,
            until: e.until,
            older,
            by_provider: e.by_provider,
            replaced: false,
            details: meta.seq,
        });
        assert_eq!(position, e.consent.index(), "consent ids are dense");
        self.vouchers
            .update(e.voucher.index(), |row| row.consent = Some(e.consent));
    }

    /// Takes out of a voucher's chain what a new consent replaces, and what was withdrawn; answers
    /// the newest of those that stay. So the chain has one consent for each giver and provider,
    /// however often they were given anew.
    fn keep_consents_but(&mut self, e: &ConsentGiven) -> Option<ConsentId> {
        let mut next = self.vouchers[e.voucher.index()].consent;
        let mut newest = None;
        let mut last = None;
        while let Some(id) = next {
            let row = &self.consents[id.index()];
            next = row.older;
            let same = row.provider == e.provider && row.by_provider == e.by_provider;
            if row.replaced {
                continue;
            }
            if same {
                self.consents.update(id.index(), |row| row.replaced = true);
                continue;
            }
            match last {
                None => newest = Some(id),
                Some(last) => self.link_consent(last, Some(id)),
            }
            last = Some(id);
        }
        if let Some(last) = last {
            self.link_consent(last, None);
        }
        newest
    }

    fn link_consent(&mut self, id: ConsentId, older: Option<ConsentId>) {
        if self.consents[id.index()].older != older {
            self.consents.update(id.index(), |row| row.older = older);
        }
    }

    pub(super) fn freeze_set(&mut self, e: &FreezeSet) {
        self.vouchers
            .update(e.voucher.index(), |row| row.frozen = e.frozen);
    }

    pub(super) fn voucher_revoked(&mut self, meta: &EventMeta, e: &VoucherRevoked) {
        let returned = self.vouchers.update(e.voucher.index(), |row| {
            row.free = minus(row.free, e.amount);
            row.returned = plus(row.returned, e.amount);
            row.revoked = true;
            row.returned
        });
        let what = Step::Revocation {
            voucher: e.voucher,
            amount: e.amount,
            to_lapsed: e.to_lapsed,
            issued: self.no_longer_issued(e.voucher, e.amount),
            returned,
        };
        self.step_done(meta, what);
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

    fn count_lapsed(&mut self, programme: ProgrammeId, amount: Fen) {
        let fen = i128::from(amount.get());
        self.programmes
            .update(programme.index(), |row| row.lapsed_total += fen);
    }

    /// Gives `amount` that was held or approved back to the voucher or, past it, the programme.
    pub(super) fn give_back(&mut self, voucher: VoucherId, amount: Fen, returned: ReturnedTo) {
        let (programme, _) = self.voucher_owner(&self.vouchers[voucher.index()]);
        let charged = self.charged(programme);
        self.give_back_to(charged, voucher, amount, returned);
    }

    /// As [`State::give_back`], of money that stood in another budget than the voucher does now.
    pub(super) fn give_back_to(
        &mut self,
        programme: ProgrammeId,
        voucher: VoucherId,
        amount: Fen,
        returned: ReturnedTo,
    ) {
        let to_voucher = returned == ReturnedTo::Voucher;
        let revoked = self.vouchers.update(voucher.index(), |row| {
            let place = if to_voucher {
                &mut row.free
            } else {
                &mut row.returned
            };
            *place = plus(*place, amount);
            row.revoked
        });
        if to_voucher {
            return;
        }
        // What comes back to a revoked voucher is revoked too, whenever it comes.
        if revoked {
            self.no_longer_issued(voucher, amount);
        } else {
            self.count_lapsed(programme, amount);
        }
    }
}
